"""The paper's synthesizer: HiFi-GAN on units, F0, EASE and SACE, straight to sound (ZEST, 2.5).

Units and F0 pass encoders of their own; with EASE and the mean of SACE, which stay the same over
time, they are the 50 Hz input of HiFi-GAN's generator [2], as in speech resynthesis [3].

[1] https://arxiv.org/abs/2401.04511 (ZEST)  [2] https://arxiv.org/abs/2010.05646 (HiFi-GAN)
[3] https://arxiv.org/abs/2104.00355 (resynthesis from units)
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from emostudio.audio.mel import FRAME_RATE
from emostudio.models.content import UNIT_RATE, Units
from emostudio.models.zest.config import ZestConfig

UPSAMPLING = ((5, 11), (4, 8), (4, 8), (2, 4), (2, 4))  # factors and kernels: 320 samples a unit
KERNELS, DILATIONS = (3, 7, 11), (1, 3, 5)
F0_CHANNELS = (1, 8, 16, 32)
UNIT_CONVS = 3
LEAST_CHANNELS = 8
SLOPE = 0.1


class Recurrent(nn.Module):
    """Convolutions and two layers of a GRU that reads both ways."""

    def __init__(self, channels: tuple[int, ...], kernel: int) -> None:
        """Build convolutions from the first number of channels over each to the last."""
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(n_in, n_out, kernel, padding=kernel // 2)
            for n_in, n_out in pairwise(channels)
        )
        dim = channels[-1]
        self.gru = nn.GRU(dim, dim // 2, num_layers=2, batch_first=True, bidirectional=True)

    def forward(self, x: Float[Tensor, "B C T"]) -> Float[Tensor, "B D T"]:
        """Encode all frames."""
        for conv in self.convs:
            x = F.relu(conv(x))
        return self.gru(x.transpose(1, 2))[0].transpose(1, 2)


class ResBlock(nn.Module):
    """HiFi-GAN's first kind: pairs of convolutions, the first of each dilated [2]."""

    def __init__(self, channels: int, kernel: int) -> None:
        """Build one pair for each dilation."""
        super().__init__()
        self.dilated, self.plain = (
            nn.ModuleList(
                weight_norm(
                    nn.Conv1d(channels, channels, kernel, dilation=d, padding=d * (kernel // 2))
                )
                for d in dilations
            )
            for dilations in (DILATIONS, (1,) * len(DILATIONS))
        )

    def forward(self, x: Float[Tensor, "B C T"]) -> Float[Tensor, "B C T"]:
        """Add what each pair finds."""
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            x = x + plain(F.leaky_relu(dilated(F.leaky_relu(x, SLOPE)), SLOPE))
        return x


class UnitGenerator(nn.Module):
    """Units at 50 Hz and what is known of the conversion to sound at 16 kHz."""

    def __init__(self, config: ZestConfig) -> None:
        """Build an untrained generator; `config.dim` channels halve with each upsampling."""
        super().__init__()
        dim = min(128, config.dim)
        self.table = nn.Embedding(config.n_units, dim)
        self.content = Recurrent((dim,) * (UNIT_CONVS + 1), kernel=5)
        self.pitch = Recurrent((*F0_CHANNELS, dim), kernel=3)
        n_in, width = 2 * dim + config.ease_dim + config.emotion_dim, config.dim
        self.first = weight_norm(nn.Conv1d(n_in, width, 7, padding=3))
        self.up, self.blocks = nn.ModuleList(), nn.ModuleList()
        for factor, kernel in UPSAMPLING:
            before, width = width, max(LEAST_CHANNELS, width // 2)
            self.up.append(
                weight_norm(
                    nn.ConvTranspose1d(before, width, kernel, factor, (kernel - factor) // 2)
                )
            )
            self.blocks.append(nn.ModuleList(ResBlock(width, kernel) for kernel in KERNELS))
        self.last = weight_norm(nn.Conv1d(width, 1, 7, padding=3))

    def forward(
        self,
        units: Units,
        f0: Float[Tensor, "B T50"],
        ease: Float[Tensor, "B D_ease"],
        emotion_mean: Float[Tensor, "B D_emo"],
    ) -> Float[Tensor, "B T_wav"]:
        """Speak; every unit is 320 samples long.

        Args:
            units: what is said; shares that are all zero say nothing.
            f0: Hz at 50 Hz, 0 where unvoiced; the net hears log(1 + F0), what the paper predicts.
            ease: who.
            emotion_mean: how, the mean of SACE's frames.
        """
        said = (self.table(units.ids) * units.shares[..., None]).sum(2).transpose(1, 2)
        who = torch.cat([ease, emotion_mean], dim=1)[..., None].expand(-1, -1, f0.shape[1])
        h = torch.cat([self.content(said), self.pitch(f0.log1p()[:, None]), who], dim=1)
        h = self.first(h)
        for up, blocks in zip(self.up, self.blocks, strict=True):
            h = up(F.leaky_relu(h, SLOPE))
            assert isinstance(blocks, nn.ModuleList)
            h = torch.stack([block(h) for block in blocks]).mean(0)
        return torch.tanh(self.last(F.leaky_relu(h, SLOPE)).float())[:, 0]


def f0_at_unit_rate(
    log_f0: Float[Tensor, "B T"], voiced: Bool[Tensor, "B T"], n_units: int
) -> Float[Tensor, "B T50"]:
    """F0 in Hz of each unit, 0 where unvoiced, from log F0 of mel frames."""
    tracks = torch.stack([log_f0, voiced.to(log_f0.dtype)], dim=1)
    there = F.interpolate(tracks, scale_factor=UNIT_RATE / FRAME_RATE, mode="linear")
    lacking = max(0, n_units - there.shape[-1])
    log_f0, voiced = F.pad(there, (0, lacking), mode="replicate")[..., :n_units].unbind(1)
    return log_f0.exp() * (voiced > 0.5)
