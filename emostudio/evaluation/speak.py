"""The suite `speak`: twenty unseen sentences, every emotion, first takes, judged from outside.

The sentences were fixed before any model was trained and stand in no corpus. Take i has seed i;
none is chosen. How F0, rate and energy move is measured on the sound, against the neutral takes of
the same voice.
"""

import json
import logging
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from emostudio.audio.mel import HOP, SAMPLE_RATE
from emostudio.audio.pitch import f0_contour
from emostudio.evaluation import outside_judges
from emostudio.values import Take

log = logging.getLogger(__name__)

SENTENCES = Path(__file__).with_name("sentences.txt")
# Which way each moves from neutral in ravdess train, actor by actor, both intensities together,
# where it moves at all (more than 0.5 semitones, 0.3 phonemes a second, 2 dB): F0, range, rate,
# energy.
DIRECTIONS = {
    "happy": (1, 1, -1, 1),
    "sad": (1, 0, -1, 0),
    "angry": (1, 1, -1, 1),
}


@dataclass(frozen=True)
class Manners:
    """How takes sound on average: mean F0, its spread about it, rate and level."""

    f0_semitones: float
    range_semitones: float
    letters_per_s: float
    level_db: float


def manners(takes: Sequence[Take]) -> Manners:
    """Measure takes; F0 and level over voiced frames, semitones above 1 Hz.

    Raises:
        ValueError: no take has a voiced frame.
    """
    rows = []
    for take in takes:
        f0 = f0_contour(take.clip.wav, SAMPLE_RATE, HOP)
        voiced = f0 > 0
        if not voiced.any():
            continue
        semitones = 12 * np.log2(f0[voiced])
        frames = take.clip.wav[: len(f0) * HOP].reshape(-1, HOP)
        power = (frames.astype(np.float64) ** 2).mean(1)[voiced]
        letters = sum(char.isalpha() for char in take.request.text)
        rate = letters / take.clip.duration_s
        rows.append((semitones.mean(), semitones.std(), rate, 10 * np.log10(power.mean() + 1e-12)))
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


def judge(folder: Path, environment: Path) -> dict[str, dict]:
    """Run the outside judges over a folder of takes; their environment is made on first use.

    Raises:
        ValueError: the environment can't be made, or a judge fails; the sentence says which.
    """
    python = environment / "bin" / "python"
    try:
        if not (environment / "ready").exists():
            venv.create(environment, with_pip=True, clear=True)
            install = [str(python), "-m", "pip", "install", "--quiet", *outside_judges.PACKAGES]
            subprocess.run(install, check=True, capture_output=True, text=True)
            (environment / "ready").touch()
        command = [str(python), outside_judges.__file__, str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise ValueError(
            f"The outside judges ({', '.join(outside_judges.PACKAGES)}) can't run here: {said[-1]}"
        ) from error
    return json.loads(done.stdout)


def summary(judged: dict[str, dict]) -> dict[str, float]:
    """Word error over all words, and mean P.808 with half its 95 % interval over sentences."""
    said = sum(len(row["said"]) for row in judged.values())
    errors = sum(row["errors"] for row in judged.values())
    p808 = np.array([row["p808"] for row in judged.values()])
    return {
        "takes": len(judged),
        "word_error": round(errors / max(1, said), 4),
        "p808": round(float(p808.mean()), 3),
        "p808_half_interval": round(float(1.96 * p808.std(ddof=1) / len(p808) ** 0.5), 3)
        if len(p808) > 1
        else float("nan"),
    }


def save(takes: Sequence[Take], folder: Path) -> None:
    """Write takes and texts.json as the outside judges read them."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {}
    for number, take in enumerate(takes):
        name = f"{number:02d}.wav"
        take.save(folder / name)
        texts[name] = take.request.text
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")


def default_environment() -> Path:
    """Where the judges' environment goes: beside the project's own."""
    return Path(sys.prefix).parent / ".venv-eval"
