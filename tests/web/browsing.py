"""A page in a browser, and what a person does on any of them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

# Long, because it costs nothing where all is well: a page of WebGL on two cores that others share
# takes 15 s to open, and a real model needs a while for its first result.
WAIT_MS = 120_000
TOO_WIDE = (
    "() => [...document.querySelectorAll('main *')].filter(node => node.offsetParent"
    " && node.getBoundingClientRect().right > 391).map(node => node.className).slice(0, 3)"
)
NAMELESS = (
    "() => [...document.querySelectorAll('input, textarea, button, audio')].filter(node =>"
    " node.offsetParent && !node.getAttribute('aria-label') && !node.labels?.length"
    " && !node.innerText.trim() && !node.title).map(node => node.outerHTML.slice(0, 120))"
)
PLACE = """([seconds, hertz]) => {
  const picture = document.querySelector('#contours .drawn'), at = picture.getBoundingClientRect();
  const { xaxis, yaxis } = picture._fullLayout;
  return [at.left + xaxis._offset + xaxis.d2p(seconds), at.top + yaxis._offset + yaxis.d2p(hertz)];
}"""


class Visit:
    """A visit to a page; notes what goes wrong in the browser, and what it asks elsewhere."""

    path = ""
    start = ""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self._see(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_default_timeout(WAIT_MS)

    def _see(self, address: str) -> None:
        if not address.startswith((self.url, "data:", "blob:")):
            self.outside.append(address)

    def open(self, theme: str = "light") -> None:
        self.page.goto(f"{self.url}{self.path}?__theme={theme}")
        self.page.wait_for_selector("#mixture .mixture")

    def set_slider(self, name: str, weight: float) -> None:
        slider = self.page.get_by_label(f"number input for {name}", exact=True)
        slider.fill(str(weight))
        slider.press("Enter")

    def go(self, button: str = "") -> str:
        """Press what starts and return the address of the new sound."""
        before = self.sound_address()
        self.page.click(button or self.start)
        return self.new_sound(before)

    def new_sound(self, before: str) -> str:
        self.page.wait_for_function(
            "before => { const sound = document.querySelector('#player audio');"
            "return sound && sound.src && sound.src !== before && sound.duration > 0 }",
            arg=before,
        )
        return self.sound_address()

    def sound_address(self) -> str:
        return self.page.evaluate("() => document.querySelector('#player audio')?.src || ''")

    def hear(self, address: str) -> np.ndarray:
        wav, _ = soundfile.read(io.BytesIO(self.page.request.get(address).body()))
        return wav

    def passport(self, tmp_path: Path) -> dict[str, Any]:
        with self.page.expect_download() as download:
            self.page.click("#get-passport")
        path = tmp_path / "passport.json"
        download.value.save_as(path)
        return json.loads(path.read_text(encoding="utf-8"))

    def shares(self) -> dict[str, str]:
        rows = self.page.locator("#mixture .mixture > div:not(.none)").all_inner_texts()
        return dict(row.replace("\n", " ").split(" ", 1) for row in rows)


class ConvertVisit(Visit):
    """A visit to Convert."""

    path = "convert"
    start = "#convert"

    def source(self, file: Path) -> None:
        self.page.set_input_files("#convert-source input[type=file]", file)
        self.page.wait_for_selector("#convert-source audio", state="attached")

    def consent(self) -> None:
        self.page.locator("#consent input").check()

    def picture(self) -> None:
        """Wait for the contours and bring them into view."""
        self.page.wait_for_selector("#contours .js-plotly-plot .nsewdrag", state="attached")
        self.page.evaluate("document.querySelector('#contours').scrollIntoView()")

    def place(self, seconds: float, hertz: float) -> list[float]:
        return self.page.evaluate(PLACE, [seconds, hertz])

    def draw(self, *points: tuple[float, float]) -> None:
        """Drag the mouse over the F0 panel."""
        self.page.mouse.move(*self.place(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.place(*point), steps=5)
        self.page.mouse.up()

    def open_numbers(self) -> Any:
        self.page.click("#as-numbers >> text=The drawing as numbers")
        return self.page.locator("#drawn textarea")
