"""DiEmo-TTS: text, a speaker and an emotion heard in somebody else's clip, to a mel in one pass.

A phoneme encoder, durations, F0, voicing and energy, and a mel decoder (FastSpeech 2 [2]); the
third layer of encoder and decoder is told speaker and emotion. Emotion comes from a style encoder
that self-distillation has made free of speakers. Instead of codes of F0's bins the decoder is given
the mel of pulses at F0, as EmoMix is here: harmonics stay clean.

[1] https://arxiv.org/abs/2505.19687  [2] https://arxiv.org/abs/2006.04558
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from emostudio.audio.excitation import excitation_mel
from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.diemo.layers import Stack
from emostudio.models.diemo.style_encoder import StyleEncoder, whole
from emostudio.models.prosody import Prosody
from emostudio.text.phonemes import N_STRESSES

KERNEL = 5


class DiEmo(nn.Module):
    """Style encoder and acoustic model; an engine runs them, part by part."""

    emotion_means: Tensor

    def __init__(self, config: DiEmoConfig) -> None:
        """Build an untrained model."""
        super().__init__()
        self.config = config
        dim = config.dim
        self.style = StyleEncoder(config)
        self.symbols = nn.Embedding(config.n_symbols, dim)
        self.stresses = nn.Embedding(N_STRESSES, dim)
        self.encoder = Stack(config)
        self.duration = nn.Sequential(_Convolution(dim, 3), _Convolution(dim, 3))
        self.duration_head = nn.Conv1d(dim, 1, 1)
        # A frame knows its token's features, how far into the token it is, and how long that is.
        self.prosody_first = nn.Conv1d(dim + 2, dim, 1)
        self.prosody = nn.ModuleList(_Convolution(dim, KERNEL) for _ in range(config.prosody_depth))
        self.prosody_head = nn.Conv1d(dim, 3, 1)
        # Speech has about this energy, and its F0 the speaker's mean.
        self.prosody_head.bias = nn.Parameter(torch.tensor([0.0, 0.0, -5.5]))
        self.decoder_first = nn.Conv1d(dim + 2 + config.n_mels + 3, dim, 1)
        self.decoder = Stack(config)
        self.mel_head = nn.Conv1d(dim, config.n_mels, 1)
        self.register_buffer("emotion_means", torch.zeros(len(config.emotions), config.emotion_dim))

    def embed(
        self, mel: Float[Tensor, "B n_mels T"], mel_mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> Float[Tensor, "B D_emo"]:
        """Return the emotion embedding of clips, whoever speaks them."""
        return self.style(mel, whole(mel) if mel_mask is None else mel_mask)

    def encode(
        self,
        tokens: Int[Tensor, "B L"],
        token_mask: Bool[Tensor, "B 1 L"],
        speaker_emb: Float[Tensor, "B D_spk"],
        emotion_emb: Tensor,
    ) -> tuple[Float[Tensor, "B C L"], Float[Tensor, "B L"]]:
        """Features and the log of the frames to expect of each token.

        `emotion_emb` is (B, D_emo), or (B, D_emo, L) where it changes from token to token.
        """
        h = self.symbols(tokens // N_STRESSES) + self.stresses(tokens % N_STRESSES)
        h = self.encoder(h.transpose(1, 2), token_mask, speaker_emb, emotion_emb)
        # What durations teach stays out of the encoder, as in the paper's code.
        d = h.detach()
        for layer in self.duration:
            d = layer(d, token_mask)
        return h, self.duration_head(d)[:, 0].float().clamp(-4, 5)

    def predict_prosody(
        self, frames: Float[Tensor, "B C T"], mask: Tensor, speaker_emb: Tensor, emotion_emb: Tensor
    ) -> Prosody:
        """F0, voicing and energy of frames that `spread` made; who and how lie in these already."""
        h = self.prosody_first(frames)
        for layer in self.prosody:
            h = layer(h, mask)
        h = self.prosody_head(h).float()
        return Prosody(h[:, 0], h[:, 1], h[:, 2])

    def decode(
        self,
        frames: Float[Tensor, "B C T"],
        prosody: Prosody,
        pitch_mean: Float[Tensor, " B"],
        mask: Bool[Tensor, "B 1 T"],
        speaker_emb: Float[Tensor, "B D_spk"],
        emotion_emb: Tensor,
    ) -> Float[Tensor, "B n_mels T"]:
        """The mel.

        Args:
            frames: what `spread` made of token features.
            prosody: of each frame; `voiced_logit` is read as a probability in [0, 1] here.
            pitch_mean: the speaker's mean log F0.
            mask: True where an item has frames.
            speaker_emb: who.
            emotion_emb: how, (B, D_emo) or (B, D_emo, T).
        """
        source = (
            excitation_mel(prosody.log_f0 + pitch_mean[:, None]) * prosody.voiced_logit[:, None]
        )
        control = torch.stack(
            [prosody.log_f0 * 4, prosody.voiced_logit, (prosody.energy + 5) / 2.5], dim=1
        )
        h = self.decoder_first(torch.cat([frames, source / 2.5, control], dim=1))
        h = self.decoder(h, mask, speaker_emb, emotion_emb)
        return (self.mel_head(h).float() * 2.5 - 5 + 0.5 * source) * mask


class _Convolution(nn.Module):
    """Convolution, ReLU and norm, added to the input."""

    def __init__(self, dim: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(dim, dim, kernel, padding=kernel // 2)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        h = self.conv(x * mask).relu().transpose(1, 2)
        return x + self.norm(h).transpose(1, 2)
