"""From a draft to a link: sounds as listeners get them, tokens that tell nothing, the state."""

from __future__ import annotations

import secrets

from emostudio.listening.protocol import Protocol
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.storage.tables import Study
from emostudio.studies.checks import problems
from emostudio.studies.finding import draft
from emostudio.studies.grid import grid
from emostudio.studies.sound import gains, measure, served


def freeze(db: Database, sounds: Sounds, slug: str, *, actor: str = "") -> Study:
    """Open a draft to listeners; from then on neither its protocol nor its clips change.

    Raises:
        ValueError: there is no such draft, or something must be mended; the sentences say what.
    """
    with db.read() as session:
        protocol = Protocol.from_json(draft(session, slug).protocol)
    if wrong := problems(db, slug):
        raise ValueError(" ".join(wrong))
    clips = grid(db, slug).clips
    files = {clip.id: sounds.path(clip.sha256) for clip in clips}
    # Where intensities are compared, a gain of their own would take away that stronger is louder.
    together = protocol.kind == "intensity_pair"
    maker = {clip.id: clip.maker if together else clip.system for clip in clips}
    heard = {key: (maker[key], measure(path)) for key, path in files.items()}
    gain_db = gains(protocol.loudness, heard)
    made = {key: sounds.add(served(path, gain_db[key])) for key, path in files.items()}
    with db.write() as session:
        study = draft(session, slug)
        rows = authored.stimuli_of(session, study.id)
        if {row.id for row in rows} != set(made) or study.protocol_hash != protocol.hash:
            raise ValueError("The study was changed meanwhile. Look at it, then freeze it again.")
        for row in rows:
            row.gain_db, row.served_sha256 = gain_db[row.id], made[row.id]
            row.token = secrets.token_urlsafe(16)  # a draft's may have been seen
        authored.set_state(session, study, "live")
        authored.audit(
            session, actor, "freeze", subject=slug, payload={"protocol_hash": protocol.hash}
        )
        return study
