"""The house mel: 16 kHz, Hann 1024, hop 256, 80 bands 0 to 8000 Hz, natural log, clip 1e-5.

Frame t is centered on sample t * hop + hop / 2, so that T_wav samples make T_wav // hop frames.
"""

import functools

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from emostudio.audio.torchaudio_door import functional

SAMPLE_RATE = 16_000
N_FFT = 1024
HOP = 256
N_MELS = 80
FRAME_RATE = SAMPLE_RATE / HOP
LOG_FLOOR = 1e-5


@functools.cache
def mel_filters(n_mels: int = N_MELS, n_fft: int = N_FFT) -> Float[Tensor, "n_freqs n_mels"]:
    """Triangular filters on Slaney's mel scale, each of unit area."""
    # Kept for all callers: made while a take is spoken, they must still do for training.
    with torch.inference_mode(False):
        return functional().melscale_fbanks(
            n_fft // 2 + 1,
            0.0,
            SAMPLE_RATE / 2,
            n_mels,
            SAMPLE_RATE,
            norm="slaney",
            mel_scale="slaney",
        )


def log_mel(wav: Float[Tensor, "B T_wav"]) -> Float[Tensor, "B n_mels T"]:
    """Magnitude mel spectrogram in natural log.

    Raises:
        ValueError: fewer samples than one hop.
    """
    if wav.shape[-1] < HOP:
        raise ValueError(f"The sound is shorter than one frame of {HOP} samples.")
    pad = (N_FFT - HOP) // 2
    mode = "reflect" if wav.shape[-1] > pad else "constant"
    window = torch.hann_window(N_FFT, device=wav.device)
    padded = F.pad(wav[:, None], (pad, pad), mode=mode)[:, 0]
    spectrum = torch.stft(padded, N_FFT, HOP, window=window, center=False, return_complex=True)
    mel = mel_filters().to(wav.device).T @ spectrum.abs()
    return mel.clamp(min=LOG_FLOOR).log()
