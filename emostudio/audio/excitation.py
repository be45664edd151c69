"""What voices are made of before the vocal tract shapes them: pulses at F0, or noise."""

import functools
import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import F0_MAX, F0_MIN

N_PITCHES = 192


def pulse_train(f0: Float[Tensor, "B T"], hop_length: int = HOP) -> Float[Tensor, "B T_wav"]:
    """Sum of all cosine harmonics of F0 (Hz, > 0) below the Nyquist frequency, of unit power.

    The sum over k of cos(k p) is Dirichlet's kernel, so its cost does not grow with their number.
    """
    f0 = F.interpolate(f0[:, None], scale_factor=hop_length, mode="linear")[:, 0]
    cycles = torch.cumsum(f0.double() / SAMPLE_RATE, dim=-1)
    phase = (2 * math.pi * (cycles - cycles.floor())).float()
    n_harmonics = torch.floor((SAMPLE_RATE / 2 - 100) / f0)
    half = torch.sin(phase / 2)
    safe = torch.where(half.abs() < 1e-4, torch.full_like(half, 1e-4), half)
    kernel = torch.sin((n_harmonics + 0.5) * phase) / (2 * safe) - 0.5
    kernel = torch.where(half.abs() < 1e-4, n_harmonics, kernel)
    return kernel * torch.rsqrt(n_harmonics / 2)


@functools.cache
def _table() -> Float[Tensor, "n_pitches n_mels"]:
    """Log mel of a steady pulse train at each of `N_PITCHES` pitches, log-spaced."""
    # Kept for all callers: made while a take is spoken, it must still do for training.
    with torch.inference_mode(False):
        pitches = torch.logspace(math.log10(F0_MIN), math.log10(F0_MAX), N_PITCHES)
        return log_mel(pulse_train(pitches[:, None].expand(-1, 24)))[:, :, 8:16].mean(-1)


def excitation_mel(log_f0: Float[Tensor, "B T"]) -> Float[Tensor, "B n_mels T"]:
    """Log mel of a pulse train that follows `log_f0` (natural log of Hz).

    A mel is about this plus a smooth envelope, so a net that gets it need not draw harmonics.
    """
    table = _table().to(log_f0.device)
    span = math.log(F0_MAX / F0_MIN)
    place = ((log_f0 - math.log(F0_MIN)) / span * (N_PITCHES - 1)).clamp(0, N_PITCHES - 1.001)
    low = place.floor().long()
    part = (place - low)[..., None]
    return (table[low] * (1 - part) + table[low + 1] * part).transpose(1, 2)
