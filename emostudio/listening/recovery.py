"""Did an analysis find what is true? Of simulated listeners the answer is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emostudio.listening import means, mixtures, pairs
from emostudio.listening.clusters import Estimate, mean
from emostudio.listening.confusion import hit
from emostudio.listening.judgments import Judgment, counted
from emostudio.listening.levels import heard_level, level_of
from emostudio.listening.protocol import Protocol
from emostudio.listening.simulate import (
    Truth,
    expected_grade,
    expected_preference,
    pair_center,
    stretch,
)

CHANCE = 0.001  # that a right analysis is called wrong


@dataclass(frozen=True)
class Check:
    """One number that is known, and what the analysis made of it; None where it could not tell."""

    what: str
    true: float
    found: Estimate
    recovered: bool | None

    def to_row(self) -> dict[str, Any]:
        """Return the columns of a table."""
        return {
            "what": self.what,
            "true": round(self.true, 4),
            **means.shown(self.found, "found"),
            "recovered": self.recovered,
        }


def recovery(protocol: Protocol, truth: Truth, judgments: Sequence[Judgment]) -> list[Check]:
    """Compare every known number of a simulated study with its estimate.

    Args:
        protocol: what was asked.
        truth: what `simulate` was given.
        judgments: what it answered.
    """
    kind, answers = protocol.kind, counted(judgments)
    if kind in ("mos", "smos"):
        return list(_grades(protocol, truth, answers))
    if protocol.about.is_pair:
        return list(_pairs(protocol, truth, answers))
    if kind == "intensity":
        return list(_levels(protocol, truth, answers))
    if kind == "mixed":
        return list(_mixtures(answers))
    return [
        _check(f"{system}: share heard as asked", truth.hit[system], found)
        for system, found in means.estimates(
            [one for one in answers if one.asked_emotion in protocol.choices], hit
        ).items()
        if system in truth.hit
    ]


def _check(what: str, true: float, found: Estimate) -> Check:
    from scipy import stats

    if found.value is None or found.se is None:
        return Check(what, true, found, None)
    reach = float(stats.t.ppf(1 - CHANCE / 2, found.df)) * found.se
    return Check(what, true, found, abs(found.value - true) <= reach)


def _grades(protocol: Protocol, truth: Truth, answers: Sequence[Judgment]) -> Iterator[Check]:
    scale = protocol.grades
    assert scale is not None, "checked by Protocol"
    spread = truth.spread.of_grade * stretch(protocol)
    for system, found in means.estimates(answers).items():
        if system in truth.quality:
            true = expected_grade(truth.quality[system], spread, scale)
            yield _check(f"{system}: mean", true, found)


def _pairs(protocol: Protocol, truth: Truth, answers: Sequence[Judgment]) -> Iterator[Check]:
    scale, spread = protocol.grades, truth.spread.of_pair
    assert scale is not None, "checked by Protocol"
    turned = pairs.oriented(answers)
    for one in pairs.comparisons(answers):
        mine = [o for o in turned if (o.system, o.other_system) == (one.a, one.b)]
        centers = [pair_center(o, truth) for o in mine]
        true = np.mean(
            [
                expected_grade(center, spread, scale)
                if protocol.kind == "cmos"
                else expected_preference(center, spread)
                for center in centers
            ]
        )
        yield _check(f"{one.a} against {one.b}", float(true), one.found)


def _levels(protocol: Protocol, truth: Truth, answers: Sequence[Judgment]) -> Iterator[Check]:
    scale = protocol.grades
    assert scale is not None, "checked by Protocol"
    spread = truth.spread.of_grade * stretch(protocol)
    for level in (1, 2, 3):
        mine = [one for one in answers if level_of(one.asked_intensity) == level]
        merged = [replace(one, system="") for one in mine]  # heard alike in all systems
        for found in means.estimates(merged, heard_level).values():
            yield _check(
                f"asked {scale.grades[level].lower()}: mean level heard",
                expected_grade(level, spread, scale),
                found,
            )


def _mixtures(answers: Sequence[Judgment]) -> Iterator[Check]:
    """Shares heard must be those asked; listeners are clusters, one share a clip."""
    asked = [(one, mixtures.asked_shares(one)) for one in answers]
    for name in sorted({emotion for _, shares in asked for emotion in shares}):
        mine = [(one, shares[name]) for one, shares in asked if name in shares]
        found = mean(
            [mixtures.shares_of(one).get(name, 0.0) - share for one, share in mine],
            [one.listener for one, _ in mine],
            [one.utterance for one, _ in mine],
        )
        yield _check(f"{name}: share heard minus asked", 0.0, found)
