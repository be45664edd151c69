"""Real recordings to measure against: the dev part of a folder of corpora, read when needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emostudio.audio.mel import SAMPLE_RATE
from emostudio.data.corpora import Utterance, read_corpora
from emostudio.data.features import at_speech_level, load_speech
from emostudio.values import Clip


@dataclass(frozen=True)
class Recordings:
    """Utterances by split; sound is read when asked for and not kept."""

    utterances: tuple[Utterance, ...]

    @classmethod
    def of(cls, root: Path) -> "Recordings":
        """Read the tables of a folder of corpora.

        Raises:
            ValueError: no corpora there.
        """
        return cls(tuple(sorted(read_corpora(root), key=lambda u: (u.corpus, u.speaker, u.name))))

    def select(
        self, corpus: str, *, split: str = "dev", speaker: str = "", emotion: str = ""
    ) -> list[Utterance]:
        """Utterances of a corpus, in the order of speakers and names."""
        return [
            u
            for u in self.utterances
            if u.corpus == corpus
            and u.split == split
            and speaker in ("", u.speaker)
            and emotion in ("", u.emotion)
        ]


def spread(items: Sequence[Utterance], limit: int) -> list[Utterance]:
    """At most `limit` of them, evenly over the order; all where `limit` is 0."""
    if not limit or len(items) <= limit:
        return list(items)
    return [items[place] for place in np.linspace(0, len(items) - 1, limit).round().astype(int)]


def clip_of(utterance: Utterance) -> Clip:
    """Sound at 16 kHz without silence at the ends, at the level of training speech."""
    return Clip(at_speech_level(load_speech(utterance)), SAMPLE_RATE)


def joined(utterances: Sequence[Utterance], seconds: float) -> Clip:
    """A reference clip of about so many seconds, from as many utterances as it takes.

    Raises:
        ValueError: no utterance is given.
    """
    if not utterances:
        raise ValueError("There is no recording to make a reference of.")
    wavs: list[np.ndarray] = []
    for utterance in utterances:
        wavs.append(clip_of(utterance).wav)
        if sum(map(len, wavs)) >= seconds * SAMPLE_RATE:
            break
    return Clip(np.concatenate(wavs)[: round(seconds * SAMPLE_RATE)], SAMPLE_RATE)
