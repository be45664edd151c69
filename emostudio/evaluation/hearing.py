"""The judges of our own: what a sound's emotion is, by two nets, and its phonemes, by a third.

The judge of emotion takes no part in training what speaks. The recognizer and the aligner do (they
condition EmoMix and are its listeners), so their word counts less; no figure of emotion comes from
one net alone.
"""

from dataclasses import dataclass

import numpy as np
import torch

from emostudio.audio.mel import log_mel
from emostudio.data.features import trim
from emostudio.evaluation.manners import Manners, manners, noise_floor_db
from emostudio.evaluation.outside_judges import edits
from emostudio.evaluation.readback import phonemes_heard
from emostudio.models.alignment import PhonemeNet, classes_of
from emostudio.models.checkpoint import Store
from emostudio.models.judge import EmotionJudge, judge_mel
from emostudio.models.ser import EmotionRecognizer
from emostudio.text.phonemes import is_boundary
from emostudio.training.judge import without_edges


@dataclass(frozen=True)
class Heard:
    """Probabilities by emotion of both nets, how it is spoken, and the noise floor in dB."""

    judge: dict[str, float]
    recognizer: dict[str, float]
    manners: Manners | None
    floor_db: float


class Hearing:
    """Our nets that listen, from a store."""

    def __init__(self, store: Store) -> None:
        """Load the nets.

        Raises:
            ValueError: a checkpoint is missing or damaged.
        """
        self.judge = store.load(EmotionJudge)
        self.recognizer = store.load(EmotionRecognizer)
        self.aligner = store.load(PhonemeNet)

    @torch.inference_mode()
    def hear(self, wav: np.ndarray, text: str = "", *, offered: tuple[str, ...] = ()) -> Heard:
        """Listen to a 16 kHz sound (T_wav,); `offered` bars all other emotions.

        Without its text how it is spoken is not measured.
        """
        speech = without_edges(trim(wav))
        judge = self.judge(judge_mel(torch.from_numpy(speech)[None]))
        recognizer, _ = self.recognizer(log_mel(torch.from_numpy(wav)[None]))
        return Heard(
            _probs(judge, self.judge.config.emotions, offered),
            _probs(recognizer, self.recognizer.config.emotions, offered),
            manners(wav, text) if text else None,
            noise_floor_db(wav),
        )

    @torch.inference_mode()
    def phoneme_errors(self, wav: np.ndarray, tokens: np.ndarray) -> tuple[int, int]:
        """How many phonemes of a sound (T_wav,) are not those of `tokens` (L,), of how many."""
        heard = phonemes_heard(self.aligner, log_mel(torch.from_numpy(wav)[None])[0])
        said = classes_of(tokens[~is_boundary(tokens)]).tolist()
        return edits(said, heard), len(said)


def label(probs: dict[str, float]) -> str:
    """The likeliest emotion."""
    return max(probs, key=lambda name: probs[name])


def _probs(
    logits: torch.Tensor, emotions: tuple[str, ...], offered: tuple[str, ...]
) -> dict[str, float]:
    barred = torch.tensor([bool(offered) and name not in offered for name in emotions])
    probs = logits[0].masked_fill(barred, -torch.inf).softmax(-1).tolist()
    return dict(zip(emotions, probs, strict=True))
