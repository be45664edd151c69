"""The published estimator: a U-net over the mel as an image, with linear attention.

The mean, the noisy mel, and one plane each for speaker and emotion are its input channels. At
`estimator_dim` 64 it has the paper's 7.7 M parameters; a recipe trains it, none is shipped.

[1] Grad-TTS, https://arxiv.org/abs/2105.06337, section 3.3
[2] Efficient attention, https://arxiv.org/abs/1812.01243; rezero, https://arxiv.org/abs/2003.04887
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.time import time_features

GROUPS = 8
HEADS = 4
HEAD_DIM = 32


class _Norm(nn.Module):
    """3 x 3 convolution, group norm and Mish; padding frames stay zero."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.norm = nn.GroupNorm(min(GROUPS, n_out), n_out)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return F.mish(self.norm(self.conv(x * mask))) * mask


class _Residual(nn.Module):
    """Two such convolutions around the time embedding, added to the input."""

    def __init__(self, n_in: int, n_out: int, time_dim: int) -> None:
        super().__init__()
        self.time = nn.Linear(time_dim, n_out)
        self.first, self.second = _Norm(n_in, n_out), _Norm(n_out, n_out)
        self.skip = nn.Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        h = self.first(x, mask) + self.time(F.mish(time))[:, :, None, None]
        return self.second(h, mask) + self.skip(x * mask)


class _LinearAttention(nn.Module):
    """Attention over all cells at linear cost [2], behind a gate that starts shut."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv = nn.Conv2d(dim, 3 * HEADS * HEAD_DIM, 1, bias=False)
        self.out = nn.Conv2d(HEADS * HEAD_DIM, dim, 1)
        self.gate = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, _, height, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, 3, HEADS, HEAD_DIM, height * width).unbind(1)
        flat = mask.expand(-1, 1, height, -1).reshape(batch, 1, 1, height * width)
        k = k.masked_fill(flat == 0, -torch.inf).softmax(-1)
        context = k @ v.transpose(-1, -2)
        h = (context.transpose(-1, -2) @ q).reshape(batch, -1, height, width)
        return x + self.gate * self.out(h)


class _Stage(nn.Module):
    """Two residual blocks and attention at one resolution."""

    def __init__(self, n_in: int, n_out: int, time_dim: int) -> None:
        super().__init__()
        self.first = _Residual(n_in, n_out, time_dim)
        self.second = _Residual(n_out, n_out, time_dim)
        self.attention = _LinearAttention(n_out)

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        h = self.second(self.first(x, mask, time), mask, time)
        return self.attention(h, mask)


class UNet2dEstimator(nn.Module):
    """Expected mel from a noisy one."""

    def __init__(self, config: EmoMixConfig) -> None:
        """Build the net of widths dim, 2 dim and 4 dim."""
        super().__init__()
        dim, n_mels = config.estimator_dim, config.n_mels
        widths = [dim, 2 * dim, 4 * dim]
        self.dim = dim
        self.time = nn.Sequential(nn.Linear(dim, 4 * dim), nn.Mish(), nn.Linear(4 * dim, dim))
        self.speaker_plane = _plane(config.speaker_dim, n_mels)
        self.emotion_plane = _plane(config.emotion_dim, n_mels)
        self.down = nn.ModuleList(
            _Stage(n_in, n_out, dim) for n_in, n_out in zip([4, *widths], widths, strict=False)
        )
        self.shrink = nn.ModuleList(
            nn.Conv2d(width, width, 3, stride=2, padding=1) for width in widths[:-1]
        )
        self.middle = _Stage(widths[-1], widths[-1], dim)
        self.up = nn.ModuleList(
            _Stage(2 * wide, narrow, dim)
            for wide, narrow in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(width, width, 4, stride=2, padding=1) for width in widths[-2::-1]
        )
        self.final = _Norm(dim, dim)
        self.last = nn.Conv2d(dim, 1, 1)

    def forward(
        self,
        x_t: Float[Tensor, "B n_mels T"],
        mel_mask: Bool[Tensor, "B 1 T"],
        mu: Float[Tensor, "B n_mels T"],
        hidden: Float[Tensor, "B C T"],
        t: Float[Tensor, " B"],
        speaker_emb: Float[Tensor, "B D_spk"],
        emotion_emb: Float[Tensor, "B D_emo"],
    ) -> Float[Tensor, "B n_mels T"]:
        """Return the expected data; `hidden` is not used, as in the paper."""
        n_frames = mu.shape[-1]
        spare = -n_frames % 4  # two halvings
        time = self.time(time_features(t, self.dim))
        planes = [
            plane[..., None].expand_as(mu)
            for plane in (self.speaker_plane(speaker_emb), self.emotion_plane(emotion_emb))
        ]
        h = F.pad(torch.stack([(mu + 5) / 2.5, x_t - mu, *planes], dim=1), (0, spare))
        mask = F.pad(mel_mask.to(h.dtype), (0, spare))[:, None]
        masks, skips = [mask], []
        for place, stage in enumerate(self.down):
            h = stage(h, masks[-1], time)
            skips.append(h)
            if place < len(self.shrink):
                h = self.shrink[place](h * masks[-1])
                masks.append(masks[-1][..., ::2])
        h = self.middle(h, masks[-1], time)
        for stage, grow in zip(self.up, self.grow, strict=True):
            here = masks.pop()
            h = grow(stage(torch.cat([h, skips.pop()], dim=1), here, time) * here)
        h = self.last(self.final(h, mask))[:, 0, :, :n_frames]
        return mu + h.float() * mel_mask


def _plane(n_in: int, n_mels: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, 4 * n_in), nn.Mish(), nn.Linear(4 * n_in, n_mels))
