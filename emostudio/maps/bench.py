"""How long a person waits for a map: to see it, and for a recording to land on it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from emostudio.evaluation.timing import Figure, timed
from emostudio.maps.placing import place
from emostudio.maps.space import COLUMNS, FEATURES, EmotionMap
from emostudio.values import EMOTIONS, Clip, Request, Take

N_POINTS = 10_000
TEXT = "The old clock in the hall struck nine as we came in."  # about 4 s


class Listener(Protocol):
    """What this bench needs of the studio."""

    def speak(self, text: Request) -> Take:
        """Speak a request."""
        ...

    def embed(self, clip: Clip) -> dict[str, np.ndarray]:
        """Features of a clip by name."""
        ...


def bench(studio: Listener, *, repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure all, say the table line by line, return the figures by name.

    Raises:
        ValueError: a checkpoint is missing.
    """
    figures = {}
    for figure in measure(studio, repeats):
        say(figure.row())
        figures[figure.name] = figure.record()
    return figures


def measure(studio: Listener, repeats: int) -> Iterator[Figure]:
    """One figure after another."""
    clip = studio.speak(Request(TEXT)).clip
    features = studio.embed(clip)
    feature = next(name for name in FEATURES if name in features)
    space = _random(features)
    spent = timed(lambda: space.figure().to_json(), repeats, "cpu")
    yield Figure("map: 10,000 points as a figure", "s", spent, "made, not yet on a screen")
    spent = timed(lambda: place(space, features, feature, "umap"), repeats, "cpu")
    note = f"by {feature}, among 10,000"
    yield Figure("map: embedding to point", "ms", tuple(1e3 * s for s in spent), note)
    with tempfile.TemporaryDirectory() as folder:
        file = clip.save(Path(folder) / "take.wav")
        spent = timed(
            lambda: place(space, studio.embed(Clip.load(file)), feature, "umap"), repeats, "cpu"
        )
    yield Figure("map: file to point, 4 s", "s", spent, f"{clip.duration_s:.1f} s of sound")


def _random(features: Mapping[str, np.ndarray]) -> EmotionMap:
    """A map of points anywhere, with features of these sizes."""
    rng = np.random.default_rng(0)
    labels = {name: ("",) * N_POINTS for name in COLUMNS}
    labels["emotion"] = tuple(EMOTIONS[n % len(EMOTIONS)] for n in range(N_POINTS))
    names = [name for name in FEATURES if name in features]
    sizes = {name: (N_POINTS, len(features[name])) for name in names}
    return EmotionMap(
        names=tuple(f"clip {n}" for n in range(N_POINTS)),
        labels=labels,
        emotions=EMOTIONS,
        probs=np.full((N_POINTS, len(EMOTIONS)), 1 / len(EMOTIONS), np.float32),
        affect=rng.uniform(size=(N_POINTS, 3)).astype(np.float32),
        features={name: rng.normal(size=size).astype(np.float32) for name, size in sizes.items()},
        coords={(name, "umap"): rng.normal(size=(N_POINTS, 2)) for name in names},
        sounds=("",) * N_POINTS,
    )
