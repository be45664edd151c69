"""Sound and packs made by code, for tests: no recording is ever needed."""

import csv
from pathlib import Path

import numpy as np
import soundfile

SAMPLE_RATE = 16_000
COLUMNS = "file speaker sex lang emotion intensity sample_rate seconds split text".split()


def vowels(
    hertz: float = 140.0, seconds: float = 1.5, *, level: float = 0.2, seed: int = 0
) -> np.ndarray:
    """Something like speech: a pulse train through moving resonances, pauses and breath noise."""
    rng = np.random.default_rng(seed)
    n_samples = round(seconds * SAMPLE_RATE)
    time = np.arange(n_samples) / SAMPLE_RATE
    f0 = hertz * (1 + 0.1 * np.sin(2 * np.pi * 1.5 * time + seed))
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    formant = 700 + 400 * np.sin(2 * np.pi * 3 * time + seed)
    wav = np.zeros(n_samples)
    for harmonic in range(1, int(4000 / hertz)):
        gain = np.exp(-(((harmonic * f0 - formant) / 500) ** 2)) + 0.2 / harmonic
        wav += gain * np.sin(harmonic * phase)
    syllables = np.clip(np.sin(2 * np.pi * 2 * time) + 0.7, 0, 1)
    wav = wav * syllables + 0.02 * rng.normal(size=n_samples)
    return (level * wav / np.abs(wav).max()).astype(np.float32)


def corpora(root: Path) -> Path:
    """Write tiny corpora with the names and dev speakers that recipes and suites look for."""
    acted = ("neutral", "happy", "angry")
    readers = ("librispeech-1", "librispeech-2", "librispeech-121")
    actors = ("ravdess-01", "ravdess-02", "ravdess-19")
    speakers = {
        "kathleen": [("kathleen", "neutral")],
        "librispeech": [(reader, "neutral") for reader in readers],
        "ravdess": [(actor, emotion) for actor in actors for emotion in acted],
    }
    for place, (corpus, members) in enumerate(speakers.items()):
        (root / corpus).mkdir(parents=True)
        with (root / corpus / "metadata.csv").open("w", newline="") as table:
            rows = csv.DictWriter(table, COLUMNS)
            rows.writeheader()
            for number, (speaker, emotion) in enumerate(members * 2):
                file = f"{speaker}-{emotion}-{number}.wav"
                hertz = 110 + 40 * place + (60 if emotion == "angry" else 0)
                wav = vowels(hertz, 2.0, seed=number)
                soundfile.write(root / corpus / file, wav, SAMPLE_RATE)
                rows.writerow(
                    dict.fromkeys(COLUMNS, "")
                    | {
                        "file": file,
                        "speaker": speaker,
                        "lang": "en",
                        "emotion": emotion,
                        "split": "dev" if speaker in ("librispeech-121", "ravdess-19") else "train",
                        "text": "We are all away.",
                    }
                )
    return root


def acting(root: Path) -> Path:
    """Write tiny corpora of actors and readers, with all that ZEST's table pairs up."""
    spoken = {
        "ravdess": ("neutral", "angry", "happy", "sad", "surprise"),
        "emodb": ("neutral", "angry", "happy", "sad", "fear", "bored"),
        "librispeech": ("neutral",),
    }
    speakers = {
        "ravdess": ("ravdess-01", "ravdess-19", "ravdess-20"),
        "emodb": ("emodb-03", "emodb-12", "emodb-13"),
        "librispeech": ("librispeech-121", "librispeech-260"),
    }
    texts = {
        "ravdess": ("We are all away.", "You are all here."),
        "emodb": ("Wir sind alle da.", "Ihr seid nun hier."),
        "librispeech": ("We are all away now.", "You are all here now."),
    }
    for corpus, members in speakers.items():
        (root / corpus).mkdir(parents=True)
        with (root / corpus / "metadata.csv").open("w", newline="") as table:
            rows = csv.DictWriter(table, COLUMNS)
            rows.writeheader()
            for place, speaker in enumerate(members):
                for emotion in spoken[corpus]:
                    for number, text in enumerate(texts[corpus]):
                        file = f"{speaker}-{emotion}-{number}.wav"
                        hertz = 110 + 50 * place + (60 if emotion == "angry" else 0)
                        wav = vowels(hertz, 1.8, seed=number)
                        soundfile.write(root / corpus / file, wav, SAMPLE_RATE)
                        rows.writerow(
                            dict.fromkeys(COLUMNS, "")
                            | {
                                "file": file,
                                "speaker": speaker,
                                "sex": "FM"[place % 2],
                                "lang": "de" if corpus == "emodb" else "en",
                                "emotion": emotion,
                                "split": "dev" if place else "train",
                                "text": text,
                            }
                        )
    return root
