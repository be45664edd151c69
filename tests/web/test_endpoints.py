"""`/speak`, `/recognize` and `/convert` as a program calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from emostudio.values import SYNTHETIC, Clip, EmotionMix, Request
from emostudio.web.endpoints import weights_of
from tests.web.fake_studio import FakeStudio

TEXT = "You came back."


@pytest.fixture(scope="module")
def client(page_url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a gradio_client of the app."""
    from gradio_client import Client

    return Client(page_url, verbose=False, download_files=str(tmp_path_factory.mktemp("got")))


def test_only_what_is_meant_for_programs_is_public(client: Any) -> None:
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {
        "/speak",
        "/recognize",
        "/convert",
        "/map_place",
        "/map_speak",
    }


def test_the_parameters_have_the_names_of_a_request(client: Any) -> None:
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/speak"]
    names = [parameter["parameter_name"] for parameter in endpoint["parameters"]]
    assert names[:5] == ["text", "emotion", "voice", "lang", "intensity"]
    required = [
        parameter["parameter_name"]
        for parameter in endpoint["parameters"]
        if not parameter["parameter_has_default"]
    ]
    assert required == ["text"]


def test_speak_returns_sound_that_is_tagged_and_its_passport(client: Any) -> None:
    path, passport = client.predict(TEXT, emotion="happy=7,surprise=3", seed=3, api_name="/speak")
    assert Clip.load(path).duration_s > 0.5
    assert np.abs(Clip.load(path).wav).max() > 0.1
    with soundfile.SoundFile(path) as file:
        assert file.comment == SYNTHETIC
    assert passport["request"]["emotion"] == {"happy": 0.7, "surprise": 0.3}
    assert passport["request"]["seed"] == 3


def test_the_same_call_gives_the_same_sound(client: Any) -> None:
    calls = [client.predict(TEXT, seed=5, api_name="/speak")[0] for _ in range(2)]
    assert Path(calls[0]).read_bytes() == Path(calls[1]).read_bytes()


def test_an_engine_is_chosen_by_name_and_old_calls_keep_theirs(client: Any) -> None:
    path, passport = client.predict(TEXT, engine="diemo", api_name="/speak")
    assert passport["request"]["engine"] == "diemo"
    plain, passport = client.predict(TEXT, "neutral", "kathleen", api_name="/speak")
    assert passport["request"]["engine"] == "emomix"
    assert Path(path).read_bytes() != Path(plain).read_bytes()


def test_a_voice_speaks_its_own_language_unless_told(client: Any) -> None:
    _, passport = client.predict("Guten Tag.", voice="kerstin", api_name="/speak")
    assert passport["request"]["lang"] == "de"


def test_a_text_of_two_sentences_becomes_one_take(client: Any) -> None:
    text = "You came back. I waited."
    path, passport = client.predict(text, api_name="/speak")
    alone, _ = client.predict("You came back.", api_name="/speak")
    assert passport["request"]["text"] == text
    assert Clip.load(path).duration_s > Clip.load(alone).duration_s


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"text": "  ?! "}, "nothing to speak"),
        ({"emotion": "happy=0"}, "All emotion weights are zero"),
        ({"emotion": "joyous"}, "Unknown emotion 'joyous'"),
        ({"emotion": '{"happy": -1}'}, "give a number of 0 or more"),
        ({"emotion": '{"happy": NaN}'}, "give a number of 0 or more"),
        ({"emotion": '{"happy": [1]}'}, "is no mixture"),
        ({"emotion": "{happy"}, "is no mixture"),
        ({"voice": "nobody"}, "Unknown voice 'nobody'"),
        ({"lang": "xx"}, "Unknown language"),
        ({"speed": 9}, "speed is 9"),
        ({"k_min": 0.9}, "K_min is 0.9"),
        ({"tail": "cat"}, "Unknown tail"),
        ({"engine": "espeak"}, "Unknown engine 'espeak'; choose from emomix, diemo"),
        ({"engine": None}, "Unknown engine ''"),
        ({"text": "word " * 1001}, "5000 is the limit"),
        ({"text": None}, "nothing to speak"),
        ({"seed": None}, "seed is None"),
        ({"seed": "lucky"}, "seed"),
        ({"speed": None}, "speed is None"),
        ({"speed": "fast"}, "speed is 'fast'"),
        ({"intensity": "full"}, "intensity is 'full'"),
        ({"k_max": None}, "k_max is None"),
        ({"tail": None}, "tail is None"),
        ({"lang": "xx", "seed": 1.5}, "Unknown language|whole number"),
    ],
)
def test_bad_input_is_answered_by_a_sentence_and_the_next_call_works(
    client: Any, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Exception, match=sentence) as caught:
        client.predict(**({"text": TEXT} | wrong), api_name="/speak")
    assert "Traceback" not in str(caught.value)
    assert client.predict(TEXT, api_name="/speak")[1]["request"]["text"] == TEXT


def test_a_recorded_voice_needs_consent(client: Any, hum: Path) -> None:
    from gradio_client import handle_file

    with pytest.raises(Exception, match="I may use this voice"):
        client.predict(TEXT, reference=handle_file(hum), api_name="/speak")
    _, passport = client.predict(TEXT, reference=handle_file(hum), consent=True, api_name="/speak")
    assert passport["request"]["consent"] is True


def test_recognize_names_its_judge(client: Any, hum: Path) -> None:
    from gradio_client import handle_file

    heard = client.predict(handle_file(hum), api_name="/recognize")
    assert abs(sum(heard["probs"].values()) - 1) < 1e-3
    assert heard["label"] in heard["probs"]
    assert "recognizer" in heard["by"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.wav", b"these are words, not sound", "not a sound file|can be read here"),
        ("empty.wav", b"", "not a sound file|can be read here"),
    ],
)
def test_recognize_refuses_what_is_no_sound(
    client: Any, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    from gradio_client import handle_file

    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Exception, match=sentence):
        client.predict(handle_file(path), api_name="/recognize")


def test_recognize_without_a_file_says_so(client: Any) -> None:
    with pytest.raises(Exception, match="There is no recording"):
        client.predict(None, api_name="/recognize")


def test_convert_takes_what_a_conversion_has(client: Any) -> None:
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/convert"]
    names = [parameter["parameter_name"] for parameter in endpoint["parameters"]]
    assert names == [
        "source",
        "emotion",
        "emotion_reference",
        "reference_share",
        "intensity",
        "floor",
        "rhythm",
        "seed",
        "consent",
        "engine",
    ]
    assert [each["parameter_has_default"] for each in endpoint["parameters"]] == [False] + [
        True
    ] * 9


def test_convert_returns_sound_that_is_tagged_and_its_passport(client: Any, hum: Path) -> None:
    from gradio_client import handle_file

    call = {"source": handle_file(hum), "consent": True, "seed": 3, "api_name": "/convert"}
    path, passport = client.predict(emotion='{"sad": 3, "angry": 1}', intensity=0.8, **call)
    assert Clip.load(path).duration_s == pytest.approx(4, abs=0.1)
    with soundfile.SoundFile(path) as file:
        assert file.comment == SYNTHETIC
    assert passport["conversion"]["emotion"] == {"sad": 0.75, "angry": 0.25}
    assert passport["source"]["seconds"] == 4
    again, _ = client.predict(emotion="sad=3,angry=1", intensity=0.8, **call)
    assert Path(again).read_bytes() == Path(path).read_bytes()


def test_convert_takes_the_emotion_of_a_recording(client: Any, hum: Path) -> None:
    from gradio_client import handle_file

    file = handle_file(hum)
    call = {"source": file, "emotion_reference": file, "consent": True, "api_name": "/convert"}
    _, passport = client.predict(**call)
    assert passport["conversion"]["emotion"] is None
    assert passport["emotion_reference"]["sha256"]
    _, passport = client.predict(emotion="happy", reference_share=0.3, **call)
    assert passport["conversion"]["reference_share"] == 0.3


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"source": None}, "There is no recording"),
        ({"consent": False}, "I may use this voice"),
        ({"emotion": ""}, "No emotion is asked for"),
        ({"emotion": None}, "No emotion is asked for"),
        ({"emotion": "joyous"}, "Unknown emotion 'joyous'"),
        ({"emotion": "{happy"}, "is no mixture"),
        ({"intensity": 2}, "intensity is 2"),
        ({"intensity": None}, "intensity is None"),
        ({"floor": -0.1}, "floor is -0.1"),
        ({"reference_share": "half"}, "reference share is 'half'"),
        ({"rhythm": "waltz"}, "Unknown rhythm 'waltz'"),
        ({"rhythm": None}, "Unknown rhythm"),
        ({"seed": 1.5}, "whole number"),
        ({"seed": None}, "seed is None"),
    ],
)
def test_convert_answers_bad_input_by_a_sentence(
    client: Any, hum: Path, wrong: dict[str, Any], sentence: str
) -> None:
    from gradio_client import handle_file

    call = {"source": handle_file(hum), "emotion": "happy", "consent": True}
    with pytest.raises(Exception, match=sentence) as caught:
        client.predict(**(call | wrong), api_name="/convert")
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("what", ["words", "silence", "six minutes"])
def test_convert_refuses_what_can_not_be_converted(client: Any, tmp_path: Path, what: str) -> None:
    from gradio_client import handle_file

    path = tmp_path / "voice.wav"
    sounds = {"silence": np.zeros(32_000), "six minutes": np.full(360 * 4_000, 0.1)}
    if what in sounds:
        Clip(sounds[what].astype(np.float32), 16_000 if what == "silence" else 4_000).save(path)
    else:
        path.write_text("these are words")
    sentence = {"words": "not a sound file", "silence": "is silent", "six minutes": "360 s long"}
    with pytest.raises(Exception, match=sentence[what]):
        client.predict(handle_file(path), emotion="sad", consent=True, api_name="/convert")


@pytest.mark.parametrize(
    "written",
    ["happy=0.7,surprise=0.3", '{"happy": 7, "surprise": 3}', ' {"surprise":3,"happy":7}'],
)
def test_a_mixture_is_read_however_it_is_written(written: str) -> None:
    assert weights_of(written) == EmotionMix.of(happy=7, surprise=3)


def test_a_named_mix_is_read_too() -> None:
    assert weights_of("Excitement") == EmotionMix.of(happy=1, surprise=1)


def test_the_fake_keeps_the_studios_promise() -> None:
    studio = FakeStudio()
    take = studio.speak(Request(TEXT, seed=4))
    again = studio.speak(studio.request_of(json.loads(json.dumps(take.passport))))
    assert np.array_equal(take.clip.wav, again.clip.wav)
