"""What the browser of a listener gets to know: texts, choices and opaque tokens of sounds.

No system, utterance, role or right answer is ever in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from emostudio.listening.design import Cell, row
from emostudio.listening.protocol import Protocol
from emostudio.storage import authored, taken
from emostudio.storage.tables import Study, Trial
from emostudio.studies.taking_people import Part, digest, part_of, study_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from emostudio.storage.database import Database

ANSWER_S = 8  # seconds to answer, beside those of hearing the clips


def about(db: Database, slug: str) -> dict[str, Any]:
    """Return what anybody may see of a study: {"study": {...}}, as in `state`.

    There, `trials` and `minutes` are what a listener should expect, None where nobody knows.

    Raises:
        UnknownStudyError: there is no such study, or it is a draft.
    """
    with db.read() as session:
        study, protocol = study_of(session, slug)
        places = authored.places_of(session, study.id)
        planned = [] if protocol.kind == "label" else row(protocol, *cells_of(places), 0)
        seconds = sum(place.duration_s for place in places) / max(1, len(places))
        trials = len(planned) or protocol.trials
        each = ANSWER_S + seconds * len(protocol.about.heard)
        expected = {"trials": trials or None, "minutes": math.ceil(trials * each / 60) or None}
        return {"study": _texts(study, protocol) | expected}


def state(db: Database, slug: str, token: str) -> dict[str, Any]:
    """Return all that a listener's page needs.

    `study`: slug, state, title, question, instructions, consent, consent_hash, contact, language,
    ask_headphones. `ask`: kind, text, grades [{value, label}] or None, choices, asked and offered
    fields. `rules`: min_heard (a share), max_plays. `trials`: [{id, block, heard, sounds,
    answered}], of a labelling queue those without an answer; `before` is how many there were before
    them. `total`: main trials, None if unknown. `finished`, and then `completion_code`.

    Raises:
        UnknownStudyError: there is no such study.
        UnknownListenerError: nobody has that token.
        WithdrawnError: all answers were withdrawn.
    """
    with db.read() as session:
        part = part_of(session, slug, token=token)
        study, protocol, queue = part.study, part.protocol, part.protocol.kind == "label"
        trials = taken.trials_of(session, part.assignment.id)
        answered = {one.trial_id for one in taken.responses_of(session, part.listener.id)}
        main = [trial for trial in trials if trial.block == "main"]
        finished = part.assignment.state == "done"
        return {
            "study": _texts(study, protocol),
            "ask": _ask(protocol),
            "rules": {"min_heard": protocol.min_heard, "max_plays": protocol.max_plays},
            "trials": screens(
                session,
                part,
                [trial for trial in trials if not (queue and trial.id in answered)],
                answered,
            ),
            "before": sum(trial.id in answered for trial in main) if queue else 0,
            "total": (protocol.trials or None) if queue else len(main),
            "finished": finished,
            **({"completion_code": study.completion_code} if finished else {}),
        }


def screens(
    session: Session, part: Part, trials: Iterable[Trial], answered: set[str]
) -> list[dict[str, Any]]:
    """Return trials as the browser gets them: which players, and which sound in each."""
    shown, heard = list(trials), part.protocol.about.heard
    named = {one for trial in shown for one in _heard(trial, heard)}
    tokens = authored.tokens_of(session, named)
    return [
        {
            "id": trial.id,
            "block": trial.block,
            "heard": list(heard),
            "sounds": [tokens[one] for one in _heard(trial, heard)],
            "answered": trial.id in answered,
        }
        for trial in shown
    ]


def cells_of(places: Iterable[authored.Place]) -> tuple[list[Cell], list[Cell]]:
    """Return the clips under test and the others, as `listening.design.row` takes them."""
    cells = [Cell(one.id, one.system, one.utterance, one.role, one.gold) for one in places]
    return (
        [cell for cell in cells if cell.role == "test"],
        [cell for cell in cells if cell.role != "test"],
    )


def _heard(trial: Trial, heard: tuple[str, ...]) -> list[str]:
    """Return the ids of the clips of a trial in the order of its players."""
    clip = trial.stimulus_id
    if heard == ("clip",):
        return [clip]
    if heard == ("reference", "clip"):
        return [trial.reference_id or clip, clip]
    other = trial.other_id or clip
    return [other, clip] if trial.swapped else [clip, other]


def _texts(study: Study, protocol: Protocol) -> dict[str, Any]:
    return {
        "slug": study.slug,
        "state": study.state,
        "title": protocol.title,
        "question": protocol.asked,
        "instructions": protocol.instructions,
        "consent": protocol.consent,
        "consent_hash": digest(protocol.consent),
        "contact": protocol.contact,
        "language": protocol.language,
        "ask_headphones": protocol.ask_headphones,
    }


def _ask(protocol: Protocol) -> dict[str, Any]:
    kind, scale = protocol.about, protocol.grades
    return {
        "kind": protocol.kind,
        "text": protocol.asked,
        "grades": [{"value": value, "label": label} for value, label in scale.grades.items()]
        if scale
        else None,
        "choices": list(protocol.choices),
        "asked": list(kind.asked),
        "offered": list(kind.offered),
    }
