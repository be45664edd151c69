"""A studio that needs no models: hums for words, and says what a real one would say."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from emostudio.conversion import MAX_SOURCE_S, Comparison, Conversion, Converted, Tracks, joined
from emostudio.jobs.service import Jobs
from emostudio.lineup import Loaded
from emostudio.maps.space import EmotionMap
from emostudio.passport import fingerprint, given_again
from emostudio.settings import Settings
from emostudio.studies.listening import Listening
from emostudio.values import (
    SYNTHETIC,
    Affect,
    Clip,
    EmotionMix,
    Prediction,
    ReadBack,
    Request,
    Take,
)

RATE = 16_000
HOP = 256
VOICES = {"kathleen": "en", "LJ": "en", "reader-1272": "en", "kerstin": "de"}
KNOWN = ("neutral", "calm", "happy", "sad", "angry", "fear", "disgust", "surprise", "bored")
OWN = 0.9  # how like itself a voice is
PART_S = 10
PITCH = dict(zip(KNOWN, (150, 140, 200, 130, 190, 210, 160, 230, 120), strict=True))


class FakeLineup:
    """Has one model loaded, until it is unloaded."""

    def __init__(self) -> None:
        """Load it."""
        self._uses = ["emomix"]

    def loaded(self) -> list[Loaded]:
        """Return what is in memory."""
        return [Loaded(use, {"hum": "0" * 64}, 12.0) for use in self._uses]

    def unload(self, use: str) -> None:
        """Forget it."""
        self._uses.remove(use)


class FakeStudio:
    """Speaks as `Studio` does: the same request gives the same take."""

    def __init__(
        self, *, delay_s: float = 0.0, trouble: str = "", environ: dict[str, str] | None = None
    ) -> None:
        """Take `delay_s` a sentence; with `trouble`, behave as if that checkpoint were missing."""
        self.delay_s = delay_s
        self.trouble = trouble
        self.requests: list[Request | Conversion] = []
        data_dir = os.environ.get("EMOSTUDIO_DATA_DIR") or tempfile.mkdtemp(prefix="emostudio-")
        self.settings = Settings.from_env({"EMOSTUDIO_DATA_DIR": data_dir} | (environ or {}))
        self.lineup = FakeLineup()

    @cached_property
    def listening(self) -> Listening:
        """Open the records."""
        return Listening.open(self.settings)

    @cached_property
    def jobs(self) -> Jobs:
        """Open the jobs; nobody sees to their queue."""
        return Jobs.open(self.settings, self.listening.db)

    def engines(self) -> dict[str, str]:
        """Return what speaks."""
        if self.trouble:
            return {}
        return {"emomix": "EmoMix hums low.", "diemo": "DiEmo hums high."}

    def converters(self) -> dict[str, str]:
        """Return what converts."""
        return {} if self.trouble else {"zest": "ZEST hums along."}

    def voices(self, engine: str = "emomix") -> dict[str, str]:
        """Return the presets."""
        self._check()
        return dict(VOICES)

    def emotions(self, engine: str = "emomix") -> tuple[str, ...]:
        """Return what it knows."""
        self._check()
        return KNOWN

    def speak(self, text: str | Request, **settings: Any) -> Take:
        """Speak all of a text."""
        if isinstance(text, str):
            settings["emotion"] = EmotionMix.parse(settings.get("emotion", "neutral"))
            text = Request(text, **settings)
        return self.join(text, list(self.speak_sentences(text)))

    def load(self) -> None:
        """Load nothing."""

    def speak_sentences(self, request: Request) -> Iterator[Take]:
        """Speak sentence by sentence."""
        self._check()
        request = self._with_lang(request)
        self.requests.append(request)
        for sentence in re.findall(r"[^.!?]+[.!?]*", request.text):
            if any(char.isalnum() for char in sentence):
                time.sleep(self.delay_s)
                yield self._take(replace(request, text=sentence.strip()))

    def join(self, request: Request, takes: list[Take]) -> Take:
        """Make one take of a text's sentences."""
        request = self._with_lang(request)
        wav = np.concatenate([take.clip.wav for take in takes])
        return Take(
            clip=Clip(wav, RATE),
            request=request,
            passport=self._passport(request, wav),
            read_back=takes[0].read_back,
            mel=np.concatenate([take.mel for take in takes], axis=1),
            f0=np.concatenate([take.f0 for take in takes]),
        )

    def recognize(self, clip: Clip | str | Path) -> Prediction:
        """Hear something in a clip that depends on its samples alone."""
        self._check()
        if not isinstance(clip, Clip):
            clip = Clip.load(clip)
        if np.abs(clip.wav).max(initial=0) < 1e-4:
            raise ValueError("The recording is silent; choose one with speech.")
        crossings = np.mean(np.diff(np.sign(clip.wav)) != 0) * clip.sample_rate / 2
        return self._heard({name: 1 / (1 + abs(PITCH[name] - crossings)) for name in KNOWN})

    def embed(self, clip: Clip) -> dict[str, np.ndarray]:
        """Find no more in a clip than a map of affect needs."""
        self._check()
        felt = self.recognize(clip).affect
        return {"affect": np.array([felt.arousal, felt.dominance, felt.valence], np.float32)}

    def check_map(self, space: EmotionMap, *nets: str) -> None:
        """Find that the map was made with what is here, if anything is."""
        self._check()

    def request_of(
        self,
        passport: dict[str, Any],
        *,
        reference: Clip | None = None,
        emotion_reference: Clip | None = None,
    ) -> Request:
        """Read a passport back."""
        try:
            settings = dict(passport["request"])
            settings["emotion"] = EmotionMix.from_weights(settings["emotion"])
            return Request(**settings, reference=reference, emotion_reference=emotion_reference)
        except (KeyError, TypeError, AttributeError):
            raise ValueError("This passport is damaged; choose another.") from None

    def convertible(self, engine: str = "zest") -> tuple[str, ...]:
        """Return what a recording can be converted to."""
        self._check()
        return tuple(name for name in KNOWN if name != "bored")

    def convert(self, request: Conversion, *, progress: Any = None) -> Converted:
        """Convert all of a recording."""
        return self.join_converted(request, list(self.convert_parts(request)))

    def convert_parts(self, request: Conversion) -> Iterator[Converted]:
        """Hum in the place of each stretch of ten seconds."""
        self._check()
        self.requests.append(request)
        source = request.source
        if source.duration_s > MAX_SOURCE_S:
            raise ValueError(f"The recording is {source.duration_s:.0f} s long; cut it to 300 s.")
        if np.abs(source.wav).max(initial=0) < 1e-4:
            raise ValueError("The recording is silent; choose one with speech.")
        length = PART_S * source.sample_rate
        for start in range(0, len(source.wav), length):
            time.sleep(self.delay_s)
            part = Clip(source.wav[start : start + length], source.sample_rate)
            yield self._converted(request, part, start / source.sample_rate)
            done_s = (start + len(part.wav)) / source.sample_rate
            if 0 < request.until_s <= done_s + 1e-3:
                return

    def join_converted(self, request: Conversion, parts: list[Converted]) -> Converted:
        """Make one of a recording's parts."""
        whole = replace(joined(parts), request=request)
        return replace(whole, passport=self._conversion_passport(request, whole.clip.wav))

    def conversion_of(
        self,
        passport: dict[str, Any],
        *,
        source: Clip | None,
        emotion_reference: Clip | None = None,
    ) -> Conversion:
        """Read a passport of a conversion back."""
        given = {"source": source, "emotion_reference": emotion_reference}
        try:
            settings = passport["conversion"]
            return Conversion.of_settings(settings, **given_again(passport, given))
        except (KeyError, TypeError, AttributeError):
            raise ValueError("This passport is damaged; choose another.") from None

    def words_apart(self, source: Clip, result: Clip) -> tuple[int, int] | None:
        """Count a word a second, and tell a conversion from its source by its length alone."""
        return int(result.duration_s != source.duration_s), int(source.duration_s)

    def _converted(self, request: Conversion, part: Clip, start_s: float) -> Converted:
        intensity = request.intensity
        while OWN - 0.3 * intensity < request.floor * OWN and intensity > 0:
            intensity = max(0.0, round(intensity - 0.1, 6))
        shares = replace(request, intensity=intensity).shares
        frames = max(1, int(part.duration_s * RATE / HOP))
        samples = np.interp(
            np.arange(frames * HOP) / RATE, np.arange(len(part.wav)) / part.sample_rate, part.wav
        )
        loud = np.sqrt(np.mean(samples.reshape(frames, HOP) ** 2, axis=1))
        words, frame = loud > 0.02, np.arange(frames)
        own = np.where(words, 150 * (1 + 0.1 * np.sin(frame / 17)), 0).astype(np.float32)
        pitch = sum(share * PITCH.get(name, 180) for name, share in shares.items())
        f0 = np.where(words, own * pitch / 150 + 12 * np.sin(frame / 5), 0)
        if request.drawn:
            seconds, hertz = zip(*request.drawn, strict=True)
            times = start_s + (frame + 0.5) * HOP / RATE
            inside = words & (times >= seconds[0]) & (times <= seconds[-1])
            f0 = np.where(inside, np.exp(np.interp(times, seconds, np.log(hertz))), f0)
        phase = 2 * np.pi * np.cumsum(np.repeat(f0, HOP)) / RATE
        tone = sum(np.sin(k * phase) / k for k in (1, 2, 3, 5))
        noise = np.random.default_rng(request.seed).normal(0, 0.004, frames * HOP)
        wav = (0.2 * tone * np.repeat(words, HOP) + noise).astype(np.float32)
        energy = 20 * np.log10(loud + 1e-4).astype(np.float32)
        recorded = request.emotion_reference is not None
        like = {name: shares.get(name, 0.0) * 0.7 + 0.3 / len(KNOWN) for name in KNOWN}
        return Converted(
            clip=Clip(wav, RATE),
            request=request,
            passport=self._conversion_passport(request, wav),
            read_back=Comparison(
                requested=shares,
                heard=self._heard(like),
                source_heard=self._heard({name: 1 + 5 * (name == "neutral") for name in KNOWN}),
                reference_heard=self._heard(dict.fromkeys(KNOWN, 1)) if recorded else None,
                voice_similarity=OWN - 0.3 * intensity,
                own_similarity=OWN,
                words_unlike=0.04,
                intensity=intensity,
                speech_share=float(words.mean()),
            ),
            mel=np.zeros((80, frames), np.float32),
            result=Tracks(f0.astype(np.float32), energy + 3),
            source=Tracks(own, energy),
            reference=Tracks(own[::-1] * 1.3, energy[::-1] - 4) if recorded else None,
        )

    def _conversion_passport(self, request: Conversion, wav: np.ndarray) -> dict[str, Any]:
        return {
            "emostudio": "test",
            "notice": SYNTHETIC,
            "conversion": request.settings(),
            "source": fingerprint(request.source),
            "emotion_reference": fingerprint(request.emotion_reference),
            "models": {"hum": "0" * 64},
            "sha256": hashlib.sha256(wav.tobytes()).hexdigest(),
        }

    def _with_lang(self, request: Request) -> Request:
        return replace(request, lang=request.lang or VOICES.get(request.voice, "en"))

    def _check(self) -> None:
        if self.trouble:
            raise ValueError(self.trouble)

    def _heard(self, weights: dict[str, float]) -> Prediction:
        total = sum(weights.values())
        probs = {name: weight / total for name, weight in weights.items()}
        label = max(probs, key=lambda name: probs[name])
        return Prediction(label, probs, Affect(0.66, 0.5, 0.71), np.ones(4, np.float32))

    def _take(self, request: Request) -> Take:
        if request.voice not in VOICES and request.reference is None:
            raise ValueError(f"Unknown voice '{request.voice}'; choose from {', '.join(VOICES)}.")
        mix = request.emotion.at_intensity(request.intensity)
        frames = int((12 + 4.5 * len(request.text)) / request.speed)
        frame = np.arange(frames)
        pitch = sum(share * PITCH[name] for name, share in mix.shares)
        pitch += 40 * (request.engine == "diemo")
        words = np.sin(frame / 9) > -0.6
        f0 = np.where(words, pitch * (1 + 0.15 * np.sin(frame / 23)), 0).astype(np.float32)
        phase = 2 * np.pi * np.cumsum(np.repeat(f0, HOP)) / RATE
        noise = np.random.default_rng(request.seed).normal(0, 0.004, frames * HOP)
        tone = sum(np.sin(k * phase) / k for k in (1, 2, 3, 5))
        wav = (0.2 * tone * np.repeat(words, HOP) + noise).astype(np.float32)
        band = np.arange(80)[:, None]
        ridges = np.cos(band * pitch / 400 + frame / 31) * 3 - band / 20 - 4
        mel = np.where(words, ridges, -11).astype(np.float32)
        heard = self._heard({name: mix[name] * 0.7 + 0.3 / len(KNOWN) for name in KNOWN})
        asked = {"reference": 1.0} if request.emotion_reference else dict(mix.shares)
        asked = {"path": 1.0} if request.emotion_path else asked
        return Take(
            clip=Clip(wav, RATE),
            request=request,
            passport=self._passport(request, wav),
            read_back=ReadBack(asked, heard, 0.83),
            mel=mel,
            f0=f0,
        )

    def _passport(self, request: Request, wav: np.ndarray) -> dict[str, Any]:
        def print_of(clip: Clip | None) -> dict[str, Any] | None:
            if clip is None:
                return None
            sha256 = hashlib.sha256(clip.wav.tobytes()).hexdigest()
            return {"sha256": sha256, "seconds": clip.duration_s}

        return {
            "emostudio": "test",
            "notice": SYNTHETIC,
            "request": request.settings(),
            "reference": print_of(request.reference),
            "emotion_reference": print_of(request.emotion_reference),
            "models": {"hum": "0" * 64},
            "sha256": hashlib.sha256(wav.tobytes()).hexdigest(),
        }
