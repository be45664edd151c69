"""What frozen nets hear in speech that no recording shows: a reader in an emotion.

No reader of the corpora is ever angry, so nothing there says how a reader's anger should sound. The
recognizer says whether it is heard, the speaker encoder whether it is still the reader, the phoneme
net whether the words are still there. They hear what a person would: the vocoder's sound, through
which all three pass their gradient to the mel. Of mels alone a net soon learns patterns that please
the recognizer and that no vocoder speaks: told 0.9 of anger in the mel, it told 0.2 in the sound.
EmoMix' style loss (its eq. 8) is the same idea where a recording exists. Whether it worked is not
theirs to say: the judge of emotion (`models.judge`) and the outside judges hear no training.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from emostudio.audio.mel import HOP, log_mel
from emostudio.audio.pitch import F0_MAX, F0_MIN
from emostudio.models.alignment import PhonemeNet
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.net import EmoMix
from emostudio.models.prosody import Prosody
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.training.windows import windows_of


class Wanted(NamedTuple):
    """Emotion labels (B,), speaker embeddings (B, D_spk), phoneme classes (B, T), 0 a pause."""

    labels: Tensor
    speaker_emb: Tensor
    classes: Tensor


@dataclass(frozen=True)
class Listeners:
    """Frozen nets that hear a mel."""

    recognizer: EmotionRecognizer
    speaker: SpeakerEncoder
    aligner: PhonemeNet
    vocoder: Vocoder

    def freeze(self, device: torch.device) -> "Listeners":
        """Make them ready to pass gradients without learning."""
        for net in (self.recognizer, self.speaker, self.aligner, self.vocoder):
            net.eval().requires_grad_(False).to(device)
        # On a GPU gradients pass through an LSTM in training mode alone; it has no dropout here.
        self.recognizer.lstm.train()
        return self

    def losses(
        self,
        mel: Float[Tensor, "B n_mels T"],
        log_f0: Float[Tensor, "B T"],
        voiced: Float[Tensor, "B T"],
        mask: Bool[Tensor, "B 1 T"],
        wanted: Wanted,
    ) -> dict[str, Tensor]:
        """How far a mel, spoken at this F0 where it is voiced, is from what is wanted."""
        labels, speaker_emb, classes = wanted
        f0 = log_f0.clamp(math.log(F0_MIN), math.log(F0_MAX)).exp() * voiced
        noise = torch.randn(len(mel), mel.shape[-1] * HOP, device=mel.device)
        mel = log_mel(self.vocoder(mel, f0, noise).float()) * mask
        logits, _ = self.recognizer(_disturbed(mel, mask), mask)
        voice = self.speaker(mel, mask)
        phonemes = self.aligner(mel, mask).transpose(1, 2)
        sounds = (mask[:, 0] & (classes > 0)).float()
        words = F.nll_loss(phonemes, classes, reduction="none")
        return {
            "emotion": F.cross_entropy(logits.float(), labels, label_smoothing=0.1),
            "voice": (1 - F.cosine_similarity(voice, speaker_emb)).mean(),
            "words": (words * sounds).sum() / sounds.sum().clamp(min=1),
        }


def _disturbed(mel: Tensor, mask: Tensor) -> Tensor:
    """Pass mels through a random tilt and noise floor, so that no trick of a clean mel counts."""
    tilt = torch.linspace(-1, 1, mel.shape[1], device=mel.device)[None, :, None]
    mel = mel + 0.5 * tilt * torch.randn(len(mel), 1, 1, device=mel.device)
    top = mel.masked_fill(~mask, -torch.inf).amax((1, 2), keepdim=True).detach()
    floor = top - 5 - 5 * torch.rand(len(mel), 1, 1, device=mel.device)
    return torch.logaddexp(mel, floor + 0.3 * torch.randn_like(mel))


# Of a batch, what is needed to speak some of its items anew.
_SPOKEN = "tokens durations offset mel classes voiced speaker_emb pitch_mean asked".split()


@dataclass(frozen=True)
class Asked:
    """Readers' own texts, up to their mel, in an emotion that no recording of them has.

    `some` (B',) are their places in the batch; `who` is speaker and emotion embedding, `given` the
    prosody to speak at, its voicing that of the recording.
    """

    some: Tensor
    mask: Tensor
    who: tuple[Tensor, Tensor]
    frames: Tensor
    given: Prosody
    pitch_mean: Float[Tensor, "B 1"]
    wanted: Wanted

    def answered(self, listeners: Listeners, mel: Tensor, usual: Tensor) -> dict[str, Tensor]:
        """What listeners hear in the mel, and how far it is from the usual one."""
        log_f0 = self.given.log_f0 + self.pitch_mean
        heard = listeners.freeze(mel.device).losses(
            mel, log_f0, self.given.voiced_logit, self.mask, self.wanted
        )
        # What pleases listeners and is no speech lies far from what is usual.
        excess = ((mel - usual).square() * self.mask).sum() / (self.mask.sum() * mel.shape[1])
        return heard | {"excess": excess}


def ask(
    net: EmoMix | DiEmo, batch: dict[str, Tensor], token_mask: Tensor, mask: Tensor, *, most: int
) -> Asked | None:
    """Have at most so many readers of a batch begin to speak in the emotions asked of them.

    Whose voice it shall be is `real_speaker_emb` where the net is told an embedding of its own.
    """
    some = batch["reader"][:, 0].nonzero()[:most, 0]
    if not len(some):
        return None
    part, mask = {name: batch[name][some] for name in _SPOKEN}, mask[some]
    target = batch.get("real_speaker_emb", batch["speaker_emb"])[some]
    labels = part["asked"][:, 0]
    who = (part["speaker_emb"], net.emotion_means[labels])
    features, _ = net.encode(part["tokens"], token_mask[some], *who)
    frames = windows_of(features, part)
    with torch.no_grad():  # listeners shape the timbre; F0 and energy are learned from actors
        prosody = net.predict_prosody(frames, mask, *who)
    given = Prosody(prosody.log_f0, part["voiced"], prosody.energy)
    wanted = Wanted(labels, target, part["classes"])
    return Asked(some, mask, who, frames, given, part["pitch_mean"], wanted)
