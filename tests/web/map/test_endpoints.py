"""`/map_place` and `/map_speak` as a program calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emostudio.maps.space import EmotionMap
from emostudio.values import Clip


@pytest.fixture(scope="module")
def client(map_url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a gradio_client of the page."""
    from gradio_client import Client

    return Client(map_url, verbose=False, download_files=str(tmp_path_factory.mktemp("got")))


def clip_of(at: int, folder: Path) -> Any:
    """Return a clip in which the studio of these tests hears a dot."""
    from gradio_client import handle_file

    wav = 0.1 * np.sin(np.arange(at * 1_000 + 120_000) / 9)
    return handle_file(Clip(wav.astype(np.float32), 16_000).save(folder / "clip.wav"))


def test_a_clip_is_placed_among_its_like(client: Any, takes: EmotionMap, tmp_path: Path) -> None:
    found = client.predict(clip_of(4, tmp_path), consent=True, api_name="/map_place")
    first = found["neighbors"][0]
    assert (first["id"], first["emotion"]) == (4, takes.labels["emotion"][4])
    alike = [each["similarity"] for each in found["neighbors"]]
    assert alike == sorted(alike, reverse=True)
    assert np.hypot(found["x"], found["y"]) < 8


def test_a_clip_needs_consent(client: Any, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="I may use this voice"):
        client.predict(clip_of(4, tmp_path), api_name="/map_place")


def test_a_place_is_spoken_from(client: Any) -> None:
    path, passport = client.predict("You came back.", "[[0.5, -1]]", api_name="/map_speak")
    assert Clip.load(path).duration_s > 0.5
    assert passport["request"]["engine"] == "diemo"
    assert len(passport["request"]["emotion_path"]) == 1


def test_a_path_is_spoken_along(client: Any) -> None:
    places = "[[0, 3], [3, 0], [0, -3]]"
    _, passport = client.predict("You came back.", places, api_name="/map_speak")
    assert len(passport["request"]["emotion_path"]) == 3


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"places": "here"}, "no list of places"),
        ({"places": "[]"}, "no place to speak from"),
        ({"places": "[[NaN, 0]]"}, "no place to speak from"),
        ({"places": str([[0, 0]] * 40)}, "is the limit"),
        ({"map": "mine"}, "no such map"),
        ({"method": "tsne"}, "choose from"),
        ({"text": ""}, "nothing to speak"),
        ({"voice": "nobody"}, "Unknown voice"),
        ({"seed": "lucky"}, "seed"),
    ],
)
def test_what_is_wrong_is_told(client: Any, wrong: dict[str, Any], sentence: str) -> None:
    asked = {"text": "You came back.", "places": "[[0, 0]]"} | wrong
    with pytest.raises(Exception, match=sentence) as caught:
        client.predict(**asked, api_name="/map_speak")
    assert "Traceback" not in str(caught.value)
