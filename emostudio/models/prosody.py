"""What stands between text and mel in both speaking systems: how long, how high, how loud."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Prosody(NamedTuple):
    """Of each frame (B, T): log F0 over the speaker's mean, logit of voicing, energy in nats."""

    log_f0: Tensor
    voiced_logit: Tensor
    energy: Tensor


def spread(
    features: Float[Tensor, "B C L"], durations: Int[Tensor, "B L"], n_frames: int
) -> Float[Tensor, "B C+2 T"]:
    """Give each token's features to its frames, with the place in the token and its log length."""
    ends = durations.cumsum(1)
    frame = torch.arange(n_frames, device=features.device).expand(len(ends), -1)
    token = torch.searchsorted(ends, frame.contiguous(), right=True).clamp(max=ends.shape[1] - 1)
    length = durations.gather(1, token).clamp(min=1)
    place = (frame - (ends - durations).gather(1, token) + 0.5) / length
    spread_out = features.gather(2, token[:, None].expand(-1, features.shape[1], -1))
    extra = torch.stack([place.clamp(0, 1) * 2 - 1, length.float().log() / 2], dim=1)
    return torch.cat([spread_out, extra.to(features.dtype)], dim=1)
