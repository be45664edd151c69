"""Who hears which clip, in which order: rows of a design, for any number of listeners.

Trials are slots of one endless sequence, and each row takes the next few. In a square the slots
run through the utterances again and again, and each time an utterance comes round, its next system
is taken: a Latin square, in which a listener hears an utterance once. In a full design they run
through all cells of the grid. In comparisons a pair of systems stands where a system stood, and the
order of its clips turns with each visit. So counts differ by no more than one after any number of
rows; only where an utterance lacks a system do its others come more often in a square.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from emostudio.listening.protocol import Protocol


@dataclass(frozen=True)
class Cell:
    """A clip in the grid of systems and utterances; `stimulus` is its id.

    `role` is that of the clip: test, reference, gold, trap or practice. `gold`: its right answer is
    known.
    """

    stimulus: str
    system: str = ""
    utterance: str = ""
    role: str = "test"
    gold: bool = False


@dataclass(frozen=True)
class PlannedTrial:
    """One screen: ids of the clips heard. `swapped`: `other` is heard first, `stimulus` second."""

    stimulus: str
    other: str = ""
    reference: str = ""
    block: str = "main"
    swapped: bool = False
    repeated: bool = False


@dataclass(frozen=True)
class _Slot:
    """What a trial presents: one clip, or two of an utterance."""

    clips: tuple[Cell, ...]
    swapped: bool = False

    @property
    def utterance(self) -> str:
        return self.clips[0].utterance or self.clips[0].stimulus

    def trial(
        self, references: dict[str, str], block: str = "main", *, repeated: bool = False
    ) -> PlannedTrial:
        first, other = self.clips[0], self.clips[1].stimulus if len(self.clips) > 1 else ""
        reference = references.get(first.utterance) or references.get("", "")
        return PlannedTrial(first.stimulus, other, reference, block, self.swapped, repeated)


def row(
    protocol: Protocol, cells: Sequence[Cell], extra: Sequence[Cell], number: int
) -> list[PlannedTrial]:
    """Return the trials of one listener; equal arguments give equal rows.

    Practice comes first, in the order of `extra`. Gold and trap clips and repeats are spread over
    the rest, and no utterance follows itself where that can be. In a similarity test the reference
    of an utterance, or the one without an utterance, goes with each clip, and clips without one are
    left out. In a comparison two extra clips of one role and utterance make a pair (that with a
    right answer is `stimulus`), and one alone is compared with itself.

    Args:
        protocol: kind, design, trials, repeats and seed are used.
        cells: the clips under test, in any order; the grid may have holes.
        extra: the references, gold, trap and practice clips.
        number: of the row, from 0 without an end.
    """
    rng = random.Random(f"{protocol.seed} row {number}")
    references = _references(protocol, extra)
    slots = _slots(protocol, _columns(protocol, _answerable(protocol, cells, references)), number)
    rng.shuffle(slots)
    planned = [
        ((place + 0.5) / len(slots), slot.utterance, slot.trial(references))
        for place, slot in enumerate(slots)
    ]
    # Repeats are taken from the first half where there are enough, so that something lies between.
    early = planned[: max(protocol.repeats, len(planned) // 2)]
    for time, utterance, trial in rng.sample(early, min(protocol.repeats, len(early))):
        again = PlannedTrial(
            trial.stimulus, trial.other, trial.reference, swapped=trial.swapped, repeated=True
        )
        planned.append((time + (1 - time) * rng.uniform(0.5, 1), utterance, again))
    known = _answerable(protocol, extra, references)
    checks = _extra_slots(protocol, known, ("gold", "trap"), number)
    rng.shuffle(checks)
    planned += [
        ((place + rng.random()) / len(checks), slot.utterance, slot.trial(references))
        for place, slot in enumerate(checks)
    ]
    practice = _extra_slots(protocol, known, ("practice",), number)
    return [slot.trial(references, "practice") for slot in practice] + _apart(planned)


def choices(protocol: Protocol, cells: Sequence[Cell]) -> list[tuple[str, str]]:
    """Return all that trials can present: `stimulus` and `other`, which is empty for one clip."""
    return [
        (choice[0].stimulus, choice[1].stimulus if len(choice) > 1 else "")
        for column in _columns(protocol, cells)
        for choice in column
    ]


def rows_of_a_round(protocol: Protocol, cells: Sequence[Cell]) -> int:
    """Return after how many rows each cell was heard as often as the others, in each order.

    With holes in a square: as often as the other cells of its utterance. 1 where nothing is heard.
    Similarity tests are taken to have all their references.
    """
    columns = _columns(protocol, cells)
    if not columns:
        return 1
    orders = 2 if protocol.about.is_pair else 1
    if protocol.design == "full":
        period = orders * sum(map(len, columns))
    else:
        period = len(columns) * orders * math.lcm(*map(len, columns))
    return period // math.gcd(period, _per_row(protocol, columns))


def _references(protocol: Protocol, extra: Sequence[Cell]) -> dict[str, str]:
    if "reference" not in protocol.about.heard:
        return {}
    return {cell.utterance: cell.stimulus for cell in extra if cell.role == "reference"}


def _answerable(
    protocol: Protocol, cells: Sequence[Cell], references: dict[str, str]
) -> list[Cell]:
    if "reference" not in protocol.about.heard or "" in references:
        return list(cells)
    return [cell for cell in cells if cell.utterance in references]


def _columns(protocol: Protocol, cells: Sequence[Cell]) -> list[list[tuple[Cell, ...]]]:
    """Return for each utterance, in seeded order, what can be heard of it."""
    rng = random.Random(f"{protocol.seed} grid")
    systems = sorted({cell.system for cell in cells})
    rng.shuffle(systems)
    utterances = sorted({cell.utterance for cell in cells})
    rng.shuffle(utterances)
    rank = {system: place for place, system in enumerate(systems)}
    heard: dict[str, list[Cell]] = {name: [] for name in utterances}
    for cell in sorted(cells, key=lambda cell: (rank[cell.system], cell.stimulus)):
        heard[cell.utterance].append(cell)
    columns = []
    for column in heard.values():
        if protocol.about.is_pair:
            columns.append(
                [
                    (one, two)
                    for place, one in enumerate(column)
                    for two in column[place + 1 :]
                    if one.system != two.system
                ]
            )
        else:
            columns.append([(cell,) for cell in column])
    return [column for column in columns if column]


def _per_row(protocol: Protocol, columns: list[list[tuple[Cell, ...]]]) -> int:
    most = sum(map(len, columns)) if protocol.design == "full" else len(columns)
    return min(protocol.trials or most, most)


def _slots(protocol: Protocol, columns: list[list[tuple[Cell, ...]]], number: int) -> list[_Slot]:
    count = _per_row(protocol, columns)
    places = range(number * count, (number + 1) * count)
    ranks = _ranks(columns)
    if protocol.design == "full":
        # Utterance by utterance, so that a part of the grid has a bit of everything.
        cells = [
            (column, visit)
            for visit in range(max(map(len, columns), default=0))
            for column in range(len(columns))
            if visit < len(columns[column])
        ]
        taken = [(*cells[place % len(cells)], place // len(cells)) for place in places if cells]
    else:
        taken = [(place % len(columns), place // len(columns), 0) for place in places]
    slots = []
    for column, visit, turn in taken:
        choices, (rank, alike) = columns[column], ranks[column]
        size = len(choices)
        # Neighbors have neighboring systems; one more step where the rounds would meet again.
        step = visit // (size // math.gcd(alike, size))
        choice = (rank + visit * alike + step) % size
        turns = turn + visit // size + rank // size + choice
        slots.append(_Slot(choices[choice], protocol.about.is_pair and turns % 2 == 1))
    return slots


def _ranks(columns: list[list[tuple[Cell, ...]]]) -> list[tuple[int, int]]:
    """Return for each utterance its place among those of the same systems, and their number."""
    patterns = [tuple(tuple(cell.system for cell in choice) for choice in each) for each in columns]
    alike, seen, ranks = Counter(patterns), Counter(), []
    for pattern in patterns:
        ranks.append((seen[pattern], alike[pattern]))
        seen[pattern] += 1
    return ranks


def _extra_slots(
    protocol: Protocol, extra: Sequence[Cell], roles: tuple[str, ...], number: int
) -> list[_Slot]:
    cells = [cell for cell in extra if cell.role in roles]
    if not protocol.about.is_pair:
        return [_Slot((cell,)) for cell in cells]
    together: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        together[cell.role, cell.utterance or cell.stimulus].append(cell)
    pairs = []
    for group in together.values():
        first, *others = sorted(group, key=lambda cell: not cell.gold)
        pairs += [(first, other) for other in others or [first]]
    return [_Slot(pair, (place + number) % 2 == 1) for place, pair in enumerate(pairs)]


def _apart(planned: list[tuple[float, str, PlannedTrial]]) -> list[PlannedTrial]:
    """Return the trials by time, moved where an utterance would follow itself."""
    waiting: dict[str, deque[tuple[float, PlannedTrial]]] = defaultdict(deque)
    for time, utterance, trial in sorted(planned, key=lambda each: each[0]):
        waiting[utterance].append((time, trial))
    ordered: list[PlannedTrial] = []
    last, left = "", len(planned)
    while left:
        fullest = max(waiting, key=lambda name: len(waiting[name]))
        others = [name for name in waiting if name != last] or [last]
        # One that fills half of what is left must come now, or it follows itself in the end.
        due = 2 * len(waiting[fullest]) > left and fullest in others
        last = fullest if due else min(others, key=lambda name: waiting[name][0][0])
        ordered.append(waiting[last].popleft()[1])
        left -= 1
        if not waiting[last]:
            del waiting[last]
    return ordered
