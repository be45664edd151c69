"""Jobs, corpora and models as a worker might have left them, for the tests of pages."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from emostudio.data.report import Leaks, Report
from emostudio.evaluation.gate import Gate, Number, Pair
from emostudio.jobs import run_folder
from emostudio.jobs.service import Jobs
from emostudio.jobs.tuning import Tuning
from emostudio.storage import tuned
from emostudio.storage.ids import new_id
from emostudio.storage.tuned_tables import Corpus, Job, Model
from tests.speech import SAMPLE_RATE, vowels

REPORT = Report(
    clips=40,
    hours=0.1,
    splits={"train": 32, "dev": 8},
    split_by="sentence",
    speakers={"anna": 0.1},
    emotions={"neutral": {"anna": 40}},
    langs={"en": 40},
    rates={"22050": 40},
    with_text=40,
    phonemes={"en": 0.97},
    unseen={"en": ("ʒ",)},
    silence=0.12,
    clipped=(),
    quiet=(),
    long=(),
    unspoken={},
    duplicates={},
    leaks=Leaks(("anna",), 8),
    refused={"noise.txt": "This is no sound file."},
    warnings=(),
    fits={
        "ser": "It needs two emotions and more with 4 clips each to train on.",
        "emomix": "",
        "diemo": "",
        "vocoder": "",
        "zest": "It needs neutral and one more emotion.",
    },
)


def corpus(jobs: Jobs, name: str = "anna") -> Corpus:
    """Keep a corpus that was checked; its folder holds nothing."""
    row = Corpus(
        id=new_id(),
        name=name,
        source="folder",
        report=REPORT.to_json(),
        consent="Everyone agreed.",
        actor="@anna",
    )
    with jobs.db.write() as session:
        tuned.add_corpus(session, row)
    (jobs.root / "corpora" / row.id).mkdir(parents=True)
    return row


def job(
    jobs: Jobs,
    of: Corpus,
    state: str = "running",
    *,
    name: str = "anna-2",
    probe: bool = False,
    **tuning: Any,
) -> Job:
    """Keep a job with its folder, in some state; nobody works on it."""
    asked = Tuning(**{"base": "emomix", "corpus": of.id, "name": name, **tuning})
    told = {"corpus_id": of.id, "tuning": asked.to_json(), "probe": probe}
    row = Job(id=new_id(), backend="local", actor="@anna", **told)
    jobs.folder(row.id).mkdir(parents=True)
    with jobs.db.write() as session:
        tuned.add_job(session, row)
        if state != "queued":
            tuned.set_job_state(session, row, "running", handle={})
        if state not in ("queued", "running"):
            tuned.set_job_state(session, row, state)
    return row


def trained(folder: Path, upto: int, of: int = 400, *, every: int = 10) -> None:
    """Write what a worker writes until a step, with a take at every fifth of the way."""
    run_folder.append(folder, "phase", phase="prepare", share=1.0, message="40 of 40 clips")
    run_folder.append(folder, "phase", phase="train")
    rng = np.random.default_rng(0)
    for step in range(every, upto + 1, every):
        fall = float(0.4 + np.exp(-step / 90) + 0.05 * rng.normal())
        losses = {"loss": fall, "prior": fall * 0.6, "duration": fall * 0.2}
        run_folder.append(
            folder, "step", step=step, of=of, minutes=step / 60, rate=1e-4 * (1 - step / of / 2),
            losses=losses, memory_mb=1800.0, device_mb=None,
        )  # fmt: skip
        if step % (of // 5) == 0:
            (folder / run_folder.SAMPLES).mkdir(exist_ok=True)
            sound(folder / run_folder.SAMPLES / f"{step}-0.wav", 120 + step / 10)
            run_folder.append(
                folder, "sample", step=step, file=f"samples/{step}-0.wav",
                text="The boat came home late.", voice="anna-2", emotion="neutral",
            )  # fmt: skip
    (folder / run_folder.ERRORS).write_text("the aligner reads 40 clips\nstep 10\n")


def sound(path: Path, hertz: float) -> Path:
    """Write a second of something like speech."""
    soundfile.write(path, vowels(hertz, 1.0), SAMPLE_RATE)
    return path


def compared(folder: Path, *, worse: bool = False, n_pairs: int = 3) -> Gate:
    """Write a comparison into a gate's folder, with sounds of its pairs."""
    folder.mkdir(parents=True, exist_ok=True)
    emotions = ("neutral", "happy", "sad", "angry")
    seen = {
        system: {
            meant: {heard: hit if heard == meant else 1 for heard in emotions} for meant in emotions
        }
        for system, hit in (("base", 6), ("candidate", 4 if worse else 7))
    }
    fall = (-0.2, -0.05) if worse else (-0.06, 0.05)
    numbers = (
        Number(
            "voice similarity", "How like the held-out recordings the voice sounds.",
            0.61, 0.83, (0.15, 0.29), 6,
        ),
        Number(
            "word error", "Words of the text that pocketsphinx does not hear.",
            0.12, 0.1, (-0.06, 0.03), 6, better="lower",
        ),
        Number(
            "emotion hit rate", "Takes in which the recognizer hears what was asked.",
            0.75, 0.62 if worse else 0.74, fall, 24,
        ),
        Number(
            "map drift", "Nearest neighbors on the map that stay the same.",
            1.0, 0.86, (-0.2, -0.08), 24, guarded=False,
        ),
    )  # fmt: skip
    pairs = tuple(
        Pair(f"p{n}", f"Sentence {n} of three.", f"base-{n}.wav", f"candidate-{n}.wav",
             "anna-2", emotions[n % 4])
        for n in range(n_pairs)
    )  # fmt: skip
    for n, pair in enumerate(pairs):
        sound(folder / pair.base, 110 + n)
        sound(folder / pair.candidate, 210 + n)
    gate = Gate(
        "emomix", "b" * 64, "c" * 64, numbers, seen, pairs,
        {"pocketsphinx": "It is not installed: pip install pocketsphinx."},
        ("The base speaks from a reference of 9 s.",),
    )  # fmt: skip
    gate.write(folder)
    return gate


def model(jobs: Jobs, of: Job, gate: Gate | None) -> Model:
    """Keep a model of a job, without files of any worth."""
    name = str(of.tuning["name"])
    row = Model(
        id=new_id(), name=name, net=of.tuning["base"], made_by="trained", sha256="c" * 64,
        size_bytes=12_000_000, parents={"emomix": "b" * 64, "vocoder": "d" * 64},
        corpora={"anna": of.corpus_id}, job_id=of.id, gate=gate and gate_json(gate),
        card=f"# {name}\n\nA voice for EmoMix.\n\n| number | base | candidate |\n|---|---|---|\n"
        "| voice similarity | 0.61 | 0.83 |\n", actor="@anna",
    )  # fmt: skip
    with jobs.db.write() as session:
        tuned.add_model(session, row)
    return row


def gate_json(gate: Gate) -> dict[str, Any]:
    """Return a comparison as the column of a model keeps it."""
    from dataclasses import asdict

    return asdict(gate)


def done(jobs: Jobs, of: Corpus, name: str = "anna-2", *, worse: bool = False) -> Job:
    """Keep a job that is done, with takes, comparison and model."""
    made = job(jobs, of, "done", name=name)
    folder = jobs.folder(made.id)
    trained(folder, 400)
    run_folder.append(folder, "phase", phase="evaluate", share=1.0)
    gate = compared(folder / run_folder.GATE, worse=worse)
    run_folder.append(folder, "done")
    model(jobs, made, gate)
    time.sleep(0.002)  # ids sort by time
    return made
