"""Speech emotion recognizer: 3-D convolutions, BLSTM and attention (ACRNN) on the house mel.

Log-mel, its first and second differences are three channels of an image; attention over time gives
the 256-d emotion embedding that EmoMix is conditioned on. The house mel is pooled from 80 to 40
bands inside the net, so that a loss on its features reaches a synthesized mel (style loss [2]).

[1] Chen et al., 3-D convolutional recurrent neural networks with attention model for speech
    emotion recognition (2018), doi:10.1109/LSP.2018.2860246
[2] EmoMix, https://arxiv.org/abs/2306.00648, section 3.1
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.models.blocks import lengths_to_mask, level_free
from emostudio.values import EMOTIONS, Affect

# Where each category lies in pleasure, arousal and dominance, each in [-1, 1]: Russell & Mehrabian,
# Evidence for a three-factor theory of emotions, J. Research in Personality 11 (1977), table 2
# (neutral is their origin; calm is "relaxed", fear "fearful", surprise "surprised").
_PLEASURE_AROUSAL_DOMINANCE = {
    "neutral": (0.0, 0.0, 0.0),
    "calm": (0.68, -0.46, 0.20),
    "happy": (0.81, 0.51, 0.46),
    "sad": (-0.63, -0.27, -0.33),
    "angry": (-0.51, 0.59, 0.25),
    "fear": (-0.64, 0.60, -0.43),
    "disgust": (-0.60, 0.35, 0.11),
    "surprise": (0.40, 0.67, -0.13),
    "bored": (-0.65, -0.62, -0.33),
}


@dataclass(frozen=True)
class SerConfig:
    """Sizes; the defaults are a quarter of the paper's width."""

    emotions: tuple[str, ...] = EMOTIONS
    channels: int = 32
    depth: int = 6
    linear: int = 192
    lstm: int = 128

    @property
    def emotion_dim(self) -> int:
        """Size of the emotion embedding."""
        return 2 * self.lstm

    @classmethod
    def tiny(cls) -> "SerConfig":
        """A net that a test can run in milliseconds."""
        return cls(channels=4, depth=2, linear=16, lstm=8)

    @classmethod
    def paper(cls) -> "SerConfig":
        """The published size."""
        return cls(channels=128, linear=768)


class EmotionRecognizer(nn.Module):
    """Mel to emotion logits and embedding."""

    def __init__(self, config: SerConfig) -> None:
        """Build an untrained recognizer."""
        super().__init__()
        self.config = config
        wide = 2 * config.channels
        sizes = [3, config.channels] + [wide] * (config.depth - 1)
        self.convs = nn.ModuleList(
            nn.Conv2d(n_in, n_out, (3, 5), padding=(1, 2)) for n_in, n_out in pairwise(sizes)
        )
        self.linear = nn.Linear(10 * sizes[-1], config.linear)
        self.norm = nn.LayerNorm(config.linear)
        self.lstm = nn.LSTM(config.linear, config.lstm, batch_first=True, bidirectional=True)
        self.attention = nn.Linear(config.emotion_dim, 1)
        self.hidden = nn.Linear(config.emotion_dim, 64)
        self.classify = nn.Linear(64, len(config.emotions))
        self.dropout = nn.Dropout(0.3)

    def feature_maps(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"]
    ) -> list[Float[Tensor, "B C F T2"]]:
        """Convolution maps of each layer, zero where there is no data; what style loss compares."""
        h = _three_channels(mel, mel_mask)
        mask = mel_mask[:, :, None]
        maps = []
        for place, conv in enumerate(self.convs):
            h = F.leaky_relu(conv(h), 0.01)
            if place == 0:
                h = F.max_pool2d(h.masked_fill(~mask, -1e4), (4, 2), ceil_mode=True)
                mask = mask[..., ::2]
            h = h * mask
            maps.append(h)
        return maps

    def frames(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"]
    ) -> tuple[Float[Tensor, "B T2 D_emo"], Bool[Tensor, "B T2"]]:
        """What is heard in every other frame, and where there is data."""
        h = self.feature_maps(mel, mel_mask)[-1]
        mask = mel_mask[:, 0, ::2]
        h = F.leaky_relu(self.norm(self.linear(h.flatten(1, 2).transpose(1, 2))), 0.01)
        # Packing keeps the backward LSTM from reading the padding first.
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(h), mask.sum(-1).cpu(), batch_first=True, enforce_sorted=False
        )
        h, _ = nn.utils.rnn.pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=h.shape[1]
        )
        return h, mask

    def forward(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> tuple[Float[Tensor, "B n_emotions"], Float[Tensor, "B D_emo"]]:
        """Logits and emotion embedding."""
        if mel_mask is None:
            mel_mask = torch.ones_like(mel[:, :1], dtype=torch.bool)
        h, mask = self.frames(mel, mel_mask)
        weights = self.attention(h)[..., 0].masked_fill(~mask, -torch.inf).softmax(-1)
        embedding = (weights[..., None] * h).sum(1)
        return self.logits_of(embedding), embedding

    def logits_of(self, embedding: Float[Tensor, "B D_emo"]) -> Float[Tensor, "B n_emotions"]:
        """Logits of embeddings that this net gave."""
        return self.classify(F.leaky_relu(self.hidden(self.dropout(embedding)), 0.01))


def _three_channels(mel: Tensor, mask: Tensor) -> Tensor:
    """Level-free log-mel of 40 bands with differences, (B, 3, 40, T), in about unit range."""
    pooled = F.avg_pool2d(mel[:, None], (2, 1))[:, 0]
    static = level_free(pooled, mask)
    delta = _difference(static, mask)
    channels = torch.stack([static, 2 * delta, 2 * _difference(delta, mask)], dim=1)
    return channels * mask[:, None]


def _difference(x: Tensor, mask: Tensor) -> Tensor:
    """Half the difference of a frame's neighbors, the last frame standing in for what follows."""
    last = mask.sum(-1, keepdim=True) - 1
    place = torch.arange(x.shape[-1], device=x.device).expand(len(x), 1, -1).minimum(last)
    held = F.pad(x.gather(-1, place.expand_as(x)), (1, 1), mode="replicate")
    return (held[..., 2:] - held[..., :-2]) / 2


def affect_of(probs: dict[str, float]) -> Affect:
    """Arousal, dominance and valence of a distribution over categories, as its mean coordinate.

    A category of somebody's own, of which nobody knows where it lies, counts as neutral.
    """
    known = _PLEASURE_AROUSAL_DOMINANCE
    center = [
        sum(p * known.get(name, known["neutral"])[axis] for name, p in probs.items())
        for axis in range(3)
    ]
    valence, arousal, dominance = ((1 + value) / 2 for value in center)
    return Affect(arousal=arousal, dominance=dominance, valence=valence)


def gram(features: Float[Tensor, "B C F T"]) -> Float[Tensor, "B C C"]:
    """Gram matrix of the channels, over frequency and time (EmoMix, eq. 8)."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[-1]


def style_loss(
    net: EmotionRecognizer,
    got: Float[Tensor, "B n_mels T"],
    want: Float[Tensor, "B n_mels T"],
    mel_lengths: Tensor,
) -> Float[Tensor, " B"]:
    """Squared Frobenius distance of Gram matrices, relative to what is wanted, mean over layers.

    The paper sums plain distances (EmoMix, eq. 8); the deepest layer's then outweighs all others
    and, while a model is young, every other loss a million times.
    """
    mask = lengths_to_mask(mel_lengths, got.shape[-1])
    total = got.new_zeros(len(got))
    with torch.no_grad():
        wanted = [gram(features) for features in net.feature_maps(want, mask)]
    for features, target in zip(net.feature_maps(got, mask), wanted, strict=True):
        size = target.square().sum((1, 2)).clamp(min=1e-8)
        total = total + ((gram(features) - target).square().sum((1, 2)) / size).clamp(max=4.0)
    return total / len(wanted)
