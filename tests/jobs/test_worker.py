"""A job's process does all phases, tells of them, saves when it is told to, and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from emostudio.evaluation.gate import Gate
from emostudio.jobs.run_folder import CHECKPOINT, ERRAND, GATE, PHASES, Event, events
from emostudio.jobs.tuning import PROBE_STEPS, Errand, Tuning
from emostudio.jobs.worker import work
from tests import tiny
from tests.recorded import recorded


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoints(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpora")
    return recorded(root / "mine", speakers=("anna", "bo"), emotions=("neutral", "happy"))


@pytest.fixture(autouse=True)
def tiny_models(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOSTUDIO_MODELS", str(shipped))


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features, which jobs on the same share."""
    return tmp_path_factory.mktemp("packs")


def tuning(base: str, **changes: object) -> Tuning:
    settings = {"max_steps": 4, "sample_every": 2, "batch_size": 3} | changes
    return Tuning(base, "mine", "anna", **settings)  # type: ignore[arg-type]


def asked(folder: Path, shipped: Path, corpus: Path, packs: Path, wanted: Tuning) -> Errand:
    folder.mkdir(parents=True, exist_ok=True)
    errand = Errand(wanted, corpus, shipped / wanted.base, packs / wanted.base)
    errand.write(folder / ERRAND)
    return errand


def of_kind(folder: Path, kind: str) -> list[Event]:
    return [event for event in events(folder) if event.kind == kind]


@pytest.mark.slow
def test_a_job_passes_all_phases_and_is_compared(
    shipped: Path, corpus: Path, packs: Path, tmp_path: Path
) -> None:
    asked(tmp_path, shipped, corpus, packs, tuning("ser"))
    assert work(tmp_path) == 0
    phases = list(dict.fromkeys(event.values["phase"] for event in of_kind(tmp_path, "phase")))
    assert phases == list(PHASES)
    assert events(tmp_path)[-1].kind == "done"
    assert Gate.read(tmp_path / GATE).net == "ser"


@pytest.mark.slow
@pytest.mark.parametrize("base", ["ser", "emomix", "diemo", "vocoder", "zest"])
def test_a_job_leaves_a_checkpoint_and_takes(
    base: str, shipped: Path, corpus: Path, packs: Path, tmp_path: Path
) -> None:
    asked(tmp_path, shipped, corpus, packs, tuning(base))
    # Compared already: a phase that is whole is not done again.
    (tmp_path / GATE).mkdir()
    Gate(base, "", "", ()).write(tmp_path / GATE)
    assert work(tmp_path) == 0
    told = events(tmp_path)
    assert told[-1].kind == "done"
    assert not any(event.values["phase"] == "evaluate" for event in of_kind(tmp_path, "phase"))
    steps = of_kind(tmp_path, "step")
    assert [event.step for event in steps] == [1, 2, 3, 4]
    assert all(event.loss is not None and event.values["of"] == 4 for event in steps)
    assert all(event.values["memory_mb"] > 0 for event in steps)
    for event in of_kind(tmp_path, "sample"):
        assert (tmp_path / event.values["file"]).stat().st_size > 1000
    heard = {event.step for event in of_kind(tmp_path, "sample")}
    assert heard == (set() if base == "ser" else {2, 4})
    assert load_file(tmp_path / CHECKPOINT / "model.safetensors")


def test_two_speakers_are_two_voices(
    shipped: Path, corpus: Path, packs: Path, tmp_path: Path
) -> None:
    from emostudio.jobs.preparing import prepared
    from emostudio.models.checkpoint import Store
    from emostudio.training.tune import Manner, tune

    errand = asked(tmp_path, shipped, corpus, packs, tuning("diemo"))
    store = Store(shipped)
    prepared(errand, store, tmp_path, lambda *_: None)
    run = tmp_path / "run"
    tune("diemo", Manner(1, "choir", batch_size=2), data=errand.pack, run=run, store=store)
    voices = json.loads((run / "voices.json").read_text())
    assert list(voices) == ["kathleen", "kerstin", "choir-anna", "choir-bo"]


def test_a_probe_measures_and_leaves_the_features_alone(
    shipped: Path, corpus: Path, packs: Path, tmp_path: Path
) -> None:
    errand = asked(tmp_path, shipped, corpus, packs, tuning("ser"))
    replace(errand, probe=True).write(tmp_path / ERRAND)
    assert work(tmp_path) == 0
    last = events(tmp_path)[-1]
    assert last.kind == "probe"
    assert 0 < last.values["seconds"] < 60
    assert last.values["around"] > 0
    assert len(of_kind(tmp_path, "step")) == PROBE_STEPS
    assert {file.name for file in tmp_path.iterdir()} == {ERRAND, "events.jsonl"}
    before = (errand.pack / "index.json").stat().st_mtime_ns
    assert work(tmp_path) == 0
    # The same features serve again, and are told to have taken what they took.
    assert (errand.pack / "index.json").stat().st_mtime_ns == before
    assert events(tmp_path)[-1].values["around"] == last.values["around"]


def test_features_of_another_corpus_are_made_anew(
    shipped: Path, corpus: Path, tmp_path: Path
) -> None:
    from emostudio.data.features import Pack

    other = recorded(tmp_path / "other")
    for source, speakers in ((corpus, {"anna", "bo"}), (other, {"anna"})):
        folder = tmp_path / source.name
        asked(folder, shipped, source, tmp_path / "packs", tuning("vocoder", max_steps=1))
        errand = replace(Errand.read(folder / ERRAND), probe=True)
        errand.write(folder / ERRAND)
        assert work(folder) == 0
        assert {row.speaker for row in Pack.open(errand.pack).rows} == speakers


def test_what_is_rehearsed_is_never_taken_for_the_corpus(
    shipped: Path, corpus: Path, tmp_path: Path
) -> None:
    from emostudio.data.features import Pack, pack
    from emostudio.jobs.preparing import prepared
    from emostudio.models.checkpoint import Store
    from emostudio.training.tune import CORPUS

    recorded(tmp_path / "given" / CORPUS, speakers=("cleo",))  # of the same name, by chance
    pack(tmp_path / "given", tmp_path / "old", processes=1)
    wanted = tuning("vocoder", rehearse_with=str(tmp_path / "old"))
    errand = asked(tmp_path / "job", shipped, corpus, tmp_path / "packs", wanted)
    prepared(errand, Store(shipped), tmp_path / "job", lambda *_: None)
    rows = Pack.open(errand.pack).rows
    assert {row.speaker for row in rows if row.corpus == CORPUS} == {"anna", "bo"}
    assert {row.speaker for row in rows if row.corpus != CORPUS} == {"cleo"}
    assert len({row.name for row in rows}) == len(rows)


def test_what_cant_be_done_is_said_in_a_sentence(
    shipped: Path, corpus: Path, packs: Path, tmp_path: Path
) -> None:
    asked(tmp_path, shipped, tmp_path / "nowhere", packs / "none", tuning("ser"))
    assert work(tmp_path) == 1
    assert events(tmp_path)[-1].kind == "failed"
    assert "nowhere" in events(tmp_path)[-1].values["message"]
    (tmp_path / ERRAND).write_text("{}")
    assert work(tmp_path) == 1
    assert "does not tell a job" in events(tmp_path)[-1].values["message"]


@pytest.mark.slow
def test_sigterm_saves_and_a_resumed_job_equals_one_that_ran_through(
    shipped: Path, corpus: Path, packs: Path, tmp_path: Path
) -> None:
    wanted = tuning("ser", max_steps=60)
    for name in ("whole", "parts"):
        asked(tmp_path / name, shipped, corpus, packs, wanted)
        (tmp_path / name / GATE).mkdir()
        Gate("ser", "", "", ()).write(tmp_path / name / GATE)
    parts, env = tmp_path / "parts", os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "emostudio", "job"]
    # All in processes of their own: this one may have other threads, and round otherwise.
    subprocess.run([*command, str(tmp_path / "whole")], env=env, check=True)
    running = subprocess.Popen([*command, str(parts)], env=env)
    while len(of_kind(parts, "step")) < 5 and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    assert running.wait(120) == 0
    stopped = events(parts)[-1]
    assert stopped.kind == "stopped"
    assert 5 <= stopped.step < 60
    subprocess.run([*command, str(parts), "--resume"], env=env, check=True)
    assert [event.kind for event in events(parts)][-1] == "done"
    one, other = (
        load_file(tmp_path / name / CHECKPOINT / "model.safetensors") for name in ("whole", "parts")
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_sigterm_while_the_recordings_are_read_leaves_no_half_pack(
    shipped: Path, corpus: Path, tmp_path: Path
) -> None:
    errand = asked(tmp_path / "job", shipped, corpus, tmp_path / "packs", tuning("ser"))
    command = [sys.executable, "-m", "emostudio", "job", str(tmp_path / "job")]
    running = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
    while not of_kind(tmp_path / "job", "phase") and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    assert running.wait(120) == 0
    assert events(tmp_path / "job")[-1].kind == "stopped"
    assert not errand.pack.exists()
