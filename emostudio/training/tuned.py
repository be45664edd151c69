"""What recipes do otherwise when a checkpoint is tuned: all that others rely on stays as it is.

A speaking net's emotions are places among embeddings. Tuning moves none of them, nor what measures
them: maps, mixtures and every other voice mean afterwards what they meant before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emostudio.data.features import Pack, Row
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.net import EmoMix
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.zest.net import Zest
from emostudio.training.content import PackedUnits
from emostudio.training.diemo import DiEmoRecipe
from emostudio.training.drawing import DrawingRecipe
from emostudio.training.emomix import EmoMixRecipe, Voices
from emostudio.training.holding import NEEDED, Before
from emostudio.training.ser import SerRecipe
from emostudio.training.transfer import Listeners
from emostudio.training.zest import ZestRecipe

PRESET = "preset-"  # before the name of a voice of ours: nobody else is called so
AS_MEAN = 0.5  # how often a clip is learned under its emotion's mean, as it will be asked for
# Weight of what holds, times the share of a batch that is held. Where half of it is, at 2 the judge
# and the recognizer hear 4 to 5 points fewer of kathleen's emotions than before, at 8 1 to 4.
HELD = 8.0
REACH = 3.0  # how much faster than weights an embedding moves, whose elements are small
RARELY = 2.0  # nats: a new emotion starts as much less likely than the rarest known one


def widened(base: EmotionRecognizer, emotions: Sequence[str]) -> EmotionRecognizer:
    """A recognizer that knows these emotions too; of the others it hears what it heard before."""
    new = [name for name in dict.fromkeys(emotions) if name not in base.config.emotions]
    if not new:
        return base
    wide = EmotionRecognizer(replace(base.config, emotions=(*base.config.emotions, *new)))
    weights = base.state_dict()
    weight, bias = weights["classify.weight"], weights["classify.bias"]
    weights["classify.weight"] = torch.cat([weight, weight.new_zeros(len(new), weight.shape[1])])
    rare = bias.min() - RARELY
    weights["classify.bias"] = torch.cat([bias, rare.expand(len(new))])
    wide.load_state_dict(weights)
    return wide


class TunedSer(SerRecipe):
    """The recognizer on a corpus whose labels are the truth of it, whatever else it knows.

    Held against all it does not act, a corpus teaches that its speakers never mean that. Here it
    must be: else a name that is new would only compete with those beside it. What is rehearsed is
    held against the new names too, which would take its clips over unpunished.
    """

    def __init__(self, base: EmotionRecognizer, data: Pack, old: Sequence[str]) -> None:
        """Start from a recognizer that `widened` gave; `old` are corpora that are rehearsed."""
        super().__init__(base.config, data)
        self.start_from(base)
        known = {row.emotion for row in self._rows if row.corpus in old}
        new = {row.emotion for row in self._rows if row.corpus not in old} - known
        for corpus, barred in self._absent.items():
            barred &= np.array([corpus in old and name not in new for name in self._emotions])


def with_presets(voices: Voices, presets: Mapping[str, Mapping[str, Any]]) -> Voices:
    """Voices in which the speakers that are presets are told as a checkpoint tells of them."""
    found = {PRESET + name: told for name, told in presets.items()}
    found = {name: told for name, told in found.items() if name in voices.speaker_means}
    means = {name: np.array(told["speaker_emb"], np.float32) for name, told in found.items()}
    pitches = {name: float(told["pitch_mean"]) for name, told in found.items()}
    return replace(
        voices,
        speaker_means=voices.speaker_means | means,
        pitch_means=voices.pitch_means | pitches,
    )


class OwnVoices(nn.Module):
    """What a net is told of each new speaker: an embedding that is learned with it.

    It starts as the mean of what the speaker encoder hears and moves to where the net speaks most
    like the speaker (AdaSpeech, arXiv:2103.00993). Nobody else is told it.
    """

    means: Tensor

    def __init__(self, voices: Voices, speakers: Sequence[str]) -> None:
        """Start at the speakers' means."""
        super().__init__()
        means = np.stack([voices.speaker_means[speaker] for speaker in speakers])
        self.register_buffer("means", torch.from_numpy(means).float())
        self.moved = nn.Parameter(torch.zeros(means.shape))

    def forward(self) -> Tensor:
        """The embeddings (n_speakers, D_spk)."""
        return self.means + REACH * self.moved

    def told(self, speaker_emb: Tensor, number: Tensor) -> Tensor:
        """Embeddings (B, D_spk) with those of new speakers by number (B,), -1 for all others."""
        own = self()[number.clamp(min=0)]
        return torch.where(number[:, None] >= 0, own, speaker_emb)


def _is_preset(row: Row) -> bool:
    return row.speaker.startswith(PRESET)


class _TunedVoice(DrawingRecipe[Any]):
    """What both speaking systems do on new voices.

    Listeners are asked about every emotion that the net has, neutral too: how much it sounds like
    the speaker is heard in each. Under the voices that it had it is held to what it said before.
    """

    _swap_share = 0.5  # else too little is left that holds the voices themselves
    _voices: Voices
    _asked: list[int]

    def _begin(self, net: EmoMix | DiEmo, speakers: Sequence[str]) -> None:
        self.start_from(net)
        self._asked = [n for n, mean in enumerate(net.emotion_means) if bool(mean.any())]
        self.speakers = tuple(speakers)
        self.own_voices = OwnVoices(self._voices, speakers)
        self._before = Before(net)

    def _numbered(self, item: dict[str, np.ndarray], row: Row) -> dict[str, np.ndarray]:
        """Add who of the new speakers is to be told of, and under whose name prosody is learned."""
        means = self._voices.speaker_means
        real = means[row.speaker].astype(np.float32)
        number = self.speakers.index(row.speaker) if row.speaker in self.speakers else -1
        told, reads = item["speaker_emb"], item["prosody_speaker_emb"]
        under = [n for n, name in enumerate(self.speakers) if np.allclose(reads, means[name])]
        if _is_preset(row):  # what a take of ours was told is known exactly
            reads = real if np.array_equal(reads, told) else reads
            told = real
        return item | {
            "speaker_emb": told,
            "prosody_speaker_emb": reads,
            "real_speaker_emb": real,
            "label": np.array([self.export.config.emotions.index(row.emotion)]),
            "held": np.array([_is_preset(row)]),
            "voice": np.array([number]),
            "prosody_voice": np.array([under[0] if under else number]),
        }

    def _with_own_voices(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return batch | {
            name: self.own_voices.told(batch[name], batch[number][:, 0])
            for name, number in (
                ("speaker_emb", "voice"),
                ("prosody_speaker_emb", "prosody_voice"),
            )
        }

    def _and_held(self, found: dict[str, Tensor], batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses of a batch with that of moving away from what was said before."""
        held = batch["held"][:, 0].nonzero()[:, 0]
        if not len(held):
            return found
        items = {name: batch[name][held] for name in NEEDED}
        moved = self._before.distance(self.export, items, batch["label"][held, 0])
        share = len(held) / len(batch["held"])
        return found | {"loss": found["loss"] + HELD * share * moved, "held": moved}


class TunedEmoMix(_TunedVoice, EmoMixRecipe):
    """EmoMix on new voices."""

    def __init__(
        self,
        base: EmoMix,
        data: Pack,
        voices: Voices,
        listeners: Listeners,
        speakers: Sequence[str],
        *,
        acted: frozenset[str],
    ) -> None:
        """Start from a net; `speakers` are new to it."""
        voices = replace(voices, emotion_means=base.emotion_means.numpy().astype(np.float32))
        super().__init__(base.config, data, voices, listeners, acted=acted)
        self._begin(base, speakers)

    def _item(self, rng: np.random.Generator, row: Row) -> dict[str, np.ndarray]:
        item = self._numbered(super()._item(rng, row), row)
        if _is_preset(row):
            mean = self._voices.emotion_means[self.export.config.emotions.index(row.emotion)]
            item["emotion_emb"] = mean.astype(np.float32)
        return item

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """All losses of a batch."""
        batch = self._with_own_voices(batch)
        return self._and_held(super().forward(batch, player), batch)


class TunedDiEmo(_TunedVoice, DiEmoRecipe):
    """DiEmo on new voices; its style encoder, which hears emotion, learns nothing more."""

    def __init__(
        self,
        base: DiEmo,
        data: Pack,
        voices: Voices,
        listeners: Listeners,
        speakers: Sequence[str],
        *,
        acted: frozenset[str],
    ) -> None:
        """Start from a net; `speakers` are new to it."""
        names = base.config.emotions
        labels = [names.index(r.emotion) if r.emotion in names else -1 for r in data.rows]
        super().__init__(
            base.config,
            data,
            voices,
            listeners,
            np.array(labels),
            without="distillation",
            acted=acted,
        )
        self._begin(base, speakers)
        self.export.style.requires_grad_(False)
        self.distillation.requires_grad_(False)

    def _item(self, rng: np.random.Generator, row: Row) -> dict[str, np.ndarray]:
        item = self._numbered(super()._item(rng, row), row)
        return item | {"as_mean": np.array([_is_preset(row) or rng.random() < AS_MEAN])}

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """All losses of a batch."""
        batch = self._with_own_voices(batch)
        return self._and_held(super().forward(batch, player), batch)

    def _embedded(self, batch: dict[str, Tensor], own_mask: Tensor) -> Tensor:
        own = super()._embedded(batch, own_mask)
        return torch.where(batch["as_mean"], self.export.emotion_means[batch["label"][:, 0]], own)

    def _remember(self, emotion_emb: Tensor, labels: Tensor) -> None:
        """Means stay what they are."""


class TunedZest(ZestRecipe):
    """ZEST's synthesizer and contours; EASE and SACE, which hear, learn nothing more."""

    def __init__(
        self, base: Zest, data: Pack, voices: Voices, units: PackedUnits, listeners: Listeners
    ) -> None:
        """Start from a net.

        Raises:
            ValueError: nobody acts here.
        """
        adversarial = torch.cuda.is_available()
        super().__init__(base.config, data, voices, units, listeners, adversarial=adversarial)
        if not self._acted:
            raise ValueError(
                "Nobody acts in this corpus, and nothing is rehearsed: give clips of at least two "
                "emotions that ZEST knows, one of them neutral, or rehearse."
            )
        self.start_from(base)
        heads: tuple[nn.Module, ...] = (
            self.export.ease,
            self.export.sace,
            self.export.moves,
            self.sace_emotion,
            self.sace_speaker,
            self.sace_speaker_head,
            self.ease_speaker,
            self.ease_emotion,
        )
        for part in heads:
            part.requires_grad_(False)
        self.level.copy_(base.emotion_means)

    def _ease_losses(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {}

    def _sace_losses(
        self,
        batch: dict[str, Tensor],
        frames: tuple[Tensor, Tensor],
        masks: tuple[Tensor, Tensor],
        was: Tensor,
    ) -> dict[str, Tensor]:
        return {}
