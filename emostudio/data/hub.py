"""Datasets of sounds on the Hugging Face Hub, brought here."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from emostudio.data.begun import BEGUN, sweep
from emostudio.data.corpora import TABLE
from emostudio.data.parquet import unpack
from emostudio.soundfiles import SUFFIXES

MAX_CLIPS = 20_000
MAX_BYTES = 8 * 2**30  # of what is unpacked
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
    return _unpacked(repo_id, _snapshot(repo_id, ["*.parquet"], most=MAX_BYTES))


def _snapshot(repo_id: str, patterns: list[str], *, most: int | None = None) -> Path:
    """Download the files of these patterns, at most so many bytes of them."""
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        if not constants.HF_HUB_OFFLINE:
            planned = snapshot_download(
                repo_id, repo_type="dataset", allow_patterns=patterns, dry_run=True
            )
            needed = sum(file.file_size or 0 for file in planned if file.will_download)
            if most is not None and needed > most:
                raise ValueError(
                    f"The dataset '{repo_id}' has {needed / 2**30:.0f} GB of tables and no sound "
                    f"files; {most / 2**30:.0f} GB is the limit. Save a part of it as files and "
                    "give their folder."
                )
            _check_room(repo_id, needed, Path(constants.HF_HUB_CACHE))
        return Path(snapshot_download(repo_id, repo_type="dataset", allow_patterns=patterns))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise ValueError(
            f"The dataset '{repo_id}' can't be downloaded now: check its name and the network, "
            "and set HF_TOKEN if it is private."
        ) from error


def _unpacked(repo_id: str, snapshot: Path) -> Path:
    """The folder into which the tables of a revision are unpacked, as a whole or not at all."""
    from huggingface_hub import cached_assets_path, constants

    cache = constants.HF_ASSETS_CACHE
    final = cached_assets_path("emostudio", repo_id, snapshot.name, assets_dir=cache)
    if any(final.iterdir()):
        return final
    sweep(final.parent)
    begun = Path(tempfile.mkdtemp(prefix=BEGUN, dir=final.parent))
    try:
        free = _check_room(repo_id, 0, begun)
        tables = sorted(snapshot.rglob("*.parquet"))
        if not unpack(tables, begun, max_clips=MAX_CLIPS, max_bytes=min(MAX_BYTES, free)):
            raise ValueError("It has neither sound files nor a column of sounds.")
        begun.chmod(0o755)
        try:
            begun.replace(final)
        except OSError:
            if not any(final.iterdir()):  # else another process was first
                raise
    except (ValueError, OSError) as error:
        raise ValueError(f"The dataset '{repo_id}' can't be used. {error}") from error
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    return final


def _check_room(repo_id: str, needed: int, folder: Path) -> int:
    """The bytes that may be written there, if as many as needed."""
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    free = max(0, shutil.disk_usage(there).free - MIN_FREE_BYTES)
    if needed > free:
        raise ValueError(
            f"The dataset '{repo_id}' has {needed / 2**20:.0f} MB and {there} has room for "
            f"{free / 2**20:.0f} MB. Make room, or set HF_HOME to another disk."
        )
    return free
