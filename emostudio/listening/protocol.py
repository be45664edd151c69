"""The protocol of a study: all that is decided before the first listener, frozen and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from emostudio.listening.kinds import Kind, kind_of
from emostudio.listening.scales import SCALES, Scale

LOUDNESS = ("none", "system", "clip")
DESIGNS = ("square", "full")
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fear", "disgust", "surprise", "bored")
MAX_TITLE = 120
NEITHER = "other"  # offered beside the emotions: a forced choice makes up labels
CONSENT = (
    "You will hear short clips of speech, some of them synthetic, and answer questions about them. "
    "We keep your answers and how you gave them: when, what you played and for how long, what you "
    "changed, whether you left the page and what you listen with; and the number that a panel gave "
    "you, if one sent you here. We keep no name, address or e-mail. You may stop at any time, and "
    "withdraw your answers later with the code that you get: they are then neither used nor "
    "published. By starting you agree, and confirm that you are at least 16 years old."
)


@dataclass(frozen=True)
class Screening:
    """Thresholds of the rules about listeners; frozen with the protocol."""

    gold_share: float = 0.7  # of gold and trap clips answered right
    min_heard: float = 0.95  # of a clip's length, once
    heard_share: float = 0.9  # of trials whose clip was heard so
    fast_share: float = 0.1  # of trials answered before the clip could end
    same_share: float = 0.9  # of trials with one and the same answer
    min_variance: float = 0.1  # of grades
    min_correlation: float = 0.2  # with the mean of the others
    repeat_distance: float = 1.0  # mean difference of grades of clips heard twice


@dataclass(frozen=True)
class Protocol:
    """What a study asks, of whom and how often.

    `scale` names a template of `SCALES` or is empty; `labels` are the texts of a scale of one's
    own, the worst first. `trials` is how many a listener gets besides practice, gold and repeats
    (0: each utterance once, or every clip where `design` is full). `design` square lets each
    listener hear each utterance in one system, rotating; full lets every listener hear all.
    `max_plays` is 0 for as often as one likes. `loudness` says what was evened out: none, one gain
    a system, or each clip. `lease_min` is how long a row waits for a listener who left.
    """

    kind: str
    title: str
    question: str = ""
    instructions: str = ""
    consent: str = CONSENT
    contact: str = ""
    language: str = "en"
    scale: str = ""
    labels: tuple[str, ...] = ()
    emotions: tuple[str, ...] = EMOTIONS
    design: str = "square"
    listeners: int = 20
    trials: int = 0
    repeats: int = 0
    min_heard: float = 0.95
    max_plays: int = 0
    loudness: str = "system"
    lease_min: float = 45.0
    ask_headphones: bool = True
    seed: int = 0
    screening: Screening = field(default_factory=Screening)

    def __post_init__(self) -> None:
        """Refuse what can't be run, in words."""
        kind = kind_of(self.kind)
        if not 0 < len(self.title.strip()) <= MAX_TITLE:
            raise ValueError(f"Give the study a title of 1 to {MAX_TITLE} characters.")
        if self.scale and self.scale not in kind.scales:
            choices = ", ".join(kind.scales) or "none"
            raise ValueError(f"There is no scale '{self.scale}' for {self.kind}: {choices}.")
        if self.labels and not (kind.scales and 2 <= len(self.labels) <= 11):
            raise ValueError("A scale of your own needs 2 to 11 labels, for MOS, SMOS or CMOS.")
        if self.kind == "cmos" and self.labels and len(self.labels) % 2 == 0:
            raise ValueError("A comparison needs a middle label: give 3, 5 or 7 labels.")
        if kind.names_emotions and len(set(self.emotions)) < 2:
            raise ValueError("Give at least two emotions to choose from.")
        for name, choices in (("design", DESIGNS), ("loudness", LOUDNESS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is '{getattr(self, name)}': use {', '.join(choices)}.")
        for name, low, high in (
            ("listeners", 1, 10_000),
            ("trials", 0, 2_000),
            ("repeats", 0, 100),
            ("max_plays", 0, 1_000),
            ("min_heard", 0, 1),
            ("lease_min", 1, 7 * 24 * 60),
            ("seed", 0, 2**53 - 1),  # what a browser holds exactly
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}; give {low} to {high}.")

    @property
    def about(self) -> Kind:
        """The kind of the study."""
        return kind_of(self.kind)

    @property
    def asked(self) -> str:
        """The question as it is shown."""
        return self.question.strip() or self.about.question

    @property
    def grades(self) -> Scale | None:
        """The scale of the question, if it has one."""
        if self.labels:
            low = -(len(self.labels) // 2) if self.kind == "cmos" else 1
            return Scale(low, self.labels)
        if self.about.scales:
            return SCALES[self.scale or self.about.scales[0]]
        return self.about.grades

    @property
    def choices(self) -> tuple[str, ...]:
        """The emotions a listener may choose, with one for none of them."""
        if not self.about.names_emotions:
            return ()
        return (*self.emotions, *([] if NEITHER in self.emotions else [NEITHER]))

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON; equal for equal protocols."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Protocol:
        """Read a protocol back.

        Raises:
            ValueError: a setting is unknown or can't be.
        """
        known = {one.name for one in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise ValueError(f"A protocol has no '{unknown[0]}'. Remove it, or update EmoStudio.")
        values = dict(given)
        try:
            values["screening"] = Screening(**values.get("screening", {}))
            for name in ("labels", "emotions"):
                values[name] = tuple(values.get(name, ()))
            if "emotions" not in given:
                values["emotions"] = EMOTIONS
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"This is no protocol of a study: {error}.") from None
