import json

import pytest

from emostudio.analysis.listening_figures import DRAWN, figures_of
from emostudio.listening.kinds import KINDS
from emostudio.listening.protocol import Protocol
from emostudio.listening.results import Results, results_of
from emostudio.listening.simulate import simulate, truth_of
from tests.listening.plans import planned


def studied(kind: str, listeners: int = 8, utterances: int = 8) -> Results:
    protocol = Protocol(kind, "Tried out")
    trials = planned(protocol, listeners, utterances, 3)
    truth = truth_of(protocol, sorted({one.system for one in trials}))
    return results_of(protocol, simulate(protocol, trials, truth, seed=1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_headline_is_drawn_first_and_travels_to_a_browser(kind: str) -> None:
    results = studied(kind)
    figures = figures_of(results)
    assert next(iter(figures)) == results.headline
    assert set(figures) == {name for name in DRAWN if results.rows(name)}
    for name, figure in figures.items():
        assert json.loads(figure.to_json())["data"]
        assert figure.layout.title.text == results.tables[name].title


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_no_picture_and_one_listener_no_interval(kind: str) -> None:
    assert figures_of(studied(kind, 0, 0)) == {}
    for figure in figures_of(studied(kind, 1, 1)).values():
        assert figure.to_json()


def test_dots_reach_as_far_as_their_intervals() -> None:
    results = studied("mos")
    (dots,) = figures_of(results)["means"].data
    for place, row in enumerate(results.rows("means")):
        assert dots.x[place] + dots.error_x.array[place] == pytest.approx(row["high"])
        assert dots.x[place] - dots.error_x.arrayminus[place] == pytest.approx(row["low"])


def test_the_matrix_is_the_same_below_and_above_but_for_its_sign() -> None:
    (cells,) = figures_of(studied("mos"))["differences"].data
    for i in range(3):
        assert cells.z[i][i] is None
        for j in range(i):
            assert cells.z[i][j] == -cells.z[j][i]
