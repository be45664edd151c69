"""Speaker encoder for voices never heard: frames, attentive statistics, a unit vector.

Never trained on acted emotion, so that who speaks is not mistaken for how.

[1] https://arxiv.org/abs/2005.07143 (ECAPA-TDNN: attentive statistics pooling)
[2] https://arxiv.org/abs/1801.07698 (additive angular margin)
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.audio.mel import N_MELS
from emostudio.models.blocks import ConvNextStack


@dataclass(frozen=True)
class SpeakerConfig:
    """Sizes of the encoder."""

    dim: int = 160
    hidden: int = 400
    depth: int = 4
    kernel: int = 5
    speaker_dim: int = 128

    @classmethod
    def tiny(cls) -> "SpeakerConfig":
        """A net that a test can run in milliseconds."""
        return cls(dim=16, hidden=32, depth=1, speaker_dim=8)

    @classmethod
    def paper(cls) -> "SpeakerConfig":
        """As wide as ECAPA-TDNN's smaller model."""
        return cls(dim=512, hidden=1024, depth=6, speaker_dim=192)


class SpeakerEncoder(nn.Module):
    """Mel to a speaker embedding of length one."""

    def __init__(self, config: SpeakerConfig) -> None:
        """Build an untrained encoder."""
        super().__init__()
        self.config = config
        self.stack = ConvNextStack(N_MELS, config.dim, config.hidden, config.depth, config.kernel)
        self.attention = nn.Sequential(
            nn.Linear(config.dim, 64), nn.Tanh(), nn.Linear(64, config.dim)
        )
        self.project = nn.Linear(2 * config.dim, config.speaker_dim)

    def forward(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> Float[Tensor, "B D_spk"]:
        """Embed; the clip's level does not matter."""
        mask = torch.ones_like(mel[:, :1], dtype=torch.bool) if mel_mask is None else mel_mask
        level = (mel * mask).sum((1, 2), keepdim=True) / (mask.sum((1, 2), keepdim=True) * N_MELS)
        h = self.stack((mel - level) / 2.5 * mask, mask).float()
        weights = self.attention(h).masked_fill(~mask.transpose(1, 2), -torch.inf).softmax(1)
        mean = (weights * h).sum(1)
        spread = ((weights * h.square()).sum(1) - mean.square()).clamp(min=1e-4).sqrt()
        return F.normalize(self.project(torch.cat([mean, spread], dim=1)), dim=1)
