"""How a voice moves with emotion: F0, its range, rate and level, measured on the sound."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from emostudio.audio.level import frame_power
from emostudio.audio.mel import HOP, SAMPLE_RATE
from emostudio.audio.pitch import f0_contour

# Which way each moves from neutral in ravdess train, actor by actor, both intensities together,
# where it moves at all (more than 0.5 semitones, 0.3 phonemes a second, 2 dB): F0, range, rate,
# energy.
DIRECTIONS = {
    "happy": (1, 1, -1, 1),
    "sad": (1, 0, -1, 0),
    "angry": (1, 1, -1, 1),
}
QUIETEST = 5  # percent of frames that are taken for the noise floor


@dataclass(frozen=True)
class Manners:
    """Mean F0 (semitones above 1 Hz), its spread about it, letters a second, level (dB)."""

    f0_semitones: float
    range_semitones: float
    letters_per_s: float
    level_db: float


def manners(wav: np.ndarray, text: str) -> Manners | None:
    """Measure one take (T_wav,) at 16 kHz; F0 and level over voiced frames; None without any."""
    f0 = f0_contour(wav, SAMPLE_RATE, HOP)
    voiced = f0 > 0
    if not voiced.any():
        return None
    semitones = 12 * np.log2(f0[voiced])
    power = frame_power(wav, HOP)[: len(f0)][voiced]
    letters = sum(char.isalpha() for char in text)
    return Manners(
        float(semitones.mean()),
        float(semitones.std()),
        letters * SAMPLE_RATE / len(wav),
        float(10 * np.log10(power.mean())),
    )


def mean(measured: Sequence[Manners | None]) -> Manners:
    """The mean over takes that have a voice.

    Raises:
        ValueError: no take has a voiced frame.
    """
    rows = [tuple(asdict(m).values()) for m in measured if m is not None]
    if not rows:
        raise ValueError("No take has a voice in it: this checkpoint does not speak yet.")
    return Manners(*(round(float(value), 3) for value in np.mean(rows, axis=0)))


def moves(emotional: Manners, neutral: Manners) -> tuple[float, ...]:
    """Emotional less neutral: F0 and range in semitones, rate in letters a second, level in dB."""
    pairs = zip(asdict(emotional).values(), asdict(neutral).values(), strict=True)
    return tuple(round(e - n, 3) for e, n in pairs)


def as_acted(emotion: str, moved: tuple[float, ...]) -> list[bool | None]:
    """Tell of F0, range, rate and level whether each moves as actors move it; None: they don't."""
    directions = DIRECTIONS[emotion]
    return [d * m > 0 if d else None for d, m in zip(directions, moved, strict=True)]


def noise_floor_db(wav: np.ndarray) -> float:
    """Level of the quietest frames of a sound (T_wav,), dB of full scale."""
    return float(10 * np.log10(np.percentile(frame_power(wav, HOP), QUIETEST)))


def log_f0_error(take: np.ndarray, real: np.ndarray, path: Sequence[Sequence[int]]) -> float | None:
    """Root mean square difference of log F0 of two sounds where both are voiced.

    Args:
        take: (T_wav,) at 16 kHz.
        real: (T_wav,) of the same sentence.
        path: pairs of frames, one hop each, that belong together; None is returned without any.
    """
    one, two = (f0_contour(wav, SAMPLE_RATE, HOP) for wav in (take, real))
    places = np.asarray(path, int).reshape(-1, 2)
    first = one[places[:, 0].clip(max=len(one) - 1)]
    second = two[places[:, 1].clip(max=len(two) - 1)]
    both = (first > 0) & (second > 0)
    if not both.any():
        return None
    return float(np.sqrt(np.square(np.log(first[both] / second[both])).mean()))
