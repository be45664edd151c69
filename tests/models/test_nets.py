"""Truths of the vocoder, recognizer and speaker encoder, at sizes a test can run."""

import numpy as np
import pytest
import torch

from emostudio.audio.excitation import excitation_mel, pulse_train
from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.judge import EmotionJudge, JudgeConfig, judge_mel
from emostudio.models.ser import (
    EmotionRecognizer,
    SerConfig,
    affect_of,
    gram,
    style_loss,
)
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig, spectral_loss
from emostudio.training.judge import disturb, without_edges
from emostudio.training.transfer import Listeners, Wanted


@pytest.fixture
def recognizer() -> EmotionRecognizer:
    torch.manual_seed(0)
    return EmotionRecognizer(SerConfig.tiny()).eval()


@pytest.fixture
def vocoder() -> Vocoder:
    torch.manual_seed(0)
    return Vocoder(VocoderConfig.tiny()).eval()


def test_pulses_have_the_pitch_that_was_asked_for() -> None:
    wav = pulse_train(torch.full((1, 64), 200.0))[0]
    spectrum = torch.fft.rfft(wav[: SAMPLE_RATE // 2]).abs()  # 2 Hz a bin
    peaks = spectrum[:2000].topk(10).indices.sort().values * 2
    assert (peaks % 200 == 0).all()


def test_pulses_have_unit_power_at_any_pitch() -> None:
    for hertz in (80.0, 150.0, 400.0):
        assert pulse_train(torch.full((1, 64), hertz)).square().mean().item() == pytest.approx(
            1, rel=0.1
        )


def test_the_excitation_table_is_the_mel_of_a_pulse_train() -> None:
    f0 = torch.full((1, 32), 173.0)
    measured = log_mel(pulse_train(f0))[:, :, 8:24].mean(-1)
    assert (excitation_mel(f0.log())[:, :, 0] - measured).abs().mean() < 0.15


def test_the_vocoder_makes_a_hop_of_samples_a_frame(vocoder: Vocoder) -> None:
    mel, f0 = torch.randn(2, 80, 10) - 5, torch.full((2, 10), 120.0)
    f0[0, :4] = 0
    assert vocoder(mel, f0, torch.randn(2, 10 * HOP)).shape == (2, 10 * HOP)


def test_the_vocoder_speaks_the_pitch_it_is_given(vocoder: Vocoder) -> None:
    from emostudio.audio.pitch import f0_contour

    # Flat mel, no noise: what is left is the pulse train through a smooth filter.
    with torch.inference_mode():
        wav = vocoder(
            torch.full((1, 80, 60), -3.0), torch.full((1, 60), 220.0), torch.zeros(1, 60 * HOP)
        )
    f0 = f0_contour(wav[0].numpy(), SAMPLE_RATE, HOP)
    assert np.median(f0[f0 > 0]) == pytest.approx(220, rel=0.02)


def test_a_whispered_mel_needs_no_pitch(vocoder: Vocoder) -> None:
    wav = vocoder(torch.zeros(1, 80, 8) - 4, torch.zeros(1, 8), torch.randn(1, 8 * HOP))
    assert torch.isfinite(wav).all()


def test_spectral_loss_is_zero_for_equal_sounds_and_grows_with_difference() -> None:
    wav = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    assert spectral_loss(wav, wav).item() == 0
    assert spectral_loss(wav, 0.5 * wav) < spectral_loss(wav, 0.1 * wav)


def test_padding_does_not_change_what_is_recognized(recognizer: EmotionRecognizer) -> None:
    mel = torch.randn(1, 80, 40) - 5
    padded = torch.nn.functional.pad(mel, (0, 14), value=2.0)
    mask = torch.nn.functional.pad(torch.ones(1, 1, 40, dtype=torch.bool), (0, 14))
    for alone, batched in zip(recognizer(mel), recognizer(padded, mask), strict=True):
        assert torch.allclose(alone, batched, atol=1e-5)


def test_level_does_not_change_what_is_recognized(recognizer: EmotionRecognizer) -> None:
    mel = torch.randn(1, 80, 40) - 5
    assert torch.allclose(recognizer(mel)[0], recognizer(mel + 1.5)[0], atol=1e-4)


def test_style_loss_is_zero_for_equal_mels_and_reaches_the_mel(
    recognizer: EmotionRecognizer,
) -> None:
    mel, lengths = torch.randn(2, 80, 40) - 5, torch.tensor([40, 30])
    assert style_loss(recognizer, mel, mel, lengths).abs().max() == 0
    other = (mel + torch.randn_like(mel)).requires_grad_()
    style_loss(recognizer, other, mel, lengths).sum().backward()
    assert other.grad is not None
    assert other.grad.abs().sum() > 0


def test_gram_matrices_forget_order_in_time() -> None:
    features = torch.randn(1, 3, 4, 10)
    assert torch.allclose(gram(features), gram(features.flip(-1)), atol=1e-6)


def test_affect_of_a_sure_category_is_its_published_coordinate() -> None:
    angry = affect_of({"angry": 1.0})
    assert angry.arousal == pytest.approx((1 + 0.59) / 2)
    assert angry.valence == pytest.approx((1 - 0.51) / 2)
    assert affect_of({"neutral": 1.0}).dominance == 0.5


def test_speaker_embeddings_have_length_one_and_ignore_level_and_padding() -> None:
    torch.manual_seed(0)
    encoder = SpeakerEncoder(SpeakerConfig.tiny()).eval()
    mel = torch.randn(1, 80, 40) - 5
    embedding = encoder(mel)
    assert embedding.norm().item() == pytest.approx(1, abs=1e-5)
    assert torch.allclose(embedding, encoder(mel + 2), atol=1e-4)
    padded = torch.nn.functional.pad(mel, (0, 9))
    mask = torch.nn.functional.pad(torch.ones(1, 1, 40, dtype=torch.bool), (0, 9))
    assert torch.allclose(embedding, encoder(padded, mask), atol=1e-5)


@pytest.fixture
def judge() -> EmotionJudge:
    torch.manual_seed(0)
    net = EmotionJudge(JudgeConfig.tiny())
    with torch.no_grad():  # norms that have seen something, so that padding could show
        for block in net.blocks:
            block.norm1.running_mean.normal_()
            block.norm2.running_mean.normal_()
    return net.eval()


@pytest.mark.parametrize("n_frames", [40, 41])
def test_padding_does_not_change_what_is_judged(judge: EmotionJudge, n_frames: int) -> None:
    mel = torch.randn(1, 128, n_frames) - 5
    padded = torch.nn.functional.pad(mel, (0, 13), value=2.0)
    mask = torch.nn.functional.pad(torch.ones(1, 1, n_frames, dtype=torch.bool), (0, 13))
    assert torch.allclose(judge(mel), judge(padded, mask), atol=1e-5)


def test_level_does_not_change_what_is_judged(judge: EmotionJudge) -> None:
    wav = torch.randn(1, SAMPLE_RATE, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(judge(judge_mel(wav)), judge(judge_mel(0.3 * wav)), atol=1e-3)


def test_a_sound_shorter_than_a_window_is_judged(judge: EmotionJudge) -> None:
    assert torch.isfinite(judge(judge_mel(torch.zeros(1, 100)))).all()


def test_disturbance_keeps_a_sound_in_range_and_about_as_long() -> None:
    wav = np.sin(np.arange(2 * SAMPLE_RATE) / 20).astype(np.float32)
    for seed in range(20):
        got = disturb(np.random.default_rng(seed), wav)
        assert np.abs(got).max() <= 1
        assert got.dtype == np.float32
        assert 0.89 * len(wav) < len(got) < 1.12 * len(wav)
        assert (got == disturb(np.random.default_rng(seed), wav)).all()


def test_edges_are_cut_only_where_speech_remains() -> None:
    assert len(without_edges(np.ones(SAMPLE_RATE))) < SAMPLE_RATE
    assert len(without_edges(np.ones(1000))) == 1000


def test_listeners_reach_the_mel_and_know_the_voice_they_are_asked_about() -> None:
    torch.manual_seed(0)
    listeners = Listeners(
        EmotionRecognizer(SerConfig.tiny()),
        SpeakerEncoder(SpeakerConfig.tiny()),
        PhonemeNet(AlignerConfig.tiny()),
        Vocoder(VocoderConfig.tiny()),
    ).freeze(torch.device("cpu"))
    mel = (torch.randn(2, 80, 40) - 5).requires_grad_()
    mask = torch.ones(2, 1, 40, dtype=torch.bool)
    f0 = torch.full((2, 40), 150.0)
    torch.manual_seed(1)
    sound = listeners.vocoder(mel, f0, torch.randn(2, 40 * 256)).detach()
    voice = listeners.speaker(log_mel(sound), mask)
    wanted = Wanted(torch.tensor([1, 2]), voice, torch.randint(1, 5, (2, 40)))
    torch.manual_seed(1)
    heard = listeners.losses(mel, f0.log(), torch.ones(2, 40), mask, wanted)
    assert heard["voice"].item() == pytest.approx(0, abs=1e-5)
    for loss in heard.values():
        (grad,) = torch.autograd.grad(loss, mel, retain_graph=True)
        assert torch.isfinite(grad).all()
    assert all(not p.requires_grad for p in listeners.recognizer.parameters())
