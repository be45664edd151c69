"""The pass that writes speaker and emotion embeddings of every utterance into a pack."""

from pathlib import Path

import numpy as np
import torch

from emostudio.data.features import Pack
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder


@torch.inference_mode()
def embed(speaker: SpeakerEncoder, recognizer: EmotionRecognizer, folder: Path) -> None:
    """Write speaker_emb.npy (rows, D_spk) and emotion_emb.npy (rows, D_emo) into `folder`."""
    data = Pack.open(folder)
    speakers, emotions = [], []
    for row in data.rows:
        mel = torch.from_numpy(data.mel_of(row))[None]
        speakers.append(speaker(mel)[0].numpy())
        emotions.append(recognizer(mel)[1][0].numpy())
    np.save(folder / "speaker_emb.npy", np.stack(speakers).astype(np.float32))
    np.save(folder / "emotion_emb.npy", np.stack(emotions).astype(np.float32))
