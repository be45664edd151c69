"""From what the judges heard in conversions to figures of ZEST's table."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emostudio.data.corpora import Utterance
from emostudio.evaluation.figures import EARS
from emostudio.evaluation.hearing import Heard, label
from emostudio.evaluation.statistics import estimate
from emostudio.evaluation.zest_plan import Pair


@dataclass(frozen=True)
class Result:
    """What the judges heard in the result of a pair.

    `phonemes` are those that are wrong and of how many, `said` is what outside judges said, and
    `lowered` tells that the identity guard took intensity away.
    """

    pair: Pair
    heard: Heard
    phonemes: tuple[int, int]
    said: dict[str, Any]
    lowered: bool | None = None


@dataclass(frozen=True)
class Voices:
    """Voice embeddings of neutral clips by speaker and name; and among whom a speaker has to rank.

    `rivals` are all speakers of one sex in one corpus, of librispeech those that no net heard.
    """

    clips: dict[str, dict[str, np.ndarray]]
    rivals: dict[str, tuple[str, ...]]

    def mean(self, speaker: str, *, without: str = "") -> np.ndarray | None:
        """Mean (D,) of length one over a speaker's clips but one; None where there is no other."""
        rest = [voice for name, voice in self.clips.get(speaker, {}).items() if name != without]
        if not rest:
            return None
        mean = np.mean(rest, axis=0)
        return mean / np.linalg.norm(mean)

    def ranks_first(
        self, voice: np.ndarray, speaker: str, *, before: str, without: str = ""
    ) -> bool | None:
        """Whether a voice (D,) is most like a speaker, of all rivals and of who stands `before`.

        None where nobody else is known.
        """
        names = dict.fromkeys([*self.rivals[speaker], before])
        means = {name: self.mean(name, without=without) for name in names}
        known = {name: mean for name, mean in means.items() if mean is not None}
        if speaker not in known or len(known) < 2:
            return None
        return max(known, key=lambda name: float(voice @ known[name])) == speaker


def row(results: Sequence[Result], voices: Voices) -> dict[str, Any]:
    """Figures of some results, with intervals over their sources; empty where there are none."""
    if not results:
        return {}
    found: dict[str, Any] = {"conversions": len(results)}
    sources = [r.pair.source.name for r in results]
    for ear, listen in EARS.items():
        hits = [label(listen(r.heard)) == r.pair.emotion for r in results]
        found[f"{ear}_accuracy"] = estimate(hits, None, sources).json()
    wrong, phonemes = zip(*(r.phonemes for r in results), strict=True)
    found["phoneme_error"] = estimate(wrong, phonemes, sources).json()
    spoken = [r for r in results if "errors" in r.said]
    if spoken:
        errors, words = [r.said["errors"] for r in spoken], [len(r.said["said"]) for r in spoken]
        of = [r.pair.source.name for r in spoken]
        found["word_error"] = estimate(errors, words, of).json()
    heard = [
        (r.said["voice"], r.pair.source, r.pair.reference.speaker)
        for r in results
        if "voice" in r.said
    ]
    found |= likeness(heard, voices)
    guarded = [r.lowered for r in results if r.lowered is not None]
    if guarded:
        found["guarded"] = estimate(guarded).json()
    return found


def likeness(
    heard: Iterable[tuple[Sequence[float], Utterance, str]], voices: Voices
) -> dict[str, Any]:
    """How often a voice is most like whose it should be, and its cosine to that speaker's mean.

    Each voice (D,) goes with the utterance it was made of, which is left out of the means, and
    with another speaker before whom it has to rank.
    """
    cosines, first, of_cosines, of_first = [], [], [], []
    for embedding, utterance, other in heard:
        voice, speaker, name = np.array(embedding), utterance.speaker, utterance.name
        mean = voices.mean(speaker, without=name)
        if mean is not None:
            cosines.append(float(voice @ mean))
            of_cosines.append(name)
        ranks = voices.ranks_first(voice, speaker, before=other, without=name)
        if ranks is not None:
            first.append(ranks)
            of_first.append(name)
    found = {"similarity": (cosines, of_cosines), "speaker_first": (first, of_first)}
    return {
        measure: estimate(values, None, names).json()
        for measure, (values, names) in found.items()
        if values
    }


def confusions(
    results: Sequence[Result], listen: Callable[[Heard], dict[str, float]]
) -> dict[str, dict[str, int]]:
    """How often each asked emotion was heard as which."""
    found: dict[str, dict[str, int]] = {}
    for result in results:
        of, got = found.setdefault(result.pair.emotion, {}), label(listen(result.heard))
        of[got] = of.get(got, 0) + 1
    return found
