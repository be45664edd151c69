"""Tiny untrained models in a folder, so that the public API is tested whole in seconds."""

import json
from pathlib import Path

import torch
from torch import nn

from emostudio.models import checkpoint
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.content import ContentConfig, ContentEncoder
from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.judge import EmotionJudge, JudgeConfig
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.net import Zest


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
        _disturb(emomix)
    for name, model in models.items():
        checkpoint.save(model, root / name)
    voices = {
        name: {"lang": lang, "pitch_mean": pitch, "speaker_emb": torch.randn(8).tolist()}
        for name, lang, pitch in (("kathleen", "en", 5.1), ("kerstin", "de", 5.2))
    }
    checkpoint.save(content(), root / "content")
    checkpoint.save(zest(), root / "zest")
    checkpoint.save(diemo(), root / "diemo")
    for name in ("emomix", "diemo"):
        (root / name / "voices.json").write_text(json.dumps(voices))
    return root


def content() -> ContentEncoder:
    """An encoder whose inventory holds random units."""
    net = ContentEncoder(ContentConfig.tiny())
    centroids = torch.randn_like(net.inventory.centroids)
    net.inventory.fill(torch.randn(64, centroids.shape[1]), centroids)
    return net.eval()


def diemo() -> DiEmo:
    """An engine whose emotions differ, and whose conditions matter already."""
    net = DiEmo(DiEmoConfig.tiny())
    with torch.no_grad():
        net.emotion_means.normal_()
        net.prosody_head.bias[1] = 3.0  # voiced
        net.duration_head.bias.fill_(1.0)
        _disturb(net)
    return net.eval()


def zest(config: ZestConfig | None = None) -> Zest:
    """A system whose emotions differ, and whose conditions matter already."""
    net = Zest(ZestConfig.tiny() if config is None else config)
    with torch.no_grad():
        net.emotion_means.normal_()
        _disturb(net)
    return net.eval()


def _disturb(net: nn.Module) -> None:
    """Untrained nets have zeros where they will learn what a condition does."""
    for parameter in net.parameters():
        if not parameter.any():
            parameter.normal_(0, 0.1)
