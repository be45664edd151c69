"""Speak: a text, a voice and a mixture of emotions become speech."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from emostudio.values import EMOTIONS, ENGINES, Request, Take
from emostudio.web import endpoints
from emostudio.web.components import header
from emostudio.web.components.consent import consent_box
from emostudio.web.components.engine_picker import engine_picker, of_sampler
from emostudio.web.components.form import Form
from emostudio.web.components.mixer import mixer
from emostudio.web.components.more import more
from emostudio.web.components.result import Result, result, view_of
from emostudio.web.components.send_to_test import (
    SendToTest,
    connect_sending,
    send_to_test,
    spoken_as_asked,
)
from emostudio.web.components.sentences import more_to_come, queue_of, queued, spoken_part
from emostudio.web.components.status import stopped
from emostudio.web.components.take_list import rows, take_list
from emostudio.web.components.text_box import Example, examples, text_box
from emostudio.web.components.voice_picker import RECORDING, voice_picker, voices_of
from emostudio.web.device import on_device, seconds_for
from emostudio.web.errors import in_words
from emostudio.web.folder import KEPT_S
from emostudio.web.passports import missing_recordings, not_here, read_passport, request_of
from emostudio.web.runs import QUIET, Buttons, Run, Updates, connect, run_buttons
from emostudio.web.visit import LIMIT, Entry, entry_of, keep, still_there

if TYPE_CHECKING:
    from emostudio.studio import Studio


@dataclass(frozen=True)
class Page:
    """The components that events of the page read and change."""

    form: Form
    shown: Result
    buttons: Buttons
    visit: gr.State
    takes: gr.HTML
    passport: gr.UploadButton
    for_test: SendToTest
    tries: list[tuple[gr.Button, Example]]


def build(studio: Studio) -> None:
    """Build the page; where a checkpoint is missing it opens all the same and says so."""
    header.header()
    voices, emotions, trouble = known(studio)
    if trouble:
        header.trouble_notice(trouble)
    page = lay_out(voices, emotions, studio)
    connect_voices(page.form, studio)
    connect_speaking(page, studio)
    connect_loading(page, studio)
    connect_examples(page, voices)
    connect_sending(page.for_test, studio, page.visit, shown=page.shown.wav, told=spoken_as_asked)
    endpoints.build(studio)


def known(studio: Studio) -> tuple[dict[str, str], tuple[str, ...], str]:
    """Return the voices and emotions, and a sentence where the checkpoint does not give them."""
    first = next(iter(studio.engines()), ENGINES[0])
    try:
        return studio.voices(first), studio.emotions(first), ""
    except ValueError as error:
        return {}, EMOTIONS, str(error)


def lay_out(voices: dict[str, str], emotions: tuple[str, ...], studio: Studio) -> Page:
    """Place everything: the form on the left, what came of it on the right."""
    visit = gr.State([], time_to_live=KEPT_S)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=6, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                text = text_box()
                tries = examples(set(voices.values()), emotions)
            with gr.Column(elem_classes="card"):
                voice = voice_picker(voices)
            with gr.Column(elem_classes="card"):
                gr.HTML("<h2>Emotions</h2>")
                mix = mixer(emotions)
            with gr.Column(elem_classes="card"):
                engine = engine_picker(studio.engines, ENGINES[0])
                of_sampler(engine, mix.base)
            controls = more(engine)
            with gr.Column(elem_classes="card action"):
                consent = consent_box("It is mine, or its owner has agreed that I have it speak.")
                run = run_buttons("Speak", "speak", interactive=bool(voices))
            header.misuse_notice()
        with gr.Column(scale=5, min_width=320, elem_classes="outcome"):
            shown = result()
            for_test = send_to_test()
            gr.HTML("<h2>Takes of this visit</h2>")
            takes = take_list()
            passport = gr.UploadButton(
                "Load a passport", file_types=[".json"], size="sm", elem_id="load-passport"
            )
    form = Form(text, voice, engine, mix, controls, consent)
    return Page(form, shown, run, visit, takes, passport, for_test, tries)


def connect_voices(form: Form, studio: Studio) -> None:
    """Offer the voices that an engine has in a language; a tuned model's own voice comes first."""

    def offered(engine: str, lang: str, voice: str | None) -> gr.Dropdown:
        with in_words():
            voices = studio.voices(engine)
            usual = studio.voices(engine.partition(":")[0])
        names = sorted(voices_of(voices, lang), key=usual.__contains__)
        own = names and names[0] not in usual
        kept = voice if voice in names and not own else None
        return gr.Dropdown(choices=names, value=kept or next(iter(names), None))

    inputs = [form.engine, form.voice.lang, form.voice.voice]
    form.voice.lang.input(offered, inputs, form.voice.voice, **QUIET)
    form.engine.input(offered, inputs, form.voice.voice, **QUIET)


def connect_speaking(page: Page, studio: Studio) -> None:
    """Speak and Stop."""
    form, shown, buttons = page.form, page.shown, page.buttons
    sentences = on_device(studio.speak_sentences, seconds_for)

    def attempt(
        values: Updates, progress: gr.Progress, enough: threading.Event
    ) -> Iterator[Updates]:
        request, note = form.request(values), None
        yield {shown.status: None}
        progress(0.02, desc="Preparing the first sentence")
        done: list[Take] = []
        heard: list[dict[str, Any]] = []
        with closing(cast("Generator[Take, None, None]", sentences(request))) as coming:
            for take in coming:
                done.append(take)
                if enough.is_set():
                    break
                if len(done) > 1 or more_to_come(request, take):
                    heard.append(queued(take.clip, take.request.text.strip()))
                    shown.player.temp_files.add(heard[-1]["path"])
                    spent = sum(len(each.request.text) for each in done) / len(request.text)
                    progress(min(0.97, spent), desc=f"Sentence {len(done)} is ready, speaking on")
                    changed = buttons.offer(buttons.stop) if len(heard) == 1 else {}
                    yield changed | {shown.sentences: queue_of(heard, done=False)}
        if enough.is_set():
            text = spoken_part(request.text, (each.request.text for each in done))
            share = len(text) / len(request.text.strip())
            if share < 1:
                request, note = replace(request, text=text), stopped(len(done), share)
        take = studio.join(request, done)
        view = view_of(take, note)
        entry = keep(take, view, form.recordings(values))
        entries = [*values[page.visit], entry][-LIMIT:]
        # Gradio deletes the files it is told of when the app is stopped.
        shown.player.temp_files.update({entry.wav, entry.passport, entry.view})
        # One update for all: a second one right behind it can make the page drop the first.
        yield {
            page.visit: entries,
            page.takes: rows(entries),
            shown.sentences: None if enough.is_set() else queue_of(heard, done=True),
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
    )
    connect(buttons, run)


def connect_loading(page: Page, studio: Studio) -> None:
    """Load a take again, from the list or from a passport's file."""
    form, shown = page.form, page.shown

    def filled(
        passport: dict[str, Any], files: tuple[str | None, str | None]
    ) -> tuple[Updates, bool]:
        """Return the updates, and whether Speak gives this very take."""
        request: Request = request_of(studio, passport)
        missing = missing_recordings(passport, files)
        engines = studio.engines() or dict.fromkeys(ENGINES)
        engine = request.engine if request.engine in engines else next(iter(engines))
        voices = studio.voices(engine)
        updates = form.filled(request, voices, engines, files)
        if passport.get("reference"):
            updates[form.voice.source] = RECORDING
        if missing:
            gr.Warning(
                f"This take was made with a recording of {' and of '.join(missing)}, which is not "
                "kept here. Add the same file again, and it gives the same take."
            )
        strange = not_here(passport, request, voices, form.mixer.sliders, engines)
        if request.emotion_path:
            strange.append("places of the map")
        if strange:
            gr.Warning(
                f"This take was made with {' and '.join(map(escape, strange))}, which this form "
                "does not have. The rest of the form is filled, but Speak gives another take."
            )
        return updates, not missing and not strange

    def picked(entries: list[Entry], event: gr.EventData) -> Updates:
        with in_words():
            entry = entry_of(entries, event.id)
            files = (still_there(entry.recording), still_there(entry.emotion_recording))
            updates, _ = filled(entry.read_passport(), files)
            updates |= shown.shown(entry, entry.read_view(), autoplay=True)
        return updates | {shown.sentences: None}

    def uploaded(file: str) -> Updates:
        with in_words():
            updates, same = filled(read_passport(file), (None, None))
        if same:
            gr.Info("The form is filled. Speak gives this take.")
        return updates

    outputs = [*form.inputs(), *shown.outputs()]
    page.takes.pick(picked, page.visit, outputs, api_visibility="private")
    page.passport.upload(uploaded, page.passport, form.inputs(), api_visibility="private")


def connect_examples(page: Page, voices: dict[str, str]) -> None:
    """Fill the form from an example, and ask for consent where a recording is used."""
    form = page.form

    def tried(example: Example) -> Updates:
        names = voices_of(voices, example.lang)
        return {
            form.text: example.text,
            form.voice.lang: example.lang,
            form.voice.voice: gr.Dropdown(choices=names, value=names[0]),
            **{
                slider: example.weights.get(name, 0.0)
                for name, slider in form.mixer.sliders.items()
            },
        }

    def consent_needed(source: str, emotion_file: str | None) -> gr.Checkbox:
        return gr.Checkbox(visible=source == RECORDING or emotion_file is not None)

    outputs = [form.text, form.voice.lang, form.voice.voice, *form.mixer.sliders.values()]
    for button, example in page.tries:
        button.click(lambda example=example: tried(example), None, outputs, **QUIET)
    seen = [form.voice.source, form.mixer.recording]
    for component in seen:
        component.change(consent_needed, seen, form.consent, **QUIET)
