"""An administrator's visit to the pages, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.admin.conftest import TOKEN
from tests.web.browsing import WAIT_MS

DRAWN = {  # what each page shows once it has read the records
    "": "#studies .note",
    "study": "#state h2",
    "results": "#progress h2",
    "labels": "#label-progress h2",
    "data": "#where dl",
    "corpora": "#corpora h2",
    "training": "#jobs .told",
    "job": "#standing .doing",
    "models": "#own :is(li, .note)",
    "status": "#machine h2",
}
SIDEWAYS = (  # but for tables, which scroll by themselves
    "() => [...document.querySelectorAll('main *')].filter(node => node.offsetParent"
    " && !node.closest('.wide') && node.getBoundingClientRect().right > innerWidth + 1)"
    ".map(node => node.outerHTML.slice(0, 80))"
)
AT_REST = "() => ![...document.querySelectorAll('.progress-text')].some(node => node.offsetParent)"


class Desk:
    """An administrator's browser; notes what goes wrong, and what it asks elsewhere."""

    def __init__(self, context: Any, url: str) -> None:
        self.page, self.url = context.new_page(), url
        self.page.set_default_timeout(WAIT_MS)
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._see(request.url))

    def _see(self, address: str) -> None:
        if not address.startswith((self.url, "data:", "blob:")):
            self.outside.append(address)

    def sign_in(self) -> None:
        self.page.goto(f"{self.url}admin")
        self.page.get_by_label("Token").fill(TOKEN)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("#studies .note, #studies li")

    def open(self, page: str, theme: str = "light") -> None:
        mark = "&" if "?" in page else "?"
        self.page.goto(f"{self.url}admin/{page}{mark}__theme={theme}")
        self.page.wait_for_selector(DRAWN[page.partition("?")[0]])
        self.page.wait_for_function(AT_REST)

    def press(self, elem_id: str) -> None:
        self.page.click(f"#{elem_id}")

    def unfold(self, elem_id: str) -> None:
        self.page.locator(f"#{elem_id} button").first.click()

    def text(self, elem_id: str) -> str:
        return self.page.inner_text(f"#{elem_id}")

    def until(self, elem_id: str, text: str) -> None:
        self.page.locator(f"#{elem_id}", has_text=text).first.wait_for()


@pytest.fixture
def context(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    made = browser.new_context(viewport={"width": getattr(request, "param", 1280), "height": 900})
    yield made
    made.close()


@pytest.fixture
def desk(context: Any, house: str) -> Iterator[Desk]:
    made = Desk(context, house)
    yield made
    assert made.errors == []
    assert made.outside == []
