"""Where a long recording is cut, and where in it somebody speaks."""

import numpy as np

from emostudio.audio.mel import FRAME_RATE

# A part ends at the quietest frame between these seconds; the first is short, to be heard soon.
FIRST_PART_S, PART_S = (2.5, 5.0), (6.0, 11.0)
LEAST = round(2.0 * FRAME_RATE)
NEAR = 12


def spoken_frames(f0: np.ndarray) -> np.ndarray:
    """The frames of a track (T,) that are voiced or close to it, all where none is.

    Silence has no voice: a pause in a recording must not tell who speaks.
    """
    near = np.convolve(f0 > 0, np.ones(2 * NEAR + 1), mode="same")[: len(f0)] > 0
    return np.flatnonzero(near) if near.any() else np.arange(len(f0))


def parts_of(energy: np.ndarray) -> tuple[tuple[int, int], ...]:
    """Cut frames of this energy (T,) where it is least, into parts of some seconds."""
    parts, start = [], 0
    while True:
        shortest, longest = (round(s * FRAME_RATE) for s in (PART_S if parts else FIRST_PART_S))
        if len(energy) - start <= longest:
            return (*parts, (start, len(energy)))
        longest = max(shortest + 1, min(longest, len(energy) - start - LEAST))  # no tail of nothing
        around = np.convolve(energy, np.ones(5) / 5, mode="same")
        stop = start + shortest + int(around[start + shortest : start + longest].argmin())
        parts.append((start, stop))
        start = stop
