"""Feed-forward Transformer layers of DiEmo-TTS, plain and dually conditioned.

Where the paper adds absolute positions, attention here weighs frames by their distance [2]: it is
trained on windows of two seconds and speaks sentences of ten.

[1] DiEmo-TTS, https://arxiv.org/abs/2505.19687, section 2.4; FastSpeech 2, arXiv:2006.04558
[2] https://arxiv.org/abs/2108.12409 (attention with linear biases)
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.models.diemo.config import DiEmoConfig


class Attention(nn.Module):
    """Self-attention, each head with a reach of its own."""

    slopes: Tensor

    def __init__(self, dim: int, heads: int) -> None:
        """Build it; the weight of a frame halves within 4 to 32 frames."""
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        reach = torch.logspace(2, 5, heads, base=2.0)
        self.register_buffer("slopes", reach.reciprocal(), persistent=False)

    def forward(
        self, x: Float[Tensor, "B T C"], mask: Bool[Tensor, "B 1 T"]
    ) -> Float[Tensor, "B T C"]:
        """Attend to the frames that `mask` has."""
        batch, length, _ = x.shape
        q, k, v = self.qkv(x).reshape(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        place = torch.arange(length, device=x.device)
        distance = (place[:, None] - place[None]).abs()
        bias = -self.slopes[:, None, None] * distance  # (heads, T, T)
        bias = bias.expand(batch, -1, -1, -1).masked_fill(~mask[:, :, None], -torch.inf)
        # Plain products: on two cores the fused kernel takes three times as long to train.
        weights = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias).softmax(-1)
        h = weights.to(v.dtype) @ v
        return self.out(h.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Attention and a convolution, each added to what it reads."""

    def __init__(self, config: DiEmoConfig) -> None:
        """Build the layer."""
        super().__init__()
        dim, kernel = config.dim, config.kernel
        self.attention = Attention(dim, config.heads)
        self.first_norm, self.second_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.conv = nn.Conv1d(dim, config.hidden, kernel, padding=kernel // 2)
        self.contract = nn.Conv1d(config.hidden, dim, 1)

    def forward(
        self, x: Float[Tensor, "B T C"], mask: Bool[Tensor, "B 1 T"], *told: Tensor
    ) -> Float[Tensor, "B T C"]:
        """Return x after both branches.

        Args:
            x: features.
            mask: True where an item has data.
            *told: emotion and speaker (B, 1 or T, C); each makes an attention of its own, by the
                same weights, and both are added: x + A(h + e) + A(h + s).
        """
        h = self.first_norm(x)
        for condition in told or (torch.zeros_like(h[:, :1]),):
            x = x + self.attention(h + condition, mask)
        h = self.second_norm(x).transpose(1, 2) * mask
        return x + self.contract(F.gelu(self.conv(h), approximate="tanh")).transpose(1, 2)


class Stack(nn.Module):
    """Layers of which one is told who speaks and how.

    Without `dual` both are added to its input instead, and it attends once: the ablation.
    """

    def __init__(self, config: DiEmoConfig) -> None:
        """Build the stack."""
        super().__init__()
        self.dual, self.conditioned = config.dual, config.conditioned
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.depth))
        self.emotion = nn.Linear(config.emotion_dim, config.dim)
        self.speaker = nn.Linear(config.speaker_dim, config.dim)
        # A unit vector's elements are small; features are about one.
        self.scale = config.speaker_dim**0.5
        self.norm = nn.LayerNorm(config.dim)

    def forward(
        self,
        x: Float[Tensor, "B C T"],
        mask: Bool[Tensor, "B 1 T"],
        speaker_emb: Float[Tensor, "B D_spk"],
        emotion_emb: Tensor,
    ) -> Float[Tensor, "B C T"]:
        """Return features; `emotion_emb` is (B, D_emo), or (B, D_emo, T) where it changes."""
        if emotion_emb.dim() == 2:
            emotion_emb = emotion_emb[..., None]
        e = self.emotion(emotion_emb.transpose(1, 2))
        s = self.speaker(speaker_emb * self.scale)[:, None]
        h = x.transpose(1, 2)
        for place, layer in enumerate(self.layers):
            if place != self.conditioned:
                h = layer(h, mask)
            elif self.dual:
                h = layer(h, mask, e, s)
            else:
                h = layer(h + e + s, mask)
        return self.norm(h).transpose(1, 2)
