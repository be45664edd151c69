"""What a map knows of a clip: four features, the recognizer's shares, and affect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from emostudio.audio.functionals import functionals
from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import f0_contour
from emostudio.audio.torchaudio_door import resample
from emostudio.data.features import at_speech_level, trim
from emostudio.evaluation.readback import check_clip, prediction, recognize
from emostudio.maps.space import FEATURES
from emostudio.models.checkpoint import Store, device_of
from emostudio.models.diemo.attributes import AttributeRegressor
from emostudio.models.diemo.net import DiEmo
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.values import Clip, Prediction

LONGEST_S = 30.0  # of a clip is heard


@dataclass(frozen=True)
class Packed:
    """What a pack has of a clip: `mel` (n_mels, T), `f0` (T,), and embeddings where it has them.

    `hashes` tells the checkpoints of the embeddings, ser and speaker.
    """

    mel: np.ndarray
    f0: np.ndarray
    ser: np.ndarray | None = None
    speaker: np.ndarray | None = None
    hashes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """A clip as a map has it: `features` (D,) by name, `affect` among them, and the recognizer's.

    `clip` is what was heard: 16 kHz, silence at its ends cut, at the level of training speech;
    none where a pack has it.
    """

    clip: Clip | None
    features: dict[str, np.ndarray]
    prediction: Prediction


class Ear:
    """Hears with the checkpoints ser and speaker, and with diemo and attributes where they are."""

    def __init__(self, store: Store, device: str = "cpu") -> None:
        """Load the nets.

        Raises:
            ValueError: a checkpoint is missing or damaged.
        """
        self.recognizer = store.load(EmotionRecognizer, device)
        self.speaker = store.load(SpeakerEncoder, device)
        optional = ("diemo", "attributes")
        there = [n for n in optional if (store.folder(n) / "model.safetensors").is_file()]
        self.diemo = store.load(DiEmo, device) if "diemo" in there else None
        self.attributes = store.load(AttributeRegressor) if "attributes" in there else None
        self.checkpoints = ("ser", "speaker", *there)
        self.hashes = {name: store.sha256(name) for name in self.checkpoints}
        self.features = tuple(name for name in FEATURES if self.diemo or name != "diemo")
        self.device = device_of(device)

    @torch.inference_mode()
    def hear(self, clip: Clip) -> Heard:
        """Hear a clip of any rate, level and length; what is longer than `LONGEST_S` is cut.

        Raises:
            ValueError: too short, silent, or no numbers.
        """
        check_clip(clip)
        wav = clip.wav[: round(LONGEST_S * clip.sample_rate)]
        wav = trim(np.asarray(resample(wav, clip.sample_rate, SAMPLE_RATE), np.float32))
        wav = at_speech_level(wav)
        clip = Clip(wav, SAMPLE_RATE)
        check_clip(clip)
        mel = log_mel(torch.from_numpy(wav)[None].to(self.device))
        speaker = self.speaker(mel)[0].cpu().numpy()
        f0 = f0_contour(wav, SAMPLE_RATE, HOP)
        return self._heard(clip, mel, f0, speaker, recognize(self.recognizer, clip))

    @torch.inference_mode()
    def hear_packed(self, packed: Packed) -> Heard:
        """Hear a clip of a pack; embeddings of these same checkpoints are not made again."""
        mel = torch.from_numpy(packed.mel)[None].to(self.device)
        speaker, embedding = packed.speaker, packed.ser
        if speaker is None or packed.hashes.get("speaker") != self.hashes["speaker"]:
            speaker = self.speaker(mel)[0].cpu().numpy()
        if embedding is None or packed.hashes.get("ser") != self.hashes["ser"]:
            embedding = self.recognizer(mel)[1][0].cpu().numpy()
        logits = self.recognizer.logits_of(torch.tensor(embedding)[None].to(self.device))
        heard = prediction(self.recognizer, logits.softmax(-1)[0], embedding)
        return self._heard(None, mel, packed.f0, speaker, heard)

    def _heard(
        self,
        clip: Clip | None,
        mel: torch.Tensor,
        f0: np.ndarray,
        speaker: np.ndarray,
        told: Prediction,
    ) -> Heard:
        raw = functionals(mel[0].cpu().numpy(), f0)
        felt = self.attributes.of_clip(raw) if self.attributes else told.affect
        features = {
            "ser": told.embedding,
            "speaker": speaker,
            "raw": raw,
            "affect": np.array([felt.arousal, felt.dominance, felt.valence], np.float32),
        }
        if self.diemo is not None:
            features = {"diemo": self.diemo.embed(mel)[0].cpu().numpy()} | features
        return Heard(clip, features, told)
