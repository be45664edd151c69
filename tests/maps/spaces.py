"""Maps made by code, for tests: groups of points that know where they belong."""

import numpy as np

from emostudio.maps.space import COLUMNS, EmotionMap

EMOTIONS = ("neutral", "happy", "sad", "angry")
SIZES = {"diemo": 16, "ser": 12, "speaker": 8, "raw": 10}


def planted(n: int = 60, *, seed: int = 0) -> EmotionMap:
    """A map whose emotions are groups, in features as well as in its pictures."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) % len(EMOTIONS)
    middles = rng.normal(0, 4, (len(EMOTIONS), 2)) + np.eye(len(EMOTIONS), 2) * 9
    coords = (middles[group] + rng.normal(0, 0.3, (n, 2))).astype(np.float32)
    features = {
        name: (rng.normal(0, 3, (len(EMOTIONS), size))[group] + rng.normal(0, 0.3, (n, size)))
        for name, size in SIZES.items()
    }
    labels = {name: ("",) * n for name in COLUMNS} | {
        "emotion": tuple(EMOTIONS[one] for one in group),
        "speaker": tuple(f"actor-{one % 5}" for one in range(n)),
        "text": tuple(f"This is sentence {one}." for one in range(n)),
        "source": ("corpus",) * n,
    }
    return EmotionMap(
        names=tuple(f"clip-{one:03d}" for one in range(n)),
        labels=labels,
        emotions=EMOTIONS,
        probs=0.7 * np.eye(len(EMOTIONS))[group] + 0.3 / len(EMOTIONS),
        affect=rng.uniform(0, 1, (n, 3)).astype(np.float32),
        features={name: values.astype(np.float32) for name, values in features.items()},
        coords={(name, method): coords for name in SIZES for method in ("umap", "pca")},
        sounds=("",) * n,
        params={"feature": "diemo", "method": "umap", "checkpoints": {"ser": "a"}},
    )
