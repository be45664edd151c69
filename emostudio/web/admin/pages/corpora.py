"""Corpora: recordings to tune on, and what the check found in them."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from emostudio.data.report import Report
from emostudio.jobs.tuning import TITLES
from emostudio.storage.tuned_tables import Corpus
from emostudio.web.admin.desk import Desk, actor_of, head, keep_in_address
from emostudio.web.admin.parts.corpus_form import corpus_form
from emostudio.web.admin.parts.corpus_report import drawn_report
from emostudio.web.admin.parts.tables import table
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
NONE = (
    "<p class='note'>There is no corpus yet. Add recordings: the check says what they are good "
    "for, and what is wrong with them.</p>"
)
SURE = "corpus => [corpus, confirm('Delete these recordings? Models that were made of them stay.')]"


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "Recordings to tune on.")
    with gr.Row(elem_classes="bench office"):
        with (
            gr.Column(scale=5, min_width=320, elem_classes="desk"),
            gr.Column(elem_classes="card"),
        ):
            form = corpus_form()
        with gr.Column(scale=7, min_width=320, elem_classes="outcome"):
            with gr.Column(elem_classes="card"):
                listed = gr.HTML(elem_id="corpora")
            with gr.Column(elem_classes="card"):
                corpus = gr.Dropdown([], label="Report of", elem_id="corpus", filterable=True)
                said = gr.HTML(elem_id="corpus-said")
                report = gr.HTML(elem_id="corpus-report")
                delete = gr.Button("Delete it", size="sm", visible=False, elem_id="delete-corpus")
    sure = gr.Checkbox(visible="hidden")
    shown = [listed, corpus, report, delete]

    def refreshed(chosen: str | None) -> Updates:
        rows = desk.jobs.corpora.all()
        row = next((row for row in rows if row.id == chosen), rows[0] if rows else None)
        return {
            listed: drawn_list(rows),
            corpus: gr.Dropdown(
                choices=[(one.name, one.id) for one in rows], value=row.id if row else None
            ),
            report: drawn(row),
            delete: gr.Button(visible=row is not None),
        }

    def load(request: gr.Request) -> Updates:
        with in_words():
            return refreshed(dict(request.query_params).get("corpus")) | form.offered(desk)

    def show(chosen: str | None) -> Updates:
        with in_words():
            row = next((row for row in desk.jobs.corpora.all() if row.id == chosen), None)
            return {report: drawn(row), delete: gr.Button(visible=row is not None), said: ""}

    def added(
        values: Updates,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio's way to give one)
    ) -> Updates:
        """Take recordings over; this goes on, and ends well or not at all, if the page is left."""

        def told(share: float, message: str) -> None:
            progress(share, desc=message)

        with in_words():
            done = form.add(desk, values, actor_of(request), told)
            return refreshed(done.corpus.id) | form.emptied() | {said: done.said}

    def removed(chosen: str | None, sure: bool, request: gr.Request) -> Updates:
        with in_words():
            if sure and chosen:
                name = desk.jobs.corpora.get(chosen).name
                desk.jobs.corpora.remove(chosen, actor_of(request))
                gr.Info(f"{name} is deleted.")
            return refreshed(chosen)

    private: dict[str, Any] = {"api_visibility": "private"}
    gr.on(None, load, None, [*shown, form.study], **private)
    keep_in_address(corpus, "corpus")
    corpus.input(show, corpus, [report, delete, said], **private)
    form.button.click(
        added,
        set(form.fields()),
        [*shown, said, *form.fields()],
        show_progress_on=[report],
        **private,
    )
    delete.click(removed, [corpus, sure], shown, js=SURE, **private)


def drawn(row: Corpus | None) -> str:
    """Draw what is known of a corpus."""
    if row is None:
        return ""
    facts = {
        "From": f"{row.source}: {row.origin}",
        "Added": f"{row.created_at:%Y-%m-%d %H:%M} UTC by {row.actor}",
        "Consent": row.consent,
    }
    told = "".join(f"<dt>{name}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items())
    return (
        f"<h2>{escape(row.name)}</h2>{drawn_report(Report.from_json(row.report))}"
        f"<h3>Where it comes from</h3><dl class='facts'>{told}</dl>"
        f"<p class='links'><a href='training?corpus={row.id}'>Tune a model on it</a></p>"
    )


def drawn_list(rows: list[Corpus]) -> str:
    """Draw all corpora, a row each."""
    if not rows:
        return f"<h2>Corpora</h2>{NONE}"
    drawn_rows = []
    for row in rows:
        report = Report.from_json(row.report)
        drawn_rows.append(
            {
                "name": row.name,
                "clips": report.clips,
                "minutes": round(report.hours * 60, 1),
                "speakers": len(report.speakers),
                "emotions": len(report.emotions),
                "good for": ", ".join(
                    TITLES.get(base, base) for base, why in report.fits.items() if not why
                ),
            }
        )
    return f"<h2>Corpora</h2>{table(drawn_rows)}"
