"""Functionals: a clip told by fixed figures of its melody, loudness, rate and voice.

A small kin of eGeMAPS [1] on the house mel. They know neither how loud a clip was recorded nor how
long it is, and no net has learned them from anybody's labels: they are the map's raw features, and
what arousal, dominance and valence are told from.

[1] Eyben et al., The Geneva minimalistic acoustic parameter set (2016),
    doi:10.1109/TAFFC.2015.2457417
"""

import functools

import numpy as np

from emostudio.audio.mel import FRAME_RATE, N_MELS
from emostudio.audio.pitch import fill_unvoiced

N_BANDS = 20
N_CEPSTRA = 12
SPEECH_RANGE = 4.0  # nats (35 dB) under the loudest frame: what lies lower is a pause
NOISE_RANGE = 8.0  # nats (70 dB) under the loudest point: what lies lower is leveled
OCTAVE_ERROR = 6.0  # semitones from a frame to the next; a larger step is no melody
SEMITONES = 12 / np.log(2)  # in a nat of F0

_BANDS = range(N_BANDS)
_CEPSTRA = range(1, N_CEPSTRA + 1)
FUNCTIONALS = (
    *(f"pitch_{what}" for what in "mean sd p20 p50 p80 rise fall ending".split()),
    *(f"loudness_{what}" for what in "sd p20 p50 p80 rise fall".split()),
    *"voiced_share pause_share peaks_per_s voiced_runs_per_s".split(),
    *(f"band_{n}_mean" for n in _BANDS),
    *(f"band_{n}_sd" for n in _BANDS),
    *(f"band_{n}_loud_over_quiet" for n in _BANDS),
    *(f"cepstrum_{n}_mean" for n in _CEPSTRA),
    *(f"cepstrum_{n}_sd" for n in _CEPSTRA),
    *(f"cepstrum_{n}_change" for n in _CEPSTRA),
    "change",
)


def functionals(mel: np.ndarray, f0: np.ndarray) -> np.ndarray:
    """Figures (D,) float32 of a clip, in the order of `FUNCTIONALS`.

    Pitch is in semitones over 100 Hz, its rise and fall in semitones per second; loudness, bands
    and cepstra are in nats, their rise, fall and change per frame.

    Args:
        mel: log-mel (n_mels, T), natural log.
        f0: (T,) in Hz, 0 where unvoiced.

    Raises:
        ValueError: mel and F0 are not of one clip, or there are no frames.
    """
    if not len(f0) or mel.shape != (N_MELS, len(f0)):
        raise ValueError(
            f"A mel of shape {mel.shape} and an F0 of shape {f0.shape} are of no one clip; give "
            f"({N_MELS}, T) and (T,) of the same recording."
        )
    mel = np.maximum(mel, mel.max() - NOISE_RANGE).astype(np.float64)
    loudness = np.logaddexp.reduce(mel, axis=0)
    loudness -= loudness.max()
    speech = loudness > -SPEECH_RANGE
    voiced = (f0 > 0) & speech
    found = [
        *_melody(f0, voiced),
        *_loudness(loudness, speech),
        *_rhythm(loudness, speech, voiced),
        *_voice(mel[:, speech], loudness[speech]),
    ]
    return np.array(found, np.float32)


def _melody(f0: np.ndarray, voiced: np.ndarray) -> list[float]:
    if not voiced.any():
        return [0.0] * 8
    tones = SEMITONES * (fill_unvoiced(np.where(voiced, f0, 0.0)).astype(np.float64) - np.log(100))
    heard = tones[voiced]
    p20, p50, p80 = np.percentile(heard, (20, 50, 80))
    steps = np.diff(tones)[voiced[1:] & voiced[:-1]]
    rise, fall = _rise_and_fall(steps[np.abs(steps) < OCTAVE_ERROR] * FRAME_RATE)
    ending = heard[-max(1, len(heard) // 5) :].mean() - p50
    return [heard.mean(), heard.std(), p20, p50, p80, rise, fall, ending]


def _loudness(loudness: np.ndarray, speech: np.ndarray) -> list[float]:
    heard = loudness[speech]
    return [heard.std(), *np.percentile(heard, (20, 50, 80)), *_rise_and_fall(np.diff(loudness))]


def _rise_and_fall(steps: np.ndarray) -> tuple[float, float]:
    """Means of the steps up and of the steps down, 0 where there are none."""
    up, down = steps[steps > 0], steps[steps < 0]
    return (up.mean() if len(up) else 0.0), (down.mean() if len(down) else 0.0)


def _rhythm(loudness: np.ndarray, speech: np.ndarray, voiced: np.ndarray) -> list[float]:
    """Voiced part of speech, pauses, and a second's syllables as peaks of loudness and as voice."""
    seconds = len(loudness) / FRAME_RATE
    smooth = np.convolve(np.pad(loudness, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    peaks = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & speech[1:-1]
    runs = voiced & ~np.append(False, voiced[:-1])
    return [
        voiced.sum() / speech.sum(),
        1 - speech.mean(),
        peaks.sum() / seconds,
        runs.sum() / seconds,
    ]


def _voice(mel: np.ndarray, loudness: np.ndarray) -> list[float]:
    """Spectrum of the frames of speech, mel (n_mels, T): of all, and of the louder third alone."""
    mel = mel - mel.mean()
    bands = mel.reshape(N_BANDS, -1, mel.shape[1]).mean(1)
    cepstra = _cosines() @ mel
    loud = loudness >= np.percentile(loudness, 70)
    quiet = ~loud if not loud.all() else loud
    change = np.abs(np.diff(mel, axis=1, append=mel[:, -1:]))
    return [
        *bands.mean(1),
        *bands.std(1),
        *(bands[:, loud].mean(1) - bands[:, quiet].mean(1)),
        *cepstra.mean(1),
        *cepstra.std(1),
        *np.abs(np.diff(cepstra, axis=1, append=cepstra[:, -1:])).mean(1),
        change.mean(),
    ]


@functools.cache
def _cosines() -> np.ndarray:
    """Cosines (N_CEPSTRA, n_mels) that turn a log-mel into cepstra from the first on."""
    place = (np.arange(N_MELS) + 0.5) / N_MELS
    return np.cos(np.pi * np.array(_CEPSTRA)[:, None] * place) * 2 / N_MELS
