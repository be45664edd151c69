"""How wide the interval will be, before anybody listens: from the design and usual spreads.

The spreads are assumptions (`simulate.Spread`); the interval of the study itself comes from its
answers alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from emostudio.listening.clusters import MIN_CLUSTERS, too_few
from emostudio.listening.differences import smallest_detectable
from emostudio.listening.protocol import Protocol
from emostudio.listening.simulate import Spread, stretch


@dataclass(frozen=True)
class Width:
    """What a study can be expected to tell; `why` where it can't.

    `mean` and `difference` are half widths of 95 % intervals of a system and of two systems,
    `smallest` is the difference that 80 % of such studies find, in `unit`. `answers` are those
    about a system, or about a pair of them.
    """

    mean: float | None
    difference: float | None
    smallest: float | None
    answers: int
    unit: str
    why: str = ""


def expected_width(protocol: Protocol, systems: int, utterances: int) -> Width:
    """Return the expected width for the planned listeners.

    Args:
        protocol: its kind, design, listeners and trials.
        systems: how many are compared.
        utterances: how many each system says.
    """
    about = protocol.about
    unit = "grades" if protocol.grades is not None else "share"
    if protocol.kind in ("mixed", "label"):
        return Width(None, None, None, 0, unit, "Studies of this kind compare no means.")
    cells = systems * (systems - 1) // 2 if about.is_pair else systems
    if not cells or not utterances:
        return Width(None, None, None, 0, unit, "There is nothing to compare yet. Add clips.")
    whole = utterances * (cells if protocol.design == "full" else 1)
    trials = min(protocol.trials or whole, whole)
    answers = round(protocol.listeners * trials / cells)
    heard = min(utterances, math.ceil(answers / max(protocol.listeners, 1)) * protocol.listeners)
    listeners = min(protocol.listeners, answers)
    if why := too_few(listeners, heard):
        return Width(None, None, None, answers, unit, why)
    spread, size = Spread(), stretch(protocol)
    if protocol.grades is None:
        spread, size = _of_hits(spread), 1.0
    return _width(spread, size, answers, (listeners, heard), unit, pair=about.is_pair)


def listeners_for(
    protocol: Protocol, systems: int, utterances: int, half_width: float, most: int = 500
) -> int | None:
    """Return how many listeners make the interval as narrow as wanted; None if `most` do not.

    The interval of a mean can't become narrower than the utterances let it, whoever listens.
    """
    for listeners in range(MIN_CLUSTERS, most + 1):
        width = expected_width(replace(protocol, listeners=listeners), systems, utterances)
        if width.mean is not None and width.mean <= half_width:
            return listeners
    return None


def _of_hits(spread: Spread) -> Spread:
    """Spreads of hits, 1 or 0, near one half: of normal values cut in two, less is alike."""
    whole = spread.of_grade**2
    parts = [
        math.asin(part**2 / whole) / (2 * math.pi)
        for part in (
            spread.listener,
            spread.utterance,
            spread.utterance_by_system,
            spread.listener_by_system,
        )
    ]
    return Spread(*map(math.sqrt, [*parts, 0.25 - sum(parts)]))


def _width(
    spread: Spread,
    size: float,
    answers: int,
    clusters: tuple[int, int],
    unit: str,
    *,
    pair: bool,
) -> Width:
    from scipy import stats

    listeners, utterances = clusters
    inside = (
        spread.utterance_by_system**2 / utterances
        + spread.listener_by_system**2 / listeners
        + spread.noise**2 / answers
    )
    between = size * math.sqrt(2 * inside)
    alone = size * math.sqrt(
        inside + spread.listener**2 / listeners + spread.utterance**2 / utterances
    )
    df = min(clusters) - 1
    reach, smallest = float(stats.t.ppf(0.975, df)), smallest_detectable(between, df)
    if pair:  # the answer is the difference
        return Width(reach * between, None, smallest, answers, unit)
    return Width(reach * alone, reach * between, smallest, answers, unit)
