"""Truths of ZEST's parts, at sizes a test can run."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from emostudio.models.content import Units
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.contours import UnitEmbedding, moved
from emostudio.models.zest.generator import UnitGenerator, f0_at_unit_rate
from emostudio.models.zest.net import Zest
from emostudio.models.zest.sace import frame_mean, reverse_gradient
from emostudio.models.zest.synthesizer import Synthesizer, smoothing
from tests import tiny

GENERATOR = replace(ZestConfig.tiny(), synthesizer="generator")


@pytest.fixture
def net() -> Zest:
    torch.manual_seed(0)
    return tiny.zest()


@pytest.fixture
def generator() -> UnitGenerator:
    torch.manual_seed(0)
    return UnitGenerator(GENERATOR).eval()


def units(n: int, *, batch: int = 1, nearest: int = 2) -> Units:
    shares = torch.rand(batch, n, nearest).softmax(-1)
    return Units(torch.randint(0, 12, (batch, n, nearest)), shares)


def padded(mask: int, more: int) -> torch.Tensor:
    return F.pad(torch.ones(1, 1, mask, dtype=torch.bool), (0, more))


def test_a_reversed_gradient_is_minus_the_gradient_times_its_weight() -> None:
    x = torch.randn(3, 4, requires_grad=True)
    toward = torch.randn(3, 4)
    assert torch.equal(reverse_gradient(x, 0.3), x)
    (reverse_gradient(x, 0.3) * toward).sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, -0.3 * toward)


def test_level_does_not_change_the_emotion(net: Zest) -> None:
    mel = torch.randn(1, 80, 40) - 5
    assert torch.allclose(net.sace(mel), net.sace(mel + 1.5), atol=1e-4)


def test_padding_does_not_change_the_emotion(net: Zest) -> None:
    mel, mask = torch.randn(1, 80, 40) - 5, padded(40, 14)
    frames = net.sace(F.pad(mel, (0, 14), value=2.0), mask)
    assert torch.allclose(frames[:, :40], net.sace(mel), atol=1e-5)
    assert not frames[:, 40:].any()
    assert torch.allclose(frame_mean(frames, mask), frame_mean(net.sace(mel)), atol=1e-5)


def test_ease_is_linear_so_that_the_ease_of_a_mean_is_the_mean_of_eases(net: Zest) -> None:
    voices = torch.randn(6, 8)
    assert torch.allclose(net.ease(voices.mean(0)), net.ease(voices).mean(0), atol=1e-5)


def test_ease_hears_only_the_directions_it_starts_from(net: Zest) -> None:
    basis = torch.linalg.qr(torch.randn(8, 8)).Q
    net.ease.start_from(basis[:4])
    voice = torch.randn(8)
    deaf = voice + 3 * basis[4:].sum(0)
    assert torch.allclose(net.ease(voice), net.ease(deaf), atol=1e-4)


def test_padding_does_not_change_contours(net: Zest) -> None:
    said, ease, emotion = units(32), torch.randn(1, 8), torch.randn(1, 20, 8)
    more = Units(*(torch.cat([x, y], dim=1) for x, y in zip(said, units(8), strict=True)))
    alone = net.contours(said, padded(38, 0), emotion, None, ease)
    loud = torch.cat([emotion, torch.full((1, 9, 8), 7.0)], dim=1)
    batched = net.contours(more, padded(38, 12), loud, padded(20, 9), ease)
    for got, want in zip(batched, alone, strict=True):
        assert torch.allclose(got[:, :38], want, atol=1e-5)


def test_an_emotion_changes_contours_and_the_same_emotion_does_not(net: Zest) -> None:
    said, ease, mask = units(32), torch.randn(1, 8), padded(40, 0)
    calm, angry = net.emotion_means[None, :1], net.emotion_means[None, 4:5]
    was, same, will = (net.contours(said, mask, e, None, ease) for e in (calm, calm, angry))
    source, voiced, none = torch.randn(1, 40), torch.ones(1, 40), torch.zeros(1)
    assert torch.allclose(moved(source, same.log_f0 - was.log_f0, voiced, none, none), source)
    change = moved(source, will.log_f0 - was.log_f0, voiced, none, none) - source
    assert change.abs().max() > 1e-3


def test_a_move_shifts_the_mean_of_voiced_frames_and_widens_their_course() -> None:
    source, change = torch.randn(2, 50), torch.randn(2, 50)
    voiced = (torch.rand(2, 50) > 0.4).float()
    shift, spread = torch.tensor([0.3, -0.2]), torch.tensor([0.5, 0.0])

    def mean(x: torch.Tensor) -> torch.Tensor:
        return (x * voiced).sum(1) / voiced.sum(1)

    got = moved(source, change, voiced, shift, spread)
    assert torch.allclose(mean(got), mean(source) + shift, atol=1e-5)
    wide = moved(source, 0 * change, voiced, 0 * shift, spread)
    course = (source - mean(source)[:, None]) * spread.exp()[:, None]
    assert torch.allclose(wide - mean(wide)[:, None], course, atol=1e-5)


def test_moves_are_linear_and_end_at_an_octave(net: Zest) -> None:
    net.moves.weight.copy_(torch.randn_like(net.moves.weight) / 30)
    was, shall = torch.randn(2, 1, 8).unbind(0)
    full, half = net.moves(was, shall), net.moves(was, (was + shall) / 2)
    for whole, part in zip(full, half, strict=True):
        assert torch.allclose(part, whole / 2, atol=1e-6)
    assert float(net.moves(was, 1e4 * shall).pitch.abs()) == pytest.approx(0.7)
    net.moves.weight.zero_()


def test_a_sure_unit_is_its_vector_and_frames_stand_where_units_do() -> None:
    torch.manual_seed(0)
    embedding = UnitEmbedding(12, 8)
    sure = Units(torch.full((1, 20, 1), 5), torch.ones(1, 20, 1))
    frames = embedding(sure, 27)
    assert frames.shape == (1, 8, 27)
    assert torch.allclose(frames, embedding.table.weight[5][None, :, None].expand_as(frames))


def test_smoothing_twice_is_smoothing_once_and_keeps_levels() -> None:
    smooth = smoothing()
    assert torch.allclose(smooth @ smooth, smooth, atol=1e-5)
    assert torch.allclose(smooth @ torch.ones(80), torch.ones(80), atol=1e-5)
    edges = torch.ones(80) * torch.tensor([1.0, -1.0]).repeat(40)
    assert (smooth @ edges).abs().mean() < 0.05  # harmonics go


def test_a_recording_that_looks_sharply_into_itself_finds_its_smoothed_spectrum(net: Zest) -> None:
    synthesizer, mel = net.synthesizer, torch.randn(1, 80, 30) - 5
    assert isinstance(synthesizer, Synthesizer)
    with torch.no_grad():
        synthesizer.sharpness.fill_(math.log(1e5))
    content = torch.randn(1, 16, 30)
    found = synthesizer.look_up(content, content, mel, padded(30, 0))
    own = synthesizer.smooth @ (mel - mel.mean(1, keepdim=True))
    assert torch.allclose(found, own, atol=1e-4)


def test_padding_does_not_change_what_is_synthesized(net: Zest) -> None:
    synthesizer, said = net.synthesizer, units(32)
    assert isinstance(synthesizer, Synthesizer)
    more = Units(*(torch.cat([x, y], dim=1) for x, y in zip(said, units(16), strict=True)))
    prompt, contours = torch.randn(1, 80, 38) - 5, torch.rand(1, 3, 38)
    ease, emotions = torch.randn(1, 8), (torch.randn(1, 8), torch.randn(1, 8))
    spoken = []
    for extra, asked in ((0, said), (14, more)):
        mask = padded(38, extra)
        content = synthesizer.content(asked, mask)
        mel = F.pad(prompt, (0, extra), value=3.0)
        looked_up = synthesizer.look_up(content, content, mel, mask)
        given = F.pad(contours, (0, extra), value=1.0)
        spoken.append(synthesizer(content, looked_up, given, mask, ease, emotions))
    assert torch.allclose(spoken[0], spoken[1][..., :38], atol=1e-4)
    assert not spoken[1][..., 38:].any()


def test_energy_is_spoken_as_it_is_asked_for(net: Zest) -> None:
    """Energy stands beside what the net says of the shape, so a louder contour is heard as such."""
    synthesizer, mask = net.synthesizer, padded(40, 0)
    assert isinstance(synthesizer, Synthesizer)
    content, looked_up = torch.randn(1, 16, 40), torch.zeros(1, 80, 40)
    emotions = (torch.zeros(1, 8), torch.zeros(1, 8))
    levels = []
    for energy in (-6.0, -3.0):
        contours = torch.stack([torch.full((1, 40), x) for x in (5.0, 1.0, energy)], dim=1)
        mel = synthesizer(content, looked_up, contours, mask, torch.zeros(1, 8), emotions)
        levels.append(mel.mean())
    assert levels[1] - levels[0] > 1.5


def test_a_generator_speaks_320_samples_a_unit(generator: UnitGenerator) -> None:
    said, who = units(28, batch=2), (torch.randn(2, 8), torch.randn(2, 8))
    wav = generator(said, torch.full((2, 28), 120.0), *who)
    assert wav.shape == (2, 8960)
    assert wav.abs().max() <= 1


def test_the_paper_s_generator_has_15_2_million_parameters() -> None:
    generator = UnitGenerator(ZestConfig.paper())
    assert sum(p.numel() for p in generator.parameters()) == pytest.approx(15.2e6, rel=0.03)


def test_a_generator_hears_all_that_it_is_told(generator: UnitGenerator) -> None:
    torch.manual_seed(0)
    f0 = torch.full((1, 28), 120.0, requires_grad=True)
    ease, emotion = (torch.randn(1, 8, requires_grad=True) for _ in range(2))
    generator(units(28), f0, ease, emotion).square().sum().backward()
    assert generator.table.weight.grad is not None
    for told in (f0.grad, ease.grad, emotion.grad, generator.table.weight.grad):
        assert told is not None
        assert told.abs().sum() > 0


def test_f0_of_units_is_f0_of_frames() -> None:
    log_f0, voiced = torch.full((1, 50), math.log(200)), torch.ones(1, 50, dtype=torch.bool)
    voiced[:, 25:] = False
    f0 = f0_at_unit_rate(log_f0, voiced, 40)
    assert torch.allclose(f0[:, :20], torch.full((1, 20), 200.0))
    assert not f0[:, 20:].any()
    assert f0_at_unit_rate(log_f0, voiced, 43).shape == (1, 43)


def test_a_config_says_which_synthesizer_a_system_has() -> None:
    assert isinstance(Zest(ZestConfig.tiny()).synthesizer, Synthesizer)
    assert isinstance(Zest(GENERATOR).synthesizer, UnitGenerator)
