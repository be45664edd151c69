"""A person's way over the map, in a real browser."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from emostudio.maps.space import EmotionMap
from tests.web.browsing import NAMELESS
from tests.web.map.conftest import MapVisit

pytestmark = pytest.mark.browser
PHONE = (360, 780)
WIDE = (
    "() => [...document.querySelectorAll('main *')].filter(node => node.offsetParent"
    " && !node.closest('.wide') && node.getBoundingClientRect().right > 361)"
    ".map(node => node.className).slice(0, 3)"
)
EMPTY = (0.0, 0.3)  # between all dots
SHOWN = "n => emostudio.atlas.now.shown.length === n"


def test_a_dot_is_heard_and_seen(visit: MapVisit, takes: EmotionMap) -> None:
    visit.open()
    visit.click(*visit.dot(7))
    visit.picked(
        "surprise · " + " · ".join(takes.labels[name][7] for name in ("speaker", "intensity"))
    )
    heard = visit.hear(visit.page.evaluate("document.querySelector('#picked audio').src"))
    assert len(heard) == 4_000
    panel = visit.page.inner_text("#picked")
    assert "The door is <i>number</i> 0." in panel  # its markup stays text
    assert "What our own recognizer hears" in panel
    assert visit.page.locator("#picked .near li").count() == 10
    visit.page.locator("#picked .near button").first.click()
    visit.page.wait_for_function("document.querySelector('#picked dd:nth-of-type(1)')")
    assert visit.page.locator("#say button:visible").inner_text() == "Speak like this dot"


def test_an_empty_place_speaks_at_once_and_the_take_lands(visit: MapVisit) -> None:
    visit.open()
    visit.click(*EMPTY)
    assert len(visit.hear(visit.new_sound(""))) > 8_000
    visit.picked("A place between the dots")
    assert "landed beside" in visit.page.inner_text("#picked")
    kinds = visit.page.evaluate("emostudio.atlas.now.marks.map(mark => mark.kind)")
    assert kinds == ["place", "take"]
    assert "from the map" in visit.page.inner_text("#takes li")


def test_a_path_is_drawn_and_spoken_when_it_is_whole(visit: MapVisit, tmp_path: Path) -> None:
    visit.open()
    visit.tool("path")
    for place in ((-2.0, 0.0), (0.0, 1.0), (2.0, 0.0), (0.5, -1.0)):
        visit.click(*place)
    visit.picked("A path of 4 places")
    visit.page.get_by_role("button", name="Undo").click()
    visit.picked("A path of 3 places")
    assert visit.sound_address() == ""
    visit.page.wait_for_function(
        "document.querySelector('#speak').innerText === 'Speak along the path'"
    )
    visit.go()
    assert len(visit.passport(tmp_path)["request"]["emotion_path"]) == 3


def test_a_lasso_selects_the_dots_within(visit: MapVisit, takes: EmotionMap) -> None:
    visit.open()
    visit.tool("lasso")
    x, y = takes.coords["diemo", "umap"].T
    right = (x > 2) & (abs(y) < 1.3)
    visit.page.mouse.move(*visit.pixel(2, -1.3))
    visit.page.mouse.down()
    for place in ((6, -1.3), (6, 1.3), (2, 1.3), (2, -1.3)):
        visit.page.mouse.move(*visit.pixel(*place), steps=5)
    visit.page.mouse.up()
    visit.page.get_by_text("selected.").wait_for()
    assert set(visit.page.evaluate("[...emostudio.atlas.now.selected]")) == set(
        right.nonzero()[0].tolist()
    )
    visit.page.get_by_role("button", name="Select none").click()
    visit.page.wait_for_function("emostudio.atlas.now.selected === null")


def test_dots_are_colored_filtered_and_searched(visit: MapVisit, takes: EmotionMap) -> None:
    visit.open()
    whole = len(takes)
    symbols = visit.page.evaluate(
        "new Set(document.querySelector('.plot').data[0].marker.symbol).size"
    )
    assert symbols == len(set(takes.labels["emotion"]))  # a shape each, for those who see no color
    happy = takes.labels["emotion"].count("happy")
    visit.page.get_by_role("button", name="happy").first.click()
    visit.page.wait_for_function(SHOWN, arg=whole - happy)
    visit.choose("#color", "Speaker")
    visit.page.wait_for_function(SHOWN, arg=whole)
    visit.page.get_by_text("How well speaker is told apart").wait_for()
    visit.page.click("#sift >> text=Filter and search")
    visit.page.locator("#search input, #search textarea").fill("actor-10 happy")
    both = sum(
        pair == ("happy", "actor-10")
        for pair in zip(takes.labels["emotion"], takes.labels["speaker"], strict=True)
    )
    visit.page.wait_for_function(SHOWN, arg=both)
    assert f"{both} of {whole} dots are shown" in visit.page.inner_text("#map .told")


def test_another_picture_keeps_what_is_picked(visit: MapVisit, takes: EmotionMap) -> None:
    visit.open()
    visit.click(*visit.dot(5))
    visit.page.wait_for_selector("#picked h2")
    visit.choose("#by", "PCA")
    visit.page.wait_for_function("emostudio.atlas.now.value.method === 'pca'")
    x, _ = takes.coords["diemo", "pca"][5]
    visit.page.wait_for_function(
        "x => Math.abs(emostudio.atlas.now.marks.find(mark => mark.kind === 'picked').x - x) < .01",
        arg=float(x),
    )
    visit.choose("#by", "Valence and arousal")
    visit.page.wait_for_function("emostudio.atlas.now.value.axes[1].startsWith('Arousal')")


def test_a_clip_lands_only_with_consent(visit: MapVisit, hum: Path) -> None:
    visit.open()
    visit.page.set_input_files("#map-clip input[type=file]", hum)
    visit.page.get_by_text("Tick 'I may use this voice' first").wait_for()
    visit.page.locator("#consent input").check()
    visit.picked("Your clip")
    mark = visit.page.evaluate("emostudio.atlas.now.marks[0]")
    assert (mark["kind"], mark["label"]) == ("clip", "your clip")
    assert visit.page.locator("#picked .near li").count() == 10
    visit.go()


def test_a_dot_without_sound_speaks_from_its_place(visit: MapVisit) -> None:
    visit.open()
    visit.choose("#which-map", "Corpus clips")
    visit.page.wait_for_function("emostudio.atlas.now.value.id === 'corpus'")
    visit.page.wait_for_function("document.querySelector('.plot').data[0].x.length === 150")
    visit.click(*visit.dot(9))
    assert visit.new_sound("")
    assert visit.page.locator("#picked audio").count() == 0


def test_another_map_has_measures_of_its_own(visit: MapVisit, takes: EmotionMap) -> None:
    visit.open()
    visit.page.get_by_text(f"features of {len(takes)} dots").wait_for()
    visit.choose("#which-map", "Corpus clips")  # by the same feature and color
    visit.page.get_by_text("features of 150 dots").wait_for()


def test_the_list_is_a_way_for_a_keyboard(visit: MapVisit) -> None:
    visit.open()
    visit.page.locator(".listed summary").press("Enter")
    visit.page.locator(".listed tbody tr").nth(3).get_by_text("Show").press("Enter")
    visit.page.wait_for_selector("#picked audio")
    assert visit.page.locator(".listed tbody tr").count() == 25
    visit.page.get_by_role("button", name="The next page").press("Enter")
    assert visit.page.locator(".listed tbody th").first.inner_text() == "26"
    assert visit.page.evaluate(NAMELESS) == []


def test_a_picture_has_the_legend(visit: MapVisit, tmp_path: Path) -> None:
    visit.open()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Download a picture of the map").click()
    file = tmp_path / "map.png"
    download.value.save_as(file)
    assert download.value.suggested_filename == "emostudio-map.png"
    assert file.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_it_fits_a_phone_in_the_dark(visit: MapVisit) -> None:
    visit.open("dark")
    assert visit.page.evaluate(WIDE) == []
    visit.click(*visit.dot(7))
    visit.page.wait_for_selector("#picked audio")
    below = "document.querySelector('{}').getBoundingClientRect().top"
    tops = [visit.page.evaluate(below.format(part)) for part in ("#map", "#picked", "#own")]
    assert tops == sorted(tops)
    assert visit.page.evaluate(WIDE) == []


def test_a_map_of_ones_own_comes_into_view_when_it_is_opened(visit: MapVisit) -> None:
    visit.open()
    visit.page.evaluate(
        """() => {
          const place = document.createElement("div");
          document.querySelector("#own").append(place);
          const made = { key: "k", name: "mine", state: "done", share: 1, message: "" };
          const opened = (key) => { emostudio.opened = key; }, nothing = () => {};
          emostudio.atlas.own(place, { value: [made] }, nothing, opened, nothing);
        }"""
    )
    visit.page.get_by_role("button", name="Open: mine").click()
    visit.page.wait_for_function(
        "() => Math.abs(document.querySelector('.walk').getBoundingClientRect().top) < 2"
    )
    assert visit.page.evaluate("emostudio.opened") == "k"


@pytest.mark.slow
def test_a_zip_is_watched_over_a_reload_and_deleted(visit: MapVisit, tmp_path: Path) -> None:
    packed = tmp_path / "<b>notes.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("read me.txt", "no sound is in here")
    visit.open()
    visit.click(*visit.dot(7))
    visit.page.wait_for_selector("#picked h2")
    visit.page.locator("#consent input").check()
    visit.page.click("#map-zip >> text=Map a zip of clips")
    visit.page.set_input_files("#zip input[type=file]", packed)
    visit.page.get_by_text("notes.zip").first.wait_for()
    visit.page.click("#map-start")
    visit.page.wait_for_selector(".own li")
    visit.page.wait_for_timeout(2_000)  # nothing that comes now takes away what is picked
    assert visit.page.locator("#picked h2").is_visible()
    visit.open()
    visit.page.wait_for_selector(".own li.failed")
    said = visit.page.inner_text(".own li")
    assert "notes" in said
    assert "sound" in said
    visit.page.locator(".own button").get_by_text("Delete").click()
    visit.page.wait_for_selector(".own li", state="detached")
