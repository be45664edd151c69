"""How a voice moves: copies, and changes by a known amount."""

import numpy as np
import pytest

from emostudio.evaluation import manners
from tests.speech import vowels

TEXT = "We are all away."


def moved(wav: np.ndarray) -> tuple[float, ...]:
    plain = manners.mean([manners.manners(vowels(140, 3.0, level=0.1), TEXT)])
    return manners.moves(manners.mean([manners.manners(wav, TEXT)]), plain)


def test_a_copy_moves_nothing_and_a_known_change_is_measured() -> None:
    assert moved(vowels(140, 3.0, level=0.1)) == (0, 0, 0, 0)
    assert moved(vowels(280, 3.0, level=0.1))[0] == pytest.approx(12, abs=0.7)
    assert moved(vowels(140, 3.0, level=0.2))[3] == pytest.approx(6.02, abs=0.1)


def test_directions_are_right_only_where_signs_agree() -> None:
    assert manners.as_acted("angry", (2.0, 0.5, -1.0, 3.0)) == [True] * 4
    assert manners.as_acted("angry", (-2.0, 0.5, 1.0, 3.0)) == [False, True, False, True]
    assert manners.as_acted("sad", (1.0, 9.0, -1.0, 9.0)) == [True, None, True, None]


def test_silence_has_no_manners_and_no_take_with_a_voice_is_said() -> None:
    assert manners.manners(np.zeros(16_000, np.float32), TEXT) is None
    with pytest.raises(ValueError, match="does not speak yet"):
        manners.mean([None])


def test_the_noise_floor_is_that_of_the_pauses() -> None:
    tone = 0.3 * np.sin(np.arange(16_000) / 10)
    noise = np.random.default_rng(0).normal(size=8000)
    quiet, loud = (np.concatenate([tone, level * noise]) for level in (0.001, 0.01))
    rise = manners.noise_floor_db(loud) - manners.noise_floor_db(quiet)
    assert rise == pytest.approx(20, abs=1)
