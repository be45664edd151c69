"""Pairs of takes to hear blind: A, B or no difference, and in the end which was which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from emostudio.evaluation.gate import Pair
from emostudio.jobs.blind import PLACES, Ballot, tally, votes_on
from emostudio.listening.protocol import Protocol
from emostudio.studies import authoring
from emostudio.studies.clips import NewClip
from emostudio.web.admin.desk import Desk, actor_of
from emostudio.web.admin.parts.tables import counted, table
from emostudio.web.admin.takes import ballot_of
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
LETTERS = dict(zip(PLACES, "AB", strict=True))
HEAD = "<h2 class='told'>Hear them blind</h2>"
PREFERRED = {"candidate": "the candidate", "base": "the base", "none": "no difference"}


@dataclass(frozen=True)
class Hearing:
    """The components of this part; `pair` is the id of the one that is heard."""

    shown_pair: gr.HTML
    buttons: gr.Row
    first: gr.Button
    none: gr.Button
    second: gr.Button
    study: gr.Button
    slug: gr.Textbox
    pair: gr.State

    def outputs(self) -> list[Any]:
        """Return the components that `shown` updates."""
        return [self.shown_pair, self.buttons, self.pair]

    def nothing(self) -> Updates:
        """Return the updates that hide it: there are no pairs."""
        return {self.shown_pair: "", self.pair: ""}

    def shown(self, desk: Desk, ballot: Ballot) -> Updates:
        """Return the updates that show the next pair, or what came of all."""
        if not ballot.pairs:
            return self.nothing()
        voted = ballot.voted(desk.db)
        waiting = [pair for pair in ballot.in_order if pair.id not in voted]
        pair = waiting[0] if waiting else None
        drawn = (
            drawn_pair(ballot, pair, len(voted))
            if pair is not None
            else drawn_outcome(ballot, voted, everybody(desk, ballot.subject))
        )
        return {
            self.shown_pair: drawn,
            self.buttons: gr.Row(visible=pair is not None),
            self.pair: pair.id if pair is not None else "",
        }


def hearing() -> Hearing:
    """Build it, hidden."""
    with gr.Column(elem_classes="card shy"):  # the style sheet shows it once it is filled
        pair_html = gr.HTML(elem_id="pair")
        with gr.Row(elem_classes="chips choices") as buttons:
            first = gr.Button("A is better", elem_id="prefer-a")
            none = gr.Button("No difference", elem_id="prefer-none")
            second = gr.Button("B is better", elem_id="prefer-b")
        with gr.Row(elem_classes="chips"):
            study = gr.Button("Make a listening test of these pairs", elem_id="pairs-study")
        slug = gr.Textbox("", visible="hidden")  # a script reads it
    return Hearing(pair_html, buttons, first, none, second, study, slug, gr.State(""))


def connect_hearing(part: Hearing, desk: Desk, job: gr.Dropdown, opened: str) -> None:
    """Keep votes, and make a study; `opened` is the script that opens it."""

    def vote(choice: str) -> Any:
        def voted(job_id: str | None, pair: str, request: gr.Request) -> Updates:
            with in_words():
                ballot = ballot_of(desk, job_id or "", actor_of(request))
                ballot.vote(desk.db, pair, choice)
                return part.shown(desk, ballot)

        return voted

    def made(job_id: str | None, request: gr.Request) -> str:
        with in_words():
            actor = actor_of(request)
            ballot = ballot_of(desk, job_id or "", actor)
            name = str(desk.jobs.row(ballot.subject).tuning["name"])
            return study_of(desk, ballot, name, actor)

    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    for button, choice in ((part.first, "first"), (part.none, "none"), (part.second, "second")):
        button.click(vote(choice), [job, part.pair], part.outputs(), **private)
    made_event = part.study.click(made, job, part.slug, **private)
    made_event.success(None, part.slug, None, js=opened)


def study_of(desk: Desk, ballot: Ballot, name: str, actor: str) -> str:
    """Make a draft of a listening test of the pairs, and return its slug."""
    slug = authoring.create(
        desk.db, Protocol("ab", f"{name} beside what it started from"), actor=actor
    )
    clips = [
        NewClip(
            ballot.folder / file,
            system=system,
            utterance=pair.id,
            text=pair.text,
            speaker=pair.voice,
            emotion=pair.emotion,
        )
        for pair in ballot.pairs
        for system, file in (("base", pair.base), (name, pair.candidate))
    ]
    authoring.add_clips(desk.db, desk.sounds, slug, clips)
    return slug


def everybody(desk: Desk, subject: str) -> list[str]:
    """Return what was preferred, over all who listened."""
    with desk.db.read() as session:
        return list(votes_on(session, subject).values())


def drawn_pair(ballot: Ballot, pair: Pair, n_voted: int) -> str:
    """Draw one pair; nothing in it tells which is which."""
    asked = " · ".join(part for part in (pair.voice, pair.emotion) if part)
    players = "".join(
        f"<p><b>{LETTERS[place]}</b> <audio controls preload='none' aria-label="
        f"'Take {LETTERS[place]}' src='files/jobs/{ballot.subject}/blind/"
        f"{ballot.token(pair, place)}'></audio></p>"
        for place in PLACES
    )
    return (
        f"{HEAD}<p class='note'>Pair {n_voted + 1} of {len(ballot.pairs)}. One is from the base, "
        "one from the candidate, in an order drawn for you; both are equally loud. Which sounds "
        f"better?</p><p class='said'>“{escape(pair.text)}”</p>"
        f"<p class='note'>{escape(asked)}</p><div class='pair'>{players}</div>"
    )


def drawn_outcome(ballot: Ballot, voted: dict[str, str], votes: Sequence[str]) -> str:
    """Draw what was preferred by all, and what this listener chose, now with names."""
    counts = tally(list(votes))
    facts = {
        "Candidate": counts.candidate,
        "Base": counts.base,
        "No difference": counts.none,
    }
    share = ""
    if counts.interval is not None:
        low, high = counts.interval
        decided = counts.candidate + counts.base
        share = (
            f"<p>The candidate was preferred in {counts.candidate / decided:.0%} of the votes that "
            f"chose one (95 % interval {low:.0%} to {high:.0%}, sign test p = {counts.p:.2g}).</p>"
        )
    rows = [
        {
            "text": pair.text,
            "emotion": pair.emotion,
            "A was": ballot.system_at(pair, "first"),
            "B was": ballot.system_at(pair, "second"),
            "you preferred": PREFERRED[voted[pair.id]],
        }
        for pair in ballot.in_order
    ]
    return f"{HEAD}{counted(facts)}{share}{table(rows)}"
