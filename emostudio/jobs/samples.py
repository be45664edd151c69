"""Takes on the way: what a net that is being tuned makes of something that it was not taught."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emostudio.data.corpora import Utterance, read_corpus
from emostudio.jobs.run_folder import SAMPLES, append
from emostudio.jobs.tuning import VOICES, Errand
from emostudio.values import Clip, EmotionMix, Request

if TYPE_CHECKING:
    from torch import nn

    from emostudio.models.checkpoint import Store

EMOTIONS = ("neutral", "happy")
CONVERTED = "angry"
A_LINE = 60


@dataclass
class Samples:
    """Writes takes of a net into a job's folder. The recognizer makes no sound, and none here."""

    errand: Errand
    store: Store
    folder: Path
    engine: Any = None

    def take(self, step: int, net: nn.Module) -> None:
        """Write what a net makes after a step, and events that tell of it."""
        (self.folder / SAMPLES).mkdir(exist_ok=True)
        net = copy.deepcopy(net).cpu().eval()
        for number, (clip, told) in enumerate(self._made(net)):
            file = f"{SAMPLES}/{step}-{number}.wav"
            clip.save(self.folder / file)
            append(self.folder, "sample", step=step, file=file, **told)

    def _made(self, net: nn.Module) -> Iterator[tuple[Clip, dict[str, str]]]:
        base = self.errand.tuning.base
        if base in VOICES:
            yield from self._spoken(net)
        elif base == "zest":
            yield from self._converted(net)
        elif base == "vocoder":
            yield from self._copied(net)

    def _spoken(self, net: nn.Module) -> Iterator[tuple[Clip, dict[str, str]]]:
        from emostudio.audio.mel import SAMPLE_RATE
        from emostudio.engines.diemo import DiEmoEngine
        from emostudio.engines.emomix import EmoMixEngine
        from emostudio.engines.speaking import read_voices

        if self.engine is None:
            kind = DiEmoEngine if self.errand.tuning.base == "diemo" else EmoMixEngine
            self.engine = kind(self.store)
        engine: Any = self.engine
        engine.model, engine.presets = net, read_voices(self.folder)
        voice = list(engine.presets)[-1]  # those of the corpus stand last
        lang = engine.presets[voice]["lang"]
        text = self._text(lang)
        config: Any = net.config
        for emotion in EMOTIONS:
            if emotion in config.emotions:
                request = Request(text, voice, emotion=EmotionMix.parse(emotion), lang=lang)
                who, how = engine.voice_of(request), engine.manner_of(request)
                clip = Clip(engine.speak(request, who, how).wav, SAMPLE_RATE)
                yield clip, {"text": text, "voice": voice, "emotion": emotion}

    def _converted(self, net: nn.Module) -> Iterator[tuple[Clip, dict[str, str]]]:
        from emostudio.audio.mel import SAMPLE_RATE
        from emostudio.conversion import Conversion
        from emostudio.engines.zest import ZestEngine

        engine = self.engine = self.engine or ZestEngine(self.store)
        self.engine.model = net
        for utterance in self._held_out()[:1]:
            recording = Clip.load(utterance.path)
            emotion = EmotionMix.parse(CONVERTED)
            request = Conversion(recording, consent=True, emotion=emotion)
            source, manner = engine.source_of(recording), engine.manner_of(request)
            parts = [part.wav for part in engine.convert(source, manner, request)]
            told = {"text": utterance.text, "voice": utterance.speaker, "emotion": CONVERTED}
            yield Clip(np.concatenate(parts), SAMPLE_RATE), told

    def _copied(self, net: nn.Module) -> Iterator[tuple[Clip, dict[str, str]]]:
        import torch

        from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
        from emostudio.audio.pitch import f0_contour
        from emostudio.data.features import at_speech_level, load_speech

        for utterance in self._held_out()[:1]:
            wav = at_speech_level(load_speech(utterance))
            mel = log_mel(torch.from_numpy(wav)[None])
            f0 = torch.from_numpy(f0_contour(wav, SAMPLE_RATE, HOP)).float()[None]
            noise = torch.randn(1, mel.shape[-1] * HOP, generator=torch.Generator().manual_seed(0))
            with torch.inference_mode():
                copied = net(mel, f0, noise)[0].numpy()
            told = {"text": utterance.text, "voice": utterance.speaker}
            yield Clip(copied, SAMPLE_RATE), told

    def _text(self, lang: str) -> str:
        """A held-out sentence of about a line, else one that nobody is taught."""
        from emostudio.evaluation.compare_cast import SUITE

        texts = [u.text for u in self._held_out() if u.text and u.lang == lang]
        texts = texts or SUITE[lang].read_text(encoding="utf-8").splitlines()
        return min(texts, key=lambda text: abs(len(text) - A_LINE))

    def _held_out(self) -> list[Utterance]:
        """Dev clips, the shortest first."""
        found = [u for u in read_corpus(self.errand.corpus) if u.split == "dev"]
        return sorted(found, key=lambda u: (len(u.text), u.name))
