"""What the paper's unit generator learns: segments of speech from units, F0, EASE and SACE.

As published [1], 45 times the L1 distance of mels, and on a GPU discriminators and their features;
without one the spectral loss of the vocoder takes their place. F0 is what the predictor says.

[1] https://arxiv.org/abs/2401.04511 (ZEST)
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emostudio.audio.mel import HOP, log_mel
from emostudio.data.features import Pack, Row
from emostudio.models.content import UNIT_HOP, Units
from emostudio.models.discriminators import SpectrogramDiscriminators
from emostudio.models.vocoder import spectral_loss
from emostudio.models.zest.generator import UnitGenerator

# Units that the generator speaks at a time: 8,960 samples, 35 mel frames.
SEGMENT = 28
MEL_WEIGHT, MATCH_WEIGHT = 45.0, 2.0


class GeneratorLosses(nn.Module):
    """What stands between generated and recorded segments."""

    def __init__(self, *, adversarial: bool) -> None:
        """Prepare discriminators where they play."""
        super().__init__()
        self.discriminators = SpectrogramDiscriminators() if adversarial else None

    def forward(self, wav: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Losses of the generator, and their weighted sum `speech`."""
        with torch.autocast(wav.device.type, enabled=False):
            mel = F.l1_loss(log_mel(wav), log_mel(target))
        if self.discriminators is None:
            spectral = spectral_loss(wav, target)
            return {"speech": spectral + 0.5 * mel, "spectral": spectral, "mel": mel}
        heard = self.discriminators.fooled(wav, target)
        speech = MEL_WEIGHT * mel + heard["fool"] + MATCH_WEIGHT * heard["match"]
        return {"speech": speech, "mel": mel} | heard

    def told_apart(self, wav: Tensor, target: Tensor) -> dict[str, Tensor]:
        """What the discriminators minimize."""
        assert self.discriminators is not None
        return {"loss": self.discriminators.told_apart(wav, target)}


def segment(
    rng: np.random.Generator, data: Pack, row: Row, start: int, stop: int
) -> dict[str, np.ndarray]:
    """Where a segment of a window of mel frames begins, in units after its start, and its sound.

    What is shorter than a segment is followed by silence.
    """
    length = SEGMENT * UNIT_HOP
    first = 4 * int(rng.integers(0, max(0, stop - start - length // HOP) // 5 + 1))
    begin = start * HOP + first * UNIT_HOP
    wav = data.wav_of(row)[begin : min(stop * HOP, begin + length)]
    return {"first": np.array([first]), "wav": np.pad(wav, (0, length - len(wav)))}


def generated(
    generator: UnitGenerator, units: Units, f0: Tensor, who: tuple[Tensor, Tensor], first: Tensor
) -> Tensor:
    """Speak segments (B, T_wav) that begin at units `first` (B, 1) of windows."""
    units = Units(_cut(units.ids, first), _cut(units.shares, first))
    return generator(units, _cut(f0, first), *who)


def _cut(track: Tensor, first: Tensor) -> Tensor:
    """Segments of tracks (B, T50, ...), zero after their end."""
    after = track.new_zeros(len(track), SEGMENT, *track.shape[2:])
    places = first + torch.arange(SEGMENT, device=track.device)
    items = torch.arange(len(track), device=track.device)[:, None]
    return torch.cat([track, after], dim=1)[items, places]
