"""Recordings come in through the page Corpora, are judged there, and go again, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.data.test_taking_over import sound, zipped
from tests.web.admin.visiting import SIDEWAYS, Desk, context, desk
from tests.web.browsing import NAMELESS

__all__ = ["context", "desk"]
pytestmark = pytest.mark.browser


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two emotions, a file that is no sound, and a sound that is there twice."""
    folder = tmp_path / "clips"
    for number in range(16):
        sound(folder / ("happy", "smug")[number % 2] / f"{number}.wav", number, seconds=0.6)
    sound(folder / "smug" / "again.wav", 1, seconds=0.6)
    (folder / "happy" / "broken.wav").write_bytes(b"no sound")
    return zipped(folder, tmp_path / "clips.zip")


@pytest.mark.parametrize("context", [1280, 360], indirect=True)
def test_recordings_come_are_judged_and_go(desk: Desk, archive: Path, studio: Any) -> None:
    page = desk.page
    desk.sign_in()
    page.goto(f"{desk.url}admin/corpora")
    desk.until("corpora", "There is no corpus yet")

    page.set_input_files("#corpus-zip input[type=file]", archive)
    page.locator("#corpus-zip .file-preview").wait_for()
    name = f"ours-{page.viewport_size['width']}"
    page.fill("#corpus-name textarea, #corpus-name input", name)
    desk.press("corpus-add")
    page.locator(".toast-body", has_text="must have agreed").wait_for()
    page.check("#corpus-consent input")
    desk.press("corpus-add")
    desk.until("corpus-report", "What can be tuned on it")
    report = desk.text("corpus-report")
    assert "broken.wav is not a sound file" in report and "same sound as" in report
    assert "New to the recognizer: smug" in report
    assert "Recognizer" in desk.text("corpora")
    assert not page.is_checked("#corpus-consent input")

    for theme in ("light", "dark"):
        page.goto(f"{desk.url}admin/corpora?__theme={theme}")  # it is there after a reload
        desk.until("corpus-report", "New to the recognizer: smug")
        assert page.evaluate(SIDEWAYS) == []
        assert page.evaluate(NAMELESS) == []

    page.get_by_label("A dataset of the Hugging Face Hub").check()
    page.wait_for_selector("#corpus-dataset")
    assert not page.is_visible("#corpus-zip")

    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_response("**/queue/data*"):
        desk.press("delete-corpus")
    desk.open("corpora")  # Gradio hears no second press while the first is answered
    desk.until("corpora", name)
    page.once("dialog", lambda dialog: dialog.accept())
    desk.press("delete-corpus")
    desk.until("corpora", "There is no corpus yet")
    assert studio.jobs.corpora.all() == []
    desk.open("data")
    for action in ("add corpus", "remove corpus"):
        desk.until("audit", action)
