"""Two checkpoints that speak: the new voice on held-out sentences, and a voice that was there.

Of a new voice, the base speaks by ten seconds of training speech, as everybody can on the page
Speak; the candidate by its preset. Both speak every sentence in every emotion with equal seeds.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from emostudio.engines.diemo import DiEmoEngine
from emostudio.engines.emomix import EmoMixEngine
from emostudio.engines.takes import joined, spoken
from emostudio.evaluation.compare_cast import Role, roles
from emostudio.evaluation.compare_findings import Both, Findings, refuse_numberless
from emostudio.evaluation.compare_takes import Line, Result, add_ours, add_theirs, ask_outside
from emostudio.evaluation.gate import Pair
from emostudio.evaluation.hearing import Hearing
from emostudio.evaluation.readback import voice_similarity
from emostudio.models.checkpoint import Store
from emostudio.models.speaker import SpeakerEncoder
from emostudio.text.normalize import normalize
from emostudio.text.phonemes import phonemize
from emostudio.values import EMOTIONS, EmotionMix, Request, Take

ENGINES: dict[str, Callable[[Store], Any]] = {"emomix": EmoMixEngine, "diemo": DiEmoEngine}
# To be heard blind: every sentence of a new voice in neutral, and its first ones in one of these
# each; of the voice that was there one sentence in all four.
BLIND = ("happy", "angry", "sad")


def find(both: Both, found: Findings) -> None:
    """Let both speak the same lines and judge them.

    Raises:
        ValueError: a checkpoint is missing or damaged, or a recording can't be read.
    """
    hearing, speaker = Hearing(both.base), both.base.load(SpeakerEncoder)
    both.say(0.0, "choosing sentences")
    cast = roles(both, speaker, found)
    results: dict[str, dict[str, Result]] = {}
    for place, (name, store) in enumerate(both.stores.items()):
        engine = ENGINES[both.net](store)
        lines = list(_lines(cast, engine.model.config.emotions))
        results[name] = {}
        for number, line in enumerate(lines):
            share = 0.02 + 0.38 * (place + number / len(lines))
            both.say(share, f"the {name} speaks take {number + 1} of {len(lines)}")
            take = _speak(both, engine, line)
            refuse_numberless(take.clip, name)
            take.save(_made(both.out / "takes" / name) / line.file)
            results[name][line.file] = _hear(take, line, hearing, speaker)
    common = [file for file in results["base"] if file in results["candidate"]]
    sides = {name: [of[file] for file in common] for name, of in results.items()}
    both.say(0.8, "asking the judges")
    said = ask_outside(both, cast, sides, found)
    for role in cast:
        of_role = {
            name: [result for result in side if result.line.role is role]
            for name, side in sides.items()
        }
        if of_role["base"]:
            add_ours(role, of_role, found)
            add_theirs(role, of_role, said, found)
    _add_pairs([result.line for result in sides["base"]], found)


def _lines(cast: Sequence[Role], known: Sequence[str]) -> Iterator[Line]:
    for place, role in enumerate(cast):
        for number, text in enumerate(role.sentences):
            for emotion in EMOTIONS:
                if emotion in known:
                    yield Line(role, number, text, emotion, f"{place}-{number}-{emotion}.wav")


def _speak(both: Both, engine: Any, line: Line) -> Take:
    role = line.role
    has_preset = role.name in engine.presets
    request = Request(
        line.text,
        voice=role.name if has_preset else "",
        reference=None if has_preset else role.reference,
        consent=True,
        emotion=EmotionMix.parse(line.emotion),
        lang=role.lang,
        seed=(both.seed + line.sentence) % 2**32,
        engine=both.net,
    )
    return joined(engine, request, list(spoken(engine, request, {})), {})


@torch.inference_mode()
def _hear(take: Take, line: Line, hearing: Hearing, speaker: SpeakerEncoder) -> Result:
    role, clip = line.role, take.clip
    (tokens,) = phonemize([normalize(line.text, role.lang)], role.lang)
    likeness = None
    if role.speaker_emb is not None:
        likeness = voice_similarity(speaker, clip, role.speaker_emb)
    return Result(
        line,
        hearing.hear(clip.wav),
        take.read_back.heard.embedding,
        likeness,
        *hearing.phoneme_errors(clip.wav, tokens),
    )


def _add_pairs(lines: Sequence[Line], found: Findings) -> None:
    for line in lines:
        loud = line.emotion in BLIND and line.sentence == (
            BLIND.index(line.emotion) if line.role.new else 0
        )
        calm = line.emotion == "neutral" and (line.role.new or not line.sentence)
        if loud or calm:
            base, candidate = (f"takes/{name}/{line.file}" for name in ("base", "candidate"))
            about = (line.text, base, candidate, line.role.name, line.emotion)
            found.pairs.append(Pair(f"{len(found.pairs):02d}", *about))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
