"""Turn recordings from anywhere into a corpus that training reads: metadata.csv, 16-bit WAV."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from emostudio.data.check import check
from emostudio.data.corpora import TABLE, sentence_case
from emostudio.data.given import Given, check_room, given
from emostudio.data.labels import ForAll, Labels, labelled, plain
from emostudio.data.recording import Recording, measure
from emostudio.data.report import Report
from emostudio.data.splitting import split
from emostudio.data.wording import spoken
from emostudio.values import Clip

COLUMNS = (
    "file speaker sex lang emotion intensity sample_rate seconds split text source said".split()
)
MAX_EMOTIONS = 32
SCRATCH = ".unpacked"
Progress = Callable[[float, str], None]


def take_over(
    source: Path, target: Path, for_all: ForAll, *, progress: Progress | None = None
) -> Report:
    """Write a folder, a zip or a CSV manifest into the empty folder `target`, and check it.

    A recording that can't be used is left out, and the report tells why. Where the table does not
    tell what is held out, `splitting.split` does. A text that can't be spoken stays in the column
    `said` alone.

    Raises:
        ValueError: nothing could be taken over, or there is no room for it.
    """
    scratch = target / SCRATCH
    scratch.mkdir()
    try:
        found = given(source, scratch)
        labels, refused = labelled(found.sounds, found.told, for_all)
        found.refused |= refused
        _check_emotions(labels)
        taken, duplicates = _take(found, labels, target, progress or (lambda share, message: None))
    finally:
        shutil.rmtree(scratch)
    if not taken:
        name, why = next(iter(found.refused.items()))
        raise ValueError(f"None of the recordings can be used. The first, {name}: {why}")
    named = for_all.speaker or any(row.get("speaker") for row in found.told.values())
    # Where nothing tells who speaks, all have the name of the corpus.
    guessed = not named and {one.speaker for one in taken} == {plain(for_all.name)}
    recordings, split_by = split(_worded(taken))
    _write(recordings, target / TABLE)
    return check(
        recordings,
        refused=found.refused,
        duplicates=duplicates,
        split_by=split_by,
        speaker_guessed=guessed,
    )


def _check_emotions(labels: dict[str, Labels]) -> None:
    names = sorted({one.emotion for one in labels.values()})
    if len(names) > MAX_EMOTIONS:
        raise ValueError(
            f"There would be {len(names)} emotions, such as {', '.join(names[:3])}. If these are "
            "folders of something else, give a table with a column 'emotion', or say that all is "
            "read speech."
        )


def _take(
    found: Given, labels: dict[str, Labels], target: Path, progress: Progress
) -> tuple[list[Recording], dict[str, str]]:
    """Read, measure and write each sound; what can't be used joins those refused.

    Returns:
        What was taken, and which have the same sound as one before them.
    """
    taken: list[Recording] = []
    first: dict[str, Recording] = {}
    duplicates: dict[str, str] = {}
    for place, (name, told) in enumerate(sorted(labels.items())):
        progress(place / len(labels), f"Reading {PurePosixPath(name).name}")
        check_room(target)
        path = found.sounds[name]
        try:
            clip = Clip.load(path)
            level = measure(clip.wav, clip.sample_rate)
        except ValueError as error:
            # A file of a zip has another name here.
            found.refused[name] = str(error).replace(path.name, PurePosixPath(name).name)
            continue
        key = _hash(clip)
        if key in first:
            duplicates[name] = first[key].source
            found.refused[name] = _twice(told, first[key])
            continue
        file = clip.save(target / f"{len(taken):05d}.wav").name
        first[key] = Recording(
            file=file,
            source=name,
            speaker=told.speaker,
            lang=told.lang,
            emotion=told.emotion,
            seconds=clip.duration_s,
            sample_rate=clip.sample_rate,
            level=level,
            split=told.split,
            sex=told.sex,
            intensity=told.intensity,
            text=sentence_case(told.text),
            said=told.text,
        )
        taken.append(first[key])
    return taken, duplicates


def _twice(told: Labels, before: Recording) -> str:
    why = f"It has the same sound as {before.source}."
    if told.emotion != before.emotion:
        why += f" That one is called {before.emotion}, this one {told.emotion}: check which it is."
    return why


def _worded(recordings: Sequence[Recording]) -> list[Recording]:
    """Find the phonemes of texts; a text that can't be spoken is none to train on."""
    told = {one.file: one for one in recordings}
    for lang in sorted({one.lang for one in recordings if one.text}):
        of_lang = [one for one in recordings if one.lang == lang and one.text]
        texts, seconds = [one.text for one in of_lang], [one.level.spoken_s for one in of_lang]
        for one, phonemes in zip(of_lang, spoken(texts, lang, seconds), strict=True):
            if isinstance(phonemes, str):
                told[one.file] = replace(one, text="", unspoken=phonemes)
            else:
                told[one.file] = replace(one, phonemes=phonemes)
    return list(told.values())


def _write(recordings: Sequence[Recording], table: Path) -> None:
    with table.open("w", encoding="utf-8", newline="") as lines:
        rows: csv.DictWriter[str] = csv.DictWriter(lines, COLUMNS)
        rows.writeheader()
        for one in recordings:
            row = {name: getattr(one, name) for name in COLUMNS}
            rows.writerow(row | {"seconds": round(one.seconds, 3)})


def _hash(clip: Clip) -> str:
    """Name the sound itself, whatever file it came in."""
    sound = (np.clip(clip.wav, -1, 1) * 32767).astype(np.int16)
    return hashlib.sha256(f"{clip.sample_rate} ".encode() + sound.tobytes()).hexdigest()
