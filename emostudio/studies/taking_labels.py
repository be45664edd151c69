"""The queue of a labelling study: which clips a listener gets next.

Clips with the fewest labels come first, and of those the ones that the recognizer doubts most.
Nobody labels a clip twice, and none gets more labels than listeners were planned.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING

from emostudio.storage import authored, taken
from emostudio.storage.tables import Trial, now

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from emostudio.studies.taking_people import Part

AHEAD = 3  # trials lent at a time: what the browser loads ahead
QUEUED = ("test", "gold", "trap")


def lend_labels(session: Session, part: Part) -> list[Trial]:
    """Lend clips until `AHEAD` wait for the listener's label, and return the new trials."""
    trials = taken.trials_of(session, part.assignment.id)
    answered = {one.trial_id for one in taken.responses_of(session, part.listener.id)}
    main = [trial for trial in trials if trial.block == "main"]
    room = AHEAD - sum(trial.id not in answered for trial in main)
    if part.protocol.trials:
        room = min(room, part.protocol.trials - len(main))
    if room < 1:
        return []
    labels = taken.label_counts(session, part.study.id)
    labels += taken.labels_lent(session, part.study.id, now())
    seen = {trial.stimulus_id for trial in trials}
    guesses = authored.guesses_of(session, part.study.id, QUEUED)
    waiting = [
        one for one in sorted(guesses) if one not in seen and labels[one] < part.protocol.listeners
    ]
    # Equal ones in an order of each listener's own.
    random.Random(part.listener.id).shuffle(waiting)
    waiting.sort(key=lambda one: (labels[one], -doubt(guesses[one])))
    place = max((trial.position for trial in trials), default=-1) + 1
    return taken.add_trials(
        session,
        [
            Trial(assignment_id=part.assignment.id, position=position, stimulus_id=one)
            for position, one in enumerate(waiting[:room], place)
        ],
    )


def doubt(guess: Mapping[str, float] | None) -> float:
    """Return the entropy of a guess in bits; of none at all it is infinite.

    >>> doubt({"sad": 0.5, "angry": 0.5}), doubt({"sad": 1.0})
    (1.0, 0.0)
    """
    if not guess:
        return math.inf
    return sum(share * -math.log2(share) for share in guess.values() if share > 0) + 0.0
