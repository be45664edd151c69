"""From a folder of recordings to a model, by the worker that ships and tiny nets."""

from pathlib import Path

import pytest

from emostudio.evaluation.gate import Gate
from emostudio.jobs.run_folder import CHECKPOINT, GATE
from emostudio.jobs.service import Jobs
from emostudio.settings import Settings
from emostudio.storage.database import Database
from tests import tiny
from tests.jobs.queues import end, until
from tests.jobs.recorded import recorded

STEPS = 60


@pytest.mark.slow
def test_a_notebook_tunes_a_recognizer_stops_and_goes_on(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, models=str(tiny.checkpoints(tmp_path / "models")), device="cpu"
    )
    db = Database.open("", tmp_path)
    jobs = Jobs.open(settings, db)
    try:
        job = jobs.finetune(
            recorded(tmp_path / "recorded"),
            base="ser",
            name="anna",
            consent="Anna agreed.",
            max_steps=STEPS,
            rehearsal=0.0,
            batch_size=4,
        )
        until(lambda: job.standing().step)
        job.cancel()
        assert job.wait() == "stopped", job.row.message
        stopped_at = job.standing().step
        assert 0 < stopped_at < STEPS
        jobs.close()  # another app takes over
        jobs = Jobs.open(settings, db)
        job = jobs.get(job.id)
        job.resume()
        shares = []
        for event in job.follow():
            if event.kind == "step":
                shares.append(job.standing().share)
        assert job.state == "done", job.row.message
        assert shares == sorted(shares) and job.standing().share == 1.0
        model, folder = job.model(), jobs.folder(job.id)
        assert (model.name, model.net, model.job_id) == ("anna", "ser", job.id)
        assert (folder / CHECKPOINT / "model.safetensors").is_file()
        assert Gate.read(folder / GATE).candidate_sha256 == model.sha256
    finally:
        jobs.close()
        for folder in (jobs.root / "jobs").iterdir():
            end(folder)
        db.close()
