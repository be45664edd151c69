"""The map of many clips: what they are, how they sound, and where each lies in every picture.

A map is a folder: `map.npz` (arrays and labels, nothing pickled), `map.json` (how it was made) and
`sounds/`, where its clips may be heard. Features are kept in steps of a quarter of their standard
deviation, which takes a third of the room of half precision and moves hardly a neighbor.
"""

from __future__ import annotations

import json
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from emostudio.analysis.projection import Scores

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FEATURES = {
    "diemo": "DiEmo: emotion without the speaker",
    "ser": "Emotion recognizer",
    "speaker": "Speaker encoder",
    "raw": "Raw features: pitch, energy, timbre",
}
METHODS = {
    "umap": "UMAP: neighbors stay neighbors",
    "pca": "PCA: the two widest directions",
    "plane": "Valence and arousal",
}
# A source is a take (spoken here), a corpus, or own: clips that a person brought.
COLUMNS = ("emotion", "speaker", "intensity", "cluster", "corpus", "text", "source")
AFFECT = ("arousal", "dominance", "valence")
SOUNDS = "sounds"
STEPS = 4  # of a feature, in one standard deviation
_DAMAGED = (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, eq=False)
class EmotionMap:
    """N clips on a map.

    `labels` has the columns of `COLUMNS`, each with N texts, empty where nobody said. `probs`
    (N, n_emotions) is what the recognizer hears, by the names in `emotions`; `affect` (N, 3) is
    `AFFECT`, each in [0, 1]. `features` has (N, D) for some of `FEATURES`, `coords` (N, 2) by
    feature and method. `sounds` are file names within `folder`, empty where a clip has none.
    `params` tells how all was made: seed, sizes, versions, hashes of checkpoints and of features,
    and the view to open with (`feature`, `method`).
    """

    names: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]
    emotions: tuple[str, ...]
    probs: np.ndarray
    affect: np.ndarray
    features: dict[str, np.ndarray]
    coords: dict[tuple[str, str], np.ndarray]
    sounds: tuple[str, ...]
    params: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    def __post_init__(self) -> None:
        """Refuse columns and arrays of different lengths."""
        lengths = {
            "probs": len(self.probs),
            "affect": len(self.affect),
            "sounds": len(self.sounds),
            **{name: len(column) for name, column in self.labels.items()},
            **{name: len(values) for name, values in self.features.items()},
            **{" ".join(view): len(points) for view, points in self.coords.items()},
        }
        wrong = [name for name, length in lengths.items() if length != len(self.names)]
        if wrong or set(self.labels) != set(COLUMNS):
            raise ValueError(
                f"This is no whole map: {', '.join(wrong) or 'its labels'} do not fit."
            )

    def __len__(self) -> int:
        """Return how many clips there are."""
        return len(self.names)

    @property
    def view(self) -> tuple[str, str]:
        """The feature and the method of the picture that opens first."""
        first = next(iter(self.coords), ("affect", "plane"))
        return self.params.get("feature", first[0]), self.params.get("method", first[1])

    @cached_property
    def _scored(self) -> dict[str, tuple[Scores, np.ndarray]]:
        return {}

    def scored(self, feature: str) -> tuple[Scores, np.ndarray]:
        """What makes standard scores of a feature, and those of all clips (N, D), made once."""
        if feature not in self._scored:
            scores = Scores(self.features[feature])
            self._scored[feature] = scores, scores.of(self.features[feature])
        return self._scored[feature]

    def coords_of(self, feature: str, method: str) -> np.ndarray:
        """Where the clips lie in one picture, (N, 2) float32.

        Args:
            feature: one of `FEATURES`; the plane of valence and arousal needs none.
            method: one of `METHODS`.

        Raises:
            ValueError: this map was made without it.
        """
        if method == "plane":
            return plane(self.affect)
        if (feature, method) not in self.coords:
            views = ", ".join(" by ".join(reversed(view)) for view in self.coords) or "none"
            raise ValueError(
                f"This map has no {method} by {feature}; choose from {views}, or plane."
            )
        return self.coords[feature, method]

    def sound_of(self, place: int) -> Path | None:
        """The sound file of a clip, none where the map has none of it."""
        if not self.sounds[place] or self.folder is None:
            return None
        file = self.folder / self.sounds[place]
        return file if file.is_file() else None

    def label_of(self, place: int) -> dict[str, str]:
        """What is known of a clip, by column."""
        return {name: self.labels[name][place] for name in COLUMNS}

    def probs_of(self, place: int) -> dict[str, float]:
        """What the recognizer hears in a clip, by emotion."""
        return {
            name: float(share) for name, share in zip(self.emotions, self.probs[place], strict=True)
        }

    def check_nets(self, here: Mapping[str, str], *nets: str) -> None:
        """Refuse to set what these nets make beside this map, if others made it.

        Args:
            here: hashes of the checkpoints in use, by name.
            nets: names of those that matter.

        Raises:
            ValueError: it was made with others.
        """
        mine = self.params.get("checkpoints", {})
        other = [name for name in nets if name in mine and mine[name] != here.get(name)]
        if other:
            raise ValueError(
                f"This map was made with other models than those here ({', '.join(other)}): "
                "its places mean something else now. Make it anew."
            )

    def figure(self, color: str = "emotion", feature: str = "", method: str = "") -> Figure:
        """Draw it.

        Args:
            color: one of `COLUMNS`.
            feature: one of `FEATURES`; that of the first view where it is empty.
            method: one of `METHODS`; likewise.

        Raises:
            ValueError: there is no such column or picture.
        """
        from emostudio.analysis.map_figure import axes_of, scatter

        if color not in COLUMNS:
            raise ValueError(f"Unknown color '{color}'; choose from {', '.join(COLUMNS)}.")
        feature, method = feature or self.view[0], method or self.view[1]
        told = [
            [self.names[place], *(f"{name}: {text}" for name, text in label.items() if text)]
            for place, label in enumerate(self.label_of(n) for n in range(len(self)))
        ]
        points = self.coords_of(feature, method)
        return scatter(points, self.labels[color], told, title=color, axes=axes_of(method))

    def save(self, folder: Path) -> EmotionMap:
        """Write it to a folder, sounds included, and return it as it lies there."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.folder is not None and self.folder != folder and any(self.sounds):
            shutil.copytree(self.folder / SOUNDS, folder / SOUNDS, dirs_exist_ok=True)
        arrays: dict[str, np.ndarray] = {
            "names": np.array(self.names, dtype=str),
            "sounds": np.array(self.sounds, dtype=str),
            "emotions": np.array(self.emotions, dtype=str),
            "probs": np.round(np.clip(self.probs, 0, 1) * 255).astype(np.uint8),
            "affect": self.affect.astype(np.float16),
        }
        for name, column in self.labels.items():
            arrays[f"label/{name}"] = np.array(column, dtype=str)
        for name, values in self.features.items():
            arrays |= {f"{part}/{name}": array for part, array in _in_steps(values).items()}
        for view, points in self.coords.items():
            arrays["coords/" + "/".join(view)] = points.astype(np.float32)
        np.savez_compressed(folder / "map.npz", **arrays)  # pyright: ignore[reportArgumentType]
        text = json.dumps(self.params, indent=2, ensure_ascii=False)
        (folder / "map.json").write_text(text + "\n", encoding="utf-8")
        return replace(self, folder=folder)

    @classmethod
    def load(cls, folder: Path) -> EmotionMap:
        """Read a map from its folder.

        Raises:
            ValueError: there is none, or it is damaged.
        """
        try:
            params = json.loads((folder / "map.json").read_text(encoding="utf-8"))
            # Opened here: numpy leaves a damaged file open.
            with (folder / "map.npz").open("rb") as opened, np.load(opened) as file:
                arrays = {name: file[name] for name in file.files}
            under: dict[str, dict[str, np.ndarray]] = {}
            for name, values in arrays.items():
                part, _, rest = name.partition("/")
                under.setdefault(part, {})[rest] = values
            texts = {name: tuple(values.tolist()) for name, values in under["label"].items()}
            sounds = tuple(arrays["sounds"].tolist())
            if any(name and not _is_sound(name) for name in sounds):
                raise ValueError(f"{folder} names sounds outside of it.")
            return cls(
                names=tuple(arrays["names"].tolist()),
                labels=texts,
                emotions=tuple(arrays["emotions"].tolist()),
                probs=arrays["probs"].astype(np.float32) / 255,
                affect=arrays["affect"].astype(np.float32),
                features={name: _whole(under, name) for name in under.get("steps", {})},
                coords={
                    (view.split("/")[0], view.split("/")[1]): points
                    for view, points in under.get("coords", {}).items()
                },
                sounds=sounds,
                params=params,
                folder=folder,
            )
        except _DAMAGED as error:
            raise ValueError(
                f"{folder} holds no map, or it is damaged; make one with "
                f"'python -m emostudio map DIR --out {folder}'."
            ) from error


def plane(affect: np.ndarray) -> np.ndarray:
    """Valence and arousal (N, 2) of `AFFECT` (N, 3)."""
    return affect[:, [AFFECT.index("valence"), AFFECT.index("arousal")]].astype(np.float32)


def _in_steps(values: np.ndarray) -> dict[str, np.ndarray]:
    values = values.astype(np.float32)
    mean, spread = values.mean(axis=0), values.std(axis=0)
    step = np.where(spread > 0, spread / STEPS, 1).astype(np.float32)
    steps = np.clip(np.round((values - mean) / step), -127, 127).astype(np.int8)
    return {"steps": steps, "step": step, "mean": mean}


def _whole(under: dict[str, dict[str, np.ndarray]], name: str) -> np.ndarray:
    return under["steps"][name] * under["step"][name] + under["mean"][name]


def _is_sound(name: str) -> bool:
    path = PurePosixPath(name)
    return "\\" not in name and len(path.parts) == 2 and path.parts[0] == SOUNDS
