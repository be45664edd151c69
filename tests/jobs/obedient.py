"""A worker that does what `run_folder` asks of one, and trains nothing.

`python -m tests.jobs.obedient FOLDER [--resume]`. It takes as many steps as its tuning has, and
saves each; the name of the tuning says what goes wrong with it.
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from emostudio.jobs import run_folder
from emostudio.jobs.tuning import Errand

SAVED, ALONE, TWICE = "saved", "alone", "twice"
A_STEP_S = 0.01


def main(folder: Path, *, resume: bool) -> None:
    """Do the errand of a folder."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    # Whoever writes here is to be the only one.
    alone = os.open(folder / ALONE, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        (folder / TWICE).touch()
        raise
    errand = Errand.read(folder / run_folder.ERRAND)
    name, of = errand.tuning.name, errand.tuning.steps
    if name == "fails":
        run_folder.append(folder, "failed", message="There is nothing to learn. Add clips.")
        sys.exit(1)
    if name == "crashes":
        raise RuntimeError("out of memory")
    if errand.probe:
        run_folder.append(folder, "probe", seconds=0.5, around=60.0)
        return
    if name == "forks" and os.fork() == 0:
        time.sleep(3600)
    run_folder.append(folder, "phase", phase="train", share=0.0, message="")
    saved = folder / SAVED
    step = int(saved.read_text(encoding="ascii")) if resume and saved.is_file() else 0
    while step < of:
        time.sleep(A_STEP_S)
        step += 1
        run_folder.append(
            folder, "step", step=step, of=of, minutes=0.1, rate=1e-3, losses={"loss": 1 / step}
        )
        saved.with_suffix(".new").write_text(str(step), encoding="ascii")
        saved.with_suffix(".new").replace(saved)
        if asked and name != "stubborn":
            run_folder.append(folder, "stopped", step=step)
            return
    run_folder.append(folder, "phase", phase="evaluate", share=0.0, message="")
    (folder / run_folder.CHECKPOINT).mkdir(exist_ok=True)
    (folder / run_folder.CHECKPOINT / "model.safetensors").write_bytes(b"weights")
    run_folder.append(folder, "done")


if __name__ == "__main__":
    main(Path(sys.argv[1]), resume="--resume" in sys.argv)
