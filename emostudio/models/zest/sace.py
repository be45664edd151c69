"""SACE and EASE: how it is said without who says it, and who without how (ZEST, section 2).

Both are trained against an adversary behind a gradient that changes its sign [2]: SACE's guesses
the speaker, EASE's the emotion. The paper's SACE stands on wav2vec2; this one on the house mel.

[1] https://arxiv.org/abs/2401.04511 (ZEST)  [2] https://arxiv.org/abs/1505.07818 (DANN)
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.audio.mel import N_MELS
from emostudio.models.blocks import ConvNextStack, level_free
from emostudio.models.zest.config import ZestConfig


class Ease(nn.Sequential):
    """Three linear maps without non-linearity between: D_spk to D_ease through `ease_rank`.

    The paper keeps one width throughout; what a narrow one has no room for cannot leak.
    """

    def __init__(self, config: ZestConfig) -> None:
        """Build an untrained map."""
        rank = config.ease_rank
        super().__init__(
            nn.Linear(config.speaker_dim, rank),
            nn.Linear(rank, rank),
            nn.Linear(rank, config.ease_dim),
        )
        for layer in self:
            assert isinstance(layer, nn.Linear)
            nn.init.orthogonal_(layer.weight)
            nn.init.zeros_(layer.bias)

    @torch.no_grad()
    def start_from(self, directions: Float[Tensor, "rank D_spk"]) -> None:
        """Let the first map see these directions alone."""
        first, _, _ = self
        assert isinstance(first, nn.Linear)
        first.weight.copy_(directions)


class Sace(nn.Module):
    """Mel to an emotion embedding of every frame; its mean is the clip's."""

    def __init__(self, config: ZestConfig) -> None:
        """Build an untrained encoder."""
        super().__init__()
        self.stack = ConvNextStack(
            N_MELS, config.sace_dim, config.sace_hidden, config.sace_depth, kernel=5
        )
        self.project = nn.Linear(config.sace_dim, config.emotion_dim)

    def forward(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> Float[Tensor, "B T D_emo"]:
        """Embed frames; the clip's level does not matter. Zero where there is no data."""
        mask = torch.ones_like(mel[:, :1], dtype=torch.bool) if mel_mask is None else mel_mask
        h = self.project(self.stack(level_free(mel, mask), mask)).float()
        return h * mask.transpose(1, 2)


def frame_mean(
    frames: Float[Tensor, "B T D"], mask: Bool[Tensor, "B 1 T"] | None = None
) -> Float[Tensor, "B D"]:
    """Mean over the frames that have data."""
    if mask is None:
        return frames.mean(1)
    kept = mask.transpose(1, 2)
    return (frames * kept).sum(1) / kept.sum(1).clamp(min=1)


class ReverseGradient(torch.autograd.Function):
    """Identity forwards; backwards the gradient times `-weight` [2, eq. 8]."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: float) -> Tensor:  # noqa: ANN001  (torch's own context)
        """Return x."""
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor):  # noqa: ANN001, ANN205  # pyright: ignore
        """Return the gradient of x, and none of the weight."""
        return -ctx.weight * gradient, None


def reverse_gradient(x: Tensor, weight: float) -> Tensor:
    """`x`, whose gradient is turned round and weighted."""
    return ReverseGradient.apply(x, weight)  # type: ignore[no-any-return]
