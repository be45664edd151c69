"""A listener's way through the page, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest

from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.judged import judgments
from emostudio.storage.sounds import Sounds
from tests.studies.live import live
from tests.web import browsing
from tests.web.listener.serving import Served

pytestmark = pytest.mark.browser

HEARD = "() => [...document.querySelectorAll('.player')].every(node => !node.disabled)"
SMALL = (
    "() => [...document.querySelectorAll('main button, main .choice, main input[type=range]')]"
    ".filter(node => node.offsetParent && node.getBoundingClientRect().height < 44)"
    ".map(node => node.outerHTML.slice(0, 120))"
)


class Visit:
    """A visit to a listening test; notes what goes wrong, and what it asks elsewhere."""

    def __init__(self, context: Any, served: Served, db: Database) -> None:
        self.context, self.served, self.db = context, served, db
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.slug = ""
        self.new_page()

    def new_page(self) -> None:
        self.page = self.context.new_page()
        self.page.set_default_timeout(browsing.WAIT_MS)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._see(request.url))

    def _see(self, address: str) -> None:
        if not address.startswith((self.served.url, "data:", "blob:")):
            self.outside.append(address)

    def open(self, slug: str) -> None:
        self.slug = slug
        self.page.goto(f"{self.served.url}t/{slug}")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def begin(self, slug: str) -> None:
        """Go from consent to the first trial."""
        self.open(slug)
        for name in ("Agree and go on", "I hear the tones well", "Headphones or earphones"):
            self.press(name)
        self.press("Start with practice")

    def hear(self) -> None:
        """Play all clips of the screen to their ends."""
        for player in self.page.locator(".player").all():
            player.click()
            player.get_by_text("Played").wait_for()

    def answer(self, choice: int = 1) -> None:
        self.hear()
        self.page.locator(".choice").nth(choice).click()
        self.press("Next")

    def practice(self) -> None:
        self.answer()
        self.page.get_by_text("most people hear").wait_for()
        self.press("Next")
        self.press("Go on")

    def at(self, count: str) -> None:
        self.page.locator("#count", has_text=count).wait_for()

    def saved(self, text: str = "Saved") -> None:
        self.page.locator("#saved").get_by_text(text, exact=True).wait_for()

    def finish(self) -> str:
        self.press("Finish")
        return self.page.locator("#completion").inner_text()

    def stored(self) -> list[dict[str, Any]]:
        with self.db.read() as session:
            study = authored.study_by_slug(session, self.slug)
            assert study is not None
            return [row for row in judgments(session, study.id) if row["block"] == "main"]


@pytest.fixture
def visit(
    browser: Any, served: Served, db: Database, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    width, scheme = getattr(request, "param", (360, "light"))
    context = browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme=scheme,
        has_touch=width < 500,
        is_mobile=width < 500,
    )
    visit = Visit(context, served, db)
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []


@pytest.mark.parametrize(
    ("visit", "kind"),
    [((360, "dark"), "smos"), ((360, "light"), "cmos")],
    indirect=["visit"],
)
def test_a_phone_goes_from_consent_to_the_code(
    visit: Visit, db: Database, sounds: Sounds, kind: str
) -> None:
    visit.begin(live(db, sounds, kind))
    visit.practice()
    for count in ("1 of 3", "2 of 3", "3 of 3"):
        visit.at(count)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert visit.page.evaluate(browsing.NAMELESS) == []
        assert visit.page.evaluate(SMALL) == []
        assert not visit.page.locator("kbd").first.is_visible()
        visit.answer()
    assert visit.finish()
    rows = visit.stored()
    assert len(rows) == 3
    for row in rows:
        assert row["heard_s"] == pytest.approx(row["duration_s"], abs=0.02)
        assert row["plays"] == 2
        assert row["rt_ms"] > row["first_play_ms"] > 0
        assert row["other_heard_s"] == pytest.approx(row["other_duration_s"], abs=0.02)


@pytest.mark.parametrize("visit", [(1280, "dark")], indirect=True)
@pytest.mark.parametrize("kind", ["ab", "emotion_id"])
def test_keys_alone_are_enough(visit: Visit, db: Database, sounds: Sounds, kind: str) -> None:
    visit.open(live(db, sounds, kind))
    keys = visit.page.keyboard
    for heading in ("Pilot", "Set the volume", "What do you listen with?", "How it works"):
        visit.page.get_by_role("heading", name=heading).wait_for()
        main = visit.page.locator("main .go, main .other").first
        for _ in range(9):
            if main.evaluate("node => node === document.activeElement"):
                break
            keys.press("Tab")
        keys.press("Enter")
    for trial in range(4):
        visit.page.locator(".player").first.wait_for()
        visit.page.wait_for_function(HEARD)
        for player in visit.page.locator(".player").all():
            keys.press("Space")
            player.get_by_text("Played").wait_for()
        keys.press("3")
        if kind == "emotion_id":
            visit.page.locator("input[type=range]").focus()
            keys.press("ArrowRight")
        keys.press("r")
        visit.page.get_by_text("Playing").wait_for()
        keys.press("Enter")
        if trial == 0:
            visit.page.get_by_text("most people hear").wait_for()
            keys.press("Enter")
            visit.page.get_by_role("heading", name="Practice is over").wait_for()
            keys.press("Tab")
            keys.press("Enter")
    visit.page.get_by_role("heading", name="That was the last one").wait_for()
    rows = visit.stored()
    if kind == "ab":  # the second was better, whichever it was
        assert all(row["value"] == (1 if row["swapped"] else -1) for row in rows)
    else:
        assert [(row["emotion"], row["intensity"]) for row in rows] == [("happy", 0.51)] * 3


def test_a_reload_goes_on_at_the_same_trial_with_the_same_clip(
    visit: Visit, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds))
    visit.practice()
    visit.answer()
    visit.at("2 of 3")
    second = sound_of(visit, 1)
    # Whether the server has the first answer by now or not.
    with visit.page.expect_request("**/sounds/*") as asked:
        visit.page.reload()
    visit.at("2 of 3")
    assert asked.value.url.endswith(f"/{second}")
    # The consent is not asked again, nor is the answer lost.
    visit.answer()
    visit.answer()
    visit.finish()
    assert len(visit.stored()) == 3


def test_after_a_day_one_practices_again(visit: Visit, db: Database, sounds: Sounds) -> None:
    visit.begin(live(db, sounds, instructions="Listen at home."))
    visit.practice()
    visit.answer()
    visit.at("2 of 3")
    visit.saved()
    visit.page.evaluate(
        """slug => {
          const key = `emostudio.listener.${slug}`, me = JSON.parse(localStorage.getItem(key));
          localStorage.setItem(key, JSON.stringify({ ...me, seen: me.seen - 25 * 3600 * 1000 }));
        }""",
        visit.slug,
    )
    visit.page.reload()
    visit.page.get_by_text("Listen at home.").wait_for()
    visit.press("Start with practice")
    visit.practice()
    visit.at("2 of 3")
    assert len(visit.stored()) == 1


def test_answers_for_a_server_that_lost_its_listeners_keep_nobody_else_waiting(
    visit: Visit, db: Database, sounds: Sounds
) -> None:
    visit.open(live(db, sounds))
    visit.page.evaluate(
        """slug => localStorage.setItem(`emostudio.outbox.${slug}`, JSON.stringify(
          [{ token: "of another database", answer: { response_uid: "0".repeat(26) } }]))""",
        visit.slug,
    )
    visit.begin(visit.slug)
    visit.practice()
    for _ in range(3):
        visit.answer()
    assert visit.finish()
    visit.saved()
    assert len(visit.stored()) == 3
    kept = visit.page.evaluate(
        "slug => localStorage.getItem(`emostudio.outbox.${slug}`)", visit.slug
    )
    assert "of another database" in kept  # a restore may bring that listener back


def sound_of(visit: Visit, place: int) -> str:
    """Return the token of the sound of a trial that counts, as the server says it."""
    return visit.page.evaluate(
        """async ([slug, place]) => {
          const { token } = JSON.parse(localStorage.getItem(`emostudio.listener.${slug}`));
          const headers = { Authorization: `Bearer ${token}` };
          const reply = await fetch(`${slug}/state`, { headers });
          const { trials } = await reply.json();
          return trials.filter(trial => trial.block === "main")[place].sounds[0];
        }""",
        [visit.slug, place],
    )


def test_an_outbox_delivers_when_the_server_is_back(
    visit: Visit, served: Served, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds))
    visit.practice()
    visit.answer()
    visit.at("2 of 3")
    visit.saved()
    for sound in visit.page.locator(".player").all():
        sound.get_by_text("Tap to play").wait_for()
    served.stop()
    visit.answer()
    visit.at("3 of 3")
    visit.saved("1 not saved yet")
    assert len(visit.stored()) == 1
    visit.answer()
    visit.page.get_by_role("heading", name="Saving your last answers").wait_for()
    served.start()
    visit.finish()
    visit.saved()
    assert len(visit.stored()) == 3


def test_a_closed_page_delivers_when_it_is_opened_again(
    visit: Visit, served: Served, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds))
    visit.practice()
    visit.page.locator(".player").get_by_text("Tap to play").wait_for()
    served.stop()
    visit.answer()
    visit.at("2 of 3")
    visit.page.close()
    served.start()
    visit.new_page()
    visit.open(visit.slug)
    visit.at("2 of 3")
    visit.saved()
    assert len(visit.stored()) == 1


def test_the_recognizers_guess_is_seen_after_the_label_alone(
    visit: Visit, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds, "label"))
    visit.practice()
    for _ in range(3):
        visit.hear()
        visit.page.locator(".choice", has_text="Angry").click()
        assert not visit.page.get_by_text("The recognizer hears").is_visible()
        visit.page.get_by_label("A second emotion (optional)").select_option("sad")
        slider = visit.page.get_by_label("Calm or excited?", exact=True)
        slider.press("ArrowRight")
        visit.press("Next")
        visit.page.get_by_text("The recognizer hears").wait_for()
        visit.page.locator(".guess").get_by_text("75 %").wait_for()
        visit.press("Next")
    visit.finish()
    for row in visit.stored():
        assert (row["emotion"], row["second_emotion"], row["arousal"]) == ("angry", "sad", 0.51)
        assert row["valence"] is None  # not touched: not given
        assert row["intensity"] is None


def test_both_clips_of_a_pair_must_be_heard(visit: Visit, db: Database, sounds: Sounds) -> None:
    visit.begin(live(db, sounds, "ab"))
    go = visit.page.get_by_role("button", name="Next", exact=True)
    visit.page.locator(".choice").first.click()
    assert go.is_disabled()
    first, second = visit.page.locator(".player").all()
    first.click()
    first.get_by_text("Played").wait_for()
    visit.page.get_by_text("Listen to the second to its end").wait_for()
    assert go.is_disabled()
    second.click()
    second.get_by_text("Played").wait_for()
    assert go.is_enabled()


def test_an_answer_can_be_corrected_on_the_next_screen(
    visit: Visit, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds))
    visit.practice()
    visit.answer(choice=0)
    visit.press("Back")
    visit.at("1 of 3")
    assert visit.page.locator(".choice input").first.is_checked()
    visit.page.locator(".choice").nth(4).click()
    visit.press("Next")
    visit.at("2 of 3")
    visit.saved()
    rows = visit.stored()
    assert [(row["value"], row["superseded"]) for row in rows] == [(5, True), (1, False)]
    for name in ("heard_s", "plays", "first_play_ms"):  # of the trial, so that none seems hasty
        assert rows[1][name] == rows[0][name] > 0
    assert rows[1]["rt_ms"] > rows[0]["rt_ms"]


def test_a_clip_that_does_not_load_is_tried_again_or_left_out(
    visit: Visit, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds))
    visit.practice()
    visit.answer()
    visit.page.route("**/sounds/*", lambda route: route.abort())
    visit.page.reload()
    failed = visit.page.get_by_text("Tap to try again")
    failed.wait_for()
    visit.page.unroute("**/sounds/*")
    failed.click()
    visit.answer()
    visit.page.route("**/sounds/*", lambda route: route.abort())
    visit.page.reload()
    failed.wait_for()
    visit.press("Leave this one out")
    assert visit.finish()
    assert len(visit.stored()) == 2


def test_a_code_withdraws_what_was_answered(visit: Visit, db: Database, sounds: Sounds) -> None:
    visit.begin(live(db, sounds))
    visit.practice()
    for _ in range(3):
        visit.answer()
    visit.finish()
    visit.press("Withdraw my answers")
    visit.press("Withdraw")
    visit.page.get_by_role("heading", name="Withdrawn").wait_for()
    assert all(row["withdrawn"] for row in visit.stored())
    visit.page.reload()
    visit.page.get_by_role("button", name="Agree and go on").wait_for()


def test_one_can_withdraw_in_the_middle_or_think_again(
    visit: Visit, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds))
    visit.practice()
    visit.answer()
    visit.at("2 of 3")
    visit.press("Withdraw my answers")
    visit.press("Back")
    visit.at("2 of 3")
    visit.page.goto(f"{visit.page.url}#withdraw")
    visit.page.reload()
    visit.press("Withdraw")
    visit.page.get_by_role("heading", name="Withdrawn").wait_for()
    assert all(row["withdrawn"] for row in visit.stored())


@pytest.mark.parametrize("visit", [(1000, "light")], indirect=True)
def test_enter_goes_on_after_the_mouse_has_played(
    visit: Visit, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds))
    visit.practice()
    visit.at("1 of 3")
    visit.hear()
    visit.page.keyboard.press("2")
    visit.page.keyboard.press("Enter")
    visit.at("2 of 3")


def test_another_browser_goes_on_with_the_code(
    visit: Visit, browser: Any, served: Served, db: Database, sounds: Sounds
) -> None:
    visit.open(live(db, sounds))
    for name in ("Agree and go on", "I hear the tones well", "Loudspeaker"):
        visit.press(name)
    code = visit.page.locator(".code").inner_text()
    visit.press("Start with practice")
    visit.practice()
    visit.answer()
    visit.saved()
    context = browser.new_context()
    other = Visit(context, served, db)
    other.open(visit.slug)
    other.press("I have a code from before")
    other.page.get_by_label("Your code").fill("wrong")
    other.press("Go on")
    other.page.get_by_role("alert").wait_for()
    other.page.get_by_label("Your code").fill(code.lower())
    other.press("Go on")
    other.press("Start")
    other.at("2 of 3")
    context.close()
    assert other.errors == []


def test_the_next_person_at_the_same_computer_starts_anew(
    visit: Visit, db: Database, sounds: Sounds
) -> None:
    visit.begin(live(db, sounds, trials=1))
    visit.practice()
    visit.answer()
    visit.finish()
    visit.press("Another person listens next")
    visit.press("Agree and go on")
    for name in ("I hear the tones well", "Headphones or earphones", "Start with practice"):
        visit.press(name)
    visit.practice()
    visit.answer(choice=2)
    visit.finish()
    first, second = visit.stored()
    assert first["listener"] != second["listener"]
    visit.page.goto(f"{visit.page.url}?PROLIFIC_PID=5f3c9a")
    visit.page.locator("#completion").wait_for()
    assert not visit.page.get_by_text("Another person").count()
