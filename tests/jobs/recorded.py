"""A folder of recordings to tune on, made by code."""

import csv
from pathlib import Path

import soundfile

from tests import speech

EMOTIONS = ("neutral", "angry")
CLIPS = 6  # of each


def recorded(folder: Path) -> Path:
    """Write clips of one speaker in two emotions, and their table."""
    folder.mkdir()
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        rows.writerow(["file", "speaker", "emotion", "text"])
        for place, emotion in enumerate(EMOTIONS):
            for number in range(CLIPS):
                file = f"{emotion}-{number}.wav"
                wav = speech.vowels(120 + 60 * place, 1.5, seed=10 * place + number)
                soundfile.write(folder / file, wav, speech.SAMPLE_RATE)
                rows.writerow([file, "anna", emotion, f"We are {'all ' * number}away."])
    return folder
