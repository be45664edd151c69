"""Make a map: hear every clip, lay all out, measure; and keep it by a hash of all that decides it.

A map appears whole or not at all: it is written beside its place and then moved there.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from emostudio.analysis import projection
from emostudio.analysis.map_measures import clusters, measures
from emostudio.maps.embedding import Ear, Heard
from emostudio.maps.ogg import write_ogg
from emostudio.maps.sources import Sound, Source, of_paths
from emostudio.maps.space import AFFECT, COLUMNS, FEATURES, SOUNDS, EmotionMap
from emostudio.values import Clip

log = logging.getLogger(__name__)
FORMAT = 1  # another one is another map
N_CLUSTERS = 8  # where nobody has clustered the clips
MEASURED = ("emotion", "speaker", "intensity", "cluster")
VERSIONS = ("umap-learn", "numba", "scikit-learn", "numpy", "torch")
HEARD = 0.7  # share of the work that is listening
MAX_TOLD = 50  # refused clips that a map tells of
PICTURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "umap": projection.umap,
    "pca": projection.pca,
}
Progress = Callable[[float, str], None]
View = tuple[str, str]


def make(
    clips: Iterable[str | Path] | Source,
    ear: Ear,
    home: Path,
    *,
    views: Sequence[View] = (),
    every: bool = False,
    progress: Progress | None = None,
) -> EmotionMap:
    """Return the map of clips, from `home` where the same was made before.

    Args:
        clips: sound files, or clips with their labels.
        ear: hears them.
        home: folder of maps, each under its hash.
        views: feature and method of pictures, the one to open with first.
        every: whether all other pictures are made too.
        progress: called with the share done and a word on what is being done.

    Raises:
        ValueError: too few clips, or a picture that can't be made here; the sentence says why.
    """
    known = [name for name in FEATURES if name in ear.features]
    source = clips if isinstance(clips, Source) else of_paths(clips)
    others = [(name, method) for name in known for method in PICTURES]
    views = tuple(dict.fromkeys([*views, *(others if every or not views else [])]))
    for feature, method in views:
        _check(feature, method, known)
    settings = {
        "format": FORMAT,
        "source": source.key,
        "views": [list(view) for view in views],
        "checkpoints": ear.hashes,
        "seed": projection.SEED,
        "n_neighbors": projection.N_NEIGHBORS,
        "min_dist": projection.MIN_DIST,
        "metric": "cosine of standard scores",
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
    }
    asked = json.dumps(settings, sort_keys=True).encode()
    folder = home / hashlib.sha256(asked).hexdigest()[:16]
    if (folder / "map.json").is_file():
        try:
            return EmotionMap.load(folder)
        except ValueError as error:
            log.info("%s is made anew: %s", folder, error)
    with replaced(folder) as part:
        _build(source, ear, part, views, settings, progress or _unseen)
    return EmotionMap.load(folder)


def check_place(folder: Path) -> None:
    """Refuse to put a map where something else is.

    Raises:
        ValueError: what is in that place is no map.
    """
    if folder.exists() and not (folder / "map.json").is_file():
        raise ValueError(f"{folder} is there and holds no map; choose another place.")


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, and put it in the place of another when all went well.

    Raises:
        ValueError: what is in that place is no map.
    """
    check_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as beside:
        part = Path(beside) / "new"
        part.mkdir()
        yield part
        if folder.exists():
            folder.rename(Path(beside) / "old")
        part.rename(folder)


def copy(space: EmotionMap, folder: Path) -> EmotionMap:
    """Put a map into a folder of its own; a map that is there goes.

    Raises:
        ValueError: what is there is no map.
    """
    assert space.folder is not None
    with replaced(folder) as part:
        shutil.copytree(space.folder, part, dirs_exist_ok=True)
    return replace(space, folder=folder)


def _check(feature: str, method: str, known: list[str]) -> None:
    if method == "plane":
        return
    if method not in PICTURES:
        raise ValueError(f"Unknown method '{method}'; choose from {', '.join(PICTURES)}, plane.")
    if feature in FEATURES and feature not in known:
        raise ValueError(
            f"The checkpoint '{feature}' is missing: put it into checkpoints/{feature}, "
            f"or choose from {', '.join(known)}."
        )
    if feature not in known:
        raise ValueError(f"Unknown feature '{feature}'; choose from {', '.join(known)}.")


def _build(
    source: Source,
    ear: Ear,
    folder: Path,
    views: tuple[View, ...],
    settings: dict[str, Any],
    progress: Progress,
) -> None:
    found, refused = _hear_all(source, ear, folder, progress)
    if len(found) < projection.LEAST:
        why = next(iter(refused.items()), None)
        told = "" if why is None else f" {why[0]}: {why[1]}"
        raise ValueError(
            f"A map needs {projection.LEAST} clips or more that can be heard; "
            f"here are {len(found)}.{told}"
        )
    sounds, heard = [sound for sound, _ in found], [one for _, one in found]
    features = {name: np.stack([one.features[name] for one in heard]) for name in ear.features}
    coords = {}
    for number, (feature, method) in enumerate(views):
        share = HEARD + (0.95 - HEARD) * number / len(views)
        progress(share, f"picture {number + 1} of {len(views)}: {method} by {feature}")
        if method != "plane":
            coords[feature, method] = PICTURES[method](features[feature])
    progress(0.95, "measuring")
    labels = {name: tuple(s.labels.get(name, "") for s in sounds) for name in COLUMNS}
    main = views[0][0] if views[0][0] in features else ear.features[0]
    if not any(labels["cluster"]):
        rows = projection.standard(features[main])
        labels["cluster"] = tuple(str(one + 1) for one in clusters(rows, N_CLUSTERS).tolist())
    emotions = tuple(heard[0].prediction.probs)
    space = EmotionMap(
        names=tuple(sound.name for sound in sounds),
        labels=labels,
        emotions=emotions,
        probs=np.array([[one.prediction.probs[name] for name in emotions] for one in heard]),
        affect=np.stack([one.features["affect"] for one in heard]).reshape(-1, len(AFFECT)),
        features=features,
        coords=coords,
        sounds=tuple(
            f"{SOUNDS}/{number:05d}.ogg" if source.audible else "" for number in range(len(sounds))
        ),
        params=settings
        | {
            "n": len(sounds),
            "feature": views[0][0],
            "method": views[0][1],
            "features": {
                name: hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
                for name, values in features.items()
            },
            "refused": dict(list(refused.items())[:MAX_TOLD]),
            "measures": {name: _measured(values, labels) for name, values in features.items()},
        },
    )
    space.save(folder)
    progress(1.0, "ready")


def _hear_all(
    source: Source, ear: Ear, folder: Path, progress: Progress
) -> tuple[list[tuple[Sound, Heard]], dict[str, str]]:
    """Hear what can be heard, and write its sound; say why of each other clip, by name."""
    refused, found = dict(source.refused), []
    if source.audible:
        (folder / SOUNDS).mkdir()
    for number, sound in enumerate(source.sounds):
        progress(HEARD * number / len(source.sounds), f"clip {number + 1} of {len(source.sounds)}")
        try:
            clip = sound.load()
            heard = ear.hear(clip) if isinstance(clip, Clip) else ear.hear_packed(clip)
        except ValueError as error:
            refused[sound.name] = str(error)
            continue
        if source.audible and heard.clip is not None:
            file = folder / SOUNDS / f"{len(found):05d}.ogg"
            write_ogg(heard.clip, file, comment=source.comment)
        found.append((sound, heard))
    return found, refused


def _measured(values: np.ndarray, labels: dict[str, tuple[str, ...]]) -> dict[str, dict[str, Any]]:
    found = {name: measures(values, labels[name]) for name in MEASURED}
    return {name: asdict(one) for name, one in found.items() if one is not None}


def _unseen(share: float, message: str) -> None:
    log.debug("%3.0f %% %s", 100 * share, message)
