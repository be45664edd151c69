"""Who lives holds the lock of its folder, and nobody else is taken for it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emostudio.jobs import lock
from emostudio.jobs.local import NO_GPU, Local
from emostudio.jobs.lock import LOCK
from emostudio.jobs.run_folder import ERRAND
from emostudio.jobs.tuning import Errand, Tuning
from emostudio.settings import Settings
from tests.jobs.queues import FOR_EVER, local, until


def _folder(root: Path) -> Path:
    folder = root / "jobs" / "J"
    folder.mkdir()
    tuning = Tuning(base="ser", corpus="c", name="anna", max_steps=FOR_EVER)
    Errand(tuning, root, root, root / "pack").write(folder / ERRAND)
    return folder


def test_a_process_is_seen_from_its_first_to_its_last_moment(root: Path) -> None:
    here, folder = local(root), _folder(root)
    assert here.find(folder) is None
    handle = here.start(folder, resume=False)
    assert here.lives(folder, handle)  # before it has said a word
    until(lambda: lock.holder(folder / LOCK))
    assert here.find(folder) == handle
    here.kill(folder, handle)
    until(lambda: not here.lives(folder, handle))
    assert here.find(folder) is None


def test_no_folder_has_two_processes(root: Path) -> None:
    here, folder = local(root), _folder(root)
    here.start(folder, resume=False)
    with pytest.raises(ValueError, match="runs already"):
        local(root).start(folder, resume=True)


def test_a_process_that_has_the_number_of_one_that_died_is_left_alone(root: Path) -> None:
    here, folder = local(root), _folder(root)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (folder / LOCK).write_text(str(other.pid), encoding="ascii")
    assert not here.lives(folder, {"pid": other.pid})
    for act in (here.stop, here.kill):
        with pytest.raises(ProcessLookupError):
            act(folder, {"pid": other.pid})
    assert other.poll() is None
    other.communicate(b"\n")


def test_a_job_goes_on_when_the_app_that_started_it_is_killed(root: Path) -> None:
    folder = _folder(root)
    code = (
        "import sys, time; from pathlib import Path; from tests.jobs.queues import local\n"
        "local(Path(sys.argv[1])).start(Path(sys.argv[2]), resume=False)\n"
        "print('started', flush=True); time.sleep(3600)"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", code, str(root), str(folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    assert app.stdout is not None and app.stdout.readline() == b"started\n"
    os.killpg(app.pid, signal.SIGKILL)
    app.communicate()
    here = local(root)
    until(lambda: lock.holder(folder / LOCK))
    handle = here.find(folder)
    assert handle is not None and here.lives(folder, handle)
    here.stop(folder, handle)
    until(lambda: not here.lives(folder, handle))


def test_a_worker_knows_no_secret_of_the_app(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:sesame@here/studio")
    monkeypatch.setenv("EMOSTUDIO_ADMIN_TOKEN", "open-sesame")
    monkeypatch.setenv("EMOSTUDIO_DEVICE", "cuda")
    folder = _folder(root)
    code = (
        "import json, os, sys; from pathlib import Path; "
        "(Path(sys.argv[1]) / 'environment').write_text(json.dumps(dict(os.environ)))"
    )
    here = Local(Settings(data_dir=root), (sys.executable, "-c", code))
    here.start(folder, resume=False)
    until(lambda: not lock.is_held(folder / LOCK))
    told = (folder / "environment").read_text(encoding="utf-8")
    assert "sesame" not in told and '"EMOSTUDIO_DEVICE": "cpu"' in told


def test_memory_is_that_of_the_process(root: Path) -> None:
    here, folder = local(root), _folder(root)
    handle = here.start(folder, resume=False)
    until(lambda: here.usage(folder, handle).memory_mb)
    assert "processor" in here.usage(folder, handle).device
    here.kill(folder, handle)
    until(lambda: not here.lives(folder, handle))
    assert here.usage(folder, handle).memory_mb is None


def _nvidia_smi(folder: Path, *names: str) -> None:
    program = folder / "nvidia-smi"
    program.write_text("#!/bin/sh\n" + "".join(f"echo '{name}'\n" for name in names))
    program.chmod(0o755)


def test_several_gpus_are_used_by_one_job_through_accelerate(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    cuda = Settings(data_dir=root, device="cuda")
    folder = root / "jobs" / "J"
    assert Local(cuda).why_not() == NO_GPU
    _nvidia_smi(tmp_path, "H200")
    assert Local(cuda).why_not() == ""
    alone = [sys.executable, "-m", "emostudio", "job", str(folder)]
    assert Local(cuda).command(folder, resume=False) == alone
    _nvidia_smi(tmp_path, "H200", "H200")
    assert Local(cuda).command(folder, resume=True) == [
        *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"),
        *("--num_processes", "2", "-m", "emostudio", "job", str(folder), "--resume"),
    ]
    assert Local(cuda).usage(folder, {}).device == "H200, H200"
    assert Local(Settings(data_dir=root)).command(folder, resume=False) == alone
