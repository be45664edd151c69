import numpy as np
import pytest

from emostudio.audio.functionals import FUNCTIONALS, functionals


def clip(n_frames: int = 300, *, pitch_hz: float = 120.0) -> tuple[np.ndarray, np.ndarray]:
    """Syllables of noise and voice with pauses between, as a mel and its F0."""
    rng = np.random.default_rng(5)
    time = np.arange(n_frames)
    syllable = np.sin(2 * np.pi * time / 15)
    mel = 3 * syllable - np.linspace(0, 3, 80)[:, None] + 0.3 * rng.normal(size=(80, n_frames))
    f0 = np.where(syllable > 0, pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * time / 60)), 0.0)
    return mel.astype(np.float32), f0.astype(np.float32)


def named(mel: np.ndarray, f0: np.ndarray) -> dict[str, float]:
    return dict(zip(FUNCTIONALS, functionals(mel, f0).tolist(), strict=True))


def test_every_figure_has_one_name() -> None:
    assert len(functionals(*clip())) == len(FUNCTIONALS) == len(set(FUNCTIONALS))


def test_the_level_of_a_recording_does_not_matter() -> None:
    mel, f0 = clip()
    np.testing.assert_allclose(functionals(mel + 2.5, f0), functionals(mel, f0), atol=1e-3)


def test_a_clip_said_twice_tells_what_it_told_once() -> None:
    mel, f0 = clip()
    once = functionals(mel, f0)
    twice = functionals(np.tile(mel, 2), np.tile(f0, 2))
    np.testing.assert_allclose(twice, once, atol=0.05, rtol=0.05)


def test_an_octave_up_is_twelve_semitones_of_melody_and_nothing_else() -> None:
    low, high = named(*clip(pitch_hz=120)), named(*clip(pitch_hz=240))
    moved = {name for name in FUNCTIONALS if abs(high[name] - low[name]) > 1e-3}
    assert moved == {"pitch_mean", "pitch_p20", "pitch_p50", "pitch_p80"}
    assert high["pitch_mean"] - low["pitch_mean"] == pytest.approx(12, abs=1e-3)


def test_syllables_are_counted() -> None:
    assert named(*clip(300))["voiced_runs_per_s"] == pytest.approx(62.5 / 15, rel=0.05)


@pytest.mark.parametrize("n_frames", [1, 2, 40])
def test_silence_and_snippets_have_figures(n_frames: int) -> None:
    flat = np.full((80, n_frames), np.log(1e-5), np.float32)
    assert np.isfinite(functionals(flat, np.zeros(n_frames, np.float32))).all()


def test_f0_of_another_clip_is_refused() -> None:
    with pytest.raises(ValueError, match="of the same recording"):
        functionals(clip(300)[0], clip(200)[1])
