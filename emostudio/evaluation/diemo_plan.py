"""Which voices speak with whose emotion, fixed before any judge hears a take.

Voices have neutral recordings alone: kathleen, whom every engine has heard, and readers whom none
has. Emotions are shown by held-out actors, in a clip of the same text (P, parallel) or of another
(UP) [1], or asked for by name; plain takes are beside them. Every engine and every
ablation speaks the same list with the same seeds.

[1] https://arxiv.org/abs/2505.19687
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from emostudio.data.corpora import Utterance
from emostudio.evaluation import asked
from emostudio.evaluation.real import Recordings, clip_of, joined
from emostudio.evaluation.zest_plan import TARGETS
from emostudio.values import Clip, EmotionMix, Request

Engine = Literal["emomix", "diemo"]
PARTS = {
    "P": "by a clip of the same text",
    "UP": "by a clip of another text",
    "named": "by name",
    "plain": "none",
}
GIVEN = ("P", "UP")  # parts in which a clip tells the emotion
PRESET = "kathleen"
CORPUS = "ravdess"
EMOTIONS = TARGETS[CORPUS]
PER_CELL, PER_CELL_QUICK = 2, 1  # of each voice and emotion; of plain takes one
READERS_QUICK = 1


@dataclass(frozen=True)
class Transfer:
    """One take to make: `voice`, as the corpora call it, with the emotion of `reference`.

    `number` is its seed; in the part "named" the reference is what a judge compares with alone, and
    so it is in "plain", where no emotion is asked for.
    """

    part: str
    number: int
    voice: str
    text: str
    reference: Utterance

    @property
    def emotion(self) -> str:
        """What the reference shows."""
        return self.reference.emotion

    @property
    def file(self) -> str:
        """Where the take goes, below its system's folder."""
        return f"{self.part}/{self.number:02d}-{self.voice}-{self.emotion}.wav"


def plan(real: Recordings, voices: Sequence[str], *, quick: bool = False) -> list[Transfer]:
    """All takes that these recordings and preset voices allow.

    Raises:
        ValueError: nobody can speak, or no actor shows an emotion.
    """
    shown = {emotion: _shown(real, emotion) for emotion in EMOTIONS}
    shown = {emotion: clips for emotion, clips in shown.items() if clips}
    readers = [r for r in asked.READERS if real.select("librispeech", speaker=r)]
    speaking = [v for v in (PRESET,) if v in voices]
    speaking += readers[:READERS_QUICK] if quick else readers
    if not shown or not speaking:
        raise ValueError(
            "These recordings have no dev actor with emotional clips, or there is neither a reader "
            "among them nor the voice kathleen; see data/corpora.py for the names."
        )
    texts = asked.SENTENCES.read_text(encoding="utf-8").splitlines()
    found: list[Transfer] = []
    for part in PARTS:
        per_cell = PER_CELL_QUICK if quick or part == "plain" else PER_CELL
        cells = [(v, e) for _ in range(per_cell) for v in speaking for e in shown]
        for number, (voice, emotion) in enumerate(cells):
            # Within a part, clips of an emotion take turns; so do sentences.
            reference = shown[emotion][number // len(shown) % len(shown[emotion])]
            text = reference.text if part == "P" else texts[number % len(texts)]
            found.append(Transfer(part, number, voice, text, reference))
    return found


def request(transfer: Transfer, engine: Engine, own: Clip | None) -> Request:
    """What to ask of an engine; `own` is a recording of the voice, where it is no preset."""
    named = "neutral" if transfer.part == "plain" else transfer.emotion
    asked_for = Request(
        transfer.text,
        PRESET,
        reference=own,
        consent=True,
        emotion=EmotionMix.parse(named),
        seed=transfer.number,
        engine=engine,
    )
    if transfer.part not in GIVEN:
        return asked_for
    return replace(asked_for, emotion_reference=clip_of(transfer.reference))


def recordings_of(real: Recordings, plan: Sequence[Transfer]) -> dict[str, Clip | None]:
    """Ten seconds of each reader, the last of the clips, so that others judge; none of kathleen."""
    found: dict[str, Clip | None] = {}
    for voice in dict.fromkeys(transfer.voice for transfer in plan):
        clips = real.select("librispeech", speaker=voice)
        found[voice] = joined(clips[::-1], asked.REFERENCE_S) if clips else None
    return found


def beside(real: Recordings, reference: Utterance, *, same_emotion: bool) -> Utterance | None:
    """A clip of another text by another held-out actor: what the judge makes of real kinship.

    Of the same emotion or of the next one; None where there is none.
    """
    place = EMOTIONS.index(reference.emotion)
    emotion = EMOTIONS[(place + (0 if same_emotion else 1)) % len(EMOTIONS)]
    others = [u for u in _shown(real, emotion) if u.speaker != reference.speaker]
    others = [u for u in others if u.text != reference.text] or others
    return others[0] if others else None


def _shown(real: Recordings, emotion: str) -> list[Utterance]:
    """Clips of an emotion by held-out actors in turns, drawn the same each time."""
    rng = np.random.default_rng(0)
    by_actor = [
        [clips[place] for place in rng.permutation(len(clips))]
        for clips in (real.select(CORPUS, speaker=a, emotion=emotion) for a in asked.ACTORS)
        if clips
    ]
    longest = max(map(len, by_actor), default=0)
    return [clips[turn] for turn in range(longest) for clips in by_actor if turn < len(clips)]
