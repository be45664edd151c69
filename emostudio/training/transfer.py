"""What frozen nets hear in speech that no recording shows: a reader in an emotion.

No reader of the corpora is ever angry, so nothing there says how a reader's anger should sound. The
recognizer says whether it is heard, the speaker encoder whether it is still the reader, the phoneme
net whether the words are still there; all three pass their gradient to the mel. EmoMix' style loss
(its eq. 8) is the same idea where a recording exists. Whether it worked is not theirs to say: the
judge of emotion (`models.judge`) and the outside judges hear no training.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from emostudio.models.alignment import PhonemeNet
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder


@dataclass(frozen=True)
class Listeners:
    """Frozen nets that hear a mel."""

    recognizer: EmotionRecognizer
    speaker: SpeakerEncoder
    aligner: PhonemeNet

    def freeze(self, device: torch.device) -> "Listeners":
        """Make them ready to pass gradients without learning."""
        for net in (self.recognizer, self.speaker, self.aligner):
            net.eval().requires_grad_(False).to(device)
        return self

    def losses(
        self,
        mel: Float[Tensor, "B n_mels T"],
        mask: Bool[Tensor, "B 1 T"],
        labels: Int[Tensor, " B"],
        speaker_emb: Float[Tensor, "B D_spk"],
        classes: Int[Tensor, "B T"],
    ) -> dict[str, Tensor]:
        """How far a mel is from an emotion, from a voice, and from phoneme classes (0: pause)."""
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
