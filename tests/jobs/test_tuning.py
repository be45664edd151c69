"""What can be asked of a tuning, and what a worker reads of it."""

from pathlib import Path
from typing import Any

import pytest

from emostudio.jobs.tuning import STEPS, Errand, Tuning


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("base", "festival", "nothing to tune called 'festival'"),
        ("name", "Anna Smith", "small letters, digits and hyphens"),
        ("name", "-anna", "small letters, digits and hyphens"),
        ("name", "candidate", "choose another"),
        ("preset", "endless", "no preset 'endless'"),
        ("method", "half", "no method 'half'"),
        ("max_steps", -1, "Steps must be 0"),
        ("rehearsal", 1.0, "rehearsed share must be 0 to 0.9"),
        ("rehearsal", float("nan"), "rehearsed share must be 0 to 0.9"),
        ("batch_size", 5000, "batch must be 0"),
        ("learning_rate", 0.0, "factor above 0"),
        ("sample_every", -5, "every 0 or more steps"),
    ],
)
def test_what_cant_be_run_is_refused_in_words(field: str, value: Any, words: str) -> None:
    fields: dict[str, Any] = {"base": "emomix", "corpus": "c", "name": "anna"}
    with pytest.raises(ValueError, match=words):
        Tuning(**fields | {field: value})


def test_a_preset_says_how_many_steps_unless_they_are_given() -> None:
    quick, balanced, full = (
        Tuning("ser", "c", "ear", preset=preset).steps for preset in ("quick", "balanced", "full")
    )
    assert (quick, balanced, full) == STEPS["ser"]
    assert Tuning("ser", "c", "ear", preset="full", max_steps=7).steps == 7


def test_an_errand_is_read_as_it_was_written(tmp_path: Path) -> None:
    tuning = Tuning("zest", "c", "warm", rehearsal=0.5, seed=3)
    errand = Errand(tuning, tmp_path / "corpus", tmp_path / "base", tmp_path / "pack", probe=True)
    errand.write(tmp_path / "job.json")
    assert Errand.read(tmp_path / "job.json") == errand


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tuning": {"base": "zest"}}'])
def test_a_damaged_errand_is_told_as_such(tmp_path: Path, text: str) -> None:
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(ValueError, match="does not tell a job"):
        Errand.read(tmp_path / "job.json")
