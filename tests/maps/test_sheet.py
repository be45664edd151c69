import re
from dataclasses import replace
from pathlib import Path

import pytest

from emostudio.maps import sheet
from emostudio.maps.ogg import write_ogg
from emostudio.maps.space import EmotionMap
from emostudio.values import Clip
from tests.maps.spaces import planted
from tests.speech import vowels


@pytest.fixture
def space(tmp_path: Path) -> EmotionMap:
    (tmp_path / "sounds").mkdir()
    names = tuple(f"sounds/{number}.ogg" if number < 3 else "" for number in range(60))
    for name in names[:3]:
        write_ogg(Clip(vowels(), 16_000), tmp_path / name)
    return replace(planted(), sounds=names, folder=tmp_path)


def test_one_file_needs_nothing_but_itself(space: EmotionMap, tmp_path: Path) -> None:
    page = sheet.write_sheet(space, tmp_path / "map.html").read_text(encoding="utf-8")
    assert "Plotly" in page and "clip-059" in page
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", page) == []
    assert page.count("T2dnUwAC") == 3  # how Ogg begins, in base64


def test_names_can_not_become_script(space: EmotionMap, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    page = sheet.write_sheet(replace(space, names=(evil,) * 60), tmp_path / "map.html").read_text()
    assert "<script>alert" not in page


def test_sounds_beyond_the_limit_are_left_out(
    space: EmotionMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (tmp_path / "sounds/0.ogg").stat().st_size
    monkeypatch.setattr(sheet, "MAX_SOUND_BYTES", 2 * size + 10)
    page = sheet.write_sheet(space, tmp_path / "map.html").read_text(encoding="utf-8")
    assert page.count("T2dnUwAC") == 2
