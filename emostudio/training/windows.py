"""What recipes of speaking nets share: windows of an utterance, and how far off what is told is.

Each item is a window of frames with the tokens around it, enough of them that a window is encoded
about as the whole sentence would be.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emostudio.audio.pitch import fill_unvoiced
from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.alignment import classes_of
from emostudio.models.prosody import Prosody, spread

CROP = 128  # frames
WEIGHTS = {"duration": 0.3, "pitch": 5.0, "voicing": 0.5, "loudness": 0.2}


def windowed(
    rng: np.random.Generator, data: Pack, row: Row, *, context: int, pitch_mean: float
) -> dict[str, np.ndarray]:
    """Draw a window of an utterance: its mel and F0, and its tokens with `context` on each side."""
    window = batches.crop(rng, row.n_frames, CROP)
    tokens, durations = data.tokens_of(row), data.durations_of(row)
    ends = durations.cumsum()
    first = int(np.searchsorted(ends, window.start, side="right"))
    last = int(np.searchsorted(ends, window.stop - 1, side="right"))
    low, high = max(0, first - context), min(len(tokens), last + 1 + context)
    # Frames of a token that the window cuts: the place within it must stay true.
    offset = window.start - (ends[low] - durations[low])
    f0 = data.f0_of(row)
    return {
        "tokens": tokens[low:high].astype(np.int64),
        "durations": durations[low:high].astype(np.int64),
        "offset": np.array([offset], np.int64),
        "mel": data.mel_of(row)[:, window],
        "log_f0": (fill_unvoiced(f0)[window] - pitch_mean).astype(np.float32),
        "voiced": (f0[window] > 0).astype(np.float32),
        "pitch_mean": np.array([pitch_mean], np.float32),
        "classes": np.repeat(classes_of(tokens), durations)[window].astype(np.int64),
    }


def windows_of(features: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Spread token features over all frames of the tokens, then cut each item's window."""
    offset, n_frames = batch["offset"], batch["mel"].shape[-1]
    everything = spread(features, batch["durations"], int((offset + n_frames).max()))
    index = (offset + torch.arange(n_frames, device=offset.device))[:, None]
    return everything.gather(2, index.expand(-1, everything.shape[1], -1))


def prosody_losses(
    got: Prosody,
    log_durations: Tensor,
    batch: dict[str, Tensor],
    token_mask: Tensor,
    mask: Tensor,
) -> dict[str, Tensor]:
    """How far durations, F0, voicing and energy are from what was spoken; `weighed` sums them."""
    flat = mask[:, 0].float()
    durations = batch["durations"].float()
    # Poisson likelihood: exp of the output is then the mean duration, which exp of the mean
    # log duration (squared error, as the papers have it) falls short of by a quarter.
    kept = token_mask[:, 0].float()
    poisson = log_durations.exp() - durations * log_durations
    weight = flat * (0.1 + 0.9 * batch["voiced"])
    energy = batch["mel"].mean(1)
    return {
        "duration": (poisson * kept).sum() / kept.sum(),
        "pitch": ((got.log_f0 - batch["log_f0"]).square() * weight).sum() / weight.sum(),
        "voicing": F.binary_cross_entropy_with_logits(got.voiced_logit, batch["voiced"], flat),
        "loudness": ((got.energy - energy).square() * flat).sum() / flat.sum(),
    }


def weighed(losses: dict[str, Tensor]) -> Tensor:
    """The weighted sum of what `prosody_losses` gave."""
    return torch.stack([weight * losses[name] for name, weight in WEIGHTS.items()]).sum()


def distance(got: Tensor, want: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of mels (B, n_mels, T) where an item has frames."""
    return ((got - want).abs() * mask).sum() / (mask.sum() * want.shape[1])
