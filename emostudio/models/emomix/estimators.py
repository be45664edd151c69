"""The fast estimator that ships: a 1-D ConvNeXt over frames, told time and condition by AdaLN.

Both estimators share one call: `(x_t, mel_mask, mu, hidden, t, speaker_emb, emotion_emb)` to the
expected data, (B, n_mels, T). The published UNet2d is in `unet2d`.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.models.blocks import ConvNextBlock
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.time import time_features


class Condition(nn.Module):
    """Fuse speaker and emotion into one vector; the emotion passes a narrow gate.

    The gate keeps what little text emotional speech has from being learned by heart.
    """

    def __init__(self, config: EmoMixConfig) -> None:
        """Build the fusion."""
        super().__init__()
        self.speaker = nn.Linear(config.speaker_dim, config.cond_dim)
        self.emotion = nn.Sequential(
            nn.Linear(config.emotion_dim, config.bottleneck),
            nn.Linear(config.bottleneck, config.cond_dim),
        )
        self.scale = config.speaker_dim**0.5

    def forward(
        self, speaker_emb: Float[Tensor, "B D_spk"], emotion_emb: Float[Tensor, "B D_emo"]
    ) -> Float[Tensor, "B D_cond"]:
        """Return the condition."""
        return nn.functional.silu(
            self.speaker(speaker_emb * self.scale) + self.emotion(emotion_emb)
        )


class ConvNextEstimator(nn.Module):
    """Expected mel from a noisy one."""

    def __init__(self, config: EmoMixConfig) -> None:
        """Build the net; untrained it answers mu."""
        super().__init__()
        dim = config.estimator_dim
        self.condition = Condition(config)
        self.time = nn.Sequential(
            nn.Linear(64, config.cond_dim), nn.SiLU(), nn.Linear(config.cond_dim, config.cond_dim)
        )
        self.first = nn.Conv1d(2 * config.n_mels + config.prior_dim, dim, 1)
        self.blocks = nn.ModuleList(
            ConvNextBlock(dim, config.estimator_hidden, cond_dim=config.cond_dim)
            for _ in range(config.estimator_depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.last = nn.Linear(dim, config.n_mels)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(
        self,
        x_t: Float[Tensor, "B n_mels T"],
        mel_mask: Bool[Tensor, "B 1 T"],
        mu: Float[Tensor, "B n_mels T"],
        hidden: Float[Tensor, "B C T"],
        t: Float[Tensor, " B"],
        speaker_emb: Float[Tensor, "B D_spk"],
        emotion_emb: Float[Tensor, "B D_emo"],
    ) -> Float[Tensor, "B n_mels T"]:
        """Return the expected data, as mu plus what the net adds."""
        cond = self.condition(speaker_emb, emotion_emb) + self.time(time_features(t, 64))
        h = self.first(torch.cat([x_t - mu, (mu + 5) / 2.5, hidden], dim=1))
        for block in self.blocks:
            h = block(h, mel_mask, cond)
        return mu + self.last(self.norm(h.transpose(1, 2))).transpose(1, 2).float()
