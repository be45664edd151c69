"""Room on the disk: none is begun that can't be finished, and one that runs is saved in time."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from emostudio.jobs.tuning import Errand

MB = 2**20
RESERVE_MB = 300  # to save a run that is under way, and for everybody else
TAKES_MB = 50  # samples, and takes of the comparison
# Features of a sound file are as large as the file at 16 kHz, and spectra half as large.
PACKED = 1.5
# Of weights in half precision: the run in single precision, with its running mean and two moments
# of the optimizer, and all of that twice while it is written.
RUN = 24


def needed_mb(errand: Errand) -> int:
    """Estimate what an errand writes."""
    weights = _size(errand.base / "model.safetensors")
    packed = 0.0
    if not (errand.pack / "index.json").is_file():
        packed = PACKED * size_of(errand.corpus) * (1 + errand.tuning.rehearsal)
    return round((packed + RUN * weights) / MB) + TAKES_MB


def size_of(folder: Path) -> int:
    """Return how many bytes lie in a folder; what vanishes meanwhile counts nothing."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                size += (Path(place) / name).stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue
    return size


def free_mb(folder: Path) -> int:
    """Tell what is free on the disk of a folder."""
    return shutil.disk_usage(folder).free // MB


def refusal(errand: Errand, folder: Path) -> str:
    """Say why an errand can't be begun that writes into `folder`; empty where it can."""
    needed, free = needed_mb(errand), free_mb(folder)
    if free >= needed + RESERVE_MB:
        return ""
    return (
        f"This job needs about {needed} MB and {RESERVE_MB} MB to spare, but only {free} MB are "
        f"free where {folder} is. Delete jobs, corpora or other files there first."
    )


def shortage(folder: Path) -> str:
    """Say that a job has to save and stop, as the disk is nearly full; empty where it is not."""
    free = free_mb(folder)
    if free >= RESERVE_MB:
        return ""
    return (
        f"Only {free} MB are free on the disk, so it was saved and stopped. Make room, "
        "then resume it."
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
