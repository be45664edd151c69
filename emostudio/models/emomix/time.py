"""Diffusion time as features, the same for both estimators (Grad-TTS, section 3.3)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def time_features(t: Float[Tensor, " B"], dim: int) -> Float[Tensor, "B dim"]:
    """Sines and cosines of 1000 t at log-spaced rates."""
    rates = torch.exp(-math.log(10_000) * torch.arange(dim // 2, device=t.device) / (dim // 2))
    angles = 1000 * t[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
