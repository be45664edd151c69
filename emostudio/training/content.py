"""Recipe of the content encoder, and the pass that writes units into a pack."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.alignment import classes_of
from emostudio.models.blocks import lengths_to_mask
from emostudio.models.content import ContentConfig, ContentEncoder, Inventory, Units
from emostudio.training.loop import Recipe
from emostudio.training.ser import shake_bands, shake_channel

CROP = 160
CLUSTERED_FRAMES = 50_000
# Acted corpora have two and ten sentences: without a limit their words would pass for emotion.
FACTORS = {"ravdess": 1.5, "emodb": 1.3}


class ContentRecipe(Recipe[ContentEncoder]):
    """Cross-entropy on the aligner's phonemes, through voices and channels that vary."""

    def __init__(self, config: ContentConfig, data: Pack) -> None:
        """Prepare the net."""
        super().__init__()
        self.export = ContentEncoder(config)
        self._data = data
        self._rows = list(data.select("train"))
        self._weights = batches.corpus_weights(self._rows, power=0.7, **FACTORS)

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Crops of mels and the phoneme class of each frame."""
        rng = batches.step_rng(seed, step, rank)
        mels, labels = [], []
        for row in batches.choose(rng, self._rows, self._weights, batch_size):
            window = batches.crop(rng, row.n_frames, CROP)
            mel = shake_channel(rng, shake_bands(rng, self._data.mel_of(row)[:, window]))
            classes = np.repeat(classes_of(self._data.tokens_of(row)), self._data.durations_of(row))
            mels.append(mel.astype(np.float32))
            labels.append(classes[window].astype(np.int64))
        return {
            "mel": batches.pad(mels),
            "mel_lengths": batches.lengths(mels),
            "labels": batches.pad(labels),
        }

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """Cross-entropy and accuracy over frames."""
        mask = lengths_to_mask(batch["mel_lengths"], batch["mel"].shape[-1])
        log_probs = self.export(batch["mel"], mask)
        kept = mask[:, 0].float()
        loss = F.nll_loss(log_probs.transpose(1, 2), batch["labels"], reduction="none")
        right = (log_probs.argmax(-1) == batch["labels"]).float()
        return {
            "loss": (loss * kept).sum() / kept.sum(),
            "accuracy": (right * kept).sum() / kept.sum(),
        }


@torch.inference_mode()
def quantize(net: ContentEncoder, folder: Path, *, seed: int = 0) -> None:
    """Fill the net's inventory by k-means over training clips, then write all units into a pack."""
    data = Pack.open(folder)
    train = [row for row in data.rows if row.split == "train"]
    fill(net.inventory, (features for _, features in _features(net, data, train)), seed=seed)
    write_units(
        folder, (net.inventory(features[None]) for _, features in _features(net, data, data.rows))
    )


def fill(inventory: Inventory, clips: Iterator[Tensor], *, seed: int = 0) -> None:
    """K-means over frames (T, D) of clips, drawn evenly."""
    from scipy.cluster.vq import kmeans2

    frames = torch.cat(list(clips))
    frames = frames[:: max(1, len(frames) // CLUSTERED_FRAMES)]
    n_units = len(inventory.centroids)
    centroids, _ = kmeans2(frames.numpy(), n_units, iter=20, minit="++", seed=seed)  # pyright: ignore
    inventory.fill(frames, torch.from_numpy(centroids).float())


def write_units(folder: Path, found: Iterator[Units]) -> None:
    """Write units (1, T50, K) of all rows, in order, into the pack in `folder`."""
    ids, shares = zip(*((u.ids[0].numpy(), u.shares[0].numpy()) for u in found), strict=True)
    np.save(folder / "units.npy", np.concatenate(ids).astype(np.int16))
    np.save(folder / "unit_shares.npy", np.concatenate(shares).astype(np.float16))


def _features(
    net: ContentEncoder, data: Pack, rows: list[Row] | tuple[Row, ...]
) -> Iterator[tuple[Row, Tensor]]:
    for row in rows:
        yield row, net.at_unit_rate(torch.from_numpy(data.mel_of(row))[None])[0]
