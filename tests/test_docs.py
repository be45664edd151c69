"""The README names what there is, and what it shows works."""

import argparse
import ast
import re
import shlex
from pathlib import Path

import pytest

from emostudio.__main__ import parser
from emostudio.cli.batch import BATCH_COLUMNS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^python -m emostudio (.*)$", README, re.MULTILINE)


def _subparsers() -> dict[str, argparse.ArgumentParser]:
    action = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def test_every_command_and_option_is_in_the_readme() -> None:
    for name, command in _subparsers().items():
        assert f"emostudio {name}" in README
        options = {option for action in command._actions for option in action.option_strings}
        missing = {o for o in options - {"-h", "--help"} if o not in README}
        assert not missing, name
    assert all(f"`{column}`" in README for column in BATCH_COLUMNS)


def test_every_recipe_is_in_the_readme() -> None:
    from emostudio.training.recipes import RECIPES

    names = {name.removesuffix("-paper") for name in RECIPES}
    assert {name for name in names if f"`{name}`" not in README} == set()
    assert "`NAME-paper`" in README


def test_every_command_in_the_readme_is_one() -> None:
    assert COMMANDS
    for command in COMMANDS:
        parser().parse_args(shlex.split(command))


def test_every_setting_is_in_the_readme() -> None:
    used = set()
    for path in [ROOT / "app.py", *(ROOT / "emostudio").rglob("*.py")]:
        used |= set(re.findall(r"EMOSTUDIO_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert used
    assert {name for name in used if f"`{name}`" not in README} == set()


def test_every_page_is_in_the_readme() -> None:
    source = (ROOT / "emostudio/web/serve.py").read_text(encoding="utf-8")
    table = next(
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES"
    )
    assert isinstance(table, ast.Dict)
    pages = [key.value for key in table.keys if isinstance(key, ast.Constant)]
    assert pages and all(f"| {page} |" in README for page in pages)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "emostudio/models").rglob("*.py")), ids=lambda path: path.stem
)
def test_every_paper_of_a_model_is_in_the_readme(path: Path) -> None:
    opening = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    papers = re.findall(r"arxiv\.org/abs/[\d.]+\d|doi:\S+\d", opening)
    missing = {paper for paper in papers if paper.replace("doi:", "doi.org/") not in README}
    assert not missing


def test_python_in_the_readme_calls_what_there_is() -> None:
    from emostudio import Studio

    called = set()
    for snippet in PYTHON:
        for node in ast.walk(ast.parse(snippet)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "studio":
                called.add(node.attr)
    assert called
    assert {name for name in called if not hasattr(Studio, name)} == set()


def test_python_in_the_readme_runs_where_it_needs_no_model() -> None:
    cheap = [snippet for snippet in PYTHON if "Studio" not in snippet]
    assert cheap
    for snippet in cheap:
        exec(compile(snippet, "README.md", "exec"), {})


def test_files_that_the_readme_links_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert {link for link in links if not (ROOT / link).exists()} == set()


def test_the_changelog_and_the_package_tell_the_licences() -> None:
    assert "GPL-3" in README and "GPL-3" in (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_table_of_checkpoints_is_true() -> None:
    import hashlib

    text = (ROOT / "checkpoints/README.md").read_text(encoding="utf-8")
    folders = [path.parent for path in (ROOT / "checkpoints").glob("*/model.safetensors")]
    assert folders
    total = 0
    for folder in folders:
        weights = (folder / "model.safetensors").read_bytes()
        total += len(weights)
        (line,) = [row for row in text.splitlines() if row.startswith(f"| [{folder.name}]")]
        assert hashlib.sha256(weights).hexdigest() in line
        assert f"| {len(weights) / 2**20:.1f} |" in line
        assert (folder / "CARD.md").is_file() and (folder / "config.json").is_file()
    assert total < 32 * 2**20
