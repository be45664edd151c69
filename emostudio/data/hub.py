"""Datasets of sound files on the Hugging Face Hub, brought here."""

from __future__ import annotations

import shutil
from pathlib import Path

from emostudio.data.corpora import TABLE

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".webm")
MIN_FREE_BYTES = 500 * 2**20  # what a download leaves on the disk


def download(repo_id: str) -> Path:
    """Download the sound files and tables of a dataset ("audiofolder"), and return their folder.

    Raises:
        ValueError: it can't be reached, has no sound files, or there is no room for it.
    """
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    patterns = [f"*{suffix}" for suffix in SUFFIXES] + [TABLE, f"*/{TABLE}"]
    try:
        if not constants.HF_HUB_OFFLINE:
            _check_room(repo_id, patterns)
        folder = snapshot_download(repo_id, repo_type="dataset", allow_patterns=patterns)
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise ValueError(
            f"The dataset '{repo_id}' can't be downloaded now: check its name and the network, "
            "and set HF_TOKEN if it is private."
        ) from error
    if not any(path.suffix.lower() in SUFFIXES for path in Path(folder).rglob("*")):
        raise ValueError(
            f"The dataset '{repo_id}' has no sound files of its own; one in tables (parquet) can't "
            "be read here. Save its clips as files and give their folder."
        )
    return Path(folder)


def _check_room(repo_id: str, patterns: list[str]) -> None:
    from huggingface_hub import constants, snapshot_download

    planned = snapshot_download(repo_id, repo_type="dataset", allow_patterns=patterns, dry_run=True)
    needed = sum(file.file_size or 0 for file in planned if file.will_download)
    cache = Path(constants.HF_HUB_CACHE)
    there = next(folder for folder in (cache, *cache.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    if needed > free - MIN_FREE_BYTES:
        raise ValueError(
            f"The dataset '{repo_id}' has {needed / 2**20:.0f} MB and {there} has room for "
            f"{max(0, free - MIN_FREE_BYTES) / 2**20:.0f} MB. Make room, or set HF_HOME to "
            "another disk."
        )
