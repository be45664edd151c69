"""The folder of a job: what a worker writes there, and how others read it while it is written.

job.json        the errand
events.jsonl    a line an event, see `Event`
errors.txt      what the process said on standard error
config.json, model.safetensors, state.pt, run.json, voices.json    the run of the training loop
samples/        takes that were spoken on the way
gate/           report.json (`evaluation.gate`), takes of base and candidate
checkpoint/     the result, in half precision: config.json, model.safetensors, voices.json
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

ERRAND, EVENTS, ERRORS = "job.json", "events.jsonl", "errors.txt"
SAMPLES, GATE, CHECKPOINT = "samples", "gate", "checkpoint"
GATE_REPORT = "report.json"
Kind = Literal["phase", "step", "sample", "probe", "stopped", "failed", "done"]
PHASES = {  # in their order, as a person reads them
    "prepare": "Reading the recordings",
    "rehearse": "Speaking what is to be rehearsed",
    "train": "Training",
    "evaluate": "Comparing with what it started from",
}


@dataclass(frozen=True)
class Event:
    """One line of events.jsonl, at `at` seconds since 1970.

    phase: `phase` of `PHASES` has begun, or goes on with `share` in [0, 1] done and a `message`.
    step: `step` of `of`, `minutes` used, learning `rate`, `losses` by name, `memory_mb` of the
    process and `device_mb` of a GPU. sample: a take at `step` lies in `file`; `text`, `voice`,
    `emotion`. probe: `seconds` a step, and `around` seconds to prepare. stopped: saved at `step`.
    failed: `message` says why and what to do. done: the checkpoint is there, and the gate.
    """

    kind: Kind
    at: float
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The step that it tells of, or 0."""
        return int(self.values.get("step", 0))

    @property
    def loss(self) -> float | None:
        """The loss of a step."""
        losses = self.values.get("losses") or {}
        return losses.get("model/loss", losses.get("loss"))


def append(folder: Path, kind: Kind, **values: Any) -> None:
    """Add an event to a folder's events, in one write."""
    line = json.dumps({"kind": kind, "at": round(time.time(), 3)} | values)
    with (folder / EVENTS).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def events(folder: Path) -> list[Event]:
    """Read all events of a folder; a line that is only half written is left for the next time."""
    file = folder / EVENTS
    if not file.is_file():
        return []
    found = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            values = json.loads(line)
            found.append(Event(values.pop("kind"), float(values.pop("at")), values))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def tail(folder: Path, n_lines: int = 40) -> str:
    """Return the last lines of what the process said."""
    file = folder / ERRORS
    if not file.is_file():
        return ""
    return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-n_lines:])
