"""Convert: a recording keeps its voice and its words, and gets another emotion."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from emostudio.conversion import HOP_S, Converted
from emostudio.values import EMOTIONS, Clip
from emostudio.web import endpoints_convert
from emostudio.web.components import header
from emostudio.web.components.batch import batch, connect_batch
from emostudio.web.components.blend import blend
from emostudio.web.components.compared import words_line
from emostudio.web.components.consent import consent_box
from emostudio.web.components.conversion_form import ConversionForm, manner
from emostudio.web.components.conversion_result import (
    ConversionResult,
    conversion_result,
    view_of,
)
from emostudio.web.components.engine_picker import engine_picker
from emostudio.web.components.send_to_test import (
    SendToTest,
    connect_sending,
    converted_as_asked,
    send_to_test,
)
from emostudio.web.components.sentences import queue_of, queued
from emostudio.web.components.status import STOPPING_PART, clock, stopped_at
from emostudio.web.components.take_list import rows, take_list
from emostudio.web.components.voice_picker import sound_input
from emostudio.web.device import QUEUE, on_device, seconds_to_convert
from emostudio.web.errors import in_words
from emostudio.web.example import Example
from emostudio.web.folder import KEPT_S
from emostudio.web.passports import conversion_settings, read_passport
from emostudio.web.runs import Buttons, Run, Updates, connect, run_buttons
from emostudio.web.visit import LIMIT, Entry, entry_of, keep_converted, still_there

if TYPE_CHECKING:
    from emostudio.studio import Studio

LEFT_S = 0.05  # less than that is no part; a source's last samples may fill no frame
CLAIM = "Change the emotion of a recording, keep the voice and the words."


@dataclass(frozen=True)
class Page:
    """The components that events of the page read and change."""

    form: ConversionForm
    shown: ConversionResult
    buttons: Buttons
    visit: gr.State
    takes: gr.HTML
    passport: gr.UploadButton
    for_test: SendToTest
    example: gr.Button


def build(studio: Studio) -> None:
    """Build the page; where a checkpoint is missing it opens all the same and says so."""
    header.header(CLAIM)
    emotions, trouble = known(studio)
    if trouble:
        header.trouble_notice(trouble, "convert")
    page = lay_out(studio, emotions, can_convert=not trouble)
    connect_converting(page, studio)
    connect_loading(page, studio)
    connect_example(page, studio)
    connect_words(page, studio)
    connect_sending(
        page.for_test, studio, page.visit, shown=page.shown.wav, told=converted_as_asked
    )
    endpoints_convert.build(studio)


def known(studio: Studio) -> tuple[tuple[str, ...], str]:
    """Return the emotions, and a sentence where the checkpoint does not give them."""
    try:
        return studio.convertible(), ""
    except ValueError as error:
        return tuple(name for name in EMOTIONS if name != "bored"), str(error)


def lay_out(studio: Studio, emotions: tuple[str, ...], *, can_convert: bool) -> Page:
    """Place everything: the form on the left, what came of it on the right."""
    visit = gr.State([], time_to_live=KEPT_S)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=6, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                source = sound_input("Recording to convert", "convert-source")
                gr.HTML("<p class='note'>One person who speaks, up to 5 minutes.</p>")
                with gr.Row(elem_classes="chips"):
                    example = gr.Button(
                        "Try it with a sentence of ours",
                        size="sm",
                        min_width=40,
                        interactive=can_convert,
                        elem_id="example",
                    )
            with gr.Column(elem_classes="card"):
                gr.HTML("<h2>Target emotion</h2>")
                mix = blend(emotions)
                engine = engine_picker(studio.converters, "zest")
            controls = manner()
            many = batch(interactive=can_convert)
            with gr.Column(elem_classes="card action"):
                consent = consent_box(
                    "It is mine, or its owner has agreed that I change it.", visible=True
                )
                buttons = run_buttons("Convert", "convert", interactive=can_convert)
            header.misuse_notice()
        with gr.Column(scale=5, min_width=320, elem_classes="outcome"):
            shown = conversion_result()
            for_test = send_to_test()
            gr.HTML("<h2>Results of this visit</h2>")
            takes = take_list()
            passport = gr.UploadButton(
                "Load a passport", file_types=[".json"], size="sm", elem_id="load-passport"
            )
    form = ConversionForm(source, engine, mix, controls, shown.contours.drawn, consent)
    connect_batch(many, form, studio)
    return Page(form, shown, buttons, visit, takes, passport, for_test, example)


def connect_converting(page: Page, studio: Studio) -> None:
    """Convert, hear it with the drawn contour, and Stop."""
    form, shown, buttons = page.form, page.shown, page.buttons
    parts_of = on_device(studio.convert_parts, seconds_to_convert)

    def attempt(
        values: Updates, progress: gr.Progress, enough: threading.Event
    ) -> Iterator[Updates]:
        request, note = form.conversion(values), None
        file, whole_s, done_s = values[form.source], request.source.duration_s, 0.0
        end_s = min(request.until_s or whole_s, whole_s)
        yield {shown.status: None}
        progress(0.02, desc="Listening to the recording")
        done: list[Converted] = []
        heard: list[dict[str, Any]] = []
        with closing(cast("Generator[Converted, None, None]", parts_of(request))) as coming:
            for part in coming:
                done.append(part)
                began_s, done_s = done_s, done_s + len(part.source.f0) * HOP_S
                more = end_s - done_s > LEFT_S
                if enough.is_set() and more:
                    request = replace(request, until_s=round(done_s, 3))
                    break
                if not enough.is_set() and (more or heard):
                    heard.append(queued(part.clip, f"{clock(began_s)} to {clock(done_s)}"))
                    shown.player.temp_files.add(heard[-1]["path"])
                    progress(min(0.97, done_s / end_s), desc=f"{clock(done_s)} is ready")
                    changed = buttons.offer(buttons.stop) if len(heard) == 1 else {}
                    yield changed | {shown.sentences: _queue_of(heard, done=False)}
        if whole_s - done_s > LEFT_S:
            note = stopped_at(done_s, whole_s)
        converted = studio.join_converted(request, done)
        view = view_of(converted, file, note)
        entry = keep_converted(
            converted, view, Path(file).stem, (file, form.blend.reference(values))
        )
        entries = [*values[page.visit], entry][-LIMIT:]
        # Gradio deletes the files it is told of when the app is stopped.
        shown.player.temp_files.update({entry.wav, entry.passport, entry.view})
        # One update for all: a second one right behind it can make the page drop the first.
        yield {
            page.visit: entries,
            page.takes: rows(entries),
            shown.sentences: None if enough.is_set() else _queue_of(heard, done=True),
            **shown.shown(entry, view, autoplay=not heard),
            **buttons.ready(),
        }

    run = Run(
        check=form.check,
        attempt=attempt,
        inputs=form.inputs(),
        kept=[page.visit],
        outputs=[page.takes, *shown.outputs()],
        status=shown.status,
        clears=[shown.sentences],
        progress_on=[shown.empty, shown.player],
        stopping=STOPPING_PART,
    )
    connect(buttons, run, also=(shown.contours.again,))


def connect_loading(page: Page, studio: Studio) -> None:
    """Load a result again, from the list or from a passport's file."""
    form, shown = page.form, page.shown

    def filled(passport: dict[str, Any], reference: str | None) -> Updates:
        asked = conversion_settings(studio, passport)
        names = {name for name, _ in asked.emotion.shares} if asked.emotion else set()
        if strange := sorted(names - set(form.blend.sliders)):
            gr.Warning(
                f"This was made with the emotion {escape(' and '.join(strange))}, which the models "
                "here don't know. The rest of the form is filled."
            )
        return form.filled(asked, studio.converters(), reference)

    def picked(entries: list[Entry], event: gr.EventData) -> Updates:
        with in_words():
            entry = entry_of(entries, event.id)
            source = still_there(entry.recording)
            updates = filled(entry.read_passport(), still_there(entry.emotion_recording))
            updates |= shown.shown(entry, entry.read_view(), autoplay=True)
        return updates | {
            form.source: source,
            form.consent: source is not None,
            shown.sentences: None,
        }

    def uploaded(file: str, source: str | None, reference: str | None) -> Updates:
        with in_words():
            passport = read_passport(file, "conversion")
            updates = filled(passport, reference)
            try:
                studio.conversion_of(
                    passport,
                    source=Clip.load(source) if source else None,
                    emotion_reference=Clip.load(reference) if reference else None,
                )
            except ValueError as error:
                gr.Warning(f"The settings are filled in. {escape(str(error))}")
            else:
                gr.Info("The form is filled. Convert gives this result.")
        return updates

    page.takes.pick(
        picked, page.visit, [*form.inputs(), *shown.outputs()], api_visibility="private"
    )
    page.passport.upload(
        uploaded,
        [page.passport, form.source, form.blend.recording],
        form.inputs(),
        api_visibility="private",
    )


def connect_example(page: Page, studio: Studio) -> None:
    """Offer a source to begin with; ask for consent anew for each recording that is added."""
    form, example = page.form, Example(studio)

    def tried() -> Updates:
        with in_words():
            path = example.path()
        form.source.temp_files.update({path, str(Path(path).with_suffix(".json"))})
        return {
            form.source: path,
            form.drawn: "",
            form.manner.until: 0,
            form.consent: True,  # the voice is ours
        }

    outputs = [form.source, *form.of_this_source(), form.consent]
    page.example.click(tried, None, outputs, api_visibility="private", **QUEUE)
    # Who adds a recording may have loaded its passport before.
    form.source.clear(None, None, form.of_this_source(), js="() => ['', 0]")
    for sound in (form.source, form.blend.recording):
        for event in (sound.upload, sound.stop_recording):
            event(None, None, form.consent, js="() => false")


def connect_words(page: Page, studio: Studio) -> None:
    """Compare the words of source and result when asked: it takes a while."""
    shown = page.shown

    def words(entries: list[Entry], current: str) -> str:
        with in_words():
            entry = entry_of(entries, current)
            view = entry.read_view()
            source = _first(Clip.load(view["source"]), view["source_s"])
            return words_line(studio.words_apart(source, Clip.load(entry.wav)))

    shown.compare_words.click(
        words, [page.visit, shown.current], shown.words, api_visibility="private"
    )


def _first(clip: Clip, duration_s: float) -> Clip:
    return Clip(clip.wav[: round(duration_s * clip.sample_rate)], clip.sample_rate)


def _queue_of(heard: list[dict[str, Any]], *, done: bool) -> dict[str, Any] | None:
    return queue_of(heard, done=done, title="Part by part")
