"""One answer of a listener: checked, turned the way it is stored, and written once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from emostudio.listening.kinds import Answer, answer_of
from emostudio.storage import authored, taken
from emostudio.storage.tables import Response, Trial
from emostudio.studies.taking_labels import lend_labels
from emostudio.studies.taking_page import screens
from emostudio.studies.taking_people import Part, clean, count, number, part_of, renew

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from emostudio.storage.database import Database

_UID = re.compile(r"[0-9A-Za-z-]{16,36}")
FIELDS = [field.name for field in fields(Answer)]
CLOSE = 1  # grades that a practice answer may lie beside the right one, of more than three


class NoAnswerError(ValueError):
    """What was sent is no answer of this trial, and will not be one later."""


def answer(db: Database, slug: str, token: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Write an answer; when this returns it is durable. The same one twice is written once.

    A second answer to a trial supersedes the first. Only a label stands as it was given: the
    recognizer's guess has been seen since.

    Args:
        db: where the study is.
        slug: of the study.
        token: of the listener.
        given: `response_uid` (16 to 36 letters), `trial`, the fields of `kinds.Answer` (`value` of
            a pair says how much better or stronger what was heard second is), and of the page:
            `rt_ms`, `first_play_ms`, `plays`, `heard_s` (of the clip, or what is heard first),
            `other_heard_s` (of the reference, or what is heard second), `changes`, `client_ts`.

    Returns:
        `response_uid` and `stored`, true. After practice `feedback` {right, expected}, if the clip
        has a right answer; after a label `suggested`, the recognizer's share by emotion, and
        `more`, trials as in `state`.

    Raises:
        UnknownListenerError: nobody has that token.
        WithdrawnError: all answers were withdrawn.
        NoAnswerError: this can't be an answer of this listener; the sentence says why.
    """
    uid = given.get("response_uid")
    with db.write() as session:
        part = part_of(session, slug, token=token)
        if not (isinstance(uid, str) and _UID.fullmatch(uid)):
            raise NoAnswerError("The answer has no 'response_uid' of 16 to 36 letters or digits.")
        trial = taken.trial_by_id(session, str(given.get("trial")))
        if trial is None or trial.assignment_id != part.assignment.id:
            raise NoAnswerError("This clip is none of yours. Reload the page.")
        response = taken.response_by_uid(session, uid)
        if response is None:
            before = taken.latest_response(session, trial.id)
            if before is not None and part.protocol.kind == "label" and trial.block == "main":
                raise NoAnswerError("This clip has your label already; the first one stands.")
            response = _response(part, trial, given)
            response.supersedes_uid = before.response_uid if before else None
            taken.add_response(session, response)
            renew(session, part)
        elif response.trial_id != trial.id:
            raise NoAnswerError("Another answer has this 'response_uid'. Reload the page.")
        said: dict[str, Any] = {"response_uid": uid, "stored": True}
        if part.protocol.kind == "label":
            said["more"] = screens(session, part, lend_labels(session, part), set())
        return said | _told(session, part, trial, response)


def _response(part: Part, trial: Trial, given: Mapping[str, Any]) -> Response:
    told = {name: given.get(name) for name in FIELDS}
    if told["note"] is not None:
        told["note"] = clean(told["note"], len(str(told["note"])))
    kind = part.protocol.about
    scale, choices = part.protocol.grades, part.protocol.choices
    try:
        checked = asdict(answer_of(told, kind, scale=scale, emotions=choices))
    except ValueError as error:
        raise NoAnswerError(str(error)) from None
    first, second = number(given.get("heard_s")) or 0.0, number(given.get("other_heard_s"))
    if kind.is_pair:
        # Stored is how much better `stimulus` is than `other`, and how long each was heard.
        if trial.swapped:
            first, second = second or 0.0, first
        else:
            checked["value"] = -checked["value"] or 0.0
    return Response(
        response_uid=given["response_uid"],
        listener_id=part.listener.id,
        trial_id=trial.id,
        kind=part.protocol.kind,
        **checked,
        rt_ms=count(given.get("rt_ms")),
        first_play_ms=count(given.get("first_play_ms")),
        plays=count(given.get("plays")) or 0,
        heard_s=first,
        other_heard_s=second,
        changes=count(given.get("changes")) or 0,
        client_ts=clean(given.get("client_ts"), 40),
    )


def _told(session: Session, part: Part, trial: Trial, response: Response) -> dict[str, Any]:
    """Return what a listener learns after the answer, and only then."""
    stimulus = authored.stimulus_by_id(session, trial.stimulus_id)
    gold, guess = (stimulus.gold, stimulus.guess) if stimulus else (None, None)
    if trial.block == "practice":
        return (
            {"feedback": told} if gold and (told := _feedback(part, trial, response, gold)) else {}
        )
    return {"suggested": guess} if part.protocol.kind == "label" and guess else {}


def _feedback(
    part: Part, trial: Trial, response: Response, gold: Mapping[str, Any]
) -> dict[str, Any]:
    scale = part.protocol.grades
    if "value" in gold and scale is not None and response.value is not None:
        near = CLOSE if len(scale.labels) > 3 else 0
        # Told as it was heard: how the second is, compared with the first.
        heard = (
            -gold["value"] if part.protocol.about.is_pair and not trial.swapped else gold["value"]
        )
        right = abs(gold["value"] - response.value) <= near
        return {"right": right, "expected": scale.grades[heard]}
    if "emotion" in gold:
        return {"right": response.emotion == gold["emotion"], "expected": gold["emotion"]}
    return {}
