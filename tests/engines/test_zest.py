"""Truths of a conversion, on tiny untrained nets."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emostudio.audio.mel import HOP
from emostudio.conversion import Conversion
from emostudio.engines.parts import parts_of, spoken_frames
from emostudio.engines.zest import Part, Source, ZestEngine, drawn_over
from emostudio.models import checkpoint
from emostudio.models.checkpoint import Store
from emostudio.models.zest.config import ZestConfig
from emostudio.values import Clip, EmotionMix
from tests import tiny
from tests.speech import vowels


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> ZestEngine:
    return ZestEngine(Store(tiny.checkpoints(tmp_path_factory.mktemp("checkpoints"))))


@pytest.fixture(scope="module")
def source(engine: ZestEngine) -> Source:
    return engine.source_of(Clip(vowels(seconds=3.0), 16_000))


def asked(**settings: Any) -> Conversion:
    silence = Clip(np.zeros(16_000, np.float32), 16_000)
    given = {"source": silence, "consent": True, "emotion": EmotionMix.of(angry=1)} | settings
    return Conversion(**given)


def converted(engine: ZestEngine, source: Source, **settings: Any) -> Part:
    request = asked(**settings)
    return engine.convert_part(source, 0, engine.manner_of(request), request)


def test_the_rhythm_is_the_source_s(engine: ZestEngine, source: Source) -> None:
    part = converted(engine, source)
    assert len(part.wav) == len(source.wav)
    assert np.array_equal(part.tracks.f0 > 0, source.f0 > 0)


def test_the_emotion_s_rhythm_stretches_all_of_it(engine: ZestEngine, source: Source) -> None:
    weight = engine.model.moves.weight
    before = weight.clone()
    angry = engine.manner_of(asked()).mean - source.emotion
    weight[:, 3] = 0.2 * angry[0] / angry.square().sum()  # anger takes exp(0.2) as long
    try:
        part = converted(engine, source, rhythm="emotion")
        kept = converted(engine, source)
    finally:
        weight.copy_(before)
    assert len(part.wav) / len(source.wav) == pytest.approx(np.exp(0.2), abs=0.02)
    assert len(kept.wav) == len(source.wav)


def test_the_source_s_own_emotion_keeps_its_contour(engine: ZestEngine, source: Source) -> None:
    part = engine.convert_part(source, 0, engine.unchanged(source), asked())
    voiced = source.f0 > 0
    assert part.tracks.f0[voiced] == pytest.approx(source.f0[voiced], rel=1e-3)


def test_emotion_and_intensity_matter(engine: ZestEngine, source: Source) -> None:
    angry = converted(engine, source).mel
    sad = converted(engine, source, emotion=EmotionMix.of(sad=1)).mel
    none = converted(engine, source, intensity=0.0).mel
    neutral = converted(engine, source, emotion=EmotionMix.of(neutral=1)).mel
    assert not np.allclose(angry, sad, atol=1e-3)
    assert np.array_equal(none, neutral)


def test_a_drawn_contour_is_heard_as_drawn(engine: ZestEngine, source: Source) -> None:
    part = converted(engine, source, drawn=((1.0, 200.0), (2.0, 300.0)))
    times = (np.arange(len(part.tracks.f0)) + 0.5) * HOP / 16_000
    inside = (times >= 1) & (times <= 2) & (part.tracks.f0 > 0)
    assert inside.any()
    want = np.exp(np.interp(times[inside], [1, 2], np.log([200, 300])))
    assert part.tracks.f0[inside] == pytest.approx(want, rel=1e-3)
    free = converted(engine, source)
    outside = (times < 1) | (times > 2)
    assert part.tracks.f0[outside] == pytest.approx(free.tracks.f0[outside], rel=1e-4)


def test_one_point_draws_no_line() -> None:
    log_f0 = torch.zeros(1, 10)
    assert torch.equal(drawn_over(log_f0, ((0.05, 200.0),), 0.0), log_f0)


def test_an_emotion_is_taken_from_a_recording(engine: ZestEngine, source: Source) -> None:
    one, other = (Clip(vowels(hertz, 2.0), 16_000) for hertz in (110.0, 320.0))
    mels = [converted(engine, source, emotion=None, emotion_reference=c).mel for c in (one, other)]
    assert not np.allclose(*mels, atol=1e-3)


def test_bored_is_no_emotion_of_this_model(engine: ZestEngine) -> None:
    with pytest.raises(ValueError, match=r"does not convert to 'bored'.*give a recording of it"):
        engine.manner_of(asked(emotion=EmotionMix.of(bored=1)))


def test_the_guard_lowers_intensity_until_the_voice_is_left(
    engine: ZestEngine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A voice that is lost by as much as the emotion's embedding is left behind.
    def likeness(source: Source, part: Part) -> float:
        plain = engine.convert_part(source, 0, engine.unchanged(source), asked())
        return 1.0 - float(np.abs(part.mel - plain.mel).mean())

    monkeypatch.setattr(engine, "likeness", likeness)
    free, own = engine.guarded(source, asked(floor=0.0))
    assert (free.intensity, own) == (1.0, 1.0)
    full = likeness(source, converted(engine, source))
    none = likeness(source, converted(engine, source, intensity=0.0))
    between = (full + none) / 2
    lowered, _ = engine.guarded(source, asked(floor=between))
    assert (0 < lowered.intensity < 1) == (full < between)
    unreachable, _ = engine.guarded(source, asked(floor=1.0))
    assert unreachable.intensity == 0


def test_the_guard_listens_where_somebody_speaks(
    engine: ZestEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[Part] = []
    monkeypatch.setattr(engine, "likeness", lambda source, part: float(judged.append(part) or 1))
    late = np.concatenate([np.zeros(6 * 16_000, np.float32), vowels(seconds=4.0)])
    engine.guarded(engine.source_of(Clip(late, 16_000)), asked())
    assert judged
    assert all((part.source.f0 > 0).sum() >= 62 for part in judged)


def test_parts_share_one_gain_that_only_falls(engine: ZestEngine) -> None:
    ramp = np.concatenate([level * vowels(seconds=4.0) for level in (0.2, 0.4, 0.8)])
    source = engine.source_of(Clip(ramp, 16_000))
    louder = asked(emotion=EmotionMix.of(neutral=1))
    parts = list(engine.convert(source, engine.manner_of(louder), louder))
    assert len(parts) > 1
    free = [engine.convert_part(source, n, engine.manner_of(louder), louder) for n in range(2)]
    gains = [np.abs(p.wav).max() / np.abs(f.wav).max() for p, f in zip(parts, free, strict=False)]
    assert gains[0] >= gains[1] - 1e-6


def test_a_stopped_conversion_ends_with_the_part_that_was_reached(engine: ZestEngine) -> None:
    long = engine.source_of(Clip(np.concatenate([vowels(seconds=4.0)] * 4), 16_000))
    first_s = long.parts[0][1] / 62.5
    request = asked(until_s=round(first_s, 3))
    assert len(list(engine.convert(long, engine.manner_of(request), request))) == 1
    whole = asked()
    assert len(list(engine.convert(long, engine.manner_of(whole), whole))) == len(long.parts)


@pytest.mark.parametrize("seconds", [0.5, 4.0, 30.0, 100.0])
def test_parts_cover_a_recording_without_a_gap(seconds: float) -> None:
    energy = np.random.default_rng(0).normal(size=round(seconds * 62.5))
    parts = parts_of(energy)
    assert parts[0][0] == 0
    assert parts[-1][1] == len(energy)
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    assert all(stop - start <= 11 * 62.5 + 1 for start, stop in parts)
    assert len(parts) == 1 or min(stop - start for start, stop in parts) >= 1.9 * 62.5


def test_parts_end_where_it_is_quiet() -> None:
    energy = np.zeros(round(12 * 62.5))
    energy[220:240] = -40
    assert 220 <= parts_of(energy)[0][1] < 240


def test_what_has_no_voice_is_refused(engine: ZestEngine) -> None:
    hiss = np.random.default_rng(0).normal(size=48_000).astype(np.float32) / 10
    with pytest.raises(ValueError, match="No voiced speech"):
        engine.source_of(Clip(hiss, 16_000))


def test_more_than_five_minutes_are_refused(engine: ZestEngine) -> None:
    with pytest.raises(ValueError, match="cut it to 300 s or less"):
        engine.source_of(Clip(np.ones(16_000 * 301, np.float32), 16_000))


def test_missing_checkpoints_say_where_they_go(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="checkpoint 'zest' is missing"):
        ZestEngine(Store(tmp_path))


def test_units_of_another_encoder_are_refused(tmp_path: Path) -> None:
    root = tiny.checkpoints(tmp_path)
    config = replace(ZestConfig.tiny(), inventory="0123456789abcdef")
    checkpoint.save(tiny.zest(config), root / "zest")
    with pytest.raises(ValueError, match="don't belong together"):
        ZestEngine(Store(root))


def test_silence_tells_nobody_s_voice() -> None:
    f0 = np.zeros(200)
    f0[100:150] = 120.0
    assert len(spoken_frames(f0)) < 100
    assert set(range(100, 150)) <= set(spoken_frames(f0))
    assert len(spoken_frames(np.zeros(30))) == 30
