"""From what the judges heard in transfers of emotion to figures of DiEmo-TTS's table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emostudio.evaluation.diemo_plan import Transfer
from emostudio.evaluation.figures import EARS
from emostudio.evaluation.hearing import Heard, label
from emostudio.evaluation.statistics import estimate
from emostudio.evaluation.zest_figures import Voices

LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True)
class Result:
    """What the judges heard where a transfer was asked for, and in its reference.

    `said` is what outside judges said. `name` is the recording that was heard in place of a take,
    empty for takes: no recording is held against itself.
    """

    transfer: Transfer
    heard: Heard
    reference: Heard
    said: dict[str, Any]
    name: str = ""


def row(results: Sequence[Result], voices: Voices) -> dict[str, Any]:
    """Figures of some results, with intervals over voices and texts; empty where there are none."""
    if not results:
        return {}
    found: dict[str, Any] = {"takes": len(results)}
    counted = [(r, r.said["errors"], len(r.said["said"])) for r in results if "errors" in r.said]
    if counted:
        kept, errors, words = zip(*counted, strict=True)
        found["word_error"] = estimate(errors, words, _groups(kept)).json()
    opinions = [r for r in results if "p808" in r.said]
    if opinions:
        heard = [r.said["p808"] for r in opinions]
        found["p808"] = estimate(heard, None, _groups(opinions)).json()
    alike = [(r, cosine) for r in results if (cosine := _likeness(r, voices)) is not None]
    if alike:
        kept, cosines = zip(*alike, strict=True)
        found["voice_similarity"] = estimate(cosines, None, _groups(kept)).json()
    for ear, listen in EARS.items():
        kin = [kinship(listen(r.heard), listen(r.reference)) for r in results]
        found[f"{ear}_similarity"] = estimate(kin, None, _groups(results)).json()
        hits = [label(listen(r.heard)) == r.transfer.emotion for r in results]
        found[f"{ear}_hit"] = estimate(hits, None, _groups(results)).json()
    return found


def kinship(one: dict[str, float], other: dict[str, float]) -> float:
    """How alike the emotions are that an ear hears in two sounds: -1 to 1.

    The cosine between the logarithms of its probabilities, each about their mean.

    >>> kinship({"sad": 0.9, "angry": 0.1}, {"sad": 0.6, "angry": 0.4})
    1.0
    """
    first, second = (
        np.log(np.maximum([probs[name] for name in one], LEAST_PROBABILITY))
        for probs in (one, other)
    )
    first, second = first - first.mean(), second - second.mean()
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return round(float(first @ second) / size, 6) if size else 0.0


def confusions(
    results: Sequence[Result], listen: Callable[[Heard], dict[str, float]]
) -> dict[str, dict[str, int]]:
    """How often the emotion of each reference was heard as which."""
    found: dict[str, dict[str, int]] = {}
    for result in results:
        of, got = found.setdefault(result.transfer.emotion, {}), label(listen(result.heard))
        of[got] = of.get(got, 0) + 1
    return found


def _likeness(result: Result, voices: Voices) -> float | None:
    """Cosine to the mean of the voice that was asked for; None where one of the two is missing."""
    mean = voices.mean(result.transfer.voice, without=result.name)
    if mean is None or "voice" not in result.said:
        return None
    return float(np.array(result.said["voice"]) @ mean)


def _groups(results: Sequence[Result]) -> list[tuple[str, str]]:
    return [(r.transfer.voice, r.transfer.text) for r in results]
