"""The suites of nets are given known answers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emostudio.evaluation import held_out
from emostudio.evaluation.hearing import Hearing
from emostudio.evaluation.real import Recordings, clip_of, joined
from emostudio.models.checkpoint import Store
from emostudio.models.vocoder import Vocoder, VocoderConfig
from tests import tiny
from tests.speech import corpora


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    return Recordings.of(corpora(tmp_path_factory.mktemp("speech") / "corpora"))


def test_clear_speakers_have_no_error_and_shuffled_ones_have_half() -> None:
    rng = np.random.default_rng(0)
    names = np.repeat(["a", "b", "c"], 40)
    clear = np.repeat(np.eye(3), 40, axis=0) + 0.05 * rng.normal(size=(120, 3))
    clear /= np.linalg.norm(clear, axis=1, keepdims=True)
    assert held_out.equal_error_rate(clear, names) == pytest.approx(0, abs=0.01)
    assert held_out.equal_error_rate(clear, rng.permutation(names)) == pytest.approx(0.5, abs=0.06)


def test_nets_that_always_say_neutral_are_right_on_read_speech_alone(
    real: Recordings, tmp_path: Path
) -> None:
    hearing = Hearing(Store(tiny.checkpoints(tmp_path)))
    with torch.no_grad():
        for net in (hearing.judge, hearing.recognizer):
            net.classify.weight.zero_()
            net.classify.bias.zero_()[net.config.emotions.index("neutral")] = 5.0
    report = held_out.emotion(hearing, real)
    for ear in ("judge", "recognizer"):
        assert report["librispeech"][ear]["neutral_or_calm"]["value"] == 1
        acted = report["ravdess"][ear]
        assert acted["accuracy"]["value"] == pytest.approx(1 / 3, abs=1e-4)
        assert acted["recall"] == {"angry": 0, "happy": 0, "neutral": 1}


def test_a_copy_is_nearer_in_pitch_than_in_timbre_without_training(
    real: Recordings, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    net = Vocoder(VocoderConfig.tiny()).eval()
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.zero_().view(net.config.splits, 3, -1)[:, 2] = -6.0
    nowhere = tmp_path / "environment"
    nowhere.write_text("")
    report = held_out.vocoder(net, real, tmp_path / "out", judges=nowhere)["librispeech"]
    assert report["f0_error_cents"] < 20
    assert report["mel_distance"]["value"] > 0.5
    assert "p808_of_copies" not in report


def test_a_reference_is_as_long_as_asked_and_at_the_level_of_training(real: Recordings) -> None:
    from emostudio.data.features import SPEECH_LEVEL_DB, speech_level_db

    clips = real.select("librispeech")
    assert joined(clips, 3.0).duration_s == pytest.approx(3.0)
    assert speech_level_db(clip_of(clips[0]).wav) == pytest.approx(SPEECH_LEVEL_DB, abs=0.01)
    with pytest.raises(ValueError, match="no recording"):
        joined([], 3.0)


def test_phonemes_of_silence_are_all_missed(tmp_path: Path) -> None:
    hearing = Hearing(Store(tiny.checkpoints(tmp_path)))
    with torch.no_grad():
        hearing.aligner.head.weight.zero_()
        hearing.aligner.head.bias.zero_()[0] = 5.0  # it hears nothing but pauses
    tokens = np.array([0, 30, 33, 36, 1])
    errors, phonemes = hearing.phoneme_errors(np.zeros(16_000, np.float32), tokens)
    assert errors == phonemes == 3
