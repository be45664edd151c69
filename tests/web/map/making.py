"""A map that needs no models, and a studio that hums along its places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from emostudio.maps.space import AFFECT, COLUMNS, SOUNDS, EmotionMap
from emostudio.values import Clip
from tests.web.fake_studio import KNOWN, FakeStudio

SIZES = {"diemo": 8, "ser": 6, "speaker": 5, "raw": 4}
SPEAKERS = ("kathleen", "LJ", "actor-2", "actor-10")
FAR = 4.0  # between the middles of two emotions


def make_map(folder: Path, n: int = 120, *, sounds: bool = True, diemo: bool = True) -> EmotionMap:
    """Write a map of clips that lie about the middle of their emotion, and return it."""
    rng = np.random.default_rng(0)
    moods, who = np.arange(n) % len(KNOWN), rng.integers(len(SPEAKERS), size=n)
    columns: dict[str, tuple[str, ...]] = {name: ("",) * n for name in COLUMNS}
    columns |= {
        "emotion": tuple(KNOWN[mood] for mood in moods),
        "speaker": tuple(SPEAKERS[one] for one in who),
        "intensity": tuple(("0.5", "1")[at % 2] for at in range(n)),
        "cluster": tuple(str(mood % 3 + 1) for mood in moods),
        "corpus": ("diemo" if sounds else "ravdess",) * n,
        "text": tuple(f"The door is <i>number</i> {at % 7}." for at in range(n)),
        "source": ("take" if sounds else "corpus",) * n,
    }
    wanted = {name: size for name, size in SIZES.items() if diemo or name != "diemo"}
    features = {}
    for name, size in wanted.items():
        middles = rng.normal(size=(len(KNOWN), size))
        told = who if name == "speaker" else moods
        features[name] = (middles[told] + rng.normal(0, 0.15, (n, size))).astype(np.float32)
    turn = 2 * np.pi * moods / len(KNOWN)
    circle = FAR * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    spread = {
        (name, method): (circle * (1 if method == "umap" else 0.2) + rng.normal(0, 0.5, (n, 2)))
        for name in wanted
        for method in ("umap", "pca")
    }
    probs = rng.dirichlet(np.ones(len(KNOWN)), size=n)
    files = tuple(f"{SOUNDS}/{at:05d}.wav" if sounds else "" for at in range(n))
    folder.mkdir(parents=True)
    if sounds:
        (folder / SOUNDS).mkdir()
        for at, file in enumerate(files):
            wav = 0.2 * np.sin(2 * np.pi * (120 + at) * np.arange(4_000) / 16_000)
            Clip(wav.astype(np.float32), 16_000).save(folder / file)
    return EmotionMap(
        names=tuple(f"clip-{at:03d}" for at in range(n)),
        labels=columns,
        emotions=KNOWN,
        probs=probs.astype(np.float32),
        affect=rng.uniform(size=(n, len(AFFECT))).astype(np.float32),
        features=features,
        coords={view: points.astype(np.float32) for view, points in spread.items()},
        sounds=files,
        params={"feature": next(iter(wanted)), "method": "umap", "checkpoints": {}},
    ).save(folder)


class MapStudio(FakeStudio):
    """A studio that finds features in a clip, those of a map's dot."""

    def __init__(self, space: EmotionMap, **settings: Any) -> None:
        """Take the map that its clips belong to."""
        super().__init__(**settings)
        self.space = space

    def embed(self, clip: Clip) -> dict[str, np.ndarray]:
        """Hear the dot whose number is the clip's length in thousands of samples."""
        self._check()
        at = len(clip.wav) // 1_000 % len(self.space)
        near = {name: values[at] + 0.01 for name, values in self.space.features.items()}
        return near | {"affect": self.space.affect[at]}
