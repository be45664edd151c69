"""Truths of every design, on grids of many shapes with holes."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from emostudio.listening.design import Cell, PlannedTrial, choices, row, rows_of_a_round
from emostudio.listening.kinds import KINDS
from emostudio.listening.protocol import DESIGNS, Protocol


def grid(n_systems: int, n_utterances: int, holes: float = 0.0, seed: int = 0) -> list[Cell]:
    rng = random.Random(seed)
    return [
        Cell(f"s{system}u{utterance}", f"s{system}", f"u{utterance}")
        for system in range(n_systems)
        for utterance in range(n_utterances)
        if rng.random() >= holes
    ]


def main(trials: list[PlannedTrial]) -> list[PlannedTrial]:
    return [trial for trial in trials if trial.block == "main"]


def heard(protocol: Protocol, cells: list[Cell], n_rows: int) -> list[PlannedTrial]:
    return [trial for number in range(n_rows) for trial in row(protocol, cells, (), number)]


def in_order(trial: PlannedTrial) -> tuple[str, str]:
    return (trial.other, trial.stimulus) if trial.swapped else (trial.stimulus, trial.other)


SHAPES = [(1, 1), (2, 1), (1, 5), (2, 2), (3, 4), (4, 4), (4, 6), (3, 7), (5, 3), (6, 9)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("trials", [0, 1, 2, 3, 5])
def test_after_any_number_of_rows_cells_differ_by_one_at_most(
    shape: tuple[int, int], design: str, trials: int
) -> None:
    cells = grid(*shape)
    protocol = Protocol("mos", "t", design=design, trials=trials)
    counts = Counter({cell.stimulus: 0 for cell in cells})
    for number in range(40):
        counts.update(trial.stimulus for trial in row(protocol, cells, (), number))
        assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("kind", ["mos", "cmos"])
@pytest.mark.parametrize("trials", [0, 3])
def test_a_round_hears_each_cell_and_each_order_equally(
    shape: tuple[int, int], design: str, kind: str, trials: int
) -> None:
    cells = grid(*shape)
    protocol = Protocol(kind, "t", design=design, trials=trials)
    n_rows = rows_of_a_round(protocol, cells)
    counts = Counter(in_order(trial) for trial in heard(protocol, cells, n_rows))
    n_systems, n_utterances = shape
    choices = n_systems * (n_systems - 1) if kind == "cmos" else n_systems
    assert len(counts) == choices * n_utterances
    assert len(set(counts.values())) <= 1


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("kind", ["mos", "ab"])
def test_with_holes_the_cells_of_an_utterance_stay_within_one(
    seed: int, design: str, kind: str
) -> None:
    rng = random.Random(seed)
    cells = grid(rng.randint(1, 6), rng.randint(1, 9), holes=0.4, seed=seed)
    protocol = Protocol(kind, "t", design=design, trials=rng.randint(0, 12), seed=seed)
    by_utterance = {}
    for cell in cells:
        by_utterance.setdefault(cell.utterance, []).append(cell.stimulus)
    counts, orders = Counter(), Counter()
    for number in range(30):
        for trial in row(protocol, cells, (), number):
            counts[frozenset((trial.stimulus, trial.other))] += 1
            orders[in_order(trial)] += 1
        for names in by_utterance.values():
            if kind == "ab":
                own = [{a, b} for a in names for b in names if a < b]
            else:
                own = [{name, ""} for name in names]
            votes = [counts[frozenset(pair)] for pair in own]
            assert not votes or max(votes) - min(votes) <= 1
    for one, two in orders:
        assert kind == "mos" or abs(orders[one, two] - orders[two, one]) <= 1


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", KINDS)
def test_in_a_square_a_listener_hears_an_utterance_once(seed: int, kind: str) -> None:
    rng = random.Random(seed)
    cells = grid(rng.randint(2, 5), rng.randint(1, 9), holes=0.3, seed=seed)
    references = [Cell("r", role="reference")]
    protocol = Protocol(kind, "t", trials=rng.randint(0, 12))
    utterance = {cell.stimulus: cell.utterance for cell in cells}
    for number in (0, 1, 17, 10_000):
        trials = row(protocol, cells, references, number)
        assert max(Counter(utterance[trial.stimulus] for trial in trials).values(), default=1) == 1
        for trial in trials:
            assert not trial.other or utterance[trial.other] == utterance[trial.stimulus]


@pytest.mark.parametrize(("n_systems", "n_utterances"), [(3, 6), (4, 8), (4, 7), (5, 5), (2, 9)])
def test_a_listener_hears_every_system_equally(n_systems: int, n_utterances: int) -> None:
    cells = grid(n_systems, n_utterances)
    system = {cell.stimulus: cell.system for cell in cells}
    for number in range(20):
        trials = row(Protocol("mos", "t"), cells, (), number)
        counts = Counter(system[trial.stimulus] for trial in trials)
        assert max(counts.values()) - min(counts[f"s{s}"] for s in range(n_systems)) <= 1


@pytest.mark.parametrize("design", DESIGNS)
def test_a_listener_hears_both_orders_about_equally(design: str) -> None:
    protocol = Protocol("cmos", "t", design=design)
    for number in range(20):
        trials = row(protocol, grid(4, 12), (), number)
        assert abs(sum(trial.swapped for trial in trials) / len(trials) - 0.5) <= 0.1


def test_a_full_design_lets_every_listener_hear_everything() -> None:
    cells = grid(4, 5, holes=0.3)
    names = {cell.stimulus for cell in cells}
    clips = row(Protocol("mos", "t", design="full"), cells, (), 3)
    assert Counter(trial.stimulus for trial in clips) == Counter(names)
    pairs = row(Protocol("cmos", "t", design="full"), grid(4, 5), (), 3)
    assert len({frozenset((trial.stimulus, trial.other)) for trial in pairs}) == 4 * 3 // 2 * 5


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("design", DESIGNS)
def test_no_utterance_follows_itself_where_that_can_be(seed: int, design: str) -> None:
    rng = random.Random(seed)
    cells = grid(rng.randint(1, 4), rng.randint(2, 7), holes=0.2, seed=seed)
    extra = [Cell(f"g{n}", utterance=f"u{n}", role="gold") for n in range(2)]
    protocol = Protocol("mos", "t", design=design, repeats=rng.randint(0, 5), seed=seed)
    utterance = {cell.stimulus: cell.utterance for cell in [*cells, *extra]}
    for number in range(10):
        said = [utterance[trial.stimulus] for trial in row(protocol, cells, extra, number)]
        if 2 * max(Counter(said).values()) <= len(said) + 1:
            assert all(one != two for one, two in pairwise(said))


def test_a_row_is_always_the_same_and_rows_differ() -> None:
    cells, protocol = grid(3, 6), Protocol("mos", "t", repeats=2)
    shuffled = random.Random(1).sample(cells, len(cells))
    assert row(protocol, cells, (), 7) == row(protocol, shuffled, (), 7)
    assert row(protocol, cells, (), 7) != row(protocol, cells, (), 8)
    assert row(protocol, cells, (), 7) != row(Protocol("mos", "t", repeats=2, seed=1), cells, (), 7)


def test_repeats_come_after_their_first_and_not_at_once() -> None:
    protocol = Protocol("cmos", "t", repeats=3)
    for number in range(30):
        trials = row(protocol, grid(3, 8), (), number)
        repeated = [place for place, trial in enumerate(trials) if trial.repeated]
        assert len(repeated) == 3
        for place in repeated:
            first = PlannedTrial(
                trials[place].stimulus, trials[place].other, swapped=trials[place].swapped
            )
            assert place - trials.index(first) > 1


def test_practice_comes_first_and_checks_are_spread() -> None:
    extra = [Cell(f"p{n}", role="practice") for n in range(3)]
    extra += [Cell(f"g{n}", role="gold") for n in range(3)] + [Cell("t", role="trap")]
    checks = {cell.stimulus for cell in extra[3:]}
    for number in range(20):
        trials = row(Protocol("mos", "t"), grid(4, 24), extra, number)
        assert [trial.stimulus for trial in trials[:3]] == ["p0", "p1", "p2"]
        assert all(trial.block == "practice" for trial in trials[:3])
        places = [place for place, trial in enumerate(main(trials)) if trial.stimulus in checks]
        assert [place // 7 for place in places] == [0, 1, 2, 3]


def test_each_clip_gets_the_reference_of_its_utterance() -> None:
    cells = grid(2, 3)
    extra = [Cell(f"r{n}", "human", f"u{n}", "reference") for n in range(2)]
    for number in range(6):
        trials = row(Protocol("smos", "t"), cells, extra, number)
        assert {(trial.stimulus[2:], trial.reference) for trial in trials} == {
            ("u0", "r0"),
            ("u1", "r1"),
        }


def test_a_reference_without_an_utterance_serves_all() -> None:
    trials = row(Protocol("smos", "t"), grid(2, 3), [Cell("r", role="reference")], 0)
    assert [trial.reference for trial in trials] == ["r", "r", "r"]


def test_extra_clips_of_a_comparison_make_pairs() -> None:
    extra = [
        Cell("bad", "b", "g", "gold"),
        Cell("good", "a", "g", "gold", gold=True),
        Cell("alone", "a", "x", "trap"),
        Cell("p1", "a", "p", "practice"),
        Cell("p2", "b", "p", "practice"),
    ]
    known = [
        {
            (trial.stimulus, trial.other): trial.swapped
            for trial in row(Protocol("ab", "t"), grid(2, 4), extra, number)
            if trial.stimulus in ("good", "bad", "alone", "p1", "p2")
        }
        for number in (0, 1)
    ]
    assert set(known[0]) == {("good", "bad"), ("alone", "alone"), ("p1", "p2")}
    assert known[0]["good", "bad"] != known[1]["good", "bad"]


def test_no_clip_makes_an_empty_row() -> None:
    for kind in KINDS:
        assert row(Protocol(kind, "t"), [], [], 5) == []
        assert rows_of_a_round(Protocol(kind, "t"), []) == 1


def test_choices_are_all_that_a_round_presents() -> None:
    cells = grid(3, 4, holes=0.2)
    for kind in ("mos", "cmos"):
        for design in DESIGNS:
            protocol = Protocol(kind, "t", design=design)
            trials = heard(protocol, cells, rows_of_a_round(protocol, cells))
            presented = {(trial.stimulus, trial.other) for trial in trials}
            assert presented == set(choices(protocol, cells))
