"""House mel and F0 to sound: a source-filter vocoder with Vocos' backbone.

Frames of a ConvNeXt net [1] become time-varying filters in the STFT domain; one filters a
band-limited pulse train that follows F0, the other white noise, as in the neural source-filter
model [2] and DDSP [3]. F0 is explicit, so a drawn contour is heard as drawn, and harmonics stay
clean where a synthesized mel is blurred. Trained by multi-resolution spectral loss [4]; with a
GPU, multi-resolution discriminators [1, 4] join.

[1] https://arxiv.org/abs/2306.00814 (Vocos)  [2] https://arxiv.org/abs/1904.12088 (NSF)
[3] https://arxiv.org/abs/2001.04643 (DDSP)   [4] https://arxiv.org/abs/2106.07889 (UnivNet)
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from emostudio.audio.excitation import pulse_train
from emostudio.audio.mel import HOP, N_MELS
from emostudio.models.blocks import ConvNextStack


@dataclass(frozen=True)
class VocoderConfig:
    """Sizes; `splits` filter frames of `n_fft` samples stand in for one mel frame."""

    n_mels: int = N_MELS
    dim: int = 224
    hidden: int = 576
    depth: int = 6
    n_fft: int = 512
    splits: int = 2

    @property
    def hop_length(self) -> int:
        """Samples between two filter frames."""
        return HOP // self.splits

    @classmethod
    def tiny(cls) -> "VocoderConfig":
        """A net that a test can run in milliseconds."""
        return cls(dim=16, hidden=32, depth=1)

    @classmethod
    def paper(cls) -> "VocoderConfig":
        """The size of Vocos' backbone: 13 M parameters."""
        return cls(dim=512, hidden=1536, depth=8)


class Vocoder(nn.Module):
    """Mel (B, n_mels, T) and F0 (B, T) to sound (B, T * hop)."""

    window: Tensor

    def __init__(self, config: VocoderConfig) -> None:
        """Build an untrained vocoder."""
        super().__init__()
        self.config = config
        n_freqs = config.n_fft // 2 + 1
        self.backbone = ConvNextStack(config.n_mels + 2, config.dim, config.hidden, config.depth)
        # Of each filter frame: log gain and phase of the pulses, log gain of the noise.
        self.head = nn.Linear(config.dim, config.splits * 3 * n_freqs)
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)

    def forward(
        self,
        mel: Float[Tensor, "B n_mels T"],
        f0: Float[Tensor, "B T"],
        noise: Float[Tensor, "B T_wav"],
    ) -> Float[Tensor, "B T_wav"]:
        """Speak a mel.

        Args:
            mel: house mel, natural log.
            f0: Hz, 0 where unvoiced.
            noise: white noise of unit variance, the source of all that is not voiced.
        """
        config = self.config
        voiced = (f0 > 0).to(mel.dtype)
        filled = _carry_through(f0)
        control = torch.stack([torch.log(filled / 150.0), voiced], dim=1)
        h = self.head(self.backbone(torch.cat([(mel + 5.0) / 3.0, control], dim=1)))
        n_batch, n_frames, _ = h.shape
        h = h.float().reshape(n_batch, n_frames * config.splits, 3, -1).permute(2, 0, 3, 1)
        gain, phase, noise_gain = h
        pulses = self._stft(pulse_train(filled))
        filters = torch.polar(torch.exp(gain.clamp(-12, 6)), phase)
        spectrum = pulses * filters + self._stft(noise) * torch.exp(noise_gain.clamp(-12, 6))
        return self._istft(spectrum)

    def _stft(self, wav: Tensor) -> Tensor:
        n_fft, hop = self.config.n_fft, self.config.hop_length
        padded = F.pad(wav, ((n_fft - hop) // 2,) * 2)
        return torch.stft(padded, n_fft, hop, window=self.window, center=False, return_complex=True)

    def _istft(self, spectrum: Tensor) -> Tensor:
        # torch.istft refuses center=False at the edges, where the windows' sum is small.
        n_fft, hop = self.config.n_fft, self.config.hop_length
        frames = torch.fft.irfft(spectrum, n_fft, dim=1) * self.window[None, :, None]
        n_frames = frames.shape[-1]
        length = (n_frames - 1) * hop + n_fft
        fold = {"output_size": (1, length), "kernel_size": (1, n_fft), "stride": (1, hop)}
        wav = F.fold(frames, **fold)[:, 0, 0]
        weight = (self.window**2)[None, :, None].expand(1, -1, n_frames)
        norm = F.fold(weight, **fold)[:, 0, 0]
        edge = (n_fft - hop) // 2
        return (wav / norm.clamp(min=1e-2))[:, edge : edge + n_frames * hop]


def _carry_through(f0: Tensor) -> Tensor:
    """F0 with each unvoiced frame taking the last voiced value before it (or the first after)."""
    frames = torch.arange(f0.shape[-1], device=f0.device).expand_as(f0)
    last = torch.where(f0 > 0, frames, torch.zeros_like(frames)).cummax(dim=-1).values
    carried = f0.gather(-1, last)
    first = torch.where(f0 > 0, frames, f0.shape[-1] - 1).min(dim=-1, keepdim=True).values
    carried = torch.where(carried > 0, carried, f0.gather(-1, first))
    return torch.where(carried > 0, carried, torch.full_like(carried, 150.0))


def spectral_loss(
    wav: Float[Tensor, "B T_wav"],
    target: Float[Tensor, "B T_wav"],
    n_ffts: tuple[int, ...] = (2048, 1024, 512, 256, 128),
) -> Float[Tensor, ""]:
    """Multi-resolution STFT loss [4, eq. 6]: spectral convergence plus L1 of log magnitudes."""
    total = wav.new_zeros(())
    for n_fft in n_ffts:
        window = torch.hann_window(n_fft, device=wav.device)
        both = torch.stft(
            torch.cat([wav, target]), n_fft, n_fft // 4, window=window, return_complex=True
        )
        power = both.real**2 + both.imag**2
        got, want = power.clamp(min=1e-8).sqrt().chunk(2)
        converged = torch.linalg.norm(want - got) / torch.linalg.norm(want).clamp(min=1e-6)
        total = total + converged + F.l1_loss(got.log(), want.log())
    return total / len(n_ffts)
