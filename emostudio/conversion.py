"""What Convert asks for and gives: a recording with its emotion changed. Frozen, numpy only."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from emostudio.values import Clip, EmotionMix, Prediction, save_with_passport

MAX_SOURCE_S = 300.0
HOP_S = 0.016  # of a mel frame
NEUTRAL = EmotionMix((("neutral", 1.0),))
# Actors' own anger keeps 0.44 of the likeness that their neutral clips have (checkpoints/speaker).
FLOOR = 0.4
# Of speech a third to four fifths is voiced; of music nearly all.
LITTLE_SPEECH, MUCH_SPEECH = 0.2, 0.95
LOWEST_HZ, HIGHEST_HZ = 60.0, 600.0


@dataclass(frozen=True)
class Conversion:
    """All that decides how a recording is converted. Equal requests give equal results.

    `emotion` is a mixture, `emotion_reference` a clip whose emotion is taken; where both are given
    the clip counts `reference_share`, the mixture the rest. `floor` is the share of the voice's own
    similarity that must be left, 0 for none: under it intensity is lowered step by step.
    `rhythm` "emotion" stretches the source by the speaking rate of what is asked.
    `drawn` are points (seconds, Hz) of an F0 contour: between the first and the last of them, F0
    follows the lines that join them, straight in log Hz, wherever the source is voiced; their
    seconds are the result's. `until_s` is where a conversion was stopped: it ends with the part of
    the source that reaches that second; 0 is all. `engine` is zest, or zest with a tuned model, as
    in "zest:anna".
    """

    source: Clip
    consent: bool = False
    emotion: EmotionMix | None = None
    emotion_reference: Clip | None = None
    reference_share: float = 0.5
    intensity: float = 1.0
    floor: float = FLOOR
    rhythm: Literal["source", "emotion"] = "source"
    drawn: tuple[tuple[float, float], ...] = ()
    until_s: float = 0.0
    seed: int = 0
    engine: str = "zest"

    def __post_init__(self) -> None:
        """Refuse what can't be converted, in words."""
        self._check_kinds()
        if self.consent is not True:
            raise ValueError(
                "A recorded voice is used here: confirm that you may use it "
                "(tick 'I may use this voice', --i-have-consent, or consent=True)."
            )
        if self.emotion is None and self.emotion_reference is None:
            raise ValueError(
                "No emotion is asked for; raise a slider, name a mix, or give a recording of one."
            )
        if not isinstance(self.engine, str) or self.engine.partition(":")[0] != "zest":
            raise ValueError(f"Unknown engine {self.engine!r}; choose zest.")
        if self.rhythm not in ("source", "emotion"):
            raise ValueError(f"Unknown rhythm '{self.rhythm}'; choose source or emotion.")
        bounds = {
            "reference share": (self.reference_share, 0, 1),
            "intensity": (self.intensity, 0, 1),
            "floor": (self.floor, 0, 1),
            "end": (self.until_s, 0, MAX_SOURCE_S),
            "seed": (self.seed, 0, 2**32 - 1),
        }
        for name, (value, low, high) in bounds.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"The {name} is {value!r}; give a number.")
            if not low <= value <= high:
                raise ValueError(f"The {name} is {value}; give a number from {low} to {high}.")
        if not isinstance(self.seed, int):
            raise ValueError(f"The seed is {self.seed}; give a whole number.")
        for point in self.drawn:
            if len(point) != 2 or not all(math.isfinite(value) for value in point):
                raise ValueError("The drawn contour has a point that is no (seconds, Hz) pair.")
            if not LOWEST_HZ <= point[1] <= HIGHEST_HZ:
                raise ValueError(
                    f"The drawn contour is at {point[1]:.0f} Hz; "
                    f"stay in {LOWEST_HZ:.0f} to {HIGHEST_HZ:.0f}."
                )

    def _check_kinds(self) -> None:
        kinds: dict[str, tuple[type, ...]] = {
            "source": (Clip,),
            "emotion": (EmotionMix, type(None)),
            "emotion_reference": (Clip, type(None)),
        }
        for name, types in kinds.items():
            if not isinstance(getattr(self, name), types):
                wanted = types[0].__name__
                raise ValueError(f"{name} is {reprlib.repr(getattr(self, name))}; give a {wanted}.")

    @property
    def shares(self) -> dict[str, float]:
        """The asked emotions by name after intensity, "reference" being the clip's; sum one."""
        of_clip = 0.0
        if self.emotion_reference is not None:
            of_clip = 1.0 if self.emotion is None else self.reference_share
        weights = {"reference": of_clip * self.intensity}
        for name, share in (self.emotion or NEUTRAL).shares:
            weights[name] = share * (1 - of_clip) * self.intensity
        weights["neutral"] = weights.get("neutral", 0.0) + 1 - self.intensity
        return {name: weight for name, weight in weights.items() if weight > 0}

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any], **recordings: Clip | None) -> Conversion:
        """Make the one that `settings` tells of; a KeyError or TypeError says that it is none."""
        values = dict(settings)
        mix = values["emotion"]
        values["emotion"] = None if mix is None else EmotionMix.from_weights(mix)
        values["drawn"] = tuple((float(second), float(hz)) for second, hz in values["drawn"])
        return cls(**values, **recordings)  # pyright: ignore[reportArgumentType]  (it checks them)

    def settings(self) -> dict[str, Any]:
        """All but the recordings, ready for JSON."""
        return {
            "emotion": None if self.emotion is None else dict(self.emotion.shares),
            "reference_share": self.reference_share,
            "intensity": self.intensity,
            "floor": self.floor,
            "rhythm": self.rhythm,
            "drawn": [list(point) for point in self.drawn],
            "until_s": self.until_s,
            "seed": self.seed,
            "engine": self.engine,
            "consent": self.consent,
        }


@dataclass(frozen=True)
class Tracks:
    """F0 (T,) in Hz, 0 where unvoiced, and energy (T,) in dB, of mel frames (16 ms)."""

    f0: np.ndarray
    energy: np.ndarray

    @property
    def both(self) -> tuple[np.ndarray, np.ndarray]:
        """F0 and energy."""
        return self.f0, self.energy


@dataclass(frozen=True)
class Comparison:
    """Asked against got: what the models here hear in source, result and reference.

    `voice_similarity` is the cosine of the speaker embeddings of result and source,
    `own_similarity` that of a conversion that changes nothing: the most that this voice can get.
    `words_unlike` is the share of the source's phonemes that the aligner hears otherwise in the
    result. `intensity` is what the identity guard left of what was asked. `speech_share` is how
    much of the source is voiced; of speech it is a third or more.
    """

    requested: dict[str, float]
    heard: Prediction
    source_heard: Prediction
    reference_heard: Prediction | None
    voice_similarity: float
    own_similarity: float
    words_unlike: float
    intensity: float
    speech_share: float


@dataclass(frozen=True)
class Converted:
    """One result: sound, its JSON `passport`, how it compares, and what can be drawn of it.

    `mel` (n_mels, T) natural log is what the vocoder spoke; `source` and `reference` hold the
    recordings' own contours, `result` those of the conversion.
    """

    clip: Clip
    request: Conversion
    passport: dict[str, Any] = field(repr=False)
    read_back: Comparison = field(repr=False)
    mel: np.ndarray = field(repr=False)
    result: Tracks = field(repr=False)
    source: Tracks = field(repr=False)
    reference: Tracks | None = field(repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of this result, in sentences."""
        found = []
        back = self.read_back
        if back.speech_share < LITTLE_SPEECH:
            found.append(
                f"Only {back.speech_share:.0%} of the recording sounds like a voice: music, noise "
                "or silence can't be converted. Choose a part where one person speaks."
            )
        if back.speech_share > MUCH_SPEECH:
            found.append(
                "The recording sounds without a pause, as music does, which can't be converted. "
                "Choose a part where one person speaks."
            )
        if back.voice_similarity < self.request.floor * back.own_similarity - 0.02:
            found.append(
                f"The floor of {self.request.floor:.0%} of the voice's own likeness was not "
                f"reached at an intensity of {back.intensity:.0%}. Listen whether this is still "
                "the voice."
            )
        elif back.intensity < self.request.intensity:
            found.append(
                f"Identity guard: at the intensity asked ({self.request.intensity:.0%}) the voice "
                f"would fall under {self.request.floor:.0%} of its own likeness, so it was lowered "
                f"to {back.intensity:.0%}."
            )
        return tuple(found)

    def save(self, path: str | Path) -> Path:
        """Write the sound with its synthetic-speech tag, and the passport as `<name>.json`."""
        return save_with_passport(self.clip, self.passport, path)


def joined(parts: Sequence[Converted]) -> Converted:
    """The parts of a recording as one; likeness is their mean by voiced frames."""
    first = parts[0]
    weights = [1e-6 + float((part.source.f0 > 0).sum()) for part in parts]
    wavs = [part.clip.wav for part in parts]
    result, source = (
        Tracks(*(np.concatenate(tracks) for tracks in zip(*both, strict=True)))
        for both in ([p.result.both for p in parts], [p.source.both for p in parts])
    )
    means = {
        name: float(np.average([getattr(p.read_back, name) for p in parts], weights=weights))
        for name in ("voice_similarity", "words_unlike")
    }
    return replace(
        first,
        clip=Clip(np.concatenate(wavs), first.clip.sample_rate),
        mel=np.concatenate([part.mel for part in parts], axis=1),
        result=result,
        source=source,
        read_back=replace(first.read_back, **means),
    )
