"""The suite is given known answers: copies, changes by a known amount, wrong words."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emostudio import Settings, Studio
from emostudio.evaluation import speak
from emostudio.evaluation.outside_judges import word_errors, words
from emostudio.evaluation.report import evaluate
from emostudio.values import Clip, Take
from tests import tiny
from tests.speech import vowels


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(Settings(checkpoints=tiny.checkpoints(tmp_path_factory.mktemp("models"))))


@pytest.fixture(scope="module")
def take(studio: Studio) -> Take:
    return studio.speak("We are all away.")


def test_words_are_counted_wrong_as_they_are() -> None:
    said = words("He wrote three long letters, and never sent them.")
    assert word_errors(said, said) == 0
    assert word_errors(said, []) == len(said)
    assert word_errors(said, words("he wrote long long letters and never sent them all")) == 2


def test_a_copy_moves_nothing_and_a_known_change_is_measured(take: Take) -> None:
    plain = replace(take, clip=Clip(vowels(140, 3.0, level=0.1), 16_000))
    high = replace(take, clip=Clip(vowels(280, 3.0, level=0.1), 16_000))
    loud = replace(take, clip=Clip(vowels(140, 3.0, level=0.2), 16_000))
    base = speak.manners([plain])
    assert speak.moves(base, base) == (0, 0, 0, 0)
    assert speak.moves(speak.manners([high]), base)[0] == pytest.approx(12, abs=0.7)
    assert speak.moves(speak.manners([loud]), base)[3] == pytest.approx(6.02, abs=0.1)


def test_directions_are_right_only_where_signs_agree() -> None:
    assert speak.as_acted("angry", (2.0, 0.5, -1.0, 3.0)) == [True] * 4
    assert speak.as_acted("angry", (-2.0, 0.5, 1.0, 3.0)) == [False, True, False, True]
    assert speak.as_acted("sad", (1.0, 9.0, -1.0, 9.0)) == [True, None, True, None]


def test_a_summary_pools_words() -> None:
    rows = {
        "a": {"said": ["x"] * 9, "heard": [], "errors": 0, "p808": 3.0},
        "b": {"said": ["x"], "heard": [], "errors": 1, "p808": 4.0},
    }
    found = speak.summary(rows)
    assert found["word_error"] == 0.1
    assert found["p808"] == 3.5


def test_where_judges_are_missing_the_report_names_them(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio, "emotions", lambda: ("neutral", "happy", "angry"))
    taken = tmp_path / "environment"
    taken.write_text("a file where the environment would go")
    lines: list[str] = []
    evaluate(studio, tmp_path, quick=True, environment=taken, say=lines.append)
    report = json.loads((tmp_path / "report.json").read_text())
    assert "pocketsphinx" in report["emotions"]["angry"]["missing"]
    assert len(lines) == 3
    assert len(list((tmp_path / "happy").glob("*.wav"))) == 6
    assert np.isfinite(report["emotions"]["happy"]["moves"]).all()


def test_the_sentences_are_twenty_and_plain() -> None:
    sentences = speak.SENTENCES.read_text().splitlines()
    assert len(set(sentences)) == 20
    assert all(sentence.isascii() and sentence.endswith(".") for sentence in sentences)
