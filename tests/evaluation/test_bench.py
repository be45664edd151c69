"""The bench is right about what it measures; how fast that is, a test does not ask."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emostudio import Clip, Settings, Studio
from emostudio.__main__ import main
from emostudio.engines import emomix, speaking
from emostudio.evaluation import bench, readback
from emostudio.evaluation.bench import Run
from emostudio.evaluation.bench_convert import conversions
from emostudio.evaluation.timing import Figure
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.values import Request
from tests import tiny
from tests.speech import vowels

ENTERED = [(speaking, "normalize"), (speaking, "phonemize"), (emomix, "sample")]
ENTERED += [(EmoMix, name) for name in ("encode", "predict_prosody", "prior")]
ENTERED += [(Vocoder, "forward"), (readback, "recognize"), (readback, "voice_similarity")]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(Settings(checkpoints=tiny.checkpoints(tmp_path_factory.mktemp("models"))))


def test_a_factor_is_work_without_read_back_for_a_second_of_sound() -> None:
    assert Run(3.0, 4.0, {"read-back": 1.0, "vocoder": 0.5}).real_time_factor == 0.5
    assert Run(3.0, 4.0, {}).real_time_factor == 0.75


def test_every_part_of_a_take_is_seen_and_left_as_it_was(studio: Studio) -> None:
    before = [getattr(owner, name) for owner, name in ENTERED]
    run = bench.spoken(studio, Request("We are all away."))
    assert [getattr(owner, name) for owner, name in ENTERED] == before
    parts = "text to phonemes|encoder, durations, prosody|prior|diffusion|vocoder|read-back|rest"
    assert list(run.parts_s) == parts.split("|")
    assert sum(run.parts_s.values()) == pytest.approx(run.work_s)
    assert run.sound_s == studio.speak("We are all away.").clip.duration_s


def test_parts_are_restored_after_an_error() -> None:
    before = [getattr(owner, name) for owner, name in ENTERED]

    @contextmanager
    def around(part: str) -> Iterator[None]:
        yield

    with pytest.raises(ValueError, match="broken"), bench.around_parts(around):
        assert [getattr(owner, name) for owner, name in ENTERED] != before
        raise ValueError("broken")
    assert [getattr(owner, name) for owner, name in ENTERED] == before


def test_operations_grow_with_steps(studio: Studio) -> None:
    three, six = (
        bench.diffusion_flops(studio, Request("Away.", n_timesteps=n_timesteps))
        for n_timesteps in (3, 6)
    )
    assert six == 2 * three > 0


def test_the_published_schedule_is_fourteen_evaluations() -> None:
    figure = bench.diffusion(EmoMixConfig.tiny(), "cpu", 3)
    assert len(figure.repeats) == 3
    assert "14 evaluations" in figure.note


def test_a_batch_is_as_long_as_its_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "timed", lambda work, repeats, device: (work(), 8.0)[1:] * repeats)
    figure = bench.throughput(EmoMixConfig.tiny(), VocoderConfig.tiny(), "cpu", 2)
    assert figure.repeats == (bench.BATCH * 4 / 8.0,) * 2


def test_where_espeak_is_missing_the_table_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.shutil, "which", lambda name: None)
    figure = bench.espeak("Hello.", 1)
    assert "not installed" in figure.row()
    assert figure.record()["median"] is None


def test_a_load_above_one_half_is_warned_of() -> None:
    assert bench.warning(0.5) == ""
    assert "1.70" in bench.warning(1.7)


def test_the_table_names_every_figure_of_the_json(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    # Fresh processes and full sizes take seconds; takes and conversions alone are measured here.
    def measure(studio: Studio, repeats: int) -> Iterator[Figure]:
        yield from bench.takes(studio, repeats)
        yield from conversions(studio, Clip(vowels(seconds=2.0), 16_000), repeats)

    monkeypatch.setattr(bench, "TEXTS", {4: "We are.", 30: "We are. You are."})
    monkeypatch.setattr(bench, "STEPS", (2,))
    monkeypatch.setattr(bench, "measure", measure)
    out = tmp_path / "bench.json"
    assert (
        main(["bench", "--suite", "models", "--repeats", "2", "--out", str(out)], studio=studio)
        == 0
    )
    report, table = json.loads(out.read_text(encoding="utf-8")), capsys.readouterr().out
    for name, figure in report["figures"].items():
        assert f"\n{name} " in table
        assert len(figure["repeats"]) == 2
        assert figure["median"] == pytest.approx(sum(figure["repeats"]) / 2)
    others = report["goals"].keys() - report["figures"].keys()
    assert {name for name in others if not name.startswith("map: ")} == {"peak memory"}
    assert {"cores", "threads", "torch", "load"} <= report["machine"].keys()
    assert report["figures"]["real-time factor, 4 s, 5 emotions"]["goal"] == 0.25


def test_a_row_holds_the_median_and_the_goal() -> None:
    row = Figure("first sound of 30 s", "s", (9.0, 0.5, 0.25)).row()
    assert row.split() == "first sound of 30 s 0.5 s goal 1".split()


@pytest.mark.parametrize("words", [["--repeats", "0"], ["--out", "nowhere/bench.json"]])
def test_what_could_not_be_done_is_refused_before_the_work(
    words: list[str], studio: Studio, capsys: pytest.CaptureFixture
) -> None:
    assert main(["bench", *words], studio=studio) == 2
    assert "give a number" in (said := capsys.readouterr().err) or "can't be written" in said
