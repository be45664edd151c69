"""Truths of checkpoints: what is saved loads equal; what is damaged says so."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from emostudio.models import checkpoint
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.content import ContentConfig, ContentEncoder
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.hubert import HubertConfig, HubertContent
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.net import Zest

TINY = {
    "aligner": (PhonemeNet, AlignerConfig.tiny()),
    "speaker": (SpeakerEncoder, SpeakerConfig.tiny()),
    "ser": (EmotionRecognizer, SerConfig.tiny()),
    "vocoder": (Vocoder, VocoderConfig.tiny()),
    "emomix": (EmoMix, EmoMixConfig.tiny()),
    "content": (ContentEncoder, ContentConfig.tiny()),
    "hubert": (HubertContent, HubertConfig.tiny()),
    "zest": (Zest, replace(ZestConfig.tiny(), predictor=False)),
    "zest, generator": (Zest, replace(ZestConfig.tiny(), synthesizer="generator")),
}


@pytest.mark.parametrize("name", TINY)
def test_a_saved_model_loads_equal(name: str, tmp_path: Path) -> None:
    net_class, config = TINY[name]
    model = net_class(config).half().float()  # what half precision can hold
    checkpoint.save(model, tmp_path)
    loaded = checkpoint.load(net_class, tmp_path)
    assert loaded.config == config
    for key, value in model.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[key])


def test_a_missing_checkpoint_says_where_it_goes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'vocoder' is missing: put"):
        checkpoint.load(Vocoder, tmp_path)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_damaged_checkpoint_is_refused(file: str, tmp_path: Path) -> None:
    checkpoint.save(Vocoder(VocoderConfig.tiny()), tmp_path)
    (tmp_path / file).write_bytes(b"\x07not a checkpoint")
    with pytest.raises(ValueError, match=r"damaged|does not describe"):
        checkpoint.load(Vocoder, tmp_path)


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    checkpoint.save(Vocoder(VocoderConfig.tiny()), tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(settings | {"dim": 24}))
    with pytest.raises(ValueError, match="another size"):
        checkpoint.load(Vocoder, tmp_path)


def test_own_models_take_the_place_of_shipped_ones(tmp_path: Path) -> None:
    for place in ("shipped", "own"):
        torch.manual_seed(len(place))
        model = Vocoder(VocoderConfig.tiny())
        checkpoint.save(model, tmp_path / place / "vocoder")
    checkpoint.save(SpeakerEncoder(SpeakerConfig.tiny()), tmp_path / "shipped/speaker")
    store = checkpoint.Store(tmp_path / "shipped", str(tmp_path / "own"))
    assert store.folder("vocoder") == tmp_path / "own" / "vocoder"
    assert store.folder("speaker") == tmp_path / "shipped" / "speaker"
    assert store.sha256("vocoder") != checkpoint.Store(tmp_path / "shipped").sha256("vocoder")


def test_a_repository_that_cannot_be_reached_is_said_in_words(tmp_path: Path) -> None:
    store = checkpoint.Store(tmp_path, "nobody/no-such-models")
    with pytest.raises(ValueError, match="neither a folder here nor a repository"):
        store.folder("vocoder")


def test_a_repository_is_downloaded_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    checkpoint.save(Vocoder(VocoderConfig.tiny()), tmp_path / "hub" / "vocoder")
    asked: list[str] = []

    def snapshot_download(repo_id: str, *, allow_patterns: list[str]) -> str:
        asked.append(repo_id)
        assert "*.safetensors" in allow_patterns
        return str(tmp_path / "hub")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    store = checkpoint.Store(tmp_path / "shipped", "someone/models")
    assert store.load(Vocoder).config == VocoderConfig.tiny()
    assert asked == ["someone/models"]
