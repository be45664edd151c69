"""Asked against got: what the studio's own models hear in a sound."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from emostudio.audio.mel import SAMPLE_RATE, log_mel
from emostudio.audio.torchaudio_door import resample
from emostudio.evaluation.outside_judges import edits
from emostudio.models.alignment import PhonemeNet
from emostudio.models.ser import EmotionRecognizer, affect_of
from emostudio.models.speaker import SpeakerEncoder
from emostudio.values import Clip, Prediction

# What the recognizer was trained on is one to a few seconds long; more is heard by pieces.
PIECE_S = 6.0
MIN_S = 0.3


@torch.inference_mode()
def recognize(recognizer: EmotionRecognizer, clip: Clip) -> Prediction:
    """Emotion of a clip at any rate, level and length; a long one is the mean over its pieces."""
    wav = _at_model_rate(clip)
    n_pieces = max(1, round(len(wav) / SAMPLE_RATE / PIECE_S))
    device = next(recognizer.parameters()).device
    logits, embeddings = zip(
        *(
            recognizer(log_mel(torch.from_numpy(piece)[None].to(device)))
            for piece in np.array_split(wav, n_pieces)
        ),
        strict=True,
    )
    embedding = torch.stack(embeddings).mean(0)[0].cpu().numpy()
    return prediction(recognizer, torch.stack(logits).softmax(-1).mean(0)[0], embedding)


def prediction(
    recognizer: EmotionRecognizer, probs: Float[Tensor, " n_emotions"], embedding: np.ndarray
) -> Prediction:
    """Name what the recognizer heard; the embedding is (D_emo,)."""
    named = dict(zip(recognizer.config.emotions, probs.cpu().tolist(), strict=True))
    label = max(named, key=lambda name: named[name])
    return Prediction(label, named, affect_of(named), embedding)


@torch.inference_mode()
def voice_similarity(speaker: SpeakerEncoder, clip: Clip, speaker_emb: np.ndarray) -> float:
    """Cosine between the speaker embedding of a clip and `speaker_emb` (D_spk,)."""
    wav = torch.from_numpy(_at_model_rate(clip))[None].to(next(speaker.parameters()).device)
    heard = speaker(log_mel(wav))[0].cpu().numpy()
    return float(heard @ speaker_emb / np.linalg.norm(speaker_emb).clip(min=1e-6))


@torch.inference_mode()
def phonemes_heard(aligner: PhonemeNet, mel: Float[Tensor, "n_mels T"]) -> list[int]:
    """Phoneme classes that the aligner's net hears one after the other, pauses left out."""
    classes = aligner(mel[None])[0].argmax(-1).cpu().numpy()
    starts = np.flatnonzero(np.diff(classes, prepend=-1))
    lasts = np.diff(starts, append=len(classes))
    # What lasts a single frame is the net in doubt between two phonemes.
    runs = [int(c) for c, n in zip(classes[starts], lasts, strict=True) if n > 1 and c > 0]
    return [c for place, c in enumerate(runs) if place == 0 or c != runs[place - 1]]


def words_unlike(aligner: PhonemeNet, source: np.ndarray, result: np.ndarray) -> float:
    """Share of a source's phonemes that are heard otherwise in a result, both mels (n_mels, T)."""
    device = next(aligner.parameters()).device
    said, heard = (
        phonemes_heard(aligner, torch.from_numpy(mel).to(device)) for mel in (source, result)
    )
    return edits(said, heard) / max(1, len(said), len(heard))


def check_clip(clip: Clip) -> None:
    """Refuse a recording in which no emotion can be heard.

    Raises:
        ValueError: too short, silent, or no numbers.
    """
    if not np.isfinite(clip.wav).all():
        raise ValueError("The clip has samples that are no numbers; save the recording again.")
    if clip.duration_s < MIN_S:
        raise ValueError(f"The clip is {clip.duration_s:.2f} s long; give at least {MIN_S} s.")
    if np.abs(clip.wav).max() < 1e-4:
        raise ValueError("The clip is silent; choose one with a voice in it.")


def _at_model_rate(clip: Clip) -> np.ndarray:
    wav = resample(clip.wav, clip.sample_rate, SAMPLE_RATE)
    short = max(0, round(MIN_S * SAMPLE_RATE) - len(wav))
    return np.pad(np.asarray(wav, dtype=np.float32), (0, short))
