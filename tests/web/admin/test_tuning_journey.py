"""From recordings to a model that speaks, through the pages, in a real browser."""

from __future__ import annotations

import csv
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from emostudio.jobs import lock
from emostudio.settings import Settings
from tests import tiny
from tests.speech import SAMPLE_RATE, vowels
from tests.web import tuned
from tests.web.admin.conftest import TOKEN
from tests.web.admin.visiting import Desk, context, desk
from tests.web.browsing import Visit
from tests.web.conftest import launched

__all__ = ["context", "desk"]
pytestmark = pytest.mark.browser
LONG_MS = 600_000  # a worker reads, trains and compares on two cores that others share
SENTENCES = (
    "We are all away now.",
    "The sun is on the wall.",
    "They had to wait for a long time.",
    "A small boat came home.",
    "There is no more bread here.",
    "Nobody knew where the road went.",
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A zip of a minute and a half of one voice, with its words."""
    target = tmp_path / "anna.zip"
    with zipfile.ZipFile(target, "w") as files:
        table = tmp_path / "metadata.csv"
        with table.open("w", newline="", encoding="utf-8") as opened:
            rows = csv.writer(opened)
            rows.writerow(["file", "speaker", "emotion", "text"])
            for number in range(18):
                clip = tmp_path / f"{number}.wav"
                soundfile.write(clip, vowels(180, 5.0, seed=number), SAMPLE_RATE)
                files.write(clip, clip.name)
                words = f"{SENTENCES[number % 6]} {SENTENCES[number // 6]}"
                rows.writerow([clip.name, "anna", "neutral", words])
        files.write(table, table.name)
    return target


@pytest.fixture
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """The real studio over tiny checkpoints, and the address of its app; its queue runs."""
    from emostudio import Studio
    from emostudio.web import build_app

    folder = tmp_path_factory.mktemp("workshop")
    settings = Settings(
        models=str(tiny.checkpoints(folder / "models")), data_dir=folder, admin_token=TOKEN
    )
    studio = Studio(settings)
    demo = build_app(studio)
    yield studio, launched(demo, studio)
    demo.close(verbose=False)
    studio.listening.close()
    for file in studio.jobs.root.glob("jobs/*/lock"):
        leader = lock.holder(file)
        if leader is not None and lock.is_held(file):
            os.killpg(leader, signal.SIGKILL)


def wait(page: Any, elem_id: str, text: str) -> None:
    page.locator(f"#{elem_id}", has_text=text).first.wait_for(timeout=LONG_MS)


def step_of(page: Any) -> int:
    """The step that the page tells of, once it tells of one."""
    found = page.wait_for_function(
        "() => document.querySelector('#standing .doing')?.innerText.match(/[Ss]tep (\\d+)/)?.[1]",
        timeout=LONG_MS,
    )
    return int(found.json_value())


@pytest.mark.slow
def test_from_recordings_to_a_model_that_speaks(
    context: Any, workshop: tuple[Any, str], archive: Path
) -> None:
    studio, url = workshop
    desk = Desk(context, url)
    page = desk.page
    desk.sign_in()

    # Recordings come in, and their report says what they are good for.
    desk.open("corpora")
    page.set_input_files("#corpus-zip input[type=file]", archive)
    page.locator("#corpus-zip .file-preview").wait_for()
    page.fill("#corpus-name :is(textarea, input)", "anna")
    page.check("#corpus-consent input")
    desk.press("corpus-add")
    wait(page, "corpus-report", "What can be tuned on it")

    # How long it takes is measured, then a job is started.
    desk.open("training")
    wait(page, "fits", "It fits")
    page.fill("#name :is(textarea, input)", "anna-2")
    page.get_by_label("Quick").check()
    desk.unfold("more-options")
    page.fill("#max-steps input", "400")
    page.fill("#batch-size input", "4")
    page.fill("#sample-every input", "100")
    desk.press("measure")
    wait(page, "cost", "Measured here")
    desk.press("start")
    page.wait_for_url("**/job?job=*")

    # It moves; a reload shows the same job, further on.
    first = step_of(page)
    page.reload()
    page.wait_for_function(
        "first => +(document.querySelector('#standing .doing')?.innerText.match(/tep (\\d+)/)?.[1]"
        " ?? 0) > first",
        arg=first,
        timeout=LONG_MS,
    )
    page.wait_for_selector("#curves .js-plotly-plot", timeout=LONG_MS)

    # Canceled, it is saved, and goes on from there.
    desk.press("cancel")
    wait(page, "standing", "Stopped")
    stopped = step_of(page)
    assert 0 < stopped < 400
    desk.press("resume")
    page.locator("#standing .state.running").wait_for(timeout=LONG_MS)
    assert step_of(page) >= stopped
    wait(page, "standing", "Done")

    # What came of it stands beside what it began with.
    wait(page, "gate", "Before and after")
    wait(page, "gate", "oice similarity")
    take = page.get_attribute("#on-the-way audio", "src")
    assert page.request.get(f"{url}admin/{take}").body()[:4] == b"RIFF"
    page.locator("#pair audio").first.wait_for()
    hidden = page.get_attribute("#pair audio", "src") or ""
    assert page.request.get(f"{url}admin/{hidden}").body()[:4] == b"RIFF"
    assert "base" not in hidden and "candidate" not in hidden

    # Promoted, in spite of its numbers if need be, it can be chosen in Speak at once.
    if page.locator("#promote-reason").is_visible():
        desk.press("promote")
        page.locator(".toast-body", has_text="give a reason").wait_for()
        page.fill("#promote-reason :is(textarea, input)", "This is a trial.")
    desk.press("promote")
    wait(page, "offered", "Offered")
    visit = Visit(context.new_page(), url)
    visit.open()
    visit.page.locator("#engine").get_by_label("EmoMix anna-2").check()
    visit.page.locator("#text textarea").fill("We are all here.")
    assert len(visit.hear(visit.go("#speak"))) > 4_000
    assert visit.errors == []

    # Rolled back, it is gone from there; all of it was noted.
    desk.press("roll-back")
    wait(page, "offered", "Promote anna-2")
    assert not [name for name in studio.engines() if "anna-2" in name]
    desk.open("data")
    for action in ("add corpus", "submit job", "cancel job", "resume job", "promote model"):
        desk.until("audit", action)
    assert desk.errors == []
    assert desk.outside == []


def test_pairs_are_heard_blind_and_told_apart_in_the_end(desk: Desk, studio: Any) -> None:
    done = tuned.done(studio.jobs, tuned.corpus(studio.jobs, "ben"), "ben-2")
    page = desk.page
    desk.sign_in()
    desk.open(f"job?job={done.id}")
    for number in range(3):
        desk.until("pair", f"Pair {number + 1} of 3")
        players = page.locator("#pair audio")
        sounds = [players.nth(place).get_attribute("src") for place in range(2)]
        for sound in sounds:
            assert page.request.get(f"{desk.url}admin/{sound}").body()[:4] == b"RIFF"
        desk.press(("prefer-a", "prefer-b", "prefer-none")[number])
    desk.until("pair", "you preferred")
    assert not page.locator("#prefer-a").is_visible()
    page.reload()  # nobody votes twice
    desk.until("pair", "you preferred")
    desk.press("pairs-study")
    page.wait_for_url("**/study?study=*")
    desk.until("clips", "ben-2")


def test_a_job_is_taken_out_of_the_queue_and_deleted(desk: Desk, studio: Any) -> None:
    studio.jobs.close()  # nobody sees to the queue meanwhile
    waiting = tuned.job(studio.jobs, tuned.corpus(studio.jobs, "carl"), "queued", name="carl-2")
    page = desk.page
    desk.sign_in()
    desk.open("training")
    page.get_by_role("link", name="carl-2").click()
    page.wait_for_url(f"**/job?job={waiting.id}")
    page.get_by_role("button", name="Take out of the queue").click()
    desk.until("standing", "Stopped")
    page.once("dialog", lambda dialog: dialog.dismiss())
    desk.press("delete")
    desk.open(f"job?job={waiting.id}")
    page.once("dialog", lambda dialog: dialog.accept())
    desk.press("delete")
    page.wait_for_url("**/training")
    with pytest.raises(ValueError, match="no such job"):
        studio.jobs.row(waiting.id)


def test_what_is_chosen_wins_over_the_address(desk: Desk, studio: Any) -> None:
    corpus = tuned.corpus(studio.jobs, "dora")
    named, other = (tuned.done(studio.jobs, corpus, name) for name in ("dora-2", "dora-3"))
    page = desk.page
    desk.sign_in()
    desk.open(f"job?job={named.id}")
    desk.until("standing", "dora-2")
    page.click("#job input")
    page.get_by_role("option", name="dora-3").click()
    page.wait_for_url(f"**/job?job={other.id}*")
    desk.until("standing", "dora-3")
    page.reload()
    desk.until("standing", "dora-3")


@pytest.mark.parametrize("context", [360], indirect=True)
def test_a_number_is_a_block_on_a_phone_and_begins_with_its_verdict(
    desk: Desk, studio: Any
) -> None:
    made = tuned.done(studio.jobs, tuned.corpus(studio.jobs, "emil"), "emil-2", worse=True)
    desk.sign_in()
    desk.open(f"job?job={made.id}")
    rows = desk.page.locator("#gate tbody tr")
    rows.first.wait_for()
    for row in rows.all():
        verdict, name = row.locator(".mark").bounding_box(), row.locator("th").bounding_box()
        assert verdict["y"] < name["y"]
        for cell in row.locator("th, td").all():
            box = cell.bounding_box()
            assert box["x"] + box["width"] <= 360


def test_a_model_is_deleted_by_those_who_are_sure(desk: Desk, studio: Any) -> None:
    made = tuned.done(studio.jobs, tuned.corpus(studio.jobs, "finn"), "finn-2")
    page = desk.page
    desk.sign_in()
    address = f"models?model={studio.jobs.model_of(made.id).id}"
    desk.open(address)
    desk.until("about-model", "finn-2")
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_response("**/queue/data*"):
        desk.press("delete-model")
    desk.open(address)  # Gradio hears no second press while the first is answered
    desk.until("about-model", "finn-2")
    page.once("dialog", lambda dialog: dialog.accept())
    desk.press("delete-model")
    page.locator(".toast-body", has_text="finn-2 is deleted").wait_for()
    assert page.locator(".error").count() == 0


def test_what_is_loaded_is_seen_and_unloaded(desk: Desk) -> None:
    desk.sign_in()
    desk.open("status")
    desk.until("loaded", "emomix")
    desk.press("unload")
    desk.until("loaded", "None")
    for part in ("queue", "disk", "versions"):
        assert desk.text(part)
