import io
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emostudio.studies.sound import Sound, gains, loudness, measure, served, wav_bytes
from tests.studies.sounding import RATE, burst


def sound(loudness_db: float | None, peak: float = 0.1) -> Sound:
    return Sound(1.0, RATE, loudness_db, 0.0, peak)


def test_a_sine_of_full_scale_at_997_hz_has_3_lufs_below_full_scale() -> None:
    # ITU-R BS.1770-4: 0 dB FS at 997 Hz on one channel reads -3.01 LKFS.
    time = np.arange(5 * 48_000) / 48_000
    measured = loudness(np.sin(2 * np.pi * 997 * time), 48_000)
    assert measured == pytest.approx(-3.01, abs=0.05)


def test_a_clip_too_short_for_loudness_has_none(tmp_path: Path) -> None:
    file = tmp_path / "short.wav"
    file.write_bytes(burst(duration_s=0.3))
    assert measure(file).loudness_db is None


@pytest.mark.parametrize(
    ("wav", "why"),
    [
        (np.zeros(RATE), "silent"),
        (np.ones(100), "lasts 0.01 s"),
        (np.ones(121 * RATE) * 0.1, "lasts 121.00 s"),
    ],
)
def test_what_is_no_clip_is_refused_in_words(tmp_path: Path, wav: np.ndarray, why: str) -> None:
    file = tmp_path / "clip.wav"
    file.write_bytes(wav_bytes(wav, RATE))
    with pytest.raises(ValueError, match=why):
        measure(file)


def test_clipping_is_the_share_of_samples_at_full_scale(tmp_path: Path) -> None:
    file = tmp_path / "clip.wav"
    wav = np.full(RATE, 0.1)
    wav[: RATE // 4] = 1.0
    wav[RATE // 4 : RATE // 2] = -1.0
    file.write_bytes(wav_bytes(wav, RATE))
    assert measure(file).clipped == pytest.approx(0.5)


def test_one_gain_a_system_evens_systems_and_keeps_what_is_louder_within_one() -> None:
    clips = {
        "a1": ("a", sound(-30.0)),
        "a2": ("a", sound(-26.0)),
        "b1": ("b", sound(-22.0)),
        "b2": ("b", sound(-18.0)),
    }
    gain = gains("system", clips)
    assert gain["a1"] == gain["a2"] and gain["b1"] == gain["b2"]
    assert -28 + gain["a1"] == pytest.approx(-20 + gain["b1"])
    assert -28 + gain["a1"] == pytest.approx(-24)


def test_one_gain_a_clip_brings_all_to_the_same() -> None:
    clips = {"a": ("a", sound(-30.0)), "b": ("a", sound(-12.0))}
    gain = gains("clip", clips)
    assert (-30 + gain["a"], -12 + gain["b"]) == (pytest.approx(-23), pytest.approx(-23))


@pytest.mark.parametrize("mode", ["system", "clip"])
def test_no_clip_is_made_to_clip_and_all_stay_even(mode: str) -> None:
    clips = {"quiet": ("a", sound(-40.0, peak=0.9)), "loud": ("b", sound(-10.0, peak=0.9))}
    gain = gains(mode, clips)
    assert -40 + gain["quiet"] == pytest.approx(-10 + gain["loud"], abs=1e-3)
    for key, (_, one) in clips.items():
        assert one.peak * 10 ** (gain[key] / 20) <= 1.001


def test_nothing_is_changed_where_nothing_is_asked_or_known() -> None:
    assert gains("none", {"a": ("a", sound(-30.0))}) == {"a": 0.0}
    assert gains("clip", {"a": ("a", sound(None))}) == {"a": 0.0}


def test_a_clip_of_unknown_loudness_is_treated_as_the_others() -> None:
    clips = {"a": ("a", sound(-33.0)), "short": ("b", sound(None, peak=0.01))}
    assert gains("clip", clips)["short"] == pytest.approx(10)


def test_what_is_served_has_the_samples_and_no_tags(tmp_path: Path) -> None:
    file = tmp_path / "tagged.wav"
    with soundfile.SoundFile(file, "w", RATE, 2, "PCM_16") as out:
        out.comment, out.software = "made by SYSTEM", "EmoStudio"
        out.write(np.full((RATE, 2), 0.25))
    plain = served(file, 0.0)
    assert b"SYSTEM" not in plain and b"EmoStudio" not in plain
    with wave.open(io.BytesIO(plain)) as made:
        assert (made.getnchannels(), made.getsampwidth(), made.getframerate()) == (1, 2, RATE)
        assert set(np.frombuffer(made.readframes(RATE), "<i2")) == {8192}
    assert len(plain) == 44 + 2 * RATE


def test_sixteen_bits_come_out_as_they_went_in(tmp_path: Path) -> None:
    file = tmp_path / "clip.wav"
    file.write_bytes(burst(3))
    assert served(file, 0.0) == burst(3)
