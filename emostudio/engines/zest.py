"""ZEST as an engine: a recording in; parts of the same words in another emotion out.

A long recording is converted part by part, cut where it is quietest, each part with some of its
neighbors around it, so that the first is heard while the rest is at work.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emostudio.audio.mel import FRAME_RATE, HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import F0_MAX, F0_MIN, f0_contour, fill_unvoiced
from emostudio.audio.reference import check_reference
from emostudio.conversion import MAX_SOURCE_S, Conversion, Tracks
from emostudio.data.features import at_speech_level
from emostudio.engines.parts import parts_of, spoken_frames
from emostudio.evaluation.readback import recognize, words_unlike
from emostudio.models.alignment import PhonemeNet
from emostudio.models.checkpoint import Store, device_of
from emostudio.models.content import ContentEncoder, Units, unit_frames
from emostudio.models.hubert import HubertContent
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.models.zest.contours import moved
from emostudio.models.zest.generator import UnitGenerator, f0_at_unit_rate
from emostudio.models.zest.net import Zest
from emostudio.models.zest.sace import frame_mean
from emostudio.models.zest.synthesizer import Synthesizer
from emostudio.values import Clip, Prediction

MAX_PEAK = 0.97
DB_PER_NAT = 20 / np.log(10)
# Frames around a part that its nets see and that are cut off again: more than convolutions reach.
AROUND = 60
VOICED_DB = 40.0
VOICE_S = 30.0
STEPS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)


@dataclass(frozen=True)
class Source:
    """A recording at the level of training speech, and what is known of it as a whole.

    `f0` (T,) Hz, `mel` (1, n_mels, T), `ease` and `emotion` (1, D), `speaker_emb` (D_spk,).
    """

    wav: np.ndarray
    f0: np.ndarray
    mel: Tensor
    speaker_emb: np.ndarray
    ease: Tensor
    emotion: Tensor
    parts: tuple[tuple[int, int], ...]

    @property
    def speech_share(self) -> float:
        """How much of it is voiced."""
        return float((self.f0 > 0).mean())


@dataclass(frozen=True)
class Manner:
    """What is asked: emotion embeddings of frames (1, T_ref, D_emo) and their mean (1, D_emo)."""

    frames: Tensor
    mean: Tensor


@dataclass(frozen=True)
class Part:
    """`wav` (T * hop,), `mel` (n_mels, T) and contours of a converted part, and of its source."""

    wav: np.ndarray
    mel: np.ndarray
    tracks: Tracks
    source: Tracks
    source_mel: np.ndarray


@dataclass(frozen=True)
class Beside:
    """What stands beside a conversion: the emotions of source and reference, its contours."""

    source_heard: Prediction
    reference_heard: Prediction | None
    reference: Tracks | None


class ZestEngine:
    """Converts with the checkpoints of a store."""

    def __init__(self, store: Store, device: str = "cpu") -> None:
        """Load the nets.

        Raises:
            ValueError: a checkpoint is missing or damaged, or there is no such device here.
        """
        self.device = device_of(device)
        self.model = store.load(Zest, device)
        self.content: ContentEncoder | HubertContent
        if self.model.config.content == "hubert":
            self.content = store.load(HubertContent, device)
        else:
            self.content = store.load(ContentEncoder, device)
        known = self.model.config.inventory
        if known and known != self.content.inventory.fingerprint():
            raise ValueError(
                "The checkpoints 'zest' and 'content' don't belong together: 'zest' learned the "
                "units of another 'content'. Take both from one place, or train 'zest' again."
            )
        self.vocoder = store.load(Vocoder, device)
        self.speaker = store.load(SpeakerEncoder, device)
        self.recognizer = store.load(EmotionRecognizer, device)
        self.aligner = store.load(PhonemeNet, device)
        self.checkpoints = ("zest", self.model.config.content, "vocoder", "speaker", "ser")

    @torch.inference_mode()
    def source_of(self, clip: Clip) -> Source:
        """Look at a recording as a whole.

        Raises:
            ValueError: it is damaged, silent, too short, too long, or has no voice in it.
        """
        clip = check_reference(clip, what="The recording", longest_s=MAX_SOURCE_S)
        wav = clip.wav[: len(clip.wav) // HOP * HOP]
        wav = at_speech_level(wav).astype(np.float32)
        f0 = f0_contour(wav, SAMPLE_RATE, HOP)
        if not (f0 > 0).any():
            raise ValueError(
                "No voiced speech was found in the recording; choose one in which somebody speaks."
            )
        mel = log_mel(torch.from_numpy(wav)[None].to(self.device))
        heard = mel[..., spoken_frames(f0)[: round(VOICE_S * FRAME_RATE)]]
        speaker_emb = self.speaker(heard)
        return Source(
            wav,
            f0,
            mel,
            speaker_emb[0].cpu().numpy(),
            self.model.ease(speaker_emb),
            frame_mean(self.model.sace(heard)),
            # Where it is voiced, a cut would be heard.
            parts_of(energy_db(mel[0]) + VOICED_DB * (f0 > 0)),
        )

    @torch.inference_mode()
    def manner_of(self, request: Conversion) -> Manner:
        """The asked emotions, weighted, after intensity.

        Raises:
            ValueError: this checkpoint does not know an emotion, or the reference can't be used.
        """
        config, means = self.model.config, self.model.emotion_means
        frames = torch.zeros(1, 1, config.emotion_dim, device=self.device)
        for name, share in request.shares.items():
            if name == "reference":
                assert request.emotion_reference is not None
                shown = self.mel_of(request.emotion_reference, "The emotion reference")
                frames = frames + share * self.model.sace(shown)
            elif name in config.emotions:
                frames = frames + share * means[config.emotions.index(name)]
            else:
                raise ValueError(
                    f"This model does not convert to '{name}'; choose from "
                    f"{', '.join(config.emotions)}, or give a recording of it."
                )
        return Manner(frames, frame_mean(frames))

    def mel_of(self, clip: Clip, what: str) -> Tensor:
        """House mel (1, n_mels, T) of a recording, at the level of training speech.

        Raises:
            ValueError: it can't be used.
        """
        wav = at_speech_level(check_reference(clip, what=what).wav).astype(np.float32)
        return log_mel(torch.from_numpy(wav)[None].to(self.device))

    def convert(self, source: Source, manner: Manner, request: Conversion) -> Iterator[Part]:
        """Convert part by part."""
        start_s, gain = 0.0, 1.0
        for place, (_, stop) in enumerate(source.parts):
            part = self.convert_part(source, place, manner, request, start_s=start_s)
            # One gain for all: it falls where a part would clip, and never rises again.
            gain = min(gain, MAX_PEAK / max(float(np.abs(part.wav).max()), 1e-6))
            start_s += len(part.wav) / SAMPLE_RATE
            yield replace(part, wav=(gain * part.wav).astype(np.float32))
            if 0 < request.until_s <= stop / FRAME_RATE + 1e-3:
                return

    @torch.inference_mode()
    def convert_part(
        self,
        source: Source,
        place: int,
        manner: Manner,
        request: Conversion,
        *,
        start_s: float = 0.0,
    ) -> Part:
        """Convert one part; `start_s` is where it begins in the result."""
        model = self.model
        start, stop = source.parts[place]
        low, high = max(0, start - AROUND), min(len(source.f0), stop + AROUND)
        mel = source.mel[..., low:high]
        wav = torch.from_numpy(source.wav[low * HOP : high * HOP])[None].to(self.device)
        units = self.content.units(wav)
        f0 = source.f0[low:high]
        log_f0 = torch.from_numpy(fill_unvoiced(f0))[None].to(self.device)
        voiced = torch.from_numpy((f0 > 0).astype(np.float32))[None].to(self.device)
        move = model.moves(source.emotion, manner.mean)
        log_f0, energy = self._contours(units, torch.cat([log_f0, voiced]), mel, source, manner)
        stretch = float(move.duration.exp()) if request.rhythm == "emotion" else 1.0

        # Frames are read where the asked rhythm has them.
        n_frames = round((high - low) * stretch)
        cut = slice(round((start - low) * stretch), round((stop - low) * stretch))
        log_f0, energy = _read(log_f0, n_frames), _read(energy, n_frames)
        voiced = _read(voiced, n_frames, mode="nearest-exact")
        log_f0 = drawn_over(log_f0, request.drawn, start_s - cut.start / FRAME_RATE)
        log_f0 = log_f0.clamp(np.log(F0_MIN), np.log(F0_MAX))
        contours = torch.stack([log_f0, voiced, energy], dim=1)
        heard_f0 = log_f0.exp() * voiced
        if isinstance(model.synthesizer, UnitGenerator):
            sound = self._generated(model.synthesizer, units, contours, source, manner)
        else:
            spoken = self._mel(model.synthesizer, units, mel, contours, source, manner)
            generator = torch.Generator().manual_seed((request.seed + place) % 2**32)
            noise = torch.randn((1, n_frames * HOP), generator=generator).to(self.device)
            sound = self.vocoder(spoken, heard_f0, noise)
        sound = sound[0, cut.start * HOP : cut.stop * HOP]
        # What is heard, not what was meant: a vocoder does not speak all that a mel holds.
        mel_part = log_mel(sound[None])[0]
        tracks = Tracks(heard_f0[0, cut].cpu().numpy(), energy_db(mel_part))
        was = source.mel[0, :, start:stop]
        return Part(
            sound.cpu().numpy(),
            mel_part.cpu().numpy(),
            tracks,
            Tracks(source.f0[start:stop], energy_db(was)),
            was.cpu().numpy(),
        )

    def _mel(
        self,
        synthesizer: Synthesizer,
        units: Units,
        mel: Tensor,
        contours: Tensor,
        source: Source,
        manner: Manner,
    ) -> Tensor:
        """What ships: the mel (1, n_mels, T) of contours (1, 3, T); the source is looked into."""
        n_frames, mask = contours.shape[-1], torch.ones_like(mel[:, :1], dtype=torch.bool)
        content = synthesizer.content(units, mask)
        looked_up = synthesizer.look_up(content, content, mel, mask)
        content, looked_up = (
            F.interpolate(x, size=n_frames, mode="linear") for x in (content, looked_up)
        )
        mask = torch.ones_like(content[:, :1], dtype=torch.bool)
        emotions = (manner.mean, source.emotion)
        return synthesizer(content, looked_up, contours, mask, source.ease, emotions)

    def _generated(
        self,
        generator: UnitGenerator,
        units: Units,
        contours: Tensor,
        source: Source,
        manner: Manner,
    ) -> Tensor:
        """The published net: sound (1, T_wav) of units, EASE, SACE and F0, here as it was moved."""
        n_frames = contours.shape[-1]
        n_units = unit_frames(n_frames)
        places = torch.linspace(0, units.ids.shape[1] - 1, n_units, device=self.device).round()
        said = Units(*(x[:, places.long()] for x in units))
        f0 = f0_at_unit_rate(contours[:, 0], contours[:, 1] > 0.5, n_units)
        wav = generator(said, f0, source.ease, manner.mean)
        return F.pad(wav, (0, max(0, n_frames * HOP - wav.shape[-1])))[:, : n_frames * HOP]

    def _contours(
        self, units: Units, tracks: Tensor, mel: Tensor, source: Source, manner: Manner
    ) -> tuple[Tensor, Tensor]:
        """The source's log F0 and energy (1, T), as the asked emotion moves them."""
        model, energy = self.model, mel.mean(1)
        log_f0, voiced = tracks[:1], tracks[1:]
        if not model.config.predictor:
            return log_f0, energy
        mask = torch.ones_like(mel[:, :1], dtype=torch.bool)
        before = model.contours(units, mask, source.emotion[:, None], None, source.ease)
        after = model.contours(units, mask, manner.frames, None, source.ease)
        move = model.moves(source.emotion, manner.mean)
        level = torch.zeros_like(move.spread)
        return (
            moved(log_f0, after.log_f0 - before.log_f0, voiced, move.pitch, move.spread),
            moved(energy, after.energy - before.energy, voiced, move.energy, level),
        )

    def unchanged(self, source: Source) -> Manner:
        """The manner that changes nothing: the source's own emotion."""
        return Manner(source.emotion[:, None], source.emotion)

    def guarded(self, source: Source, request: Conversion) -> tuple[Conversion, float]:
        """Lower intensity step by step until the voice stays itself, and tell its own likeness.

        Judged by the first part that has a second of voice, so that a long recording can be heard
        soon.
        """
        voiced = [int((source.f0[slice(*part)] > 0).sum()) for part in source.parts]
        enough = [place for place, n_frames in enumerate(voiced) if n_frames >= FRAME_RATE]
        place = enough[0] if enough else int(np.argmax(voiced))
        unchanged = self.convert_part(source, place, self.unchanged(source), request)
        own = self.likeness(source, unchanged)
        if not request.floor:
            return request, own
        lowered = request
        for step in STEPS:
            lowered = replace(request, intensity=request.intensity * step)
            part = self.convert_part(source, place, self.manner_of(lowered), lowered)
            if self.likeness(source, part) >= request.floor * own:
                break
        return lowered, own

    def beside(self, request: Conversion) -> Beside:
        """Hear what a conversion is made from."""
        reference, heard, tracks = request.emotion_reference, None, None
        if reference is not None:
            heard = recognize(self.recognizer, reference)
            clip = check_reference(reference, what="The emotion reference")
            mel = self.mel_of(reference, "The emotion reference")
            tracks = Tracks(f0_contour(clip.wav, SAMPLE_RATE, HOP), energy_db(mel[0]))
        return Beside(recognize(self.recognizer, request.source), heard, tracks)

    @torch.inference_mode()
    def heard(self, source: Source, part: Part) -> dict[str, Any]:
        """What our own nets hear in a part, as `Comparison` names it."""
        clip = Clip(part.wav, SAMPLE_RATE)
        return {
            "heard": recognize(self.recognizer, clip),
            "voice_similarity": self.likeness(source, part),
            "words_unlike": words_unlike(self.aligner, part.source_mel, part.mel),
        }

    def emotion_of(self, clip: Clip) -> Prediction:
        """What the recognizer hears in a whole result."""
        return recognize(self.recognizer, clip)

    @torch.inference_mode()
    def likeness(self, source: Source, part: Part) -> float:
        """Cosine of the speaker embeddings of a part and of the source."""
        spoken = part.mel[:, spoken_frames(part.tracks.f0)]
        heard = self.speaker(torch.from_numpy(spoken)[None].to(self.device))[0].cpu().numpy()
        return float(heard @ source.speaker_emb)


def energy_db(mel: Tensor) -> np.ndarray:
    """Energy (T,) in dB: the mean of the log mel (n_mels, T)."""
    return mel.mean(0).cpu().numpy() * DB_PER_NAT


def drawn_over(log_f0: Tensor, drawn: tuple[tuple[float, float], ...], start_s: float) -> Tensor:
    """Replace log F0 (1, T) by a drawn contour between its first and last point."""
    if len(drawn) < 2:
        return log_f0
    seconds, hertz = (np.array(values) for values in zip(*sorted(drawn), strict=True))
    times = start_s + (np.arange(log_f0.shape[-1]) + 0.5) / FRAME_RATE
    line = torch.from_numpy(np.interp(times, seconds, np.log(hertz)).astype(np.float32))
    inside = torch.from_numpy((times >= seconds[0]) & (times <= seconds[-1]))
    return torch.where(inside.to(log_f0.device), line.to(log_f0.device), log_f0)


def _read(track: Tensor, n_frames: int, mode: str = "linear") -> Tensor:
    return F.interpolate(track[:, None], size=n_frames, mode=mode)[:, 0]
