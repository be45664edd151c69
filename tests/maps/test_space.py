import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emostudio.maps.space import COLUMNS, STEPS, EmotionMap
from tests.maps.spaces import planted


def test_a_saved_map_loads_equal(tmp_path: Path) -> None:
    space = planted()
    loaded = EmotionMap.load(space.save(tmp_path / "map").folder or tmp_path)
    assert loaded.names == space.names and loaded.labels == space.labels
    assert loaded.emotions == space.emotions and loaded.params == space.params
    assert set(loaded.coords) == set(space.coords)
    for view, points in space.coords.items():
        assert np.array_equal(loaded.coords[view], points)
    assert loaded.probs == pytest.approx(space.probs, abs=1 / 500)
    assert loaded.affect == pytest.approx(space.affect, abs=1e-3)


def test_saving_moves_no_feature_by_more_than_half_a_step(tmp_path: Path) -> None:
    space = planted(200)
    loaded = EmotionMap.load(space.save(tmp_path).folder or tmp_path)
    for name, values in space.features.items():
        assert (np.abs(loaded.features[name] - values) <= values.std(0) / (2 * STEPS) + 1e-5).all()


def test_a_feature_that_never_changes_survives(tmp_path: Path) -> None:
    space = planted()
    flat = replace(space, features={"raw": np.full((len(space), 3), 7.0, np.float32)})
    assert (EmotionMap.load(flat.save(tmp_path).folder or tmp_path).features["raw"] == 7).all()


def test_a_map_of_different_lengths_is_refused() -> None:
    space = planted()
    with pytest.raises(ValueError, match="no whole map: sounds"):
        replace(space, sounds=("",))


def test_what_is_no_map_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no map"):
        EmotionMap.load(tmp_path)
    planted().save(tmp_path)
    whole = (tmp_path / "map.npz").read_bytes()
    (tmp_path / "map.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        EmotionMap.load(tmp_path)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.ogg", "sounds/../../secret.ogg", "sounds\\a.ogg", "a.ogg"]
)
def test_a_map_names_no_sound_outside_of_it(tmp_path: Path, name: str) -> None:
    space = planted()
    replace(space, sounds=(name, *space.sounds[1:])).save(tmp_path)
    with pytest.raises(ValueError, match="holds no map"):
        EmotionMap.load(tmp_path)


def test_sounds_travel_with_the_map(tmp_path: Path) -> None:
    (tmp_path / "a" / "sounds").mkdir(parents=True)
    (tmp_path / "a" / "sounds" / "0.ogg").write_bytes(b"sound")
    space = planted()
    space = replace(space, sounds=("sounds/0.ogg", *space.sounds[1:]), folder=tmp_path / "a")
    moved = space.save(tmp_path / "b")
    heard = moved.sound_of(0)
    assert heard == tmp_path / "b/sounds/0.ogg" and heard.read_bytes() == b"sound"
    assert moved.sound_of(1) is None


def test_the_plane_is_valence_across_and_arousal_up() -> None:
    space = planted()
    assert np.array_equal(space.coords_of("any", "plane"), space.affect[:, [2, 0]])


def test_a_picture_that_was_not_made_is_refused_in_words() -> None:
    space = planted()
    some = replace(space, coords={("ser", "pca"): space.coords["ser", "pca"]})
    with pytest.raises(ValueError, match="no umap by diemo; choose from pca by ser, or plane"):
        some.coords_of("diemo", "umap")


def test_a_map_of_other_checkpoints_is_refused_where_they_matter() -> None:
    space = planted()
    space.check_nets({"ser": "a", "diemo": "b"}, "ser", "diemo", "raw")
    space.check_nets({"ser": "b"}, "raw", "speaker")
    for here in ({"ser": "b"}, {}):
        with pytest.raises(ValueError, match=r"other models than those here \(ser\).*anew"):
            space.check_nets(here, "ser")


@pytest.mark.parametrize("color", COLUMNS)
def test_every_clip_is_drawn_once_whatever_decides_the_color(color: str) -> None:
    space = planted()
    figure = space.figure(color)
    drawn = [place for trace in json.loads(figure.to_json())["data"] for place in _numbers(trace)]
    assert sorted(drawn) == list(range(len(space)))


def test_an_unknown_color_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="Unknown color 'mood'; choose from emotion"):
        planted().figure("mood")


def _numbers(trace: dict) -> list[int]:
    import base64

    data = trace["customdata"]
    if isinstance(data, list):
        return data
    return np.frombuffer(base64.b64decode(data["bdata"]), data["dtype"]).tolist()
