"""Two ZESTs: the same held-out recordings in every other emotion, at full intensity."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from emostudio.audio.mel import SAMPLE_RATE, log_mel
from emostudio.conversion import Conversion
from emostudio.data.corpora import Utterance
from emostudio.engines.zest import ZestEngine
from emostudio.evaluation.compare_findings import (
    NOT_ENGLISH,
    Both,
    Findings,
    Measure,
    refuse_numberless,
)
from emostudio.evaluation.environment import Sound
from emostudio.evaluation.figures import EARS
from emostudio.evaluation.gate import Pair
from emostudio.evaluation.hearing import Heard, Hearing, label
from emostudio.evaluation.held_out import confusion
from emostudio.evaluation.outside_judges import edits
from emostudio.evaluation.readback import recognize, voice_similarity, words_unlike
from emostudio.evaluation.real import clip_of, spread
from emostudio.models.speaker import SpeakerEncoder
from emostudio.values import EMOTIONS, SYNTHETIC, Clip, EmotionMix

SOURCES, MOST_S = 8, 8.0
BLIND = ("happy", "angry", "sad")  # one of each source is heard blind, and by pocketsphinx
SIMILARITY = Measure(
    "voice similarity", "Likeness of results to their sources, by our speaker encoder.", "cosine"
)
PHONEMES = Measure(
    "phoneme error",
    "Share of a source's phonemes that our aligner hears otherwise in the result.",
    better="lower",
)
WORDS = Measure(
    "word error",
    "Share of the words that pocketsphinx hears in a source and not so in one result of it.",
    better="lower",
)


@dataclass(frozen=True, eq=False)
class Result:
    """A conversion in its file, and what our nets hear in it; `source` is a place in the list."""

    source: int
    emotion: str
    file: str
    heard: Heard
    embedding: np.ndarray
    likeness: float
    unlike: float


def find(both: Both, found: Findings) -> None:
    """Convert the same recordings by both.

    Raises:
        ValueError: a checkpoint is missing or damaged, or no recording can be converted.
    """
    hearing, speaker = Hearing(both.base), both.base.load(SpeakerEncoder)
    engines = {name: ZestEngine(store) for name, store in both.stores.items()}
    sources = _sources(both, engines["base"])
    known = set.intersection(*(set(e.model.config.emotions) for e in engines.values()))
    asked = [name for name in EMOTIONS if name in known and name != "neutral"]
    sides: dict[str, list[Result]] = {}
    for place, (name, engine) in enumerate(engines.items()):
        sides[name] = []
        for number, (row, clip) in enumerate(sources):
            both.say(0.4 * (place + number / len(sources)), f"the {name} converts {row.name}")
            emotions = [emotion for emotion in asked if emotion != row.emotion]
            for emotion, result in _converted(engine, clip, emotions, both.seed):
                file = f"takes/{name}/{number}-{emotion}.wav"
                (both.out / file).parent.mkdir(parents=True, exist_ok=True)
                refuse_numberless(result, name).save(both.out / file, comment=SYNTHETIC)
                heard = _hear(clip, result, hearing, speaker)
                sides[name].append(Result(number, emotion, file, *heard))
    _add_ours(sides, found)
    for one, other in zip(*sides.values(), strict=True):
        row = sources[one.source][0]
        if one.emotion == BLIND[one.source % len(BLIND)]:
            about = (row.text, one.file, other.file, row.speaker, one.emotion)
            found.pairs.append(Pair(f"{one.source:02d}", *about))
    both.say(0.8, "asking the judges")
    _add_words(both, sources, found)


def _sources(both: Both, engine: ZestEngine) -> list[tuple[Utterance, Clip]]:
    """Held-out recordings that can be converted, calm ones where there are such."""
    short = [clip for clip in both.split("dev") if clip.emotion in ("neutral", "calm")]
    found: list[tuple[Utterance, Clip]] = []
    for row in spread(short or both.split("dev"), 2 * SOURCES):
        wav = clip_of(row).wav[: round(MOST_S * SAMPLE_RATE)]
        try:
            engine.source_of(Clip(wav, SAMPLE_RATE))
        except ValueError:  # silent, clipped or without a voice: another one will do
            continue
        found.append((row, Clip(wav, SAMPLE_RATE)))
    if not found:
        raise ValueError(
            "None of the held-out clips can be converted: each is silent, clipped, shorter than a "
            "second or without a voice. Hold out others."
        )
    return [found[place] for place in range(0, len(found), 2)] if len(found) > SOURCES else found


def _converted(
    engine: ZestEngine, clip: Clip, emotions: Sequence[str], seed: int
) -> Iterator[tuple[str, Clip]]:
    source = engine.source_of(clip)
    for emotion in emotions:
        request = Conversion(
            clip, consent=True, emotion=EmotionMix.parse(emotion), floor=0.0, seed=seed
        )
        parts = engine.convert(source, engine.manner_of(request), request)
        yield emotion, Clip(np.concatenate([part.wav for part in parts]), SAMPLE_RATE)


@torch.inference_mode()
def _hear(
    source: Clip, result: Clip, hearing: Hearing, speaker: SpeakerEncoder
) -> tuple[Heard, np.ndarray, float, float]:
    was, became = (log_mel(torch.from_numpy(clip.wav)[None]) for clip in (source, result))
    return (
        hearing.hear(result.wav),
        recognize(hearing.recognizer, result).embedding,
        voice_similarity(speaker, result, speaker(was)[0].numpy()),
        words_unlike(hearing.aligner, was[0].numpy(), became[0].numpy()),
    )


def _add_ours(sides: dict[str, list[Result]], found: Findings) -> None:
    base, candidate = sides.values()
    sources = [result.source for result in base]
    for ear, listen in EARS.items():
        measure = Measure(
            f"emotion hit rate, by our {ear}",
            "Share of results, over all emotions, in which the asked one is heard.",
        )
        hits = (
            [float(label(listen(result.heard)) == result.emotion) for result in side]
            for side in (base, candidate)
        )
        found.add(measure, *hits, groups=sources, hits=True)
    for measure, name in ((SIMILARITY, "likeness"), (PHONEMES, "unlike")):
        values = ([getattr(result, name) for result in side] for side in (base, candidate))
        found.add(measure, *values, groups=sources)
    for name, side in sides.items():
        heard = [label(result.heard.judge) for result in side]
        found.confusions[name] = confusion([result.emotion for result in side], heard)
    found.add_drift("results", *(np.stack([r.embedding for r in side]) for side in sides.values()))


def _add_words(both: Both, sources: Sequence[tuple[Utterance, Clip]], found: Findings) -> None:
    """Count words in those results that are heard blind, against what is heard in the sources."""
    if any(row.lang != "en" for row, _ in sources):
        found.notes.append(NOT_ENGLISH)
    played = ("words",)
    with tempfile.TemporaryDirectory() as folder:  # recordings stay out of the report
        originals = {
            number: clip.save(Path(folder) / f"{number}.wav")
            for number, (row, clip) in enumerate(sources)
            if row.lang == "en"
        }
        english = [pair for pair in found.pairs if int(pair.id) in originals]
        files = [both.out / file for pair in english for file in (pair.base, pair.candidate)]
        sounds = [Sound(file, played) for file in (*originals.values(), *files) if english]
        said = found.ask_outside(sounds, both.judges).sounds
    rows = []
    for pair in english:
        was, base, candidate = (
            said.get(file, {}).get("heard")
            for file in (originals[int(pair.id)], both.out / pair.base, both.out / pair.candidate)
        )
        if was and base is not None and candidate is not None:
            rows.append((edits(was, base), edits(was, candidate), len(was)))
    if rows:
        wrong, wrong_too, of = (list(column) for column in zip(*rows, strict=True))
        found.add(WORDS, wrong, wrong_too, sizes=of)
