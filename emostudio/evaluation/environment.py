"""The environment of the outside judges, `.venv-eval`: made on first use, called as a subprocess.

The app and its tests never need it. Where a judge can't be installed, the others still run and the
report names the missing one.
"""

import json
import logging
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emostudio.audio.torchaudio_door import resample
from emostudio.evaluation import outside_judges
from emostudio.evaluation.outside_judges import SAMPLE_RATE
from emostudio.values import Clip

log = logging.getLogger(__name__)

LIMIT_S = 3600


@dataclass(frozen=True)
class Sound:
    """A 16 kHz file, who judges it (of `outside_judges.JUDGES`), and its text for "words"."""

    file: Path
    judges: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the outside judges said: by file, by pair in order, and who is missing and why."""

    sounds: dict[Path, dict[str, Any]] = field(default_factory=dict)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def default_environment() -> Path:
    """Where the judges' environment goes: beside the project's own."""
    return Path(sys.prefix).parent / ".venv-eval"


def words_apart(source: Clip, result: Clip) -> tuple[int, int] | None:
    """How many of how many words pocketsphinx hears otherwise in a result than in its source.

    None where its environment was not made yet, or it hears no word in the source.
    """
    environment = default_environment()
    if not (environment / "ready").is_file():
        return None
    with tempfile.TemporaryDirectory() as folder:
        files = [
            Clip(resample(clip.wav, clip.sample_rate, SAMPLE_RATE), SAMPLE_RATE).save(
                Path(folder) / f"{name}.wav"
            )
            for name, clip in (("source", source), ("result", result))
        ]
        sounds = judge([Sound(file, ("words",)) for file in files], [], environment).sounds
    said, heard = (sounds.get(file, {}).get("heard", []) for file in files)
    return (outside_judges.edits(said, heard), len(said)) if said else None


def judge(sounds: list[Sound], pairs: list[tuple[Path, Path]], environment: Path) -> Verdict:
    """Let the outside judges hear sounds and compare pairs of a take and a real recording."""
    try:
        python = make(environment)
        with tempfile.TemporaryDirectory() as folder:
            ask = {
                "sounds": [vars(sound) | {"file": str(sound.file)} for sound in sounds],
                "pairs": [{"take": str(take), "real": str(real)} for take, real in pairs],
            }
            (Path(folder) / "ask.json").write_text(json.dumps(ask), encoding="utf-8")
            # Each of its processes has one core; their libraries must not take more.
            one_thread = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
            done = subprocess.run(
                [str(python), outside_judges.__file__, folder],
                check=True,
                capture_output=True,
                text=True,
                env=os.environ | one_thread,
                timeout=LIMIT_S,
            )
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Verdict({}, [], {name: _reason(error) for name in outside_judges.JUDGES})
    heard = {Path(file): found for file, found in said["sounds"].items()}
    failed = [found["failed"] for found in heard.values() if "failed" in found]
    missing = said["missing"] | ({"sounds": "; ".join(failed[:3])} if failed else {})
    return Verdict(heard, said["pairs"], missing)


def make(environment: Path) -> Path:
    """Make the environment if it is not there or was made for other judges; return its Python.

    Raises:
        OSError, subprocess.CalledProcessError: no environment can be made there.
    """
    python = environment / "bin" / "python"
    wanted = json.dumps(outside_judges.JUDGES, indent=1)
    ready = environment / "ready"
    if ready.is_file() and ready.read_text(encoding="utf-8") == wanted:
        return python
    log.info("making %s for the outside judges", environment)
    venv.create(environment, with_pip=True, clear=True)
    # Torch and what else the project has is seen through this path, after the environment's own
    # packages: a second copy of torch for one small net would be two hundred megabytes.
    packages = next((environment / "lib").glob("python*/site-packages"))
    (packages / "project.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    installed = {}
    for judge_name, (module, requirements) in outside_judges.JUDGES.items():
        command = [str(python), "-m", "pip", "install", "--quiet", *requirements]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            installed[judge_name] = (module, requirements)
        else:
            log.warning("the judge '%s' can't be installed: %s", judge_name, done.stderr[-300:])
    # With one missing this is not what is wanted, and the next evaluation tries again.
    ready.write_text(json.dumps(installed, indent=1), encoding="utf-8")
    return python


def _reason(error: Exception) -> str:
    said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
    return said[-1] if said else type(error).__name__
