"""The suites of nets are given known answers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emostudio.data.features import Pack, pack
from emostudio.evaluation import held_out
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.vocoder import Vocoder, VocoderConfig
from tests.speech import corpora


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    root: Path = tmp_path_factory.mktemp("speech")
    return pack(corpora(root / "corpora"), root / "pack", processes=1)


def test_clear_speakers_have_no_error_and_shuffled_ones_have_half() -> None:
    rng = np.random.default_rng(0)
    names = np.repeat(["a", "b", "c"], 40)
    clear = np.repeat(np.eye(3), 40, axis=0) + 0.05 * rng.normal(size=(120, 3))
    clear /= np.linalg.norm(clear, axis=1, keepdims=True)
    assert held_out.equal_error_rate(clear, names) == pytest.approx(0, abs=0.01)
    assert held_out.equal_error_rate(clear, rng.permutation(names)) == pytest.approx(0.5, abs=0.06)


def test_a_recognizer_that_always_says_neutral_is_right_on_read_speech_alone(data: Pack) -> None:
    net = EmotionRecognizer(SerConfig.tiny()).eval()
    with torch.no_grad():
        net.classify.weight.zero_()
        net.classify.bias.zero_()[net.config.emotions.index("neutral")] = 5.0
    report = held_out.recognizer(net, data)
    assert report["librispeech"]["neutral_or_calm"] == 1
    assert "ravdess" not in report  # nobody of it is held out here


def test_a_copy_is_nearer_in_pitch_than_in_timbre_without_training(data: Pack) -> None:
    torch.manual_seed(0)
    net = Vocoder(VocoderConfig.tiny()).eval()
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.zero_().view(net.config.splits, 3, -1)[:, 2] = -6.0
    report = held_out.vocoder(net, data)["librispeech"]
    assert report["f0_error_cents"] < 20
    assert report["mel_distance"] > 0.5
