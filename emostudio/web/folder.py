"""Where the app's temporary files lie: a folder of its own, closed to others, empty within a day.

What visitors upload goes there too, as Gradio reads the folder's name from GRADIO_TEMP_DIR.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
import threading
import time
from pathlib import Path

from gradio import routes
from gradio.utils import get_upload_folder

log = logging.getLogger(__name__)
KEPT_S = 24 * 3600
SWEEP_EVERY_S = 3600
ACCOUNT = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
NAME = f"emostudio{ACCOUNT}"


def claim(data_dir: Path) -> Path:
    """Make the app's folder in `data_dir`, or where GRADIO_TEMP_DIR is set in that, and use it.

    Raises:
        ValueError: it can't be made, or it is another account's.
    """
    parent = Path(os.environ.get("GRADIO_TEMP_DIR") or data_dir).expanduser().absolute()
    folder = parent if parent.name == NAME else parent / NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(0, "it is a link")
        if hasattr(os, "getuid") and found.st_uid != os.getuid():
            raise PermissionError(0, "it belongs to another account")
        folder.chmod(0o700)
    except OSError as error:
        raise ValueError(
            f"EmoStudio can't write to {folder} ({error.strerror}). "
            "Set EMOSTUDIO_DATA_DIR to a folder that you may write to."
        ) from error
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    # Read by Gradio as it is imported, and written to at the start: it may be another account's.
    routes.DEFAULT_TEMP_DIR = str(folder)
    return folder


def new_folder() -> Path:
    """Make a folder for files of one run, with a name that nobody can guess."""
    folder = Path(get_upload_folder()) / "takes" / secrets.token_urlsafe(16)
    folder.mkdir(parents=True)
    return folder


def sweep(folder: Path, older_than_s: float) -> None:
    """Delete files that came into a folder long ago, and the folders that this leaves empty."""
    limit = time.time() - older_than_s
    for parent, _, files in os.walk(folder, topdown=False):
        for path in (*(Path(parent) / name for name in files), Path(parent)):
            try:
                # A copy has the date of what it was copied from; its status has the copy's own.
                if path == folder or path.lstat().st_ctime >= limit:
                    continue
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
            except OSError as error:  # a folder that still has files, or gone in the meantime
                log.debug("%s stays: %s", path, error)


def keep_swept(
    folder: Path, *, every_s: float = SWEEP_EVERY_S, older_than_s: float = KEPT_S - SWEEP_EVERY_S
) -> None:
    """Sweep now and from then on every hour, so that the age and that hour make a day."""

    def work() -> None:
        while True:
            sweep(folder, older_than_s)
            time.sleep(every_s)

    threading.Thread(target=work, name="sweep", daemon=True).start()
