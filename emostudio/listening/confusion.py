"""Which emotion was heard where which was asked: confusions, and how often it was the right one.

Listeners who say "neutral" to everything hit every neutral clip. The unbiased hit rate [1] is the
share of hits among the clips of an emotion times that among all its mentions, which corrects it.

[1] Wagner (1993), On measuring performance in category judgment studies of nonverbal behavior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emostudio.listening.clusters import numbered, too_few_listeners
from emostudio.listening.judgments import Judgment
from emostudio.listening.means import rounded

N_RESAMPLES = 1000


@dataclass(frozen=True)
class Confusion:
    """Counts (listeners, asked, heard) of answers; `asked` and `heard` name the last two."""

    asked: tuple[str, ...]
    heard: tuple[str, ...]
    counts: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Counts (asked, heard) of all listeners."""
        return self.counts.sum(0)


def hit(judgment: Judgment) -> float | None:
    """Whether the asked emotion was heard: 1 or 0; None where none was asked."""
    if not judgment.asked_emotion or judgment.emotion is None:
        return None
    return float(judgment.emotion == judgment.asked_emotion)


def confusion(judgments: Sequence[Judgment], choices: Sequence[str]) -> Confusion:
    """Count answers; asked emotions in the order of the choices, then others."""
    known = [one for one in judgments if one.asked_emotion and one.emotion]
    order = {name: number for number, name in enumerate(choices)}
    asked = sorted({o.asked_emotion for o in known}, key=lambda n: (order.get(n, len(order)), n))
    extra = sorted({one.emotion or "" for one in known} - set(choices))
    heard = (*choices, *extra)
    listener, listeners = numbered([one.listener for one in known])
    counts = np.zeros((len(listeners), len(asked), len(heard)))
    for who, one in zip(listener, known, strict=True):
        counts[who, asked.index(one.asked_emotion), heard.index(one.emotion or "")] += 1
    return Confusion(tuple(asked), heard, counts)


def table(found: Confusion) -> list[dict[str, Any]]:
    """One row for each asked and heard emotion: share of the asked one's answers, and Wilson's."""
    from statsmodels.stats.proportion import proportion_confint

    rows = []
    for asked, counts in zip(found.asked, found.total, strict=True):
        for heard, count in zip(found.heard, counts, strict=True):
            ends: Any = proportion_confint(count, counts.sum(), method="wilson")
            rows.append(
                {
                    "asked": asked,
                    "heard": heard,
                    "count": int(count),
                    "share": rounded(count / counts.sum()),
                    "low": rounded(ends[0]),
                    "high": rounded(ends[1]),
                }
            )
    return rows


def by_system_table(judgments: Sequence[Judgment], choices: Sequence[str]) -> list[dict[str, Any]]:
    """`table` of all systems together, then of each if there are several."""
    systems = sorted({one.system for one in judgments})
    groups = {"all": list(judgments)}
    if len(systems) > 1:
        groups |= {name: [o for o in judgments if o.system == name] for name in systems}
    return [
        {"system": name, **row}
        for name, answers in groups.items()
        for row in table(confusion(answers, choices))
    ]


def rates(total: np.ndarray, found: Confusion) -> dict[str, np.ndarray]:
    """Hit rate and unbiased hit rate of each asked emotion from counts (..., asked, heard)."""
    place = [found.heard.index(name) if name in found.heard else -1 for name in found.asked]
    hits = np.stack(
        [total[..., i, j] if j >= 0 else np.zeros(total.shape[:-2]) for i, j in enumerate(place)],
        -1,
    )
    mentions = np.stack(
        [total[..., j].sum(-1) if j >= 0 else np.zeros(total.shape[:-2]) for j in place], -1
    )
    clips = total.sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(clips > 0, hits / clips, np.nan)
        unbiased = np.where(mentions > 0, rate * hits / mentions, np.where(clips > 0, 0.0, np.nan))
    return {"hit rate": rate, "unbiased hit rate": unbiased}


def emotions_table(found: Confusion, *, seed: int = 0) -> list[dict[str, Any]]:
    """Rates of each asked emotion, and their mean as "all", with intervals over listeners.

    The mean of the hit rates is the balanced accuracy: rare emotions count as much as common ones.
    """
    if not found.asked:
        return []
    n_listeners = len(found.counts)
    whole = rates(found.total, found)
    why, ends = too_few_listeners(n_listeners), {}
    if not why:
        rng = np.random.default_rng(seed)
        share = np.full(n_listeners, 1 / n_listeners)
        draws = rng.multinomial(n_listeners, share, N_RESAMPLES)
        again = rates(np.tensordot(draws, found.counts, 1), found)
        for name, values in again.items():
            both = np.concatenate([values, _mean(values)[:, None]], 1)
            ends[name] = np.nanpercentile(both, [2.5, 97.5], axis=0)
    rows = []
    for i, asked in enumerate((*found.asked, "all")):
        row: dict[str, Any] = {"asked": asked}
        for name, values in whole.items():
            both = [*values, _mean(values[None])[0]]
            row[name] = rounded(both[i])
            row[f"{name} low"] = rounded(ends[name][0, i]) if ends else None
            row[f"{name} high"] = rounded(ends[name][1, i]) if ends else None
        count = found.total[i].sum() if asked != "all" or i < len(found.asked) else 0
        row["answers"] = int(count or found.total.sum())
        rows.append(row | {"listeners": n_listeners, "why": why})
    return rows


def heard_table(judgments: Sequence[Judgment], choices: Sequence[str]) -> list[dict[str, Any]]:
    """How often each emotion was heard at all, first or second in a mixture."""
    answered = [one for one in judgments if one.emotion]
    names = [*choices, *sorted({o.emotion or "" for o in answered} - set(choices))]
    return [
        {
            "emotion": name,
            "count": (count := sum(one.emotion == name for one in answered)),
            "share": rounded(count / len(answered)),
            "second": sum(one.second_emotion == name for one in answered),
        }
        for name in names
        if answered
    ]


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is known."""
    known = ~np.isnan(values)
    return np.where(known, values, 0).sum(-1) / np.maximum(known.sum(-1), 1)
