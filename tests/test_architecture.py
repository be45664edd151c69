"""What imports what, and how fast."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A package that is GPL-3 or fragile is reached through one module alone.
DOORS = {
    "phonemizer": "emostudio/text/phonemes.py",
    "espeakng_loader": "emostudio/text/phonemes.py",
    "parselmouth": "emostudio/audio/pitch.py",
    "torchaudio": "emostudio/audio/torchaudio_door.py",
}


def _python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_imports_point_down_only() -> None:
    # In a process of its own: it silences the loggers of the one that it runs in.
    config = str(ROOT / "pyproject.toml")
    _python(
        "from importlinter.cli import lint_imports\n"
        f"assert lint_imports({config!r}, no_cache=True, no_logo=True) == 0"
    )


@pytest.mark.parametrize("package", DOORS)
def test_each_of_these_packages_has_one_door(package: str) -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "emostudio").rglob("*.py")
        if package in _imported(path)
    }
    assert users <= {DOORS[package]}


def test_importing_emostudio_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import emostudio; "
        "took = time.perf_counter() - start; "
        "print(took, *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    tries = [_python(code).split() for _ in range(3)]
    assert min(float(took) for took, *_ in tries) < 0.3
    assert not {"numpy", "torch", "gradio", "plotly", "soundfile"} & set(tries[0][1:])


def test_values_settings_and_the_studio_load_neither_torch_nor_gradio() -> None:
    loaded = _python(
        "import sys; from emostudio import Clip, EmotionMix, Settings, Studio; Studio(); "
        "print(*{name.split('.')[0] for name in sys.modules})"
    ).split()
    assert not {"torch", "gradio", "plotly", "umap", "numba"} & set(loaded)


def test_the_app_loads_no_model_library_before_it_is_needed() -> None:
    loaded = _python("import sys, app; print(*{name.split('.')[0] for name in sys.modules})")
    assert not {"torch", "umap", "numba", "parselmouth", "phonemizer"} & set(loaded.split())


def test_public_names_are_those_that_are_promised() -> None:
    import emostudio

    assert emostudio.__all__ == ["Clip", "EmotionMix", "Settings", "Studio"]
    assert set(emostudio.__all__) <= set(dir(emostudio))
    with pytest.raises(AttributeError, match="no attribute 'Stadium'"):
        emostudio.Stadium  # noqa: B018


@pytest.mark.parametrize("folder", ["models", "audio"])
def test_shapes_can_be_checked_where_they_are_written(folder: str) -> None:
    """Annotations are read at run time there, so these folders must not turn them to strings."""
    for path in (ROOT / "emostudio" / folder).rglob("*.py"):
        assert "from __future__ import annotations" not in path.read_text(encoding="utf-8"), path


def test_files_stay_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "emostudio").rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_training_needs_no_package_that_a_training_machine_may_lack() -> None:
    absent = ("gradio", "phonemizer", "espeakng_loader", "parselmouth", "soundfile", "sqlalchemy")
    code = (
        "import sys\n"
        f"for name in {absent!r}: sys.modules[name] = None\n"
        "import emostudio.training.recipes\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
