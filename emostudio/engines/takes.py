"""From a request to takes: a text is spoken sentence by sentence, read back, and joined again."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from emostudio.audio.mel import HOP, SAMPLE_RATE
from emostudio.engines.speaking import Spoken, Voice
from emostudio.evaluation import readback
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.passport import heard_in, passport_of
from emostudio.text.normalize import normalize
from emostudio.text.sentences import split_sentences
from emostudio.values import Clip, ReadBack, Request, Take

PAUSE_S = 0.3
Places = tuple[tuple[float, ...], ...]


class Engine(Protocol):
    """What speaks; its manner is its own affair."""

    recognizer: EmotionRecognizer
    speaker: SpeakerEncoder

    def voice_of(self, request: Request) -> Voice:
        """Who speaks."""
        ...

    def manner_of(self, request: Request) -> Any:
        """How it is spoken."""
        ...

    def speak(self, request: Request, voice: Voice, manner: Any) -> Spoken:
        """Speak a request's text as one breath."""
        ...


def sentences_of(request: Request) -> list[str]:
    """Cut a request's text.

    Raises:
        ValueError: a sentence can't be spoken, so that none is.
    """
    sentences = split_sentences(request.text, request.lang)
    for sentence in sentences:
        normalize(sentence, request.lang)
    return sentences


def spoken(engine: Engine, request: Request, models: Mapping[str, str]) -> Iterator[Take]:
    """Speak sentence by sentence, each a take of its own, as soon as it is ready.

    Args:
        engine: what speaks.
        request: with its language.
        models: hash of each checkpoint, for the passport.

    Raises:
        ValueError: the engine can't do what is asked.
    """
    sentences = sentences_of(request)
    voice, manner = engine.voice_of(request), engine.manner_of(request)
    ends = np.cumsum([0, *map(len, sentences)]) / sum(map(len, sentences))
    for place, sentence in enumerate(sentences):
        seed = (request.seed + place) % 2**32
        path = portion(request.emotion_path, ends[place], ends[place + 1])
        part = replace(request, text=sentence, seed=seed, emotion_path=path)
        if path != request.emotion_path:
            manner = engine.manner_of(part)
        sound = engine.speak(part, voice, manner)
        clip = Clip(sound.wav, SAMPLE_RATE)
        read_back = ReadBack(
            requested=manner.requested(),
            heard=readback.recognize(engine.recognizer, clip),
            voice_similarity=readback.voice_similarity(engine.speaker, clip, voice.speaker_emb),
        )
        passport = _passport(part, clip, read_back, models)
        yield Take(clip, part, passport, read_back, sound.mel, sound.f0)


def portion(path: Places, start: float, stop: float) -> Places:
    """The part of a path between two shares of its length, as evenly passed places.

    >>> portion(((0.0,), (1.0,)), 0.5, 1.0)
    ((0.5,), (1.0,))
    """
    if len(path) < 2 or stop - start == 1:
        return path
    places = np.linspace(start, stop, len(path)) * (len(path) - 1)
    columns = [np.interp(places, range(len(path)), column) for column in zip(*path, strict=True)]
    return tuple(zip(*(column.tolist() for column in columns), strict=True))


def joined(engine: Engine, request: Request, takes: list[Take], models: Mapping[str, str]) -> Take:
    """Make the take of a whole request, with its language, from those of its sentences.

    A pause goes between two; voice similarity is the mean by length.
    """
    if len(takes) == 1:
        # Its only sentence may be the text with other blanks: the passport keeps the text.
        (take,) = takes
        return replace(
            take, request=request, passport=take.passport | {"request": request.settings()}
        )
    gap = round(PAUSE_S * SAMPLE_RATE / HOP)
    wavs, mels, f0s = [], [], []
    for take in takes:
        wavs += [take.clip.wav, np.zeros(gap * HOP, np.float32)]
        mels += [take.mel, np.full((len(take.mel), gap), take.mel.min(), np.float32)]
        f0s += [take.f0, np.zeros(gap, np.float32)]
    clip = Clip(np.concatenate(wavs[:-1]), SAMPLE_RATE)
    weights = np.array([take.clip.duration_s for take in takes])
    similarity = np.average([t.read_back.voice_similarity for t in takes], weights=weights)
    read_back = ReadBack(
        requested=takes[0].read_back.requested,
        heard=readback.recognize(engine.recognizer, clip),
        voice_similarity=float(similarity),
    )
    passport = _passport(request, clip, read_back, models)
    mel, f0 = np.concatenate(mels[:-1], axis=1), np.concatenate(f0s[:-1])
    return Take(clip, request, passport, read_back, mel, f0)


def _passport(
    request: Request, clip: Clip, read_back: ReadBack, models: Mapping[str, str]
) -> dict[str, Any]:
    return passport_of(
        {"request": request.settings()},
        {"reference": request.reference, "emotion_reference": request.emotion_reference},
        clip,
        dict(models),
        {"requested": read_back.requested}
        | heard_in(read_back.heard)
        | {"voice_similarity": round(read_back.voice_similarity, 4)},
    )
