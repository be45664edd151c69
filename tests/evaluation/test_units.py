"""Units that are phones tell everything, units drawn by lot nothing."""

import numpy as np
import pytest
import torch

from emostudio.evaluation import units
from emostudio.evaluation.real import Recordings
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from tests import tiny
from tests.speech import corpora

PHONES = np.random.default_rng(0).integers(0, 8, 20_000)


def test_units_that_are_phones_are_pure_and_tell_all_of_their_entropy() -> None:
    found = units.figures((PHONES + 3) % 8, PHONES)
    assert found["phone_purity"] == found["unit_purity"] == 1
    assert found["mutual_information"] == found["phone_entropy"] == pytest.approx(3, abs=0.01)
    assert found["phone_entropy_given_unit"] == 0
    assert found["told"] == 1


def test_units_drawn_by_lot_tell_nothing() -> None:
    found = units.figures(np.random.default_rng(1).permutation(PHONES), PHONES)
    assert found["phone_purity"] == pytest.approx(1 / 8, abs=0.02)
    assert found["told"] == pytest.approx(0, abs=0.01)
    assert found["phone_entropy_given_unit"] == pytest.approx(found["phone_entropy"], abs=0.01)


def test_a_unit_for_each_half_of_a_phone_is_pure_though_no_phone_has_one_unit() -> None:
    halves = 2 * PHONES + np.random.default_rng(2).integers(0, 2, len(PHONES))
    found = units.figures(halves, PHONES)
    assert found["phone_purity"] == 1
    assert found["unit_purity"] == pytest.approx(0.5, abs=0.05)
    assert found["units_used"] == 16


def test_one_unit_for_everything_leaves_all_entropy() -> None:
    found = units.figures(np.zeros_like(PHONES), PHONES)
    assert found["told"] == 0
    assert found["units_used"] == 1


def test_phones_are_read_where_units_lie() -> None:
    # Five mel frames of 16 ms are four units of 20 ms.
    classes = np.repeat([1, 2, 3], 5)
    assert units.at_units(classes, 12).tolist() == np.repeat([1, 2, 3], 4).tolist()


def test_units_of_real_clips_are_measured_on_frames_and_on_speech(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    torch.manual_seed(0)
    real = Recordings.of(corpora(tmp_path_factory.mktemp("speech") / "corpora"))
    aligner = PhonemeNet(AlignerConfig.tiny()).eval()
    found = units.measure(tiny.content(), aligner, real, quick=True)
    assert found["clips"] == 8  # of dev speakers
    assert 0 < found["speech"]["frames"] <= found["all"]["frames"]
    for figures in (found["all"], found["speech"]):
        assert 0 <= figures["told"] <= 1
