"""DiEmo-TTS: padding never counts, emotion may change on the way, both conditions are heard."""

from dataclasses import replace
from typing import Literal

import pytest
import torch

from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.diemo.layers import Attention, Layer
from emostudio.models.diemo.net import DiEmo
from emostudio.models.prosody import Prosody, spread
from emostudio.text.phonemes import SYMBOLS


@pytest.fixture
def net() -> DiEmo:
    torch.manual_seed(0)
    return DiEmo(DiEmoConfig.tiny()).eval().requires_grad_(False)


def who(n: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    config = DiEmoConfig.tiny()
    generator = torch.Generator().manual_seed(1)
    speaker = torch.randn(n, config.speaker_dim, generator=generator)
    return speaker, torch.randn(n, config.emotion_dim, generator=generator)


def speak(net: DiEmo, tokens: torch.Tensor, length: int, emotion_emb: torch.Tensor) -> torch.Tensor:
    """The mel of `length` tokens, three frames each, of which the batch may hold more."""
    speaker_emb, _ = who()
    token_mask = (torch.arange(tokens.shape[1]) < length)[None, None]
    features, _ = net.encode(tokens, token_mask, speaker_emb, emotion_emb)
    n_frames = 3 * tokens.shape[1]
    frames = spread(features, torch.full_like(tokens, 3), n_frames)
    mask = (torch.arange(n_frames) < 3 * length)[None, None]
    flat = torch.zeros(1, n_frames)
    told = emotion_emb.repeat_interleave(3, dim=-1) if emotion_emb.dim() == 3 else emotion_emb
    given = Prosody(flat, flat, flat)
    mel = net.decode(frames, given, torch.full((1,), 5.0), mask, speaker_emb, told)
    return mel[..., : 3 * length]


def test_padding_does_not_change_what_is_spoken(net: DiEmo) -> None:
    tokens = torch.randint(0, 3 * len(SYMBOLS), (1, 9))
    padded = torch.cat([tokens, torch.zeros(1, 6, dtype=torch.long)], dim=1)
    _, emotion_emb = who()
    assert torch.allclose(
        speak(net, tokens, 9, emotion_emb), speak(net, padded, 9, emotion_emb), atol=1e-4
    )


@pytest.mark.parametrize("ears", ["tiny", ""])
def test_padding_does_not_change_an_embedding(ears: Literal["tiny", ""]) -> None:
    torch.manual_seed(0)
    net = DiEmo(replace(DiEmoConfig.tiny(), ears=ears)).eval().requires_grad_(False)
    mel = torch.randn(1, 80, 50)
    padded = torch.cat([mel, torch.full((1, 80, 30), -9.0)], dim=2)
    mask = (torch.arange(80) < 50)[None, None]
    assert torch.allclose(net.embed(mel), net.embed(padded, mask), atol=1e-5)


def test_the_level_of_a_clip_is_no_emotion(net: DiEmo) -> None:
    mel = torch.randn(1, 80, 50)
    assert torch.allclose(net.embed(mel), net.embed(mel + 1.5), atol=1e-4)


def test_an_emotion_that_stays_is_an_emotion_that_does_not_change(net: DiEmo) -> None:
    tokens = torch.randint(0, 3 * len(SYMBOLS), (1, 7))
    _, emotion_emb = who()
    along = emotion_emb[..., None].expand(-1, -1, 7)
    assert torch.allclose(
        speak(net, tokens, 7, emotion_emb), speak(net, tokens, 7, along), atol=1e-5
    )


def test_an_emotion_may_change_on_the_way(net: DiEmo) -> None:
    tokens = torch.randint(0, 3 * len(SYMBOLS), (1, 60))
    _, emotion_emb = who()
    along = torch.stack([emotion_emb] * 30 + [-emotion_emb] * 30, dim=-1)
    steady, changing = speak(net, tokens, 60, emotion_emb), speak(net, tokens, 60, along)
    apart = (steady - changing).abs().mean(1)[0]
    assert apart[-20:].mean() > 5 * apart[:20].mean()


def test_both_who_and_how_are_heard() -> None:
    torch.manual_seed(0)
    for dual in (True, False):
        net = DiEmo(replace(DiEmoConfig.tiny(), dual=dual)).eval().requires_grad_(False)
        tokens = torch.randint(0, 3 * len(SYMBOLS), (1, 7))
        mask = torch.ones(1, 1, 7, dtype=torch.bool)
        speaker_emb, emotion_emb = who()
        said, _ = net.encode(tokens, mask, speaker_emb, emotion_emb)
        other, _ = net.encode(tokens, mask, -speaker_emb, emotion_emb)
        angry, _ = net.encode(tokens, mask, speaker_emb, -emotion_emb)
        assert not torch.allclose(said, other, atol=1e-3)
        assert not torch.allclose(said, angry, atol=1e-3)


def test_dual_conditioning_is_the_sum_of_two_attentions() -> None:
    """X + A(h + e) + A(h + s), A shared (DiEmo-TTS, section 2.4)."""
    torch.manual_seed(0)
    config = DiEmoConfig.tiny()
    layer = Layer(config).eval().requires_grad_(False)
    x, mask = torch.randn(2, 5, config.dim), torch.ones(2, 1, 5, dtype=torch.bool)
    e, s = torch.randn(2, 1, config.dim), torch.randn(2, 1, config.dim)
    h = layer.first_norm(x)
    want = x + layer.attention(h + e, mask) + layer.attention(h + s, mask)
    want = want + layer.contract(
        torch.nn.functional.gelu(
            layer.conv(layer.second_norm(want).transpose(1, 2)), approximate="tanh"
        )
    ).transpose(1, 2)
    assert torch.allclose(layer(x, mask, e, s), want, atol=1e-6)


def test_attention_reaches_near_before_far() -> None:
    attention = Attention(8, 2).eval().requires_grad_(False)
    attention.qkv.weight[:16] = 0  # all keys alike: distance alone decides
    attention.qkv.bias[:16] = 0
    mask = torch.ones(1, 1, 40, dtype=torch.bool)
    x = torch.zeros(1, 40, 8)
    still = attention(x, mask)[0, 20]
    near, far = x.clone(), x.clone()
    near[0, 22], far[0, 38] = 1.0, 1.0
    moved = [(attention(y, mask)[0, 20] - still).abs().sum() for y in (near, far)]
    assert moved[0] > moved[1] > 0


def test_the_published_size_has_the_published_widths() -> None:
    config = DiEmoConfig.paper()
    assert (config.dim, config.hidden, config.kernel, config.heads, config.depth) == (
        256,
        1024,
        9,
        2,
        4,
    )
