"""The facade: every verb that a person or a page needs. Models load on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.conversion import HOP_S, Comparison, Conversion, Converted, joined
from emostudio.lineup import Lineup
from emostudio.passport import NONE, given_again, heard_in, passport_of
from emostudio.settings import Settings
from emostudio.values import EMOTIONS, Clip, EmotionMix, Prediction, Request, Take

if TYPE_CHECKING:
    import numpy as np

    from emostudio.engines.zest import ZestEngine
    from emostudio.jobs.service import Jobs
    from emostudio.maps.embedding import Ear
    from emostudio.maps.sources import Source
    from emostudio.maps.space import EmotionMap
    from emostudio.studies.listening import Listening

# What speaks, and what a person should know to choose.
SPEAKING = {
    "emomix": "EmoMix sounds best and keeps to the emotion: it refines each take step by step.",
    "diemo": "DiEmo is fast: one pass, no sampler to steer; emotions come out less surely.",
}
RECORDED_LANG = "en"  # of a voice that is no preset
CONVERTS = "ZEST changes the emotion of a recording."
SAMPLE_RATE = 16_000


class Studio:
    """Speak, convert and recognize; safe to share between threads."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Remember where models lie; load nothing."""
        self.settings = settings or Settings.from_env()
        self.lineup = Lineup(self.settings)

    def engines(self) -> dict[str, str]:
        """What can speak here, with a line on each: those whose checkpoint is there, then tuned.

        Of a tuned one the line says what its net does, where it is not the engine itself.
        """
        return {
            name: SPEAKING.get(name, part) for name, part in self.lineup.names(*SPEAKING).items()
        }

    def converters(self) -> dict[str, str]:
        """What can convert here, likewise."""
        names = self.lineup.names("zest")
        return {name: CONVERTS if name == "zest" else part for name, part in names.items()}

    def voices(self, engine: str = "emomix") -> dict[str, str]:
        """Preset voices and their languages.

        Raises:
            ValueError: the checkpoint is missing.
        """
        voices = self.lineup.told("voices.json", engine)
        return {name: voice["lang"] for name, voice in voices.items()}

    def emotions(self, engine: str = "emomix") -> tuple[str, ...]:
        """The emotions that an engine's checkpoint knows.

        Raises:
            ValueError: the checkpoint is missing.
        """
        return self._known(engine)

    def convertible(self, engine: str = "zest") -> tuple[str, ...]:
        """The emotions that a recording can be converted to by name.

        Raises:
            ValueError: the checkpoint is missing.
        """
        return self._known(engine)

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
        from emostudio.engines.takes import sentences_of

        request = self._with_lang(request)
        takes, n_sentences = [], len(sentences_of(request))
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
        from emostudio.engines.takes import spoken

        request = self._with_lang(request)
        engine, hashes = self.lineup.load(request.engine), self.lineup.hashes(request.engine)
        yield from spoken(engine, request, hashes)

    def join(self, request: Request, takes: list[Take]) -> Take:
        """Make the take of a whole request from those that `speak_sentences` gave for it."""
        from emostudio.engines.takes import joined

        request = self._with_lang(request)
        engine, hashes = self.lineup.load(request.engine), self.lineup.hashes(request.engine)
        return joined(engine, request, takes, hashes)

    def recognize(self, clip: Clip | str | Path) -> Prediction:
        """Tell the emotion of a clip or of a file.

        Raises:
            ValueError: it can't be read, or is too short or silent.
        """
        from emostudio.evaluation.readback import check_clip, recognize

        if not isinstance(clip, Clip):
            clip = Clip.load(clip)
        check_clip(clip)
        return recognize(self.lineup.any(*SPEAKING).recognizer, clip)

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
            values["emotion"] = EmotionMix.from_weights(values["emotion"])
            recordings: dict[str, Any] = dict(given_again(passport, given))
            return Request(**values, **recordings)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(NONE) from error

    def convert(
        self,
        source: Clip | Conversion,
        *,
        emotion: str | EmotionMix | None = None,
        progress: Callable[[float, str], None] | None = None,
        **settings: Any,
    ) -> Converted:
        """Change the emotion of a recording; voice, words and rhythm stay.

        Args:
            source: the recording, or all that is asked (the other arguments are then unused).
            emotion: a name, a mix, or text such as "happy=0.7,surprise=0.3".
            progress: called with the share done and a word on what is being done.
            **settings: further fields of `Conversion`, `consent` among them.

        Raises:
            ValueError: what is asked can't be done; the sentence says why and what to do.
        """
        if isinstance(source, Conversion):
            request = source
        else:
            mix = None if emotion is None else EmotionMix.parse(emotion)
            request = Conversion(source, emotion=mix, **settings)
        parts, done_s = [], 0.0
        for part in self.convert_parts(request):
            parts.append(part)
            done_s += len(part.source.f0) * HOP_S
            if progress is not None:
                progress(min(1.0, done_s / request.source.duration_s), f"{done_s:.0f} s are done")
        return self.join_converted(request, parts)

    def convert_parts(self, request: Conversion) -> Iterator[Converted]:
        """Convert part by part, each as soon as it is ready; a short recording is one part.

        Raises:
            ValueError: as `convert`.
        """
        engine = self._converter(request)
        source = engine.source_of(request.source)
        engine.manner_of(request)  # refuses what it does not know before any work
        lowered, own = engine.guarded(source, request)
        beside = engine.beside(request)
        for part in engine.convert(source, engine.manner_of(lowered), lowered):
            read_back = Comparison(
                requested=lowered.shares,
                own_similarity=own,
                intensity=lowered.intensity,
                speech_share=source.speech_share,
                source_heard=beside.source_heard,
                reference_heard=beside.reference_heard,
                **engine.heard(source, part),
            )
            clip = Clip(part.wav, SAMPLE_RATE)
            drawn = (part.mel, part.tracks, part.source, beside.reference)
            yield self._with_passport(Converted(clip, request, {}, read_back, *drawn))

    def join_converted(self, request: Conversion, parts: list[Converted]) -> Converted:
        """Make the whole of the parts that `convert_parts` gave, or of the first of them."""
        whole = joined(parts)
        heard = self._converter(request).emotion_of(whole.clip)
        read_back = replace(whole.read_back, heard=heard)
        return self._with_passport(replace(whole, request=request, read_back=read_back))

    def conversion_of(
        self,
        passport: dict[str, Any],
        *,
        source: Clip | None,
        emotion_reference: Clip | None = None,
    ) -> Conversion:
        """Return the conversion that a passport tells of.

        Raises:
            ValueError: it is no passport of one, or a recording is not given or another.
        """
        given = {"source": source, "emotion_reference": emotion_reference}
        try:
            settings = passport["conversion"]
            return Conversion.of_settings(settings, **given_again(passport, given))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(NONE) from error

    def words_apart(self, source: Clip, result: Clip) -> tuple[int, int] | None:
        """How many of how many words pocketsphinx hears otherwise; None where it is missing."""
        from emostudio.evaluation.environment import words_apart

        return words_apart(source, result)

    def embed(self, clip: Clip) -> dict[str, np.ndarray]:
        """What a map knows of a clip: features (D,) by name, `affect` (arousal, ...) among them.

        Raises:
            ValueError: it is too short or silent, or a checkpoint is missing.
        """
        return self._ear().hear(clip).features

    def map(
        self,
        clips: Iterable[str | Path] | Source,
        *,
        method: str = "umap",
        feature: str = "diemo",
        every: bool = False,
        progress: Callable[[float, str], None] | None = None,
    ) -> EmotionMap:
        """Lay clips out by how alike they are; the same is made once and then kept.

        Args:
            clips: sound files, or a source of `emostudio.maps.sources`.
            method: umap, pca, or plane (valence and arousal).
            feature: what decides who is alike: diemo, ser, speaker or raw.
            every: make the pictures by all other features and methods too.
            progress: called with the share done and a word on what is being done.

        Raises:
            ValueError: too few clips, or what is asked can't be done; the sentence says why.
        """
        from emostudio.maps.building import make

        home, views = self.settings.data_dir / "maps", ((feature, method),)
        return make(clips, self._ear(), home, views=views, every=every, progress=progress)

    def check_map(self, space: EmotionMap, *nets: str) -> None:
        """Raise ValueError where other nets than those here made a map."""
        space.check_nets(self._ear().hashes, *nets)

    @cached_property
    def listening(self) -> Listening:
        """Listening tests and labels: `studio.listening.create(...)`; opens their database.

        Raises:
            ValueError: it can't be opened where the settings say; the sentence says what to do.
        """
        from emostudio.studies.listening import Listening

        return Listening.open(self.settings)

    @cached_property
    def jobs(self) -> Jobs:
        """Models that are tuned: `studio.jobs.finetune(...)`; their queue, corpora and registry.

        Raises:
            ValueError: as `listening`, whose database has them too.
        """
        from emostudio.jobs.service import Jobs

        return Jobs.open(self.settings, self.listening.db)

    def load(self) -> None:
        """Load the models now instead of on first use."""
        for engine in [name for name in self.engines() if name in SPEAKING] or SPEAKING:
            self.lineup.load(engine)
        self.lineup.load("zest")

    def _converter(self, request: Conversion) -> ZestEngine:
        return self.lineup.load(request.engine)

    def _ear(self) -> Ear:
        return self.lineup.load("map")

    def _known(self, use: str) -> tuple[str, ...]:
        known = self.lineup.told("config.json", use).get("emotions", [])
        return tuple(name for name in EMOTIONS if name in known)

    def _with_lang(self, request: Request) -> Request:
        if request.lang:
            return request
        if request.reference is not None:
            return replace(request, lang=RECORDED_LANG)
        # The engine says which voices there are, where this one is not among them.
        voices = self.voices(request.engine)
        return replace(request, lang=voices.get(request.voice, RECORDED_LANG))

    def _with_passport(self, result: Converted) -> Converted:
        request, back = result.request, result.read_back
        numbers = ("voice_similarity", "own_similarity", "words_unlike", "intensity")
        passport = passport_of(
            {"conversion": request.settings()},
            {"source": request.source, "emotion_reference": request.emotion_reference},
            result.clip,
            self.lineup.hashes(request.engine),
            {"requested": back.requested}
            | heard_in(back.heard)
            | {"source": heard_in(back.source_heard)}
            | {name: round(getattr(back, name), 4) for name in numbers}
            | {"warnings": list(result.warnings)},
        )
        return replace(result, passport=passport)
