"""The content encoder learns, and a pack holds the units of its recordings."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emostudio.data.features import Pack, pack
from emostudio.models import checkpoint
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.content import ContentConfig, ContentEncoder, Inventory, unit_frames
from emostudio.models.hubert import FILE, HubertContent
from emostudio.training import recipes
from emostudio.training.aligner import align
from emostudio.training.content import ContentRecipe, PackedUnits, fill, quantize
from tests.speech import corpora


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("speech")
    pack(corpora(root / "corpora"), root / "pack", processes=1)
    torch.manual_seed(0)
    align(PhonemeNet(AlignerConfig.tiny()).eval(), root / "pack")
    return root / "pack"


def test_the_loss_falls_on_one_batch_and_batches_are_repeatable(folder: Path) -> None:
    torch.manual_seed(0)
    recipe = ContentRecipe(ContentConfig.tiny(), Pack.open(folder))
    batch, again = (recipe.batch(3, 4, 0, 0) for _ in range(2))
    assert all(torch.equal(batch[key], again[key]) for key in batch)
    optimizer = torch.optim.Adam(recipe.parameters(), 3e-3)
    losses = []
    for _ in range(15):
        loss = recipe(batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


def test_an_inventory_finds_the_clusters_that_there_are() -> None:
    generator = torch.Generator().manual_seed(0)
    centers = 10 * torch.randn(6, 4, generator=generator)
    clips = [centers + 0.1 * torch.randn(6, 4, generator=generator) for _ in range(50)]
    inventory = Inventory(6, 4, 1)
    fill(inventory, iter(clips), 300)
    assert torch.cdist(centers, inventory.centroids).amin(1).max() < 0.1
    assert inventory.spread == pytest.approx(4 * 0.01, rel=0.3)


def test_of_many_frames_those_are_clustered_that_lie_evenly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("emostudio.training.content.CLUSTERED_FRAMES", 4)
    frames = torch.arange(22.0)[:, None]
    inventory = Inventory(5, 1, 1)
    fill(inventory, iter(frames.split([3, 9, 1, 9])), 22)
    assert sorted(inventory.centroids[:, 0].tolist()) == [0, 5, 10, 15, 20]


def test_a_pack_s_units_are_those_of_its_clips(folder: Path) -> None:
    torch.manual_seed(0)
    net = ContentEncoder(ContentConfig.tiny()).eval()
    quantize(net, folder)
    data = Pack.open(folder)
    units = PackedUnits.open(data, folder)
    for row in data.rows[::3]:
        ids, shares = units.of(row, 0, row.n_frames)
        assert len(ids) == unit_frames(row.n_frames)
        with torch.inference_mode():
            wanted = net.inventory(net.at_unit_rate(torch.from_numpy(data.mel_of(row))[None]))
        assert np.array_equal(ids, wanted.ids[0])
        assert np.allclose(shares, wanted.shares[0], atol=1e-3)
        part, _ = units.of(row, 20, 60)
        assert np.array_equal(part, ids[16:48])


def test_units_that_were_not_made_or_are_of_other_clips_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    data = Pack.open(folder)
    with pytest.raises(ValueError, match="run 'train content' first"):
        PackedUnits.open(data, tmp_path)
    with pytest.raises(ValueError, match="run 'train content-hubert' first"):
        PackedUnits.open(data, tmp_path, "hubert")
    for name in ("units", "unit_shares"):
        np.save(tmp_path / f"{name}.npy", np.zeros((7, 1)))
    with pytest.raises(ValueError, match="are of other recordings"):
        PackedUnits.open(data, tmp_path)


@pytest.mark.slow
def test_hubert_s_units_stand_beside_our_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emostudio.audio import torchaudio_door

    torch.manual_seed(0)
    torch.save(torchaudio_door.part("models").hubert_base().state_dict(), tmp_path / FILE)
    monkeypatch.setenv("EMOSTUDIO_HUBERT", str(tmp_path))
    quantize(ContentEncoder(ContentConfig.tiny()).eval(), folder)
    run = tmp_path / "runs" / "hubert"
    recipes.train("content-hubert", data=folder, run=run, max_steps=1)
    data = Pack.open(folder)
    ours, theirs = PackedUnits.open(data, folder), PackedUnits.open(data, folder, "hubert")
    assert ours.ids.shape[1] == ContentConfig.tiny().n_nearest
    assert theirs.ids.shape == (len(ours.ids), 1)
    assert (theirs.shares == 1).all()
    net = checkpoint.Store(tmp_path / "shipped", str(tmp_path / "runs")).load(HubertContent)
    row = data.rows[0]
    with torch.inference_mode():
        heard = net.units(torch.from_numpy(data.wav_of(row))[None]).ids[0, :, 0].numpy()
    ids, _ = theirs.of(row, 0, row.n_frames)
    assert (heard == ids[:, 0]).mean() > 0.95  # centroids are kept in half precision
