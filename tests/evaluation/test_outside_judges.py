"""The outside judges: what they count, and that a missing one is named."""

from pathlib import Path

import numpy as np

from emostudio.evaluation import environment, outside_judges
from emostudio.evaluation.manners import log_f0_error
from emostudio.evaluation.outside_judges import edits, words
from tests.speech import vowels


def test_words_are_counted_wrong_as_they_are() -> None:
    said = words("He wrote three long letters, and never sent them.")
    assert edits(said, said) == 0
    assert edits(said, []) == len(said)
    assert edits(said, words("he wrote long long letters and never sent them all")) == 2


def test_where_no_environment_can_be_made_every_judge_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "environment"
    taken.write_text("a file where the environment would go")
    verdict = environment.judge([], [], taken)
    assert set(verdict.missing) == set(outside_judges.JUDGES)
    assert all(verdict.missing.values())
    assert not verdict.sounds


def test_an_environment_made_for_other_judges_is_made_anew(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    (tmp_path / "ready").write_text("other judges")
    calls: list[Path] = []

    def create(folder: Path, **_: object) -> None:
        calls.append(folder)
        raise OSError("no room")

    real, environment.venv.create = environment.venv.create, create
    try:
        environment.judge([], [], tmp_path)
    finally:
        environment.venv.create = real
    assert calls == [tmp_path]


def test_the_pitch_of_a_copy_is_right_and_an_octave_is_log_two() -> None:
    low, high = vowels(140, 2.0), vowels(280, 2.0)
    path = [[t, t] for t in range(120)]
    assert log_f0_error(low, low, path) == 0
    error = log_f0_error(high, low, path)
    assert error is not None
    assert abs(error - np.log(2)) < 0.05
    assert log_f0_error(low, np.zeros_like(low), path) is None
