"""What the Map page draws and keeps, without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio.data_classes import _StaticFiles
from starlette.testclient import TestClient

from emostudio.analysis.map_measures import Measures
from emostudio.maps.placing import place
from emostudio.maps.space import EmotionMap
from emostudio.settings import Settings
from emostudio.studies import collecting
from emostudio.web.admin.guard import COOKIE, Authority
from emostudio.web.components.map_details import again, clip, landed, places, point
from emostudio.web.components.map_measures import drawn, measured
from emostudio.web.components.map_send import clips_of
from emostudio.web.components.map_speak import MAX_TEXT, request_from
from emostudio.web.components.map_view import BLANK, called, names_in, value_of
from emostudio.web.map_shelf import Made, Shelf, begin, forget, progress, stored, to_store
from emostudio.web.pages import map as page
from tests.web.map.making import MapStudio, make_map

KEY = "a" * 22
VIEW = ("diemo", "umap")
TOKEN = "a long enough token"


def marks(picked: Any) -> list[str]:
    return [mark["kind"] for mark in picked.view["marks"]]


def test_the_browser_gets_each_dot_with_its_labels(takes: EmotionMap) -> None:
    value = value_of(takes, "takes", "Our takes", *VIEW)
    json.dumps(value)
    assert np.allclose(np.c_[value["x"], value["y"]], takes.coords[VIEW], atol=1e-3)
    for name in ("emotion", "speaker", "intensity"):
        column = value["columns"][name]
        assert tuple(column["names"][code] for code in column["codes"]) == takes.labels[name]
    assert "cluster" in value["columns"]
    file = Path(value["sounds"]["folder"]) / value["sounds"]["files"][3]
    assert file == takes.sound_of(3)


def test_ten_thousand_dots_travel_in_less_than_a_megabyte(tmp_path: Path) -> None:
    space = make_map(tmp_path / "large", 10_000, sounds=False)
    assert len(json.dumps(value_of(space, "large", "Large", *VIEW))) < 2**20


def test_names_come_as_people_look_for_them(takes: EmotionMap) -> None:
    assert names_in(takes, "emotion")[:3] == ["neutral", "calm", "happy"]
    assert names_in(takes, "speaker").index("actor-2") < names_in(takes, "speaker").index(
        "actor-10"
    )


def test_what_nobody_said_is_called_unknown(tmp_path: Path) -> None:
    space = make_map(tmp_path / "some", 20)
    labels = space.labels | {"emotion": ("", *space.labels["emotion"][1:])}
    some = EmotionMap(**{**vars(space), "labels": labels})
    assert names_in(some, "emotion")[-1] == BLANK
    value = value_of(some, "some", "Some", *VIEW)["columns"]["emotion"]
    assert value["names"][value["codes"][0]] == ""


def test_of_our_takes_the_corpus_is_the_engine(takes: EmotionMap, folder: Path) -> None:
    assert called(takes, "corpus") == "Engine"
    assert called(EmotionMap.load(folder / "corpus"), "corpus") == "Corpus"


def test_a_dot_tells_what_is_known_of_it(takes: EmotionMap) -> None:
    picked = point(takes, 7, *VIEW)
    facts = dict(picked.view["facts"])
    assert facts["Emotion"] == takes.labels["emotion"][7]
    assert picked.view["probs"] == takes.probs_of(7)
    assert picked.view["sound"].endswith("00007.wav")
    assert len(picked.view["near"]) == 10
    assert 7 not in [each["id"] for each in picked.view["near"]]
    assert marks(picked) == ["picked", *["near"] * 10]


def test_what_is_spoken_from_a_dot_is_its_own_embedding(takes: EmotionMap) -> None:
    request = request_from("Hello.", "kathleen", point(takes, 7, *VIEW))
    assert (request.engine, len(request.emotion_path)) == ("diemo", 1)
    assert np.allclose(request.emotion_path[0], takes.features["diemo"][7])


def test_a_place_on_a_dot_sounds_like_the_dot(takes: EmotionMap) -> None:
    x, y = takes.coords[VIEW][7]
    picked = places(takes, [(float(x), float(y))], *VIEW)
    assert np.allclose(picked.path[0], takes.features["diemo"][7], atol=1e-3)
    assert picked.view["near"][0]["id"] == 7


def test_a_path_passes_its_places_in_their_order(takes: EmotionMap) -> None:
    where = [(3.0, 0.0), (0.0, 3.0), (-3.0, 0.0)]
    picked = places(takes, where, *VIEW)
    assert picked.verb == "Speak along the path"
    assert [(mark["x"], mark["y"]) for mark in picked.view["marks"]] == where
    alone = [places(takes, [one], *VIEW).path[0] for one in where]
    assert np.allclose(picked.path, alone)


def test_a_clip_lies_among_its_like_in_every_picture(takes: EmotionMap) -> None:
    features = {name: values[20] for name, values in takes.features.items()}
    picked = clip(takes, features | {"affect": takes.affect[20]}, {"happy": 1.0}, *VIEW)
    assert picked.view["near"][0]["id"] == 20
    anew = again(picked, takes, "ser", "pca")
    assert anew is not None
    assert anew.view["marks"][0]["kind"] == "clip"
    assert anew.view["run"] == picked.view["run"]  # so that no sound is heard twice


def test_a_place_means_nothing_in_another_picture(takes: EmotionMap) -> None:
    assert again(places(takes, [(0, 0)], *VIEW), takes, "ser", "umap") is None
    assert again(None, takes, *VIEW) is None


def test_a_take_is_marked_where_it_lands(takes: EmotionMap) -> None:
    picked = places(takes, [(0.0, 0.0)], *VIEW)
    features = {name: values[20] for name, values in takes.features.items()}
    there = landed(picked, takes, place(takes, features, *VIEW))
    assert marks(there) == ["place", "take"]
    assert marks(picked) == ["place"]
    assert there.view["run"] == picked.view["run"]


def test_nothing_is_spoken_from_a_map_without_diemo(tmp_path: Path) -> None:
    space = make_map(tmp_path / "plain", 20, diemo=False)
    with pytest.raises(ValueError, match="without DiEmo"):
        request_from("Hello.", "kathleen", point(space, 3, "ser", "umap"))
    with pytest.raises(ValueError, match="without DiEmo"):
        places(space, [(0, 0)], "ser", "umap")


@pytest.mark.parametrize(
    ("text", "voice", "sentence"),
    [
        ("Hello.", "", "Choose a voice"),
        ("a" * (MAX_TEXT + 1), "kathleen", f"{MAX_TEXT} is the limit"),
        (" ", "kathleen", "nothing to speak"),
    ],
)
def test_what_is_missing_is_told(takes: EmotionMap, text: str, voice: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        request_from(text, voice, point(takes, 1, *VIEW))
    with pytest.raises(ValueError, match="Nothing is picked"):
        request_from("Hello.", "kathleen", None)


def test_a_dot_that_is_not_there_is_refused(takes: EmotionMap) -> None:
    for at in (-1, len(takes)):
        with pytest.raises(ValueError, match="no such dot"):
            point(takes, at, *VIEW)


def test_measures_are_told_in_words(takes: EmotionMap) -> None:
    assert "names lie apart" in measured(takes, "diemo", "emotion")
    assert "two names need two dots" in measured(takes, "diemo", "source")
    told = drawn(Measures(100, 4, 0.01, 0.4, 0.3, 0.25), "speaker")
    assert "names overlap wholly" in told
    assert "by chance 0.25" in told


def test_selected_takes_become_clips_of_a_study(takes: EmotionMap, folder: Path) -> None:
    clips = clips_of(takes, [2, 5])
    assert [one.sound for one in clips] == [takes.sound_of(2), takes.sound_of(5)]
    assert (clips[0].system, clips[0].emotion) == ("DiEmo", takes.labels["emotion"][2])
    assert clips[0].intensity == 0.5
    with pytest.raises(ValueError, match="Nothing is selected"):
        clips_of(takes, [])
    with pytest.raises(ValueError, match="not kept here"):
        clips_of(EmotionMap.load(folder / "corpus"), [1])
    with pytest.raises(ValueError, match="is the limit"):
        clips_of(takes, list(range(201)))


def test_what_the_recognizer_heard_waits_on_the_tray_with_a_take(
    takes: EmotionMap, tmp_path: Path
) -> None:
    studio: Any = MapStudio(takes, environ={"EMOSTUDIO_DATA_DIR": str(tmp_path)})
    records = studio.listening
    (clip,) = clips_of(takes, [2])
    assert collecting.collect(records.db, records.sounds, clip)
    assert not collecting.collect(records.db, records.sounds, clip)  # it waits there already
    (waits,) = collecting.clips_of_tray(records.sounds, collecting.tray(records.db))
    assert waits.guess == takes.probs_of(2)
    assert (waits.text, waits.emotion, waits.intensity) == (clip.text, clip.emotion, 0.5)
    records.close()


def test_only_administrators_send(folder: Path, takes: EmotionMap, tmp_path: Path) -> None:
    environ = {"EMOSTUDIO_ADMIN_TOKEN": TOKEN, "EMOSTUDIO_DATA_DIR": str(tmp_path)}
    studio: Any = MapStudio(takes, environ=environ)
    with gr.Blocks(analytics_enabled=False) as demo:
        page.build(studio, folder)
    visitor = TestClient(gr.routes.App.create_app(demo), raise_server_exceptions=False)
    number = next(at for at, event in demo.fns.items() if event.name == "send_selected")
    body = {"fn_index": number, "data": ["takes", None], "session_hash": "abc"}
    forged = Authority("another long token").cookie("administrator")
    for cookie in ("", forged):
        visitor.cookies.set(COOKIE, cookie)
        assert visitor.post("/gradio_api/run/predict", json=body).status_code != 200
    assert collecting.tray(studio.listening.db) == []
    studio.listening.close()


def test_maps_that_are_not_here_are_told_of(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.choices([]) == []
    for key in ("takes", None):
        with pytest.raises(ValueError, match="There is no map here yet"):
            shelf.open(key)
    with pytest.raises(ValueError, match="was deleted"):
        shelf.open(KEY)


def test_a_page_without_maps_and_checkpoints_opens_and_says_so(
    tmp_path: Path, takes: EmotionMap
) -> None:
    studio: Any = MapStudio(takes, trouble="The checkpoint 'diemo' is missing.")
    with gr.Blocks(analytics_enabled=False) as demo:
        page.build(studio, tmp_path)
    shown = json.dumps(demo.get_config_file(), default=str)
    assert "cannot speak from the map yet" in shown
    assert "There is no map here yet" in shown
    studio.listening.close()


@pytest.mark.parametrize("key", ["../takes", "a" * 21, "..", "a/" * 11, ""])
def test_no_key_leads_elsewhere(folder: Path, key: str) -> None:
    with pytest.raises(ValueError, match=r"no such map|no map here"):
        Shelf(folder).open(key)


def test_a_visitors_map_is_found_by_its_key_until_it_is_forgotten(
    folder: Path, temporary_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(temporary_folder))
    mine = Made(KEY, "mine")
    make_map(temporary_folder / "maps" / KEY / "map", 20)
    shelf = Shelf(folder)
    assert progress(mine).state == "done"
    assert shelf.choices([mine])[-1] == ("mine", KEY)
    assert shelf.choices([]) == [("Our takes", "takes"), ("Corpus clips", "corpus")]
    assert len(shelf.open(KEY)) == 20
    forget(mine)
    assert progress(mine).state == "failed"
    assert shelf.choices([mine]) == shelf.choices([])
    with pytest.raises(ValueError, match="was deleted"):
        shelf.open(KEY)


def test_of_a_map_that_was_swept_it_is_said_though_its_folder_stays(
    folder: Path, temporary_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(temporary_folder))
    (temporary_folder / "maps" / KEY / "map" / "sounds").mkdir(parents=True)
    assert "was deleted" in progress(Made(KEY, "mine")).message


def test_sounds_of_a_map_are_let_through_once(folder: Path) -> None:
    Shelf(folder).choices([])
    before = len(_StaticFiles.all_paths)
    Shelf(folder).choices([])
    assert len(_StaticFiles.all_paths) == before


def test_what_a_browser_keeps_is_checked() -> None:
    mine = [Made(KEY, "mine")]
    assert stored(to_store(mine)) == mine
    for strange in (None, "x", [1], [["short", "x"]], [[KEY]], [[KEY, 3]], {"a": 1}):
        assert stored(strange) == []


def test_only_a_zip_becomes_a_map(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one zip"):
        begin(tmp_path / "clip.wav", "clip", [], Settings(data_dir=tmp_path))
