"""EmoMix as an engine: a request's sentence in; sound, mel and F0 out."""

from dataclasses import dataclass

import torch
from torch import Tensor

from emostudio.engines.mixture import REFERENCE, at_intensity, named, offsets
from emostudio.engines.speaking import SpeakingEngine, Spoken, Voice, settled
from emostudio.models.checkpoint import Store
from emostudio.models.emomix.net import EmoMix
from emostudio.models.emomix.sampler import MixSchedule, sample
from emostudio.models.prosody import Prosody, spread
from emostudio.values import Request


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


class EmoMixEngine(SpeakingEngine[EmoMix]):
    """Speaks with the checkpoints emomix, vocoder, speaker and ser of a store."""

    def __init__(self, store: Store, device: str = "cpu") -> None:
        """Load the nets; raises as `SpeakingEngine` does."""
        super().__init__(EmoMix, store, device)
        self._ear = self.recognizer  # gave the embeddings; takes may be read back by another

    def manner_of(self, request: Request) -> Manner:
        """The emotions of a request with their shares after intensity.

        Raises:
            ValueError: this checkpoint does not know an emotion, or the reference can't be used.
        """
        known, means = self.model.config.emotions, self.model.emotion_means
        places = {name: means[place] for place, name in enumerate(known)}
        if request.emotion_reference is not None:
            with torch.inference_mode():
                places[REFERENCE] = self._ear(self.emotion_clip(request))[1][0]
            weights = at_intensity(REFERENCE, request.intensity)
        else:
            weights = named(request, known, base=request.base)
        names, shares = tuple(weights), torch.tensor(list(weights.values()))
        base = names.index(request.base) if request.base in names else int(shares.argmax())
        embs = torch.stack([places[name] for name in names])
        spoken = {name: float(share) for name, share in zip(names, shares, strict=True)}
        moved = offsets(self.model.config, spoken)
        return Manner(names, embs.to(self.device), shares.to(self.device), base, *moved)

    @torch.inference_mode()
    def speak(self, request: Request, voice: Voice, manner: Manner) -> Spoken:
        """Speak a request's text as one breath."""
        model, config = self.model, self.model.config
        generator = torch.Generator().manual_seed(request.seed)
        tokens = self.tokens_of(request)
        speaker = torch.from_numpy(voice.speaker_emb)[None].to(self.device)
        n_conditions = len(manner.shares)
        who = (speaker.expand(n_conditions, -1), manner.emotion_embs)

        # Everything that is predicted once a condition is mixed by the shares.
        shares = manner.shares[:, None]
        everything = tokens.expand(n_conditions, -1)
        token_mask = torch.ones_like(everything[:, None], dtype=torch.bool)
        features, log_durations = model.encode(everything, token_mask, *who)
        log_durations = (shares * log_durations).sum(0) + manner.duration_offset
        durations = self.durations_of(tokens, log_durations, request.speed)
        n_frames = int(durations.sum())
        frames = spread(features, durations.expand(n_conditions, -1), n_frames)
        mask = torch.ones(n_conditions, 1, n_frames, dtype=torch.bool, device=self.device)
        each = model.predict_prosody(frames, mask, *who)
        prosody = settled(each, manner.shares, config.f0_gain, manner.pitch_offset)
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
        return self.sound_of(mel, prosody, voice, generator)
