"""Simulated listeners: they answer any kind of study from known truths, so that it can be tried.

They differ from each other, utterances differ, and both interact with systems, as in real tests.
What they hear is normal with known spread, so that the mean they must come to is known exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from emostudio.listening.judgments import Judgment
from emostudio.listening.levels import level_of
from emostudio.listening.protocol import NEITHER, Protocol
from emostudio.listening.scales import Scale

TIE = 0.35  # two clips that differ less are heard as equal where there are three choices
FIVE_GRADES = 4.0  # range of the scale that the spreads below were measured on


@dataclass(frozen=True)
class Spread:
    """Standard deviations in grades of a scale from 1 to 5."""

    listener: float = 0.5
    utterance: float = 0.35
    utterance_by_system: float = 0.25
    listener_by_system: float = 0.25
    noise: float = 0.7

    @property
    def of_grade(self) -> float:
        """Of one grade, all in all."""
        return math.hypot(
            self.listener,
            self.utterance,
            self.utterance_by_system,
            self.listener_by_system,
            self.noise,
        )

    @property
    def of_pair(self) -> float:
        """Of one comparison: what listener and utterance add to both clips falls out."""
        return math.sqrt(2) * math.hypot(
            self.utterance_by_system, self.listener_by_system, self.noise
        )


@dataclass(frozen=True)
class Truth:
    """What is true in a simulated study.

    `quality` is by system, in grades before rounding; `hit` by system the chance that the asked
    emotion is heard. `first_bias`: how much better the clip heard first seems.
    """

    quality: dict[str, float]
    hit: dict[str, float]
    first_bias: float = 0.1
    spread: Spread = field(default_factory=Spread)


def truth_of(protocol: Protocol, systems: Sequence[str]) -> Truth:
    """Return truths that differ from system to system, in the order given, the worst first."""
    names = sorted(set(systems), key=list(systems).index)
    grades = protocol.grades
    middle, step = 3.0, 0.4
    if grades is not None and not protocol.about.is_pair:
        middle = (grades.low + grades.high) / 2
        step = 0.1 * (grades.high - grades.low)
    places = np.arange(len(names)) - (len(names) - 1) / 2
    step = min(step, 2 * step / max(len(names) - 1, 1))  # many systems stay within the scale
    return Truth(
        {name: float(middle + step * place) for name, place in zip(names, places, strict=True)},
        {
            name: 0.5 + 0.25 * float(place) / max(len(names) / 2, 1)
            for name, place in zip(names, places, strict=True)
        },
    )


def simulate(
    protocol: Protocol, planned: Sequence[Judgment], truth: Truth, *, seed: int
) -> list[Judgment]:
    """Answer planned trials, which are judgments without an answer; gold is answered rightly.

    Args:
        protocol: what is asked.
        planned: one a trial, of all simulated listeners.
        truth: what is true of the systems that they name.
        seed: the same one gives the same answers.
    """
    if not planned:
        return []
    rng = np.random.default_rng(seed)
    answer = {
        "mos": _grades,
        "smos": _grades,
        "cmos": _pairs,
        "ab": _pairs,
        "intensity_pair": _pairs,
        "intensity": _levels,
        "emotion_id": _emotions,
        "mixed": _mixtures,
        "label": _labels,
    }[protocol.kind]
    answers = answer(protocol, planned, truth, rng)
    for trial, fields in zip(planned, answers, strict=True):
        if trial.gold:
            for name in set(fields) - set(protocol.about.asked):
                del fields[name]
            fields.update(trial.gold)
    return [
        replace(trial, **_behavior(trial, rng), **fields)
        for trial, fields in zip(planned, answers, strict=True)
    ]


def expected_grade(center: float, spread: float, scale: Scale) -> float:
    """Mean of a normal value once it is rounded to the grades of a scale."""
    from scipy.stats import norm

    cuts = np.arange(scale.low, scale.high) + 0.5
    return float(scale.low + norm.sf((cuts - center) / spread).sum())


def expected_preference(center: float, spread: float) -> float:
    """Mean of a choice among second, neither and first (1, 0, -1) of a normal difference."""
    from scipy.stats import norm

    return float(norm.sf((TIE - center) / spread) - norm.cdf((-TIE - center) / spread))


def stretch(protocol: Protocol) -> float:
    """Return how many times wider the scale is than that from 1 to 5."""
    grades = protocol.grades
    if grades is None or protocol.about.is_pair:
        return 1.0
    return (grades.high - grades.low) / FIVE_GRADES


def pair_center(trial: Judgment, truth: Truth) -> float:
    """Return how much better the first system of a pair is heard on average."""
    bias = -truth.first_bias if trial.swapped else truth.first_bias
    ours = truth.quality.get(trial.system, 3.0)
    return ours - truth.quality.get(trial.other_system, 3.0) + bias


def _effects(keys: Sequence[Any], spread: float, rng: np.random.Generator) -> np.ndarray:
    place: dict[Any, int] = {}
    index = [place.setdefault(key, len(place)) for key in keys]
    return rng.normal(0, spread, len(place))[index]


def _latent(
    planned: Sequence[Judgment], spread: Spread, rng: np.random.Generator, *, whole: bool = True
) -> np.ndarray:
    parts = (
        ([t.listener for t in planned], spread.listener * whole),
        ([t.utterance for t in planned], spread.utterance * whole),
        ([(t.utterance, t.system) for t in planned], spread.utterance_by_system),
        ([(t.listener, t.system) for t in planned], spread.listener_by_system),
        (range(len(planned)), spread.noise),
    )
    return sum((_effects(keys, sd, rng) for keys, sd in parts), np.zeros(len(planned)))


def _grades(
    protocol: Protocol, planned: Sequence[Judgment], truth: Truth, rng: np.random.Generator
) -> list[dict[str, Any]]:
    scale = protocol.grades
    assert scale is not None, "checked by Protocol"
    centers = np.array([truth.quality.get(t.system, (scale.low + scale.high) / 2) for t in planned])
    heard = centers + stretch(protocol) * _latent(planned, truth.spread, rng)
    return [{"value": float(v)} for v in np.clip(np.round(heard), scale.low, scale.high)]


def _pairs(
    protocol: Protocol, planned: Sequence[Judgment], truth: Truth, rng: np.random.Generator
) -> list[dict[str, Any]]:
    spread = truth.spread
    mirrored = [replace(t, system=t.other_system) for t in planned]
    effects: dict[Any, float] = {}  # of a system, the same on whichever side of a pair it is

    def of(key: Any, sd: float) -> float:
        if key not in effects:
            effects[key] = float(rng.normal(0, sd))
        return effects[key]

    def side(trial: Judgment) -> float:
        return of(("u", trial.utterance, trial.system), spread.utterance_by_system) + of(
            ("l", trial.listener, trial.system), spread.listener_by_system
        )

    centers = np.array([pair_center(t, truth) for t in planned])
    sides = np.array([side(t) - side(m) for t, m in zip(planned, mirrored, strict=True)])
    heard = centers + sides + rng.normal(0, math.sqrt(2) * spread.noise, len(planned))
    if protocol.kind == "cmos":
        scale = protocol.grades
        assert scale is not None, "checked by Protocol"
        values = np.clip(np.round(heard), scale.low, scale.high)
    else:
        values = np.where(np.abs(heard) < TIE, 0, np.sign(heard))
    return [{"value": float(v)} for v in values]


def _levels(
    protocol: Protocol, planned: Sequence[Judgment], truth: Truth, rng: np.random.Generator
) -> list[dict[str, Any]]:
    centers = np.array([level_of(t.asked_intensity) or 2 for t in planned])
    heard = centers + stretch(protocol) * _latent(planned, truth.spread, rng)
    return [{"value": float(v)} for v in np.clip(np.round(heard), 1, 3)]


def _emotions(
    protocol: Protocol, planned: Sequence[Judgment], truth: Truth, rng: np.random.Generator
) -> list[dict[str, Any]]:
    from scipy.stats import norm

    # A hit is a normal value above its threshold, so that the chance over everybody is as given.
    chances = np.array([truth.hit.get(t.system, 0.5) for t in planned])
    hits = norm.ppf(chances) * truth.spread.of_grade + _latent(planned, truth.spread, rng) > 0
    asked = np.array(
        [0.5 if t.asked_intensity is None else t.asked_intensity for t in planned], float
    )
    strengths = np.clip(asked + _latent(planned, truth.spread, rng) / FIVE_GRADES, 0, 1)
    answers = []
    for trial, hit, strength in zip(planned, hits, strengths, strict=True):
        wrong = [one for one in protocol.choices if one != trial.asked_emotion]
        weights = np.array([3.0 if one == "neutral" else 1.0 for one in wrong])
        heard = trial.asked_emotion if hit and trial.asked_emotion in protocol.choices else None
        heard = heard or str(rng.choice(wrong, p=weights / weights.sum()))
        answers.append({"emotion": heard, "intensity": round(float(strength), 2)})
    return answers


def _mixtures(
    protocol: Protocol, planned: Sequence[Judgment], truth: Truth, rng: np.random.Generator
) -> list[dict[str, Any]]:
    answers = []
    for trial in planned:
        mix = trial.asked_mix or {trial.asked_emotion or NEITHER: 1.0}
        names = [name for name in mix if name in protocol.choices] or [NEITHER]
        felt = rng.gamma([8.0 * mix.get(name, 1.0) + 1e-3 for name in names]) + 1e-9
        order = np.argsort(-felt)
        answer: dict[str, Any] = {"emotion": names[order[0]]}
        if len(names) > 1:
            pair = felt[order[:2]]
            share = float(pair[1] / pair.sum())
            if share > 0.05:
                answer |= {"second_emotion": names[order[1]], "second_share": round(share, 2)}
        answers.append(answer)
    return answers


def _labels(
    protocol: Protocol, planned: Sequence[Judgment], truth: Truth, rng: np.random.Generator
) -> list[dict[str, Any]]:
    return [
        answer | {"valence": 0.5, "arousal": answer["intensity"]}
        for answer in _emotions(protocol, planned, truth, rng)
    ]


def _behavior(trial: Judgment, rng: np.random.Generator) -> dict[str, Any]:
    length = trial.duration_s or 3.0
    other = trial.other_duration_s or (length if trial.other else 0.0)
    return {
        "rt_ms": int(1000 * (length + other + rng.gamma(2.0, 1.0))),
        "plays": 1,
        "changes": 0,
        "duration_s": length,
        "heard_s": length,
        "other_duration_s": other or None,
        "other_heard_s": other or None,
    }
