"""A net that is tuned is held to what it said before, wherever it rehearses its own takes.

Learning without forgetting [1]: the net as it was tells what is wanted, not a recording. A take is
one sample of what EmoMix says. Learned as if it were speech, be it 30 or 70 % of a batch, it left
the recognizer 27 to 32 % of kathleen's emotions to hear, before 42 %; held to, 38 to 41 %.

[1] https://arxiv.org/abs/1606.09282, eq. 2 and 3
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from emostudio.models.blocks import lengths_to_mask
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.net import EmoMix
from emostudio.models.prosody import Prosody
from emostudio.training.windows import windows_of

PITCH_WEIGHT = 5.0  # log F0 differs by tenths where mels differ by ones
MEL_WEIGHT = 2.0


NEEDED = (
    *("tokens", "tokens_lengths", "durations", "offset", "mel", "mel_lengths", "log_f0", "voiced"),
    *("pitch_mean", "speaker_emb"),
)


class _Said(NamedTuple):
    """What a net makes of a text: log durations (B, L), prosody, mels (B, n_mels, T) on the way."""

    log_durations: Tensor
    prosody: Prosody
    mels: tuple[Tensor, ...]


@dataclass(frozen=True)
class Before:
    """A net as it was; it learns nothing more."""

    net: EmoMix | DiEmo

    def __post_init__(self) -> None:
        """Freeze it."""
        self.net.eval().requires_grad_(False)

    def distance(self, now: EmoMix | DiEmo, items: dict[str, Tensor], labels: Tensor) -> Tensor:
        """How far a net has moved from this one.

        Args:
            now: the net that is tuned.
            items: what is `NEEDED` of B items of a batch.
            labels: (B,) the emotions that they are spoken in.
        """
        self.net.to(labels.device)
        token_mask = lengths_to_mask(items["tokens_lengths"], items["tokens"].shape[1])
        mask = lengths_to_mask(items["mel_lengths"], items["mel"].shape[-1])
        t, noise = torch.rand(len(labels), device=labels.device), torch.randn_like(items["mel"])

        def said(net: EmoMix | DiEmo) -> _Said:
            who = (items["speaker_emb"], self.net.emotion_means[labels])
            features, log_durations = net.encode(items["tokens"], token_mask, *who)
            frames = windows_of(features, items)
            prosody = net.predict_prosody(frames, mask, *who)
            given = Prosody(items["log_f0"], items["voiced"], items["mel"].mean(1))
            about = (frames, given, items["pitch_mean"][:, 0], mask)
            if isinstance(net, DiEmo):
                return _Said(log_durations, prosody, (net.decode(*about, *who),))
            mu, hidden = net.prior(*about, *who)
            usual, at = mu.detach(), t.clamp(1e-3)
            x_t = net.schedule.diffuse(items["mel"], usual, at, noise) * mask
            denoised = net.estimator(x_t, mask, usual, hidden, at, *who)
            return _Said(log_durations, prosody, (mu, denoised))

        with torch.no_grad():
            old = said(self.net)
        new = said(now)
        mels = [_mean(a, b, mask) for a, b in zip(new.mels, old.mels, strict=True)]
        durations = _mean(new.log_durations[:, None], old.log_durations[:, None], token_mask)
        pitch = _mean(new.prosody.log_f0[:, None], old.prosody.log_f0[:, None], mask)
        energy = _mean(new.prosody.energy[:, None], old.prosody.energy[:, None], mask)
        voiced, was = (side.prosody.voiced_logit.sigmoid()[:, None] for side in (new, old))
        rest = durations + energy + _mean(voiced, was, mask)
        return MEL_WEIGHT * torch.stack(mels).sum() + PITCH_WEIGHT * pitch + rest


def _mean(one: Tensor, other: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference of (B, C, T) where the mask (B, 1, T) is true."""
    return ((one - other).square() * mask).sum() / (mask.sum() * one.shape[1])
