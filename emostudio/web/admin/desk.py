"""What the administrators' pages work with, and how a handler of theirs is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from emostudio.storage import authored, tuned
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.storage.tables import Study
from emostudio.values import Clip
from emostudio.web.device import on_device

if TYPE_CHECKING:
    from emostudio.jobs.service import Jobs
    from emostudio.lineup import Lineup
    from emostudio.studio import Studio

LOGO = Path(__file__).resolve().parents[3] / "assets" / "logo.svg"
STATES = {"draft": "Draft", "live": "Open", "closed": "Closed"}


@dataclass(frozen=True)
class Desk:
    """The records that the pages read and change; `guess` hears the emotions of a clip.

    `jobs` tunes models, `lineup` knows which of them are loaded.
    """

    db: Database
    sounds: Sounds
    guess: Callable[[Clip], dict[str, float]]
    jobs: Jobs
    lineup: Lineup

    @classmethod
    def of(cls, studio: Studio) -> Desk:
        """Use the records of a studio."""

        def guess(clip: Clip) -> dict[str, float]:
            return {name: float(share) for name, share in studio.recognize(clip).probs.items()}

        records = studio.listening
        heard = on_device(guess, lambda clip: 10)
        return cls(records.db, records.sounds, heard, studio.jobs, studio.lineup)

    def studies(self, *kinds: str) -> list[Study]:
        """Return all studies of some kinds, or of every kind, the newest first."""
        with self.db.read() as session:
            found = authored.all_studies(session)
        return [study for study in found if not kinds or study.kind in kinds]

    def corpus_name(self, corpus_id: str) -> str:
        """Return the name of a corpus, also of one that was removed."""
        with self.db.read() as session:
            corpus = tuned.corpus_by_id(session, corpus_id)
        return "" if corpus is None else corpus.name


def actor_of(request: gr.Request) -> str:
    """Return who is at work, for the audit.

    Raises:
        gr.Error: nobody has signed in: the gate must have been left out.
    """
    if not request.username:
        raise gr.Error("Sign in again at /admin/login.", print_exception=False)
    return request.username


def head(desk: Desk, claim: str) -> None:
    """Build the top of a page: who this is, the way out, and a warning where votes are not safe."""
    logo = LOGO.read_text(encoding="utf-8")
    gr.HTML(
        f"<header class='house'><span class='logo' aria-hidden='true'>{logo}</span>"
        f"<h1>EmoStudio</h1><p>{escape(claim)}</p>"
        "<nav class='out'><a href='/'>The studio</a>"
        "<form method='post' action='logout'><button>Sign out</button></form></nav></header>",
        elem_id="header",
    )
    where = desk.db.where()
    if where.survives is False:
        gr.HTML(
            f"<section class='trouble' role='alert'><strong>Votes are not safe here.</strong> "
            f"{escape(where.sentence)}</section>",
            elem_id="unsafe",
        )


def study_choice(desk: Desk, *kinds: str) -> gr.Dropdown:
    """Build the choice of a study; the address may name it: ?study=SLUG."""
    choice = gr.Dropdown([], label="Study", elem_id="study", filterable=True)

    def offered(request: gr.Request) -> gr.Dropdown:
        choices = choices_of(desk.studies(*kinds))
        slugs = [slug for _, slug in choices]
        named = dict(request.query_params).get("study")
        if named:  # no other study passes for one that isn't here
            return gr.Dropdown(choices=choices, value=named if named in slugs else None)
        return gr.Dropdown(choices=choices, value=next(iter(slugs), None))

    # On load. With inputs it would be asked again whenever one of them changes.
    gr.on(None, offered, None, choice, api_visibility="private")
    keep_in_address(choice, "study")
    return choice


def keep_in_address(choice: gr.Dropdown, key: str) -> None:
    """Let the address tell what is chosen, so that a reload shows it again."""
    choice.input(
        None,
        choice,
        None,
        js=f"""chosen => {{
  const address = new URL(location);
  chosen ? address.searchParams.set('{key}', chosen) : address.searchParams.delete('{key}');
  history.replaceState(history.state, '', address);
}}""",
    )


def choices_of(studies: list[Study]) -> list[tuple[str, str]]:
    """Return title, state and slug of each, as a choice offers them."""
    return [
        (f"{study.protocol['title']} · {STATES[study.state].lower()} · {study.slug}", study.slug)
        for study in studies
    ]
