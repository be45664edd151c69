"""Tiny untrained models in a folder, so that the public API is tested whole in seconds."""

import json
from pathlib import Path

import torch

from emostudio.models import checkpoint
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.judge import EmotionJudge, JudgeConfig
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig


def checkpoints(root: Path, *, seed: int = 0) -> Path:
    """Write every checkpoint that the studio needs, and two preset voices."""
    torch.manual_seed(seed)
    models = {
        "aligner": PhonemeNet(AlignerConfig.tiny()),
        "speaker": SpeakerEncoder(SpeakerConfig.tiny()),
        "ser": EmotionRecognizer(SerConfig.tiny()),
        "judge": EmotionJudge(JudgeConfig.tiny()),
        "vocoder": Vocoder(VocoderConfig.tiny()),
        "emomix": EmoMix(EmoMixConfig.tiny()),
    }
    emomix, vocoder = models["emomix"], models["vocoder"]
    assert isinstance(emomix, EmoMix)
    assert isinstance(vocoder, Vocoder)
    with torch.no_grad():
        vocoder.head.weight.mul_(
            0.1
        )  # pulses through a nearly flat filter: a voice that Praat hears
        vocoder.head.bias.zero_().view(vocoder.config.splits, 3, -1)[:, 2] = -4.0
        emomix.emotion_means.normal_()
        emomix.prosody_head.bias[1] = 3.0  # voiced
        emomix.duration.bias.fill_(1.0)  # an untrained net would give every phoneme one frame
        for parameter in emomix.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.1)
    for name, model in models.items():
        checkpoint.save(model, root / name)
    voices = {
        name: {"lang": lang, "pitch_mean": pitch, "speaker_emb": torch.randn(8).tolist()}
        for name, lang, pitch in (("kathleen", "en", 5.1), ("kerstin", "de", 5.2))
    }
    (root / "emomix" / "voices.json").write_text(json.dumps(voices))
    return root
