"""A corpus to tune on, made by code: clips of some speakers in some emotions, with a split."""

import csv
from collections.abc import Sequence
from pathlib import Path

import soundfile

from emostudio.data.corpora import TABLE
from tests.speech import COLUMNS, SAMPLE_RATE, vowels

TEXTS = (
    "We are all away.",
    "You are all here.",
    "They may know a way.",
    "Nobody is here now.",
    "You know my name.",
)


def recorded(
    folder: Path,
    *,
    speakers: Sequence[str] = ("anna",),
    emotions: Sequence[str] = ("neutral",),
    lang: str = "en",
) -> Path:
    """Write five clips a speaker and emotion; the last sentence is held out."""
    folder.mkdir(parents=True)
    with (folder / TABLE).open("w", newline="") as table:
        rows = csv.DictWriter(table, COLUMNS)
        rows.writeheader()
        for place, speaker in enumerate(speakers):
            for number, emotion in enumerate(emotions):
                for take, text in enumerate(TEXTS):
                    file = f"{speaker}-{emotion}-{take}.wav"
                    wav = vowels(120 + 50 * place + 40 * number, 1.6, seed=take + 7 * number)
                    soundfile.write(folder / file, wav, SAMPLE_RATE)
                    told = {"file": file, "speaker": speaker, "lang": lang, "emotion": emotion}
                    told |= {"split": "dev" if take == len(TEXTS) - 1 else "train", "text": text}
                    rows.writerow(dict.fromkeys(COLUMNS, "") | told)
    return folder
