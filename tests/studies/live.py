"""Studies that are live, for what listeners do; their names would be seen if they leaked."""

import json
from typing import Any

from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.storage.ids import new_id
from emostudio.storage.sounds import Sounds
from emostudio.studies import taking
from emostudio.studies.authoring import add_clips, create
from emostudio.studies.clips import NewClip
from emostudio.studies.freezing import freeze
from tests.studies.sounding import burst

SYSTEMS = ("zebra-model", "quartz-model")
UTTERANCES = ("walrus", "xylophone", "yodel")
SECRETS = (*SYSTEMS, *UTTERANCES, "grumpy-voice", "passport-text")
GOLD = {
    "mos": {"value": 4},
    "smos": {"value": 4},
    "cmos": {"value": 1},
    "ab": {"value": 1},
    "intensity_pair": {"value": 1},
    "intensity": {"value": 2},
    "emotion_id": {"emotion": "sad"},
    "mixed": {"emotion": "sad"},
    "label": {"emotion": "sad"},
}
GUESS = {"angry": 0.75, "neutral": 0.25}


def live(db: Database, sounds: Sounds, kind: str = "mos", **changes: Any) -> str:
    """Make a study of two systems and three utterances live, with practice, and return its slug."""
    protocol = Protocol(kind=kind, title="Pilot", **{"trials": 3, **changes})
    slug = create(db, protocol)
    about = {"speaker": "grumpy-voice", "text": "passport-text"}
    asked = {"emotion": "angry", "intensity": 0.7}
    clips = [
        NewClip(
            burst(100 + 40 * row + 10 * column, duration_s=0.4 + 0.1 * row),
            system=system,
            utterance=utterance,
            guess=GUESS,
            provenance={"model": system},
            **about,
            **asked,
        )
        for row, system in enumerate(SYSTEMS)
        for column, utterance in enumerate(UTTERANCES)
    ]
    practiced = SYSTEMS if protocol.about.is_pair else SYSTEMS[:1]
    clips += [
        NewClip(
            burst(400 + 50 * place),
            system=system,
            utterance="walrus",
            role="practice",
            gold=GOLD[kind] if place == 0 else None,
            **about,
        )
        for place, system in enumerate(practiced)
    ]
    if kind == "smos":
        clips += [
            NewClip(burst(700 + place), utterance=name, role="reference", **about)
            for place, name in enumerate(UTTERANCES)
        ]
    added = add_clips(db, sounds, slug, clips)
    assert not added.refused
    freeze(db, sounds, slug)
    return slug


def consent(db: Database, slug: str) -> str:
    """Return the hash of the text that a listener agrees to."""
    return taking.about(db, slug)["study"]["consent_hash"]


def started(db: Database, slug: str, **more: Any) -> taking.Session:
    """Return a listener who has just begun."""
    return taking.start(db, slug, consent(db, slug), **more)


def fields(kind: str) -> dict[str, Any]:
    """Return an answer that a question of this kind takes."""
    return {
        "emotion_id": {"emotion": "happy", "intensity": 0.5},
        "mixed": {"emotion": "happy", "second_emotion": "sad", "second_share": 0.3},
        "label": {"emotion": "happy", "valence": 0.8, "note": "warm"},
    }.get(kind, {"value": 1})


def said(trial: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Return what a browser sends as the answer of a trial: a grade of 4 if nothing is given."""
    given = given or {"value": 4}
    return {"response_uid": new_id(), "trial": trial["id"], "heard_s": 0.4, "plays": 1, **given}


def leaks(seen: Any) -> list[str]:
    """Return what of the studies' secrets is in what a listener saw."""
    text = seen.decode("latin-1") if isinstance(seen, bytes) else json.dumps(seen)
    return [secret for secret in SECRETS if secret in text]
