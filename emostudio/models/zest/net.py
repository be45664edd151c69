"""ZEST: the emotion of a recording from one clip, its voice and words from another, no text.

Units, EASE, SACE, the F0 predictor and a synthesizer, one net so that one checkpoint holds what
was trained together. An engine runs it part by part.

[1] https://arxiv.org/abs/2401.04511
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.contours import ContourPredictor, Moves
from emostudio.models.zest.generator import UnitGenerator
from emostudio.models.zest.sace import Ease, Sace
from emostudio.models.zest.synthesizer import Synthesizer


class Zest(nn.Module):
    """All parts of the system; see each for what it takes.

    The type of `synthesizer` tells which one it is: `Synthesizer`, whose mel a vocoder speaks, or
    `UnitGenerator`, which speaks itself.
    """

    synthesizer: Synthesizer | UnitGenerator
    emotion_means: Float[Tensor, "n_emotions D_emo"]

    def __init__(self, config: ZestConfig) -> None:
        """Build an untrained system."""
        super().__init__()
        self.config = config
        self.ease = Ease(config)
        self.sace = Sace(config)
        self.contours = ContourPredictor(config)
        self.moves = Moves(config)
        kind = UnitGenerator if config.synthesizer == "generator" else Synthesizer
        self.synthesizer = kind(config)
        # Mean embedding of each emotion over acted clips; what a mixture is made of.
        self.register_buffer("emotion_means", torch.zeros(len(config.emotions), config.emotion_dim))
