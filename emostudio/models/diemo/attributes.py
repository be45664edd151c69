"""Attribute regressor: functionals of a clip to arousal, dominance and valence.

DiEmo-TTS [1] places a speaker's clusters by such attributes; its authors take a WavLM fine-tuned on
MSP-Podcast, which may not be shipped. This net is small and takes functionals, so that one can be
trained in seconds for every fold of speakers and place those whom it never heard.

[1] https://arxiv.org/abs/2505.19687, section 2.2
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from emostudio.audio.functionals import FUNCTIONALS
from emostudio.values import Affect

ATTRIBUTES = ("arousal", "dominance", "valence")


@dataclass(frozen=True)
class AttributeConfig:
    """Sizes: `members` small nets, whose mean is told."""

    members: int = 3
    hidden: int = 96
    dropout: float = 0.4

    @classmethod
    def tiny(cls) -> "AttributeConfig":
        """A net that a test can run in milliseconds."""
        return cls(members=2, hidden=8)


class AttributeRegressor(nn.Module):
    """Functionals, standardized, to three attributes in [0, 1], in the order of `ATTRIBUTES`."""

    mean: Tensor
    sd: Tensor

    def __init__(self, config: AttributeConfig) -> None:
        """Build an untrained regressor."""
        super().__init__()
        self.config = config
        # What clips of many speakers are like; training fills it in.
        self.register_buffer("mean", torch.zeros(len(FUNCTIONALS)))
        self.register_buffer("sd", torch.ones(len(FUNCTIONALS)))
        self.members = nn.ModuleList(_member(config) for _ in range(config.members))

    def each(self, standardized: Float[Tensor, "B D"]) -> Float[Tensor, "N_members B 3"]:
        """What every member tells."""
        return torch.stack([member(standardized) for member in self.members]).sigmoid()

    def forward(self, standardized: Float[Tensor, "B D"]) -> Float[Tensor, "B 3"]:
        """Attributes of clips whose functionals are standardized, among a speaker's or all."""
        return self.each(standardized).mean(0)

    @torch.inference_mode()
    def of_clip(self, figures: np.ndarray) -> Affect:
        """Attributes of one clip of whoever, by its `functionals` (D,)."""
        standardized = (torch.from_numpy(figures).float().to(self.mean) - self.mean) / self.sd
        return Affect(*self(standardized[None])[0].tolist())


def _member(config: AttributeConfig) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(config.dropout / 2),
        nn.Linear(len(FUNCTIONALS), config.hidden),
        nn.GELU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.hidden, config.hidden),
        nn.GELU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.hidden, len(ATTRIBUTES)),
    )


def standardize(figures: np.ndarray) -> np.ndarray:
    """Figures (N, D) with mean 0 and standard deviation 1 over the N clips."""
    return ((figures - figures.mean(0)) / (figures.std(0) + 1e-4)).astype(np.float32)
