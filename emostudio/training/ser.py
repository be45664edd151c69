"""Recipe of the recognizer: acted emotions, with all that is not emotion shaken.

All English emotion here is ravdess and all read text is neutral, so level, noise floor, timbre and
rate are varied at random; else they would pass for emotion.
"""

from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from emostudio.data import batches
from emostudio.data.features import Pack
from emostudio.models.blocks import lengths_to_mask
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.training.loop import Recipe

ACTED = ("emodb", "ravdess")
READ = ("kathleen", "kerstin", "librispeech", "ljspeech")
READ_SHARE = 0.12
CROP = 188


class SerRecipe(Recipe[EmotionRecognizer]):
    """Cross-entropy over the emotions that a clip's corpus has."""

    def __init__(self, config: SerConfig, data: Pack) -> None:
        """Prepare the net; every emotion is drawn as often."""
        super().__init__()
        self.export = EmotionRecognizer(config)
        self._data = data
        self._rows = [
            r for r in data.select("train", *ACTED, *READ) if r.emotion in config.emotions
        ]
        acted = Counter(r.emotion for r in self._rows if r.corpus in ACTED)
        readers = Counter(r.speaker for r in self._rows if r.corpus in READ)
        self._weights = np.array(
            [
                (1 - READ_SHARE) / len(acted) / acted[row.emotion]
                if row.corpus in ACTED
                else READ_SHARE / len(readers) / readers[row.speaker]
                for row in self._rows
            ]
        )
        self._weights /= self._weights.sum()
        known: dict[str, set[str]] = {}
        for row in self._rows:
            known.setdefault(row.corpus, set()).add(row.emotion)
        self._absent = {
            corpus: np.array([corpus in ACTED and e not in names for e in config.emotions])
            for corpus, names in known.items()
        }

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Shaken crops, labels, and the emotions that can't be meant."""
        rng = batches.step_rng(seed, step, rank)
        mels, labels, absent = [], [], []
        for row in batches.choose(rng, self._rows, self._weights, batch_size):
            mel = shake(rng, self._data.mel_of(row))
            mels.append(mel[:, batches.crop(rng, mel.shape[1], CROP)])
            labels.append(self.export.config.emotions.index(row.emotion))
            absent.append(self._absent[row.corpus])
        return {
            "mel": batches.pad(mels),
            "mel_lengths": batches.lengths(mels),
            "labels": torch.tensor(labels),
            "absent": torch.from_numpy(np.stack(absent)),
        }

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """Cross-entropy with smoothed labels, and accuracy."""
        mask = lengths_to_mask(batch["mel_lengths"], batch["mel"].shape[-1])
        logits, _ = self.export(batch["mel"], mask)
        logits = logits.float().masked_fill(batch["absent"], -20.0)
        possible = (~batch["absent"]).float()
        target = 0.9 * F.one_hot(batch["labels"], logits.shape[1]).float()
        target = target + 0.1 * possible / possible.sum(1, keepdim=True)
        loss = F.cross_entropy(logits, target)
        right = (logits.argmax(1) == batch["labels"]).float().mean()
        return {"loss": loss, "accuracy": right}


def shake(rng: np.random.Generator, mel: np.ndarray) -> np.ndarray:
    """Vary a mel (n_mels, T) in rate, vocal tract length, timbre and noise, not in emotion."""
    n_mels, n_frames = mel.shape
    stretched = np.linspace(0, n_frames - 1, round(n_frames * rng.uniform(0.9, 1.1)))
    warped = np.clip(
        np.arange(n_mels) * rng.uniform(0.95, 1.05) + rng.uniform(-1, 1), 0, n_mels - 1
    )
    rows = [np.interp(stretched, np.arange(n_frames), band) for band in mel]
    mel = np.array(rows)[np.round(warped).astype(int)]
    mel = shake_channel(rng, mel)
    for axis, most in ((0, 8), (1, 16)):
        start, width = rng.integers(0, mel.shape[axis]), rng.integers(0, most)
        hole = [slice(None), slice(None)]
        hole[axis] = slice(start, start + width)
        mel[tuple(hole)] = mel.min()
    return mel


def shake_channel(rng: np.random.Generator, mel: np.ndarray) -> np.ndarray:
    """Vary what microphone, room and codec do to a mel (n_mels, T): equalizer, level, noise."""
    n_mels = len(mel)
    timbre = gaussian_filter1d(rng.normal(size=n_mels) * 9.0, 8.0)[:, None]
    mel = mel + timbre + rng.normal() * 0.3
    floor = np.percentile(mel, 99) - rng.uniform(4.5, 10.0)
    color = gaussian_filter1d(rng.normal(size=n_mels) * 8.0, 8.0)[:, None]
    mel = np.logaddexp(mel, floor + color + 0.3 * rng.normal(size=mel.shape))
    return mel.astype(np.float32)
