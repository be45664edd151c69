"""Clips of a study: from files, from takes set aside, as a table, and out again."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from emostudio.storage.tables import Collected
from emostudio.studies import authoring, collecting, uploads
from emostudio.studies.clips import NewClip
from emostudio.studies.finding import draft
from emostudio.studies.grid import Grid
from emostudio.values import Clip
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.parts.clip_table import clip_table
from emostudio.web.admin.parts.files import read_files
from emostudio.web.errors import in_words

log = logging.getLogger(__name__)
Updates = dict[Any, Any]
HOW = (
    "<p class='note'>Sound files, a zip of them, or a zip with a table (CSV) of the columns "
    f"{', '.join(uploads.COLUMNS)}. Without a table the names tell which clip is which, by a "
    "pattern of {system}, {utterance}, {text}, {speaker}, {language}, {role}, {emotion} and "
    "{intensity}.</p>"
)
SHOWN = 12  # names of files that were refused


@dataclass(frozen=True)
class Clips:
    """The components of this part."""

    files: gr.File
    pattern: gr.Textbox
    add: gr.Button
    rights: gr.Checkbox
    tray: gr.CheckboxGroup
    role: gr.Dropdown
    take: gr.Button
    discard: gr.Button
    said: gr.HTML
    table: gr.HTML
    out: gr.Dropdown
    drop: gr.Button

    def outputs(self) -> list[Any]:
        """Return the components that `shown` updates."""
        return [self.tray, self.table, self.out, self.add, self.take, self.drop]

    def shown(self, desk: Desk, found: Grid, *, draft: bool) -> Updates:
        """Return the updates that show the clips of a study; those of a draft can be changed."""
        return {
            **{button: gr.Button(interactive=draft) for button in (self.add, self.take, self.drop)},
            self.table: clip_table(found),
            self.out: gr.Dropdown(
                choices=[(clip.called, clip.id) for clip in found.clips], value=[]
            ),
            self.tray: tray_of(desk),
        }


def tray_of(desk: Desk) -> gr.CheckboxGroup:
    """Return the takes that wait for a study."""
    takes = collecting.tray(desk.db)
    return gr.CheckboxGroup(
        choices=[(_called(take), take.id) for take in takes],
        value=[],
        label=f"Takes from Speak and Convert ({len(takes)})",
    )


def clips_part() -> Clips:
    """Build it, empty."""
    gr.HTML("<h2>Clips</h2>")
    table = gr.HTML(elem_id="clips")
    with gr.Accordion("Add files", open=False, elem_id="add-files"):
        gr.HTML(HOW)
        files = gr.File(
            label="Files", file_count="multiple", type="filepath", height=120, elem_id="files"
        )
        pattern = gr.Textbox(uploads.PATTERN, label="Pattern of names", elem_id="pattern")
        rights = gr.Checkbox(
            label="I may have these clips heard: their speakers have agreed.", elem_id="rights"
        )
        add = gr.Button("Add these files", elem_id="add")
    with gr.Accordion("Add takes that were sent here", open=False, elem_id="add-takes"):
        tray = gr.CheckboxGroup([], label="Takes from Speak and Convert", elem_id="tray")
        role = gr.Dropdown(
            ["test", "reference", "practice"],
            value="test",
            label="As",
            info="Gold and trap clips, with their right answers, come with a table.",
            elem_id="role",
        )
        with gr.Row():
            take = gr.Button("Add these takes", elem_id="take", min_width=120)
            discard = gr.Button("Throw them away", elem_id="discard", min_width=120)
    with gr.Accordion("Take clips out", open=False, elem_id="take-out"):
        out = gr.Dropdown([], multiselect=True, label="Clips", elem_id="out")
        drop = gr.Button("Take these out", elem_id="drop")
    said = gr.HTML(elem_id="said", elem_classes="said")
    return Clips(files, pattern, add, rights, tray, role, take, discard, said, table, out, drop)


def connect_clips(
    part: Clips,
    desk: Desk,
    study: gr.Dropdown,
    refresh: Callable[[str, gr.Request], Updates],
    outputs: Sequence[Any],
) -> None:
    """Add and drop clips; `refresh` gives the updates of the whole page for a study."""
    private: dict[str, Any] = {"api_visibility": "private", "show_progress_on": [part.table]}
    changed = [*outputs, part.said]

    def done(slug: str, request: gr.Request, sentence: str) -> Updates:
        return refresh(slug, request) | {part.said: sentence}

    def add(
        slug: str | None,
        files: list[str] | None,
        pattern: str,
        rights: bool,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio's way to give one)
    ) -> Updates:
        with in_words():
            slug = chosen(slug)
            if not files:
                raise ValueError("There are no files yet. Choose some, or drop them on the field.")
            if not rights:
                raise ValueError(
                    "Confirm that the speakers have agreed: tick the box above the button."
                )
            with tempfile.TemporaryDirectory(dir=desk.db.data_dir) as folder:
                upload = read_files([Path(file) for file in files], pattern, Path(folder))
                clips = upload.clips
                if kind_of_study(desk, slug) == "label":
                    for number, clip in enumerate(clips):
                        progress((number, len(clips)), desc="The recognizer listens")
                        clips[number] = guessed(clip, desk)
                added = authoring.add_clips(desk.db, desk.sounds, slug, clips)
            return done(slug, request, drawn(len(added.ids), upload.refused | added.refused)) | {
                part.files: None
            }

    def take(slug: str | None, ids: list[str], role: str, request: gr.Request) -> Updates:
        with in_words():
            slug = chosen(slug)
            takes = [one for one in collecting.tray(desk.db) if one.id in ids]
            if not takes:
                raise ValueError("No take is chosen. Tick some; Speak and Convert send them here.")
            clips = [
                replace(one, role=role) for one in collecting.clips_of_tray(desk.sounds, takes)
            ]
            added = authoring.add_clips(desk.db, desk.sounds, slug, clips)
            return done(slug, request, drawn(len(added.ids), added.refused))

    def discard(slug: str | None, ids: list[str]) -> Updates:
        with in_words():
            collecting.empty_tray(desk.db, ids)
            return {part.tray: tray_of(desk)}

    def drop(slug: str | None, ids: list[str], request: gr.Request) -> Updates:
        with in_words():
            slug = chosen(slug)
            authoring.drop_clips(desk.db, slug, ids)
            return done(slug, request, "")

    given = [study, part.files, part.pattern, part.rights]
    part.add.click(add, given, [*changed, part.files], **private)
    part.take.click(take, [study, part.tray, part.role], changed, **private)
    part.discard.click(discard, [study, part.tray], [part.tray], **private)
    part.drop.click(drop, [study, part.out], changed, **private)


def chosen(slug: str | None) -> str:
    """Return the slug of the study that is chosen.

    Raises:
        ValueError: none is.
    """
    if not slug:
        raise ValueError("No study is chosen. Choose one at the top, or make one under Studies.")
    return slug


def kind_of_study(desk: Desk, slug: str) -> str:
    """Return the kind of a draft.

    Raises:
        ValueError: there is no such draft.
    """
    with desk.db.read() as session:
        return draft(session, slug).kind


def guessed(clip: NewClip, desk: Desk) -> NewClip:
    """Return a clip with what the recognizer hears in it, which orders the queue of labels.

    Where the recognizer is missing, or can't read the clip, it comes without.
    """
    try:
        if clip.guess or isinstance(clip.sound, bytes):
            return clip
        return replace(clip, guess=desk.guess(Clip.load(clip.sound)))
    except ValueError as error:
        log.info("%s has no guess: %s", clip.called, error)
        return clip


def drawn(n_added: int, refused: dict[str, str]) -> str:
    """Say what became of clips."""
    clips = "clip was" if n_added == 1 else "clips were"
    items = "".join(
        f"<li><b>{escape(name)}</b>: {escape(why)}</li>"
        for name, why in list(refused.items())[:SHOWN]
    )
    more = f"<li>… and {len(refused) - SHOWN} more.</li>" if len(refused) > SHOWN else ""
    rest = f"<p class='warn'>{len(refused)} not:</p><ul class='note'>{items}{more}</ul>"
    return f"<p role='status'>{n_added} {clips} added.</p>{rest if refused else ''}"


def _called(take: Collected) -> str:
    mood = take.emotion or ", ".join(
        f"{name} {share:.0%}" for name, share in (take.mix or {}).items()
    )
    strength = "" if take.intensity is None else f"{take.intensity:.0%}"
    text = take.text if len(take.text) <= 40 else f"{take.text[:39]}…"
    return " · ".join(part for part in (take.system, text, take.speaker, mood, strength) if part)
