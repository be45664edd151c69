"""Which recordings ZEST's table converts, fixed before any judge hears a result.

A source is a neutral clip of a dev speaker, a reference another that shows the emotion. Settings
are the paper's six [1, section 4]: same or different speaker and text of the two, an emotion that
ZEST never heard (UTE), and sources of speakers who act nowhere (USS).

[1] https://arxiv.org/abs/2401.04511
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emostudio.data.corpora import Utterance
from emostudio.evaluation import asked
from emostudio.evaluation.real import Recordings
from emostudio.models.zest.config import UNSEEN

SETTINGS = {
    "SSST": "same speaker, same text",
    "SSDT": "same speaker, other text",
    "DSST": "other speaker, same text",
    "DSDT": "other speaker, other text",
    "UTE": "an emotion never heard",
    "USS": "a source who acts nowhere",
}
# The paper's four; emodb acts no surprise.
TARGETS = {
    "ravdess": ("angry", "happy", "sad", "surprise"),
    "emodb": ("angry", "happy", "sad", "fear"),
}
ACTORS = {"ravdess": asked.ACTORS, "emodb": ("emodb-12", "emodb-13")}
PER_SETTING, PER_SETTING_QUICK = 32, 4
# Of readers: their shortest clips that are a sentence.
SOURCES_OF_A_READER, LEAST_WORDS = 8, 5


@dataclass(frozen=True)
class Pair:
    """One conversion: the `number`th of its setting, which is its seed."""

    setting: str
    number: int
    source: Utterance
    reference: Utterance

    @property
    def emotion(self) -> str:
        """What the result should sound like."""
        return self.reference.emotion

    @property
    def file(self) -> str:
        """Where the result goes, below its system's folder."""
        return f"{self.setting}/{self.number:02d}-{self.emotion}.wav"


def plan(real: Recordings, per_setting: int) -> list[Pair]:
    """At most so many pairs of every setting, as evenly over speakers and emotions as can be.

    Raises:
        ValueError: these recordings allow no pair.
    """
    found = [
        Pair(setting, number, *clips)
        for setting in SETTINGS
        for number, clips in enumerate(_drawn(list(_pool(setting, real)), per_setting))
    ]
    if not found:
        raise ValueError(
            "These recordings have no dev actor with neutral and emotional clips; "
            "see data/corpora.py for the names."
        )
    return found


def emotional(real: Recordings, corpus: str) -> list[Utterance]:
    """All dev clips of a corpus' dev actors in the target emotions."""
    return [u for u in _acted(real, corpus) if u.emotion in TARGETS[corpus]]


def _pool(setting: str, real: Recordings) -> Iterator[tuple[Utterance, Utterance]]:
    """All pairs that a setting allows."""
    if setting == "USS":
        sources = [u for reader in asked.READERS for u in _short(real, reader)]
        yield from ((s, r) for s in sources for r in emotional(real, "ravdess"))
        return
    for corpus in ACTORS:
        sources = [u for u in _acted(real, corpus) if u.emotion == "neutral"]
        if setting == "UTE":
            unheard = [u for u in _acted(real, corpus) if u.emotion == UNSEEN]
            yield from ((s, r) for s in sources for r in unheard)
            continue
        for source in sources:
            for reference in emotional(real, corpus):
                same_speaker = source.speaker == reference.speaker
                same_text = source.text == reference.text
                if (same_speaker, same_text) == (setting[:2] == "SS", setting[2:] == "ST"):
                    yield source, reference


def _drawn(
    pairs: list[tuple[Utterance, Utterance]], limit: int
) -> Iterator[tuple[Utterance, Utterance]]:
    """Draw from cells of source speaker and emotion in turns, the same ones each time."""
    rng = np.random.default_rng(0)
    speakers = list(dict.fromkeys(source.speaker for source, _ in pairs))
    cells: dict[tuple[int, int], list[tuple[Utterance, Utterance]]] = {}
    for place in rng.permutation(len(pairs)):
        source, reference = pairs[place]
        emotions = TARGETS[reference.corpus]
        emotion = emotions.index(reference.emotion) if reference.emotion in emotions else 0
        speaker = speakers.index(source.speaker)
        # Diagonals: the first few pairs have every speaker and every emotion already.
        cells.setdefault(((emotion - speaker) % len(emotions), speaker), []).append(pairs[place])
    turns = max(map(len, cells.values()), default=0)
    in_turn = [
        cells[key][turn] for turn in range(turns) for key in sorted(cells) if turn < len(cells[key])
    ]
    yield from in_turn[:limit]


def _acted(real: Recordings, corpus: str) -> list[Utterance]:
    return [u for actor in ACTORS[corpus] for u in real.select(corpus, speaker=actor)]


def _short(real: Recordings, reader: str) -> list[Utterance]:
    clips = [u for u in real.select("librispeech", speaker=reader)]
    whole = [u for u in clips if len(u.text.split()) >= LEAST_WORDS]
    return sorted(whole, key=lambda u: len(u.text))[:SOURCES_OF_A_READER]
