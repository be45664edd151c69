"""Recipe of the recognizer: acted emotions, with all that is not emotion shaken.

All English emotion here is ravdess and all read text is neutral, so level, noise floor, timbre and
rate are varied at random; else they would pass for emotion.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.training.acted import ActedRecipe, with_holes

READ_SHARE = 0.12
CROP = 188


class SerRecipe(ActedRecipe[EmotionRecognizer]):
    """The recognizer, through shaken mels."""

    def __init__(self, config: SerConfig, data: Pack) -> None:
        """Prepare the net; every training clip is heard."""
        net = EmotionRecognizer(config)
        super().__init__(net, data.select("train"), config.emotions, READ_SHARE)
        self._data = data

    def varied_mel(self, rng: np.random.Generator, row: Row) -> np.ndarray:
        """A shaken crop of the house mel."""
        mel = shake(rng, self._data.mel_of(row))
        return mel[:, batches.crop(rng, mel.shape[1], CROP)]

    def logits(self, mel: Tensor, mask: Tensor) -> Tensor:
        """What the recognizer hears."""
        return self.export(mel, mask)[0]


def shake(rng: np.random.Generator, mel: np.ndarray) -> np.ndarray:
    """Vary a mel (n_mels, T) in rate, vocal tract length, timbre and noise, not in emotion."""
    n_frames = mel.shape[1]
    times = np.linspace(0, n_frames - 1, round(n_frames * rng.uniform(0.9, 1.1)))
    mel = shake_bands(rng, _read_at(mel, times, axis=1))
    return with_holes(rng, shake_channel(rng, mel), bands=8, frames=16)


def shake_bands(rng: np.random.Generator, mel: np.ndarray) -> np.ndarray:
    """Vary the length of the vocal tract that a mel (n_mels, T) tells of."""
    bands = np.arange(len(mel)) * rng.uniform(0.88, 1.12) + rng.uniform(-1, 1)
    return _read_at(mel, bands.clip(0, len(mel) - 1), axis=0)


def shake_channel(rng: np.random.Generator, mel: np.ndarray) -> np.ndarray:
    """Vary what microphone, room and codec do to a mel (n_mels, T): equalizer, level, noise."""
    n_mels = len(mel)
    timbre = gaussian_filter1d(rng.normal(size=n_mels) * 9.0, 8.0)[:, None]
    mel = mel + timbre + rng.normal() * 0.3
    floor = np.percentile(mel, 99) - rng.uniform(4.5, 10.0)
    color = gaussian_filter1d(rng.normal(size=n_mels) * 8.0, 8.0)[:, None]
    mel = np.logaddexp(mel, floor + color + 0.3 * rng.normal(size=mel.shape))
    return mel.astype(np.float32)


def _read_at(mel: np.ndarray, places: np.ndarray, *, axis: int) -> np.ndarray:
    """Values between the points of one axis, by straight lines."""
    low = places.astype(int)
    high = np.minimum(low + 1, mel.shape[axis] - 1)
    share = np.expand_dims(places - low, 1 - axis).astype(np.float32)
    return mel.take(low, axis) * (1 - share) + mel.take(high, axis) * share
