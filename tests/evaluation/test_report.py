"""The suites run whole at tiny size, on speech made by code, without outside judges."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from emostudio import Settings, Studio
from emostudio.evaluation.report import Order, evaluate
from emostudio.models.checkpoint import Store
from tests import tiny
from tests.speech import corpora


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(checkpoints=tiny.checkpoints(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpora(tmp_path_factory.mktemp("speech") / "corpora")


class Brief(Studio):
    """A studio that knows three emotions, so that the suite is short."""

    def emotions(self) -> tuple[str, ...]:
        return ("neutral", "happy", "angry")


def run(order: Order, settings: Settings) -> dict:
    def studio(models: str) -> Studio:
        return Brief(replace(settings, models=models))

    return evaluate(order, Store(settings.checkpoints), studio)


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Order:
    folder = tmp_path_factory.mktemp("report")
    nowhere = folder / "environment"
    nowhere.write_text("a file where the environment would go")
    suites = ("ser", "speaker", "vocoder", "speak")
    return Order(folder / "out", suites, recordings, quick=True, judges=nowhere)


@pytest.fixture(scope="module")
def report(order: Order, settings: Settings) -> dict:
    return run(order, settings)


def test_a_report_holds_every_figure_that_own_judges_give(report: dict, order: Order) -> None:
    assert json.loads((order.out / "report.json").read_text()) == json.loads(json.dumps(report))
    rows = report["speech"]["kathleen"]
    assert set(rows) == {"neutral", "happy", "angry"}
    assert rows["neutral"]["moves"] == (0, 0, 0, 0)
    assert "word_error" not in rows["neutral"]
    assert set(report["missing"]) == {"words", "opinion", "voice", "cepstrum"}
    assert len(report["mixing"]) == 2  # happy and angry, both bases
    assert len(report["intensity"]) == 2
    assert report["german"]["by"] == "our own aligner"
    assert report["ser"]["ravdess"]["clips"] == 6
    assert report["speaker"]["clips"] == 8
    assert report["vocoder"]["ravdess"]["mel_distance"]["value"] > 0
    assert report["goals"]
    assert "<title>EmoStudio" in (order.out / "report.html").read_text()


def test_every_take_is_a_line_of_the_table_with_both_ears(report: dict, order: Order) -> None:
    with (order.out / "takes.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["part"] for row in rows} >= {"emotions", "mixing", "intensity", "same", "readers"}
    for row in rows:
        assert (order.out / "takes" / row["file"]).is_file()
        assert sum(json.loads(row["judge"]).values()) == pytest.approx(1, abs=1e-3)
        assert set(json.loads(row["recognizer"])) == set(json.loads(row["judge"]))
    assert report["speech"]


def test_no_recording_stays_in_the_report(report: dict, order: Order, recordings: Path) -> None:
    real = {file.read_bytes() for file in recordings.rglob("*.wav")}
    assert not real & {file.read_bytes() for file in order.out.rglob("*.wav")}


def test_the_same_models_and_seeds_give_the_same_report(
    report: dict, order: Order, settings: Settings, tmp_path: Path
) -> None:
    again = run(replace(order, out=tmp_path / "again", suites=("speak",)), settings)
    assert again["speech"] == report["speech"]
    assert again["mixing"] == report["mixing"]


def test_a_suite_that_needs_recordings_asks_for_them(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs --corpora"):
        run(Order(tmp_path, ("speaker",)), settings)
    with pytest.raises(ValueError, match="needs --runs"):
        run(Order(tmp_path, ("ablations",)), settings)


def test_ablations_are_a_row_a_run(order: Order, settings: Settings, tmp_path: Path) -> None:
    for name in ("everything", "without-style"):
        tiny.checkpoints(tmp_path / "runs" / name, seed=len(name))
    wanted = replace(order, out=tmp_path / "out", suites=("ablations",), runs=tmp_path / "runs")
    rows = run(wanted, settings)["ablations"]
    assert set(rows) == {"everything", "without-style"}
    assert 0 <= rows["everything"]["judge_angry_by_reference"]["value"] <= 1
    with pytest.raises(ValueError, match="no finished RUN/emomix"):
        run(replace(wanted, runs=tmp_path / "out"), settings)
