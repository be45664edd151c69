"""Truths of content units, at sizes a test can run."""

import pytest
import torch

from emostudio.audio.mel import HOP, log_mel
from emostudio.models.content import (
    UNIT_HOP,
    ContentConfig,
    ContentEncoder,
    Inventory,
    unit_frames,
)
from tests import tiny
from tests.speech import vowels

# Five mel frames are four units: by so many samples a delay moves both by whole ones.
WHOLE = 5 * HOP


@pytest.fixture
def encoder() -> ContentEncoder:
    torch.manual_seed(0)
    return tiny.content()


def test_shares_sum_to_one_and_the_nearest_unit_comes_first() -> None:
    torch.manual_seed(0)
    inventory, features = Inventory(12, 8, 3), torch.randn(2, 30, 8)
    inventory.fill(features[0], torch.randn(12, 8))
    units = inventory(features)
    assert torch.allclose(units.shares.sum(-1), torch.ones(2, 30))
    assert (units.shares.diff(dim=-1) <= 0).all()
    distances = torch.cdist(features, inventory.centroids.expand(2, -1, -1))
    assert torch.equal(units.ids[..., 0], distances.argmin(-1))


def test_a_centroid_is_its_own_unit() -> None:
    inventory = Inventory(5, 4, 1)
    inventory.fill(torch.randn(20, 4), torch.eye(5, 4))
    units = inventory(inventory.centroids[None])
    assert units.ids[0, :, 0].tolist() == [0, 1, 2, 3, 4]
    assert (units.shares == 1).all()


@pytest.mark.parametrize("n_frames", [2, 5, 61, 62, 63, 64])
def test_there_are_as_many_units_as_are_counted(encoder: ContentEncoder, n_frames: int) -> None:
    units = encoder.units(torch.randn(2, n_frames * HOP))
    assert units.ids.shape == (2, unit_frames(n_frames), 2)


def test_units_of_a_delayed_sound_are_the_units_delayed(encoder: ContentEncoder) -> None:
    wav = torch.zeros(1, 40 * WHOLE)
    speech = torch.from_numpy(vowels(seconds=1.5))
    wav[0, 5 * WHOLE : 5 * WHOLE + len(speech)] = speech
    units = encoder.units(wav)
    for k in (4, 12, 20):
        later = encoder.units(wav.roll(k * UNIT_HOP, dims=-1))
        kept = slice(10, -30)  # what lies at the ends sees them
        assert torch.equal(later.ids.roll(-k, dims=1)[:, kept], units.ids[:, kept])
        assert torch.allclose(
            later.shares.roll(-k, dims=1)[:, kept], units.shares[:, kept], atol=1e-4
        )


def test_level_does_not_change_units(encoder: ContentEncoder) -> None:
    wav = torch.randn(1, 60 * HOP, generator=torch.Generator().manual_seed(0))
    loud, soft = encoder.units(wav), encoder.units(0.1 * wav)
    assert torch.equal(loud.ids, soft.ids)
    assert torch.allclose(loud.shares, soft.shares, atol=1e-4)


def test_padding_does_not_change_features(encoder: ContentEncoder) -> None:
    mel = torch.randn(1, 80, 40) - 5
    padded = torch.nn.functional.pad(mel, (0, 14), value=2.0)
    mask = torch.nn.functional.pad(torch.ones(1, 1, 40, dtype=torch.bool), (0, 14))
    got = encoder.features(padded, mask)[:, :40]
    assert torch.allclose(encoder.features(mel), got, atol=1e-5)
    assert torch.allclose(encoder(mel), encoder(padded, mask)[:, :40], atol=1e-5)


def test_log_probabilities_are_of_all_classes(encoder: ContentEncoder) -> None:
    found = encoder(log_mel(torch.randn(1, 20 * HOP)))
    assert torch.allclose(found.exp().sum(-1), torch.ones(1, 20), atol=1e-5)


def test_the_paper_has_as_many_units_as_zest() -> None:
    assert (ContentConfig.paper().n_units, ContentConfig.paper().n_nearest) == (100, 1)
