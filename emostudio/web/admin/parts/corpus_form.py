"""The form for new recordings: where they are, what is known of them, and consent."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from emostudio.storage.tuned_tables import Corpus
from emostudio.studies.labels import manifest
from emostudio.values import LANGUAGES
from emostudio.web.admin.desk import Desk, choices_of

Updates = dict[Any, Any]
SOURCES = {
    "upload": "A zip from my computer",
    "folder": "A folder, zip or table where EmoStudio runs",
    "hub": "A dataset of the Hugging Face Hub",
    "labels": "Clips that listeners have labelled",
}
MANIFESTS = (".csv", ".tsv")
ABOUT = (
    "<h2>New corpus</h2><p class='note'>A table <code>metadata.csv</code> tells what clips are: a "
    "column <code>file</code>, and of <code>speaker, emotion, text, lang, split</code> those that "
    "are known. Without one folders tell: <code>SPEAKER/EMOTION/clip.wav</code>. A recognizer "
    "learns from emotions, a voice from a minute and more with text.</p>"
)
CONSENT = "I have the consent of everyone who speaks here to train models with their voices."


@dataclass(frozen=True)
class Done:
    """A corpus that was added, and what else is to be said."""

    corpus: Corpus
    said: str


@dataclass(frozen=True)
class CorpusForm:
    """The components of the form."""

    source: gr.Radio
    archive: gr.File
    path: gr.Textbox
    dataset: gr.Textbox
    study: gr.Dropdown
    name: gr.Textbox
    lang: gr.Dropdown
    speaker: gr.Textbox
    read: gr.Checkbox
    consent: gr.Checkbox
    button: gr.Button

    def fields(self) -> list[Any]:
        """Return what is filled in."""
        return [
            *(self.source, self.archive, self.path, self.dataset, self.study),
            *(self.name, self.lang, self.speaker, self.read, self.consent),
        ]

    def offered(self, desk: Desk) -> Updates:
        """Return the update that offers the labelling studies there are."""
        return {self.study: gr.Dropdown(choices=choices_of(desk.studies("label")))}

    def emptied(self) -> Updates:
        """Return the updates after a corpus was added: the next one has a consent of its own."""
        return {self.archive: None, self.name: "", self.speaker: "", self.consent: False}

    def add(
        self, desk: Desk, values: Updates, actor: str, progress: Callable[[float, str], None]
    ) -> Done:
        """Take over what the form names.

        Raises:
            ValueError: something is missing, or `Corpora.add` refuses it.
        """
        source = values[self.source]
        given = {
            "upload": values[self.archive],
            "folder": (values[self.path] or "").strip(),
            "hub": (values[self.dataset] or "").strip(),
            "labels": values[self.study],
        }[source]
        if not given:
            raise ValueError(f'Nothing is chosen yet under "{SOURCES[source]}". Fill it in.')

        def add(source: str, origin: str | Path) -> Corpus:
            return desk.jobs.corpora.add(
                (values[self.name] or "").strip(),
                source,
                origin,
                consent=CONSENT if values[self.consent] else "",
                actor=actor,
                lang=values[self.lang] or "en",
                speaker=(values[self.speaker] or "").strip(),
                emotion="neutral" if values[self.read] else "",
                progress=progress,
            )

        if source == "labels":
            with tempfile.TemporaryDirectory(dir=desk.db.data_dir) as folder:
                made = manifest(desk.db, desk.sounds, given, Path(folder))
                return Done(add(source, made.folder), _left_out(made.left_out))
        if source == "folder" and Path(given).suffix.lower() in MANIFESTS:
            source = "manifest"
        return Done(add(source, given), "")


def corpus_form() -> CorpusForm:
    """Build it; the fields of one source are shown at a time."""
    gr.HTML(ABOUT)
    source = gr.Radio(
        [(called, name) for name, called in SOURCES.items()],
        value="upload",
        label="Where the recordings are",
        elem_id="corpus-source",
    )
    archive = gr.File(
        label="Zip", file_types=[".zip"], type="filepath", height=110, elem_id="corpus-zip"
    )
    path = gr.Textbox(label="Path", placeholder="/data/anna", visible=False, elem_id="corpus-path")
    dataset = gr.Textbox(
        label="Id of the dataset",
        info="Its sounds are files, or lie in Parquet tables beside label, speaker_id and text.",
        placeholder="owner/name",
        visible=False,
        elem_id="corpus-dataset",
    )
    study = gr.Dropdown([], label="Study", visible=False, elem_id="corpus-study", filterable=True)
    name = gr.Textbox(
        label="Name", info="small letters, digits, hyphens", elem_id="corpus-name", max_lines=1
    )
    with gr.Row():
        lang = gr.Dropdown(
            list(LANGUAGES),
            value=LANGUAGES[0],
            label="Language",
            info="where no table tells it",
            allow_custom_value=True,
            min_width=120,
            elem_id="corpus-lang",
        )
        speaker = gr.Textbox(
            label="Speaker",
            info="where no table tells it; empty: folders do",
            min_width=120,
            max_lines=1,
            elem_id="corpus-speaker",
        )
    read = gr.Checkbox(
        label="It is read speech",
        info="neutral, where neither a table nor a folder names an emotion",
        elem_id="corpus-read",
    )
    consent = gr.Checkbox(
        label=CONSENT, info="This sentence is kept, with your name.", elem_id="corpus-consent"
    )
    button = gr.Button("Check and add", variant="primary", elem_id="corpus-add")
    parts = {"upload": archive, "folder": path, "hub": dataset, "labels": study}

    def chosen(source: str) -> list[Any]:
        return [gr.update(visible=one == source) for one in parts]

    source.change(
        chosen, source, list(parts.values()), api_visibility="private", show_progress="hidden"
    )
    return CorpusForm(
        source, archive, path, dataset, study, name, lang, speaker, read, consent, button
    )


def _left_out(why: dict[str, str]) -> str:
    if not why:
        return ""
    items = "".join(f"<li>{escape(name)}: {escape(one)}</li>" for name, one in why.items())
    return (
        f"<details open><summary>Clips without a label ({len(why)})</summary>"
        f"<ul class='know'>{items}</ul></details>"
    )
