"""What the two nets that hear emotion share: how clips are drawn and what their labels can mean."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from emostudio.data import batches
from emostudio.data.features import Row
from emostudio.models.blocks import lengths_to_mask
from emostudio.training.drawing import DrawingRecipe
from emostudio.training.loop import Net


def acted_in(rows: Iterable[Row]) -> frozenset[str]:
    """Corpora that act: whose clips have more than one emotion."""
    known: dict[str, set[str]] = {}
    for row in rows:
        known.setdefault(row.corpus, set()).add(row.emotion)
    return frozenset(corpus for corpus, emotions in known.items() if len(emotions) > 1)


class ActedRecipe(DrawingRecipe[Net]):
    """Cross-entropy over the emotions that a clip's corpus has; every emotion is drawn as often."""

    def __init__(
        self, net: Net, rows: Sequence[Row], emotions: Sequence[str], read_share: float
    ) -> None:
        """Prepare to train `net` on those `rows` whose emotion it knows."""
        super().__init__()
        self.export = net
        self._emotions = emotions
        self._read_share = read_share
        self._acted = acted_in(rows)
        self._rows = [row for row in rows if row.emotion in emotions]
        self._weights = self.weigh(self._rows)
        self._absent = absent(self._rows, emotions, self._acted)

    def weigh(self, rows: Sequence[Row]) -> np.ndarray:
        """Every acted emotion as often, every reader as often."""
        return weights(rows, self._acted, self._read_share)

    @abstractmethod
    def varied_mel(self, rng: np.random.Generator, row: Row) -> np.ndarray:
        """A crop of a clip as a mel (n_mels, T), varied in all but emotion."""

    @abstractmethod
    def logits(self, mel: Tensor, mask: Tensor) -> Tensor:
        """What the net hears in mels (B, n_mels, T): (B, n_emotions)."""

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Varied mels, labels, and the emotions that can't be meant."""
        rng = batches.step_rng(seed, step, rank)
        rows = batches.choose(rng, self._rows, self._weights, batch_size)
        mels = [self.varied_mel(rng, row) for row in rows]
        return {
            "mel": batches.pad(mels),
            "mel_lengths": batches.lengths(mels),
            "labels": torch.tensor([self._emotions.index(row.emotion) for row in rows]),
            "absent": torch.from_numpy(np.stack([self._absent[row.corpus] for row in rows])),
        }

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """Cross-entropy and accuracy."""
        mask = lengths_to_mask(batch["mel_lengths"], batch["mel"].shape[-1])
        return losses(self.logits(batch["mel"], mask), batch["labels"], batch["absent"])


def weights(rows: Sequence[Row], corpora: Collection[str], read_share: float) -> np.ndarray:
    """Sampling weights (n_rows,) where `corpora` act: every emotion as often, every reader too."""
    acted = Counter(row.emotion for row in rows if row.corpus in corpora)
    readers = Counter(row.speaker for row in rows if row.corpus not in corpora)
    drawn = np.array(
        [
            (1 - read_share) / len(acted) / acted[row.emotion]
            if row.corpus in corpora
            else read_share / len(readers) / readers[row.speaker]
            for row in rows
        ]
    )
    return drawn / drawn.sum()


def absent(
    rows: Sequence[Row], emotions: Sequence[str], acted: Collection[str]
) -> dict[str, np.ndarray]:
    """By corpus, which emotions (n_emotions,) it does not act: its clips can't mean them.

    Clips of corpora that are not `acted` are held against every emotion.
    """
    known: dict[str, set[str]] = {}
    for row in rows:
        known.setdefault(row.corpus, set()).add(row.emotion)
    return {
        corpus: np.array([corpus in acted and name not in names for name in emotions])
        for corpus, names in known.items()
    }


def losses(
    logits: Float[Tensor, "B n_emotions"],
    labels: Int[Tensor, " B"],
    barred: Bool[Tensor, "B n_emotions"],
) -> dict[str, Tensor]:
    """Cross-entropy with labels smoothed over what can be meant, and accuracy."""
    logits = logits.float().masked_fill(barred, -20.0)
    possible = (~barred).float()
    target = 0.9 * F.one_hot(labels, logits.shape[1]).float()
    target = target + 0.1 * possible / possible.sum(1, keepdim=True)
    right = (logits.argmax(1) == labels).float().mean()
    return {"loss": F.cross_entropy(logits, target), "accuracy": right}


def with_holes(rng: np.random.Generator, mel: np.ndarray, *, bands: int, frames: int) -> np.ndarray:
    """Silence a random run of bands and one of frames (SpecAugment, arXiv:1904.08779), in place."""
    for axis, most in ((0, bands), (1, frames)):
        start, width = rng.integers(0, mel.shape[axis]), rng.integers(0, most)
        hole = [slice(None), slice(None)]
        hole[axis] = slice(start, start + width)
        mel[tuple(hole)] = mel.min()
    return mel
