"""DiEmo-TTS as an engine: one pass from text to mel, no diffusion; the seed draws breath alone.

Emotion is a place among embeddings: that of a name, of a mixture (the mean of its emotions' places
by shares), of a clip by anybody, or of the map; or a path of places, passed evenly from the first
token to the last.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from emostudio.engines.mixture import PATH, REFERENCE, at_intensity, named, offsets
from emostudio.engines.speaking import SpeakingEngine, Spoken, Voice, settled
from emostudio.models.checkpoint import Store
from emostudio.models.diemo.net import DiEmo
from emostudio.models.prosody import Prosody, spread
from emostudio.values import Request

SHARPNESS = 10.0  # of the likeness that turns a place into shares of the emotions around it


@dataclass(frozen=True)
class Manner:
    """How it is spoken: places (P, D_emo), and at each what is added to log durations and log F0.

    `offsets` (P, 2) holds both; `shares` are those of the mixture after intensity, by name.
    """

    shares: dict[str, float]
    places: Tensor
    offsets: Tensor

    def requested(self) -> dict[str, float]:
        """The mixture after intensity, by name."""
        return self.shares


class DiEmoEngine(SpeakingEngine[DiEmo]):
    """Speaks with the checkpoints diemo, vocoder, speaker and ser of a store."""

    def __init__(self, store: Store, device: str = "cpu") -> None:
        """Load the nets; raises as `SpeakingEngine` does."""
        super().__init__(DiEmo, store, device)

    @torch.inference_mode()
    def manner_of(self, request: Request) -> Manner:
        """The places of a request after intensity.

        Raises:
            ValueError: this checkpoint does not know an emotion, or the reference or the places of
                the map can't be used.
        """
        config, means = self.model.config, self.model.emotion_means
        if request.emotion_reference is not None:
            name, places = REFERENCE, self.model.embed(self.emotion_clip(request))
        elif request.emotion_path:
            name, places = PATH, self._on_the_map(request)
        else:
            shares = named(request, config.emotions)
            weights = means.new_tensor([[shares.get(each, 0.0) for each in config.emotions]])
            return Manner(shares, weights @ means, means.new_tensor([offsets(config, shares)]))
        moves = [offsets(config, near) for near in self.near(places)]
        neutral = means[config.emotions.index("neutral")]
        still = means.new_tensor(offsets(config, {"neutral": 1.0}))
        return Manner(
            at_intensity(name, request.intensity),
            torch.lerp(neutral, places, request.intensity),
            torch.lerp(still, means.new_tensor(moves), request.intensity),
        )

    def near(self, places: Tensor) -> list[dict[str, float]]:
        """Shares of the emotions around each place (P, D_emo), by the cosine seen from the middle.

        What a reader needs beyond what the net has learned is known by emotion alone.
        """
        means = self.model.emotion_means
        middle = means.mean(0)
        likeness = F.cosine_similarity((places - middle)[:, None], (means - middle)[None], dim=-1)
        names = self.model.config.emotions
        shares = (SHARPNESS * likeness).softmax(-1).tolist()
        return [dict(zip(names, each, strict=True)) for each in shares]

    @torch.inference_mode()
    def speak(self, request: Request, voice: Voice, manner: Manner) -> Spoken:
        """Speak a request's text as one breath."""
        model = self.model
        generator = torch.Generator().manual_seed(request.seed)
        tokens = self.tokens_of(request)
        speaker = torch.from_numpy(voice.speaker_emb)[None].to(self.device)
        emotion, offset = (along(x, len(tokens)) for x in (manner.places, manner.offsets))

        token_mask = torch.ones(1, 1, len(tokens), dtype=torch.bool, device=self.device)
        features, log_durations = model.encode(tokens[None], token_mask, speaker, emotion)
        durations = self.durations_of(tokens, log_durations[0] + offset[0, 0], request.speed)
        n_frames = int(durations.sum())
        frames = spread(features, durations[None], n_frames)
        emotion, offset = (x.repeat_interleave(durations, dim=-1) for x in (emotion, offset))
        mask = torch.ones(1, 1, n_frames, dtype=torch.bool, device=self.device)
        found = model.predict_prosody(frames, mask, speaker, emotion)
        alone = torch.ones(1, device=self.device)
        prosody = settled(found, alone, model.config.f0_gain, offset[0, 1])
        spoken = Prosody(*(track[None] for track in prosody))
        pitch_mean = torch.full((1,), voice.pitch_mean, device=self.device)
        mel = model.decode(frames, spoken, pitch_mean, mask, speaker, emotion)
        return self.sound_of(mel, prosody, voice, generator)

    def _on_the_map(self, request: Request) -> Tensor:
        places = self.model.emotion_means.new_tensor(request.emotion_path)
        if places.shape[1] != self.model.config.emotion_dim:
            raise ValueError(
                f"The places have {places.shape[1]} numbers, those of this checkpoint "
                f"{self.model.config.emotion_dim}; take them from a map that was made with it."
            )
        return places


def along(places: Tensor, length: int) -> Tensor:
    """Pass places (P, D) evenly in `length` steps, from the first to the last: (1, D, length)."""
    return F.interpolate(places.T[None], size=length, mode="linear", align_corners=True)
