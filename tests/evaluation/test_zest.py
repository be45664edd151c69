"""ZEST's table: copies fail where they must, whoever converts; judges that lack are named."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from emostudio import Clip, Settings, Studio
from emostudio.conversion import Comparison, Conversion, Converted, Tracks
from emostudio.data.corpora import Utterance
from emostudio.evaluation import page_zest, tables, zest
from emostudio.evaluation.goals import goals
from emostudio.evaluation.hearing import Heard
from emostudio.evaluation.page import render
from emostudio.evaluation.real import Recordings
from emostudio.evaluation.report import Order, evaluate
from emostudio.evaluation.zest_figures import Result, Voices, likeness, row
from emostudio.evaluation.zest_plan import SETTINGS, Pair
from emostudio.models.checkpoint import Store
from emostudio.values import EMOTIONS, Affect, Prediction
from tests import tiny
from tests.speech import SAMPLE_RATE, acting, vowels

AXES = np.eye(4)
VOICES = Voices(
    {
        "ravdess-19": {f"ravdess/19-{n}": AXES[0] for n in range(3)},
        "ravdess-01": {"ravdess/01-0": AXES[1]},
        "ravdess-20": {"ravdess/20-0": AXES[2]},
    },
    {"ravdess-19": ("ravdess-01", "ravdess-19")},
)


def clip(name: str, speaker: str, emotion: str = "neutral") -> Utterance:
    return Utterance(Path(f"{name}.wav"), "ravdess", speaker, "en", emotion, "", "dev", "A word.")


def result(emotion: str, heard: str, number: int = 0, **said: object) -> Result:
    pair = Pair("DSDT", number, clip("19-0", "ravdess-19"), clip("20-1", "ravdess-20", emotion))
    probs = {name: 0.92 if name == heard else 0.01 for name in EMOTIONS}
    return Result(pair, Heard(probs, probs, None, -70.0), (number, 10), said)


def test_the_copied_source_has_no_emotion_if_its_judge_is_perfect() -> None:
    emotions = ("angry", "happy", "sad", "surprise")
    copies = [result(emotion, "neutral") for emotion in emotions]
    shown = [result(emotion, emotion) for emotion in emotions]
    assert row(copies, VOICES)["judge_accuracy"]["value"] == 0
    assert row(shown, VOICES)["judge_accuracy"]["value"] == 1


def test_every_class_of_the_judge_counts_and_not_the_four_asked_ones() -> None:
    found = row([result("angry", "angry"), result("angry", "disgust")], VOICES)
    assert found["judge_accuracy"]["value"] == 0.5


def test_errors_are_pooled_over_phonemes_and_words() -> None:
    long = result("angry", "angry", 0, errors=0, said=["a"] * 9)
    short = result("angry", "angry", 5, errors=1, said=["a"])
    found = row([long, short], VOICES)
    assert found["word_error"]["value"] == pytest.approx(0.1)
    assert found["phoneme_error"]["value"] == pytest.approx(0.25)


def test_a_result_in_the_voice_of_its_source_ranks_first_and_in_the_references_does_not() -> None:
    for axis, first in ((0, 1), (1, 0), (2, 0)):
        found = row([result("angry", "angry", voice=AXES[axis].tolist())], VOICES)
        assert found["speaker_first"]["value"] == first
        assert found["similarity"]["value"] == first


def test_a_source_is_left_out_of_the_voice_that_its_result_is_held_against() -> None:
    lone = Voices(
        {"ravdess-19": {"ravdess/19-0": AXES[0]}, "ravdess-01": {"x": AXES[1]}}, VOICES.rivals
    )
    heard = [(AXES[0].tolist(), clip("19-0", "ravdess-19"), "ravdess-19")]
    assert likeness(heard, lone) == {}
    assert likeness(heard, VOICES)["similarity"]["value"] == 1


def test_figures_of_absent_judges_are_absent() -> None:
    assert row([], VOICES) == {}
    found = row([result("angry", "angry")], VOICES)
    assert not {"word_error", "similarity", "speaker_first", "guarded"} & set(found)


def test_the_references_contour_spans_the_source_at_the_references_pitch() -> None:
    low, high = (Clip(vowels(hertz, 2.0), SAMPLE_RATE) for hertz in (120, 240))
    long = Clip(vowels(120, 3.0), SAMPLE_RATE)
    for source, reference, hertz in ((low, high, 240), (long, low, 120)):
        times, values = zip(*zest.own_contour(source, reference), strict=True)
        assert times[0] == 0
        assert times[-1] == source.duration_s
        assert list(times) == sorted(times)
        assert np.median(values) == pytest.approx(hertz, rel=0.1)
    assert zest.own_contour(low, Clip(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE)) == ()


class Copying:
    """Gives every recording back: as good at converting as no system at all."""

    def convert(self, request: Conversion, /) -> Converted:
        heard = Prediction("neutral", {"neutral": 1.0}, Affect(0.5, 0.5, 0.5), np.zeros(1))
        back = Comparison({}, heard, heard, None, 1.0, 1.0, 0.0, request.intensity, 1.0)
        silent = Tracks(np.zeros(1), np.zeros(1))
        mel = np.zeros((80, 1))
        return Converted(request.source, request, {}, back, mel, silent, silent, None)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return acting(tmp_path_factory.mktemp("speech") / "corpora")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoints(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("judges") / "environment"
    file.write_text("a file where the environment would go")
    return file


def test_a_system_that_copies_has_the_figures_of_the_identity_copy(
    corpora: Path, models: Path, nowhere: Path, tmp_path: Path
) -> None:
    real, store = Recordings.of(corpora), Store(models)
    report, missing = zest.compare(
        lambda folder: Copying(), store, real, tmp_path, judges=nowhere, quick=True
    )
    assert set(missing) == {"words", "opinion", "voice", "cepstrum"}
    mine, copy = report["systems"][zest.MAIN], report["systems"][zest.IDENTITY]
    assert set(mine) == {*SETTINGS, zest.ALL}
    for setting in mine:
        assert mine[setting].pop("guarded")["value"] == 0
        assert mine[setting] == copy[setting]
    with (tmp_path / "conversions.csv").open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines))
    assert {line["system"] for line in found} == set(report["systems"])
    assert len(found) == len(report["systems"]) * mine[zest.ALL]["conversions"]


@dataclass(frozen=True)
class Measured:
    report: dict
    out: Path


@pytest.fixture(scope="module")
def measured(
    corpora: Path, models: Path, nowhere: Path, tmp_path_factory: pytest.TempPathFactory
) -> Measured:
    folder = tmp_path_factory.mktemp("report")
    run = tiny.checkpoints(folder / "runs" / "without-adversary", seed=3) / "zest"
    (run / "events.jsonl").write_text('{"step": 70, "minutes": 44.8}\n')
    settings = Settings(checkpoints=models)
    order = Order(folder / "out", ("zest", "units"), corpora, folder / "runs", True, nowhere)
    report = evaluate(order, Store(models), lambda folder: Studio(replace(settings, models=folder)))
    return Measured(report, order.out)


def test_systems_ablations_and_copies_are_rows(measured: Measured) -> None:
    systems = measured.report["zest"]["systems"]
    assert set(systems) == {
        zest.MAIN,
        "without-adversary",
        zest.IDENTITY,
        zest.REFERENCE,
        zest.VOCODED,
    }
    assert systems["without-adversary"][zest.ALL]["minutes"] == 45
    # Of one setting, all are of the same pairs.
    counts = {name: of["DSST"]["conversions"] for name, of in systems.items()}
    assert len(set(counts.values())) == 1
    same = systems[zest.IDENTITY]
    assert same["SSST"]["phoneme_error"] == same["DSST"]["phoneme_error"]


def test_a_report_has_goals_tables_and_pictures_of_conversion(measured: Measured) -> None:
    names = {goal["name"] for goal in measured.report["goals"]}
    assert {f"conversion {setting}: emotion is heard" for setting in SETTINGS} <= names
    assert "a copied source fails on emotion" in names
    assert "conversion: word error" not in names  # nobody counted words
    page = render(measured.report)
    console = "\n".join(map(tables.text, page_zest.tables(measured.report, tables.brief)))
    for text in (page, console):
        assert "published: no adversary" in text
        assert "0.556" in text
        assert "phone purity" in text
        assert zest.REFERENCE in text
    assert "asked against heard by the judge" in page


def test_results_stay_and_recordings_go(measured: Measured, corpora: Path) -> None:
    sounds = list(measured.out.rglob("*.wav"))
    assert len(sounds) == 2 * measured.report["zest"]["systems"][zest.MAIN]["all"]["conversions"]
    real = {file.read_bytes() for file in corpora.rglob("*.wav")}
    assert not real & {file.read_bytes() for file in sounds}


def test_conversion_reaches_its_goals_beside_real_speech() -> None:
    reached = {"judge_accuracy": {"value": 0.6}, "similarity": {"value": 0.6}}
    reached |= {"word_error": {"value": 0.5}, "speaker_first": {"value": 0.8}}
    source = {"judge_accuracy": {"value": 0.1}, "word_error": {"value": 0.36}}
    found = {"systems": {zest.MAIN: {"SSST": reached, "all": reached}}, "real": {}}
    found["systems"][zest.IDENTITY] = {"SSST": source, "all": source}
    found["systems"][zest.REFERENCE] = {"SSST": {"judge_accuracy": {"value": 0.5}}}
    for likeness_of_actors, met in ((0.64, True), (0.66, False)):
        found["real"] = {"similarity": {"value": likeness_of_actors}}
        of = {goal["name"]: goal["met"] for goal in goals({"zest": found})}
        assert of.pop("conversion: voice similarity") == met
        assert all(of.values())
    reached["judge_accuracy"] = {"value": 0.4}
    (heard,) = [goal for goal in goals({"zest": found}) if "SSST" in goal["name"]]
    assert not heard["met"]
    assert "heard in 50% of the references" in heard["why"]


def test_an_order_without_recordings_or_checkpoints_is_refused(
    models: Path, corpora: Path, tmp_path: Path
) -> None:
    def studio(folder: str) -> Studio:
        return Studio(Settings(checkpoints=models, models=folder))

    for suite in ("zest", "units"):
        with pytest.raises(ValueError, match="needs --corpora"):
            evaluate(Order(tmp_path, (suite,)), Store(models), studio)
    with pytest.raises(ValueError, match="is missing"):
        evaluate(Order(tmp_path, ("zest",), corpora), Store(tmp_path / "none"), studio)
