"""Datasets of sounds on the Hugging Face Hub, brought here."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from emostudio.data.corpora import TABLE
from emostudio.data.parquet import unpack

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".webm")
MAX_CLIPS = 20_000
MIN_FREE_BYTES = 500 * 2**20  # what a download leaves on the disk


def download(repo_id: str) -> Path:
    """Download a dataset of sounds, and return a folder of sound files with their tables.

    Its sounds are files ("audiofolder") or lie in Parquet tables; these are unpacked once into the
    Hub's own cache.

    Raises:
        ValueError: it can't be reached, has no sounds, or there is no room for it.
    """
    files = [f"*{suffix}" for suffix in SUFFIXES] + [TABLE, f"*/{TABLE}"]
    folder = _snapshot(repo_id, files)
    if any(path.suffix.lower() in SUFFIXES for path in folder.rglob("*")):
        return folder
    tables = sorted(_snapshot(repo_id, ["*.parquet"]).rglob("*.parquet"))
    return _unpacked(repo_id, folder.name, tables)


def _snapshot(repo_id: str, patterns: list[str]) -> Path:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        if not constants.HF_HUB_OFFLINE:
            planned = snapshot_download(
                repo_id, repo_type="dataset", allow_patterns=patterns, dry_run=True
            )
            needed = sum(file.file_size or 0 for file in planned if file.will_download)
            _check_room(repo_id, needed)
        return Path(snapshot_download(repo_id, repo_type="dataset", allow_patterns=patterns))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise ValueError(
            f"The dataset '{repo_id}' can't be downloaded now: check its name and the network, "
            "and set HF_TOKEN if it is private."
        ) from error


def _unpacked(repo_id: str, revision: str, tables: Sequence[Path]) -> Path:
    """The folder into which the tables of a revision are unpacked, as a whole or not at all."""
    from huggingface_hub import cached_assets_path, constants

    final = cached_assets_path("emostudio", repo_id, revision, assets_dir=constants.HF_ASSETS_CACHE)
    if any(final.iterdir()):
        return final
    _check_room(repo_id, sum(table.stat().st_size for table in tables))
    begun = Path(tempfile.mkdtemp(prefix=".begun-", dir=final.parent))
    try:
        if not unpack(tables, begun, max_clips=MAX_CLIPS):
            raise ValueError("It has neither sound files nor a column of sounds.")
        begun.replace(final)
    except (ValueError, OSError) as error:
        shutil.rmtree(begun, ignore_errors=True)
        if any(final.iterdir()):  # another process was first
            return final
        why = str(error)
        raise ValueError(f"The dataset '{repo_id}' can't be used. {why}") from error
    return final


def _check_room(repo_id: str, needed: int) -> None:
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    there = next(folder for folder in (cache, *cache.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    if needed > free - MIN_FREE_BYTES:
        raise ValueError(
            f"The dataset '{repo_id}' has {needed / 2**20:.0f} MB and {there} has room for "
            f"{max(0, free - MIN_FREE_BYTES) / 2**20:.0f} MB. Make room, or set HF_HOME to "
            "another disk."
        )
