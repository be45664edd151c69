"""Intensity asked for against intensity heard, in the three levels of EmoMix's listening test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from emostudio.listening.clusters import mean, numbered, too_few_listeners
from emostudio.listening.judgments import Judgment
from emostudio.listening.kinds import LEVELS
from emostudio.listening.means import rounded, shown

WEAK, MEDIUM = 0.4, 0.7  # the highest intensity that counts as such
N_RESAMPLES = 300


def level_of(intensity: float | None) -> int | None:
    """Return 1, 2 or 3 for weak, medium or strong (see `kinds.LEVELS`) of an intensity in [0, 1].

    >>> [level_of(asked) for asked in (0.4, 0.7, 0.9)]
    [1, 2, 3]
    """
    if intensity is None:
        return None
    return 1 if intensity <= WEAK else 2 if intensity <= MEDIUM else 3


def heard_level(judgment: Judgment) -> int | None:
    """The level that was chosen, or that of the intensity that was given."""
    if judgment.intensity is not None:
        return level_of(judgment.intensity)
    return None if judgment.value is None else round(judgment.value)


def leveled(judgments: Sequence[Judgment]) -> list[tuple[Judgment, int, int]]:
    """Return answers with the asked and the heard level, where both are known."""
    return [
        (one, asked, heard)
        for one in judgments
        if (asked := level_of(one.asked_intensity)) and (heard := heard_level(one))
    ]


def table(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """By asked emotion and in "all": share of each heard level among those of an asked level."""
    rows = []
    for emotion, answers in _by_emotion(leveled(judgments)).items():
        for asked, asked_name in LEVELS.items():
            heard = [level for _, wanted, level in answers if wanted == asked]
            rows += [
                {
                    "emotion": emotion,
                    "asked": asked_name,
                    "heard": name,
                    "count": heard.count(level),
                    "share": rounded(heard.count(level) / len(heard)),
                }
                for level, name in LEVELS.items()
                if heard
            ]
    return rows


def means_table(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """By system and asked level: mean of the heard level, 1 to 3."""
    groups: dict[tuple[str, int], list[tuple[float, str, str]]] = {}
    for one, asked, heard in leveled(judgments):
        groups.setdefault((one.system, asked), []).append((heard, one.listener, one.utterance))
    return [
        {"system": system, "asked": LEVELS[asked]}
        | shown(mean(*zip(*answers, strict=True)), "mean")
        for (system, asked), answers in sorted(groups.items())
    ]


def agreement_table(judgments: Sequence[Judgment], *, seed: int = 0) -> list[dict[str, Any]]:
    """By asked emotion and in "all": do levels heard follow levels asked?

    Kappa is quadratic, with an interval over listeners; Spearman's coefficient is one a listener.
    """
    rows = []
    for emotion, answers in _by_emotion(leveled(judgments)).items():
        who, listeners = numbered([one.listener for one, _, _ in answers])
        asked = np.array([wanted for _, wanted, _ in answers])
        heard = np.array([level for _, _, level in answers])
        whole, why = kappa(asked, heard), ""
        low = high = None
        if whole is None:
            why = "Agreement needs more than one level."
        elif not (why := too_few_listeners(len(listeners))):
            low, high = _resampled(asked, heard, who, seed)
        ranks = [rho for n in range(len(listeners)) if (rho := _rho(asked, heard, who == n))]
        rows.append(
            {
                "emotion": emotion,
                "kappa": rounded(whole),
                "low": rounded(low),
                "high": rounded(high),
                "Spearman, median": rounded(float(np.median(ranks)) if ranks else None),
                "listeners above 0": sum(rho > 0 for rho in ranks),
                "listeners": len(listeners),
                "answers": len(answers),
                "why": why,
            }
        )
    return rows


def kappa(asked: np.ndarray, heard: np.ndarray) -> float | None:
    """Quadratic kappa of levels 1 to 3; None where there is but one level."""
    from sklearn.metrics import cohen_kappa_score

    if len({*asked.tolist(), *heard.tolist()}) < 2:
        return None
    return float(cohen_kappa_score(asked, heard, labels=list(LEVELS), weights="quadratic"))


def _rho(asked: np.ndarray, heard: np.ndarray, mine: np.ndarray) -> float | None:
    """Spearman's coefficient of one listener; None where nothing moves."""
    from scipy.stats import spearmanr

    if len(set(asked[mine])) < 2 or len(set(heard[mine])) < 2:
        return None
    return float(spearmanr(asked[mine], heard[mine]).statistic)  # type: ignore[union-attr]


def _resampled(
    asked: np.ndarray, heard: np.ndarray, who: np.ndarray, seed: int
) -> tuple[float | None, float | None]:
    """Interval of kappa over listeners drawn again, by tables of 3 by 3."""
    size = len(LEVELS)
    tables = np.zeros((who.max() + 1, size, size))
    np.add.at(tables, (who, asked - 1, heard - 1), 1)
    share = np.full(len(tables), 1 / len(tables))
    draws = np.random.default_rng(seed).multinomial(len(tables), share, N_RESAMPLES)
    again = np.tensordot(draws, tables, 1)
    distance = np.subtract.outer(np.arange(size), np.arange(size)) ** 2
    sizes = again.sum((1, 2))[:, None, None]
    by_chance = np.einsum("ra,rh->rah", again.sum(2), again.sum(1)) / sizes
    worst = (by_chance * distance).sum((1, 2))
    moved = worst > 0
    kappas = 1 - (again * distance).sum((1, 2))[moved] / worst[moved]
    if not len(kappas):
        return None, None
    low, high = np.percentile(kappas, [2.5, 97.5])
    return float(low), float(high)


def _by_emotion(
    answers: list[tuple[Judgment, int, int]],
) -> dict[str, list[tuple[Judgment, int, int]]]:
    groups: dict[str, list[tuple[Judgment, int, int]]] = {"all": answers} if answers else {}
    for answer in answers:
        if answer[0].asked_emotion:
            groups.setdefault(answer[0].asked_emotion, []).append(answer)
    return groups
