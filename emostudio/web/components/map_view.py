"""The map itself: its dots, what chooses and colors them, and what each picture is worth.

Drawn by assets/map with the plotly.js of the plotly wheel; coloring, filters and search happen in
the browser. Its events: `point` carries the number of a dot, `places` an empty place or the places
of a path, `chosen` the numbers of the dots that a lasso went around.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.maps.space import COLUMNS, FEATURES, METHODS, EmotionMap
from emostudio.values import EMOTIONS
from emostudio.web.components.contours import plotly_js

BLANK = "not known"  # as assets/map/atlas.js calls it
COLORS = ("emotion", "speaker", "intensity", "cluster", "corpus")
AXES = {
    "umap": ("", ""),
    "pca": ("First direction", "Second direction"),
    "plane": ("Valence: unpleasant to pleasant", "Arousal: calm to excited"),
}
TOLD = (
    "told => 'id' in told ? trigger('point', told) : 'places' in told ? trigger('places', told) "
    ": trigger('chosen', told)"
)


@dataclass(frozen=True)
class MapView:
    """The components of this part."""

    which: gr.Dropdown
    feature: gr.Dropdown
    method: gr.Dropdown
    color: gr.Dropdown
    emotion: gr.Dropdown
    speaker: gr.Dropdown
    search: gr.Textbox
    labels: gr.Checkbox
    map: gr.HTML

    def picture(self) -> list[gr.components.Component]:
        """Return what says which picture is shown."""
        return [self.which, self.feature, self.method]

    def opened(self, space: EmotionMap) -> dict[Any, Any]:
        """Return the updates that offer what a map has."""
        feature, method = space.view
        features = [(short(FEATURES[name]), name) for name in FEATURES if name in space.features]
        methods = [(short(METHODS[name]), name) for name in METHODS if _has(space, name)]
        colors = [name for name in COLORS if any(space.labels[name])]
        return {
            self.feature: gr.Dropdown(choices=features, value=feature),
            self.method: gr.Dropdown(choices=methods, value=method),
            self.color: gr.Dropdown(
                choices=[(called(space, name), name) for name in colors],
                value=next(iter(colors), None),
            ),
            self.emotion: gr.Dropdown(choices=names_in(space, "emotion"), value=[]),
            self.speaker: gr.Dropdown(choices=names_in(space, "speaker"), value=[]),
            self.search: "",
        }


def map_view(choices: list[tuple[str, str]]) -> MapView:
    """Build it, empty; `choices` are titles and keys of maps."""
    with gr.Row(elem_classes="asked"):
        which = gr.Dropdown(
            choices,
            value=choices[0][1] if choices else None,
            label="Map",
            filterable=False,
            min_width=150,
            elem_id="which-map",
        )
        feature = gr.Dropdown(
            [], label="Alike in", filterable=False, min_width=150, elem_id="alike"
        )
        method = gr.Dropdown([], label="Laid out by", filterable=False, min_width=150, elem_id="by")
        color = gr.Dropdown([], label="Color", filterable=False, min_width=110, elem_id="color")
    with (
        gr.Accordion("Filter and search", open=False, elem_id="sift"),
        gr.Row(elem_classes="asked"),
    ):
        emotion = gr.Dropdown(
            [], multiselect=True, label="Emotions", info="None is all.", elem_id="of"
        )
        speaker = gr.Dropdown(
            [], multiselect=True, label="Speakers", info="None is all.", elem_id="who"
        )
        search = gr.Textbox(
            label="Search",
            info="Names, texts and labels.",
            placeholder="angry door",
            elem_id="search",
        )
        labels = gr.Checkbox(label="Write names", info="Beside the dots.", elem_id="names")
    library = plotly_js()
    gr.set_static_paths([str(library)])
    drawn = gr.HTML(
        None,
        html_template="",
        js_on_load=f"emostudio.atlas.view(element, props, watch, {TOLD}, "
        f"{json.dumps(library.as_posix())})",
        elem_id="map",
    )
    looked = [color, emotion, speaker, search, labels]
    js = "(...seen) => { emostudio.atlas.look(...seen) }"
    for part in looked:
        part.change(None, looked, None, js=js)
    return MapView(which, feature, method, color, emotion, speaker, search, labels, drawn)


def value_of(space: EmotionMap, key: str, title: str, feature: str, method: str) -> dict[str, Any]:
    """Return what the browser draws: places, names, and each column as codes into its names.

    Raises:
        ValueError: the map has no such picture.
    """
    x, y = space.coords_of(feature, method).T.round(3).tolist()
    folder = space.folder.absolute().as_posix() if space.folder else ""
    return {
        "id": key,
        "title": title,
        "feature": feature,
        "method": method,
        "axes": AXES[method],
        "ticks": method == "plane",
        "x": x,
        "y": y,
        "names": space.names,
        "columns": {name: _coded(space, name) for name in COLUMNS if any(space.labels[name])},
        "sounds": {"folder": folder, "files": space.sounds},
    }


def names_in(space: EmotionMap, column: str) -> list[str]:
    """Return the names of a column in the order in which people look for them; blank is last."""
    names = set(space.labels[column])
    known = [name for name in EMOTIONS if name in names] if column == "emotion" else []
    rest = sorted(names.difference(known, {""}), key=_natural)
    return [*known, *rest, *([BLANK] if "" in names else [])]


def called(space: EmotionMap, column: str) -> str:
    """Name a column for people: of our takes it is the engine that the corpus stands for."""
    takes = column == "corpus" and set(space.labels["source"]) == {"take"}
    return "Engine" if takes else column.capitalize()


def short(told: str) -> str:
    """Return what stands before the colon.

    >>> short("UMAP: neighbors stay neighbors")
    'UMAP'
    """
    return told.split(":")[0]


def _coded(space: EmotionMap, column: str) -> dict[str, Sequence[Any]]:
    names = ["" if name == BLANK else name for name in names_in(space, column)]
    codes = {name: code for code, name in enumerate(names)}
    return {"names": names, "codes": [codes[name] for name in space.labels[column]]}


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort `actor-9` before `actor-10`."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts]


def _has(space: EmotionMap, method: str) -> bool:
    return method == "plane" or any(each == method for _, each in space.coords)
