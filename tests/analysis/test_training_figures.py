import json

import numpy as np
import pytest

from emostudio.analysis.training_figures import POINTS, confusion, curves, names_in, smoothed


def test_smoothing_stays_between_the_ends_and_forgets_the_past() -> None:
    values = np.random.default_rng(0).normal(size=200)
    mild = smoothed(values.tolist(), 0.9)
    assert mild.min() >= values.min()
    assert mild.max() <= values.max()
    stepped = smoothed([0.0] * 100 + [1.0] * 100, 0.9)
    assert stepped[-1] == pytest.approx(1, abs=1e-3)


def test_without_weight_nothing_is_smoothed() -> None:
    assert smoothed([3.0, 1.0, 2.0], 0.0).tolist() == [3.0, 1.0, 2.0]


def test_the_loss_is_shown_and_its_parts_on_demand() -> None:
    losses = {"loss": [3.0, 2.0, 1.0], "prior": [None, 1.0, 0.5]}
    figure = curves([10, 20, 30], losses, [1e-4, 1e-4, None], of=100)
    shown = {(line.name or line.legendgroup): line.visible for line in figure.data}
    assert shown["loss"] is None
    assert shown["prior"] == "legendonly"
    assert list(figure.layout.xaxis.range) == [0, 100]  # what is to come has its place
    assert json.loads(figure.to_json())["data"]


def test_long_runs_travel_as_few_points_and_keep_their_end() -> None:
    steps = list(range(1, 20_001))
    figure = curves(steps, {"loss": [1 / step for step in steps]}, [None] * len(steps), of=20_000)
    for line in figure.data:
        assert len(line.x) <= POINTS + 1
    assert figure.data[0].x[-1] == 20_000


def test_a_run_without_steps_is_no_error() -> None:
    assert curves([], {}, [], of=10).to_json()


def test_rows_of_a_confusion_are_shares_of_what_was_meant() -> None:
    systems = {
        "base": {"sad": {"sad": 3, "angry": 1}, "happy": {"happy": 2}},
        "candidate": {"sad": {"bored": 4}},
    }
    names = names_in(systems)
    assert names == ["sad", "happy", "angry", "bored"]
    (matrix,) = confusion("base", systems["base"], names).data
    assert list(matrix.x) == names
    assert list(matrix.y) == ["sad", "happy"]
    assert [sum(share or 0 for share in row) for row in matrix.z] == [1.0, 1.0]
    assert matrix.customdata[0][2] == "1 of 4"
