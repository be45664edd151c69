"""Truths of the aligner: paths are monotonic, complete, and find what is there."""

import numpy as np
import pytest
import torch

from emostudio.models.alignment import (
    AlignerConfig,
    PhonemeNet,
    best_path,
    classes_of,
    emission_of,
    occupancy,
)
from emostudio.text.phonemes import N_STRESSES, SYMBOLS

# ^ a t ' ' n $
TOKENS = np.array([SYMBOLS.index(s) * N_STRESSES for s in ("^", "a", "t", " ", "n", "$")])


def emission_for(durations: list[int], sureness: float = 5.0) -> np.ndarray:
    """Emissions that speak for tokens lasting so many frames."""
    token = np.repeat(np.arange(len(durations)), durations)
    emission = np.full((len(token), len(durations)), -sureness)
    emission[np.arange(len(token)), token] = 0
    return emission


@pytest.mark.parametrize("durations", [[2, 5, 3, 0, 4, 1], [0, 2, 2, 3, 2, 0], [1, 9, 2, 1, 2, 6]])
def test_the_best_path_finds_what_was_said(durations: list[int]) -> None:
    assert best_path(emission_for(durations), TOKENS).tolist() == durations


def test_a_path_spends_every_frame_and_leaves_out_no_phoneme() -> None:
    noise = np.random.default_rng(0).normal(size=(40, len(TOKENS)))
    durations = best_path(noise, TOKENS)
    assert durations.sum() == 40
    assert (durations[[1, 2, 4]] >= 2).all()


def test_too_few_frames_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="does not hold all of its text"):
        best_path(np.zeros((2, len(TOKENS))), TOKENS)


def test_shares_of_a_frame_sum_to_one_and_agree_with_a_sure_path() -> None:
    durations = [2, 5, 3, 0, 4, 1]
    share = occupancy(emission_for(durations, 20.0), TOKENS)
    assert np.allclose(share.sum(1), 1)
    assert (share.argmax(1) == np.repeat(np.arange(6), durations)).all()


def test_unsure_shares_hold_every_path() -> None:
    tokens = TOKENS[[0, 1, 5]]
    share = occupancy(np.zeros((4, 3)), tokens)
    # The phoneme's two states last at least a frame each, ^ and $ any number: ten paths, six of
    # which leave ^ out.
    assert share[0, 1] == pytest.approx(6 / 10)


def test_a_loud_boundary_costs() -> None:
    n_frames = 20
    mel = np.full((80, n_frames), -9.0, np.float32)
    mel[:, 5:15] = -3.0
    log_probs = np.zeros((n_frames, 200), np.float32)
    emission = emission_of(log_probs, np.zeros(200, np.float32), TOKENS, mel)
    assert (emission[7, [0, 3, 5]] < emission[7, 1]).all()
    assert emission[1, 0] == emission[1, 1]


def test_padding_does_not_change_the_phoneme_net() -> None:
    torch.manual_seed(0)
    net = PhonemeNet(AlignerConfig.tiny()).eval()
    mel = torch.randn(1, 80, 30)
    padded = torch.nn.functional.pad(mel, (0, 9), value=7.0)
    mask = torch.nn.functional.pad(torch.ones(1, 1, 30, dtype=torch.bool), (0, 9))
    assert torch.allclose(net(mel), net(padded, mask)[:, :30], atol=1e-5)


def test_all_boundaries_are_one_class() -> None:
    classes = classes_of(TOKENS)
    assert classes[[0, 3, 5]].tolist() == [0, 0, 0]
    assert len(set(classes[[1, 2, 4]].tolist())) == 3
