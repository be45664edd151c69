"""Information perturbation: another vocal tract, the same voice source.

Of each frame's spectrum linear prediction finds the envelope, which is stretched along frequency
and put back, so that formants move and F0 stays. (DiEmo-TTS's public code stretches the source as
well, so that pitch moves too.)

[1] NANSY, https://arxiv.org/abs/2110.14513, section 3.2; DiEmo-TTS, arXiv:2505.19687, section 2.2
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from emostudio.audio.mel import HOP, N_FFT

ORDER = 32
MOST = 1.4  # of the ratio, which is its inverse as often
PEAK = 0.95


def draw_ratio(rng: np.random.Generator) -> float:
    """Draw how far formants move: 1 to `MOST`, up as often as down."""
    ratio = float(rng.uniform(1.0, MOST))
    return 1 / ratio if rng.random() < 0.5 else ratio


def shift_formants(wav: Float[Tensor, " T_wav"], ratio: float) -> Float[Tensor, " T_wav"]:
    """Move all formants of a sound to `ratio` times their frequency; its peak stays, up to `PEAK`.

    Raises:
        ValueError: the sound is shorter than half a window.
    """
    if len(wav) <= N_FFT // 2:
        raise ValueError(f"The sound is shorter than {N_FFT // 2 + 1} samples.")
    window = torch.hann_window(N_FFT, device=wav.device)
    spectrum = torch.stft(wav, N_FFT, HOP, window=window, return_complex=True)  # (n_freqs, T)
    envelope = lpc_envelope(spectrum.abs())
    moved = stretch(envelope, ratio)
    shifted = spectrum * (moved / envelope)
    sound = torch.istft(shifted, N_FFT, HOP, window=window, length=len(wav))
    peak = min(float(wav.abs().max()), PEAK)
    return sound * (peak / sound.abs().max().clamp(min=1e-6))


def lpc_envelope(
    magnitude: Float[Tensor, "n_freqs T"], order: int = ORDER
) -> Float[Tensor, "n_freqs T"]:
    """Spectral envelope of each frame by linear prediction (autocorrelation method)."""
    correlation = torch.fft.irfft(magnitude.T.double().square())[:, : order + 1]
    # A little white noise keeps a frame of silence, or a pure tone, from being singular.
    correlation[:, 0] = correlation[:, 0] * (1 + 1e-5) + 1e-9
    places = torch.arange(order, device=magnitude.device)
    toeplitz = correlation[:, (places[:, None] - places[None]).abs()]
    weights = torch.linalg.solve(toeplitz, correlation[:, 1:, None])[..., 0]
    error = (correlation[:, 0] - (weights * correlation[:, 1:]).sum(1)).clamp(min=1e-12)
    whitening = F.pad(torch.cat([torch.ones_like(error)[:, None], -weights], 1), (0, N_FFT - order))
    response = torch.fft.rfft(whitening[:, :N_FFT]).abs().clamp(min=1e-6)
    return (error.sqrt()[:, None] / response).T.float()


def stretch(envelope: Float[Tensor, "n_freqs T"], ratio: float) -> Float[Tensor, "n_freqs T"]:
    """Read an envelope at frequencies divided by `ratio`; its top is held where it ends."""
    n_freqs = len(envelope)
    place = (torch.arange(n_freqs, device=envelope.device) / ratio).clamp(max=n_freqs - 1)
    low = place.long().clamp(max=n_freqs - 2)
    share = (place - low)[:, None]
    return envelope[low] * (1 - share) + envelope[low + 1] * share
