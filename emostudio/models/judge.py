"""The judge of emotion: a residual net on 128-band mels, which no model here is conditioned on.

It shares neither architecture nor features with the recognizer (`models.ser`), and its actors are
not those whose mean embeddings drive speech, so that a voice cannot please it by having learned the
recognizer's habits. EmoGen's recognizer is a ResNet as well; this one is small.

[1] https://arxiv.org/abs/1512.03385 (ResNet)
[2] Kim & Lee, Electronics 13:1314 (2024), doi:10.3390/electronics13071314 (EmoGen)
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.audio.mel import mel_filters
from emostudio.models.blocks import level_free
from emostudio.values import EMOTIONS

N_BANDS = 128
N_FFT = 1024
HOP = 320


@dataclass(frozen=True)
class JudgeConfig:
    """Sizes: channels of each stage; every stage after the first halves bands and frames."""

    emotions: tuple[str, ...] = EMOTIONS
    channels: tuple[int, ...] = (24, 48, 96, 160)

    @classmethod
    def tiny(cls) -> "JudgeConfig":
        """A net that a test can run in milliseconds."""
        return cls(channels=(4, 8))

    @classmethod
    def paper(cls) -> "JudgeConfig":
        """As wide as a ResNet-18; EmoGen's is a ResNet-50."""
        return cls(channels=(64, 128, 256, 512))


class EmotionJudge(nn.Module):
    """128-band mel to emotion logits; neither level nor silence at the ends matters."""

    def __init__(self, config: JudgeConfig) -> None:
        """Build an untrained judge."""
        super().__init__()
        self.config = config
        first = config.channels[0]
        self.first = nn.Conv2d(1, first, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(
            Residual(n_in, n_out, stride=1 if place == 0 else 2)
            for place, (n_in, n_out) in enumerate(pairwise((first, *config.channels)))
        )
        self.dropout = nn.Dropout(0.3)
        self.classify = nn.Linear(2 * config.channels[-1], len(config.emotions))

    def forward(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> Float[Tensor, "B n_emotions"]:
        """Logits."""
        if mel_mask is None:
            mel_mask = torch.ones_like(mel[:, :1], dtype=torch.bool)
        h = level_free(mel, mel_mask)[:, None]
        mask = mel_mask[:, None, :, ::2]
        h = self.first(h) * mask
        for block in self.blocks:
            h, mask = block(h, mask)
        size = mask.sum((2, 3)) * h.shape[2]
        average = (h * mask).sum((2, 3)) / size
        peak = h.mean(2).masked_fill(~mask[:, :, 0], -torch.inf).amax(2)
        return self.classify(self.dropout(torch.cat([average, peak], dim=1)))


class Residual(nn.Module):
    """Two convolutions with norms, added to the input [1], norm and rectifier before each."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        """Build a block from `n_in` to `n_out` channels."""
        super().__init__()
        self.norm1 = nn.BatchNorm2d(n_in)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        same = n_in == n_out and stride == 1
        self.skip = nn.Identity() if same else nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Maps (B, C, F, T) and where they have data, (B, 1, 1, T), both at this block's stride."""
        h = F.relu(self.norm1(x)) * mask
        mask = mask[..., :: self.conv1.stride[0]]
        h = F.relu(self.norm2(self.conv1(h))) * mask
        return self.skip(x) + self.conv2(h) * mask, mask


def judge_mel(wav: Float[Tensor, "B T_wav"]) -> Float[Tensor, "B n_mels T"]:
    """128-band log mel of 16 kHz sound, 64 ms windows every 20 ms."""
    wav = F.pad(wav, (0, max(0, N_FFT - wav.shape[-1])))
    window = torch.hann_window(N_FFT, device=wav.device)
    spectrum = torch.stft(wav, N_FFT, HOP, window=window, center=False, return_complex=True)
    return (mel_filters(N_BANDS, N_FFT).to(wav.device).T @ spectrum.abs()).clamp(min=1e-5).log()
