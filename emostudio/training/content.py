"""Recipe of the content encoder, the pass that writes units into a pack, and their reading."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models import checkpoint
from emostudio.models.alignment import classes_of
from emostudio.models.blocks import lengths_to_mask
from emostudio.models.content import ContentConfig, ContentEncoder, Inventory, Units, unit_frames
from emostudio.models.hubert import HubertContent
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
        self._rows = list(data.select("train", worded=True))
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
def quantize(net: ContentEncoder | HubertContent, folder: Path, *, seed: int = 0) -> None:
    """Fill the net's inventory by k-means over training clips, then write all units into a pack."""
    data = Pack.open(folder)
    train = data.select("train")
    n_frames = sum(unit_frames(row.n_frames) for row in train)
    fill(net.inventory, (_features(net, data, row) for row in train), n_frames, seed=seed)
    add_units(net, folder)


@torch.inference_mode()
def add_units(net: ContentEncoder | HubertContent, folder: Path) -> None:
    """Write all units into a pack, by the net's inventory as it is."""
    data = Pack.open(folder)
    found = (net.inventory(_features(net, data, row)[None]) for row in data.rows)
    content = checkpoint.NETS[type(net)][0]
    write_units(folder, found, content)
    note = _file(folder, content, "units").with_suffix(".json")
    note.write_text(json.dumps({"inventory": net.inventory.fingerprint()}), encoding="utf-8")


def fill(inventory: Inventory, clips: Iterator[Tensor], n_frames: int, *, seed: int = 0) -> None:
    """K-means over frames (T, D) of clips, drawn evenly from all `n_frames`."""
    from scipy.cluster.vq import kmeans2

    step, place, kept = max(1, n_frames // CLUSTERED_FRAMES), 0, []
    for clip in clips:
        kept.append(clip[-place % step :: step].clone())
        place += len(clip)
    frames = torch.cat(kept)
    n_units = len(inventory.centroids)
    centroids, _ = kmeans2(frames.numpy(), n_units, iter=20, minit="++", seed=seed)  # pyright: ignore
    inventory.fill(frames, torch.from_numpy(centroids).float())


def write_units(folder: Path, found: Iterator[Units], content: str) -> None:
    """Write units (1, T50, K) of all rows, in order, into a pack; each content has its own."""
    ids, shares = zip(*((u.ids[0].numpy(), u.shares[0].numpy()) for u in found), strict=True)
    np.save(_file(folder, content, "units"), np.concatenate(ids).astype(np.int16))
    np.save(_file(folder, content, "unit_shares"), np.concatenate(shares).astype(np.float16))


@dataclass(frozen=True)
class PackedUnits:
    """The units of all rows of a pack, and the fingerprint of the inventory that they are of."""

    ids: np.ndarray
    shares: np.ndarray
    starts: dict[str, int]
    inventory: str = ""

    @classmethod
    def open(cls, data: Pack, folder: Path, content: str = "content") -> "PackedUnits":
        """Read those of our own encoder (`content`) or of `hubert`.

        Raises:
            ValueError: they were not made yet, or for other recordings.
        """
        recipe = "content" if content == "content" else f"content-{content}"
        if not _file(folder, content, "units").is_file():
            raise ValueError(f"{folder} holds no content units; run 'train {recipe}' first.")
        starts, place = {}, 0
        for row in data.rows:
            starts[row.name] = place
            place += unit_frames(row.n_frames)
        ids, shares = (np.load(_file(folder, content, name)) for name in ("units", "unit_shares"))
        if len(ids) != place:
            raise ValueError(
                f"The content units in {folder} are of other recordings; run 'train {recipe}' anew."
            )
        note = _file(folder, content, "units").with_suffix(".json")
        known = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
        return cls(ids, shares, starts, known.get("inventory", ""))

    def of(self, row: Row, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Units (T50, K) and shares of mel frames from `start`, which is a multiple of five."""
        first = self.starts[row.name] + start * 4 // 5
        last = self.starts[row.name] + min(-(-stop * 4 // 5), unit_frames(row.n_frames))
        return self.ids[first:last], self.shares[first:last]


def _file(folder: Path, content: str, name: str) -> Path:
    return folder / (f"{name}.npy" if content == "content" else f"{content}_{name}.npy")


def _features(net: ContentEncoder | HubertContent, data: Pack, row: Row) -> Tensor:
    if isinstance(net, HubertContent):
        return net.features(torch.from_numpy(data.wav_of(row))[None])[0]
    return net.at_unit_rate(torch.from_numpy(data.mel_of(row))[None])[0]
