"""Which emotions a request names, and how they move rate and pitch."""

from collections.abc import Mapping

from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.values import Request

REFERENCE, PATH = "reference", "path"  # shares of what has no name of its own


def named(request: Request, known: tuple[str, ...], *, base: str = "") -> dict[str, float]:
    """The mixture after intensity, by name; a base is among them even where it has no share.

    Raises:
        ValueError: the checkpoint, which has the emotions `known`, lacks one.
    """
    mix = request.emotion.at_intensity(request.intensity)
    for name in [*(name for name, _ in mix.shares), base or "neutral"]:
        if name not in known:
            raise ValueError(f"This model does not know '{name}'; choose from {', '.join(known)}.")
    weights = dict(mix.shares)
    if base:
        weights.setdefault(base, 0.0)
    return weights


def at_intensity(name: str, intensity: float) -> dict[str, float]:
    """Shares of what has no name of its own and of neutral; none of zero."""
    shares = {name: intensity, "neutral": 1 - intensity}
    return {each: share for each, share in shares.items() if share > 0}


def offsets(config: EmoMixConfig | DiEmoConfig, shares: Mapping[str, float]) -> tuple[float, float]:
    """What is added to log durations and to log F0 for a mixture."""
    longer, higher = (
        sum(known.get(name, 0.0) * share for name, share in shares.items())
        for known in (
            dict(zip(config.emotions, each, strict=False))
            for each in (config.duration_offsets, config.pitch_offsets)
        )
    )
    return longer, higher
