"""What both speaking engines have: voices, tokens, whole frames, and the sound of a mel."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import F0_MAX, F0_MIN, f0_contour
from emostudio.audio.reference import check_reference
from emostudio.data.features import at_speech_level
from emostudio.models.checkpoint import NETS, Store, device_of
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.net import EmoMix
from emostudio.models.prosody import Prosody
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.text.normalize import normalize
from emostudio.text.phonemes import is_boundary, phonemize
from emostudio.values import Clip, Request

MAX_PEAK = 0.97
Net = TypeVar("Net", EmoMix, DiEmo)


@dataclass(frozen=True)
class Voice:
    """Who speaks: speaker embedding (D_spk,) and mean log F0."""

    speaker_emb: np.ndarray
    pitch_mean: float


@dataclass(frozen=True)
class Spoken:
    """`wav` (T * hop,), `mel` (n_mels, T) in natural log and `f0` (T,) in Hz, 0 unvoiced."""

    wav: np.ndarray
    mel: np.ndarray
    f0: np.ndarray


class SpeakingEngine(Generic[Net]):
    """An acoustic model and, beside it, what every one of them needs of a store."""

    def __init__(self, net: type[Net], store: Store, device: str) -> None:
        """Load the nets.

        Raises:
            ValueError: a checkpoint is missing or damaged, or there is no such device here.
        """
        name, _ = NETS[net]
        self.checkpoints = (name, "vocoder", "speaker", "ser")
        self.device = device_of(device)
        self.model = store.load(net, device)
        self.vocoder = store.load(Vocoder, device)
        self.speaker = store.load(SpeakerEncoder, device)
        self.recognizer = store.load(EmotionRecognizer, device)
        self.presets = read_voices(store.folder(name))

    def voice_of(self, request: Request) -> Voice:
        """The preset that a request names, or the voice of its reference clip.

        Raises:
            ValueError: no such preset, or a reference that can't be used.
        """
        if request.reference is None:
            if request.voice not in self.presets:
                raise ValueError(
                    f"Unknown voice '{request.voice}'; choose from {', '.join(self.presets)}."
                )
            preset = self.presets[request.voice]
            return Voice(np.array(preset["speaker_emb"], np.float32), preset["pitch_mean"])
        clip = check_reference(request.reference, what="The voice reference")
        f0 = f0_contour(clip.wav, SAMPLE_RATE, HOP)
        if not (f0 > 0).any():
            raise ValueError("No voiced speech was found in the voice reference; record it again.")
        with torch.inference_mode():
            speaker_emb = self.speaker(self.mel_of(clip))[0].cpu().numpy()
        return Voice(speaker_emb, float(np.log(f0[f0 > 0]).mean()))

    def mel_of(self, clip: Clip) -> Tensor:
        """House mel (1, n_mels, T) of a 16 kHz clip, brought to the level of training speech."""
        return log_mel(torch.from_numpy(at_speech_level(clip.wav))[None].to(self.device))

    def emotion_clip(self, request: Request) -> Tensor:
        """House mel (1, n_mels, T) of a request's emotion reference.

        Raises:
            ValueError: it can't be used.
        """
        assert request.emotion_reference is not None
        return self.mel_of(check_reference(request.emotion_reference, what="The emotion reference"))

    def tokens_of(self, request: Request) -> Tensor:
        """Tokens (L,) of a request's text."""
        (ids,) = phonemize([normalize(request.text, request.lang)], request.lang)
        return torch.from_numpy(ids).long().to(self.device)

    def durations_of(self, tokens: Tensor, log_durations: Tensor, speed: float) -> Tensor:
        """Whole frames (L,) of tokens from the log of the frames to expect, at a speed."""
        expected = (log_durations.exp() / speed).cpu().numpy()
        boundary = is_boundary(tokens.cpu().numpy())
        return torch.from_numpy(whole_frames(expected, boundary)).to(self.device)

    def sound_of(
        self, mel: Tensor, prosody: Prosody, voice: Voice, generator: torch.Generator
    ) -> Spoken:
        """Speak a mel (1, n_mels, T) at F0 of a prosody whose voicing is 0 or 1, of frames (T,)."""
        f0 = (prosody.log_f0 + voice.pitch_mean).exp().clamp(F0_MIN, F0_MAX) * prosody.voiced_logit
        noise = torch.randn((1, mel.shape[-1] * HOP), generator=generator).to(self.device)
        wav = self.vocoder(mel, f0[None], noise)[0].cpu().numpy()
        wav = wav * np.float32(min(1.0, MAX_PEAK / max(np.abs(wav).max(), 1e-6)))
        return Spoken(wav, mel[0].cpu().numpy(), f0.cpu().numpy())


def read_voices(folder: Path) -> dict[str, dict]:
    """Preset voices of a checkpoint that speaks: lang, pitch_mean and speaker_emb by name.

    Raises:
        ValueError: voices.json is missing or damaged.
    """
    try:
        return json.loads((folder / "voices.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"The voices of the checkpoint '{folder.name}' are missing or damaged: "
            f"restore {folder / 'voices.json'}."
        ) from error


def whole_frames(expected: np.ndarray, boundary: np.ndarray) -> np.ndarray:
    """Round expected durations (L,) to frames so that their running sum stays true.

    A phoneme keeps at least one frame; a boundary may vanish.
    """
    ends = np.round(np.cumsum(expected)).astype(np.int64)
    durations = np.diff(ends, prepend=0)
    return np.maximum(durations, np.where(boundary, 0, 1))


def settled(each: Prosody, shares: Tensor, gain: float, pitch_offset: Tensor | float) -> Prosody:
    """What frames (T,) are spoken at, of what conditions (M, T) predict, mixed by shares (M,).

    Voicing becomes 0 or 1. F0 is spread about its mean over voiced frames by `gain`, which undoes
    the flattening that a regression brings, and moved by the offset.
    """
    shares = shares[:, None]
    voiced = ((shares * each.voiced_logit.sigmoid()).sum(0) > 0.5).float()
    log_f0 = (shares * each.log_f0).sum(0)
    mean = (log_f0 * voiced).sum() / voiced.sum().clamp(min=1)
    log_f0 = mean + (log_f0 - mean) * gain
    return Prosody(log_f0 + pitch_offset, voiced, (shares * each.energy).sum(0))
