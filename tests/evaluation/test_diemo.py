"""The suite of transfers runs whole at tiny size, without outside judges."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from emostudio import Settings, Studio
from emostudio.evaluation import diemo, page_diemo, tables
from emostudio.evaluation.diemo_plan import GIVEN, PARTS
from emostudio.evaluation.goals import goals
from emostudio.evaluation.page import render
from emostudio.evaluation.report import Order, evaluate
from emostudio.models.checkpoint import Store
from tests import tiny
from tests.speech import acting


@dataclass(frozen=True)
class Measured:
    report: dict
    order: Order


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoints(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return acting(tmp_path_factory.mktemp("speech") / "corpora")


@pytest.fixture(scope="module")
def measured(corpora: Path, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder = tmp_path_factory.mktemp("report")
    nowhere = folder / "environment"
    nowhere.write_text("a file where the environment would go")
    run = tiny.checkpoints(folder / "runs" / "without-perturbation", seed=3) / "diemo"
    (run / "events.jsonl").write_text('{"step": 70, "minutes": 44.8}\n')
    suites = ("diemo", "diemo-ablations")
    order = Order(folder / "out", suites, corpora, folder / "runs", True, nowhere)
    return Measured(measure(order, models), order)


def measure(order: Order, models: Path) -> dict:
    settings = Settings(checkpoints=models)
    return evaluate(order, Store(models), lambda own: Studio(replace(settings, models=own)))


def test_both_engines_speak_the_same_list(measured: Measured) -> None:
    with (measured.order.out / "transfers.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows
    systems = measured.report["diemo"]["systems"]
    assert set(systems) == set(diemo.SYSTEMS)
    for system in systems.values():
        assert set(system) == {*PARTS, diemo.BY_CLIP, *diemo.KINDS}
    takes = [{part: of["takes"] for part, of in system.items()} for system in systems.values()]
    assert takes[0] == takes[1]
    assert takes[0][diemo.BY_CLIP] == sum(takes[0][part] for part in GIVEN)
    assert takes[0]["kathleen"] + takes[0]["readers"] == takes[0][diemo.BY_CLIP]


def test_what_stands_beside_is_judged_as_takes_are(measured: Measured) -> None:
    beside = measured.report["diemo"]["real"]
    assert set(beside) == {diemo.OWN, diemo.REFERENCE, diemo.KIN, diemo.STRANGER}
    assert beside[diemo.REFERENCE]["judge_similarity"]["value"] == 1
    assert beside[diemo.KIN]["judge_similarity"]["value"] < 1


def test_a_run_is_a_row_with_its_length_and_probes(measured: Measured) -> None:
    (row,) = measured.report["diemo_ablations"].values()
    assert (row["minutes"], row["steps"]) == (45, 70)
    assert set(page_diemo.PROBES) <= set(row)
    assert row["takes"] == measured.report["diemo"]["systems"][diemo.MAIN][diemo.BY_CLIP]["takes"]


def test_probes_of_embeddings_stand_beside_each_other(measured: Measured) -> None:
    found = measured.report["diemo_probes"]
    for name in ("diemo", "recognizer", "speaker_embedding", "functionals"):
        of_emotion = {f"emotion_of_unheard{corpus}" for corpus in ("", "_ravdess", "_emodb")}
        assert set(found[name]) == {"speaker", "speaker_of_readers", *of_emotion}
        assert found[name]["speaker_of_readers"]["labels"] == ["librispeech-121", "librispeech-260"]


def test_a_report_has_goals_tables_and_pictures(measured: Measured) -> None:
    names = {goal["name"] for goal in measured.report["goals"]}
    assert "DiEmo: emotion that a probe reads" in names
    assert "DiEmo: a clip's emotion is heard, over plain takes" in names
    page = render(measured.report)
    console = "\n".join(map(tables.text, page_diemo.tables(measured.report, tables.brief)))
    for text in (page, console):
        assert "published: no perturbation" in text
        assert "0.453" in text
        assert "without-perturbation" in text
        assert diemo.STRANGER in text
    assert "emotion of the clip against heard by the judge" in page


def test_takes_stay_and_recordings_go(measured: Measured, corpora: Path) -> None:
    sounds = list(measured.order.out.rglob("*.wav"))
    assert sounds
    real = {file.read_bytes() for file in corpora.rglob("*.wav")}
    assert not real & {file.read_bytes() for file in sounds}


def test_an_order_without_recordings_or_runs_is_refused(measured: Measured, models: Path) -> None:
    for suite in measured.order.suites:
        order = replace(measured.order, suites=(suite,))
        with pytest.raises(ValueError, match="needs --corpora"):
            measure(replace(order, corpora=None), models)
    with pytest.raises(ValueError, match="'diemo-ablations' needs --runs"):
        measure(replace(order, runs=None), models)
    with pytest.raises(ValueError, match="no finished RUN/diemo"):
        measure(replace(order, runs=order.out), models)


def probed(emotion: float, speaker: float) -> dict:
    return {
        "emotion_of_unheard": {"value": emotion, "chance": 0.125},
        "speaker": {"value": speaker, "chance": 0.1},
    }


@pytest.mark.parametrize(
    ("emotion", "speaker", "met"),
    [(0.55, 0.2, [True, True]), (0.54, 0.2, [False, True]), (0.55, 0.21, [True, False])],
)
def test_emotion_may_lie_five_points_under_the_recognizer_and_speakers_at_twice_chance(
    emotion: float, speaker: float, met: list[bool]
) -> None:
    report = {"diemo_probes": {"diemo": probed(emotion, speaker), "recognizer": probed(0.6, 0.5)}}
    assert [goal["met"] for goal in goals(report)] == met
