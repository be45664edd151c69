"""What several listeners heard in one clip: soft labels, and the label they agree on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from emostudio.listening.judgments import Judgment

SECOND_SHARE = 1 / 3  # of a second emotion that was named without saying how much


@dataclass(frozen=True)
class Consensus:
    """What listeners heard in one clip.

    `shares` of the emotions sum to 1; `label` is the first of them, None where two are level.
    The means are over those who answered the question, None where nobody did.
    """

    shares: dict[str, float]
    label: str | None
    listeners: int
    intensity: float | None
    valence: float | None
    arousal: float | None


def consensus_of(judgments: Iterable[Judgment]) -> dict[str, Consensus]:
    """Soft labels by stimulus; every listener counts once, split over the emotions they named.

    >>> heard = [Judgment("l1", "", "u", emotion="sad", stimulus="a"),
    ...          Judgment("l2", "", "u", emotion="sad", second_emotion="calm", stimulus="a")]
    >>> found = consensus_of(heard)["a"]
    >>> found.label, round(found.shares["calm"], 3)
    ('sad', 0.167)
    """
    heard: dict[str, list[Judgment]] = defaultdict(list)
    for judgment in judgments:
        if judgment.emotion is not None and judgment.role == "test" and not judgment.repeated:
            heard[judgment.stimulus].append(judgment)
    return {stimulus: _of_clip(found) for stimulus, found in heard.items()}


def _of_clip(found: list[Judgment]) -> Consensus:
    shares: defaultdict[str, float] = defaultdict(float)
    for one in found:
        second = SECOND_SHARE if one.second_share is None else one.second_share
        second = second if one.second_emotion else 0.0
        shares[str(one.emotion)] += (1 - second) / len(found)
        if one.second_emotion:
            shares[one.second_emotion] += second / len(found)
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    level = len(ranked) > 1 and ranked[0][1] - ranked[1][1] < 1e-9
    return Consensus(
        shares=dict(ranked),
        label=None if level else ranked[0][0],
        listeners=len({one.listener for one in found}),
        intensity=_mean(one.intensity for one in found),
        valence=_mean(one.valence for one in found),
        arousal=_mean(one.arousal for one in found),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None
