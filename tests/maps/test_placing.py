from dataclasses import replace

import numpy as np
import pytest

from emostudio.maps.placing import emotion_at, neighbors_of, place
from emostudio.maps.space import EmotionMap
from emostudio.values import Request
from tests.maps.spaces import SIZES, planted


@pytest.fixture(scope="module")
def space() -> EmotionMap:
    return planted(80)


def clip(space: EmotionMap, number: int) -> dict[str, np.ndarray]:
    own = {name: values[number] for name, values in space.features.items()}
    return own | {"affect": space.affect[number]}


def apart(space: EmotionMap, x: float, y: float, number: int) -> float:
    return float(np.linalg.norm(space.coords["diemo", "umap"][number] - (x, y)))


@pytest.mark.parametrize("feature", SIZES)
def test_a_clip_of_the_map_finds_itself_and_its_kind(space: EmotionMap, feature: str) -> None:
    for number in (0, 17, 42):
        found = place(space, clip(space, number), feature, "umap")
        assert found.neighbors[0] == number and found.similarities[0] == pytest.approx(1, abs=1e-5)
        assert list(found.similarities) == sorted(found.similarities, reverse=True)
        emotions = {space.labels["emotion"][n] for n in found.neighbors}
        assert emotions == {space.labels["emotion"][number]}
        assert apart(space, found.x, found.y, number) < 1.5


def test_a_new_clip_lands_among_those_it_is_alike(space: EmotionMap) -> None:
    between = {"diemo": space.features["diemo"][[1, 5]].mean(0)}  # both happy
    found = place(space, between, "diemo", "umap")
    assert apart(space, found.x, found.y, 1) < 1.5


def test_on_the_plane_a_clip_lies_where_it_is_felt(space: EmotionMap) -> None:
    felt = np.array([0.9, 0.1, 0.3], np.float32)  # arousal, dominance, valence
    found = place(space, clip(space, 3) | {"affect": felt}, "ser", "plane")
    assert (found.x, found.y) == pytest.approx((0.3, 0.9))


def test_a_clip_is_no_neighbor_of_itself(space: EmotionMap) -> None:
    near = neighbors_of(space, 7, "raw", 5)
    assert len(near) == 5 and 7 not in near


def test_features_of_other_models_are_refused_in_words(space: EmotionMap) -> None:
    with pytest.raises(ValueError, match="other models"):
        place(space, {"diemo": np.zeros(3)}, "diemo", "umap")
    with pytest.raises(ValueError, match="other models"):
        place(space, {}, "diemo", "umap")
    with pytest.raises(ValueError, match="made without diemo; choose from ser"):
        some = replace(space, features={"ser": space.features["ser"]})
        place(some, clip(space, 0), "diemo", "umap")


def test_speaking_from_a_clip_is_speaking_with_its_emotion(space: EmotionMap) -> None:
    point = space.coords["ser", "umap"][12]
    (emotion,) = emotion_at(space, [tuple(point)], "ser", "umap")
    assert np.array(emotion) == pytest.approx(space.features["diemo"][12], abs=1e-3)


def test_an_empty_place_feels_like_what_is_around_it(space: EmotionMap) -> None:
    mine = [n for n in range(80) if space.labels["emotion"][n] == "sad"]
    middle = space.coords["diemo", "umap"][mine].mean(0)
    (emotion,) = emotion_at(space, [tuple(middle)], "diemo", "umap")
    known = space.features["diemo"]
    nearest = int(np.linalg.norm(known - emotion, axis=1).argmin())
    assert space.labels["emotion"][nearest] == "sad"
    low, high = known[mine].min(0), known[mine].max(0)
    assert ((emotion >= low - 1e-5) & (emotion <= high + 1e-5)).all()


def test_a_path_is_a_place_for_every_click_and_can_be_asked_for(space: EmotionMap) -> None:
    points = [(0.0, 0.0), (3.0, 1.0), (100.0, -100.0)]
    path = emotion_at(space, points, "diemo", "pca")
    assert len(path) == 3 and {len(one) for one in path} == {SIZES["diemo"]}
    assert Request("Hello.", engine="diemo", emotion_path=path).emotion_path == path


@pytest.mark.parametrize("points", [[], [(np.nan, 0.0)], [(0.0, np.inf)]])
def test_no_place_is_refused_in_words(space: EmotionMap, points: list) -> None:
    with pytest.raises(ValueError, match="click on the map"):
        emotion_at(space, points, "diemo", "umap")


def test_more_places_than_a_path_may_have_are_refused_before_any_work(space: EmotionMap) -> None:
    with pytest.raises(ValueError, match="33 places; 32 is the limit"):
        emotion_at(space, [(0.0, 0.0)] * 33, "diemo", "umap")


def test_nothing_speaks_from_a_map_without_diemo(space: EmotionMap) -> None:
    some = replace(space, features={"ser": space.features["ser"]})
    with pytest.raises(ValueError, match="without DiEmo"):
        emotion_at(some, [(0.0, 0.0)], "ser", "umap")


def test_all_clips_in_one_spot_can_still_be_spoken_from() -> None:
    space = planted(20)
    spot = {view: np.zeros((20, 2), np.float32) for view in space.coords}
    (emotion,) = emotion_at(replace(space, coords=spot), [(0.0, 0.0)], "diemo", "umap")
    assert np.isfinite(emotion).all()
