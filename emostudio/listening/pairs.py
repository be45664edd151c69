"""Two clips against each other (CMOS, A/B, which is stronger): by how much, how often, which order.

`value` is how much better, or stronger, the first named system is, whichever was heard first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emostudio.listening import means
from emostudio.listening.clusters import Estimate, estimate, holm, mean, numbered, two_way
from emostudio.listening.judgments import Judgment
from emostudio.listening.means import rounded, shown
from emostudio.listening.scales import Scale

CHOICES = {-1: "the second named", 0: "no difference", 1: "the first named"}


@dataclass(frozen=True)
class Comparison:
    """How much better `a` was found than `b`, and how often."""

    a: str
    b: str
    found: Estimate
    wins: int
    ties: int
    losses: int

    @property
    def binomial_p(self) -> float | None:
        """Chance of such wins and losses if both were alike; ties and clusters left out."""
        from scipy.stats import binomtest

        clear = self.wins + self.losses
        return float(binomtest(self.wins, clear).pvalue) if clear else None


def oriented(judgments: Sequence[Judgment]) -> list[Judgment]:
    """Return comparisons of two systems with their names in alphabetical order."""
    turned = []
    for one in judgments:
        if one.value is None or not one.other_system or one.system == one.other_system:
            continue
        if one.system > one.other_system:
            one = replace(
                one,
                system=one.other_system,
                other_system=one.system,
                stimulus=one.other,
                other=one.stimulus,
                asked_intensity=one.other_asked_intensity,
                other_asked_intensity=one.asked_intensity,
                value=-one.value if one.value else 0.0,
                swapped=not one.swapped,
            )
        turned.append(one)
    return turned


def comparisons(judgments: Sequence[Judgment]) -> list[Comparison]:
    """Compare every two systems that were heard against each other."""
    groups: dict[tuple[str, str], list[Judgment]] = {}
    for one in oriented(judgments):
        groups.setdefault((one.system, one.other_system), []).append(one)
    found = []
    for (a, b), mine in sorted(groups.items()):
        values = [one.value or 0.0 for one in mine]
        whole = mean(values, [one.listener for one in mine], [one.utterance for one in mine])
        signs = np.sign(values)
        counts = (int((signs == sign).sum()) for sign in (1, 0, -1))
        found.append(Comparison(a, b, whole, *counts))
    return found


def table(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """Show every comparison, with Holm's p over all of them."""
    found = comparisons(judgments)
    ps = holm([one.found.p for one in found])
    binomial = holm([one.binomial_p for one in found])
    return [
        {"system": one.a, "other": one.b}
        | shown(one.found, "mean")
        | {
            "p": rounded(one.found.p, 6),
            "p (Holm)": rounded(p, 6),
            "wins": one.wins,
            "ties": one.ties,
            "losses": one.losses,
            "preferred": round((one.wins + one.ties / 2) / one.found.answers, 4),
            "p (binomial, Holm)": rounded(q, 6),
        }
        for one, p, q in zip(found, ps, binomial, strict=True)
    ]


def histogram(judgments: Sequence[Judgment], scale: Scale) -> list[dict[str, Any]]:
    """How often each answer was given about each pair; grades are those of its first system."""
    named = [replace(o, system=f"{o.system} against {o.other_system}") for o in oriented(judgments)]
    rows = means.histogram(named, scale)
    if len(scale.labels) > len(CHOICES):
        return rows
    return [row | {"label": CHOICES[row["grade"]]} for row in rows]


def first_bias(judgments: Sequence[Judgment]) -> Estimate:
    """How much better the clip heard first seemed, beside what the systems differ by."""
    turned = oriented(judgments)
    if not turned:
        return Estimate(None, why="Nobody has answered yet.")
    who, listeners = numbered([one.listener for one in turned])
    what, utterances = numbered([one.utterance for one in turned])
    pair, pairs = numbered([(one.system, one.other_system) for one in turned])
    first = np.array([-1.0 if one.swapped else 1.0 for one in turned])
    value = np.array([one.value for one in turned], float)

    # Least squares on the order and the pair: both without the mean of their pair.
    counts = np.bincount(pair)
    first = first - (np.bincount(pair, first) / counts)[pair]
    value = value - (np.bincount(pair, value) / counts)[pair]
    size = float(first @ first)
    sizes = len(turned), len(listeners), len(utterances)
    if size < 1e-9:
        why = "Each pair had one order alone."
        return Estimate(None, answers=sizes[0], listeners=sizes[1], utterances=sizes[2], why=why)
    bias = float(first @ value) / size
    scale = (len(turned) - 1) / max(len(turned) - len(pairs) - 1, 1)
    influence = first * (value - bias * first) / size
    return estimate(bias, scale * two_way(influence, who, what), sizes)


def stronger(judgments: Sequence[Judgment]) -> Estimate:
    """How often the clip of which more intensity was asked was heard as stronger; ties are half."""
    asked = []
    for one in judgments:
        ours, theirs = one.asked_intensity, one.other_asked_intensity
        if one.value is None or ours is None or theirs is None or ours == theirs:
            continue
        right = float(np.sign(one.value)) * (1 if ours > theirs else -1)
        asked.append(((1 + right) / 2, one.listener, one.utterance))
    if not asked:
        return Estimate(None, why="No pair was asked for with two different intensities.")
    return mean(*zip(*asked, strict=True))
