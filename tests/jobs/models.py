"""What a finished job leaves, made without training: folders and rows for tests of the registry."""

import json
import shutil
from pathlib import Path

from emostudio.evaluation.gate import Gate, Number
from emostudio.jobs.facts import sha256_of
from emostudio.jobs.run_folder import append
from emostudio.jobs.tuning import Errand, Tuning
from emostudio.storage import tuned
from emostudio.storage.database import Database
from emostudio.storage.tuned_tables import Corpus, Job

REPORT = {
    "clips": 80,
    "hours": 0.1,
    "speakers": {"anna": 0.1},
    "emotions": {"neutral": {"anna": 80}},
    "splits": {"train": 70, "dev": 10},
}


def number(name: str, base: float, candidate: float, width: float = 0.1) -> Number:
    """A guarded number."""
    change = candidate - base
    interval = (change - width, change + width)
    return Number(name, "What it says.", base, candidate, interval, 12)


def finished(
    db: Database, root: Path, checkpoints: Path, *numbers: Number, net: str = "emomix", **asked: str
) -> tuple[Job, Path]:
    """Put a job there that has tuned a net into another checkpoint; returns its row and folder.

    Without numbers it is as good as its base.
    """
    with db.write() as session:
        corpus = next((c for c in tuned.corpora(session) if c.name == "readings"), None)
        corpus = corpus or tuned.add_corpus(
            session,
            Corpus(
                name="readings",
                source="folder",
                report=REPORT,
                consent="Anna said yes.",
                actor="the owner",
            ),
        )
        tuning = Tuning(net, corpus.id, **{"name": "anna", **asked})
        job = Job(
            corpus_id=corpus.id,
            tuning=tuning.to_json(),
            backend="local",
            state="done",
            actor="the owner",
        )
        tuned.add_job(session, job)
    folder = root / "jobs" / job.id
    made = folder / "checkpoint"
    shutil.copytree(checkpoints / net, made)
    if (made / "voices.json").is_file():
        voices = json.loads((made / "voices.json").read_text())
        (made / "voices.json").write_text(json.dumps(voices | {"anna": voices["kathleen"]}))
    errand = Errand(tuning, root / "corpora" / corpus.id, checkpoints / net, root / "packs" / "one")
    errand.write(folder / "job.json")
    append(folder, "step", step=100, of=100, minutes=12.0, losses={"loss": 1.0})
    (folder / "gate").mkdir()
    base = sha256_of(checkpoints / net / "model.safetensors")
    as_good = (number("voice similarity", 0.8, 0.8),)
    Gate(net, base, base, numbers or as_good).write(folder / "gate")
    return job, folder
