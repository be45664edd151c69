"""The parts of the page Convert, one by one, without a browser."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from emostudio.conversion import Conversion
from emostudio.values import Clip, EmotionMix
from emostudio.web.archive import FAILED, UNFORESEEN, Archive, outcome
from emostudio.web.components.blend import BOTH, RECORDING, SLIDERS, blend
from emostudio.web.components.compared import compared, warned, words_line
from emostudio.web.components.contours import plotly_js, points_of, text_of, traces_of
from emostudio.web.components.conversion_form import ConversionForm, manner
from emostudio.web.components.conversion_result import view_of
from emostudio.web.components.engine_picker import engine_picker
from emostudio.web.components.voice_picker import sound_input
from emostudio.web.device import seconds_to_convert
from emostudio.web.example import Example
from emostudio.web.pages.convert import known
from emostudio.web.passports import conversion_settings, read_passport
from emostudio.web.visit import entry_of, keep_converted
from tests.web.fake_studio import FakeStudio

HAPPY = EmotionMix.of(happy=1)


@pytest.fixture
def form() -> ConversionForm:
    with gr.Blocks():
        source, mix = sound_input("source", "source"), blend(FakeStudio().convertible())
        engine = engine_picker(FakeStudio().converters, "zest")
        drawn, consent = gr.Textbox(label="drawn"), gr.Checkbox(label="consent")
        return ConversionForm(source, engine, mix, manner(), drawn, consent)


def filled_in(form: ConversionForm, asked: Conversion, source: Path, reference: Path) -> Any:
    """Return what the browser would send after `asked` was put into the form."""
    values = dict.fromkeys(form.inputs(), 0)
    recorded = str(reference) if asked.emotion_reference else None
    values |= {form.engine: "zest"} | form.filled(asked, ["zest"], recorded)
    return values | {form.source: str(source), form.consent: asked.consent}


@pytest.mark.parametrize(
    "settings",
    [
        {"emotion": HAPPY},
        {"emotion": EmotionMix.of(sad=1, angry=2), "intensity": 0.35, "floor": 0.8, "seed": 9},
        {"emotion_reference": True},
        {"emotion": HAPPY, "emotion_reference": True, "reference_share": 0.25},
        {"emotion": HAPPY, "rhythm": "emotion", "drawn": ((0.5, 120.0), (1.25, 240.5))},
        {"emotion": HAPPY, "until_s": 12.352},
    ],
)
def test_a_conversion_put_into_the_form_is_read_back_exactly(
    form: ConversionForm, hum: Path, settings: dict[str, Any]
) -> None:
    clip = Clip.load(hum)
    if settings.get("emotion_reference"):
        settings = settings | {"emotion_reference": clip}
    asked = Conversion(clip, consent=True, **settings)
    assert form.conversion(filled_in(form, asked, hum, hum)) == asked


def test_what_does_not_count_is_not_read(form: ConversionForm, hum: Path) -> None:
    asked = Conversion(
        Clip.load(hum), consent=True, emotion=HAPPY, emotion_reference=Clip.load(hum)
    )
    values = filled_in(form, asked, hum, hum)
    sliders = form.conversion(values | {form.blend.origin: SLIDERS})
    assert (sliders.emotion, sliders.emotion_reference) == (HAPPY, None)
    recording = form.conversion(values | {form.blend.origin: RECORDING})
    assert (recording.emotion, recording.emotion_reference) == (None, Clip.load(hum))
    zeros = dict.fromkeys(form.blend.sliders.values(), 0)
    form.check(values | zeros | {form.blend.origin: RECORDING})
    with pytest.raises(ValueError, match="raise at least one"):
        form.check(values | zeros | {form.blend.origin: BOTH})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda form: {form.source: None}, "no recording to convert yet"),
        (lambda form: {form.consent: False}, "I may use this voice"),
        (lambda form: {form.blend.origin: RECORDING}, "no recording of an emotion yet"),
        (lambda form: {form.manner.seed: None}, "'Seed' is empty"),
        (lambda form: {form.blend.intensity: None}, "'Intensity' is empty"),
        (lambda form: {form.drawn: "0.5, high"}, "no point of a contour"),
        (lambda form: {form.drawn: "0.5, 120"}, "One point draws no contour"),
        (lambda form: {form.manner.until: None}, "'Convert up to' is empty"),
        (lambda form: {form.manner.until: 301}, "from 0 to 300"),
        (lambda form: {form.drawn: "0.5, 120\n0.9, 601"}, "stay in 60 to 600"),
        (lambda form: {form.drawn: "0.5, 59\n0.9, 120"}, "stay in 60 to 600"),
        (lambda form: {form.drawn: "0.5, 120\nnan, 130"}, "no \\(seconds, Hz\\) pair"),
    ],
)
def test_what_is_missing_is_refused_before_the_queue(
    form: ConversionForm, hum: Path, wrong: Any, sentence: str
) -> None:
    asked = Conversion(Clip.load(hum), consent=True, emotion=HAPPY)
    with pytest.raises(ValueError, match=sentence):
        form.check(filled_in(form, asked, hum, hum) | wrong(form))


def test_a_batch_takes_the_settings_but_not_what_holds_for_one_source(
    form: ConversionForm, hum: Path
) -> None:
    drawn = ((0, 100), (1, 200))
    asked = Conversion(Clip.load(hum), consent=True, emotion=HAPPY, drawn=drawn, until_s=2)
    values = filled_in(form, asked, hum, hum) | {form.source: None}
    assert form.of_file(values, str(hum)) == replace(asked, drawn=(), until_s=0)


def test_a_stopped_result_is_made_again_of_its_passport_and_the_whole_source(hum: Path) -> None:
    clip, studio = Clip.load(hum), FakeStudio()
    long = Clip(np.tile(clip.wav, 10), clip.sample_rate)
    asked = Conversion(long, consent=True, emotion=HAPPY)
    parts = studio.convert_parts(asked)
    stopped = studio.join_converted(replace(asked, until_s=20.0), [next(parts), next(parts)])
    passport = json.loads(json.dumps(stopped.passport))
    again = studio.convert(studio.conversion_of(passport, source=long))
    assert again.clip == stopped.clip
    assert again.passport == stopped.passport
    assert again.clip.duration_s == 20


def test_five_minutes_borrow_the_device_for_less_than_they_play(hum: Path) -> None:
    clip = Clip.load(hum)
    long = Clip(np.tile(clip.wav, 75), clip.sample_rate)
    assert seconds_to_convert(Conversion(long, consent=True, emotion=HAPPY)) == 40


@pytest.mark.parametrize("points", [(), ((0.5, 120.0), (1.5, 200.5)), ((0.016, 80.1), (9.0, 90.0))])
def test_a_drawing_is_read_as_it_is_written(points: Any) -> None:
    assert points_of(text_of(points)) == points


def test_a_drawing_may_be_typed_in_any_order() -> None:
    assert points_of(" 2; 150\n\n1 , 100\n") == ((1.0, 100.0), (2.0, 150.0))


def test_plotly_js_is_where_the_browser_is_told() -> None:
    assert plotly_js().stat().st_size > 1e6


def test_contours_of_five_minutes_stay_small(hum: Path) -> None:
    clip = Clip.load(hum)
    long = Clip(np.tile(clip.wav, 75), clip.sample_rate)
    converted = FakeStudio().convert(
        Conversion(long, consent=True, emotion=HAPPY, emotion_reference=clip)
    )
    traces = traces_of(converted)
    assert traces["duration_s"] == pytest.approx(long.duration_s, abs=0.5)
    assert set(traces["lines"]) == {"source", "reference", "result"}
    assert len(json.dumps(traces)) < 100_000
    source = traces["lines"]["source"]
    assert len(source["f0"]) * source["step_s"] == pytest.approx(300, abs=1)
    assert source["start_s"] == pytest.approx(0.008)
    assert None in source["f0"]
    assert 0 not in source["f0"]


def test_asked_against_got_tells_source_reference_and_result(hum: Path) -> None:
    clip = Clip.load(hum)
    asked = Conversion(clip, consent=True, emotion=HAPPY, intensity=0.6)
    done = FakeStudio().convert(asked)
    html = compared(done.read_back, done.passport)
    assert "60%" in html
    assert "Reference" not in html
    done = FakeStudio().convert(replace(asked, emotion_reference=clip))
    html = compared(done.read_back, done.passport)
    assert "Reference" in html
    assert "Recorded" in html
    for measure in ("Voice similarity", "Words unlike", "Intensity", "Arousal", "Valence"):
        assert measure in html


def test_what_a_person_should_know_is_said_and_nothing_else(hum: Path) -> None:
    clip = Clip.load(hum)
    asked = Conversion(clip, consent=True, emotion=HAPPY)
    assert warned(FakeStudio().convert(asked)) == ""
    assert "Identity guard" in warned(FakeStudio().convert(replace(asked, floor=0.9)))
    wav = np.concatenate([clip.wav[:8_000], np.zeros(80_000, np.float32)])
    quiet = replace(asked, source=Clip(wav, clip.sample_rate))
    assert "of the recording sounds like a voice" in warned(FakeStudio().convert(quiet))


@pytest.mark.parametrize(
    ("apart", "sentence"),
    [
        (None, "is not installed here"),
        ((0, 0), "hears no words"),
        ((1, 1), "1 of 1 word of"),
        ((2, 9), "2 of 9 words of"),
    ],
)
def test_the_words_are_compared_in_a_sentence(apart: tuple[int, int] | None, sentence: str) -> None:
    assert sentence in words_line(apart)


def test_a_kept_conversion_is_found_again_with_all_that_was_shown(hum: Path) -> None:
    converted = FakeStudio().convert(Conversion(Clip.load(hum), consent=True, emotion=HAPPY))
    view = view_of(converted, str(hum), "a note")
    entry = keep_converted(converted, view, "hum", (str(hum), None))
    assert entry_of([entry], entry.id).read_view() == json.loads(json.dumps(view))
    assert entry.read_passport() == json.loads(json.dumps(converted.passport))
    with pytest.raises(ValueError, match="no longer in the list"):
        entry_of([entry], "another")


def test_a_passport_fills_the_settings_without_its_recordings(hum: Path) -> None:
    clip, studio = Clip.load(hum), FakeStudio()
    asked = Conversion(
        clip, consent=True, emotion_reference=clip, intensity=0.4, drawn=((0, 100), (1, 200))
    )
    passport = json.loads(json.dumps(studio.convert(asked).passport))
    settings = conversion_settings(studio, passport)
    assert settings.settings() == asked.settings()
    assert settings.emotion_reference is not None
    with pytest.raises(ValueError, match="damaged"):
        conversion_settings(studio, {"conversion": {}})


def test_a_passport_of_the_other_page_is_sent_there(tmp_path: Path) -> None:
    for asked, other, page in (
        ("conversion", "request", "Speak"),
        ("request", "conversion", "Convert"),
    ):
        path = tmp_path / f"{other}.json"
        path.write_text(json.dumps({other: {}}), encoding="utf-8")
        with pytest.raises(ValueError, match=f"passport of {page}"):
            read_passport(str(path), asked)
        assert read_passport(str(path), other) == {other: {}}


def batch_of(files: list[Path], **settings: Any) -> Archive:
    """Convert files as the page does."""
    studio = FakeStudio()
    with Archive([str(file) for file in files]) as archive:
        for file in files:
            archive.add(
                str(file),
                lambda file=file: studio.convert(
                    Conversion(Clip.load(file), consent=True, emotion=HAPPY, **settings)
                ),
            )
    return archive


def test_a_batch_delivers_what_it_can_and_lists_the_rest(hum: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "<b>.wav"
    wrong.write_text("these are words")
    archive = batch_of([hum, wrong, hum])
    assert archive.path is not None
    with zipfile.ZipFile(archive.path) as packed:
        assert packed.namelist() == [
            "hum-converted.wav",
            "hum-converted.json",
            "hum-2-converted.wav",
            "hum-2-converted.json",
            FAILED,
        ]
        assert "is not a sound file" in packed.read(FAILED).decode()
        assert json.loads(packed.read("hum-converted.json"))["source"]["seconds"] == 4
    html = outcome(archive)
    assert "2 of 3 files" in html
    assert "<b>.wav" not in html


def test_a_batch_of_nothing_good_gives_no_zip(tmp_path: Path) -> None:
    wrong = tmp_path / "voice.wav"
    wrong.write_text("these are words")
    archive = batch_of([wrong])
    assert archive.path is None
    assert "0 of 1" in outcome(archive)


def test_a_stopped_batch_says_how_many_were_not_begun(hum: Path) -> None:
    with Archive([str(hum)] * 5) as archive:
        pass
    assert "Stopped: 5 were not begun" in outcome(archive)


def test_the_unforeseen_in_a_batch_stays_inside(
    hum: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> Any:
        raise RuntimeError("/secret/path")

    with Archive([str(hum)]) as archive:
        archive.add(str(hum), fails)
    assert archive.failed == {"hum.wav": UNFORESEEN}
    assert "/secret/path" in caplog.text


def test_what_the_device_refuses_reaches_the_list_in_its_own_words(hum: Path) -> None:
    def refused() -> Any:
        raise gr.Error("Your quota is used up; come back tomorrow.")

    with Archive([str(hum)]) as archive:
        archive.add(str(hum), refused)
    assert archive.failed == {"hum.wav": "Your quota is used up; come back tomorrow."}


def test_names_that_differ_in_case_alone_do_not_meet_in_a_zip(hum: Path, tmp_path: Path) -> None:
    files = [tmp_path / "1" / "A.wav", tmp_path / "2" / "a.wav"]
    for file in files:
        file.parent.mkdir()
        file.write_bytes(hum.read_bytes())
    assert batch_of(files).converted == ["A.wav", "a-2.wav"]


def test_a_batch_leaves_no_file_but_its_zip(hum: Path) -> None:
    archive = batch_of([hum, hum])
    assert list(archive.file.parent.iterdir()) == [archive.file]


def test_a_batch_repeats_the_warnings_of_each_file(hum: Path) -> None:
    assert "Identity guard" in outcome(batch_of([hum], floor=0.9))


def test_the_example_is_spoken_once_and_again_when_it_was_swept() -> None:
    studio = FakeStudio()
    example = Example(studio)
    path = example.path()
    assert example.path() == path
    assert len(studio.requests) == 1
    Path(path).unlink()
    assert Clip.load(example.path()).duration_s > 1


def test_a_missing_checkpoint_still_gives_a_form() -> None:
    emotions, trouble = known(FakeStudio(trouble="The checkpoint zest is missing."))
    assert "happy" in emotions
    assert "bored" not in emotions
    assert trouble == "The checkpoint zest is missing."
