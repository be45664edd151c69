"""Listeners of a study: what the rules say of each, and leaving one out with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.studies import watching
from emostudio.studies.watching import Person
from emostudio.web.admin.desk import Desk, actor_of
from emostudio.web.admin.parts.clips import chosen
from emostudio.web.admin.parts.tables import table
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
Row = dict[str, Any]
NOTE = (
    "Unknown leaves nobody out. A rule is advice: who is left out is decided here, with a reason, "
    "and results are given with and without."
)


@dataclass(frozen=True)
class People:
    """The components of this part."""

    listed: gr.HTML
    who: gr.Dropdown
    reason: gr.Textbox
    exclude: gr.Button
    restore: gr.Button

    def outputs(self) -> list[Any]:
        """Return the components that `shown` updates."""
        return [self.listed, self.who, self.reason]

    def shown(self, people: Sequence[Person], verdicts: Sequence[Row]) -> Updates:
        """Return the updates that show listeners, and what the rules of screening say of them."""
        choices = [(_described(person), person.id) for person in people if not person.withdrawn]
        return {
            self.listed: drawn_people(people, verdicts),
            self.who: gr.Dropdown(choices=choices, value=None),
            self.reason: "",
        }


def people_part() -> People:
    """Build it, empty."""
    gr.HTML("<h2>Listeners</h2>")
    listed = gr.HTML(elem_id="people")
    who = gr.Dropdown([], label="Listener", elem_id="who")
    reason = gr.Textbox(label="Reason", elem_id="reason")
    with gr.Row():
        exclude = gr.Button("Leave out", size="sm", min_width=100, elem_id="exclude")
        restore = gr.Button("Take in again", size="sm", min_width=100, elem_id="restore")
    return People(listed, who, reason, exclude, restore)


def connect_people(
    part: People,
    desk: Desk,
    study: gr.Dropdown,
    refresh: Callable[[str], Updates],
    outputs: Sequence[Any],
) -> None:
    """Leave a listener out, or take one in again."""

    def say(
        verb: Callable[..., None],
        slug: str | None,
        who: str | None,
        reason: str,
        request: gr.Request,
    ) -> Updates:
        with in_words():
            if not who:
                raise ValueError("No listener is chosen. Choose one of the list.")
            verb(desk.db, chosen(slug), who, reason or "", actor=actor_of(request))
            return refresh(chosen(slug))

    def exclude(slug: str | None, who: str | None, reason: str, request: gr.Request) -> Updates:
        return say(watching.exclude, slug, who, reason, request)

    def restore(slug: str | None, who: str | None, reason: str, request: gr.Request) -> Updates:
        return say(watching.restore, slug, who, reason, request)

    given = [study, part.who, part.reason]
    part.exclude.click(exclude, given, list(outputs), api_visibility="private")
    part.restore.click(restore, given, list(outputs), api_visibility="private")


def drawn_people(people: Sequence[Person], verdicts: Sequence[Row]) -> str:
    """Draw a row a listener, and how often each rule was passed, failed or could not tell."""
    failed: dict[str, list[str]] = {}
    for row in verdicts:
        if row["verdict"] == "fail":
            failed.setdefault(row["listener"], []).append(row["rule"])
    listed = [
        {
            "listener": person.called,
            "started": f"{person.started_at:%m-%d %H:%M}",
            "row": "withdrawn" if person.withdrawn else person.state,
            "answers": person.answers,
            "fails": ", ".join(failed.get(person.id, [])),
            "left out": person.excluded,
        }
        for person in people
    ]
    rules = Counter((row["rule"], row["verdict"]) for row in verdicts)
    by_rule = [
        {"rule": rule, **{name: rules[rule, name] for name in ("pass", "fail", "unknown")}}
        for rule in dict.fromkeys(row["rule"] for row in verdicts)
    ]
    return table(listed) + (table(by_rule, "Rules", NOTE) if by_rule else "")


def _described(person: Person) -> str:
    out = " · left out" if person.excluded else ""
    return f"{person.called} · {person.answers} answers{out}"
