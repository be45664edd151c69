"""Our own takes to map: engines, voices, emotions, intensities and sentences, evenly mixed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np

from emostudio.maps.sources import MAX_LABEL, Sound, Source
from emostudio.values import SYNTHETIC, Clip, EmotionMix, Request, Take

INTENSITIES = (0.5, 1.0)
SENTENCES = {
    "en": (
        "The train leaves in ten minutes.",
        "I did not expect to see you here.",
        "They will tell us about it tomorrow.",
        "Somebody left the kitchen door open.",
        "You came back after all these years.",
        "We have been waiting here since noon.",
    ),
    "de": (
        "Der Zug fährt in zehn Minuten.",
        "Ich habe dich hier nicht erwartet.",
        "Morgen werden sie uns davon erzählen.",
        "Jemand hat die Tür offen gelassen.",
        "Du bist nach all den Jahren zurück.",
        "Wir warten hier schon seit Mittag.",
    ),
}


def plan(
    n: int, engines: Sequence[str], voices: Mapping[str, str], emotions: Sequence[str]
) -> list[Request]:
    """What to speak.

    Args:
        n: how many takes.
        engines: those that are here.
        voices: languages by name.
        emotions: those that all engines know.

    Raises:
        ValueError: none is asked for, or nothing can be spoken.
    """
    if n < 1:
        raise ValueError(f"{n} takes are no map; give a number of 1 or more.")
    rng = np.random.default_rng(0)
    manners = [
        (emotion, intensity)
        for emotion, intensity in product(emotions, INTENSITIES)
        if emotion != "neutral" or intensity == 1  # neutral has one intensity
    ]
    ways = list(product(engines, voices, manners))
    if not ways:
        raise ValueError("The engines here have no voice or no emotion in common; restore them.")
    requests = []
    while len(requests) < n:
        for way in rng.permutation(len(ways)).tolist():
            engine, voice, (emotion, intensity) = ways[way]
            texts = SENTENCES[voices[voice]]
            requests.append(
                Request(
                    texts[len(requests) % len(texts)],
                    voice=voice,
                    lang=voices[voice],
                    emotion=EmotionMix.of(**{emotion: 1}),
                    intensity=intensity,
                    seed=len(requests),
                    engine=engine,  # pyright: ignore[reportArgumentType]
                )
            )
    return requests[:n]


def of_takes(
    requests: Sequence[Request],
    speak: Callable[[Request], Take],
    checkpoints: Mapping[str, str] | None = None,
) -> Source:
    """Map takes, each spoken when its turn comes.

    Args:
        requests: what to speak.
        speak: speaks it.
        checkpoints: hashes by name of what speaks: with others these are other takes.
    """

    def sound(number: int, request: Request) -> Sound:
        labels = {
            "emotion": request.emotion.top,
            "speaker": request.voice,
            "intensity": f"{request.intensity:g}",
            "corpus": request.engine,
            "text": request.text[:MAX_LABEL],
            "source": "take",
        }
        name = f"{request.engine}-{request.voice}-{request.emotion.top}-{number:03d}"
        return Sound(name, labels, lambda: _spoken(request, speak))

    sounds = tuple(sound(number, request) for number, request in enumerate(requests))
    told = [dict(checkpoints or {}), *(request.settings() for request in requests)]
    asked = json.dumps(told, sort_keys=True)
    return Source(sounds, hashlib.sha256(asked.encode()).hexdigest(), comment=SYNTHETIC)


def _spoken(request: Request, speak: Callable[[Request], Take]) -> Clip:
    return speak(request).clip
