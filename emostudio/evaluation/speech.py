"""The suite `speak`: make all takes, then let every judge hear them and real recordings.

All figures come from one set of takes, written before a judge is asked.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile

from emostudio.data.corpora import Utterance
from emostudio.evaluation import asked, environment
from emostudio.evaluation.asked import Asked, Size
from emostudio.evaluation.hearing import Heard, Hearing
from emostudio.evaluation.manners import log_f0_error
from emostudio.evaluation.real import Recordings, clip_of
from emostudio.values import Request, Take

# Whom the takes of a part are played to; the curves are judged for emotion alone.
ASKED_OF = {
    "emotions": ("words", "opinion", "voice"),
    "readers": ("voice",),
    "presets": ("voice",),
    "german": ("voice",),
}
# Real recordings whose words are counted: those whose texts the word error of takes stands beside.
COUNTED = ("kathleen", "ravdess")


class Speaker(Protocol):
    """What the suite needs of the studio."""

    def emotions(self) -> tuple[str, ...]:
        """Names that can be spoken."""
        ...

    def voices(self) -> dict[str, str]:
        """Preset voices and their languages."""
        ...

    def speak(self, text: Request) -> Take:
        """Speak a request."""
        ...


@dataclass(frozen=True)
class Judged:
    """What all judges heard, by file of a take or name of a recording.

    `anchors` are the recordings by what they are, `voices` ten clips of each voice by speaker;
    `pairs` compares a take (by file) with the recording of its sentence.
    """

    asked: list[Asked]
    anchors: dict[str, list[Utterance]]
    voices: dict[str, list[Utterance]]
    own: dict[str, Heard]
    outside: dict[str, dict[str, Any]] = field(default_factory=dict)
    pairs: dict[str, dict[str, float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def make(studio: Speaker, plan: Iterable[Asked], out: Path) -> None:
    """Speak every take and write it with its passport."""
    for ask in plan:
        file = out / "takes" / ask.file
        file.parent.mkdir(parents=True, exist_ok=True)
        studio.speak(ask.request).save(file)


def judge(
    plan: list[Asked],
    hearing: Hearing,
    real: Recordings | None,
    out: Path,
    *,
    size: Size,
    judges: Path,
) -> Judged:
    """Let every judge hear the takes in `out`, and real recordings from the same seats."""
    files = {ask.file: out / "takes" / ask.file for ask in plan}
    own = {ask.file: hearing.hear(read(files[ask.file]), ask.request.text) for ask in plan}
    anchors, voices = {}, {}
    if real is not None:
        presets = dict.fromkeys(a.about["voice"] for a in plan if "voice" in a.about)
        anchors = asked.anchors(real, tuple(presets), size)
        speakers = {ask.speaker for ask in plan if ask.speaker}
        speakers |= {u.speaker for us in anchors.values() for u in us if u.corpus == "ravdess"}
        voices = {speaker: asked.of_voice(real, speaker) for speaker in sorted(speakers)}
    beside = {u.name: u for us in [*anchors.values(), *voices.values()] for u in us}
    beside |= {ask.real.name: ask.real for ask in plan if ask.real is not None}
    played = {ask.file: ASKED_OF.get(ask.part, ()) for ask in plan}
    of_anchors = {u.name for us in anchors.values() for u in us if u.corpus in COUNTED}
    played |= {n: ("words", "opinion", "voice") if n in of_anchors else ("voice",) for n in beside}
    texts = {ask.file: ask.request.text for ask in plan} | {n: u.text for n, u in beside.items()}
    with tempfile.TemporaryDirectory() as folder:  # real recordings stay out of the report
        for number, (name, utterance) in enumerate(beside.items()):
            clip = clip_of(utterance)
            files[name] = clip.save(Path(folder) / f"{number}.wav")
            offered = asked.offered(utterance.corpus)
            own[name] = hearing.hear(clip.wav, offered=offered)
        sounds = [
            environment.Sound(files[name], judges_of, texts[name])
            for name, judges_of in played.items()
            if judges_of
        ]
        pairs = [(ask.file, ask.real.name) for ask in plan if ask.real is not None]
        verdict = environment.judge(sounds, [(files[a], files[b]) for a, b in pairs], judges)
        compared = {
            take: _compared(files[take], files[recording], found)
            for (take, recording), found in zip(pairs, verdict.pairs, strict=False)
            if found
        }
    names = {file: name for name, file in files.items()}
    outside = {names[file]: said for file, said in verdict.sounds.items()}
    return Judged(plan, anchors, voices, own, outside, compared, verdict.missing)


def read(file: Path) -> np.ndarray:
    """A take (T_wav,) as it was written."""
    return soundfile.read(file, dtype="float32")[0]


def _compared(take: Path, recording: Path, found: dict[str, Any]) -> dict[str, float]:
    error = log_f0_error(read(take), read(recording), found["path"])
    return {"mcd": found["mcd"]} | ({} if error is None else {"log_f0_error": error})
