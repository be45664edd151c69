"""The facade: every verb that a person or a page needs. Models load on first use."""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emostudio import __version__
from emostudio.settings import Settings
from emostudio.values import (
    EMOTIONS,
    SYNTHETIC,
    Clip,
    EmotionMix,
    Prediction,
    ReadBack,
    Request,
    Take,
)

if TYPE_CHECKING:
    from emostudio.engines.emomix import EmoMixEngine, Manner, Voice

PAUSE_S = 0.3
RECORDED_LANG = "en"  # of a voice that is no preset
SAMPLE_RATE = 16_000


class Studio:
    """Speak and recognize; safe to share between threads."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Remember where models lie; load nothing."""
        self.settings = settings or Settings.from_env()
        self._engine: EmoMixEngine | None = None
        self._hashes: dict[str, str] = {}
        self._lock = threading.Lock()

    def voices(self) -> dict[str, str]:
        """Preset voices and their languages.

        Raises:
            ValueError: the checkpoint is missing.
        """
        return {name: voice["lang"] for name, voice in self._describe("voices.json").items()}

    def emotions(self) -> tuple[str, ...]:
        """The emotions that the loaded checkpoint knows.

        Raises:
            ValueError: the checkpoint is missing.
        """
        known = self._describe("config.json").get("emotions", [])
        return tuple(name for name in EMOTIONS if name in known)

    def speak(
        self,
        text: str | Request,
        *,
        emotion: str | EmotionMix = "neutral",
        voice: str = "kathleen",
        progress: Callable[[float, str], None] | None = None,
        **settings: Any,
    ) -> Take:
        """Speak a text into one take.

        Args:
            text: what to say, or a whole request (the other arguments are then unused).
            emotion: a name, a mix, or text such as "happy=0.7,surprise=0.3".
            voice: a preset's name.
            progress: called with the share done and a word on what is being done.
            **settings: further fields of `Request`.

        Raises:
            ValueError: what is asked can't be spoken; the sentence says why and what to do.
        """
        if isinstance(text, Request):
            request = text
        else:
            request = Request(text=text, voice=voice, emotion=EmotionMix.parse(emotion), **settings)
        request = self._with_lang(request)
        takes = []
        n_sentences = len(self._sentences(request.text, request.lang))
        for take in self.speak_sentences(request):
            takes.append(take)
            if progress is not None:
                progress(len(takes) / n_sentences, f"sentence {len(takes)} of {n_sentences}")
        return self.join(request, takes)

    def speak_sentences(self, request: Request) -> Iterator[Take]:
        """Speak a text sentence by sentence, each a take of its own, as soon as it is ready.

        Raises:
            ValueError: as `speak`.
        """
        request = self._with_lang(request)
        sentences = self._sentences(request.text, request.lang)
        engine = self._load()
        voice, manner = engine.voice_of(request), engine.manner_of(request)
        for place, sentence in enumerate(sentences):
            seed = (request.seed + place) % 2**32
            part = replace(request, text=sentence, seed=seed)
            spoken = engine.speak(part, voice, manner)
            clip = Clip(spoken.wav, SAMPLE_RATE)
            yield self._take(part, clip, spoken.mel, spoken.f0, voice, manner)

    def recognize(self, clip: Clip | str | Path) -> Prediction:
        """Tell the emotion of a clip or of a file.

        Raises:
            ValueError: it can't be read, or is too short or silent.
        """
        from emostudio.evaluation.readback import check_clip, recognize

        if not isinstance(clip, Clip):
            clip = Clip.load(clip)
        check_clip(clip)
        return recognize(self._load().recognizer, clip)

    def request_of(
        self,
        passport: dict[str, Any],
        *,
        reference: Clip | None = None,
        emotion_reference: Clip | None = None,
    ) -> Request:
        """Return the request that a passport tells of.

        Raises:
            ValueError: it is no passport, or it was made with a recording that is not given.
        """
        given = {"reference": reference, "emotion_reference": emotion_reference}
        try:
            values = dict(passport["request"])
            for name, clip in given.items():
                wanted = passport.get(name)
                if wanted and (clip is None or _fingerprint(clip)["sha256"] != wanted["sha256"]):
                    raise ValueError(
                        f"This take was made with a recording ({name.replace('_', ' ')}, "
                        f"{wanted['seconds']} s) that is not kept; give the same file again."
                    )
            values["emotion"] = EmotionMix.from_weights(values["emotion"])
            recordings: dict[str, Any] = {n: c for n, c in given.items() if passport.get(n)}
            return Request(**values, **recordings)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                "This is not a passport of EmoStudio; choose the .json that came with a take."
            ) from error

    def load(self) -> None:
        """Load the models now instead of on first use."""
        self._load()

    def _load(self) -> EmoMixEngine:
        with self._lock:
            if self._engine is None:
                from emostudio.engines.emomix import EmoMixEngine
                from emostudio.models.checkpoint import Store

                store = Store(self.settings.checkpoints, self.settings.models)
                engine = EmoMixEngine(store, self.settings.device)
                self._hashes = {name: store.sha256(name) for name in engine.checkpoints}
                self._engine = engine
            return self._engine

    def _describe(self, file: str) -> dict[str, Any]:
        # Read without torch, so that the page opens before any model is loaded.
        import json

        own = Path(self.settings.models) if self.settings.models else None
        folder = self.settings.checkpoints / "emomix"
        if own is not None and not own.is_dir():
            from emostudio.models.checkpoint import Store

            folder = Store(self.settings.checkpoints, self.settings.models).folder("emomix")
        elif own is not None and (own / "emomix" / "config.json").is_file():
            folder = own / "emomix"
        try:
            return json.loads((folder / file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(
                f"The checkpoint 'emomix' is missing or damaged: put its files into {folder}, "
                "or set EMOSTUDIO_MODELS to a folder or repository that has them."
            ) from error

    def _with_lang(self, request: Request) -> Request:
        if request.lang:
            return request
        recorded = request.reference is not None
        # The engine says which voices there are, where this one is not among them.
        lang = RECORDED_LANG if recorded else self.voices().get(request.voice, RECORDED_LANG)
        return replace(request, lang=lang)

    @staticmethod
    def _sentences(text: str, lang: str) -> list[str]:
        from emostudio.text.normalize import normalize
        from emostudio.text.sentences import split_sentences

        sentences = split_sentences(text, lang)
        for sentence in sentences:  # refuse the whole before any of it is spoken
            normalize(sentence, lang)
        return sentences

    def _take(
        self,
        request: Request,
        clip: Clip,
        mel: np.ndarray,
        f0: np.ndarray,
        voice: Voice,
        manner: Manner,
    ) -> Take:
        from emostudio.evaluation.readback import recognize, voice_similarity

        engine = self._load()
        read_back = ReadBack(
            requested=manner.requested(),
            heard=recognize(engine.recognizer, clip),
            voice_similarity=voice_similarity(engine.speaker, clip, voice.speaker_emb),
        )
        passport = self._passport(request, clip, read_back)
        return Take(clip, request, passport, read_back, mel, f0)

    def join(self, request: Request, takes: list[Take]) -> Take:
        """Make the take of a whole request from those that `speak_sentences` gave for it.

        A pause goes between two; voice similarity is the mean by length.
        """
        request = self._with_lang(request)
        if len(takes) == 1:
            # Its only sentence may be the text with other blanks: the passport keeps the text.
            (take,) = takes
            passport = take.passport | {"request": request.settings()}
            return replace(take, request=request, passport=passport)
        hop = round(takes[0].clip.wav.size / takes[0].f0.size)
        gap = round(PAUSE_S * SAMPLE_RATE / hop)
        wavs, mels, f0s = [], [], []
        for take in takes:
            wavs += [take.clip.wav, np.zeros(gap * hop, np.float32)]
            mels += [take.mel, np.full((len(take.mel), gap), take.mel.min(), np.float32)]
            f0s += [take.f0, np.zeros(gap, np.float32)]
        clip = Clip(np.concatenate(wavs[:-1]), SAMPLE_RATE)
        weights = np.array([take.clip.duration_s for take in takes])
        similarity = np.average([t.read_back.voice_similarity for t in takes], weights=weights)
        read_back = ReadBack(
            requested=takes[0].read_back.requested,
            heard=self.recognize(clip),
            voice_similarity=float(similarity),
        )
        passport = self._passport(request, clip, read_back)
        mel, f0 = np.concatenate(mels[:-1], axis=1), np.concatenate(f0s[:-1])
        return Take(clip, request, passport, read_back, mel, f0)

    def _passport(self, request: Request, clip: Clip, read_back: ReadBack) -> dict[str, Any]:
        samples = np.ascontiguousarray(clip.wav).tobytes()
        names = ("torch", "numpy", "phonemizer-fork", "espeakng-loader")
        return {
            "emostudio": __version__,
            "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "notice": SYNTHETIC,
            "request": request.settings(),
            "reference": _fingerprint(request.reference),
            "emotion_reference": _fingerprint(request.emotion_reference),
            "models": dict(self._hashes),
            "versions": {name: metadata.version(name) for name in names},
            "read_back": {
                "requested": read_back.requested,
                "label": read_back.heard.label,
                "probs": {name: round(p, 4) for name, p in read_back.heard.probs.items()},
                "affect": {k: round(v, 4) for k, v in asdict(read_back.heard.affect).items()},
                "voice_similarity": round(read_back.voice_similarity, 4),
            },
            "sha256": hashlib.sha256(samples).hexdigest(),
        }


def _fingerprint(clip: Clip | None) -> dict[str, Any]:
    if clip is None:
        return {}
    samples = np.ascontiguousarray(clip.wav, dtype=np.float32).tobytes()
    return {
        "sha256": hashlib.sha256(samples).hexdigest(),
        "seconds": round(clip.duration_s, 2),
    }
