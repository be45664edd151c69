"""Takes that our own models speak, so that what is tuned rehearses what it could do before.

They are features like any other, of our own voices in every emotion, and need no recording that a
licence could hold back. Their sentences stand in no evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emostudio.values import EMOTIONS, EmotionMix, Request

if TYPE_CHECKING:
    from emostudio.data.joining import Piece
    from emostudio.engines.diemo import DiEmoEngine
    from emostudio.engines.emomix import EmoMixEngine
    from emostudio.models.checkpoint import Store

SENTENCES = {
    "en": Path(__file__).with_name("sentences.txt"),
    "de": Path(__file__).with_name("sentences_de.txt"),
}
MOST_VOICES = 12
TAKES = 2  # of a voice in an emotion


@dataclass(frozen=True)
class Line:
    """One take to speak."""

    voice: str
    lang: str
    emotion: str
    text: str
    seed: int


def spoken(
    net: str, store: Store, *, progress: Callable[[float], None] | None = None
) -> list[Piece]:
    """Return takes of preset voices in every emotion, as pieces of a pack.

    A speaking net rehearses what it says itself, before anything is added to it: its own mels, F0
    and durations, and is held to what it said there (`training.holding`). The recognizer rehearses
    the sound of EmoMix where it hears what was asked, ZEST all such sound, the vocoder none: its
    own teaches it nothing.
    """
    if net == "vocoder":
        return []
    engine, itself = _engine(net, store), net in ("emomix", "diemo")
    lines = list(_lines(engine))
    found = []
    for place, line in enumerate(lines):
        piece = _piece(engine, line, heard=not itself)
        if net != "ser" or _heard(engine, piece) == line.emotion:
            found.append(piece)
        if progress is not None:
            progress((place + 1) / len(lines))
    return found


def _engine(net: str, store: Store) -> EmoMixEngine | DiEmoEngine:
    from emostudio.engines.diemo import DiEmoEngine
    from emostudio.engines.emomix import EmoMixEngine

    engine = DiEmoEngine(store) if net == "diemo" else EmoMixEngine(store)
    if net in ("emomix", "diemo"):
        plain = replace(engine.model.config, f0_gain=1.0, duration_offsets=(), pitch_offsets=())
        engine.model.config = plain  # pyright: ignore[reportAttributeAccessIssue]
    return engine


def _lines(engine: EmoMixEngine | DiEmoEngine) -> Iterator[Line]:
    """Every emotion by voices of every kind; no emotion has sentences of its own."""
    texts = {
        lang: file.read_text(encoding="utf-8").splitlines() for lang, file in SENTENCES.items()
    }
    names = [name for name, told in engine.presets.items() if told["lang"] in texts]
    voices = names[:: -(-len(names) // MOST_VOICES) or 1]
    known = [name for name in EMOTIONS if name in engine.model.config.emotions]
    for number, voice in enumerate(voices):
        lang = engine.presets[voice]["lang"]
        for emotion in known:
            for take in range(TAKES):
                place = number * TAKES + take
                yield Line(voice, lang, emotion, texts[lang][place % len(texts[lang])], place)


def _piece(engine: EmoMixEngine | DiEmoEngine, line: Line, *, heard: bool) -> Piece:
    """Speak a line; where it is `heard`, the mel is that of its sound."""
    import torch

    from emostudio.audio.mel import log_mel
    from emostudio.data.joining import Piece
    from emostudio.training.tuned import PRESET

    emotion = EmotionMix.parse(line.emotion)
    request = Request(line.text, line.voice, emotion=emotion, lang=line.lang, seed=line.seed)
    speaker: Any = engine
    take = speaker.speak(request, engine.voice_of(request), engine.manner_of(request))
    mel = log_mel(torch.from_numpy(take.wav)[None])[0].numpy() if heard else take.mel
    return Piece(
        name=f"{line.voice}-{line.emotion}-{line.seed}",
        speaker=PRESET + line.voice,
        lang=line.lang,
        emotion=line.emotion,
        text=line.text,
        mel=mel,
        f0=take.f0,
        wav=take.wav,
        tokens=engine.tokens_of(request).cpu().numpy(),
        durations=None if heard else _durations(engine, request),
    )


def _durations(engine: EmoMixEngine | DiEmoEngine, request: Request) -> np.ndarray:
    """Frames of each token (L,) that an engine to which nothing is added gives them."""
    import torch

    from emostudio.engines.diemo import Manner as Places

    voice, manner = engine.voice_of(request), engine.manner_of(request)
    emotion = manner.places if isinstance(manner, Places) else manner.emotion_embs
    tokens = engine.tokens_of(request)
    mask = torch.ones(1, 1, len(tokens), dtype=torch.bool)
    speaker = torch.from_numpy(voice.speaker_emb)[None]
    with torch.inference_mode():
        _, log_durations = engine.model.encode(tokens[None], mask, speaker, emotion)
    return engine.durations_of(tokens, log_durations[0], request.speed).cpu().numpy()


def _heard(engine: EmoMixEngine | DiEmoEngine, piece: Piece) -> str:
    from emostudio.audio.mel import SAMPLE_RATE
    from emostudio.evaluation.readback import recognize
    from emostudio.values import Clip

    return recognize(engine.recognizer, Clip(piece.wav, SAMPLE_RATE)).label
