"""What the two nets that hear emotion share: how clips are drawn and what their labels can mean."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from emostudio.data.features import Row

ACTED = ("emodb", "ravdess")


def weights(rows: Sequence[Row], read_share: float) -> np.ndarray:
    """Sampling weights (n_rows,): every acted emotion as often, every reader as often."""
    acted = Counter(row.emotion for row in rows if row.corpus in ACTED)
    readers = Counter(row.speaker for row in rows if row.corpus not in ACTED)
    drawn = np.array(
        [
            (1 - read_share) / len(acted) / acted[row.emotion]
            if row.corpus in ACTED
            else read_share / len(readers) / readers[row.speaker]
            for row in rows
        ]
    )
    return drawn / drawn.sum()


def absent(rows: Sequence[Row], emotions: Sequence[str]) -> dict[str, np.ndarray]:
    """By corpus, which emotions (n_emotions,) it does not act: its clips can't mean them."""
    known: dict[str, set[str]] = {}
    for row in rows:
        known.setdefault(row.corpus, set()).add(row.emotion)
    return {
        corpus: np.array([corpus in ACTED and name not in names for name in emotions])
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
