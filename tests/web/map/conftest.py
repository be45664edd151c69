"""A Map page over a map that a test has made, and a browser's visit to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from emostudio.maps.space import EmotionMap
from emostudio.web.pages import map as page
from tests.web.browsing import Visit
from tests.web.conftest import launched
from tests.web.map.making import MapStudio, make_map

PLACE = """([x, y]) => {
  const plot = document.querySelector('#map .plot'), at = plot.getBoundingClientRect();
  const { xaxis, yaxis } = plot._fullLayout;
  return [at.left + xaxis._offset + xaxis.d2p(x), at.top + yaxis._offset + yaxis.d2p(y)];
}"""
DRAWN = "document.querySelector('#map .plot')?.data?.[0]?.x.length > 0"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both maps that ship."""
    folder = tmp_path_factory.mktemp("maps")
    make_map(folder / "takes")
    make_map(folder / "corpus", 150, sounds=False)
    return folder


@pytest.fixture(scope="session")
def takes(folder: Path) -> EmotionMap:
    """Return the map of takes."""
    return EmotionMap.load(folder / "takes")


@pytest.fixture(scope="session")
def map_url(folder: Path, takes: EmotionMap) -> Iterator[str]:
    """Return the address of an app that is the Map page alone."""
    studio: Any = MapStudio(takes)
    with gr.Blocks(analytics_enabled=False) as demo:
        page.build(studio, folder)
    yield launched(demo, studio)
    demo.close(verbose=False)
    studio.listening.close()


class MapVisit(Visit):
    """A visit to the Map."""

    start = "#speak"

    def open(self, theme: str = "light") -> None:
        self.page.goto(f"{self.url}?__theme={theme}")
        self.page.wait_for_function(DRAWN)
        self.page.evaluate("document.querySelector('#map .plot').scrollIntoView()")

    def pixel(self, x: float, y: float) -> list[float]:
        """Return where a place of the map is on the screen."""
        return self.page.evaluate(PLACE, [x, y])

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.pixel(x, y))

    def dot(self, at: int) -> list[float]:
        """Return the place of a dot."""
        return self.page.evaluate(
            "at => [emostudio.atlas.now.value.x[at], emostudio.atlas.now.value.y[at]]", at
        )

    def tool(self, name: str) -> None:
        self.page.click(f"[data-tool={name}]")
        drag = {"lasso": "lasso", "box": "select"}.get(name, "pan")
        self.page.wait_for_function(
            "drag => document.querySelector('#map .plot')._fullLayout.dragmode === drag", arg=drag
        )

    def picked(self, title: str) -> None:
        """Wait until the panel says what is picked."""
        self.page.wait_for_function(
            "title => document.querySelector('#picked h2')?.textContent === title", arg=title
        )

    def choose(self, box: str, option: str) -> None:
        """Choose from a list, as a keyboard does."""
        self.page.click(f"{box} input")
        self.page.get_by_role("option", name=option, exact=True).click()


@pytest.fixture
def visit(browser: Any, map_url: str, request: pytest.FixtureRequest) -> Iterator[MapVisit]:
    """Return a visit of a window's size; nothing may go wrong, nor be asked of others."""
    width, height = getattr(request, "param", (1280, 1100))
    context = browser.new_context(viewport={"width": width, "height": height})
    visit = MapVisit(context.new_page(), map_url)
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []
