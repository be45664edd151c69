"""Mel to emotion embedding: the student and the teacher of DiEmo-TTS's self-distillation.

What pools frames into an embedding is Meta-StyleSpeech's encoder [2]: two linear layers, two gated
convolutions and self-attention, then the mean over time. As published it reads the mel. What ships
reads what a frozen copy of the recognizer hears in each frame: from mels of two hours of acted
speech, self-distillation alone learned no emotion within the minutes that we have.

[1] DiEmo-TTS, https://arxiv.org/abs/2505.19687, section 2.3
[2] https://arxiv.org/abs/2106.03153, section 3.1
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.models.blocks import level_free
from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.ser import EmotionRecognizer

DROPOUT = 0.1
KERNEL = 5


class GatedConvolution(nn.Module):
    """Convolution over time whose half opens and shuts the other, added to the input."""

    def __init__(self, dim: int) -> None:
        """Build it."""
        super().__init__()
        self.conv = nn.Conv1d(dim, 2 * dim, KERNEL, padding=KERNEL // 2)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Float[Tensor, "B C T"]) -> Float[Tensor, "B C T"]:
        """Return x plus the gated branch."""
        return x + self.dropout(F.glu(self.conv(x), dim=1))


class StylePool(nn.Module):
    """Frames to an embedding, with a mean that leaves padding out."""

    def __init__(self, config: DiEmoConfig) -> None:
        """Build an untrained pool."""
        super().__init__()
        dim, ears = config.style_dim, config.ser()
        self.frames = nn.Sequential(
            nn.Conv1d(config.n_mels if ears is None else ears.emotion_dim, dim, 1),
            nn.Mish(),
            nn.Dropout(DROPOUT),
            nn.Conv1d(dim, dim, 1),
            nn.Mish(),
            nn.Dropout(DROPOUT),
        )
        self.gated = nn.ModuleList(GatedConvolution(dim) for _ in range(2))
        self.attention = nn.MultiheadAttention(dim, 2, DROPOUT, batch_first=True)
        self.project = nn.Linear(dim, config.emotion_dim)

    def forward(
        self, heard: Float[Tensor, "B C T"], mask: Bool[Tensor, "B 1 T"]
    ) -> Float[Tensor, "B D_emo"]:
        """Embed the frames that `mask` has."""
        h = self.frames(heard)
        for gated in self.gated:
            h = gated(h * mask)
        h = h.transpose(1, 2)
        away = ~mask[:, 0]
        h = h + self.attention(h, h, h, key_padding_mask=away, need_weights=False)[0]
        kept = mask.transpose(1, 2).to(h.dtype)
        return (self.project(h) * kept).sum(1).float() / kept.sum(1)


class StyleEncoder(nn.Module):
    """Ears, which never learn, and the pool."""

    def __init__(self, config: DiEmoConfig) -> None:
        """Build an untrained encoder."""
        super().__init__()
        ears = config.ser()
        self.ears = None if ears is None else EmotionRecognizer(ears).eval().requires_grad_(False)
        self.pool = StylePool(config)

    def train(self, mode: bool = True) -> "StyleEncoder":
        """Train the pool; ears stay as they are."""
        super().train(mode)
        if self.ears is not None:
            self.ears.eval()
        return self

    def listen(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"]
    ) -> tuple[Float[Tensor, "B C T2"], Bool[Tensor, "B 1 T2"]]:
        """Return what the pool is given: a clip's level is no part of it."""
        if self.ears is None:
            return level_free(mel, mel_mask), mel_mask
        with torch.no_grad():
            heard, mask = self.ears.frames(mel, mel_mask)
        return heard.transpose(1, 2), mask[:, None]

    def forward(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"]
    ) -> Float[Tensor, "B D_emo"]:
        """Embed clips."""
        return self.pool(*self.listen(mel, mel_mask))


def whole(mel: Float[Tensor, "B n_mels T"]) -> Bool[Tensor, "B 1 T"]:
    """Return the mask of mels that have no padding."""
    return torch.ones_like(mel[:, :1], dtype=torch.bool)
