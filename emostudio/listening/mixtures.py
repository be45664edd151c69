"""Mixtures: the shares of emotions that were heard, and how far they are from those asked."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emostudio.listening.clusters import numbered, too_few_listeners
from emostudio.listening.consensus import SECOND_SHARE
from emostudio.listening.judgments import Judgment
from emostudio.listening.means import rounded


def shares_of(judgment: Judgment) -> dict[str, float]:
    """Return the emotions of one answer with their shares, which sum to 1."""
    if not judgment.emotion:
        return {}
    if not judgment.second_emotion:
        return {judgment.emotion: 1.0}
    share = SECOND_SHARE if judgment.second_share is None else judgment.second_share
    return {judgment.emotion: 1 - share, judgment.second_emotion: share}


def heard_shares(judgments: Iterable[Judgment]) -> dict[str, float]:
    """Return the mean shares of several answers."""
    answers = [shares for one in judgments if (shares := shares_of(one))]
    total: dict[str, float] = {}
    for shares in answers:
        for name, share in shares.items():
            total[name] = total.get(name, 0.0) + share / len(answers)
    return total


def asked_shares(judgment: Judgment) -> dict[str, float]:
    """Return what was asked of the clip as shares that sum to 1; empty where nothing was."""
    mix = judgment.asked_mix or ({judgment.asked_emotion: 1.0} if judgment.asked_emotion else {})
    whole = sum(mix.values())
    return {name: share / whole for name, share in mix.items() if share > 0} if whole > 0 else {}


def distance(heard: Mapping[str, float], asked: Mapping[str, float]) -> float:
    """Jensen-Shannon distance of two distributions, to base 2: 0 for equal, 1 for nothing shared.

    >>> distance({"sad": 1.0}, {"angry": 1.0})
    1.0
    """
    names = sorted({*heard, *asked})
    return float(_distance(*(_vector(shares, names) for shares in (heard, asked))))


def table(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """By system and mixture: the asked and the heard share of each emotion."""
    groups: dict[tuple[str, str], list[Judgment]] = {}
    for one in judgments:
        if one.emotion and (asked := asked_shares(one)):
            groups.setdefault((one.system, _name(asked)), []).append(one)
    rows = []
    for (system, name), answers in sorted(groups.items()):
        asked, heard = asked_shares(answers[0]), heard_shares(answers)
        far = rounded(distance(heard, asked))
        rows += [
            {
                "system": system,
                "mixture": name,
                "emotion": emotion,
                "asked": rounded(asked.get(emotion, 0.0)),
                "heard": rounded(heard.get(emotion, 0.0)),
                "distance": far,
                "answers": len(answers),
            }
            for emotion in sorted({*asked, *heard}, key=lambda e: (-asked.get(e, 0), e))
        ]
    return rows


def distances_table(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """By system: mean distance of its clips, with an interval over listeners.

    The fewer listeners hear a clip, the farther its shares fall from any mixture by chance, so
    compare systems that were heard equally often.
    """
    groups: dict[str, list[Judgment]] = {}
    for one in judgments:
        if one.emotion and asked_shares(one):
            groups.setdefault(one.system, []).append(one)
    rows = []
    for system, answers in sorted(groups.items()):
        clips, listeners = _by_clip(answers)
        whole = _mean_distance(clips)
        why = too_few_listeners(len(listeners))
        low = high = None
        if not why:
            low, high = _jackknife(clips, whole, len(listeners))
        rows.append(
            {
                "system": system,
                "distance": rounded(float(whole)),
                "low": rounded(low),
                "high": rounded(high),
                "clips": len(clips),
                "answers": len(answers),
                "listeners": len(listeners),
                "why": why,
            }
        )
    return rows


@dataclass(frozen=True)
class _Clip:
    """Who (n,) heard which shares (n, emotions) in a clip, of which shares (emotions,) were asked.

    `who` are numbers; nobody is there twice.
    """

    who: np.ndarray
    heard: np.ndarray
    asked: np.ndarray


def _by_clip(answers: Sequence[Judgment]) -> tuple[list[_Clip], list[Hashable]]:
    who, listeners = numbered([one.listener for one in answers])
    clip, clips = numbered([one.stimulus or one.utterance for one in answers])
    both = [(shares_of(one), asked_shares(one)) for one in answers]
    names = sorted({name for pair in both for shares in pair for name in shares})
    heard = np.array([_vector(shares, names) for shares, _ in both])
    asked = np.array([_vector(shares, names) for _, shares in both])
    mine = [np.flatnonzero(clip == number) for number in range(len(clips))]
    return [_Clip(who[one], heard[one], asked[one[0]]) for one in mine], listeners


def _mean_distance(clips: Sequence[_Clip]) -> float:
    return float(np.mean([_distance(one.heard.mean(0), one.asked) for one in clips]))


def _jackknife(clips: Sequence[_Clip], whole: float, count: int) -> tuple[float, float]:
    """Interval over listeners by leaving each out in turn: drawing again would double the bias."""
    from scipy import stats

    # Without a listener, those clips change that they heard, and those only they heard fall out.
    total = np.full(count, sum(_distance(one.heard.mean(0), one.asked) for one in clips))
    left = np.full(count, float(len(clips)))
    for one in clips:
        total[one.who] -= _distance(one.heard.mean(0), one.asked)
        if len(one.who) > 1:
            others = (one.heard.sum(0) - one.heard) / (len(one.who) - 1)
            total[one.who] += _distance(others, one.asked)
        else:
            left[one.who] -= 1
    without = total / np.maximum(left, 1)
    se = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    reach = float(stats.t.ppf(0.975, count - 1) * se)
    return max(0.0, whole - reach), min(1.0, whole + reach)


def _distance(heard: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Distances of shares (..., emotions)."""
    from scipy.special import rel_entr

    middle = (heard + asked) / 2
    divergence = (rel_entr(heard, middle) + rel_entr(asked, middle)).sum(-1) / (2 * math.log(2))
    # Sums of equal shares differ in their last digits, of which the root would make a distance.
    return np.sqrt(np.clip(np.where(divergence < 1e-12, 0, divergence), 0, 1))


def _vector(shares: Mapping[str, float], names: Sequence[str]) -> np.ndarray:
    return np.array([shares.get(name, 0.0) for name in names])


def _name(shares: Mapping[str, float]) -> str:
    parts = sorted(shares.items(), key=lambda part: (-part[1], part[0]))
    return " + ".join(f"{name} {share:.0%}" for name, share in parts)
