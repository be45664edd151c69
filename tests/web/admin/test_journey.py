"""An administrator's way from a take to results, and a listener's in between, in a real browser."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from emostudio.listening.protocol import Protocol
from emostudio.studies import authoring
from tests.studies.sounding import burst
from tests.web import tuned
from tests.web.admin.visiting import DRAWN, SIDEWAYS, Desk, context, desk
from tests.web.browsing import NAMELESS, WAIT_MS

__all__ = ["SIDEWAYS", "Desk", "context", "desk"]
pytestmark = pytest.mark.browser


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A zip of two systems and three utterances, and something else."""
    path = tmp_path / "clips.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for place, system in enumerate(("piper", "human")):
            for number in range(3):
                sound = burst(10 * place + number, duration_s=0.5)
                archive.writestr(f"{system}_line{number}.wav", sound)
        archive.writestr("notes.txt", "not a sound")
    return path


def listen(browser: Any, link: str, grades: dict[str, int]) -> str:
    """Take part in a test on a phone, and return the completion code."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(link)
    for name in ("Agree and go on", "I hear the tones well", "Headphones or earphones", "Start"):
        page.get_by_role("button", name=name, exact=True).click()
    for number in range(grades["trials"]):
        for player in page.locator(".player").all():
            player.click()
            player.get_by_text("Played").wait_for()
        page.locator(".choice").nth(grades["choice"]).click()
        page.get_by_role("button", name="Next", exact=True).click()
        if number + 1 < grades["trials"]:
            page.locator("#count", has_text=f"{number + 2} ").wait_for()
    page.get_by_role("button", name="Finish", exact=True).click()
    code = page.locator("#completion").inner_text()
    context.close()
    return code


def test_from_a_take_to_results(desk: Desk, browser: Any, clips: Path) -> None:
    page = desk.page
    # Nobody is offered what only administrators may do.
    page.goto(desk.url)
    page.wait_for_selector("#mixture .mixture")
    assert not page.locator("#send-to-test").is_visible()

    desk.sign_in()
    page.goto(desk.url)
    page.get_by_role("button", name="A surprise visit").click()
    page.wait_for_function("() => document.querySelector('#text textarea').value")
    page.click("#speak")
    page.wait_for_function("() => document.querySelector('#player audio')?.duration > 0")
    desk.press("send-to-test")
    page.locator(".toast-body", has_text="It waits").wait_for()
    desk.press("send-to-test")
    page.locator(".toast-body", has_text="It already waits").wait_for()

    # A draft, clips from a zip and from Speak, a protocol for one listener.
    desk.open("")
    page.get_by_label("Title").fill("Piper beside a person")
    desk.press("create")
    page.wait_for_url("**/study?study=piper-beside-a-person")
    desk.until("state", "There is no clip to test")
    assert page.locator("#freeze").is_disabled()
    desk.unfold("add-files")
    page.set_input_files("#files input[type=file]", clips)
    page.get_by_label("Pattern of names").fill("{system}_{utterance}.wav")
    page.locator("#files .file-preview").wait_for()
    desk.press("add")
    page.locator(".toast-body", has_text="speakers have agreed").wait_for()
    page.click("#question textarea")  # what went wrong covers nothing
    page.check("#rights input")
    desk.press("add")
    desk.until("said", "6 clips were added")
    assert "notes.txt" in desk.text("said")
    heard = page.request.get(f"{desk.url}admin/{page.get_attribute('#clips a', 'href')}")
    assert heard.body()[:4] == b"RIFF"
    desk.unfold("add-takes")
    page.get_by_label("EmoMix · You came all this way").check()
    desk.press("take")
    desk.until("said", "1 clip was added")
    desk.until("clips", "no clip")  # EmoMix has not spoken the others
    desk.unfold("take-out")
    page.get_by_label("Clips", exact=True).click()
    page.get_by_role("option", name="EmoMix").click()
    desk.press("drop")
    page.locator("#clips", has_text="EmoMix").wait_for(state="detached")
    page.locator("#listeners input").fill("1")
    page.get_by_label("Everybody hears every clip").check()
    desk.press("save")
    desk.until("expected", "6")
    desk.press("dry-run")
    desk.until("dry-run-found", "simulated listeners")

    # No other study passes for one that isn't there.
    page.goto(f"{desk.url}admin/study?study=piper")
    desk.until("state", "No study is chosen")
    desk.open("study?study=piper-beside-a-person")

    # Frozen: a link, a code, a picture of the link.
    desk.press("freeze")
    page.wait_for_selector("#link")
    link = page.get_attribute("#link", "href")
    assert link == f"{desk.url}t/piper-beside-a-person"
    assert page.locator(".qr svg").is_visible()
    completion = desk.text("completion")
    page.get_by_label("On the public page Listen").check()
    page.locator(".toast-body", has_text="on the page Listen").wait_for()

    desk.open("results?study=piper-beside-a-person")
    desk.until("headline", "0 of 1 have finished")
    refused = page.request.get(f"{desk.url}admin/files/piper-beside-a-person/answers.csv")
    assert refused.status == 404

    page.goto(f"{desk.url}listen")
    page.get_by_role("link", name="Begin").wait_for()
    assert listen(browser, link, {"trials": 6, "choice": 3}) == completion

    desk.open("results?study=piper-beside-a-person")
    desk.until("headline", "Mean by system")
    assert "piper" in desk.text("headline")
    page.wait_for_selector("#figure-0 .js-plotly-plot")
    assert "Listeners were asked" in desk.text("methods")
    answers = page.request.get(f"{desk.url}admin/files/piper-beside-a-person/answers.csv")
    assert len(answers.text().splitlines()) == 7

    # A listener is left out with a reason, and all of it was noted.
    page.get_by_label("Listener", exact=True).click()
    page.get_by_role("option").first.click()
    page.get_by_label("Reason").fill("was a trial")
    desk.press("exclude")
    desk.until("people", "was a trial")
    desk.open("data")
    for action in ("collect", "create", "freeze", "list", "export", "exclude"):
        desk.until("audit", action)
    saved = page.request.get(f"{desk.url}admin/files/backup.zip").body()
    assert "rows.jsonl" in zipfile.ZipFile(io.BytesIO(saved)).namelist()


def test_labels_become_a_corpus(desk: Desk, browser: Any, clips: Path) -> None:
    desk.sign_in()
    page = desk.page
    desk.open("labels")
    page.get_by_label("Title").fill("Our own clips")
    desk.press("label-create")
    page.wait_for_url("**/study?study=our-own-clips")
    desk.unfold("add-files")
    page.set_input_files("#files input[type=file]", clips)
    page.get_by_label("Pattern of names").fill("{speaker}_{utterance}.wav")
    page.check("#rights input")
    page.locator("#files .file-preview").wait_for()
    desk.press("add")
    desk.until("said", "6 clips were added")
    desk.press("freeze")
    page.wait_for_selector("#link")
    link = page.get_attribute("#link", "href")
    assert link

    listener = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    listener.set_default_timeout(WAIT_MS)
    listener.goto(link)
    for name in ("Agree and go on", "I hear the tones well", "Headphones or earphones", "Start"):
        listener.get_by_role("button", name=name, exact=True).click()
    listener.locator(".player").first.click()
    listener.get_by_text("Played").wait_for()
    listener.locator(".choice", has_text="Sad").first.click()
    listener.get_by_role("button", name="Next", exact=True).click()
    listener.get_by_text("The recognizer hears").wait_for()  # a guess came with every clip
    listener.context.close()

    desk.open("labels?study=our-own-clips")
    desk.until("labelled", "sad")
    with page.expect_download() as download:
        desk.press("corpus")
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert "our-own-clips/metadata.csv" in names


@pytest.mark.parametrize("context", [360], indirect=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_fits_a_phone_and_names_its_parts(desk: Desk, studio: Any, theme: str) -> None:
    db = studio.listening.db
    for kind in ("mos", "label"):
        authoring.create(db, Protocol(kind, f"How {kind} looks on a phone, and what is too long"))
    if not studio.jobs.all():
        done = tuned.done(studio.jobs, tuned.corpus(studio.jobs), "a-name-that-is-rather-long")
        assert studio.jobs.model_of(done.id)
    desk.sign_in()
    for page in DRAWN:
        desk.open(page, theme)
        assert desk.page.evaluate(SIDEWAYS) == [], page
        assert desk.page.evaluate(NAMELESS) == [], page
        dark = desk.page.evaluate("document.body.classList.contains('dark')")
        assert dark == (theme == "dark")


def test_signing_out_leads_to_the_door(desk: Desk) -> None:
    desk.sign_in()
    desk.page.get_by_role("button", name="Sign out").click()
    desk.page.wait_for_url("**/admin/login")
    desk.page.goto(f"{desk.url}admin/results")
    assert desk.page.url.endswith("/admin/login")
