"""Results: how far a study is, and, once that is no peeking, what listeners said."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.listening import screening
from emostudio.listening.kinds import KINDS
from emostudio.studies import watching
from emostudio.studies.finding import protocol_of
from emostudio.studies.grid import grid
from emostudio.web.admin.desk import Desk, actor_of, head, study_choice
from emostudio.web.admin.downloads import EXPORTS
from emostudio.web.admin.parts.clips import chosen
from emostudio.web.admin.parts.opening import NONE
from emostudio.web.admin.parts.people import connect_people, people_part
from emostudio.web.admin.parts.progress import drawn_progress
from emostudio.web.admin.parts.tables import table
from emostudio.web.errors import in_words

if TYPE_CHECKING:
    from emostudio.listening.results import Results, Table

Updates = dict[Any, Any]
FIGURES = 8  # places for them; a kind of study has fewer
LONG = 9  # rows
APART = ("screening", "sensitivity")  # tables that stand elsewhere


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "What listeners said.")
    study = study_choice(desk, *(kind for kind in KINDS if kind != "label"))
    with gr.Row(elem_classes="bench office"):
        with gr.Column(scale=4, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                progress = gr.HTML(NONE, elem_id="progress")
                unlock = gr.Button(
                    "Look now; that is noted", size="sm", visible=False, elem_id="unlock"
                )
                again = gr.Button("Refresh", size="sm", elem_id="refresh")
                exports = gr.HTML(elem_id="exports")
            with gr.Column(elem_classes="card"):
                people = people_part()
        with (
            gr.Column(scale=7, min_width=320, elem_classes="outcome"),
            gr.Column(elem_classes="card"),
        ):
            headline = gr.HTML(elem_id="headline")
            figures = [
                gr.Plot(show_label=False, visible=False, elem_id=f"figure-{number}")
                for number in range(FIGURES)
            ]
            tables = gr.HTML(elem_id="tables")

    shown = [headline, *figures, tables]
    outputs = [progress, unlock, exports, *people.outputs(), *shown]

    def refreshed(slug: str) -> Updates:
        state = watching.progress(desk.db, slug)
        protocol = protocol_of(desk.db, slug)
        verdicts = screening.table(screening.screen(state.judgments, protocol))
        updates = {
            progress: drawn_progress(state, grid(desk.db, slug)),
            unlock: gr.Button(visible=bool(state.hidden)),
            exports: "" if state.hidden else drawn_exports(slug),
            **people.shown(state.people, verdicts),
        }
        if state.hidden:
            return updates | nothing(f"<p class='note'>{escape(state.hidden)}</p>")
        from emostudio.listening.results import results_of

        results = results_of(protocol, state.judgments, state.excluded)
        if not results.counts.answers:
            return updates | nothing("<p class='note'>Nobody has answered yet.</p>")
        return updates | drawn(results)

    def nothing(sentence: str) -> Updates:
        return {
            headline: f"<h2>Results</h2>{sentence}",
            tables: "",
            **{place: gr.Plot(visible=False) for place in figures},
        }

    def drawn(results: Results) -> Updates:
        from emostudio.analysis.listening_figures import figures_of

        made = list(figures_of(results).values())[:FIGURES]
        made += [None] * (FIGURES - len(made))
        return {
            headline: drawn_headline(results),
            tables: drawn_tables(results),
            **{
                place: gr.Plot(value=figure, visible=figure is not None)
                for place, figure in zip(figures, made, strict=True)
            },
        }

    def refresh(slug: str | None) -> Updates:
        with in_words():
            return refreshed(chosen(slug))

    def unlocked(slug: str | None, request: gr.Request) -> Updates:
        with in_words():
            watching.unlock(desk.db, chosen(slug), actor=actor_of(request))
            return refreshed(chosen(slug))

    private: dict[str, Any] = {"api_visibility": "private", "show_progress_on": [headline]}
    study.change(refresh, study, outputs, **private)
    again.click(refresh, study, outputs, **private)
    unlock.click(unlocked, study, outputs, **private)
    connect_people(people, desk, study, refreshed, outputs)


def drawn_exports(slug: str) -> str:
    """Draw the links to the data of a study."""
    links = "".join(
        f"<a href='files/{slug}/{name}' download>{name}</a>" for name in (*EXPORTS, "protocol.json")
    )
    return f"<h3>Data</h3><p class='links exports'>{links}</p>"


def drawn_headline(results: Results) -> str:
    """Draw the first table, and the paragraph for a paper."""
    first = results.tables[results.headline]
    counts = results.counts
    return (
        f"<h2>{escape(results.title)}</h2><p class='note'>{counts.answers} answers of "
        f"{counts.listeners} listeners; {counts.excluded} left out.</p>"
        + table(first.rows, first.title, first.note)
    )


def drawn_tables(results: Results) -> str:
    """Draw all other tables, with and without exclusions last, and the methods."""
    others = [name for name in results.tables if name not in (results.headline, *APART)]
    parts = [_folded(results.tables[name]) for name in (*others, "sensitivity")]
    return (
        f"{''.join(parts)}<h3>Methods, for a paper</h3>"
        f"<p class='methods' id='methods'>{escape(results.methods)}</p>"
    )


def _folded(one: Table) -> str:
    """Draw a table, folded where it is long: its picture says it first."""
    if len(one.rows) <= LONG:
        return table(one.rows, one.title, one.note)
    return (
        f"<details><summary>{escape(one.title)}</summary>{table(one.rows, '', one.note)}</details>"
    )
