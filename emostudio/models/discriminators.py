"""Discriminators on complex spectrograms of three resolutions, for training the vocoder on a GPU.

[1] https://arxiv.org/abs/2306.00814 (Vocos)  [2] https://arxiv.org/abs/2106.07889 (UnivNet)
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm


class SpectrogramDiscriminator(nn.Module):
    """2-D convolutions over real and imaginary parts; strides fold frequency, keep time."""

    window: Tensor

    def __init__(self, n_fft: int, channels: int) -> None:
        """Build for one window length."""
        super().__init__()
        self.n_fft = n_fft
        sizes = [2, channels, channels, channels, channels]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(n_in, n_out, (9, 3), (2, 1), (4, 1)))
            for n_in, n_out in pairwise(sizes)
        )
        self.judge = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)

    def forward(
        self, wav: Float[Tensor, "B T_wav"]
    ) -> tuple[Float[Tensor, "B 1 F T"], list[Tensor]]:
        """Scores over the time-frequency plane, and each layer's features."""
        spectrum = torch.stft(
            wav, self.n_fft, self.n_fft // 4, window=self.window, return_complex=True
        )
        h = torch.stack([spectrum.real, spectrum.imag], dim=1)
        features = []
        for layer in self.layers:
            h = F.leaky_relu(layer(h), 0.1)
            features.append(h)
        return self.judge(h), features


class SpectrogramDiscriminators(nn.Module):
    """One discriminator for each of three window lengths."""

    def __init__(self, n_ffts: tuple[int, ...] = (1024, 512, 256), channels: int = 32) -> None:
        """Build them all."""
        super().__init__()
        self.members = nn.ModuleList(SpectrogramDiscriminator(n, channels) for n in n_ffts)

    def forward(self, wav: Float[Tensor, "B T_wav"]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Scores and features of each member."""
        scores, features = zip(*(member(wav) for member in self.members), strict=True)
        return list(scores), list(features)

    def told_apart(
        self, wav: Float[Tensor, "B T_wav"], target: Float[Tensor, "B T_wav"]
    ) -> Float[Tensor, ""]:
        """What they minimize: hinges on real and generated sound, which gets no gradient."""
        real, _ = self(target)
        fake, _ = self(wav.detach())
        losses = [
            F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)
        ]
        return torch.stack(losses).mean()

    def fooled(
        self, wav: Float[Tensor, "B T_wav"], target: Float[Tensor, "B T_wav"]
    ) -> dict[str, Tensor]:
        """What a generator minimizes: being told (`fool`), and other features than real ones."""
        fake, features = self(wav)
        _, wanted = self(target)
        fool = torch.stack([F.relu(1 - score).mean() for score in fake]).mean()
        return {"fool": fool, "match": feature_distance(features, wanted)}


def feature_distance(got: list[list[Tensor]], want: list[list[Tensor]]) -> Float[Tensor, ""]:
    """Mean L1 distance of features, each relative to the size of what is wanted."""
    distances = [
        F.l1_loss(g, w.detach()) / w.detach().abs().mean().clamp(min=1e-4)
        for member_got, member_want in zip(got, want, strict=True)
        for g, w in zip(member_got, member_want, strict=True)
    ]
    return torch.stack(distances).mean()
