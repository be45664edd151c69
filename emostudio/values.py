"""The values that travel between people, pages and engines: frozen, numpy only.

A `Request` says what is asked, a `Take` is what came of it. Nothing here loads a model.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from emostudio.soundfiles import decode

EMOTIONS = (
    "neutral",
    "calm",
    "happy",
    "sad",
    "angry",
    "fear",
    "disgust",
    "surprise",
    "bored",
)
LANGUAGES = ("en", "de")
MAX_TEXT = 5_000
ENGINES = ("emomix", "diemo")
MAX_PLACES = 32  # of a path through the map
SYNTHETIC = "synthetic speech, made by EmoStudio"

# Named blends of EmoMix's paper (demo page) and of Plutchik's wheel: shares of basic emotions.
NAMED_MIXES: dict[str, dict[str, float]] = {
    "Excitement": {"happy": 0.5, "surprise": 0.5},
    "Disappointment": {"sad": 0.5, "surprise": 0.5},
    "Outrage": {"angry": 0.5, "surprise": 0.5},
    "Bitterness": {"sad": 0.6, "angry": 0.4},
    "Contempt": {"disgust": 0.5, "angry": 0.5},
    "Remorse": {"sad": 0.5, "disgust": 0.5},
    "Alarm": {"fear": 0.5, "surprise": 0.5},
    "Relief": {"calm": 0.5, "happy": 0.5},
}


@dataclass(frozen=True, eq=False)
class Clip:
    """Mono sound: `wav` (T_wav,) float32 in [-1, 1] at `sample_rate` Hz."""

    wav: np.ndarray
    sample_rate: int

    def __eq__(self, other: object) -> bool:
        """Hold for clips of the same samples, so that requests with recordings can be compared."""
        if not isinstance(other, Clip):
            return NotImplemented
        return self.sample_rate == other.sample_rate and np.array_equal(self.wav, other.wav)

    def __hash__(self) -> int:
        """Agree with `==`."""
        return hash((self.sample_rate, self.wav.tobytes()))

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.wav) / self.sample_rate

    @classmethod
    def load(cls, path: str | Path) -> Clip:
        """Read any sound file as mono; what soundfile can't read goes through ffmpeg if installed.

        Raises:
            ValueError: it is missing, too large, too long or no sound; it says what to do.
        """
        return cls(*decode(Path(path)))

    def save(self, path: str | Path, *, comment: str = "") -> Path:
        """Write 16-bit sound in the format that the suffix names; `comment` goes into the file.

        Raises:
            ValueError: it can't be written there.
        """
        import soundfile

        path = Path(path)
        wav = np.clip(self.wav, -1.0, 1.0)
        try:
            with soundfile.SoundFile(
                path, "w", samplerate=self.sample_rate, channels=1, subtype="PCM_16"
            ) as file:
                if comment:
                    file.comment = comment
                    file.software = "EmoStudio"
                file.write(wav)
        except soundfile.LibsndfileError as error:
            raise ValueError(
                f"{path} can't be written; choose a folder that is there and that you may write to."
            ) from error
        return path


# Stands for a recording that is not read yet, where the rest of a request can be checked already.
UNREAD = Clip(np.zeros(1, np.float32), 16_000)


@dataclass(frozen=True)
class EmotionMix:
    """Emotions and their shares, which sum to one.

    >>> EmotionMix.of(sad=7, angry=3)["sad"]
    0.7
    """

    shares: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, **weights: float) -> EmotionMix:
        """Make a mix of weights by name; they are normalized."""
        return cls.from_weights(weights)

    @classmethod
    def from_weights(cls, weights: Mapping[str, float]) -> EmotionMix:
        """Normalize weights into shares, in the order of `EMOTIONS`.

        Raises:
            ValueError: an unknown name, a weight that is negative or no number, or all zero.
        """
        for name, weight in weights.items():
            if name not in EMOTIONS:
                raise ValueError(f"Unknown emotion '{name}'; choose from {', '.join(EMOTIONS)}.")
            if not math.isfinite(weight) or weight < 0:
                raise ValueError(f"The weight of '{name}' is {weight}; give a number of 0 or more.")
        largest = max(weights.values(), default=0)
        if largest <= 0:
            raise ValueError("All emotion weights are zero; raise at least one slider.")
        if largest > 1e300:  # their sum could overflow
            weights = {name: weight / largest for name, weight in weights.items()}
        total = math.fsum(weights.values())
        if math.isclose(total, 1.0, rel_tol=1e-12):
            total = 1.0  # shares stay what they are, to the last bit: passports depend on it
        shares = ((name, weights.get(name, 0) / total) for name in EMOTIONS)
        return cls(tuple((name, share) for name, share in shares if share > 0))

    @classmethod
    def parse(cls, text: str | EmotionMix) -> EmotionMix:
        """Read `happy`, `happy=0.7,surprise=0.3` or a named mix such as `Excitement`."""
        if isinstance(text, EmotionMix):
            return text
        if text in NAMED_MIXES:
            return cls.from_weights(NAMED_MIXES[text])
        weights: dict[str, float] = {}
        for part in text.split(","):
            name, _, weight = part.partition("=")
            name = name.strip()
            if name in weights:
                raise ValueError(f"The mix has '{name}' twice; give each emotion one weight.")
            try:
                weights[name] = float(weight) if weight else 1.0
            except ValueError:
                raise ValueError(
                    f"'{part.strip()}' is no weight; write a mix as happy=0.7,surprise=0.3."
                ) from None
        return cls.from_weights(weights)

    def __getitem__(self, name: str) -> float:
        """Return the share of an emotion, 0 where it takes no part."""
        return dict(self.shares).get(name, 0.0)

    @property
    def top(self) -> str:
        """The emotion with the largest share (the first of equals)."""
        return max(self.shares, key=lambda item: item[1])[0]

    def at_intensity(self, intensity: float) -> EmotionMix:
        """Blend towards neutral: 1 is this mix, 0 is neutral alone (EmoMix section 3.3)."""
        if not 0 <= intensity <= 1:
            raise ValueError(f"The intensity is {intensity}; give a number from 0 to 1.")
        weights = {name: share * intensity for name, share in self.shares}
        weights["neutral"] = weights.get("neutral", 0.0) + 1 - intensity
        return EmotionMix.from_weights(weights)

    def __str__(self) -> str:
        """Write the mix as `parse` reads it."""
        return ",".join(f"{name}={share:.3g}" for name, share in self.shares)


@dataclass(frozen=True)
class Affect:
    """Arousal, dominance and valence, each in [0, 1]."""

    arousal: float
    dominance: float
    valence: float


@dataclass(frozen=True)
class Prediction:
    """What the recognizer hears: `label`, `probs` by emotion, `affect`, `embedding` (D_emo,)."""

    label: str
    probs: dict[str, float]
    affect: Affect
    embedding: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Request:
    """All that decides how a take sounds. Equal requests give equal takes on one machine.

    `voice` names a preset; `reference` is a clip of a voice instead, which needs `consent`.
    `emotion_reference` is a clip whose emotion is taken instead of `emotion`.
    `base` is the emotion of the first, coarse diffusion steps; empty means the largest share.
    `engine` speaks it: emomix or diemo, or one of these with a tuned model, as in "emomix:anna".
    `emotion_path` (places, D_emo), which DiEmo alone takes, are places among
    its emotion embeddings instead of `emotion`: one for the whole take, or several to pass through.
    `lang` is empty for that of the voice, English where the voice is recorded: the studio fills it
    in, so that a take's own request tells it.
    """

    text: str
    voice: str = "kathleen"
    reference: Clip | None = None
    consent: bool = False
    emotion: EmotionMix = EmotionMix((("neutral", 1.0),))
    base: str = ""
    intensity: float = 1.0
    emotion_reference: Clip | None = None
    lang: str = ""
    speed: float = 1.0
    n_timesteps: int = 0  # 0: what the checkpoint was tuned for
    temperature: float = 0.0  # 0: likewise
    k_max: float = 0.6
    k_min: float = 0.2
    tail: Literal["mix", "published"] = "mix"
    seed: int = 0
    engine: str = "emomix"
    emotion_path: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no engine could speak, in words."""
        self._check_kinds()
        self._check_path()
        if not any(char.isalnum() for char in self.text):
            raise ValueError("There is nothing to speak; type at least one word.")
        if len(self.text) > MAX_TEXT:
            raise ValueError(
                f"The text has {len(self.text)} characters; {MAX_TEXT} is the limit. Split it."
            )
        if self.lang and self.lang not in LANGUAGES:
            raise ValueError(f"Unknown language '{self.lang}'; choose from {', '.join(LANGUAGES)}.")
        if self.base and self.base not in EMOTIONS:
            raise ValueError(
                f"Unknown base emotion '{self.base}'; choose from {', '.join(EMOTIONS)}."
            )
        if (self.reference or self.emotion_reference) is not None and not self.consent:
            raise ValueError(
                "A recorded voice is used here: confirm that you may use it "
                "(tick 'I may use this voice', --i-have-consent, or consent=True)."
            )
        if self.tail not in ("mix", "published"):
            raise ValueError(f"Unknown tail '{self.tail}'; choose mix or published.")
        bounds = {
            "intensity": (self.intensity, 0, 1),
            "speed": (self.speed, 0.5, 2),
            "steps": (self.n_timesteps, 0, 100),
            "temperature": (self.temperature, 0, 100),
            "K_max": (self.k_max, 0, 1),
            "K_min": (self.k_min, 0, self.k_max if math.isfinite(self.k_max) else 1),
            "seed": (self.seed, 0, 2**32 - 1),
        }
        for name, (value, low, high) in bounds.items():
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; give a number from {low:g} to {high:g}.")
        for name, value in {"steps": self.n_timesteps, "seed": self.seed}.items():
            if not isinstance(value, int):
                raise ValueError(f"{name} is {value}; give a whole number.")

    def _check_path(self) -> None:
        if self.system not in ENGINES:
            raise ValueError(f"Unknown engine '{self.engine}'; choose from {', '.join(ENGINES)}.")
        try:  # JSON knows lists alone
            path = tuple(tuple(float(x) for x in place) for place in self.emotion_path)
        except (TypeError, ValueError, OverflowError):
            raise ValueError("emotion_path is no list of places; give lists of numbers.") from None
        object.__setattr__(self, "emotion_path", path)
        if path and self.system != "diemo":
            raise ValueError("Only DiEmo speaks along places of the map; choose the engine diemo.")
        if path and self.emotion_reference is not None:
            raise ValueError("Give places of the map or an emotion reference, not both.")
        if len(path) > MAX_PLACES:
            raise ValueError(f"The path has {len(path)} places; {MAX_PLACES} is the limit.")
        if not all(math.isfinite(x) for place in path for x in place):
            raise ValueError("emotion_path has numbers that are not finite; draw the path again.")
        if len({len(place) for place in path}) > 1:
            raise ValueError("The places of emotion_path differ in size; take all from one map.")

    def _check_kinds(self) -> None:
        numbers = "intensity speed n_timesteps temperature k_max k_min seed"
        kinds: dict[str, tuple[tuple[type, ...], str]] = {
            "a text": ((str,), "text voice base lang tail engine"),
            "a number": ((int, float), numbers),
            "True or False": ((bool,), "consent"),
            "an EmotionMix": ((EmotionMix,), "emotion"),
            "a Clip": ((Clip, type(None)), "reference emotion_reference"),
        }
        for kind, (types, names) in kinds.items():
            for name in names.split():
                value = getattr(self, name)
                # Python counts True and False among the numbers.
                if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                    raise ValueError(f"{name} is {reprlib.repr(value)}; give {kind}.")

    @property
    def system(self) -> str:
        """The engine without the name of a tuned model."""
        return self.engine.partition(":")[0]

    def settings(self) -> dict[str, Any]:
        """All but the recordings, ready for JSON."""
        plain = replace(self, reference=None, emotion_reference=None, consent=False)
        values = asdict(plain) | {"consent": self.consent, "emotion": dict(self.emotion.shares)}
        values["emotion_path"] = [list(place) for place in self.emotion_path]
        del values["reference"], values["emotion_reference"]
        return values


@dataclass(frozen=True)
class ReadBack:
    """Asked against got: what the models here hear in a take.

    `voice_similarity` is the cosine between the take's speaker embedding and the asked voice's;
    `requested` is the mixture after intensity; what was taken from a recording or from the map has
    the names `reference` and `path` in it.
    """

    requested: dict[str, float]
    heard: Prediction
    voice_similarity: float


@dataclass(frozen=True)
class Take:
    """One spoken result: sound, its JSON `passport`, and how it measures up (`read_back`).

    `mel` (n_mels, T) natural log and `f0` (T,) Hz, 0 where unvoiced, are what the vocoder spoke.
    """

    clip: Clip
    request: Request
    passport: dict[str, Any] = field(repr=False)
    read_back: ReadBack = field(repr=False)
    mel: np.ndarray = field(repr=False)
    f0: np.ndarray = field(repr=False)

    def save(self, path: str | Path) -> Path:
        """Write the sound with its synthetic-speech tag, and the passport as `<name>.json`."""
        return save_with_passport(self.clip, self.passport, path)


def save_with_passport(clip: Clip, passport: dict[str, Any], path: str | Path) -> Path:
    """Write a sound that says that it is synthetic, and its passport beside it."""
    import json

    path = clip.save(path, comment=SYNTHETIC)
    path.with_suffix(".json").write_text(
        json.dumps(passport, indent=2, ensure_ascii=False), encoding="utf-8"
    )
    return path
