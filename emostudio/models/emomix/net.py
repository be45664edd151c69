"""EmoMix: text, speaker and emotion to a mel by a score-based decoder whose condition can be mixed.

Tokens are encoded, given durations, spread over frames and given F0, voicing and energy; from these
comes the mean `mu`, and a diffusion from noise around `mu` refines it. Speaker and emotion
embeddings reach every part. What the paper leaves out and this model adds: explicit F0, voicing and
energy, so that the emotion of an actor carries to a reader's pitch range, and harmonics stay clean.

EmoMix, https://arxiv.org/abs/2306.00648; the base is Grad-TTS, https://arxiv.org/abs/2105.06337
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from emostudio.audio.excitation import excitation_mel
from emostudio.models.blocks import ConvNextBlock
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.diffusion import Schedule
from emostudio.models.emomix.estimators import Condition, ConvNextEstimator
from emostudio.models.emomix.unet2d import UNet2dEstimator
from emostudio.models.prosody import Prosody
from emostudio.text.phonemes import N_STRESSES


class ConditionedStack(nn.Module):
    """ConvNeXt blocks told the condition, behind a pointwise projection."""

    def __init__(self, n_in: int, config: EmoMixConfig, dim: int, depth: int) -> None:
        """Build the stack."""
        super().__init__()
        self.condition = Condition(config)
        self.first = nn.Conv1d(n_in, dim, 1)
        hidden = config.hidden * dim // config.dim
        self.blocks = nn.ModuleList(
            ConvNextBlock(dim, hidden, cond_dim=config.cond_dim) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(dim)

    def forward(
        self, x: Tensor, mask: Tensor, speaker_emb: Tensor, emotion_emb: Tensor
    ) -> Float[Tensor, "B C T"]:
        """Return features (B, C, T)."""
        cond = self.condition(speaker_emb, emotion_emb)
        h = self.first(x)
        for block in self.blocks:
            h = block(h, mask, cond)
        return self.norm(h.transpose(1, 2)).transpose(1, 2)


class EmoMix(nn.Module):
    """The acoustic model; an engine runs it, part by part."""

    emotion_means: Tensor

    def __init__(self, config: EmoMixConfig) -> None:
        """Build an untrained model."""
        super().__init__()
        self.config = config
        self.schedule = Schedule(config.beta_min, config.beta_max)
        self.symbols = nn.Embedding(config.n_symbols, config.dim)
        self.stresses = nn.Embedding(N_STRESSES, config.dim)
        self.encoder = ConditionedStack(config.dim, config, config.dim, config.encoder_depth)
        self.duration = nn.Conv1d(config.dim, 1, 1)
        # A frame knows its token's features, how far into the token it is, and how long that is.
        self.prosody_stack = ConditionedStack(
            config.dim + 2, config, config.prosody_dim, config.prosody_depth
        )
        self.prosody_head = nn.Conv1d(config.prosody_dim, 3, 1)
        # Speech has about this energy, and its F0 the speaker's mean.
        self.prosody_head.bias = nn.Parameter(torch.tensor([0.0, 0.0, -5.5]))
        self.prior_stack = ConditionedStack(
            config.dim + 2 + config.n_mels + 3, config, config.prior_dim, config.prior_depth
        )
        self.prior_head = nn.Conv1d(config.prior_dim, config.n_mels, 1)
        self.estimator: nn.Module = (
            UNet2dEstimator(config) if config.estimator == "unet2d" else ConvNextEstimator(config)
        )
        # Mean emotion embedding of each emotion, and where embeddings lie at all.
        self.register_buffer("emotion_means", torch.zeros(len(config.emotions), config.emotion_dim))

    def encode(
        self,
        tokens: Int[Tensor, "B L"],
        token_mask: Bool[Tensor, "B 1 L"],
        speaker_emb: Float[Tensor, "B D_spk"],
        emotion_emb: Float[Tensor, "B D_emo"],
    ) -> tuple[Float[Tensor, "B C L"], Float[Tensor, "B L"]]:
        """Token features, and the log of the frames to expect of each token."""
        h = self.symbols(tokens // N_STRESSES) + self.stresses(tokens % N_STRESSES)
        h = self.encoder(h.transpose(1, 2), token_mask, speaker_emb, emotion_emb)
        return h, self.duration(h)[:, 0].float().clamp(-4, 5)

    def predict_prosody(
        self, frames: Float[Tensor, "B C T"], mask: Tensor, speaker_emb: Tensor, emotion_emb: Tensor
    ) -> Prosody:
        """F0, voicing and energy of frames that `spread` made."""
        h = self.prosody_head(self.prosody_stack(frames, mask, speaker_emb, emotion_emb)).float()
        return Prosody(h[:, 0], h[:, 1], h[:, 2])

    def prior(
        self,
        frames: Float[Tensor, "B C T"],
        prosody: Prosody,
        pitch_mean: Float[Tensor, " B"],
        mask: Tensor,
        speaker_emb: Tensor,
        emotion_emb: Tensor,
    ) -> tuple[Float[Tensor, "B n_mels T"], Float[Tensor, "B D_prior T"]]:
        """The mean `mu` and the features it came from.

        Args:
            frames: what `spread` made of token features.
            prosody: of each frame; `voiced_logit` is read as a probability in [0, 1] here.
            pitch_mean: the speaker's mean log F0.
            mask: True where an item has frames.
            speaker_emb: who.
            emotion_emb: how.
        """
        source = (
            excitation_mel(prosody.log_f0 + pitch_mean[:, None]) * prosody.voiced_logit[:, None]
        )
        control = torch.stack(
            [prosody.log_f0 * 4, prosody.voiced_logit, (prosody.energy + 5) / 2.5], dim=1
        )
        x = torch.cat([frames, source / 2.5, control], dim=1)
        hidden = self.prior_stack(x, mask, speaker_emb, emotion_emb)
        mu = self.prior_head(hidden).float() * 2.5 - 5 + 0.5 * source
        return mu * mask, hidden
