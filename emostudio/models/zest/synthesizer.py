"""The synthesizer that ships: units, contours, EASE and SACE to the house mel.

Beside the paper's inputs it looks up how this voice shapes its sounds: content asks a recording of
the voice (at conversion the source itself) and gets its smoothed spectrum where the same is said.
One vector of a small speaker encoder does not hold a voice that was never heard; the recording
does. Energy and harmonics are left out of what is looked up: they come from the contours.

[1] https://arxiv.org/abs/2305.18975 (kNN-VC: content looks up a voice's frames)
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.audio.excitation import excitation_mel
from emostudio.audio.mel import N_MELS
from emostudio.models.blocks import ConvNextBlock
from emostudio.models.content import Units
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.contours import UnitEmbedding

# Cosine coefficients of a spectrum's shape that are kept: resonances stay, harmonics go.
N_SMOOTH = 24
LOOKUP_DIM = 64
EMOTION_GATE = 24


class Synthesizer(nn.Module):
    """Everything that is known of a conversion to its mel."""

    smooth: Tensor

    def __init__(self, config: ZestConfig) -> None:
        """Build an untrained synthesizer."""
        super().__init__()
        content_dim = 128 if config.dim > 128 else config.dim
        self.units = UnitEmbedding(config.n_units, content_dim)
        self.context = nn.ModuleList(ConvNextBlock(content_dim, 2 * content_dim) for _ in range(2))
        self.asks = nn.Conv1d(content_dim, LOOKUP_DIM, 1, bias=False)
        self.sharpness = nn.Parameter(torch.tensor(math.log(10.0)))
        self.speaker = nn.Linear(config.ease_dim, config.ease_dim)
        # A narrow gate, so that what little text acted speech has is not learned by heart.
        self.emotion = nn.Sequential(
            nn.Linear(config.emotion_dim, EMOTION_GATE), nn.Linear(EMOTION_GATE, config.ease_dim)
        )
        self.was = nn.Sequential(
            nn.Linear(config.emotion_dim, EMOTION_GATE), nn.Linear(EMOTION_GATE, config.ease_dim)
        )
        self.first = nn.Conv1d(content_dim + 2 * N_MELS + 3, config.dim, 1)
        self.blocks = nn.ModuleList(
            ConvNextBlock(config.dim, config.hidden, cond_dim=config.ease_dim)
            for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.dim)
        self.last = nn.Linear(config.dim, N_MELS)
        self.register_buffer("smooth", smoothing(), persistent=False)

    def content(self, units: Units, mask: Bool[Tensor, "B 1 T"]) -> Float[Tensor, "B C T"]:
        """Content features of mel frames."""
        h = self.units(units, mask.shape[-1])
        for block in self.context:
            h = block(h, mask)
        return h

    def look_up(
        self,
        content: Float[Tensor, "B C T"],
        prompt_content: Float[Tensor, "B C T_p"],
        prompt_mel: Float[Tensor, "B n_mels T_p"],
        prompt_mask: Bool[Tensor, "B 1 T_p"],
    ) -> Float[Tensor, "B n_mels T"]:
        """The voice's smoothed spectrum, without its level, where it says what is asked."""
        asks, answers = (F.normalize(self.asks(h), dim=1) for h in (content, prompt_content))
        alike = self.sharpness.exp() * asks.transpose(1, 2) @ answers
        shares = alike.float().masked_fill(~prompt_mask, -torch.inf).softmax(-1)
        shape = self.smooth @ (prompt_mel - prompt_mel.mean(1, keepdim=True))
        return (shares @ shape.transpose(1, 2)).transpose(1, 2)

    def forward(
        self,
        content: Float[Tensor, "B C T"],
        looked_up: Float[Tensor, "B n_mels T"],
        contours: Float[Tensor, "B 3 T"],
        mask: Bool[Tensor, "B 1 T"],
        ease: Float[Tensor, "B D_ease"],
        emotions: tuple[Float[Tensor, "B D_emo"], Float[Tensor, "B D_emo"]],
    ) -> Float[Tensor, "B n_mels T"]:
        """Speak.

        Args:
            content: what `content` gave.
            looked_up: what `look_up` gave.
            contours: log F0 (of Hz), voicing in [0, 1] and energy (nats).
            mask: True where an item has frames.
            ease: who.
            emotions: how it shall sound, and how the recording sounds that was looked into.
        """
        log_f0, voiced, energy = contours.unbind(1)
        source = excitation_mel(log_f0) * voiced[:, None]
        control = torch.stack([log_f0 - 5.1, voiced, (energy + 5) / 2.5], dim=1)
        shall, was = emotions
        cond = F.silu(self.speaker(ease) + self.emotion(shall) + self.was(was))
        h = self.first(torch.cat([content, looked_up / 2.5, source / 2.5, control], dim=1))
        for block in self.blocks:
            h = block(h, mask, cond)
        own = self.last(self.norm(h.transpose(1, 2))).transpose(1, 2).float() * 2.5
        return (own + looked_up + 0.3 * source + energy[:, None]) * mask


def smoothing(n_mels: int = N_MELS, kept: int = N_SMOOTH) -> Float[Tensor, "n_mels n_mels"]:
    """The map of a spectrum onto its first `kept` cosine coefficients and back."""
    place = (torch.arange(n_mels) + 0.5) / n_mels
    basis = torch.cos(math.pi * torch.arange(kept)[:, None] * place)
    basis = basis / basis.norm(dim=1, keepdim=True)
    return basis.T @ basis
