"""A rented machine is told what to do, tells how it goes, and leaves its result here."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from emostudio.jobs import run_folder
from emostudio.jobs.hugging_face import NO_TOKEN, HuggingFace
from emostudio.jobs.queueing import Queue
from emostudio.settings import Settings
from emostudio.storage import tuned
from emostudio.storage.database import Database
from tests.jobs.hub import TOKEN, USER, Hub, serving
from tests.jobs.queues import FOR_EVER, cancel, keep, put, resume, row, run_out, states, until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that this process may reach."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with serving(tmp_path / "hub") as there:
        yield there


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This package, with a worker that trains nothing."""
    root = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "emostudio", root / "emostudio", ignore=ignored)
    (root / "requirements.txt").write_text("numpy\n", encoding="utf-8")
    worker = (ROOT / "tests" / "jobs" / "obedient.py").read_text(encoding="utf-8")
    (root / "emostudio" / "__main__.py").write_text(
        worker.replace("Path(sys.argv[1])", "Path(sys.argv[2])"), encoding="utf-8"
    )
    return root


def _rented(hub: Hub, source: Path, **settings: str) -> HuggingFace:
    given = Settings(hf_token=settings.pop("token", TOKEN), **settings)  # type: ignore[arg-type]
    return HuggingFace(given, endpoint=hub.address, source=source, every_s=0.2)


def _put(db: Database, root: Path, name: str, steps: int = 20) -> str:
    (root / "base").mkdir(exist_ok=True)
    (root / "base" / "config.json").write_text("{}", encoding="utf-8")
    job_id = put(db, root, name, steps=steps)
    (root / "corpus" / "metadata.csv").write_text("file,speaker\n", encoding="utf-8")
    with db.write() as session:
        job = tuned.job_by_id(session, job_id)
        assert job is not None
        job.backend = "huggingface"
    return job_id


def _queue(db: Database, root: Path, backend: HuggingFace) -> Queue:
    return Queue(db, root / "jobs", backend, lambda job, folder: keep(db, job, folder))


def test_a_job_runs_elsewhere_and_its_result_comes_here(
    db: Database, root: Path, hub: Hub, source: Path
) -> None:
    line = _queue(db, root, _rented(hub, source))
    job_id = _put(db, root, "anna")
    run_out(db, line)
    folder = root / "jobs" / job_id
    assert states(db, job_id) == ["done"], row(db, job_id).message
    steps = [event.step for event in run_folder.events(folder) if event.kind == "step"]
    assert steps == list(range(1, 21))
    assert (folder / "checkpoint" / "model.safetensors").read_bytes() == b"weights"
    (rented,) = hub.jobs.values()
    assert rented.spec["flavor"] == "t4-small" and rented.spec["timeoutSeconds"] == 6 * 3600
    assert rented.spec["command"][:2] == ["python", "/inputs/away.py"]
    assert rented.spec["secrets"] == {"HF_TOKEN": TOKEN}
    ((name, repository),) = hub.repositories.items()
    assert name == f"{USER}/emostudio-job-{job_id.lower()}" and repository.private
    inputs = [name for name in repository.at("main") if name.startswith("inputs/")]
    assert {name.split("/", 1)[1] for name in inputs} == {
        *("away.py", "job.json", "source.zip", "corpus/metadata.csv", "base/config.json")
    }
    errand = json.loads(repository.at("main")["inputs/job.json"])
    assert (errand["corpus"], errand["base"]) == ("corpus", "base")  # no path of this machine
    line.backend.forget(folder)
    assert not hub.repositories
    line.backend.forget(folder)  # and once is enough


def test_a_job_elsewhere_saves_when_it_is_canceled_and_goes_on_from_there(
    db: Database, root: Path, hub: Hub, source: Path
) -> None:
    line = _queue(db, root, _rented(hub, source))
    job_id = _put(db, root, "anna", steps=400)
    folder = root / "jobs" / job_id

    def steps() -> list[int]:
        return [event.step for event in run_folder.events(folder) if event.kind == "step"]

    until(steps, line.tick)
    cancel(db, job_id)
    until(lambda: states(db, job_id) == ["stopped"], line.tick)
    assert 0 < steps()[-1] < 400
    resume(db, job_id)
    run_out(db, line)
    assert (states(db, job_id), steps()) == (["done"], list(range(1, 401)))


def test_a_job_elsewhere_is_found_again_when_its_handle_was_lost(
    db: Database, root: Path, hub: Hub, source: Path
) -> None:
    line, job_id = _queue(db, root, _rented(hub, source)), _put(db, root, "anna", steps=FOR_EVER)
    line.tick()
    handle = row(db, job_id).handle
    with db.write() as session:  # as if the queue had been killed when it had started it
        job = tuned.job_by_id(session, job_id)
        assert job is not None
        job.handle = None
    _queue(db, root, _rented(hub, source)).tick()
    assert (states(db, job_id), row(db, job_id).handle) == (["running"], handle)
    assert len(hub.jobs) == 1


def test_a_machine_that_breaks_is_noted_with_what_it_said(
    db: Database, root: Path, hub: Hub, source: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(source, broken)
    (broken / "emostudio" / "jobs" / "away.py").write_text("raise RuntimeError('no room')\n")
    line, job_id = _queue(db, root, _rented(hub, broken)), _put(db, root, "anna")
    run_out(db, line)
    assert states(db, job_id) == ["interrupted"]
    assert "RuntimeError: no room" in run_folder.tail(root / "jobs" / job_id)
    assert "Hugging Face: error" in row(db, job_id).message


def test_a_job_that_waits_for_a_machine_is_taken_back(
    db: Database, root: Path, hub: Hub, source: Path
) -> None:
    hub.machines = False
    line, job_id = _queue(db, root, _rented(hub, source)), _put(db, root, "anna")
    line.tick()
    cancel(db, job_id)
    until(lambda: states(db, job_id) != ["stopping"], line.tick)
    assert states(db, job_id) == ["stopped"]
    assert [job.stage for job in hub.jobs.values()] == ["CANCELED"]


def test_a_hub_in_trouble_loses_no_job(db: Database, root: Path, hub: Hub, source: Path) -> None:
    line, job_id = _queue(db, root, _rented(hub, source)), _put(db, root, "anna")
    line.rest_s = 0.0
    hub.broken = 500
    line.tick()
    line.tick()
    assert states(db, job_id) == ["running"]  # or not: nobody can know
    hub.broken = None
    run_out(db, line)
    assert states(db, job_id) == ["done"] and len(hub.jobs) == 1


def test_a_hub_in_trouble_ends_no_training(
    db: Database, root: Path, hub: Hub, source: Path, tmp_path: Path
) -> None:
    line, job_id = _queue(db, root, _rented(hub, source)), _put(db, root, "anna", steps=400)
    line.rest_s = 0.0
    log = tmp_path / "hub" / "job0" / "log"
    folder = root / "jobs" / job_id
    until(lambda: [e for e in run_folder.events(folder) if e.kind == "step"], line.tick)
    hub.broken = 403
    until(lambda: "tried again" in log.read_text(encoding="utf-8"))
    hub.broken = None
    run_out(db, line)
    assert states(db, job_id) == ["done"], row(db, job_id).message


def test_what_the_hub_refuses_fails_with_its_words(
    db: Database, root: Path, hub: Hub, source: Path
) -> None:
    line = _queue(db, root, _rented(hub, source, token="hf_stolen"))
    job_id = _put(db, root, "anna")
    line.tick()
    assert states(db, job_id) == ["failed"]
    assert "HF_TOKEN" in row(db, job_id).message


def test_a_job_that_nobody_can_reach_any_more_can_be_given_up(
    db: Database, root: Path, hub: Hub, source: Path
) -> None:
    line, job_id = _queue(db, root, _rented(hub, source)), _put(db, root, "anna", steps=FOR_EVER)
    line.tick()
    alone = _queue(db, root, _rented(hub, source, token=""))
    alone.rest_s = 0.0
    alone.tick()
    assert states(db, job_id) == ["running"]
    cancel(db, job_id)
    alone.tick()
    assert states(db, job_id) == ["interrupted"]


def test_a_job_whose_account_deleted_it_is_over(
    db: Database, root: Path, hub: Hub, source: Path
) -> None:
    line, job_id = _queue(db, root, _rented(hub, source)), _put(db, root, "anna", steps=FOR_EVER)
    line.tick()
    hub.forget_all()
    until(lambda: states(db, job_id) == ["interrupted"], line.tick)


def test_without_a_token_it_says_so() -> None:
    assert HuggingFace(Settings()).why_not() == NO_TOKEN
    assert HuggingFace(Settings(hf_token=TOKEN)).why_not() == ""
