"""What a rented machine runs: install, work, and upload what comes of it all the while.

`python away.py REPOSITORY JOB ATTEMPT [--resume]`, beside the inputs that `hugging_face` uploaded.
Until the requirements are installed there is the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

if TYPE_CHECKING:
    from huggingface_hub import HfApi

log = logging.getLogger(__name__)
HERE = Path(__file__).resolve().parent  # where the inputs are mounted
SAVED_EVERY_S = 600.0
AGAIN_AFTER_S = (1.0, 10.0, 60.0, 300.0)  # where the result can't be uploaded
STATE = ("state.pt", "model.safetensors")  # large: seldom, and at the end
OURS = ("lock", "stop")


def main() -> None:
    """Do one job."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository")
    parser.add_argument("job")
    parser.add_argument("attempt")
    parser.add_argument("every", type=float, help="seconds between uploads")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="emostudio-"))
    source, folder = work / "source", work / "jobs" / given.job
    with ZipFile(HERE / "source.zip") as archive:
        archive.extractall(source)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "-r"]
    subprocess.run([*install, str(source / "requirements.txt")], check=True)
    sys.path.insert(0, str(source))
    from huggingface_hub import HfApi

    hub = Hub(HfApi(), given.repository, folder)
    hub.download(work)
    told = json.loads((HERE / "job.json").read_text(encoding="utf-8"))
    told |= {"corpus": str(HERE / "corpus"), "base": str(HERE / "base")}
    told["pack"] = str(work / "pack")
    if told["tuning"]["rehearse_with"]:
        told["tuning"]["rehearse_with"] = str(HERE / "rehearsed")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "job.json").write_text(json.dumps(told), encoding="utf-8")
    stop = f"stop-{given.attempt}"
    run(hub, folder, stop=stop, every_s=given.every, resume=given.resume)


def run(hub: Hub, folder: Path, *, stop: str, every_s: float, resume: bool) -> None:
    """Let the worker work; upload every so often, and look whether it is to stop."""
    from emostudio.jobs.local import Local
    from emostudio.settings import Settings

    os.chdir(folder.parents[1] / "source")
    if (HERE / "models").is_dir():
        os.environ["EMOSTUDIO_MODELS"] = str(HERE / "models")
    has_gpu = shutil.which("nvidia-smi") is not None
    os.environ["EMOSTUDIO_DEVICE"] = "cuda" if has_gpu else "cpu"
    local = Local(Settings.from_env())
    ends: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ends.append(number))
    handle = local.start(folder, resume=resume)
    asked = False
    while local.lives(folder, handle):
        time.sleep(1.0 if ends else every_s)
        hub.try_to_upload(large=False)
        if not asked and (ends or hub.has(stop)):
            local.stop(folder, handle)
            asked = True
    for wait_s in AGAIN_AFTER_S:
        if hub.try_to_upload(large=True):
            return
        time.sleep(wait_s)
    hub.upload(large=True)


class Hub:
    """The part of a repository that a job's folder is kept in."""

    def __init__(self, api: HfApi, repository: str, folder: Path) -> None:
        """Keep `folder` as jobs/NAME."""
        self._repo: dict[str, Any] = {"repo_id": repository, "repo_type": "dataset"}
        self._api = api
        self._folder = folder
        self._known: dict[Path, tuple[int, int]] = {}
        self._saved_at = time.monotonic()

    def download(self, root: Path) -> None:
        """Bring what is there of this job to `root/jobs/NAME`."""
        pattern = f"jobs/{self._folder.name}/*"
        self._api.snapshot_download(**self._repo, allow_patterns=[pattern], local_dir=root)
        self._known = {file: _mark(file) for file in self._files(large=True)}

    def has(self, path: str) -> bool:
        """Tell whether the repository has a file."""
        from huggingface_hub.errors import HTTPError

        try:
            return self._api.file_exists(filename=path, **self._repo)
        except (HTTPError, OSError):  # asked again
            return False

    def try_to_upload(self, *, large: bool) -> bool:
        """Upload, and tell whether that could be done: a hub in trouble ends no training."""
        from huggingface_hub.errors import HTTPError

        try:
            self.upload(large=large)
            return True
        except (HTTPError, OSError) as error:
            log.warning("the upload is tried again: %s", error)
            return False

    def upload(self, *, large: bool) -> None:
        """Upload what has changed, in one commit; large files seldom, if not asked for."""
        from huggingface_hub import CommitOperationAdd

        large = large or time.monotonic() - self._saved_at > SAVED_EVERY_S
        changed = {file: _mark(file) for file in self._files(large=large)}
        changed = {file: mark for file, mark in changed.items() if self._known.get(file) != mark}
        if not changed:
            return
        operations = [
            CommitOperationAdd(
                f"jobs/{self._folder.name}/{file.relative_to(self._folder).as_posix()}",
                file.read_bytes(),  # it may grow meanwhile
            )
            for file in changed
        ]
        message = f"Job {self._folder.name}"
        self._api.create_commit(operations=operations, commit_message=message, **self._repo)
        self._known |= changed
        if large:
            self._saved_at = time.monotonic()

    def _files(self, *, large: bool) -> list[Path]:
        files = [file for file in self._folder.rglob("*") if file.is_file()]
        return [
            file
            for file in files
            if file.name not in OURS
            and (large or file.parent != self._folder or file.name not in STATE)
            and "prepare" not in file.relative_to(self._folder).parts
        ]


def _mark(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


if __name__ == "__main__":
    main()
