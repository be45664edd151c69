"""Batches from a pack: which utterances a step sees, crops and padding."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from emostudio.data.features import Row


def step_rng(seed: int, step: int, rank: int) -> np.random.Generator:
    """The source of all choices of a step; the same arguments give the same choices."""
    return np.random.default_rng([seed, step, rank])


def choose(rng: np.random.Generator, rows: list[Row], weights: np.ndarray, n: int) -> list[Row]:
    """Draw `n` rows by weight (n_rows,), which sums to one."""
    return [rows[place] for place in rng.choice(len(rows), size=n, p=weights)]


def corpus_weights(rows: Sequence[Row], power: float = 0.5, **factors: float) -> np.ndarray:
    """Sampling weights (n_rows,): a corpus counts by its frames to a power, times its factor.

    A power below one keeps small emotional corpora from drowning among read speech.
    """
    frames: dict[str, int] = {}
    for row in rows:
        frames[row.corpus] = frames.get(row.corpus, 0) + row.n_frames
    weights = np.array(
        [
            row.n_frames
            / frames[row.corpus]
            * frames[row.corpus] ** power
            * factors.get(row.corpus, 1.0)
            for row in rows
        ]
    )
    return weights / weights.sum()


def by_name(items: Iterable[dict[str, np.ndarray]]) -> dict[str, list[np.ndarray]]:
    """What the items of a batch hold, name by name."""
    found: dict[str, list[np.ndarray]] = {}
    for item in items:
        for name, value in item.items():
            found.setdefault(name, []).append(value)
    return found


def pad(items: list[np.ndarray]) -> Tensor:
    """Stack arrays (..., T_i) into (B, ..., T), zeros after each item's end."""
    length = max(item.shape[-1] for item in items)
    out = np.zeros((len(items), *items[0].shape[:-1], length), items[0].dtype)
    for place, item in enumerate(items):
        out[place, ..., : item.shape[-1]] = item
    return torch.from_numpy(out)


def lengths(items: list[np.ndarray]) -> Tensor:
    """Lengths (B,) of the last axes."""
    return torch.tensor([item.shape[-1] for item in items])


def crop(rng: np.random.Generator, n_frames: int, length: int) -> slice:
    """A random window of `length` frames, or all frames of a shorter item."""
    start = int(rng.integers(0, max(1, n_frames - length + 1)))
    return slice(start, min(n_frames, start + length))
