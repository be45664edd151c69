"""A person's way through Convert, in a real browser."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emostudio.values import Clip
from tests.web.browsing import NAMELESS, TOO_WIDE, WAIT_MS
from tests.web.browsing import ConvertVisit as Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def visit(browser: Any, page_url: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    width, height = getattr(request, "param", (1280, 900))
    context = browser.new_context(viewport={"width": width, "height": height})
    visit = Visit(context.new_page(), page_url)
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []


def test_a_person_uploads_converts_and_hears(visit: Visit, hum: Path, tmp_path: Path) -> None:
    visit.open()
    visit.source(hum)
    visit.page.click("#convert")
    visit.page.get_by_text("confirm that you may use it").wait_for()
    visit.consent()
    wav = visit.hear(visit.go())
    assert len(wav) / 16_000 == pytest.approx(4, abs=0.1)
    assert np.abs(wav).max() > 0.01
    passport = visit.passport(tmp_path)
    assert passport["conversion"]["emotion"] == {"happy": 0.7, "surprise": 0.3}
    assert passport["source"]["seconds"] == 4
    assert "Words unlike" in visit.page.inner_text("#asked-got")
    visit.picture()
    visit.page.click("#compare-words")
    visit.page.wait_for_selector("#words .drawn:not(:empty)")
    assert visit.page.locator("#takes li").count() == 1


def test_a_visitor_without_a_microphone_tries_a_sentence_of_ours(visit: Visit) -> None:
    visit.open()
    visit.page.click("#example")
    visit.page.wait_for_selector("#convert-source audio", state="attached")
    visit.page.wait_for_function("document.querySelector('#consent input').checked")
    visit.page.keyboard.press("Control+Enter")
    assert visit.new_sound("")


def test_a_contour_is_drawn_heard_and_forgotten(visit: Visit, hum: Path, tmp_path: Path) -> None:
    visit.open()
    visit.source(hum)
    visit.consent()
    first = visit.go()
    wav = visit.hear(first)
    visit.picture()
    visit.draw((0.5, 150), (1.0, 220), (2.0, 180))
    numbers = visit.open_numbers()
    visit.page.wait_for_function("document.querySelector('#drawn textarea')?.value")
    visit.picture()
    visit.draw((2.5, 160), (3.0, 200))
    visit.page.wait_for_function(
        "() => (document.querySelector('#drawn textarea')?.value ?? '')"
        ".split('\\n').some((line) => parseFloat(line) > 2.9)"
    )
    points = [tuple(map(float, line.split(","))) for line in numbers.input_value().splitlines()]
    assert points == sorted(points)
    assert (points[0][0], points[-1][0]) == (
        pytest.approx(0.5, abs=0.05),
        pytest.approx(3, abs=0.05),
    )
    assert max(hertz for _, hertz in points) == pytest.approx(220, abs=5)
    second = visit.go("#redraw")
    assert not np.array_equal(visit.hear(second), wav)
    assert [tuple(point) for point in visit.passport(tmp_path)["conversion"]["drawn"]] == points
    visit.page.click("#forget")
    visit.page.wait_for_function("document.querySelector('#drawn textarea')?.value === ''")
    assert np.array_equal(visit.hear(visit.go()), wav)


def test_a_contour_can_be_typed(visit: Visit, hum: Path, tmp_path: Path) -> None:
    visit.open()
    visit.source(hum)
    visit.consent()
    visit.go()
    visit.picture()
    visit.open_numbers().fill("0.4, 180\n0.9, up")
    visit.page.click("#redraw")
    visit.page.get_by_text("is no point of a contour").wait_for()
    visit.page.locator("#drawn textarea").fill("0.4, 180\n0.9, 240")
    shown = "() => document.querySelector('#contours .drawn').data.at(-1).y.join() === '180,240'"
    visit.page.wait_for_function(shown)
    visit.go("#redraw")
    assert visit.passport(tmp_path)["conversion"]["drawn"] == [[0.4, 180], [0.9, 240]]


def test_a_drag_on_energy_looks_closer_and_draws_nothing(visit: Visit, hum: Path) -> None:
    visit.open()
    visit.source(hum)
    visit.consent()
    visit.go()
    visit.picture()
    visit.draw((1, 55), (2, 55))  # below F0's axis lies energy
    visit.page.wait_for_function(
        "() => document.querySelector('#contours .drawn')._fullLayout.xaxis.range[0] > 0.5"
    )
    assert visit.open_numbers().input_value() == ""


def test_a_new_source_asks_anew_and_forgets_the_drawing(visit: Visit, hum: Path) -> None:
    visit.open()
    visit.source(hum)
    visit.consent()
    visit.go()
    visit.picture()
    visit.open_numbers().fill("0.4, 180\n0.9, 240")
    visit.page.locator("#convert-source").get_by_label("Clear").click()
    visit.page.wait_for_function("document.querySelector('#drawn textarea')?.value === ''")
    visit.source(hum)
    visit.page.wait_for_function("!document.querySelector('#consent input').checked")


def test_a_drawing_looks_as_it_is_followed_and_stays_within_reach(visit: Visit, hum: Path) -> None:
    visit.open()
    visit.source(hum)
    visit.consent()
    visit.go()
    visit.picture()
    low, middle, high = (visit.place(1, hertz)[1] for hertz in (100, 141.42, 200))
    assert middle == pytest.approx((low + high) / 2, abs=0.1)
    assert visit.page.evaluate("document.querySelector('#contours .drawn').data[0].x[0]") == 0.008
    visit.open_numbers().fill("0.4, 180\n0.9, 601")
    visit.page.click("#redraw")
    visit.page.get_by_text("stay in 60 to 600").wait_for()


def test_a_file_of_any_name_has_an_address(visit: Visit) -> None:
    visit.open()
    address = visit.page.evaluate("emostudio.url(`/it's 100%/#1?.js`)")
    assert address.endswith("/gradio_api/file=/it's%20100%25/%231%3F.js")


def test_sliders_and_a_recording_can_both_count(visit: Visit, hum: Path, tmp_path: Path) -> None:
    visit.open()
    visit.source(hum)
    visit.page.get_by_label("Both", exact=True).check()
    visit.page.get_by_text("Add a recording of the emotion").wait_for()
    visit.page.set_input_files("#emotion-recording input[type=file]", hum)
    visit.page.click("#mix-remorse")
    visit.set_slider("Share of the recording", 0.4)
    visit.set_slider("Intensity", 0.5)
    visit.page.wait_for_selector("#mixture .is-reference")
    wanted = {"Neutral": "50%", "Sad": "15%", "Disgust": "15%", "Recorded": "20%"}
    visit.page.wait_for_function(
        "n => document.querySelectorAll('.mixture > :not(.none)').length == n", arg=len(wanted)
    )
    assert visit.shares() == wanted
    visit.consent()
    visit.go()
    assert visit.page.locator("#asked-got th", has_text="Reference").count() == 1
    passport = visit.passport(tmp_path)
    assert passport["conversion"]["reference_share"] == 0.4

    visit.page.get_by_label("Recording", exact=True).check()
    visit.page.wait_for_selector("#emotion-happy", state="hidden")
    assert visit.shares() == {"Neutral": "50%", "Recorded": "50%"}
    visit.page.get_by_label("Sliders", exact=True).check()
    visit.page.wait_for_selector("#emotion-recording", state="hidden")
    assert visit.shares() == {"Neutral": "50%", "Sad": "25%", "Disgust": "25%"}


def test_the_identity_guard_and_little_speech_are_told(visit: Visit, tmp_path: Path) -> None:
    wav = np.zeros(96_000, np.float32)
    wav[:8_000] = 0.3 * np.sin(np.arange(8_000) / 14)
    visit.open()
    visit.source(Clip(wav, 16_000).save(tmp_path / "sparse.wav"))
    visit.consent()
    visit.set_slider("Identity guard", 0.9)
    visit.go()
    said = visit.page.inner_text("#warned")
    assert "of the recording sounds like a voice" in said
    assert "it was lowered to 30%" in said


def test_a_passport_gives_the_same_result_again(visit: Visit, hum: Path, tmp_path: Path) -> None:
    visit.open()
    visit.source(hum)
    visit.consent()
    visit.page.click("#mix-outrage")
    visit.set_slider("Intensity", 0.65)
    first = visit.go()
    wav = visit.hear(first)
    passport = visit.passport(tmp_path)

    visit.page.reload()
    visit.page.wait_for_selector("#mixture .mixture")
    visit.page.set_input_files(
        "#load-passport input, input[accept='.json']", tmp_path / "passport.json"
    )
    visit.page.get_by_text("give the same file again").wait_for()
    visit.source(hum)
    visit.consent()
    assert np.array_equal(visit.hear(visit.go()), wav)
    assert visit.passport(tmp_path)["sha256"] == passport["sha256"]

    visit.set_slider("Intensity", 0.1)
    before = visit.go()
    visit.page.get_by_role("button", name="Load take 1 again").click()
    assert np.array_equal(visit.hear(visit.new_sound(before)), wav)
    visit.page.wait_for_function(
        "() => document.querySelector('#intensity input[type=number]').value === '0.65'"
    )
    visit.page.wait_for_function("document.querySelector('#consent input').checked")


def test_a_passport_of_speak_is_sent_to_speak(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "take.json"
    path.write_text(json.dumps({"request": {}}), encoding="utf-8")
    visit.open()
    visit.page.set_input_files("#load-passport input, input[accept='.json']", path)
    visit.page.get_by_text("This is a passport of Speak").wait_for()


def test_many_files_become_a_zip_and_what_fails_is_listed(
    visit: Visit, hum: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.wav"
    wrong.write_text("these are words")
    visit.open()
    visit.page.click("#batch >> text=Convert many files")
    visit.page.click("#batch-start")
    visit.page.get_by_text("There are no recordings yet").wait_for()
    visit.page.set_input_files("#batch-files input[type=file]", [hum, wrong])
    visit.page.wait_for_selector("#batch-files .file:nth-child(2)")
    visit.consent()
    visit.page.click("#batch-start")
    visit.page.get_by_text("1 of 2 files").wait_for()
    assert "is not a sound file" in visit.page.inner_text("#batch-outcome")
    with visit.page.expect_download() as download:
        visit.page.click("#get-zip")
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        assert packed.namelist() == ["hum-converted.wav", "hum-converted.json", "failed.txt"]


def test_a_text_named_wav_is_refused_and_the_next_result_works(
    visit: Visit, hum: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "voice.wav"
    wrong.write_text("these are words")
    visit.open()
    visit.source(wrong)
    visit.consent()
    visit.page.click("#convert")
    visit.page.get_by_text("is not a sound file").wait_for()
    visit.page.wait_for_selector("#convert:visible")
    visit.page.locator("#convert-source").get_by_label("Clear").click()
    visit.source(hum)
    visit.consent()
    assert visit.go()


@pytest.fixture
def slow(browser: Any) -> Iterator[Visit]:
    """Return a visit to an app that needs a while for each part."""
    from emostudio.web import build_app
    from tests.web.conftest import launched
    from tests.web.fake_studio import FakeStudio

    demo = build_app(FakeStudio(delay_s=0.6))
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Visit(context.new_page(), launched(demo))
    context.close()
    demo.close(verbose=False)


def test_stop_keeps_the_parts_that_are_ready(slow: Visit, hum: Path, tmp_path: Path) -> None:
    clip = Clip.load(hum)
    long = Clip(np.tile(clip.wav, 40), clip.sample_rate).save(tmp_path / "long.wav")
    slow.open()
    slow.source(long)
    slow.consent()
    slow.page.click("#convert")
    slow.page.wait_for_selector("#sentences li:nth-child(3)")
    assert "0:00 to 0:10" in slow.page.inner_text("#sentences")
    slow.page.click("#stop")
    wav = slow.hear(slow.new_sound(""))
    assert 10 < len(wav) / 16_000 < 150
    slow.page.get_by_text("Stopped: this holds the first 0:").or_(
        slow.page.get_by_text("Stopped: this holds the first 1:")
    ).wait_for()
    passport = slow.passport(tmp_path)
    assert passport["source"]["seconds"] == 160
    assert passport["conversion"]["until_s"] == len(wav) / 16_000
    slow.page.get_by_role("button", name="Load take 1 again").click()
    slow.page.wait_for_selector("#convert:visible")
    slow.page.wait_for_function("document.querySelector('#consent input').checked")

    slow.page.reload()
    slow.page.wait_for_selector("#mixture .mixture")
    slow.page.set_input_files(
        "#load-passport input, input[accept='.json']", tmp_path / "passport.json"
    )
    slow.page.get_by_text("give the same file again").wait_for()
    slow.source(long)
    slow.consent()
    assert np.array_equal(slow.hear(slow.go()), wav)
    assert slow.passport(tmp_path)["sha256"] == passport["sha256"]


def test_a_short_rest_is_heard_after_a_long_first_part(
    visit: Visit, hum: Path, tmp_path: Path
) -> None:
    clip = Clip.load(hum)
    wav = np.tile(clip.wav, 3)[: round(10.3 * clip.sample_rate)]
    visit.open()
    visit.source(Clip(wav, clip.sample_rate).save(tmp_path / "rest.wav"))
    visit.consent()
    visit.page.click("#convert")
    visit.page.wait_for_selector("#sentences li:nth-child(2)")
    assert visit.page.locator("#sentences li").first.inner_text() == "0:00 to 0:10"


def test_a_stopped_batch_keeps_what_is_ready(slow: Visit, hum: Path, tmp_path: Path) -> None:
    files = [Path(tmp_path / f"{n}.wav") for n in range(9)]
    for file in files:
        file.write_bytes(hum.read_bytes())
    slow.open()
    slow.page.click("#batch >> text=Convert many files")
    slow.page.set_input_files("#batch-files input[type=file]", files)
    slow.page.wait_for_selector("#batch-files .file:nth-child(9)")
    slow.consent()
    slow.page.click("#batch-start")
    slow.page.click("#batch-stop")
    slow.page.get_by_text("were not begun").wait_for()
    with slow.page.expect_download() as download:
        slow.page.click("#get-zip")
    download.value.save_as(tmp_path / "some.zip")
    with zipfile.ZipFile(tmp_path / "some.zip") as packed:
        assert 2 <= len(packed.namelist()) < 18


@pytest.mark.parametrize("visit", [(390, 844)], indirect=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_everything_within_its_width(visit: Visit, hum: Path, theme: str) -> None:
    visit.open(theme)
    assert visit.page.evaluate("document.body.classList.contains('dark')") == (theme == "dark")
    visit.source(hum)
    visit.page.get_by_label("Both", exact=True).check()
    visit.page.set_input_files("#emotion-recording input[type=file]", hum)
    visit.page.wait_for_selector("#emotion-recording audio", state="attached")
    visit.page.click("#batch >> text=Convert many files")
    visit.consent()
    visit.go()
    visit.picture()
    visit.open_numbers()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visit.page.evaluate(TOO_WIDE) == []


def test_a_finger_that_moves_sideways_draws(browser: Any, page_url: str, hum: Path) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    visit = Visit(context.new_page(), page_url)
    visit.open()
    visit.source(hum)
    visit.consent()
    visit.go()
    numbers = visit.open_numbers()
    numbers.wait_for()
    # The way to the result is smooth; the finger waits for its end.
    visit.page.wait_for_timeout(1_000)
    visit.picture()
    touch = context.new_cdp_session(visit.page)

    def finger(kind: str, *points: list[float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    finger("touchStart", visit.place(1, 180))
    for step in range(1, 9):
        finger("touchMove", visit.place(1 + step / 8, 180 + 2 * step))
    finger("touchEnd")
    visit.page.wait_for_function("document.querySelector('#drawn textarea')?.value")
    assert numbers.input_value().startswith("1.0")
    context.close()


def test_every_control_has_a_name(visit: Visit, hum: Path) -> None:
    visit.open()
    assert visit.page.evaluate(NAMELESS) == []
    visit.source(hum)
    visit.consent()
    visit.go()
    visit.picture()
    visit.open_numbers().wait_for()
    assert visit.page.evaluate(NAMELESS) == []


def test_the_pages_lead_to_each_other(visit: Visit) -> None:
    visit.open()
    visit.page.get_by_role("link", name="Speak").click()
    visit.page.wait_for_selector("#speak")
    visit.page.get_by_role("link", name="Convert").click()
    visit.page.wait_for_selector("#convert")


def test_a_missing_checkpoint_opens_a_page_that_says_so(browser: Any) -> None:
    from emostudio.web import build_app
    from tests.web.conftest import launched
    from tests.web.fake_studio import FakeStudio

    demo = build_app(FakeStudio(trouble="The checkpoint 'zest' is missing; run git lfs pull."))
    page = browser.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{launched(demo)}convert")
    page.get_by_text("EmoStudio cannot convert yet").wait_for()
    page.get_by_text("The checkpoint 'zest' is missing; run git lfs pull.").wait_for()
    assert page.locator("#convert").is_disabled()
    page.close()
    demo.close(verbose=False)
