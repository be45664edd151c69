"""The one training loop: plain, on accelerate, exact when resumed.

A recipe is a module whose `forward(batch, player)` returns named losses, of which `loss` is
minimized. What step n sees depends on the seed and n alone, so that a run that was stopped and
resumed equals one that was not. The run folder holds config.json, events.jsonl (one line a
report), model.safetensors (the running mean of the weights) and state.pt (all that resuming needs).
Who watches a run is told instead of events.jsonl, and hears takes of it on the way.
"""

import copy
import json
import logging
import math
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from safetensors.torch import save_file
from torch import Tensor, nn

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunConfig:
    """How long and how fast to train. The rate falls along a cosine over steps or minutes."""

    minutes: float = 0.0
    max_steps: int = 0
    batch_size: int = 16
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    average_decay: float = 0.999
    report_every: int = 50
    save_minutes: float = 5.0
    precision: str = "no"
    seed: int = 0


Net = TypeVar("Net", bound=nn.Module)


class Recipe(nn.Module, ABC, Generic[Net]):
    """What the loop trains: the nets are its children, `export` is the one that ships."""

    export: Net

    def players(self) -> dict[str, list[nn.Parameter]]:
        """Parameters by the name of who optimizes them; a GAN has two players."""
        return {"model": list(self.parameters())}

    def start_from(self, net: Net) -> None:
        """Take another net's weights as the first ones."""
        self.export.load_state_dict(net.state_dict())

    @abstractmethod
    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """The batch of a step: the same for the same arguments."""

    @abstractmethod
    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """Named losses of a batch; `loss` is what this player minimizes."""


class Watch(Protocol):
    """Who follows a run; only the main process tells."""

    def report(self, step: int, minutes: float, rate: float, losses: dict[str, float]) -> None:
        """Hear of the mean losses since the last report, by player and name."""
        ...

    def hear(self, step: int, average: nn.Module) -> None:
        """Look at the running mean of the weights after a step, and change nothing."""
        ...


def fit(
    recipe: Recipe,
    config: RunConfig,
    run: Path,
    *,
    resume: bool = False,
    watch: Watch | None = None,
) -> int:
    """Train until the steps or minutes are used up, or SIGTERM asks to stop; save; return the step.

    Raises:
        ValueError: neither steps nor minutes are given, or the run folder is taken.
    """
    if not (config.minutes or config.max_steps):
        raise ValueError("Say how long to train: minutes or max_steps.")
    state_file = run / "state.pt"
    refuse_taken(run, resume=resume)
    run.mkdir(parents=True, exist_ok=True)
    players = recipe.players()
    # Of two players, each step of one leaves the other's parameters without a gradient.
    handler = DistributedDataParallelKwargs(find_unused_parameters=len(players) > 1)
    # Accelerate holds one precision a process; every run has its own.
    AcceleratorState._reset_state()
    accelerator = Accelerator(
        mixed_precision=config.precision,
        cpu=not torch.cuda.is_available(),
        kwargs_handlers=[handler],
    )
    optimizers = {
        name: torch.optim.AdamW(
            [p for p in parameters if p.requires_grad],
            config.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=config.weight_decay,
        )
        for name, parameters in players.items()
    }
    average = copy.deepcopy(recipe.export).requires_grad_(False)
    step, used_s = 0, 0.0
    if resume and state_file.exists():
        state = torch.load(state_file, weights_only=True, map_location="cpu")
        recipe.load_state_dict(state["recipe"])
        average.load_state_dict(state["average"])
        for name, optimizer in optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        step, used_s = state["step"], state["used_s"]
    average.to(accelerator.device)
    model = accelerator.prepare(recipe)
    optimizers = {name: accelerator.prepare(opt) for name, opt in optimizers.items()}

    def save() -> None:
        if accelerator.is_main_process:
            _save(run, recipe, average, optimizers, step, used_s + time.monotonic() - started)
        accelerator.wait_for_everyone()

    if accelerator.is_main_process:
        settings = asdict(config) | {"recipe": type(recipe).__name__, "pid": os.getpid()}
        (run / "run.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    started = saved = time.monotonic()
    sums: dict[str, list[float]] = {}
    with _stop_on_sigterm() as stopping:
        while True:
            elapsed_s = used_s + time.monotonic() - started
            progress = _progress(config, step, elapsed_s)
            # All processes stop and save at the same step, whoever was told to or is late.
            due = time.monotonic() - saved > config.save_minutes * 60
            asked = torch.tensor([[progress >= 1 or bool(stopping), due]])
            asked = accelerator.gather(asked.float().to(accelerator.device))
            stop, due = (bool(x) for x in asked.amax(0) > 0)  # pyright: ignore
            if stop:
                break
            if due:
                save()
                saved = time.monotonic()
            # Dropout and noise draw from torch's own generator: tie it to the step as well.
            torch.manual_seed(_seed_of(config.seed, step, accelerator.process_index))
            batch = recipe.batch(step, config.batch_size, accelerator.process_index, config.seed)
            batch = {name: t.to(accelerator.device) for name, t in batch.items()}
            rate = config.learning_rate * _rate(config, step, progress)
            losses: dict[str, Tensor] = {}
            for name, optimizer in optimizers.items():
                for group in optimizer.param_groups:
                    group["lr"] = rate
                optimizer.zero_grad()
                with accelerator.autocast():
                    found = model(batch, name)
                accelerator.backward(found["loss"])
                accelerator.clip_grad_norm_(players[name], config.clip_norm)
                optimizer.step()
                losses |= {f"{name}/{key}": value for key, value in found.items()}
            decay = min(config.average_decay, (1 + step) / (10 + step))
            with torch.no_grad():
                for mean, value in zip(
                    average.state_dict().values(),
                    recipe.export.state_dict().values(),
                    strict=True,
                ):
                    if mean.is_floating_point():
                        mean.lerp_(value, 1 - decay)
                    else:
                        mean.copy_(value)
            step += 1
            for name, value in losses.items():
                sums.setdefault(name, []).append(float(value.detach()))
            if step % config.report_every == 0:
                means = {n: round(sum(v) / len(v), 5) for n, v in sums.items()}
                sums = {}
                if accelerator.is_main_process:
                    (watch or _Events(run)).report(step, round(elapsed_s / 60, 2), rate, means)
            if watch is not None and accelerator.is_main_process:
                watch.hear(step, average)
    save()
    return step


@dataclass(frozen=True)
class _Events:
    """What nobody watches goes to a file, a line a report."""

    run: Path

    def report(self, step: int, minutes: float, rate: float, losses: dict[str, float]) -> None:
        event = {"step": step, "minutes": minutes, "rate": rate} | losses
        with (self.run / "events.jsonl").open("a", encoding="utf-8") as events:
            events.write(json.dumps(event) + "\n")


def refuse_taken(run: Path, *, resume: bool) -> None:
    """Keep a run from being overwritten.

    Raises:
        ValueError: the folder holds one, and it is not to be resumed.
    """
    if (run / "state.pt").exists() and not resume:
        raise ValueError(f"{run} holds a run already; resume it or name another folder.")


def _save(
    run: Path,
    recipe: Recipe,
    average: nn.Module,
    optimizers: dict[str, Any],
    step: int,
    used_s: float,
) -> None:
    state = {
        "recipe": recipe.state_dict(),
        "average": average.state_dict(),
        "optimizers": {name: optimizer.state_dict() for name, optimizer in optimizers.items()},
        "step": step,
        "used_s": used_s,
    }
    # A run that dies while it writes must still find its last state.
    torch.save(state, run / "state.new")
    (run / "state.new").replace(run / "state.pt")
    weights = {name: t.contiguous().cpu() for name, t in average.state_dict().items()}
    save_file(weights, run / "model.new")
    (run / "model.new").replace(run / "model.safetensors")


def _progress(config: RunConfig, step: int, elapsed_s: float) -> float:
    by_steps = step / config.max_steps if config.max_steps else 0.0
    by_time = elapsed_s / 60 / config.minutes if config.minutes else 0.0
    return max(by_steps, by_time)


def _rate(config: RunConfig, step: int, progress: float) -> float:
    warm = min(1.0, (step + 1) / max(1, config.warmup_steps))
    return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def _seed_of(seed: int, step: int, rank: int) -> int:
    return ((seed * 1_000_003 + step) * 64 + rank) % 2**63


@contextmanager
def _stop_on_sigterm() -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT instead of dying of them, so that the run saves first."""
    caught: list[int] = []
    previous = {}
    for number in (signal.SIGTERM, signal.SIGINT):
        previous[number] = signal.signal(number, lambda n, _frame: caught.append(n))
    try:
        yield caught
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
