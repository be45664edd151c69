"""Sizes of DiEmo-TTS."""

from dataclasses import dataclass
from typing import Literal

from emostudio.audio.mel import N_MELS
from emostudio.models.ser import SerConfig
from emostudio.text.phonemes import SYMBOLS
from emostudio.values import EMOTIONS


@dataclass(frozen=True)
class DiEmoConfig:
    """The shipped size.

    `ears` is the size of the recognizer through which the style encoder hears, if any; as published
    it reads the mel. `conditioned` is the place of the layer that is told speaker and emotion, in
    encoder and decoder.
    What stands last is measured, not learned, and means what it means in `EmoMixConfig`.
    """

    emotions: tuple[str, ...] = EMOTIONS
    n_symbols: int = len(SYMBOLS)
    n_mels: int = N_MELS
    speaker_dim: int = 128
    emotion_dim: int = 128
    dim: int = 128
    hidden: int = 192
    kernel: int = 5
    heads: int = 2
    depth: int = 4
    conditioned: int = 2
    prosody_depth: int = 3
    style_dim: int = 96
    ears: Literal["", "tiny", "shipped"] = "shipped"
    dual: bool = True
    f0_gain: float = 1.4
    duration_offsets: tuple[float, ...] = ()
    pitch_offsets: tuple[float, ...] = ()

    @classmethod
    def tiny(cls) -> "DiEmoConfig":
        """A model that a test can run in milliseconds."""
        return cls(
            speaker_dim=8,
            emotion_dim=16,
            dim=16,
            hidden=24,
            depth=2,
            conditioned=1,
            prosody_depth=1,
            style_dim=16,
            ears="tiny",
        )

    @classmethod
    def paper(cls) -> "DiEmoConfig":
        """The published widths and kernels."""
        return cls(
            emotion_dim=256,
            dim=256,
            hidden=1024,
            kernel=9,
            prosody_depth=5,
            style_dim=256,
            ears="",
        )

    def ser(self) -> SerConfig | None:
        """Sizes of the recognizer that `ears` names."""
        return {"": None, "tiny": SerConfig.tiny(), "shipped": SerConfig()}[self.ears]
