"""The F0 predictor: units ask, emotion and speaker answer (ZEST, section 2.4).

Cross-attention from units to frames of the emotion embedding, to which the speaker's is added.
What the paper does not have: energy and voicing come along, and convolutions follow, told the
emotion's mean, so that phrases and not frames alone have a shape.

A conversion moves the source's own contour by how the prediction differs between its emotion and
the asked one, and as far as actors go: what a predictor can't know of a person's accents stays.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.audio.mel import FRAME_RATE
from emostudio.models.blocks import ConvNextBlock
from emostudio.models.content import UNIT_RATE, Units
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.sace import frame_mean

# No emotion moves a voice further: an octave, twice the spread, 26 dB, half the rate.
MAX_PITCH, MAX_SPREAD, MAX_ENERGY, MAX_DURATION = 0.7, 0.7, 3.0, 0.7


class Contours(NamedTuple):
    """Of each mel frame (B, T): log F0 over the voice's neutral mean, voicing's logit, energy.

    Energy is the mean of the log mel, in nats.
    """

    log_f0: Tensor
    voiced_logit: Tensor
    energy: Tensor


class UnitEmbedding(nn.Module):
    """Units at 50 Hz to features of mel frames."""

    def __init__(self, n_units: int, dim: int) -> None:
        """Build a table of `n_units` vectors."""
        super().__init__()
        self.table = nn.Embedding(n_units, dim)

    def forward(self, units: Units, n_frames: int) -> Float[Tensor, "B C T"]:
        """Share-weighted vectors, read between the units where mel frames lie."""
        mixed = (self.table(units.ids) * units.shares[..., None]).sum(2).transpose(1, 2)
        frames = F.interpolate(mixed, scale_factor=FRAME_RATE / UNIT_RATE, mode="linear")
        lacking = max(0, n_frames - frames.shape[-1])
        return F.pad(frames, (0, lacking), mode="replicate")[..., :n_frames]


class ContourPredictor(nn.Module):
    """Units, emotion frames and EASE to contours."""

    def __init__(self, config: ZestConfig) -> None:
        """Build an untrained predictor."""
        super().__init__()
        dim = config.contour_dim
        self.units = UnitEmbedding(config.n_units, dim)
        self.speaker = nn.Linear(config.ease_dim, config.emotion_dim)
        self.attention = nn.MultiheadAttention(
            dim,
            config.contour_heads,
            dropout=0.1,
            kdim=config.emotion_dim,
            vdim=config.emotion_dim,
            batch_first=True,
        )
        self.norm = nn.LayerNorm(dim)
        self.condition = nn.Linear(config.emotion_dim, dim)
        self.blocks = nn.ModuleList(
            ConvNextBlock(dim, 2 * dim, kernel=9, cond_dim=dim) for _ in range(config.contour_depth)
        )
        self.last = nn.Sequential(
            nn.Conv1d(dim, dim, 3, padding=1), nn.LeakyReLU(0.1), nn.Conv1d(dim, 3, 1)
        )

    def forward(
        self,
        units: Units,
        mask: Bool[Tensor, "B 1 T"],
        emotion: Float[Tensor, "B T_ref D_emo"],
        emotion_mask: Bool[Tensor, "B 1 T_ref"] | None,
        ease: Float[Tensor, "B D_ease"],
    ) -> Contours:
        """Predict the contours of units in an emotion and a voice."""
        asks = self.units(units, mask.shape[-1]).transpose(1, 2)
        answers = emotion + self.speaker(ease)[:, None]
        absent = None if emotion_mask is None else ~emotion_mask[:, 0]
        heard, _ = self.attention(
            asks, answers, answers, key_padding_mask=absent, need_weights=False
        )
        h = self.norm(asks + heard).transpose(1, 2)
        cond = F.silu(self.condition(frame_mean(answers, emotion_mask)))
        for block in self.blocks:
            h = block(h, mask, cond)
        out = self.last(h * mask).float()
        return Contours(out[:, 0], out[:, 1], out[:, 2] - 5.5)


class Moves(nn.Module):
    """How far an emotion moves a voice: a linear map, measured over actors after training.

    The predictor knows the course of an emotion; from few acted sentences it learns too little of
    how far it goes in others.
    """

    weight: Tensor

    def __init__(self, config: ZestConfig) -> None:
        """Build one that moves nothing."""
        super().__init__()
        self.register_buffer("weight", torch.zeros(config.emotion_dim, len(Move._fields)))

    def forward(self, was: Float[Tensor, "B D_emo"], shall: Float[Tensor, "B D_emo"]) -> "Move":
        """From one emotion to another."""
        pitch, spread, energy, duration = ((shall - was) @ self.weight).unbind(1)
        return Move(
            pitch.clamp(-MAX_PITCH, MAX_PITCH),
            spread.clamp(-MAX_SPREAD, MAX_SPREAD),
            energy.clamp(-MAX_ENERGY, MAX_ENERGY),
            duration.clamp(-MAX_DURATION, MAX_DURATION),
        )


class Move(NamedTuple):
    """(B,) each: mean log F0, log of its spread, mean energy in nats, log of a phoneme's length."""

    pitch: Tensor
    spread: Tensor
    energy: Tensor
    duration: Tensor


def moved(
    source: Float[Tensor, "B T"],
    change: Float[Tensor, "B T"],
    voiced: Float[Tensor, "B T"],
    shift: Float[Tensor, " B"],
    spread: Float[Tensor, " B"],
) -> Float[Tensor, "B T"]:
    """A source's contour in another emotion.

    Args:
        source: log F0 or energy.
        change: by how much the prediction differs between both emotions; its course alone counts.
        voiced: 1 where the means are taken.
        shift: what is added to the mean.
        spread: the log by which the source's own course is widened.
    """
    weight = voiced / voiced.sum(1, keepdim=True).clamp(min=1)
    mean, drift = ((x * weight).sum(1, keepdim=True) for x in (source, change))
    return mean + (source - mean) * spread.exp()[:, None] + change - drift + shift[:, None]
