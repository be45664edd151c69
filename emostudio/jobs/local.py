"""Jobs on this machine: a process of its own for each, which outlives the app that started it.

The process holds the lock of its folder for all its life. It is opened and locked here and handed
on, so that there is no moment in which a job runs that nobody could see.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from functools import cached_property
from pathlib import Path

from emostudio.jobs import lock
from emostudio.jobs.backend import Handle, Usage
from emostudio.jobs.lock import LOCK
from emostudio.jobs.run_folder import ERRORS
from emostudio.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
HOLD = Path(__file__).with_name("hold.py")
PROC = Path("/proc")
# A worker knows no database, and nobody who signs in.
SECRETS = ("DATABASE_URL", "EMOSTUDIO_ADMIN_TOKEN", "OAUTH_CLIENT_SECRET")
NO_GPU = (
    "EMOSTUDIO_DEVICE is cuda, but nvidia-smi finds no GPU here; set it to cpu, or mend the driver."
)


class Local:
    """This machine: one job at a time, on the processor, a GPU, or all GPUs that are visible."""

    name = "local"
    slots = 1
    grace_s = 120.0

    def __init__(self, settings: Settings, command: tuple[str, ...] = ()) -> None:
        """Run by these settings; `command` takes the place of `python -m emostudio job`."""
        self.settings = settings
        self._command = command

    def why_not(self) -> str:
        """Say why no job can run here; empty where one can."""
        return NO_GPU if self.settings.device == "cuda" and not self._gpus else ""

    def start(self, folder: Path, *, resume: bool) -> Handle:
        """Start the errand of a folder, which goes on when the app ends.

        Raises:
            ValueError: it runs already.
        """
        folder = folder.absolute()
        held = lock.take(folder / LOCK)
        if held is None:
            raise ValueError("This job runs already.")
        try:
            os.ftruncate(held, 0)
            with (folder / ERRORS).open("ab") as errors:
                child = subprocess.Popen(
                    [sys.executable, str(HOLD), str(held), *self.command(folder, resume=resume)],
                    cwd=ROOT,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,
                    pass_fds=(held,),
                )
        finally:
            os.close(held)
        # Whoever started it has to note its end, or its number stays taken.
        threading.Thread(target=child.wait, name=f"job {folder.name}", daemon=True).start()
        return {"pid": child.pid}

    def find(self, folder: Path) -> Handle | None:
        """Return the handle of a process that lives, whoever started it."""
        return {"pid": lock.holder(folder / LOCK)} if self.lives(folder, {}) else None

    def lives(self, folder: Path, handle: Handle) -> bool:
        """Tell whether its process is there; ends what a process that was killed has left."""
        leader = lock.holder(folder / LOCK)
        if lock.is_held(folder / LOCK) and (leader is None or _is_there(leader)):
            return True
        # Helpers would wait for ever, and go on writing. Another group may have their number now,
        # but no other names this folder.
        for pid in _group(leader) if leader is not None else ():
            with contextlib.suppress(OSError):
                if str(folder.absolute()).encode() in (PROC / str(pid) / "cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
        return False

    def stop(self, folder: Path, handle: Handle) -> None:
        """Ask it to save and to end."""
        os.kill(self._leader(folder), signal.SIGTERM)

    def kill(self, folder: Path, handle: Handle) -> None:
        """End it and all that it has started."""
        os.killpg(self._leader(folder), signal.SIGKILL)

    def fetch(self, folder: Path, handle: Handle) -> None:
        """All is here."""

    def usage(self, folder: Path, handle: Handle) -> Usage:
        """Tell the device and the memory in use."""
        try:
            return Usage(self._device, _memory_mb(self._leader(folder)))
        except OSError:
            return Usage(self._device)

    def forget(self, folder: Path) -> None:
        """Nothing is elsewhere."""

    def _leader(self, folder: Path) -> int:
        # Only who holds the lock is meant: any other process may have its number.
        leader = lock.holder(folder / LOCK) if lock.is_held(folder / LOCK) else None
        if leader is None:
            raise ProcessLookupError(f"No process works in {folder}, or it is about to begin.")
        return leader

    def command(self, folder: Path, *, resume: bool) -> list[str]:
        """Return the command that works on a folder, as a list of arguments."""
        if self._command:
            command = list(self._command)
        elif self._gpus > 1:
            several = ["--multi_gpu", "--num_processes", str(self._gpus)]
            command = [sys.executable, "-m", "accelerate.commands.launch", *several]
            command += ["-m", "emostudio", "job"]
        else:
            command = [sys.executable, "-m", "emostudio", "job"]
        return [*command, str(folder), *(["--resume"] if resume else [])]

    def _environment(self) -> dict[str, str]:
        own = self.settings.models
        models = str(Path(own).absolute()) if own and Path(own).is_dir() else own
        return {name: value for name, value in os.environ.items() if name not in SECRETS} | {
            "EMOSTUDIO_MODELS": models,
            "EMOSTUDIO_DEVICE": self.settings.device,
            "EMOSTUDIO_DATA_DIR": str(self.settings.data_dir.absolute()),
        }

    @cached_property
    def _gpus(self) -> int:
        return len(self._gpu_names) if self.settings.device == "cuda" else 0

    @cached_property
    def _device(self) -> str:
        if self._gpus:
            return ", ".join(self._gpu_names)
        return f"processor, {os.cpu_count()} cores"

    @cached_property
    def _gpu_names(self) -> list[str]:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        program = shutil.which("nvidia-smi")
        if program is None:
            return []
        query = [program, "--query-gpu=name", "--format=csv,noheader"]
        if visible:
            query += ["-i", visible]
        told = subprocess.run(query, capture_output=True, text=True, check=False, timeout=30)
        return told.stdout.splitlines() if told.returncode == 0 and visible != "" else []


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:  # a dead one whose end nobody has noted holds nothing
        return _stat(pid)[0] != "Z"
    except OSError:
        return True


def _memory_mb(leader: int) -> float | None:
    """The memory of a process and of those in its group, where the system tells."""
    pages = 0
    for pid in _group(leader):
        with contextlib.suppress(OSError):
            told = (PROC / str(pid) / "statm").read_text(encoding="ascii")
            pages += int(told.split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 if pages else None


def _group(leader: int) -> list[int]:
    """The processes of a group, where the system tells."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(_stat(int(folder.name))[2]) == leader:
                found.append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    """State, parent, group ... of a process, as /proc tells them after its name."""
    text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()
