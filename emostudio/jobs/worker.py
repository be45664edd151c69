"""What a job's process does: prepare, rehearse, train, evaluate; each can be done again.

It reads job.json and writes files alone. SIGTERM saves what is there, tells of it and ends well;
whoever resumes finds every phase that was whole.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from emostudio.jobs.preparing import prepared, seconds_of
from emostudio.jobs.run_folder import CHECKPOINT, ERRAND, GATE, GATE_REPORT, append, events
from emostudio.jobs.samples import Samples
from emostudio.jobs.tuning import PROBE_STEPS, Errand
from emostudio.settings import Settings

if TYPE_CHECKING:
    from torch import nn

    from emostudio.models.checkpoint import Store
    from emostudio.training.tune import Manner

log = logging.getLogger(__name__)
PROBE = "probe"
WARM_STEPS = 3  # are slower than those that follow
WAIT_S = 0.5
EVERY_S = 1.0


class StoppedError(Exception):
    """Somebody asked the process to end."""


def work(folder: Path, *, resume: bool = False) -> int:
    """Do the errand of a folder and return the exit code: 0 done or stopped, 1 failed."""
    before = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        errand = Errand.read(folder / ERRAND)
        if errand.probe:
            _probe(errand, folder)
        else:
            _work(errand, folder, resume=resume)
    except StoppedError:
        _tell(folder, "stopped", step=max((event.step for event in events(folder)), default=0))
    except ValueError as error:
        _tell(folder, "failed", message=str(error))
        return 1
    except Exception as error:
        # Anything else is our mistake or the machine's: who looks must not wait for ever.
        _tell(folder, "failed", message=_in_words(error))
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _work(errand: Errand, folder: Path, *, resume: bool) -> None:
    tuning, store = errand.tuning, _store(errand)
    _prepare(errand, store, folder)
    _tell(folder, "phase", phase="train", share=0.0)
    watch = Watching(errand, folder, Samples(errand, store, folder))
    step = _trained(errand, folder, store, watch, tuning.steps, resume=resume)
    if step < tuning.steps:
        raise StoppedError
    if not _is_main():
        return
    from emostudio.training.recipes import export

    export(folder, folder / CHECKPOINT)
    if not (folder / GATE / GATE_REPORT).is_file():
        _evaluate(errand, folder, store)
    _tell(folder, "done", step=step)


def _trained(
    errand: Errand, run: Path, store: Store, watch: Watching, steps: int, *, resume: bool
) -> int:
    from emostudio.training.tune import tune

    return tune(
        errand.tuning.base,
        _manner(errand, steps),
        data=errand.pack,
        run=run,
        store=store,
        watch=watch,
        resume=resume,
    )


def _evaluate(errand: Errand, folder: Path, store: Store) -> None:
    from emostudio.evaluation.compare import compare
    from emostudio.models.checkpoint import Store

    tell = Phases(folder)
    tell("evaluate", 0.0)
    tuned = {**store.instead, errand.tuning.base: folder / CHECKPOINT}
    compare(
        errand.tuning.base,
        store,
        Store(store.shipped, store.own, instead=tuned),
        errand.corpus,
        folder / GATE,
        progress=lambda share, message: tell("evaluate", share, message),
        seed=errand.tuning.seed,
    )


def _probe(errand: Errand, folder: Path) -> None:
    """Measure how long a step takes, and leave the features alone."""
    store, run = _store(errand), folder / PROBE
    _clear(run)
    around = _prepare(errand, store, folder)
    _tell(folder, "phase", phase="train", share=0.0)
    watch = Watching(errand, folder)
    step = _trained(errand, run, store, watch, PROBE_STEPS, resume=False)
    _clear(run)
    if step < PROBE_STEPS:
        raise StoppedError
    _tell(folder, "probe", seconds=round(watch.seconds, 4), around=round(around, 1))


def _clear(run: Path) -> None:
    """Delete a run; of several processes the first does, which is the last to write there."""
    if _is_main():
        shutil.rmtree(run, ignore_errors=True)


def _prepare(errand: Errand, store: Store, folder: Path) -> float:
    """Make the features once; of several processes the first does, and the others wait."""
    if not _is_main():
        while seconds_of(errand, store) is None:
            time.sleep(WAIT_S)
        return 0.0
    return prepared(errand, store, folder, Phases(folder))


@dataclass
class Phases:
    """Tells of phases in a folder: their beginnings, and how they go on from time to time."""

    folder: Path
    phase: str = ""
    told_at: float = 0.0

    def __call__(self, phase: str, share: float, message: str = "") -> None:
        """Tell of it, unless it was told of just now."""
        now = time.monotonic()
        if phase == self.phase and now - self.told_at < EVERY_S:
            return
        self.phase, self.told_at = phase, now
        told = {"message": message} if message else {}
        _tell(self.folder, "phase", phase=phase, share=round(share, 3), **told)


@dataclass
class Watching:
    """Tells of a run in its folder; a probe has no samples, and is measured."""

    errand: Errand
    folder: Path
    samples: Samples | None = None
    at: list[float] = field(default_factory=list)

    def report(self, step: int, minutes: float, rate: float, losses: dict[str, float]) -> None:
        """Append a step to the events."""
        import psutil
        import torch

        told = {"memory_mb": round(psutil.Process().memory_info().rss / 2**20)}
        if torch.cuda.is_available():
            told["device_mb"] = round(torch.cuda.max_memory_allocated() / 2**20)
        steps = self.errand.tuning.steps if self.samples else PROBE_STEPS
        _tell(
            self.folder,
            "step",
            step=step,
            of=steps,
            minutes=minutes,
            rate=rate,
            losses=losses,
            **told,
        )

    def hear(self, step: int, average: nn.Module) -> None:
        """Note the time, and speak where it is time to."""
        self.at.append(time.monotonic())
        tuning = self.errand.tuning
        if self.samples is not None and (step % tuning.sampling == 0 or step == tuning.steps):
            try:
                self.samples.take(step, average)
            except ValueError as error:  # a corpus with nothing to hear is no reason to stop
                log.warning("no take after step %d: %s", step, error)

    @property
    def seconds(self) -> float:
        """What a step takes."""
        times = [after - before for before, after in zip(self.at, self.at[1:], strict=False)]
        return statistics.median(times[WARM_STEPS:] or times or [0.0])


def _manner(errand: Errand, steps: int) -> Manner:
    from emostudio.training.tune import Manner

    tuning = errand.tuning
    return Manner(
        steps=steps,
        name=tuning.name,
        only_adapter=tuning.method == "adapter",
        rehearsal=tuning.rehearsal,
        batch_size=tuning.batch_size,
        learning_rate=tuning.learning_rate,
        seed=tuning.seed,
    )


def _store(errand: Errand) -> Store:
    from emostudio.models.checkpoint import Store

    settings = Settings.from_env()
    instead = {errand.tuning.base: errand.base}
    return Store(settings.checkpoints, settings.models, instead=instead)


def _is_main() -> bool:
    """Whether this is the process that tells, of those that `accelerate launch` starts."""
    return int(os.environ.get("RANK", "0")) == 0


def _tell(folder: Path, kind: str, **values: object) -> None:
    if _is_main():
        append(folder, kind, **values)  # pyright: ignore[reportArgumentType]


def _stop(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: what it breaks off must end well
    raise StoppedError


def _in_words(error: Exception) -> str:
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "There is too little memory for this batch: start again with a smaller one."
    return f"The job broke off: {type(error).__name__}: {error}. The log below tells where."
