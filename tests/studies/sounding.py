"""Small sounds for studies: noise bursts of a loudness of one's choice."""

import io

import numpy as np
import soundfile

from emostudio.conversion import Comparison, Conversion, Converted, Tracks
from emostudio.studies.clips import NewClip
from emostudio.studies.sound import wav_bytes
from emostudio.values import Affect, Clip, EmotionMix, Prediction, ReadBack, Request, Take

RATE = 16_000


def burst(seed: int = 0, *, level_db: float = -26.0, duration_s: float = 0.6) -> bytes:
    """Return a WAV file of noise of this level in dB below full scale."""
    wav = np.random.default_rng(seed).normal(size=round(duration_s * RATE))
    return wav_bytes(np.clip(wav * 10 ** (level_db / 20), -0.99, 0.99), RATE)


def clips(n_systems: int = 2, n_utterances: int = 3) -> list[NewClip]:
    """Return a clip for each system and utterance; later systems are louder."""
    return [
        NewClip(
            burst(100 * system + utterance, level_db=-32 + 6 * system),
            system=f"system{system}",
            utterance=f"utterance{utterance}",
            text=f"This is sentence {utterance}.",
            emotion="happy" if utterance % 2 else "sad",
            intensity=0.3 + 0.3 * (utterance % 3),
        )
        for system in range(n_systems)
        for utterance in range(n_utterances)
    ]


def noise(seed: int = 0) -> Clip:
    """Return the sound of `burst`."""
    wav, rate = soundfile.read(io.BytesIO(burst(seed)), dtype="float32")
    return Clip(wav, rate)


def prediction() -> Prediction:
    """Return what a recognizer might hear."""
    return Prediction("happy", {"happy": 0.7, "sad": 0.3}, Affect(0.5, 0.5, 0.5), np.zeros(2))


def take(text: str = "Hello.", emotion: str = "happy", seed: int = 0) -> Take:
    """Return a take with a sound of noise and the passport that a test needs."""
    request = Request(text, emotion=EmotionMix.parse(emotion), intensity=0.6, lang="en", seed=seed)
    heard = prediction()
    return Take(
        noise(seed),
        request,
        {"request": request.settings(), "read_back": {"probs": heard.probs}},
        ReadBack({}, heard, 1.0),
        np.zeros((1, 1)),
        np.zeros(1),
    )


def conversion(seed: int = 0) -> Converted:
    """Return a converted recording of noise."""
    source = Clip(np.zeros(RATE, np.float32), RATE)
    asked = Conversion(source, consent=True, emotion=EmotionMix.of(angry=1), intensity=0.8)
    heard = prediction()
    tracks = Tracks(np.zeros(1), np.zeros(1))
    return Converted(
        noise(seed),
        asked,
        {"conversion": asked.settings(), "source": {"sha256": "abcdef0123456789"}},
        Comparison({}, heard, heard, None, 1.0, 1.0, 0.0, 0.8, 0.5),
        np.zeros((1, 1)),
        tracks,
        tracks,
        None,
    )
