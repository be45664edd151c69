"""Recipe of the speaker encoder: tell the readers apart, whatever the channel."""

import math
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emostudio.data import batches
from emostudio.data.features import Pack
from emostudio.models.blocks import lengths_to_mask
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.training.loop import Recipe
from emostudio.training.ser import shake_channel

CROP = (64, 160)
MARGIN = 0.2
SCALE = 24.0


class SpeakerRecipe(Recipe[SpeakerEncoder]):
    """Additive angular margin over the training speakers."""

    def __init__(self, config: SpeakerConfig, data: Pack) -> None:
        """Prepare the net and one center a speaker."""
        super().__init__()
        self.export = SpeakerEncoder(config)
        self._data = data
        # ravdess is left out: its actors are known by what they play.
        self._rows = [row for row in data.select("train") if row.corpus != "ravdess"]
        counts = Counter(row.speaker for row in self._rows)
        self._speakers = sorted(counts)
        self._weights = np.array([1 / counts[row.speaker] for row in self._rows])
        self._weights /= self._weights.sum()
        self.centers = nn.Parameter(torch.randn(len(self._speakers), config.speaker_dim))

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Crops through random channels, and who speaks."""
        rng = batches.step_rng(seed, step, rank)
        mels, labels = [], []
        for row in batches.choose(rng, self._rows, self._weights, batch_size):
            window = batches.crop(rng, row.n_frames, int(rng.integers(*CROP)))
            mels.append(shake_channel(rng, self._data.mel_of(row)[:, window]))
            labels.append(self._speakers.index(row.speaker))
        return {
            "mel": batches.pad(mels),
            "mel_lengths": batches.lengths(mels),
            "labels": torch.tensor(labels),
        }

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """Cross-entropy of scaled cosines, the right one's angle widened by a margin."""
        mask = lengths_to_mask(batch["mel_lengths"], batch["mel"].shape[-1])
        cosine = self.export(batch["mel"], mask) @ F.normalize(self.centers, dim=1).T
        right = F.one_hot(batch["labels"], cosine.shape[1]).bool()
        sine = (1 - cosine.square()).clamp(min=1e-6).sqrt()
        widened = cosine * math.cos(MARGIN) - sine * math.sin(MARGIN)
        loss = F.cross_entropy(SCALE * torch.where(right, widened, cosine), batch["labels"])
        accuracy = (cosine.argmax(1) == batch["labels"]).float().mean()
        return {"loss": loss, "accuracy": accuracy}
