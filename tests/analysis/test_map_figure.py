import json

import numpy as np

from emostudio.analysis.map_figure import EMOTION_COLORS, groups_of, scatter
from emostudio.values import EMOTIONS


def test_every_clip_is_in_one_group_and_emotions_keep_their_order() -> None:
    groups = groups_of(["sad", "clip 10", "", "neutral", "clip 2", "sad"])
    assert [group.name for group in groups] == ["neutral", "sad", "clip 2", "clip 10", "not told"]
    places = np.concatenate([group.places for group in groups])
    assert sorted(places.tolist()) == list(range(6))


def test_no_two_of_many_groups_look_alike() -> None:
    groups = groups_of([f"speaker {number}" for number in range(40)])
    assert len({(group.color, group.symbol) for group in groups}) == len(groups)
    emotions = {group.name: group for group in groups_of(EMOTIONS)}
    assert {name: group.color for name, group in emotions.items()} == EMOTION_COLORS
    assert len({group.symbol for group in emotions.values()}) == len(EMOTIONS)


def test_what_is_told_of_a_clip_stays_text() -> None:
    points = np.zeros((2, 2), np.float32)
    figure = scatter(points, ["<b>x</b>", "y"], [["<img src=x>"], ["b"]], title="t")
    assert "<img" not in figure.to_json() and "<b>x" not in figure.to_json()


def test_few_groups_have_a_word_on_the_picture_and_many_none() -> None:
    def words(n: int) -> list[str]:
        labels = [str(one) for one in range(n)]
        figure = scatter(np.eye(n, 2), labels, [[one] for one in labels], title="t")
        layout = json.loads(figure.to_json())["layout"]
        return [one["text"] for one in layout.get("annotations", [])]

    assert words(3) == ["0", "1", "2"] and words(30) == []
