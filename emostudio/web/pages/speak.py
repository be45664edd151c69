"""Speak: a text, a voice and a mixture of emotions become speech."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from emostudio.values import EMOTIONS, Request, Take
from emostudio.web import endpoints
from emostudio.web.components import header
from emostudio.web.components.form import Form
from emostudio.web.components.mixer import mixer
from emostudio.web.components.more import more
from emostudio.web.components.result import Result, result, view_of
from emostudio.web.components.sentences import more_to_come, queue_of, queued, spoken_part
from emostudio.web.components.status import STOPPING, WAITING, stopped
from emostudio.web.components.take_list import rows, take_list
from emostudio.web.components.text_box import Example, examples, text_box
from emostudio.web.components.voice_picker import RECORDING, voice_picker, voices_of
from emostudio.web.device import QUEUE, on_device, seconds_for
from emostudio.web.errors import in_words
from emostudio.web.folder import KEPT_S
from emostudio.web.passports import missing_recordings, not_here, read_passport, request_of
from emostudio.web.visit import LIMIT, Entry, keep

if TYPE_CHECKING:
    from emostudio.studio import Studio

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
Updates = dict[Any, Any]


@dataclass(frozen=True)
class Page:
    """The components that events of the page read and change."""

    form: Form
    shown: Result
    speak: gr.Button
    cancel: gr.Button
    stop: gr.Button
    visit: gr.State
    takes: gr.HTML
    passport: gr.UploadButton
    tries: list[tuple[gr.Button, Example]]


def build(studio: Studio) -> None:
    """Build the page; where a checkpoint is missing it opens all the same and says so."""
    header.header()
    voices, emotions, trouble = known(studio)
    if trouble:
        header.trouble_notice(trouble)
    page = lay_out(voices, emotions, can_speak=not trouble)
    connect_speaking(page, studio)
    connect_loading(page, studio, voices)
    connect_examples(page, voices)
    endpoints.build(studio)


def known(studio: Studio) -> tuple[dict[str, str], tuple[str, ...], str]:
    """Return the voices and emotions, and a sentence where the checkpoint does not give them."""
    try:
        return studio.voices(), studio.emotions(), ""
    except ValueError as error:
        return {}, EMOTIONS, str(error)


def lay_out(voices: dict[str, str], emotions: tuple[str, ...], *, can_speak: bool) -> Page:
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
            controls = more()
            with gr.Column(elem_classes="card action"):
                consent = gr.Checkbox(
                    label="I may use this voice",
                    info="It is mine, or its owner has agreed that I have it speak.",
                    visible=False,
                    elem_id="consent",
                )
                speak = gr.Button(
                    "Speak", variant="primary", interactive=can_speak, elem_id="speak"
                )
                # Before a sentence is ready there is nothing to keep; from then on there is.
                cancel = gr.Button("Stop", variant="stop", visible=False, elem_id="cancel")
                stop = gr.Button("Stop", variant="stop", visible=False, elem_id="stop")
            header.misuse_notice()
        with gr.Column(scale=5, min_width=320, elem_classes="outcome"):
            shown = result()
            gr.HTML("<h2>Takes of this visit</h2>")
            takes = take_list()
            passport = gr.UploadButton(
                "Load a passport", file_types=[".json"], size="sm", elem_id="load-passport"
            )
    form = Form(text, voice, mix, controls, consent)
    return Page(form, shown, speak, cancel, stop, visit, takes, passport, tries)


def connect_speaking(page: Page, studio: Studio) -> None:
    """Speak and Stop."""
    form, shown = page.form, page.shown
    sentences = on_device(studio.speak_sentences, seconds_for)
    under_way: dict[str | None, threading.Event] = {}  # by session; set: no further sentence

    def offer(button: gr.Button) -> Updates:
        buttons = (page.speak, page.cancel, page.stop)
        return {each: gr.Button(visible=each is button) for each in buttons}

    def begun(values: Updates) -> Updates:
        with in_words():
            form.check(values)
        return offer(page.cancel) | {shown.status: WAITING}

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
                    heard.append(queued(take))
                    shown.player.temp_files.add(heard[-1]["path"])
                    spent = sum(len(each.request.text) for each in done) / len(request.text)
                    progress(min(0.97, spent), desc=f"Sentence {len(done)} is ready, speaking on")
                    changed = offer(page.stop) if len(heard) == 1 else {}
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
            **offer(page.speak),
            page.stop: gr.Button(visible=False, interactive=True),
        }

    def spoken(
        values: Updates,
        visitor: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio's way to ask for one)
    ) -> Iterator[Updates]:
        enough = under_way[visitor.session_hash] = threading.Event()
        try:
            with in_words():
                yield from attempt(values, progress, enough)
        finally:
            if under_way.get(visitor.session_hash) is enough:  # else the next run is under way
                del under_way[visitor.session_hash]

    def stop(visitor: gr.Request) -> Any:
        enough = under_way.get(visitor.session_hash)
        if enough is None:  # it has ended meanwhile
            return gr.skip()
        enough.set()
        return {
            page.stop: gr.Button(interactive=False),
            shown.status: STOPPING,
            shown.sentences: None,
        }

    def over() -> Updates:
        ready = gr.Button(visible=False, interactive=True)
        return offer(page.speak) | {page.stop: ready, shown.status: None, shown.sentences: None}

    buttons = [page.speak, page.cancel, page.stop]
    # Gradio's box for an error needs the queue; without a limit nobody waits in it.
    checked = page.speak.click(
        begun,
        set(form.inputs()),
        [*buttons, shown.status],
        api_visibility="private",
        show_progress="hidden",
        concurrency_limit=None,
    )
    speaking = checked.success(
        spoken,
        {*form.inputs(), page.visit},
        [*buttons, page.visit, page.takes, *shown.outputs()],
        api_visibility="private",
        show_progress_on=[shown.empty, shown.player],
        **QUEUE,
    )
    cleared = [*buttons, shown.status, shown.sentences]
    speaking.failure(over, None, cleared, **QUIET)
    page.cancel.click(over, None, cleared, cancels=speaking, **QUIET)
    page.stop.click(stop, None, [page.stop, shown.status, shown.sentences], **QUIET)


def connect_loading(page: Page, studio: Studio, voices: dict[str, str]) -> None:
    """Load a take again, from the list or from a passport's file."""
    form, shown = page.form, page.shown

    def filled(
        passport: dict[str, Any], files: tuple[str | None, str | None]
    ) -> tuple[Updates, bool]:
        """Return the updates, and whether Speak gives this very take."""
        request: Request = request_of(studio, passport)
        missing = missing_recordings(passport, files)
        updates = form.filled(request, voices, files)
        if passport.get("reference"):
            updates[form.voice.source] = RECORDING
        if missing:
            gr.Warning(
                f"This take was made with a recording of {' and of '.join(missing)}, which is not "
                "kept here. Add the same file again, and it gives the same take."
            )
        strange = not_here(passport, request, voices, form.mixer.sliders)
        if strange:
            gr.Warning(
                f"This take was made with {' and '.join(map(escape, strange))}, which the models "
                "here don't know. The rest of the form is filled, but Speak gives another take."
            )
        return updates, not missing and not strange

    def picked(entries: list[Entry], event: gr.EventData) -> Updates:
        with in_words():
            entry = next((entry for entry in entries if entry.id == event.id), None)
            if entry is None:
                raise ValueError("This take is no longer in the list; speak it again.")
            files = (_still_there(entry.recording), _still_there(entry.emotion_recording))
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


def _still_there(file: str | None) -> str | None:
    return file if file and Path(file).exists() else None
