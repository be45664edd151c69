"""What is picked on a map, and what a take would be spoken from: a dot, a place, a path or a clip.

Drawn by assets/map/details.js with text nodes; its event `point` carries the number of a neighbor.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr
import numpy as np

from emostudio.maps.placing import (
    SPEAKS,
    Place,
    around,
    emotion_at,
    neighbors_of,
    place,
)
from emostudio.maps.space import AFFECT, FEATURES, EmotionMap
from emostudio.web.components.map_view import called, short

Places = Sequence[tuple[float, float]]
VERBS = {
    "point": "Speak like this dot",
    "place": "Speak from here",
    "path": "Speak along the path",
    "clip": "Speak like your clip",
}
AMONG = "It lies among the dots that it is most alike."
OWN = "It lies where its own valence and arousal are."


@dataclass(frozen=True)
class Picked:
    """What is picked: how it is shown, and the DiEmo embeddings (each D_emo) to speak from.

    `path` is empty where the map or the clip has none. `features` are those of a clip, by which it
    is placed again in another picture; `id` is the number of a dot.
    """

    kind: str
    view: dict[str, Any]
    path: tuple[tuple[float, ...], ...] = ()
    id: int | None = None
    features: Mapping[str, np.ndarray] = field(default_factory=dict)
    probs: dict[str, float] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        """What the button says that speaks from it."""
        return VERBS[self.kind]

    def marked(self, *marks: dict[str, Any]) -> Picked:
        """Return it with further marks on the map, and without playing its sound anew."""
        return replace(self, view=self.view | {"marks": [*self.view["marks"], *marks]})


def details() -> gr.HTML:
    """Build the panel, empty."""
    return gr.HTML(
        None,
        html_template="",
        js_on_load="emostudio.atlas.details(element, props, watch, told => trigger('point', told))",
        elem_id="picked",
    )


def point(space: EmotionMap, at: int, feature: str, method: str) -> Picked:
    """Pick a dot.

    Raises:
        ValueError: there is no such dot or picture.
    """
    if not 0 <= at < len(space):
        raise ValueError("There is no such dot on this map. Pick another.")
    x, y = _xy(space, at, feature, method)
    near = neighbors_of(space, at, feature)
    label = {name: text for name, text in space.label_of(at).items() if text}
    felt = ", ".join(
        f"{name} {share:.2f}" for name, share in zip(AFFECT, space.affect[at], strict=True)
    )
    sound = space.sound_of(at)
    shown = ("emotion", "speaker", "intensity", "cluster", "corpus")
    return Picked(
        "point",
        _view(
            title=label_of(space, at),
            said=label.get("text", ""),
            sound=None if sound is None else sound.absolute().as_posix(),
            facts=[
                *([called(space, name), label[name]] for name in shown if name in label),
                ["Name", space.names[at]],
                ["Affect", felt],
            ],
            probs=space.probs_of(at),
            near_title=f"Most alike in {short(FEATURES[feature])}",
            near=_near(space, near, ""),
            marks=[_mark("picked", x, y), *_marks(space, near, feature, method)],
        ),
        path=_path_of(space, at),
        id=at,
    )


def places(space: EmotionMap, points: Places, feature: str, method: str) -> Picked:
    """Pick an empty place, or the places of a path.

    Raises:
        ValueError: nothing can be spoken from there.
    """
    path = emotion_at(space, points, feature, method)
    if len(points) > 1:
        marks = [_mark("path", x, y) for x, y in points]
        said = "A take begins as the first place sounds and ends as the last."
        return Picked(
            "path", _view(title=f"A path of {len(points)} places", said=said, marks=marks), path
        )
    (x, y) = points[0]
    near = around(space.coords_of(feature, method), (x, y))[0].tolist()
    return Picked(
        "place",
        _view(
            title="A place between the dots",
            said="A take from here blends the emotions of the dots around it.",
            near_title="Dots around it",
            near=_near(space, near, ""),
            marks=[_mark("place", x, y, "here")],
        ),
        path,
    )


def clip(
    space: EmotionMap,
    features: Mapping[str, np.ndarray],
    probs: dict[str, float],
    feature: str,
    method: str,
) -> Picked:
    """Pick a clip from elsewhere, by its features.

    Raises:
        ValueError: it can't be placed on this map.
    """
    found = place(space, features, feature, method)
    alike = [f"{similarity:.2f}" for similarity in found.similarities]
    own = features.get(SPEAKS)
    return Picked(
        "clip",
        _view(
            title="Your clip",
            said=OWN if method == "plane" else AMONG,
            probs=probs,
            near_title=f"Most alike in {short(FEATURES[feature])}, with the similarity",
            near=_near(space, found.neighbors, alike),
            marks=[
                _mark("clip", found.x, found.y, "your clip"),
                *_marks(space, found.neighbors, feature, method),
            ],
        ),
        path=() if own is None else (tuple(float(value) for value in own),),
        features=features,
        probs=probs,
    )


def again(picked: Picked | None, space: EmotionMap, feature: str, method: str) -> Picked | None:
    """Return what is picked as another picture of the same map shows it; places have no meaning."""
    if picked is not None and picked.id is not None:
        anew = point(space, picked.id, feature, method)
    elif picked is not None and picked.features and feature in picked.features:
        anew = clip(space, picked.features, picked.probs, feature, method)
    else:
        return None
    return replace(anew, view=anew.view | {"run": (picked or anew).view["run"]})


def landed(picked: Picked, space: EmotionMap, found: Place) -> Picked:
    """Show where a take came to lie."""
    nearest_one = label_of(space, found.neighbors[0])
    anew = picked.marked(_mark("take", found.x, found.y, "your take"))
    told = f"The take landed beside a dot that is {nearest_one}."
    return replace(anew, view=anew.view | {"landed": told})


def label_of(space: EmotionMap, at: int) -> str:
    """Name a dot by what is known of it, as assets/map/atlas.js does."""
    known = [space.labels[name][at] for name in ("emotion", "speaker", "intensity")]
    return " · ".join(filter(None, known)) or space.names[at]


def _view(**parts: Any) -> dict[str, Any]:
    return {"run": secrets.token_hex(4), "marks": []} | parts


def _near(
    space: EmotionMap, near: Sequence[int], apart: Sequence[str] | str
) -> list[dict[str, Any]]:
    return [
        {"id": at, "label": label_of(space, at), "apart": apart[place] if apart else ""}
        for place, at in enumerate(near)
    ]


def _marks(
    space: EmotionMap, near: Sequence[int], feature: str, method: str
) -> list[dict[str, Any]]:
    return [_mark("near", *_xy(space, at, feature, method)) for at in near]


def _mark(kind: str, x: float, y: float, label: str = "") -> dict[str, Any]:
    return {"kind": kind, "x": float(x), "y": float(y), "label": label}


def _xy(space: EmotionMap, at: int, feature: str, method: str) -> tuple[float, float]:
    x, y = space.coords_of(feature, method)[at]
    return float(x), float(y)


def _path_of(space: EmotionMap, at: int) -> tuple[tuple[float, ...], ...]:
    own = space.features.get(SPEAKS)
    return () if own is None else (tuple(float(value) for value in own[at]),)
