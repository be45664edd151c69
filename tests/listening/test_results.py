import json
from dataclasses import replace

import pytest

from emostudio.listening.judgments import Judgment
from emostudio.listening.kinds import KINDS
from emostudio.listening.methods import TO_ADD
from emostudio.listening.protocol import Protocol
from emostudio.listening.results import results_of
from emostudio.listening.simulate import simulate, truth_of
from tests.listening.plans import planned

Study = tuple[Protocol, list[Judgment]]
PLAIN = (str, int, float, bool, type(None))


def answered(kind: str, listeners: int, utterances: int, systems: int = 3) -> Study:
    protocol = Protocol(kind, "Tried out")
    trials = planned(protocol, listeners, utterances, systems)
    truth = truth_of(protocol, sorted({one.system for one in trials}))
    return protocol, simulate(protocol, trials, truth, seed=2)


@pytest.fixture(scope="module")
def mos() -> Study:
    return answered("mos", 12, 12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("listeners", "utterances"), [(0, 0), (1, 1), (1, 12), (12, 1), (6, 6)], ids=str
)
def test_every_kind_has_results_however_few_have_answered(
    kind: str, listeners: int, utterances: int
) -> None:
    results = results_of(*answered(kind, listeners, utterances))
    json.dumps(results.to_json(), allow_nan=False)
    assert results.headline in results.tables
    for table in results.tables.values():
        assert len({tuple(row) for row in table.rows}) <= 1, "rows have the same columns"
        for row in table.rows:
            assert all(isinstance(value, PLAIN) for value in row.values())
            if "low" in row and row["low"] is None and "why" in row:
                assert row["why"]
    assert ("No answers yet" in str(results)) == (not listeners)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_without_what_was_asked_breaks_nothing(kind: str) -> None:
    protocol, judgments = answered(kind, 6, 6)
    blank = [
        replace(one, asked_emotion="", asked_intensity=None, asked_mix=None) for one in judgments
    ]
    assert results_of(protocol, blank).counts.answers == len(judgments)


def test_repeats_and_gold_do_not_change_a_mean(mos: Study) -> None:
    protocol, judgments = mos
    more = [
        *judgments,
        *(replace(one, repeated=True, value=1.0) for one in judgments[:9]),
        Judgment("l0", "s0", "gold", value=1.0, role="gold", gold={"value": 5}),
    ]
    with_more = results_of(protocol, more)
    assert with_more.rows("means") == results_of(protocol, judgments).rows("means")
    assert "fail" in {row["verdict"] for row in with_more.rows("screening")}


def test_excluded_listeners_are_left_out_and_shown_beside(mos: Study) -> None:
    protocol, judgments = mos
    everyone = results_of(protocol, judgments)
    results = results_of(protocol, judgments, {"l0", "l1", "nobody"})
    assert (results.counts.listeners, results.counts.excluded) == (10, 2)
    assert {row["listeners"] for row in results.rows("means")} == {10}
    sets = {}
    for row in results.rows("sensitivity"):
        rest = {name: value for name, value in row.items() if name != "listeners used"}
        sets.setdefault(row["listeners used"], []).append(rest)
    assert sets["everyone"] == everyone.rows("means")
    assert sets["without excluded"] == results.rows("means")
    assert "l0" in {row["listener"] for row in results.rows("screening")}


def test_a_hole_in_the_grid_is_no_obstacle(mos: Study) -> None:
    protocol, judgments = mos
    holes = [one for one in judgments if (one.system, one.utterance) != ("s0", "u3")]
    rows = {row["system"]: row for row in results_of(protocol, holes).rows("means")}
    assert rows["s0"]["utterances"] == 11
    assert rows["s0"]["low"] is not None


def test_labels_have_agreement_and_no_means() -> None:
    results = results_of(*answered("label", 8, 8))
    assert "means" not in results.tables
    assert results.rows("agreement")[0]["question"] == "emotion"
    assert sum(row["share"] for row in results.rows("heard")) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_methods_say_what_a_reader_needs(kind: str) -> None:
    protocol, judgments = answered(kind, 6, 6)
    protocol = replace(protocol, instructions="Wear headphones.", language="de")
    text = results_of(protocol, judgments, {"l0"}).methods
    wanted = [protocol.asked, "Wear headphones.", '"de"', "5 listeners", TO_ADD, protocol.hash]
    if protocol.grades is not None:
        wanted += protocol.grades.labels
    for words in (*wanted, *protocol.choices, "left out: 1"):
        assert words in text


def test_a_notebook_shows_the_first_table(mos: Study) -> None:
    text = str(results_of(*mos))
    assert "144 answers of 12 listeners" in text
    assert "system" in text.splitlines()[1]
    assert len(text.splitlines()) == 2 + 3
