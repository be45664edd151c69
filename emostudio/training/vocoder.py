"""Recipe of the vocoder: copy synthesis of real speech (no emotional corpus is needed for it)."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emostudio.audio.mel import HOP, log_mel
from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.discriminators import SpectrogramDiscriminators
from emostudio.models.vocoder import Vocoder, VocoderConfig, spectral_loss
from emostudio.training.drawing import DrawingRecipe

CROP = 64
BLUR_SHARE = 0.5


class VocoderRecipe(DrawingRecipe[Vocoder]):
    """Spectral loss; with `adversarial`, discriminators of three resolutions join."""

    def __init__(self, config: VocoderConfig, data: Pack, *, adversarial: bool) -> None:
        """Prepare nets and rows."""
        super().__init__()
        self.export = Vocoder(config)
        self.discriminators = SpectrogramDiscriminators() if adversarial else None
        self._data = data
        # ravdess is left out: its licence would come with the weights.
        self._rows = [
            row for row in data.select("train") if row.corpus != "ravdess" and row.n_frames >= CROP
        ]
        self._weights = self.weigh(self._rows)

    def weigh(self, rows: Sequence[Row]) -> np.ndarray:
        """Corpora by the root of their frames, those of good microphones more."""
        return batches.corpus_weights(rows, kathleen=1.5, librispeech=1.5)

    def players(self) -> dict[str, list[nn.Parameter]]:
        """The vocoder, and the discriminators where they play."""
        players = {"model": list(self.export.parameters())}
        if self.discriminators is not None:
            players["discriminator"] = list(self.discriminators.parameters())
        return players

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Crops of mel, F0 and sound."""
        rng = batches.step_rng(seed, step, rank)
        found: dict[str, list[np.ndarray]] = {"mel": [], "f0": [], "wav": []}
        for row in batches.choose(rng, self._rows, self._weights, batch_size):
            window = batches.crop(rng, row.n_frames, CROP)
            gain = rng.uniform(-0.7, 1.1)
            start = row.frames[0] + window.start
            mel = self._data.mel[start : start + CROP].T.astype(np.float32) + gain
            wav = self._data.wav[start * HOP : (start + CROP) * HOP].astype(np.float32)
            found["mel"].append(blur(rng, mel) if rng.random() < BLUR_SHARE else mel)
            found["f0"].append(self._data.f0[start : start + CROP].astype(np.float32))
            found["wav"].append(wav / 32768 * np.float32(np.exp(gain)))
        return {name: torch.from_numpy(np.stack(items)) for name, items in found.items()}

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """Losses of one player."""
        wav = self.export(batch["mel"], batch["f0"], torch.randn_like(batch["wav"])).float()
        target = batch["wav"]
        if player == "discriminator":
            assert self.discriminators is not None
            return {"loss": self.discriminators.told_apart(wav, target)}
        spectral = spectral_loss(wav, target)
        mel = F.l1_loss(log_mel(wav), log_mel(target))
        if self.discriminators is None:
            return {"loss": spectral + 0.5 * mel, "spectral": spectral, "mel": mel}
        heard = self.discriminators.fooled(wav, target)
        loss = 5 * spectral + 5 * mel + heard["fool"] + 2 * heard["match"]
        return {"loss": loss, "spectral": spectral, "mel": mel} | heard


def blur(rng: np.random.Generator, mel: np.ndarray) -> np.ndarray:
    """Smooth a mel (n_mels, T) over bands and frames, as a net that speaks blurs its harmonics.

    A vocoder that has seen such mels takes harmonics from F0 and only the envelope from the mel.
    """
    from scipy.ndimage import gaussian_filter

    sigma = (rng.uniform(0.3, 1.6), rng.uniform(0.0, 0.7))
    return gaussian_filter(mel, sigma, mode="nearest")
