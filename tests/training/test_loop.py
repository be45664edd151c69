"""Truths of the loop: it learns, resumes exactly, stops when told, runs on two processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from emostudio.training.loop import Recipe, RunConfig, fit


class Line(Recipe[nn.Linear]):
    """Learn y = 3 x - 1 through dropout, which must be repeatable too."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.export = nn.Linear(1, 1)

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed * 1000 + step * 10 + rank)
        return {"x": torch.rand(batch_size, 1, generator=generator)}

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        x = nn.functional.dropout(batch["x"], 0.1)
        return {"loss": (self.export(x) - (3 * x - 1)).square().mean()}


def config(**changes: object) -> RunConfig:
    settings = {"max_steps": 40, "learning_rate": 0.1, "warmup_steps": 1, "report_every": 10}
    return RunConfig(**(settings | changes))  # type: ignore[arg-type]


def test_the_loss_falls(tmp_path: Path) -> None:
    fit(Line(), config(max_steps=100), tmp_path / "run")
    events = [json.loads(line) for line in (tmp_path / "run/events.jsonl").read_text().splitlines()]
    assert [event["step"] for event in events] == list(range(10, 101, 10))
    assert events[-1]["model/loss"] < events[0]["model/loss"] / 4


def test_a_resumed_run_equals_an_unbroken_one(tmp_path: Path) -> None:
    fit(Line(), config(), tmp_path / "whole")
    whole = load_file(tmp_path / "whole/model.safetensors")

    class Interrupted(Line):
        def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
            if step == 17:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().batch(step, batch_size, rank, seed)

    assert fit(Interrupted(), config(), tmp_path / "parts") == 18
    assert fit(Line(), config(), tmp_path / "parts", resume=True) == 40
    for name, value in load_file(tmp_path / "parts/model.safetensors").items():
        assert torch.equal(value, whole[name])


def test_who_watches_is_told_and_hears_the_running_mean(tmp_path: Path) -> None:
    class Watching:
        told: list[tuple[int, float]]
        heard: list[float]

        def __init__(self) -> None:
            self.told, self.heard = [], []

        def report(self, step: int, minutes: float, rate: float, losses: dict[str, float]) -> None:
            self.told.append((step, losses["model/loss"]))

        def hear(self, step: int, average: nn.Module) -> None:
            assert step == len(self.heard) + 1
            self.heard.append(average.get_parameter("weight").item())

    watch = Watching()
    fit(Line(), config(), tmp_path / "watched", watch=watch)
    fit(Line(), config(), tmp_path / "alone")
    assert not (tmp_path / "watched/events.jsonl").exists()
    lines = (tmp_path / "alone/events.jsonl").read_text().splitlines()
    assert watch.told == [(e["step"], e["model/loss"]) for e in map(json.loads, lines)]
    watched, alone = (
        load_file(tmp_path / name / "model.safetensors")["weight"] for name in ("watched", "alone")
    )
    assert torch.equal(watched, alone)
    assert watch.heard[-1] == watched.item()


def test_a_run_is_saved_from_time_to_time(tmp_path: Path) -> None:
    class Broken(Line):
        def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
            if step == 9:
                raise RuntimeError("the power is gone")
            return super().batch(step, batch_size, rank, seed)

    with pytest.raises(RuntimeError, match="power"):
        fit(Broken(), config(save_minutes=0.0), tmp_path)
    assert fit(Line(), config(), tmp_path, resume=True) == 40
    fit(Line(), config(), tmp_path / "whole")
    one, other = (
        load_file(folder / "model.safetensors") for folder in (tmp_path, tmp_path / "whole")
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_is_not_overwritten_by_accident(tmp_path: Path) -> None:
    fit(Line(), config(max_steps=2), tmp_path)
    with pytest.raises(ValueError, match="resume it or name another folder"):
        fit(Line(), config(max_steps=2), tmp_path)


def test_minutes_end_a_run(tmp_path: Path) -> None:
    started = time.monotonic()
    fit(Line(), config(max_steps=0, minutes=0.02), tmp_path)
    assert time.monotonic() - started < 30


def test_a_run_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="how long"):
        fit(Line(), config(max_steps=0), tmp_path)


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(
        "from pathlib import Path\n"
        "from emostudio.training.loop import fit\n"
        "from tests.training.test_loop import Line, config\n"
        f"fit(Line(), config(max_steps=150), Path({str(tmp_path / 'run')!r}))\n"
    )
    command = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2"]
    command += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, str(script)], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    weights = load_file(tmp_path / "run/model.safetensors")
    assert weights["weight"].item() == pytest.approx(3, abs=0.5)
