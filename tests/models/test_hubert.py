"""Truths of HuBERT's units that hold for any weights, so random ones do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from emostudio.audio import torchaudio_door
from emostudio.audio.mel import HOP
from emostudio.models import checkpoint
from emostudio.models.content import unit_frames
from emostudio.models.hubert import FILE, HubertConfig, HubertContent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights as a user has them, 380 MB of chance."""
    folder = tmp_path_factory.mktemp("hubert")
    torch.manual_seed(0)
    torch.save(torchaudio_door.part("models").hubert_base().state_dict(), folder / FILE)
    return folder


@pytest.fixture
def content(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubertContent]:
    monkeypatch.setenv("EMOSTUDIO_HUBERT", str(folder))
    torch.manual_seed(1)
    net = HubertContent(HubertConfig.tiny()).eval()
    with torch.inference_mode():
        features = net.features(torch.randn(1, 40 * HOP))[0]
        net.inventory.fill(features, features[:24:2])
        yield net


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [2 * HOP, 62 * HOP, 63 * HOP, 64 * HOP + 100])
def test_there_are_as_many_units_as_our_own_encoder_has(
    content: HubertContent, n_samples: int
) -> None:
    units = content.units(torch.randn(2, n_samples))
    assert units.ids.shape == (2, unit_frames(n_samples // HOP), 2)
    assert torch.allclose(units.shares.sum(-1), torch.ones(units.shares.shape[:2]))


@pytest.mark.slow
def test_level_does_not_change_what_hubert_hears(content: HubertContent) -> None:
    wav = torch.randn(1, 40 * HOP)
    assert torch.allclose(content.features(wav), content.features(0.1 * wav), atol=1e-2)


@pytest.mark.slow
def test_a_checkpoint_holds_the_inventory_alone(content: HubertContent, tmp_path: Path) -> None:
    assert set(content.state_dict()) == {"inventory.centroids", "inventory.spread"}
    checkpoint.save(content, tmp_path)
    assert (tmp_path / "model.safetensors").stat().st_size < 100_000
    loaded, wav = checkpoint.load(HubertContent, tmp_path), torch.randn(1, 30 * HOP)
    assert torch.equal(loaded.units(wav).ids, content.units(wav).ids)


def test_weights_that_are_not_there_are_said_in_words(tmp_path: Path) -> None:
    net = HubertContent(HubertConfig.tiny())
    for source in (tmp_path, tmp_path / "hubert.pth"):
        net.source = str(source)
        with pytest.raises(ValueError, match=f"EMOSTUDIO_HUBERT is '{source}'.*{FILE}"):
            net.units(torch.randn(1, 20 * HOP))
    (tmp_path / FILE).write_bytes(b"not weights")
    with pytest.raises(ValueError, match="holds no HuBERT-base"):
        net.units(torch.randn(1, 20 * HOP))
    torch.save({"weight": torch.zeros(1)}, tmp_path / FILE)
    with pytest.raises(ValueError, match="holds no HuBERT-base"):
        net.units(torch.randn(1, 20 * HOP))


def test_without_weights_and_network_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("EMOSTUDIO_HUBERT", raising=False)
    with pytest.raises(ValueError, match="can't be downloaded now; set EMOSTUDIO_HUBERT"):
        HubertContent(HubertConfig.tiny()).units(torch.randn(1, 20 * HOP))
