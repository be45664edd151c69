"""EmoMix as an engine: a request's sentence in; sound, mel and F0 out."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import F0_MAX, F0_MIN, f0_contour
from emostudio.audio.reference import check_reference
from emostudio.data.features import at_speech_level
from emostudio.models.checkpoint import Store, device_of
from emostudio.models.emomix.net import EmoMix, Prosody, spread
from emostudio.models.emomix.sampler import MixSchedule, sample
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.text.normalize import normalize
from emostudio.text.phonemes import is_boundary, phonemize
from emostudio.values import Clip, Request

MAX_PEAK = 0.97
REFERENCE = "reference"


@dataclass(frozen=True)
class Voice:
    """Who speaks: speaker embedding (D_spk,) and mean log F0."""

    speaker_emb: np.ndarray
    pitch_mean: float


@dataclass(frozen=True)
class Manner:
    """How it is spoken: emotion embeddings (M, D_emo), shares (M,) of sum one, the base's place.

    `duration_offset` and `pitch_offset` are added to log durations and to log F0.
    """

    names: tuple[str, ...]
    emotion_embs: Tensor
    shares: Tensor
    base: int
    duration_offset: float = 0.0
    pitch_offset: float = 0.0

    def requested(self) -> dict[str, float]:
        """The mixture after intensity, by name."""
        return {n: float(s) for n, s in zip(self.names, self.shares, strict=True) if s > 0}


@dataclass(frozen=True)
class Spoken:
    """`wav` (T * hop,), `mel` (n_mels, T) in natural log and `f0` (T,) in Hz, 0 unvoiced."""

    wav: np.ndarray
    mel: np.ndarray
    f0: np.ndarray


class EmoMixEngine:
    """Speaks with the checkpoints emomix, vocoder, speaker and ser of a store."""

    checkpoints = ("emomix", "vocoder", "speaker", "ser")

    def __init__(self, store: Store, device: str = "cpu") -> None:
        """Load the nets.

        Raises:
            ValueError: a checkpoint is missing or damaged, or there is no such device here.
        """
        self.device = device_of(device)
        self.model = store.load(EmoMix, device)
        self.vocoder = store.load(Vocoder, device)
        self.speaker = store.load(SpeakerEncoder, device)
        self.recognizer = store.load(EmotionRecognizer, device)
        self.presets = read_voices(store.folder("emomix"))

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

    def manner_of(self, request: Request) -> Manner:
        """The emotions of a request with their shares after intensity.

        Raises:
            ValueError: this checkpoint does not know an emotion, or the reference can't be used.
        """
        known = self.model.config.emotions
        means = self.model.emotion_means
        if request.emotion_reference is not None:
            clip = check_reference(request.emotion_reference, what="The emotion reference")
            with torch.inference_mode():
                heard = self.recognizer(self.mel_of(clip))[1][0]
            names = (REFERENCE, "neutral")
            embs = torch.stack([heard, means[known.index("neutral")]])
            shares = torch.tensor([request.intensity, 1 - request.intensity])
            kept = [place for place in range(2) if shares[place] > 0]
            names = tuple(names[place] for place in kept)
            embs, shares = embs[kept], shares[kept]
        else:
            mix = request.emotion.at_intensity(request.intensity)
            for name in [*(name for name, _ in mix.shares), request.base or "neutral"]:
                if name not in known:
                    raise ValueError(
                        f"This model does not know '{name}'; choose from {', '.join(known)}."
                    )
            weights = dict(mix.shares)
            if request.base:
                weights.setdefault(request.base, 0.0)
            names = tuple(weights)
            embs = means[[known.index(name) for name in names]]
            shares = torch.tensor(list(weights.values()))
        base = names.index(request.base) if request.base in names else int(shares.argmax())
        config = self.model.config
        longer, higher = (
            sum(known_offsets.get(n, 0.0) * float(s) for n, s in zip(names, shares, strict=True))
            for known_offsets in (
                dict(zip(known, offsets, strict=False))
                for offsets in (config.duration_offsets, config.pitch_offsets)
            )
        )
        return Manner(names, embs.to(self.device), shares.to(self.device), base, longer, higher)

    def mel_of(self, clip: Clip) -> Tensor:
        """House mel (1, n_mels, T) of a 16 kHz clip, brought to the level of training speech."""
        return log_mel(torch.from_numpy(at_speech_level(clip.wav))[None].to(self.device))

    @torch.inference_mode()
    def speak(self, request: Request, voice: Voice, manner: Manner) -> Spoken:
        """Speak a request's text as one breath."""
        model, config = self.model, self.model.config
        generator = torch.Generator().manual_seed(request.seed)
        (ids,) = phonemize([normalize(request.text, request.lang)], request.lang)
        tokens = torch.from_numpy(ids).long()[None].to(self.device)
        speaker = torch.from_numpy(voice.speaker_emb)[None].to(self.device)
        n_conditions = len(manner.shares)
        who = (speaker.expand(n_conditions, -1), manner.emotion_embs)

        # Everything that is predicted once a condition is mixed by the shares.
        shares = manner.shares[:, None]
        everything = tokens.expand(n_conditions, -1)
        token_mask = torch.ones_like(everything[:, None], dtype=torch.bool)
        features, log_durations = model.encode(everything, token_mask, *who)
        log_durations = (shares * log_durations).sum(0) + manner.duration_offset
        expected = (log_durations.exp() / request.speed).cpu().numpy()
        durations = torch.from_numpy(whole_frames(expected, is_boundary(ids))).to(self.device)
        n_frames = int(durations.sum())
        frames = spread(features, durations.expand(n_conditions, -1), n_frames)
        mask = torch.ones(n_conditions, 1, n_frames, dtype=torch.bool, device=self.device)
        each = model.predict_prosody(frames, mask, *who)
        voiced = (shares * each.voiced_logit.sigmoid()).sum(0)
        log_f0 = widen((shares * each.log_f0).sum(0), voiced, config.f0_gain)
        log_f0 = log_f0 + manner.pitch_offset
        prosody = Prosody(log_f0, (voiced > 0.5).float(), (shares * each.energy).sum(0))
        same = Prosody(*(track.expand(n_conditions, -1) for track in prosody))
        pitch_mean = torch.full((n_conditions,), voice.pitch_mean, device=self.device)
        mu, hidden = model.prior(frames, same, pitch_mean, mask, *who)
        mu = (shares[..., None] * mu).sum(0, keepdim=True)

        schedule = MixSchedule(
            request.n_timesteps or config.n_timesteps, request.k_max, request.k_min, request.tail
        )
        weights, times = schedule.weights(manner.shares.cpu(), manner.base)
        noise = torch.randn(mu.shape, generator=generator)
        noise = noise.to(self.device) / (request.temperature or config.temperature)
        mel = sample(model, mu, hidden, speaker, manner.emotion_embs, weights, times, noise)
        f0 = (log_f0 + voice.pitch_mean).exp().clamp(F0_MIN, F0_MAX) * (voiced > 0.5)
        source = torch.randn((1, n_frames * HOP), generator=generator).to(self.device)
        wav = self.vocoder(mel, f0[None], source)[0].cpu().numpy()
        wav = wav * np.float32(min(1.0, MAX_PEAK / max(np.abs(wav).max(), 1e-6)))
        return Spoken(wav, mel[0].cpu().numpy(), f0.cpu().numpy())


def read_voices(folder: Path) -> dict[str, dict]:
    """Preset voices of an EmoMix checkpoint: lang, pitch_mean and speaker_emb by name.

    Raises:
        ValueError: voices.json is missing or damaged.
    """
    try:
        return json.loads((folder / "voices.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"The voices of the checkpoint 'emomix' are missing or damaged: "
            f"restore {folder / 'voices.json'}."
        ) from error


def whole_frames(expected: np.ndarray, boundary: np.ndarray) -> np.ndarray:
    """Round expected durations (L,) to frames so that their running sum stays true.

    A phoneme keeps at least one frame; a boundary may vanish.
    """
    ends = np.round(np.cumsum(expected)).astype(np.int64)
    durations = np.diff(ends, prepend=0)
    return np.maximum(durations, np.where(boundary, 0, 1))


def widen(log_f0: Tensor, voiced: Tensor, gain: float) -> Tensor:
    """Spread log F0 (T,) about its mean over voiced frames by `gain`."""
    weight = (voiced > 0.5).float()
    mean = (log_f0 * weight).sum() / weight.sum().clamp(min=1)
    return mean + (log_f0 - mean) * gain
