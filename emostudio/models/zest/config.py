"""Sizes of ZEST, shipped, published and tiny."""

from dataclasses import dataclass

from emostudio.values import EMOTIONS

# "Bored" is the emotion that the tests call unseen: SACE, predictor and synthesizer never meet it.
UNSEEN = "bored"


@dataclass(frozen=True)
class ZestConfig:
    """Sizes; the defaults ship. `synthesizer` is mel, or generator for the paper's HiFi-GAN.

    `content` is whose units it was trained on: content, our own encoder's, or hubert's, and
    `inventory` the fingerprint of their centroids, empty where it is not known. Without
    `predictor`, an ablation, a conversion keeps the source's own contours.
    """

    emotions: tuple[str, ...] = tuple(name for name in EMOTIONS if name != UNSEEN)
    content: str = "content"
    inventory: str = ""
    n_units: int = 200
    speaker_dim: int = 128
    ease_dim: int = 128
    ease_rank: int = 16
    emotion_dim: int = 128
    sace_dim: int = 96
    sace_hidden: int = 240
    sace_depth: int = 3
    contour_dim: int = 128
    contour_heads: int = 4
    contour_depth: int = 2
    predictor: bool = True
    synthesizer: str = "mel"
    dim: int = 192
    hidden: int = 480
    depth: int = 5

    @classmethod
    def tiny(cls) -> "ZestConfig":
        """A net that a test can run in milliseconds."""
        return cls(
            n_units=12,
            speaker_dim=8,
            ease_dim=8,
            ease_rank=4,
            emotion_dim=8,
            sace_dim=16,
            sace_hidden=32,
            sace_depth=1,
            contour_dim=16,
            contour_heads=2,
            contour_depth=1,
            dim=16,
            hidden=32,
            depth=1,
        )

    @classmethod
    def paper(cls) -> "ZestConfig":
        """The published sizes, on HuBERT's units."""
        return cls(
            content="hubert",
            n_units=100,
            ease_rank=128,
            contour_dim=256,
            contour_depth=0,
            synthesizer="generator",
            dim=512,
        )
