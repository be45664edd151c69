"""Sizes of EmoMix."""

from dataclasses import dataclass
from typing import Literal

from emostudio.audio.mel import N_MELS
from emostudio.text.phonemes import SYMBOLS
from emostudio.values import EMOTIONS


@dataclass(frozen=True)
class EmoMixConfig:
    """The shipped size; `estimator` names the net that predicts the score.

    What stands last is measured, not learned. `n_timesteps` and `temperature` are what this
    checkpoint sounds best with; `f0_gain` undoes the flattening that a regression of F0 brings.
    `duration_offsets` and `pitch_offsets` hold, by emotion, what the log of duration and of F0 lack
    so that a reader moves from neutral as far as actors do: two sentences of acted English teach a
    net little of that for other texts.
    """

    emotions: tuple[str, ...] = EMOTIONS
    n_symbols: int = len(SYMBOLS)
    n_mels: int = N_MELS
    speaker_dim: int = 128
    emotion_dim: int = 256
    cond_dim: int = 96
    bottleneck: int = 24
    dim: int = 160
    hidden: int = 384
    encoder_depth: int = 5
    prosody_dim: int = 128
    prosody_depth: int = 3
    prior_depth: int = 2
    prior_dim: int = 192
    estimator: Literal["convnext", "unet2d"] = "convnext"
    estimator_dim: int = 192
    estimator_hidden: int = 448
    estimator_depth: int = 6
    beta_min: float = 0.05
    beta_max: float = 20.0
    n_timesteps: int = 6
    temperature: float = 1.25
    f0_gain: float = 1.4
    duration_offsets: tuple[float, ...] = ()
    pitch_offsets: tuple[float, ...] = ()

    @classmethod
    def tiny(cls) -> "EmoMixConfig":
        """A model that a test can run in milliseconds."""
        return cls(
            speaker_dim=8,
            emotion_dim=16,
            cond_dim=8,
            bottleneck=4,
            dim=16,
            hidden=24,
            encoder_depth=1,
            prosody_dim=16,
            prosody_depth=1,
            prior_depth=1,
            prior_dim=16,
            estimator_dim=16,
            estimator_hidden=24,
            estimator_depth=2,
        )

    @classmethod
    def paper(cls) -> "EmoMixConfig":
        """Text encoder and UNet2d of the published size, 14.9 M parameters together."""
        return cls(
            dim=192,
            hidden=1536,
            encoder_depth=9,
            prosody_dim=192,
            prior_depth=3,
            estimator="unet2d",
            estimator_dim=64,
        )
