"""Send to test: for administrators alone, however it is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from starlette.testclient import TestClient

from emostudio.conversion import Conversion
from emostudio.studies import collecting
from emostudio.values import EmotionMix, Request
from emostudio.web import build_app
from emostudio.web.admin.guard import COOKIE, Authority
from emostudio.web.components.send_to_test import converted_as_asked, spoken_as_asked
from emostudio.web.visit import keep, keep_converted
from tests.web.fake_studio import FakeStudio

TOKEN = "a long enough token"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    environ = {
        "EMOSTUDIO_ADMIN_TOKEN": TOKEN,
        "EMOSTUDIO_DATA_DIR": str(tmp_path_factory.mktemp("data")),
    }
    made = FakeStudio(environ=environ)
    yield made
    made.listening.close()


@pytest.fixture(scope="module")
def demo(studio: Any) -> gr.Blocks:
    return build_app(studio)


def call(demo: gr.Blocks, name: str, data: list[Any], cookie: str = "") -> list[Any]:
    """Call each event of that name by hand, one a page; return what it answers, None refused."""
    visitor = TestClient(gr.routes.App.create_app(demo), raise_server_exceptions=False)
    if cookie:
        visitor.cookies.set(COOKIE, cookie)
    answers = []
    for number, event in demo.fns.items():
        if event.name == name:
            body = {"fn_index": number, "data": data, "session_hash": "abc"}
            answer = visitor.post("/gradio_api/run/predict", json=body)
            answers.append(answer.json().get("data") if answer.status_code == 200 else None)
    return answers


def test_nobody_else_sees_it(demo: gr.Blocks) -> None:
    seen = call(demo, "allowed", [])
    assert [one[0]["visible"] for one in seen] == [False, False]
    forged = Authority("another long token").cookie("administrator")
    assert [one[0]["visible"] for one in call(demo, "allowed", [], forged)] == [False, False]


def test_an_administrator_sees_it_on_both_pages(demo: gr.Blocks) -> None:
    seen = call(demo, "allowed", [], Authority(TOKEN).cookie("administrator"))
    assert [one[0]["visible"] for one in seen] == [True, True]


def test_a_call_by_hand_is_refused_and_leaves_nothing(demo: gr.Blocks, studio: Any) -> None:
    forged = Authority("another long token").cookie("administrator")
    for cookie in ("", forged):
        assert call(demo, "send", [None, None, "EmoMix"], cookie) == [None, None]
    assert collecting.tray(studio.listening.db) == []


def test_what_was_asked_of_a_take_comes_with_it(studio: Any) -> None:
    mixed = Request("Oh, you!", emotion=EmotionMix.of(happy=1, surprise=1), intensity=0.5)
    alone = Request("Oh, you!", emotion=EmotionMix.of(sad=1))
    for request, emotion in ((mixed, ""), (alone, "sad")):
        entry = keep(studio.speak(request), {})
        asked = spoken_as_asked(entry.read_passport(), entry)
        assert asked["emotion"] == emotion
        assert asked["mix"] == dict(request.emotion.shares)
        assert (asked["text"], asked["speaker"]) == ("Oh, you!", "kathleen")
        assert asked["intensity"] == request.intensity


def test_what_was_asked_of_a_conversion_comes_with_it(studio: Any) -> None:
    source = studio.speak("Oh, you!").clip
    asked = Conversion(source, emotion=EmotionMix.of(angry=1), intensity=0.8, consent=True)
    entry = keep_converted(studio.convert(asked), {}, "calm-line")
    told = converted_as_asked(entry.read_passport(), entry)
    assert told == {"text": "calm-line", "intensity": 0.8, "mix": {"angry": 1}, "emotion": "angry"}


def test_no_emotion_is_claimed_where_a_recording_gave_it(studio: Any) -> None:
    source = studio.speak("Oh, you!").clip
    asked = Conversion(source, emotion_reference=source, reference_share=1.0, consent=True)
    entry = keep_converted(studio.convert(asked), {}, "calm-line")
    assert "emotion" not in converted_as_asked(entry.read_passport(), entry)
