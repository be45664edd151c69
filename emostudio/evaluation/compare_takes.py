"""What the judges hear in takes of base and candidate, as numbers of a report."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emostudio.evaluation.compare_cast import Role
from emostudio.evaluation.compare_findings import NOT_ENGLISH, Both, Findings, Measure
from emostudio.evaluation.environment import Sound
from emostudio.evaluation.figures import EARS
from emostudio.evaluation.hearing import Heard, label
from emostudio.evaluation.held_out import confusion
from emostudio.evaluation.real import clip_of

Said = Mapping[str, Mapping[str, Any]]  # by what a sound is called


@dataclass(frozen=True, eq=False)
class Line:
    """One take to make: who says which sentence in which emotion, and its file."""

    role: Role
    sentence: int
    text: str
    emotion: str
    file: str


@dataclass(frozen=True, eq=False)
class Result:
    """What our nets hear in a take.

    `embedding` (D_emo,) is where it lies on the map. `likeness` is the cosine to the voice, None
    where there is nothing of it to compare with. `wrong` of `phonemes` are heard otherwise.
    """

    line: Line
    heard: Heard
    embedding: np.ndarray
    likeness: float | None
    wrong: int
    phonemes: int


Sides = Mapping[str, Sequence[Result]]  # by base and candidate, of the same lines


def add_ours(role: Role, sides: Sides, found: Findings) -> None:
    """Add what our own nets hear in all takes of a role."""
    whose, (base, candidate) = _whose(role), sides.values()
    sentences = [result.line.sentence for result in base]
    likeness = Measure(
        f"voice similarity{whose}",
        f"Likeness of takes to {_to_what(role)}, by our speaker encoder.",
        "cosine",
    )
    if role.speaker_emb is not None:
        alike = ([result.likeness or 0.0 for result in side] for side in (base, candidate))
        found.add(likeness, *alike, groups=sentences)
    phonemes = Measure(
        f"phoneme error{whose}",
        "Share of the phonemes of the text that our aligner hears otherwise.",
        better="lower",
    )
    wrong = ([result.wrong for result in side] for side in (base, candidate))
    found.add(phonemes, *wrong, sizes=[result.phonemes for result in base], groups=sentences)
    for ear, listen in EARS.items():
        hit_rate = Measure(
            f"emotion hit rate{whose}, by our {ear}",
            "Share of takes, over all emotions, in which the asked one is heard.",
            guarded=not role.new,
        )
        hits = (
            [float(label(listen(result.heard)) == result.line.emotion) for result in side]
            for side in (base, candidate)
        )
        found.add(hit_rate, *hits, groups=sentences, hits=True)
    for name, side in sides.items():
        asked = [result.line.emotion for result in side]
        heard = [label(result.heard.judge) for result in side]
        # The first voice is what the comparison is about.
        key = name if name not in found.confusions else f"{name}, {role.name}"
        found.confusions[key] = confusion(asked, heard)
    places = (np.stack([result.embedding for result in side]) for side in (base, candidate))
    found.add_drift(f"takes{whose}", *places)


def ask_outside(both: Both, cast: Sequence[Role], sides: Sides, found: Findings) -> Said:
    """Let the judges from outside hear neutral takes, and real clips of new voices."""
    sounds: dict[Path, tuple[str, Sound]] = {}
    with tempfile.TemporaryDirectory() as folder:  # recordings stay out of the report
        if any(role.lang != "en" for role in cast):
            found.notes.append(NOT_ENGLISH)
        for place, role in enumerate(cast):
            for number, clip in enumerate(role.clips):
                file = clip_of(clip).save(Path(folder) / f"{place}-{number}.wav")
                sounds[file] = clip.name, Sound(file, ("voice",))
        for name, side in sides.items():
            for line in (result.line for result in side if result.line.emotion == "neutral"):
                file = both.out / "takes" / name / line.file
                judges = ("opinion", "voice") + (("words",) if line.role.lang == "en" else ())
                sounds[file] = f"{name}/{line.file}", Sound(file, judges, line.text)
        verdict = found.ask_outside([sound for _, sound in sounds.values()], both.judges)
    return {sounds[file][0]: said for file, said in verdict.sounds.items()}


def add_theirs(role: Role, sides: Sides, said: Said, found: Findings) -> None:
    """Add what the judges from outside heard in neutral takes of a role."""
    whose, rows = _whose(role), []
    for one in sides["base"]:
        both = [said.get(f"{name}/{one.line.file}", {}) for name in ("base", "candidate")]
        if all(both):
            rows.append(both)
    words = [row for row in rows if all(each.get("said") for each in row)]
    if words:
        measure = Measure(
            f"word error{whose}",
            "Share of the words of neutral takes that pocketsphinx hears otherwise.",
            better="lower",
        )
        errors = ([row[side]["errors"] for row in words] for side in (0, 1))
        found.add(measure, *errors, sizes=[len(row[0]["said"]) for row in words])
    graded = [row for row in rows if all("p808" in each for each in row)]
    if graded:
        measure = Measure(f"opinion{whose}", "P.808 grade of neutral takes by DNSMOS.", "grade")
        found.add(measure, *([row[side]["p808"] for row in graded] for side in (0, 1)))
    own = [np.array(said[c.name]["voice"]) for c in role.clips if "voice" in said.get(c.name, {})]
    voiced = [row for row in rows if all("voice" in each for each in row)]
    if own and voiced:
        mean = np.mean(own, axis=0)
        measure = Measure(
            f"voice similarity{whose}, by resemblyzer",
            f"Likeness of neutral takes to {_to_what(role)}.",
            "cosine",
        )
        alike = ([_cosine(np.array(row[s]["voice"]), mean) for row in voiced] for s in (0, 1))
        found.add(measure, *alike)


def _whose(role: Role) -> str:
    return f" of {role.name}" if role.name else ""


def _to_what(role: Role) -> str:
    return "the voice's held-out clips" if role.new else "its preset, which was there before"


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
