"""The kinds of study: what is heard in a trial, what is asked, and which answers there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from emostudio.listening.scales import Scale

MAX_NOTE = 2_000  # characters
LEVELS = {1: "weak", 2: "medium", 3: "strong"}
SHARES = ("intensity", "valence", "arousal", "second_share")  # numbers in [0, 1]


@dataclass(frozen=True)
class Answer:
    """One judgment; only the fields of its kind are set.

    `value` is a grade; of two clips it is how much better, or stronger, the second is than the
    first. `second_share` is the part of the second emotion, at most a half, in a mixture. The
    others named in `SHARES` are in [0, 1], with 0.5 the middle of valence and arousal.
    """

    value: float | None = None
    emotion: str | None = None
    second_emotion: str | None = None
    second_share: float | None = None
    intensity: float | None = None
    valence: float | None = None
    arousal: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of study.

    `heard` names the players of a trial in their order. `asked` are the fields of `Answer` that
    must be given, `offered` those that may be. `grades` are the values where no scale is chosen;
    `scales` are the templates an author may choose from, the first of them if none is chosen.
    """

    title: str
    question: str
    heard: tuple[str, ...]
    asked: tuple[str, ...]
    offered: tuple[str, ...] = ()
    grades: Scale | None = None
    scales: tuple[str, ...] = ()

    @property
    def is_pair(self) -> bool:
        """Whether two clips of the same utterance are compared."""
        return self.heard == ("first", "second")

    @property
    def names_emotions(self) -> bool:
        """Whether the listener chooses among emotions."""
        return "emotion" in self.asked


CLIP, PAIR = ("clip",), ("first", "second")
KINDS = {
    "mos": Kind(
        "Mean opinion score (MOS)",
        "How natural does this sound?",
        CLIP,
        ("value",),
        scales=("naturalness", "quality", "effort", "signal", "background"),
    ),
    "smos": Kind(
        "Similarity to a reference (SMOS)",
        "How similar is the voice of the clip to that of the reference?",
        ("reference", "clip"),
        ("value",),
        scales=("similarity", "degradation"),
    ),
    "cmos": Kind(
        "Comparison (CMOS)",
        "How natural is the second clip, compared with the first?",
        PAIR,
        ("value",),
        scales=("comparison",),
    ),
    "ab": Kind(
        "Preference (A/B)",
        "Which of the two sounds more natural?",
        PAIR,
        ("value",),
        grades=Scale(-1, ("The first", "No difference", "The second")),
    ),
    "emotion_id": Kind(
        "Emotion and its intensity",
        "Which emotion do you hear, and how strong is it?",
        CLIP,
        ("emotion", "intensity"),
    ),
    "intensity": Kind(
        "Intensity in three levels",
        "How strong is the emotion that you hear?",
        CLIP,
        ("value",),
        grades=Scale(1, tuple(name.capitalize() for name in LEVELS.values())),
    ),
    "intensity_pair": Kind(
        "Which is stronger",
        "In which of the two is the emotion stronger?",
        PAIR,
        ("value",),
        grades=Scale(-1, ("The first", "No difference", "The second")),
    ),
    "mixed": Kind(
        "Mixture of two emotions",
        "Which emotions do you hear, and how much of each?",
        CLIP,
        ("emotion",),
        ("second_emotion", "second_share"),
    ),
    "label": Kind(
        "Labels of clips",
        "What do you hear?",
        CLIP,
        ("emotion",),
        ("second_emotion", "intensity", "valence", "arousal", "note"),
    ),
}


def kind_of(name: str) -> Kind:
    """Return a kind by name.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in KINDS:
        raise ValueError(f"There is no kind of study '{name}'; choose from {', '.join(KINDS)}.")
    return KINDS[name]


def answer_of(
    given: Mapping[str, Any], kind: Kind, *, scale: Scale | None, emotions: tuple[str, ...]
) -> Answer:
    """Check what a browser sent as the answer of a trial.

    Args:
        given: fields of `Answer` by name, absent or None where not given.
        kind: the kind of the study.
        scale: the grades of its question, if it has any.
        emotions: the choices, where emotions are chosen.

    Raises:
        ValueError: a field is missing, unknown or out of range; the sentence says which.
    """
    known = {field.name for field in fields(Answer)}
    filled = {name: value for name, value in given.items() if value not in (None, "")}
    for name in filled:
        if name not in known or name not in (*kind.asked, *kind.offered):
            raise ValueError(f"This question has no '{name}'. Reload the page and answer again.")
    for name in kind.asked:
        if name not in filled:
            raise ValueError(f"'{name}' has no answer yet. Choose one, then send it.")
    if "value" in filled and scale is not None:
        filled["value"] = scale.check(_number("value", filled["value"]))
    for name in ("emotion", "second_emotion"):
        if name in filled and filled[name] not in emotions:
            raise ValueError(f"'{filled[name]}' is no choice here; use one of those shown.")
    for name in SHARES:
        if name in filled:
            top = 0.5 if name == "second_share" else 1.0
            filled[name] = _number(name, filled[name])
            if not 0 <= filled[name] <= top:
                raise ValueError(f"'{name}' is {filled[name]:g}; give 0 to {top:g}.")
    if filled.get("second_emotion") is not None and filled["second_emotion"] == filled["emotion"]:
        raise ValueError("Both emotions are the same. Choose another second one, or none.")
    if ("second_share" in filled) and "second_emotion" not in filled:
        raise ValueError("There is a share of a second emotion, but no second emotion. Choose it.")
    if len(str(filled.get("note", ""))) > MAX_NOTE:
        raise ValueError(f"The note is longer than {MAX_NOTE} characters. Shorten it.")
    return Answer(**filled)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"'{name}' is {value!r}; a number is asked.")
    return float(value)
