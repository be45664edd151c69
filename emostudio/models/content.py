"""Content units: what is said, 50 times a second, without who says it and how.

ZEST takes k-means units of HuBERT [1, 2]. Ours come from a small phoneme net of wide context,
trained on the aligner's alignments: k-means on its bottleneck. Where a user has HuBERT-base,
`models.hubert` gives its units by the same interface. A frame keeps its `n_nearest` units with
shares, which spares the words what a hard choice loses [3]; one nearest unit is the paper's.

[1] https://arxiv.org/abs/2401.04511 (ZEST)  [2] https://arxiv.org/abs/2106.07447 (HuBERT)
[3] https://arxiv.org/abs/2111.02392 (soft units)
"""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.audio.mel import FRAME_RATE, HOP, N_MELS, SAMPLE_RATE, log_mel
from emostudio.models.alignment import N_CLASSES
from emostudio.models.blocks import ConvNextStack

UNIT_RATE = 50
UNIT_HOP = SAMPLE_RATE // UNIT_RATE


class Units(NamedTuple):
    """The nearest units of each frame (B, T50, K), nearest first, and their shares of sum one."""

    ids: Tensor
    shares: Tensor


class Content(Protocol):
    """Sound (B, T_wav) at 16 kHz to units."""

    def units(self, wav: Tensor) -> Units:
        """Units of every 20 ms."""
        ...


@dataclass(frozen=True)
class ContentConfig:
    """Sizes of the phoneme net and of its inventory."""

    dim: int = 192
    hidden: int = 480
    depth: int = 5
    kernel: int = 7
    bottleneck: int = 32
    n_units: int = 200
    n_nearest: int = 4

    @classmethod
    def tiny(cls) -> "ContentConfig":
        """A net that a test can run in milliseconds."""
        return cls(dim=16, hidden=32, depth=1, bottleneck=8, n_units=12, n_nearest=2)

    @classmethod
    def paper(cls) -> "ContentConfig":
        """As many units as ZEST, one a frame, from a net as wide as HuBERT's layers."""
        return cls(dim=768, hidden=3072, depth=9, bottleneck=64, n_units=100, n_nearest=1)


class Inventory(nn.Module):
    """Centroids (n_units, D) of k-means, and how far a feature usually lies from its own."""

    centroids: Tensor
    spread: Tensor

    def __init__(self, n_units: int, dim: int, n_nearest: int) -> None:
        """Build an empty one; `fill` gives it its centroids."""
        super().__init__()
        self.n_nearest = n_nearest
        self.register_buffer("centroids", torch.zeros(n_units, dim))
        self.register_buffer("spread", torch.ones(()))

    def fill(self, features: Float[Tensor, "N D"], centroids: Float[Tensor, "n_units D"]) -> None:
        """Take centroids, and the mean squared distance of features to their nearest."""
        self.centroids.copy_(centroids)
        nearest = torch.cdist(features, self.centroids).amin(1)
        self.spread.copy_(nearest.square().mean())

    def fingerprint(self) -> str:
        """Hash of the centroids, by which a net that learned their units knows them again."""
        return hashlib.sha256(self.centroids.half().cpu().numpy().tobytes()).hexdigest()[:16]

    def forward(self, features: Float[Tensor, "B T D"]) -> Units:
        """Nearest centroids of each frame; a share falls with the squared distance."""
        distances = torch.cdist(features, self.centroids.expand(len(features), -1, -1)).square()
        near, ids = distances.topk(self.n_nearest, largest=False)
        return Units(ids, torch.softmax(-near / self.spread.clamp(min=1e-6), dim=-1))


class ContentEncoder(nn.Module):
    """Our own encoder: mel to phoneme log probabilities, and through its bottleneck to units."""

    def __init__(self, config: ContentConfig) -> None:
        """Build an untrained encoder."""
        super().__init__()
        self.config = config
        self.stack = ConvNextStack(N_MELS, config.dim, config.hidden, config.depth, config.kernel)
        self.narrow = nn.Linear(config.dim, config.bottleneck)
        self.norm = nn.LayerNorm(config.bottleneck, elementwise_affine=False)
        self.head = nn.Linear(config.bottleneck, N_CLASSES)
        self.inventory = Inventory(config.n_units, config.bottleneck, config.n_nearest)

    def features(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> Float[Tensor, "B T D"]:
        """Bottleneck of each mel frame; the mean of each band over the item is taken off first."""
        mask = torch.ones_like(mel[:, :1], dtype=torch.bool) if mel_mask is None else mel_mask
        mean = (mel * mask).sum(-1, keepdim=True) / mask.sum(-1, keepdim=True)
        h = self.stack((mel - mean) / 2.5 * mask, mask)
        return self.norm(self.narrow(h).float())

    def forward(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> Float[Tensor, "B T n_classes"]:
        """Log probabilities of phoneme classes."""
        return torch.log_softmax(self.head(self.features(mel, mel_mask)).float(), dim=-1)

    def at_unit_rate(self, mel: Float[Tensor, "B n_mels T"]) -> Float[Tensor, "B T50 D"]:
        """Features at 50 Hz."""
        features = self.features(mel).transpose(1, 2)
        there = F.interpolate(features, scale_factor=UNIT_RATE / FRAME_RATE, mode="linear")
        return there.transpose(1, 2)

    def units(self, wav: Float[Tensor, "B T_wav"]) -> Units:
        """Units of every 20 ms."""
        return self.inventory(self.at_unit_rate(log_mel(wav)))


def unit_frames(n_frames: int) -> int:
    """How many units a mel of `n_frames` frames has."""
    return max(1, n_frames * HOP // UNIT_HOP)
