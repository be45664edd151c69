"""A person's way through the page, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.web import browsing

pytestmark = pytest.mark.browser

TEXT = "The garden is full of light today."


class Visit(browsing.Visit):
    """A visit to Speak."""

    start = "#speak"

    def type(self, text: str) -> None:
        self.page.locator("#text textarea").fill(text)

    def drag(self, name: str, share: float) -> None:
        """Drag a slider with the mouse to a share of its length."""
        slider = self.page.locator(f"#emotion-{name} input[type=range]")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        at = (box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        self.page.mouse.move(box["x"] + 8, at[1])
        self.page.mouse.down()
        self.page.mouse.move(*at, steps=6)
        self.page.mouse.up()

    def speak(self) -> str:
        """Press Speak and return the address of the new sound."""
        return self.go()


@pytest.fixture
def visit(browser: Any, page_url: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    width, height = getattr(request, "param", (1280, 900))
    context = browser.new_context(viewport={"width": width, "height": height})
    visit = Visit(context.new_page(), page_url)
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []


def test_a_person_types_drags_speaks_and_hears_it_again(visit: Visit, tmp_path: Path) -> None:
    visit.open()
    visit.type(TEXT)
    visit.page.wait_for_selector(f"#counter >> text={len(TEXT)} of 5000")
    visit.drag("sad", 0.8)
    visit.page.wait_for_selector("#mixture .is-sad:not(.none)")
    first = visit.speak()
    wav = visit.hear(first)
    assert np.abs(wav).max() > 0.01
    assert len(wav) > 8_000
    passport = visit.passport(tmp_path)
    assert passport["request"]["text"] == TEXT
    assert passport["request"]["emotion"]["sad"] > 0.3
    visit.page.wait_for_selector("#picture .js-plotly-plot")
    assert "own recognizer" in visit.page.inner_text("#asked-got")

    visit.page.click("#mix-neutral")
    visit.page.wait_for_function("document.querySelectorAll('.mixture > :not(.none)').length == 1")
    second = visit.speak()
    assert not np.array_equal(visit.hear(second), wav)
    assert visit.page.locator("#takes li").count() == 2

    visit.page.get_by_role("button", name="Load take 1 again").click()
    assert np.array_equal(visit.hear(visit.new_sound(second)), wav)
    visit.page.wait_for_selector("#mixture .is-sad:not(.none)")
    visit.page.wait_for_function(
        "async () => { const sound = document.querySelector('#takes audio');"
        "await sound.play(); return sound.currentTime > 0 }"
    )


def test_a_passport_gives_the_same_take_again(visit: Visit, tmp_path: Path) -> None:
    visit.open()
    visit.type(TEXT)
    for name, weight in (("Sad", 0.33), ("Happy", 0.41), ("Angry", 0.07)):
        visit.set_slider(name, weight)
    visit.page.click("#more >> text=More")
    visit.page.click("#dice")
    wav = visit.hear(visit.speak())
    passport = visit.passport(tmp_path)
    assert passport["request"]["seed"] != 7

    visit.page.reload()
    visit.page.wait_for_selector("#mixture .mixture")
    visit.page.set_input_files("#load-passport input, input[type=file]", tmp_path / "passport.json")
    # What a reload keeps is the text alone.
    visit.page.wait_for_selector("#mixture .is-sad:not(.none)")
    assert visit.page.input_value("#text textarea") == TEXT
    again = visit.hear(visit.speak())
    assert np.array_equal(again, wav)
    assert visit.passport(tmp_path)["sha256"] == passport["sha256"]


def test_the_fast_engine_is_chosen_and_has_no_sampler_to_steer(
    visit: Visit, tmp_path: Path
) -> None:
    visit.open()
    visit.type(TEXT)
    visit.page.click("#more >> text=More")
    slow = visit.hear(visit.speak())
    visit.page.wait_for_selector("#steps")
    visit.page.locator("#engine").get_by_label("DiEmo", exact=True).check()
    for control in ("#steps", "#temperature", "#k-max", "#k-min", "#tail", "#base"):
        visit.page.wait_for_selector(control, state="hidden")
    assert visit.page.locator("#seed").is_visible()
    fast = visit.speak()
    assert not np.array_equal(visit.hear(fast), slow)
    assert visit.passport(tmp_path)["request"]["engine"] == "diemo"
    assert "DiEmo" in visit.page.locator("#takes li").first.inner_text()

    visit.page.get_by_role("button", name="Load take 1 again").click()
    visit.new_sound(fast)
    visit.page.wait_for_selector("#steps")
    assert visit.page.locator("#engine").get_by_label("EmoMix", exact=True).is_checked()
    assert np.array_equal(visit.hear(visit.speak()), slow)


def test_control_enter_speaks_and_a_mistake_loses_nothing(visit: Visit) -> None:
    visit.open()
    visit.type("?!")
    visit.page.keyboard.press("Control+Enter")
    visit.page.get_by_text("There is nothing to speak").wait_for()
    assert visit.page.input_value("#text textarea") == "?!"
    visit.type(TEXT)
    before = visit.sound_address()
    visit.page.keyboard.press("Control+Enter")
    assert visit.new_sound(before)


def test_zero_sliders_are_named_before_and_after_speak(visit: Visit) -> None:
    visit.open()
    visit.page.click("#mix-neutral")
    visit.page.wait_for_function("document.querySelectorAll('.mixture > :not(.none)').length == 1")
    visit.set_slider("Neutral", 0)
    visit.page.get_by_text("All sliders are at zero").wait_for()
    visit.type(TEXT)
    visit.page.click("#speak")
    visit.page.get_by_text("All emotion weights are zero").wait_for()


def test_intensity_blends_into_neutral_as_it_is_dragged(visit: Visit) -> None:
    visit.open()
    visit.page.click("#mix-excitement")
    intensity = visit.page.get_by_label("number input for Intensity", exact=True)
    intensity.fill("0.5")
    intensity.press("Enter")
    visit.page.wait_for_selector("#mixture .is-neutral:not(.none)")
    assert visit.shares() == {"Neutral": "50%", "Happy": "25%", "Surprise": "25%"}


def test_a_long_text_is_heard_sentence_by_sentence(visit: Visit, tmp_path: Path) -> None:
    text = "The rain has stopped. We can go outside. Look at the sky!"
    visit.open()
    visit.type(text)
    address = visit.speak()
    assert visit.passport(tmp_path)["request"]["text"] == text
    assert len(visit.hear(address)) > 16_000
    assert visit.page.locator("#takes li").count() == 1


def test_a_recorded_voice_asks_for_consent(visit: Visit, hum: Path, tmp_path: Path) -> None:
    visit.open()
    visit.type(TEXT)
    visit.page.get_by_label("Recording", exact=True).check()
    visit.page.wait_for_selector("#consent")
    visit.page.set_input_files("#recording input[type=file]", hum)
    visit.page.wait_for_selector("#recording audio", state="attached")
    visit.page.click("#speak")
    visit.page.get_by_text("confirm that you may use it").wait_for()
    visit.page.locator("#consent input").check()
    visit.speak()
    passport = visit.passport(tmp_path)
    assert passport["request"]["consent"] is True
    assert passport["reference"]["sha256"]


def test_a_text_named_wav_is_refused_and_the_next_take_works(visit: Visit, tmp_path: Path) -> None:
    wrong = tmp_path / "voice.wav"
    wrong.write_text("these are words")
    visit.open()
    visit.type(TEXT)
    visit.page.get_by_label("Recording", exact=True).check()
    visit.page.set_input_files("#recording input[type=file]", wrong)
    visit.page.wait_for_selector("#recording audio", state="attached")
    visit.page.locator("#consent input").check()
    visit.page.click("#speak")
    visit.page.get_by_text("is not a sound file").wait_for()
    visit.page.get_by_label("Studio", exact=True).check()
    assert visit.speak()


def test_an_error_leaves_the_last_take_to_be_heard(visit: Visit, tmp_path: Path) -> None:
    wrong = tmp_path / "voice.wav"
    wrong.write_text("these are words")
    visit.open()
    visit.type(TEXT)
    visit.speak()
    visit.page.get_by_label("Recording", exact=True).check()
    visit.page.set_input_files("#recording input[type=file]", wrong)
    visit.page.wait_for_selector("#recording audio", state="attached")
    visit.page.locator("#consent input").check()
    visit.page.click("#speak")
    visit.page.get_by_text("is not a sound file").wait_for()
    visit.page.wait_for_selector("#speak:visible")
    over_the_sound = (
        "() => { const box = document.querySelector('#player audio').getBoundingClientRect();"
        "return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).tagName }"
    )
    assert visit.page.evaluate(over_the_sound) == "AUDIO"


@pytest.fixture
def slow(browser: Any) -> Iterator[Any]:
    """Return what makes visits to an app that needs a while for each sentence."""
    from emostudio.web import build_app
    from tests.web.conftest import launched
    from tests.web.fake_studio import FakeStudio

    demo = build_app(FakeStudio(delay_s=0.6))
    url, contexts = launched(demo), []

    def come() -> Visit:
        contexts.append(browser.new_context(viewport={"width": 390, "height": 844}))
        return Visit(contexts[-1].new_page(), url)

    yield come
    for context in contexts:
        context.close()
    demo.close(verbose=False)


# A minute of it, so that it is still spoken when a slow browser comes to press Stop.
LONG = " ".join(f"This is sentence number {n}." for n in range(100))


def test_stop_keeps_what_is_ready_and_says_how_much_it_is(slow: Any, tmp_path: Path) -> None:
    visit = slow()
    visit.open()
    visit.type(LONG)
    visit.page.click("#speak")
    visit.page.wait_for_selector("#sentences li:nth-child(3)")
    visit.page.click("#stop")
    visit.new_sound("")
    visit.page.get_by_text("Stopped: this take holds the first").wait_for()
    text = visit.passport(tmp_path)["request"]["text"]
    assert LONG.startswith(text)
    assert text.endswith(".")
    assert 50 < len(text) < len(LONG)
    assert visit.page.locator("#takes li").count() == 1
    assert visit.page.input_value("#text textarea") == LONG
    visit.type(TEXT)
    visit.speak()
    visit.page.get_by_text("Stopped: this").wait_for(state="detached")


def test_who_waits_in_the_queue_can_leave_it(slow: Any) -> None:
    first, second = slow(), slow()
    for visit, text in ((first, LONG), (second, TEXT)):
        visit.open()
        visit.type(text)
        visit.page.click("#speak")
        visit.page.wait_for_selector("#stop" if visit is first else "#cancel")
    second.page.locator("#empty").get_by_text("queue: 1/1").wait_for()
    second.page.get_by_text("Waiting for its turn").wait_for()
    second.page.click("#cancel")
    second.page.wait_for_selector("#speak")
    assert first.page.is_visible("#stop")
    first.page.click("#stop")
    first.new_sound("")
    second.speak()
    assert second.page.locator("#takes li").count() == 1


def test_a_phone_is_brought_to_the_result(slow: Any) -> None:
    visit = slow()
    visit.open()
    visit.type(LONG)
    before = visit.page.locator("#empty").bounding_box()["y"]
    assert before > 844
    visit.page.click("#speak")
    visit.page.wait_for_function(
        "document.querySelector('#empty').getBoundingClientRect().top < innerHeight / 2 + 100"
    )
    visit.page.click("#stop")
    visit.new_sound("")


def test_a_text_that_is_too_long_stays_whole_and_is_counted(visit: Visit) -> None:
    visit.open()
    visit.type("word " * 1260)
    visit.page.get_by_text("6300 of 5000 characters · 1300 too many").wait_for()
    assert len(visit.page.input_value("#text textarea")) == 6300
    visit.page.click("#speak")
    visit.page.get_by_text("5000 is the limit").wait_for()


def test_a_reload_keeps_the_text_and_asks_only_where_a_take_would_be_lost(visit: Visit) -> None:
    asked: list[str] = []
    visit.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    visit.open()
    visit.type(TEXT)
    visit.page.reload()
    visit.page.wait_for_function(
        "text => document.querySelector('#text textarea')?.value === text", arg=TEXT
    )
    visit.page.wait_for_selector(f"#counter >> text={len(TEXT)} of 5000")
    assert asked == []
    visit.speak()
    visit.page.reload()
    assert asked == ["beforeunload"]
    visit.page.wait_for_selector("#mixture .mixture")
    visit.speak()
    with visit.page.expect_download():
        visit.page.click("#get-wav")
    visit.page.reload()
    assert asked == ["beforeunload"]


def test_a_passport_of_an_unknown_voice_does_not_promise_its_take(
    visit: Visit, tmp_path: Path
) -> None:
    visit.open()
    visit.type(TEXT)
    visit.speak()
    passport = visit.passport(tmp_path)
    passport["request"]["voice"] = "nobody"
    (tmp_path / "passport.json").write_text(json.dumps(passport), encoding="utf-8")
    visit.page.set_input_files("#load-passport input, input[type=file]", tmp_path / "passport.json")
    visit.page.get_by_text("the voice 'nobody'").wait_for()
    assert visit.page.get_by_text("Speak gives this take").count() == 0


@pytest.mark.parametrize("visit", [(390, 844)], indirect=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_everything_within_its_width(visit: Visit, theme: str) -> None:
    visit.open(theme)
    assert visit.page.evaluate("document.body.classList.contains('dark')") == (theme == "dark")
    visit.type(TEXT)
    visit.speak()
    visit.page.wait_for_selector("#picture .js-plotly-plot")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visit.page.evaluate(browsing.TOO_WIDE) == []


def test_every_control_has_a_name(visit: Visit) -> None:
    visit.open()
    assert visit.page.evaluate(browsing.NAMELESS) == []


def test_a_missing_checkpoint_opens_a_page_that_says_so(browser: Any) -> None:
    from emostudio.web import build_app
    from tests.web.conftest import launched
    from tests.web.fake_studio import FakeStudio

    demo = build_app(FakeStudio(trouble="The checkpoint 'emomix' is missing; run git lfs pull."))
    page = browser.new_page()
    page.set_default_timeout(browsing.WAIT_MS)
    page.goto(launched(demo))
    page.get_by_text("The checkpoint 'emomix' is missing; run git lfs pull.").wait_for()
    assert page.locator("#speak").is_disabled()
    page.close()
    demo.close(verbose=False)
