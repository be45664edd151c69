"""Rules about listeners, their thresholds frozen with the protocol: pass, fail or unknown.

Unknown never excludes: who answered little, or whose browser measured nothing, did nothing wrong.
A verdict is advice; an administrator excludes, and results are shown with and without.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from emostudio.listening.judgments import Judgment
from emostudio.listening.kinds import SHARES
from emostudio.listening.means import rounded
from emostudio.listening.pairs import oriented
from emostudio.listening.protocol import Protocol

MIN_ANSWERS = 10  # for rules about habits
MIN_SHARED = 5  # clips that at least two others answered
MIN_GRADES = 5  # of a scale, for its variance and for grades that are nearly right
NEAR = 0.25  # of a share in [0, 1] that gold gives


@dataclass(frozen=True)
class Verdict:
    """What a rule says about a listener, and the number it is from; `why` where it is unknown."""

    listener: str
    rule: str
    value: float | None
    threshold: float
    verdict: Literal["pass", "fail", "unknown"]
    why: str = ""


def right(judgment: Judgment, protocol: Protocol) -> bool | None:
    """Whether a gold or trap clip was answered right; None where it has no right answer.

    A trap asks for one answer. Gold is met by the grade beside it on a scale of five or more, and
    by a share within a quarter.
    """
    grades = protocol.grades
    for name, wanted in (judgment.gold or {}).items():
        given = getattr(judgment, name, None)
        if given is None:
            return False
        near = 0.0
        if judgment.role == "gold" and name in SHARES:
            near = NEAR
        elif judgment.role == "gold" and grades and len(grades.labels) >= MIN_GRADES:
            near = 1.0
        met = given == wanted if isinstance(wanted, str) else abs(given - wanted) <= near + 1e-9
        if not met:
            return False
    return True if judgment.gold else None


def screen(judgments: Iterable[Judgment], protocol: Protocol) -> list[Verdict]:
    """Apply every rule to every listener; all their judgments are needed, gold and repeats too."""
    by_listener: dict[str, list[Judgment]] = {}
    for one in judgments:
        by_listener.setdefault(one.listener, []).append(one)
    everything = [one for mine in by_listener.values() for one in mine]
    alike = _likeness(everything)
    return [
        verdict
        for listener, mine in sorted(by_listener.items())
        for verdict in _rules(listener, mine, protocol, alike)
    ]


def failed(verdicts: Iterable[Verdict]) -> set[str]:
    """Return listeners that fail any rule."""
    return {one.listener for one in verdicts if one.verdict == "fail"}


def table(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """One row for each listener and rule."""
    return [
        {
            "listener": one.listener,
            "rule": one.rule,
            "value": rounded(one.value),
            "threshold": one.threshold,
            "verdict": one.verdict,
            "why": one.why,
        }
        for one in verdicts
    ]


def _rules(
    listener: str, mine: Sequence[Judgment], protocol: Protocol, alike: dict[str, _Likeness]
) -> list[Verdict]:
    limits = protocol.screening
    tests = [one for one in mine if one.role == "test"]
    grades = [one.shown_value for one in tests if one.shown_value is not None]
    habits = grades or [one.emotion for one in tests if one.emotion is not None]
    enough = len(habits) >= MIN_ANSWERS
    few = f"Fewer than {MIN_ANSWERS} answers."
    scale = protocol.grades
    told = [met for one in mine if one.role != "test" and (met := right(one, protocol)) is not None]
    heard = [done for one in mine if (done := _heard(one, limits.min_heard)) is not None]
    fast = [hasty for one in mine if (hasty := _fast(one, limits.min_heard)) is not None]
    same = max(Counter(habits).values()) / len(habits) if enough else None

    def at_least(rule: str, value: float | None, limit: float, why: str) -> Verdict:
        return _verdict(listener, rule, value, limit, (lambda v: v >= limit), why)

    def at_most(rule: str, value: float | None, limit: float, why: str) -> Verdict:
        return _verdict(listener, rule, value, limit, (lambda v: v <= limit), why)

    unmeasured = "The browser measured nothing."
    verdicts = [
        at_least("gold and traps right", _mean(told), limits.gold_share, "There were none."),
        at_least("clips heard to their end", _mean(heard), limits.heard_share, unmeasured),
        at_most("answers before the end", _mean(fast), limits.fast_share, unmeasured),
        at_most("one and the same answer", same, limits.same_share, few),
    ]
    if scale and len(scale.labels) >= MIN_GRADES:
        spread = float(np.var(grades, ddof=1)) if enough else None
        verdicts.append(at_least("variance of grades", spread, limits.min_variance, few))
    verdicts.append(_alone(listener, alike, limits.min_correlation))
    if scale:
        twice = _mean(_twice(mine))
        verdicts.append(
            at_most("distance of repeats", twice, limits.repeat_distance, "There were none.")
        )
    return verdicts


@dataclass(frozen=True)
class _Likeness:
    """Correlation of a listener with the mean of the others, over so many clips."""

    correlation: float
    clips: int

    @property
    def high(self) -> float:
        """What the correlation is below at 99 %, by Fisher's transformation."""
        bent = math.atanh(max(-0.999, min(0.999, self.correlation)))
        return math.tanh(bent + 2.326 / math.sqrt(self.clips - 3))


def _alone(listener: str, alike: dict[str, _Likeness], limit: float) -> Verdict:
    """Fail who answers unlike the others, but only where those are sure to be more alike."""
    rule, mine = "correlation with others", alike.get(listener)
    if mine is None:
        why = f"Fewer than {MIN_SHARED} clips that two others answered, or all answered alike."
        return Verdict(listener, rule, None, limit, "unknown", why)
    usual = float(np.median([one.correlation for one in alike.values()]))
    if mine.correlation < limit and mine.high >= usual:
        why = "Too few clips, or too little agreement of all, to stand out from the others."
        return Verdict(listener, rule, mine.correlation, limit, "unknown", why)
    return _verdict(listener, rule, mine.correlation, limit, (lambda v: v >= limit), "")


def _verdict(
    listener: str,
    rule: str,
    value: float | None,
    limit: float,
    passes: Callable[[float], bool],
    why: str,
) -> Verdict:
    if value is None:
        return Verdict(listener, rule, None, limit, "unknown", why)
    return Verdict(listener, rule, value, limit, "pass" if passes(value) else "fail")


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _clips(one: Judgment) -> list[tuple[float | None, float | None]]:
    """Seconds heard and length of each clip that was judged; a reference need not be heard out."""
    clips = [(one.heard_s, one.duration_s)]
    if one.other_system:
        clips.append((one.other_heard_s, one.other_duration_s))
    return clips


def _heard(one: Judgment, share: float) -> bool | None:
    known = [(heard, length) for heard, length in _clips(one) if heard is not None and length]
    if len(known) < len(_clips(one)):
        return None
    return all(heard >= share * length for heard, length in known)


def _fast(one: Judgment, share: float) -> bool | None:
    lengths = [length for _, length in _clips(one) if length]
    if one.rt_ms is None or len(lengths) < len(_clips(one)):
        return None
    return one.rt_ms / 1000 < share * sum(lengths)


def _twice(mine: Sequence[Judgment]) -> list[float]:
    """Distances of grades of what was heard twice."""
    turned = oriented(mine) if any(one.other_system for one in mine) else mine
    first = {(o.stimulus, o.other): o for o in turned if not o.repeated and o.role == "test"}
    distances = []
    for one in turned:
        before = first.get((one.stimulus, one.other))
        if one.repeated and before and one.value is not None and before.value is not None:
            distances.append(abs(one.value - before.value))
    return distances


def _likeness(judgments: Sequence[Judgment]) -> dict[str, _Likeness]:
    """By listener that has one: correlation with the mean of the others.

    It is over clips that two others at least answered. Of emotions, each is a column: chosen or
    not, against the share of others that chose it.
    """
    kept = [one for one in judgments if one.role == "test" and not one.repeated]
    if any(one.other_system for one in kept):
        kept = oriented(kept)
    by_clip: dict[tuple[str, str], dict[str, np.ndarray]] = {}
    emotions = sorted({one.emotion for one in kept if one.emotion})
    for one in kept:
        if one.value is not None:
            answer = np.array([one.value], float)
        elif one.emotion:
            answer = np.array([float(one.emotion == name) for name in emotions])
        else:
            continue
        clip = (one.stimulus or f"{one.system}/{one.utterance}", one.other)
        by_clip.setdefault(clip, {})[one.listener] = answer
    ours: dict[str, list[np.ndarray]] = {}
    theirs: dict[str, list[np.ndarray]] = {}
    for answers in by_clip.values():
        if len(answers) < 3:
            continue
        total = sum(answers.values(), np.zeros(1))
        for listener, answer in answers.items():
            ours.setdefault(listener, []).append(answer)
            theirs.setdefault(listener, []).append((total - answer) / (len(answers) - 1))
    return {
        listener: _Likeness(found, len(mine))
        for listener, mine in ours.items()
        if len(mine) >= MIN_SHARED
        and (found := _correlation(np.concatenate(mine), np.concatenate(theirs[listener])))
        is not None
    }


def _correlation(x: np.ndarray, y: np.ndarray) -> float | None:
    sd = math.sqrt(float(x.var() * y.var()))
    return float(((x - x.mean()) * (y - y.mean())).mean() / sd) if sd > 1e-12 else None
