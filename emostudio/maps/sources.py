"""What can be mapped: a folder or a zip of sounds, a dataset of the Hugging Face Hub, a pack."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from emostudio.data.archives import unzip
from emostudio.data.corpora import TABLE
from emostudio.data.given import hidden
from emostudio.data.hub import download
from emostudio.soundfiles import SUFFIXES
from emostudio.values import EMOTIONS, Clip

if TYPE_CHECKING:
    from emostudio.maps.embedding import Packed

HUB = "hf:"
MAX_CLIPS = 10_000
MAX_ZIPPED, MAX_ZIP_BYTES = 2_000, 2**30
MAX_LABEL = 80  # characters
# What a column of a table may be called, here and in datasets of the Hub.
CALLED = {
    "emotion": ("emotion", "label"),
    "speaker": ("speaker", "speaker_id"),
    "intensity": ("intensity",),
    "cluster": ("cluster",),
    "corpus": ("corpus",),
    "text": ("text", "transcription", "sentence"),
}
FILE = ("file", "file_name", "path", "audio")
# Of a pack: all that actors spoke, and of readers enough to see who they are.
A_PRESET, OTHER_READERS = 60, 1_000
HEARD = 375  # frames (6 s) of a packed clip; who reads on for longer feels the same


@dataclass(frozen=True)
class Sound:
    """A clip to map: its labels by some of `COLUMNS`, and how it is read or, of a pack, told."""

    name: str
    labels: dict[str, str]
    load: Callable[[], Clip | Packed]


@dataclass(frozen=True)
class Source:
    """Clips to map. `key` changes with anything in them; `audible` is whether the map keeps sound.

    `refused` tells why others are none, by name; `comment` goes into the files of the sounds.
    """

    sounds: tuple[Sound, ...]
    key: str
    audible: bool = True
    comment: str = ""
    refused: dict[str, str] = field(default_factory=dict)


def of_folder(folder: Path) -> Source:
    """Take every sound below a folder; each `metadata.csv` in there tells what clips are.

    Raises:
        ValueError: there is no sound, or a table can't be read.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path for path in found}
    return of_files({name: path for name, path in files.items() if not hidden(name)}, str(folder))


def of_zip(archive: Path, folder: Path) -> Source:
    """Unpack a zip into a folder that is there, and take every sound of it.

    Raises:
        ValueError: it is no zip, has no sound, or a table can't be read.
    """
    files, refused = unzip(archive, folder, max_files=MAX_ZIPPED, max_bytes=MAX_ZIP_BYTES)
    source = of_files(files, archive.name)
    return Source(source.sounds, source.key, refused=refused | source.refused)


def of_hub(repo_id: str) -> Source:
    """Download a dataset of sounds from the Hugging Face Hub.

    Raises:
        ValueError: it can't be reached, or holds no sounds.
    """
    return of_folder(download(repo_id))


def of_paths(paths: Iterable[str | Path]) -> Source:
    """Take sound files; where a `metadata.csv` lies beside them, it tells what they are.

    Raises:
        ValueError: none of them is a sound, there are too many, or a table can't be read.
    """
    files = sorted({Path(path).absolute() for path in paths})
    tables = [path.parent / TABLE for path in files]
    files += sorted({table for table in tables if table.is_file()})
    if not files:
        raise ValueError("No sound files are given; check where they lie.")
    top = Path(os.path.commonpath([path.parent for path in files]))
    return of_files({path.relative_to(top).as_posix(): path for path in files}, "What is given")


def of_files(files: Mapping[str, Path], where: str) -> Source:
    """Take the sounds among files, each by the name it had; tables among them tell what is what.

    Raises:
        ValueError: there is no sound, there are too many, or a table can't be read.
    """
    told: dict[str, dict[str, str]] = {}
    for name, path in files.items():
        if PurePosixPath(name).name == TABLE:
            told |= _rows(path, PurePosixPath(name).parent)
    sounds = {name: path for name, path in files.items() if path.suffix.lower() in SUFFIXES}
    if not sounds:
        raise ValueError(
            f"{where} has no sound files; give {', '.join(SUFFIXES[:5])} and the like."
        )
    if len(sounds) > MAX_CLIPS:
        raise ValueError(f"{where} has {len(sounds)} clips; {MAX_CLIPS} is the limit. Split it.")
    clips, parts = [], []
    for name, path in sounds.items():
        labels = told.get(name) or _by_folder(name)
        clips.append(Sound(name, labels | {"source": "own"}, _reader(path)))
        parts.append(f"{name} {_sha256(path)} {json.dumps(labels, sort_keys=True)}")
    return Source(tuple(clips), _key(parts))


def of_pack(folder: Path, presets: Iterable[str]) -> Source:
    """Take clips of a pack that `pack` wrote: their labels, no sound.

    Args:
        folder: the pack.
        presets: names of voices that are readers in it.

    Raises:
        ValueError: the folder holds no pack.
    """
    from emostudio.data.features import Pack, Row
    from emostudio.maps.embedding import Packed

    pack = Pack.open(folder)
    emotions: dict[str, set[str]] = {}
    for row in pack.rows:
        emotions.setdefault(row.speaker, set()).add(row.emotion)
    readers = {name.removeprefix("reader-") for name in presets}
    chosen, others = [], []
    of_preset: dict[str, list[int]] = {}
    for place in np.random.default_rng(0).permutation(len(pack.rows)).tolist():
        row = pack.rows[place]
        if len(emotions[row.speaker]) > 1:
            chosen.append(place)
        elif row.speaker.split("-")[-1] in readers:
            of_preset.setdefault(row.speaker, []).append(place)
        else:
            others.append(place)
    chosen += others[:OTHER_READERS] + [n for mine in of_preset.values() for n in mine[:A_PRESET]]
    made = folder / "clusters.npy"
    clusters = np.load(made) if made.is_file() else np.full(len(pack.rows), -1)
    known = folder / "embeddings.json"
    hashes: dict[str, str] = json.loads(known.read_text()) if known.is_file() else {}
    ser, speaker = (
        np.load(folder / f"{name}_emb.npy", mmap_mode="r") if hashes else [None] * len(pack.rows)
        for name in ("emotion", "speaker")
    )

    def sound(place: int) -> Sound:
        row, cluster = pack.rows[place], int(clusters[place])
        labels = {
            "emotion": row.emotion,
            "speaker": row.speaker,
            "intensity": row.intensity,
            "cluster": "" if cluster < 0 else str(cluster),
            "corpus": row.corpus,
            "text": row.text[:MAX_LABEL],
            "source": "corpus",
        }
        return Sound(row.name, labels, lambda: told(place, row))

    def told(place: int, row: Row) -> Packed:
        mel, f0 = pack.mel_of(row)[:, :HEARD], pack.f0_of(row)[:HEARD]
        return Packed(mel, f0, ser[place], speaker[place], hashes)

    chosen.sort()
    parts = [f"{pack.rows[n].name} {pack.rows[n].n_frames} {clusters[n]}" for n in chosen]
    return Source(tuple(sound(place) for place in chosen), _key(parts), audible=False)


def _rows(table: Path, parent: PurePosixPath) -> dict[str, dict[str, str]]:
    """Labels by the names of files, which a table gives from where it lies."""
    try:
        reader = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"), newline=""))
        columns = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        file = next((columns[name] for name in FILE if name in columns), None)
        if file is None:
            raise ValueError(
                f"A {TABLE} has no column 'file'; name one so, and part columns by commas."
            )
        named = {
            label: next(columns[name] for name in names if name in columns)
            for label, names in CALLED.items()
            if any(name in columns for name in names)
        }
        found = {}
        for row in reader:
            labels = {label: (row[name] or "").strip() for label, name in named.items()}
            if "emotion" in labels:
                labels["emotion"] = labels["emotion"].lower()
            labels = {label: text[:MAX_LABEL] for label, text in labels.items()}
            found[(parent / (row[file] or "").strip()).as_posix()] = labels
        return found
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"A {TABLE} is no table in UTF-8. Save it as CSV in UTF-8.") from error


def _by_folder(name: str) -> dict[str, str]:
    """Where no table names a clip, a folder that is called like an emotion tells it."""
    folder = PurePosixPath(name).parent.name.lower()
    return {"emotion": folder} if folder in EMOTIONS else {}


def _reader(path: Path) -> Callable[[], Clip]:
    return lambda: Clip.load(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _key(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
