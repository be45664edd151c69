"""What the suite `speak` asks for: every take of every figure, fixed before any judge hears one.

The sentences were fixed before any model was trained and stand in no corpus. Seed is index: take i
of a cell has seed i, and none is chosen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emostudio.data.corpora import Utterance
from emostudio.evaluation.real import Recordings, joined, spread
from emostudio.values import EMOTIONS, Clip, EmotionMix, Request

SENTENCES = Path(__file__).with_name("sentences.txt")
SENTENCES_DE = Path(__file__).with_name("sentences_de.txt")
VOICES = ("kathleen", "reader-7367")  # a woman and a man
GERMAN_VOICE = "kerstin"
MIX_WEIGHTS = (0.0, 0.2, 0.4, 0.6, 0.8)
# Who is mixed with whom; each of the two is the base once (EmoMix, figure 2).
PAIRS = (
    ("happy", "surprise"),
    ("sad", "surprise"),
    ("angry", "surprise"),
    ("happy", "angry"),
    ("sad", "angry"),
)
# EmoMix's weak, medium and strong lie in [.1, .3], [.4, .6] and [.7, .8] (its section 3.3).
PRESETS = {"weak": 0.2, "medium": 0.5, "strong": 0.75}
INTENSITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
ACTORS = ("ravdess-19", "ravdess-20")
READERS = tuple(f"librispeech-{n}" for n in (121, 260, 1320, 3570, 4077, 4507, 7176, 8463))
REFERENCE_S = 10.0
N_OF_A_VOICE = 10
# Of the corpora that act: what can't be meant there.
NOT_ACTED = {"ravdess": ("bored",), "emodb": ("calm", "surprise")}


@dataclass(frozen=True)
class Size:
    """How much of everything: sentences, voices, sentences of a curve, clips of a corpus."""

    sentences: int = 20
    voices: int = 2
    curve_sentences: int = 8
    same_sentences: int = 16
    reader_takes: int = 5
    german: int = 10
    clips: int = 60

    @classmethod
    def quick(cls) -> "Size":
        """What two cores measure within three minutes."""
        return cls(
            sentences=4,
            voices=1,
            curve_sentences=1,
            same_sentences=4,
            reader_takes=1,
            german=3,
            clips=16,
        )


@dataclass(frozen=True)
class Asked:
    """One take to make: its `part` of the suite, what it is about, and a recording to compare.

    `speaker` is whose voice it should be, by the name that the corpora know.
    """

    part: str
    file: str
    sentence: int
    request: Request
    speaker: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    real: Utterance | None = None


def everything(
    emotions: Sequence[str], voices: Sequence[str], real: Recordings | None, size: Size
) -> list[Asked]:
    """All takes of the suite that these emotions, voices and recordings allow."""
    english = SENTENCES.read_text(encoding="utf-8").splitlines()
    speaking = [voice for voice in VOICES if voice in voices][: size.voices]
    found = list(_by_emotion(emotions, speaking, english[: size.sentences]))
    if speaking:
        found += _mixing(emotions, speaking[0], english[: size.curve_sentences])
        found += _intensity(emotions, speaking[0], english[: size.curve_sentences])
    others = [name for name in voices if name not in (*speaking, GERMAN_VOICE)]
    found += _presets(others, english[: size.reader_takes])
    if GERMAN_VOICE in voices:
        found += _german(SENTENCES_DE.read_text(encoding="utf-8").splitlines()[: size.german])
    if real is not None:
        found += _same_sentence(emotions, voices, real, size)
        found += _readers(real, english[: size.reader_takes])
    return found


def _by_emotion(
    emotions: Sequence[str], voices: Sequence[str], sentences: Sequence[str]
) -> Iterator[Asked]:
    for voice in voices:
        for emotion in emotions:
            for seed, text in enumerate(sentences):
                request = Request(text, voice, emotion=EmotionMix.parse(emotion), seed=seed)
                about = {"emotion": emotion, "voice": voice}
                file = f"emotions/{voice}-{emotion}-{seed:02d}.wav"
                yield Asked("emotions", file, seed, request, speaker_of(voice), about)


def _mixing(emotions: Sequence[str], voice: str, sentences: Sequence[str]) -> Iterator[Asked]:
    both = [p for one, two in PAIRS for p in ((one, two), (two, one))]
    for base, added in both:
        if base not in emotions or added not in emotions:
            continue
        for weight in MIX_WEIGHTS:
            for seed, text in enumerate(sentences):
                mix = EmotionMix.from_weights({base: 1 - weight, added: weight})
                request = Request(text, voice, emotion=mix, base=base, seed=seed)
                about = {"base": base, "added": added, "weight": weight}
                file = f"mixing/{added}-over-{base}-{weight:.1f}-{seed:02d}.wav"
                yield Asked("mixing", file, seed, request, speaker_of(voice), about)


def _intensity(emotions: Sequence[str], voice: str, sentences: Sequence[str]) -> Iterator[Asked]:
    for emotion in emotions:
        if emotion == "neutral":
            continue
        for intensity in sorted({*INTENSITIES, *PRESETS.values()}):
            for seed, text in enumerate(sentences):
                mix = EmotionMix.parse(emotion)
                request = Request(text, voice, emotion=mix, intensity=intensity, seed=seed)
                about = {"emotion": emotion, "intensity": intensity}
                file = f"intensity/{emotion}-{intensity:.2f}-{seed:02d}.wav"
                yield Asked("intensity", file, seed, request, speaker_of(voice), about)


def _presets(voices: Sequence[str], sentences: Sequence[str]) -> Iterator[Asked]:
    """Neutral takes of the other voices, to be compared with their speakers."""
    for voice in voices:
        for seed, text in enumerate(sentences):
            request, about = Request(text, voice, lang="en", seed=seed), {"voice": voice}
            file = f"presets/{voice}-{seed}.wav"
            yield Asked("presets", file, seed, request, speaker_of(voice), about)


def speaker_of(voice: str) -> str:
    """Who of the corpora a preset voice is.

    >>> speaker_of("reader-7367")
    'librispeech-7367'
    """
    return "ljspeech-LJ" if voice == "LJ" else voice.replace("reader-", "librispeech-")


def _german(sentences: Sequence[str]) -> Iterator[Asked]:
    for seed, text in enumerate(sentences):
        request = Request(text, GERMAN_VOICE, lang="de", seed=seed)
        about = {"voice": GERMAN_VOICE}
        yield Asked("german", f"german/{seed:02d}.wav", seed, request, GERMAN_VOICE, about)


def _same_sentence(
    emotions: Sequence[str], voices: Sequence[str], real: Recordings, size: Size
) -> Iterator[Asked]:
    """Takes of sentences of which there are dev recordings (EmoMix, table 1)."""
    if "kathleen" in voices:
        by_text = {u.text: u for u in real.select("kathleen")}
        for seed, (text, recording) in enumerate(list(by_text.items())[: size.same_sentences]):
            request = Request(text, "kathleen", seed=seed)
            file, about = f"same/kathleen-{seed:02d}.wav", {"emotion": "neutral"}
            yield Asked("same", file, seed, request, "kathleen", about, recording)
    for actor in ACTORS:
        neutral = real.select("ravdess", speaker=actor, emotion="neutral")
        compared = {u.text: u.name for u in neutral}.values()
        given = [u for u in neutral if u.name not in compared]
        if not given:
            continue
        reference = joined(given, REFERENCE_S)
        for emotion in emotions:
            acted = real.select("ravdess", speaker=actor, emotion=emotion)
            by_text = {u.text: u for u in acted}
            for seed, (text, recording) in enumerate(sorted(by_text.items())):
                request = _like(reference, text, emotion, seed)
                file, about = f"same/{actor}-{emotion}-{seed}.wav", {"emotion": emotion}
                yield Asked("same", file, seed, request, actor, about, recording)


def _readers(real: Recordings, sentences: Sequence[str]) -> Iterator[Asked]:
    """Voices never heard, given ten seconds: the last of their clips, so that others judge."""
    for reader in READERS:
        clips = real.select("librispeech", speaker=reader)
        if not clips:
            continue
        reference = joined(clips[::-1], REFERENCE_S)
        for seed, text in enumerate(sentences):
            request = _like(reference, text, "neutral", seed)
            yield Asked("readers", f"readers/{reader}-{seed}.wav", seed, request, reader)


def _like(reference: Clip, text: str, emotion: str, seed: int) -> Request:
    return Request(
        text, reference=reference, consent=True, emotion=EmotionMix.parse(emotion), seed=seed
    )


def anchors(real: Recordings, voices: Sequence[str], size: Size) -> dict[str, list[Utterance]]:
    """Real dev recordings that every figure stands beside, by what they are."""
    found = {
        corpus: spread(real.select(corpus), size.clips)
        for corpus in ("kathleen", "ljspeech", "librispeech", "kerstin")
    }
    for speaker in map(speaker_of, voices):
        if speaker not in found:  # a preset's own few dev recordings
            found[speaker] = real.select(speaker.split("-")[0], speaker=speaker)
    for corpus in NOT_ACTED:
        acted = real.select(corpus)
        for emotion in dict.fromkeys(u.emotion for u in acted):
            chosen = [u for u in acted if u.emotion == emotion]
            found[f"{corpus} {emotion}"] = spread(chosen, max(2, size.clips // 3))
    return {name: utterances for name, utterances in found.items() if utterances}


def of_voice(real: Recordings, speaker: str) -> list[Utterance]:
    """Up to ten neutral clips that stand for a voice: those of training where there are any."""
    corpus = speaker.split("-")[0]
    known = [u for u in real.utterances if u.corpus == corpus and u.speaker == speaker]
    known = [u for u in known if u.emotion == "neutral"]
    training = [u for u in known if u.split == "train"]
    return (training or known)[:N_OF_A_VOICE]


def offered(corpus: str) -> tuple[str, ...]:
    """Emotions that a clip of a corpus can have; none are barred where none are acted."""
    barred = NOT_ACTED.get(corpus)
    return tuple(name for name in EMOTIONS if name not in barred) if barred else ()
