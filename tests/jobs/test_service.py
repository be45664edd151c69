"""What pages and notebooks ask for is checked, done and audited."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emostudio.jobs import lock, orphans, run_folder
from emostudio.jobs.asking import errand_of
from emostudio.jobs.disabled import OFF, ZERO_GPU
from emostudio.jobs.local import Local
from emostudio.jobs.places import places
from emostudio.jobs.run_folder import ERRAND
from emostudio.jobs.service import Jobs
from emostudio.jobs.tuning import Errand, Tuning
from emostudio.settings import Settings
from emostudio.storage import authored, tuned
from emostudio.storage.database import Database
from emostudio.storage.tuned_tables import Model
from tests.jobs.queues import FOR_EVER, OBEDIENT, end, until
from tests.jobs.recorded import recorded

CONSENT = "All who speak here agreed."


@pytest.fixture
def jobs(db: Database, tmp_path: Path) -> Iterator[Jobs]:
    """Jobs whose worker trains nothing, and a corpus "acted" that fits the recognizer."""
    for net in ("ser", "emomix"):
        folder = tmp_path / "checkpoints" / net
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}", encoding="utf-8")
        (folder / "model.safetensors").write_bytes(net.encode())
    settings = Settings(data_dir=tmp_path, checkpoints=tmp_path / "checkpoints")
    there = Jobs(settings, db, [Local(settings, OBEDIENT)])
    data = recorded(tmp_path / "recorded")
    there.corpora.add("acted", "folder", data, consent=CONSENT, actor="anna")
    yield there
    there.close()
    for folder in (there.root / "jobs").iterdir():
        end(folder)


def _tuning(**given: object) -> Tuning:
    asked = {"base": "ser", "corpus": "acted", "name": "anna", "max_steps": 30} | given
    return Tuning(**asked)  # type: ignore[arg-type]


def _audit(jobs: Jobs, job_id: str) -> list[tuple[str, str]]:
    with jobs.db.read() as session:
        entries = reversed(authored.audits_of(session, job_id))
        return [(entry.actor, entry.action) for entry in entries]


def _trains(jobs: Jobs, job_id: str) -> None:
    until(lambda: jobs.standing(job_id).step, jobs.tick)


def _ends(jobs: Jobs, job_id: str, state: str) -> None:
    until(lambda: jobs.row(job_id).state == state, jobs.tick)


def test_a_job_is_canceled_resumed_retried_and_deleted_and_all_of_it_is_known(jobs: Jobs) -> None:
    job_id = jobs.submit(_tuning(max_steps=FOR_EVER), actor="anna")
    _trains(jobs, job_id)
    with pytest.raises(ValueError, match="Cancel it first"):
        jobs.delete(job_id, actor="anna")
    jobs.cancel(job_id, actor="berta")
    jobs.cancel(job_id, actor="berta")  # twice is as good
    _ends(jobs, job_id, "stopped")
    with pytest.raises(ValueError, match="has ended"):
        jobs.cancel(job_id, actor="berta")
    jobs.resume(job_id, actor="anna")
    assert jobs.standing(job_id).message == "It starts within seconds."
    with pytest.raises(ValueError, match="resume"):
        jobs.resume(job_id, actor="anna")
    with pytest.raises(ValueError, match="makes a model 'anna' already"):
        jobs.retry(job_id, actor="anna")
    jobs.cancel(job_id, actor="anna")
    assert jobs.row(job_id).state == "stopped"  # at once, as it waited
    again = jobs.retry(job_id, actor="anna")
    assert jobs.row(again).tuning == jobs.row(job_id).tuning
    jobs.delete(job_id, actor="anna")
    assert [job.id for job in jobs.all()] == [again]
    assert not jobs.folder(job_id).exists() and jobs.orphans() == []
    with pytest.raises(ValueError, match="no such job"):
        jobs.get(job_id)
    queue = ["job is running", "job is stopped"]
    assert _audit(jobs, job_id) == [
        ("anna", "submit job"),
        ("queue", queue[0]),
        *[("berta", "cancel job")] * 2,
        ("queue", queue[1]),
        ("anna", "resume job"),
        ("anna", "cancel job"),
        ("anna", "retry job"),
        ("anna", "delete job"),
    ]


def test_a_job_whose_model_is_there_is_tried_anew_under_the_next_name(jobs: Jobs) -> None:
    job_id = jobs.submit(_tuning(), actor="anna")
    jobs.cancel(job_id, actor="anna")
    with jobs.db.write() as session:
        tuned.add_model(
            session,
            Model(
                name="anna",
                net="ser",
                made_by="trained",
                sha256="0" * 64,
                size_bytes=1,
                parents={},
                corpora={},
                job_id=job_id,
                actor="anna",
            ),
        )
    assert jobs.row(jobs.retry(job_id, actor="anna")).tuning["name"] == "anna-2"
    with pytest.raises(ValueError, match="There is a model 'anna' already"):
        jobs.submit(_tuning(), actor="anna")  # whoever types a name is asked for another


def test_what_cannot_be_done_is_refused_in_words_and_leaves_nothing(jobs: Jobs) -> None:
    wrong = {
        "no corpus 'nothing'": _tuning(corpus="nothing"),
        "does not fit": _tuning(base="emomix", name="voice"),
        "can't run on 'moon'; choose local": _tuning(backend="moon"),
        "no folder that `emostudio pack` wrote": _tuning(rehearse_with="/nowhere"),
    }
    report = jobs.corpora.get("acted").report["fits"]
    if not report["emomix"]:  # that corpus is fine for voices, too
        del wrong["does not fit"]
    for words, tuning in wrong.items():
        with pytest.raises(ValueError, match=re.escape(words)):
            jobs.submit(tuning, actor="anna")
    shutil.rmtree(jobs.settings.checkpoints / "ser")
    with pytest.raises(ValueError, match="checkpoint 'ser' is missing"):
        jobs.submit(_tuning(), actor="anna")
    assert jobs.all() == [] and list((jobs.root / "jobs").iterdir()) == []


def test_a_new_voice_does_not_take_the_place_of_one_of_its_base(jobs: Jobs) -> None:
    voices = jobs.settings.checkpoints / "emomix" / "voices.json"
    voices.write_text('{"kathleen": {}, "kerstin": {}}', encoding="utf-8")
    tuning = _tuning(base="emomix", name="kerstin", corpus=jobs.corpora.get("acted").id)
    asked = tuning, jobs.corpora, jobs.models, jobs.settings
    with jobs.db.write() as session:  # whatever that corpus is, let it do
        row = tuned.corpus_by_id(session, tuning.corpus)
        assert row is not None
        row.report = row.report | {"fits": {}}
    with pytest.raises(ValueError, match="has a voice 'kerstin' already, which would be lost"):
        errand_of(*asked)
    assert errand_of(replace(tuning, name="berta"), *asked[1:]).tuning.name == "berta"
    assert errand_of(replace(tuning, base="ser"), *asked[1:]).tuning.name == "kerstin"


def test_jobs_with_the_same_features_share_them(jobs: Jobs) -> None:
    def pack(**given: object) -> Path:
        job_id = jobs.submit(_tuning(**given), actor="anna")
        return Errand.read(jobs.folder(job_id) / ERRAND).pack

    one = pack()
    assert one == pack(name="berta", max_steps=9, rehearsal=0.5)
    assert one != pack(name="dora", rehearsal=0.0)


def test_a_probe_tells_how_long_a_job_takes(jobs: Jobs) -> None:
    assert jobs.expected(_tuning()) is None
    probe = jobs.submit(_tuning(), actor="anna", probe=True)
    _ends(jobs, probe, "done")
    assert jobs.all() == []  # it only measured
    assert [job.id for job in jobs.all(probes=True)] == [probe]
    # 0.5 s a step, a minute to prepare, two minutes to compare as long as nobody knows better.
    expected = jobs.expected(_tuning(max_steps=600, name="other", seed=3))
    assert expected is not None and (expected.train, expected.around) == (5.0, 3.0)
    assert jobs.expected(_tuning(method="full")) is None


def test_who_waits_is_told_for_what(jobs: Jobs) -> None:
    first = jobs.submit(_tuning(max_steps=FOR_EVER), actor="anna")
    second = jobs.submit(_tuning(name="berta"), actor="anna")
    third = jobs.submit(_tuning(name="clara"), actor="anna")
    _trains(jobs, first)
    assert jobs.standing(second).message == "One job is before it."
    assert jobs.standing(third).message == "2 jobs are before it."
    jobs.submit(_tuning(), actor="anna", probe=True)
    assert jobs.standing(second).message == "2 jobs are before it."


def test_a_job_is_followed_to_its_end_and_again_after_a_restart(jobs: Jobs) -> None:
    job = jobs.finetune("acted", base="ser", max_steps=FOR_EVER)
    assert job.row.tuning["name"] == "ser-acted"
    seen = []
    for event in job.follow():
        if event.kind == "step":
            seen.append(event.step)
            if event.step == 10:
                job.cancel()
    assert job.state == "stopped"
    later = Jobs(jobs.settings, jobs.db, [Local(jobs.settings, OBEDIENT)])
    again = later.get(job.id)
    assert [event.step for event in again.follow() if event.kind == "step"] == seen
    later.close()


def test_a_folder_becomes_a_corpus_and_needs_consent(jobs: Jobs, tmp_path: Path) -> None:
    data = tmp_path / "recorded"
    with pytest.raises(ValueError, match="agreed"):
        jobs.finetune(data, base="ser")
    job = jobs.finetune(str(data), base="ser", consent=CONSENT, max_steps=FOR_EVER)
    corpora = {corpus.name: corpus for corpus in jobs.corpora.all()}
    assert set(corpora) == {"acted", "recorded"}
    assert (job.row.corpus_id, corpora["recorded"].consent) == (corpora["recorded"].id, CONSENT)
    with pytest.raises(ValueError, match="neither a path nor a corpus"):
        jobs.finetune("missing/", base="ser")
    with pytest.raises(ValueError, match="Cancel the job"):
        jobs.corpora.remove("recorded", "anna")


def test_what_no_row_tells_of_is_found_and_cleared(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = jobs.submit(_tuning(max_steps=FOR_EVER), actor="anna")
    _trains(jobs, job_id)
    assert jobs.orphans() == []
    # As if the database were an old one.
    lost = jobs.root / "jobs" / "0LD"
    shutil.copytree(jobs.folder(job_id), lost, ignore=shutil.ignore_patterns("lock"))
    (jobs.root / "packs" / "unused").mkdir(parents=True)
    local = Local(jobs.settings, OBEDIENT)
    local.start(lost, resume=True)
    until(lambda: lock.holder(lost / lock.LOCK))
    for kept in ("corpora", "models"):  # as after a kill before the row
        for name in ("unknown", ".begun-now"):
            (jobs.root / kept / name).mkdir(parents=True)
    assert [one.kind for one in jobs.orphans()] == ["process", "pack"]  # a row may yet come
    monkeypatch.setattr(orphans, "YOUNG_S", 0.0)
    process, *folders, pack = jobs.orphans()
    assert [(one.kind, one.folder.name) for one in folders] == [
        ("corpus", "unknown"),
        ("model", "unknown"),
    ]
    assert (process.kind, process.folder, process.pid) == (
        "process",
        lost,
        lock.holder(lost / lock.LOCK),
    )
    assert (pack.kind, pack.folder.name) == ("pack", "unused")
    jobs.clear(process, actor="anna")
    until(lambda: not local.find(lost))
    for orphan in jobs.orphans():
        jobs.clear(orphan, actor="anna")
    assert jobs.orphans() == [] and not lost.exists()
    with pytest.raises(ValueError, match="has an owner again"):
        jobs.clear(replace(process, folder=jobs.folder(job_id)), actor="anna")
    assert jobs.row(job_id).state == "running"


def test_every_place_says_why_it_cannot_be_used(db: Database, tmp_path: Path) -> None:
    def why(**given: object) -> dict[str, str]:
        settings = Settings(data_dir=tmp_path, **given)  # type: ignore[arg-type]
        return Jobs(settings, db, places(settings)).backends()

    assert why(hf_token="hf_x") == {"local": "", "huggingface": ""}
    assert "HF_TOKEN" in why()["huggingface"]
    assert why(training="off", hf_token="hf_x") == {"local": OFF, "huggingface": OFF}
    assert why(zero_gpu=True, hf_token="hf_x") == {"local": ZERO_GPU, "huggingface": ""}


def test_asking_needs_no_torch_until_a_job_is_submitted() -> None:
    import subprocess
    import sys

    code = "import sys, emostudio.jobs.service; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_events_are_read_as_far_as_they_are_whole(tmp_path: Path) -> None:
    run_folder.append(tmp_path, "step", step=1, losses={"model/loss": 0.5})
    with (tmp_path / run_folder.EVENTS).open("a", encoding="utf-8") as file:
        file.write('{"kind": "step", "at": 1')
    (event,) = run_folder.events(tmp_path)
    assert (event.step, event.loss) == (1, 0.5)
