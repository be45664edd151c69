"""Every judgment of a study in one list, with all that statistics and exports ask about it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from emostudio.storage.authored import stimuli_of, systems_of, utterances_of
from emostudio.storage.tables import Listener, Response, Stimulus, Trial, Utterance
from emostudio.storage.taken import listeners_of

_ANSWER = (
    "response_uid value emotion second_emotion second_share intensity valence arousal note rt_ms "
    "first_play_ms plays heard_s other_heard_s changes client_ts created_at"
).split()
_TRIAL = "block position swapped repeated".split()


def judgments(session: Session, study_id: str) -> list[dict[str, Any]]:
    """Return the answers of a study, the oldest first, one flat dict each.

    Beside the fields of the answer and its trial: `listener`, `stimulus`, `other` and `reference`
    are ids, "" where there is none; `system`, `other_system` and `utterance` names; `text`,
    `speaker`, `language` of the utterance; `role`, `gold`, `duration_s`, `sha256`; `asked_emotion`,
    `asked_intensity`, `asked_mix`; `other_asked_intensity` of the other clip; `other_duration_s`
    of the other clip or of the reference.
    `superseded`: a later answer corrects this one. `withdrawn`, `headphones` and
    `external_id` are the listener's.
    """
    clips = {clip.id: clip for clip in stimuli_of(session, study_id)}
    systems = {system.id: system.name for system in systems_of(session, study_id)}
    utterances = {said.id: said for said in utterances_of(session, study_id)}
    listeners = {listener.id: listener for listener in listeners_of(session, study_id)}
    query = (
        select(
            Response.listener_id,
            Response.supersedes_uid,
            Trial.stimulus_id,
            Trial.other_id,
            Trial.reference_id,
            *(getattr(Response, name) for name in _ANSWER),
            *(getattr(Trial, name) for name in _TRIAL),
        )
        .join(Trial, Trial.id == Response.trial_id)
        .join(Listener, Listener.id == Response.listener_id)
        .where(Listener.study_id == study_id)
        .order_by(Response.created_at, Response.id)
    )
    found = session.execute(query).all()
    corrected = {row.supersedes_uid for row in found}
    rows = []
    for row in found:
        clip = clips[row.stimulus_id]
        rows.append(
            {
                **{name: getattr(row, name) for name in (*_ANSWER, *_TRIAL)},
                "superseded": row.response_uid in corrected,
                **_listener(listeners[row.listener_id]),
                **_clip(clip, systems, utterances.get(clip.utterance_id or "")),
                **_other(clips.get(row.other_id), clips.get(row.reference_id), systems),
            }
        )
    return rows


def _listener(listener: Listener) -> dict[str, Any]:
    return {
        "listener": listener.id,
        "withdrawn": listener.withdrawn_at is not None,
        "headphones": listener.headphones,
        "external_id": listener.external_id,
    }


def _clip(clip: Stimulus, systems: dict[str, str], utterance: Utterance | None) -> dict[str, Any]:
    return {
        "stimulus": clip.id,
        "sha256": clip.sha256,
        "role": clip.role,
        "gold": clip.gold,
        "duration_s": clip.duration_s,
        "asked_emotion": clip.emotion,
        "asked_intensity": clip.intensity,
        "asked_mix": clip.mix,
        "system": systems.get(clip.system_id or "", ""),
        "utterance": utterance.name if utterance else "",
        "text": utterance.text if utterance else "",
        "speaker": utterance.speaker if utterance else "",
        "language": utterance.language if utterance else "",
    }


def _other(
    other: Stimulus | None, reference: Stimulus | None, systems: dict[str, str]
) -> dict[str, Any]:
    second = other or reference
    return {
        "other": other.id if other else "",
        "other_system": systems.get(other.system_id or "", "") if other else "",
        "other_asked_intensity": other.intensity if other else None,
        "reference": reference.id if reference else "",
        "other_duration_s": second.duration_s if second else None,
    }
