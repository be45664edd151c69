"""The parts of the page, one by one, without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from emostudio.text.sentences import split_sentences
from emostudio.values import EMOTIONS, Clip, EmotionMix, Request
from emostudio.web.components.asked_got import asked_got
from emostudio.web.components.engine_picker import engine_picker
from emostudio.web.components.form import Form
from emostudio.web.components.mixer import mixer
from emostudio.web.components.more import more
from emostudio.web.components.picture import envelope, picture, shrink
from emostudio.web.components.result import restored, view_of
from emostudio.web.components.sentences import spoken_part
from emostudio.web.components.text_box import EXAMPLES, text_box
from emostudio.web.components.voice_picker import RECORDING, voice_picker
from emostudio.web.errors import in_words
from emostudio.web.pages.speak import known
from emostudio.web.passports import not_here, read_passport
from emostudio.web.visit import keep
from tests.web.fake_studio import KNOWN, VOICES, FakeStudio

TEXT = "You came back. I waited. Now we can go!"


@pytest.fixture
def form() -> Form:
    with gr.Blocks():
        consent = gr.Checkbox(label="consent")
        engine = engine_picker(FakeStudio().engines, "emomix")
        voice, mix = voice_picker(VOICES), mixer(KNOWN)
        return Form(text_box(), voice, engine, mix, more(engine), consent)


def filled_in(form: Form, request: Request) -> dict[Any, Any]:
    """Return what the browser would send after `request` was put into the form."""
    values = dict.fromkeys(form.inputs())
    for component, update in form.filled(request, VOICES, FakeStudio().engines()).items():
        values[component] = update.value if isinstance(update, gr.Dropdown) else update
    return values


@pytest.mark.parametrize(
    "request_",
    [
        Request(TEXT, lang="en"),
        Request(TEXT, voice="kerstin", lang="de", emotion=EmotionMix.of(sad=1, angry=2), seed=9),
        Request(
            TEXT,
            lang="en",
            emotion=EmotionMix.of(happy=1, sad=1, fear=1),
            base="sad",
            intensity=0.35,
        ),
        Request(TEXT, lang="en", engine="diemo", emotion=EmotionMix.of(fear=1)),
        Request(
            TEXT, lang="en", speed=1.3, n_timesteps=6, temperature=1.5, k_max=0.7, tail="published"
        ),
    ],
)
def test_a_request_put_into_the_form_is_read_back_exactly(form: Form, request_: Request) -> None:
    assert form.request(filled_in(form, request_)) == request_


@pytest.mark.parametrize("total", range(2, 40))
def test_shares_in_the_sliders_stay_the_same_to_the_last_bit(form: Form, total: int) -> None:
    mix = EmotionMix.of(happy=1, sad=total, angry=3, calm=7)
    assert form.request(filled_in(form, Request(TEXT, emotion=mix))).emotion == mix


def test_all_sliders_at_zero_is_refused_in_words(form: Form) -> None:
    values = filled_in(form, Request(TEXT))
    values |= dict.fromkeys(form.mixer.sliders.values(), 0)
    with pytest.raises(ValueError, match="raise at least one"):
        form.request(values)


def test_a_recording_needs_a_file_then_consent(form: Form, hum: Path) -> None:
    values = filled_in(form, Request(TEXT)) | {form.voice.source: RECORDING}
    with pytest.raises(ValueError, match="no recording of a voice yet"):
        form.request(values)
    values[form.voice.recording] = str(hum)
    with pytest.raises(ValueError, match="I may use this voice"):
        form.request(values)
    values[form.consent] = True
    reference = form.request(values).reference
    assert reference is not None
    assert reference.duration_s == 4


def test_an_emptied_number_is_named(form: Form) -> None:
    values = filled_in(form, Request(TEXT)) | {form.more.seed: None}
    with pytest.raises(ValueError, match="seed is empty"):
        form.request(values)


def test_a_file_that_is_no_sound_is_refused_in_words(form: Form, tmp_path: Path) -> None:
    fake = tmp_path / "voice.wav"
    fake.write_text("these are words")
    values = filled_in(form, Request(TEXT))
    values |= {form.voice.source: RECORDING, form.voice.recording: str(fake), form.consent: True}
    with pytest.raises(ValueError, match=r"voice\.wav is not a sound file"):
        form.request(values)


def test_examples_can_be_spoken() -> None:
    for example in EXAMPLES:
        assert EmotionMix.from_weights(example.weights).shares
        assert Request(example.text, lang=example.lang).text == example.text


def test_a_kept_take_has_sound_passport_and_view_in_a_folder_of_its_own() -> None:
    take = FakeStudio().speak(Request(TEXT, seed=3))
    first, second = keep(take, view_of(take)), keep(take, view_of(take))
    assert Path(first.wav).parent != Path(second.wav).parent
    assert first.read_passport() == json.loads(json.dumps(take.passport))
    assert restored(first.read_view()["picture"]).data
    assert "view" not in first.row()


def test_a_deleted_take_says_that_it_was_deleted() -> None:
    take = FakeStudio().speak(Request(TEXT))
    entry = keep(take, {})
    Path(entry.passport).unlink()
    with pytest.raises(ValueError, match="was deleted"):
        entry.read_passport()


@pytest.mark.parametrize("n_spoken", range(1, 7))
def test_a_stopped_text_is_cut_into_the_same_sentences_again(n_spoken: int) -> None:
    long = "It rained, " * 25 + "and then it stopped. 😀"
    text = f"  Dr. Smith  came\nback. Did he?\n\n“Yes!” {long} Caf\u0065\u0301 at 3.50. The end."
    sentences = split_sentences(text, "en")
    assert len(sentences) == 7
    part = spoken_part(text, sentences[:n_spoken])
    assert split_sentences(part, "en") == sentences[:n_spoken]


def test_a_file_is_read_in_its_turn_but_a_missing_tick_is_refused_before(
    form: Form, tmp_path: Path
) -> None:
    fake = tmp_path / "voice.wav"
    fake.write_text("these are words")
    values = filled_in(form, Request(TEXT))
    values |= {form.voice.source: RECORDING, form.voice.recording: str(fake)}
    with pytest.raises(ValueError, match="I may use this voice"):
        form.check(values)
    form.check(values | {form.consent: True})


def test_what_a_take_was_made_with_and_is_not_here_is_named() -> None:
    request = Request(TEXT, voice="nobody", emotion=EmotionMix.of(happy=1, bored=1))
    assert not_here({}, request, VOICES, ["happy"]) == ["the voice 'nobody'", "the emotion 'bored'"]
    assert not_here({}, request, ["nobody"], KNOWN) == []
    recorded = {"reference": {"seconds": 4}, "emotion_reference": {"seconds": 4}}
    assert not_here(recorded, request, VOICES, ["happy"]) == []
    fast = Request(TEXT, engine="diemo")
    assert not_here({}, fast, VOICES, KNOWN, ["emomix"]) == ["the engine 'diemo'"]


def test_a_single_engine_is_no_choice_and_takes_by_another_are_not_promised() -> None:
    with gr.Blocks():
        alone = engine_picker(lambda: {"emomix": "EmoMix sounds best."}, "emomix")
        none = engine_picker(dict, "emomix")
    assert (alone.visible, none.visible) == (False, False)
    assert (alone.value, none.value) == ("emomix", "emomix")


def test_a_tuned_model_is_told_from_an_engine() -> None:
    lines = {"emomix": "It sounds best.", "emomix:anna": "", "emomix:weary": "read by"}
    with gr.Blocks():
        picker = engine_picker(lambda: lines, "emomix")
    assert [label for label, _ in picker.choices] == [
        "EmoMix",
        "EmoMix anna",
        "EmoMix, read by weary",
    ]
    assert picker.info == "It sounds best."


def test_an_entry_tells_which_engine_spoke_and_where_the_emotion_is_from() -> None:
    studio = FakeStudio()
    entry = keep(studio.speak(Request(TEXT)), {})
    assert (entry.system, entry.mixture) == ("EmoMix", "neutral 100%")
    there = Request(TEXT, engine="diemo", emotion_path=((0.0, 1.0),))
    entry = keep(studio.speak(there), {})
    assert (entry.row()["system"], entry.row()["mixture"]) == ("DiEmo", "from the map")


def test_the_read_back_says_where_an_emotion_without_a_name_is_from(hum: Path) -> None:
    studio = FakeStudio()
    clip = Clip.load(hum)
    recorded = studio.speak(Request(TEXT, emotion_reference=clip, consent=True))
    mapped = studio.speak(Request(TEXT, engine="diemo", emotion_path=((0.0, 1.0),)))
    plain = studio.speak(Request(TEXT))
    assert "taken from your recording" in asked_got(recorded.read_back, recorded.passport)
    assert "taken from the map" in asked_got(mapped.read_back, mapped.passport)
    assert "was taken from" not in asked_got(plain.read_back, plain.passport)


def test_the_picture_is_small_and_has_the_takes_length() -> None:
    take = FakeStudio().speak(Request("A long sentence goes on and on. " * 15))
    figure = picture(take)
    assert len(figure.to_json()) < 200_000
    assert figure.layout.xaxis.range[1] == pytest.approx(take.clip.duration_s)


def test_the_envelope_keeps_the_peaks() -> None:
    wav = np.random.default_rng(0).normal(size=10_001).astype(np.float32)
    low, high = envelope(wav)
    assert (low.min(), high.max()) == (wav.min(), wav.max())


def test_a_mel_of_one_frame_is_drawn() -> None:
    assert shrink(np.zeros((80, 1))).shape == (80, 1)


def test_the_read_back_names_its_judge_and_shows_what_was_asked() -> None:
    take = FakeStudio().speak(Request(TEXT, emotion=EmotionMix.of(happy=7, surprise=3)))
    html = asked_got(take.read_back, take.passport)
    assert "EmoStudio's own recognizer" in html
    tuned = take.passport | {"models": {"ser": "0" * 64, "ser:weary": "1" * 64}}
    assert "the recognizer 'weary', which was tuned here" in asked_got(take.read_back, tuned)
    assert "70%" in html
    assert "0.83" in html


def test_words_that_a_person_typed_never_become_markup() -> None:
    take = FakeStudio().speak(Request("<img src=x onerror=alert(1)> hello"))
    assert "<img" not in asked_got(take.read_back, take.passport)


def test_a_value_error_becomes_its_sentence() -> None:
    with pytest.raises(gr.Error, match="do this"), in_words():
        raise ValueError("do this")


def test_a_sentence_that_quotes_markup_shows_it_as_text() -> None:
    with pytest.raises(gr.Error) as caught, in_words():
        raise ValueError("'<img src=x>' is no file")
    assert "<img" not in str(caught.value)


def test_the_unforeseen_becomes_a_sentence_without_its_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(gr.Error) as caught, in_words():
        raise RuntimeError("/secret/path")
    assert "/secret/path" not in str(caught.value)
    assert "/secret/path" in caplog.text


@pytest.mark.parametrize("content", [b"no json", b"[]", b'{"request": 3}', b"\xff\xfe\x00"])
def test_a_file_that_is_no_passport_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "passport.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no passport"):
        read_passport(str(path))


def test_a_missing_checkpoint_still_gives_a_form() -> None:
    voices, emotions, trouble = known(FakeStudio(trouble="The checkpoint emomix is missing."))
    assert (voices, emotions) == ({}, EMOTIONS)
    assert trouble == "The checkpoint emomix is missing."


def test_pages_are_built_without_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from tests.web.fake_studio import FakeStudio;"
        "from emostudio.web import build_app; build_app(FakeStudio());"
        "assert not {'torch', 'torchaudio', 'umap', 'plotly'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
