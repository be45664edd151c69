from dataclasses import replace

import pytest

from emostudio.listening.kinds import KINDS
from emostudio.listening.protocol import Protocol
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import authoring
from emostudio.studies.dry_run import dry_run, dry_run_of
from emostudio.studies.grid import Grid, GridClip
from tests.studies.sounding import clips


def clip(name: str, role: str = "test", place: int = 0, **fields: object) -> GridClip:
    given: dict[str, object] = dict.fromkeys(GridClip.__dataclass_fields__)
    given |= {"system": "", "utterance": "", "emotion": ("happy", "sad")[place % 2]}
    given |= {"intensity": (0.3, 0.6, 0.9)[place % 3], "mix": {"happy": 0.7, "sad": 0.3}}
    return GridClip(**given | {"id": name, "role": role, "duration_s": 2.0} | fields)


GRID = Grid(
    (
        clip("r", "reference"),
        clip("p", "practice"),
        clip("g", "gold", gold={}),
        *(
            clip(f"{system} {place}", place=place, system=system, utterance=f"u{place}")
            for system in ("low", "middle", "high")
            for place in range(18)
            if (system, place) != ("low", 3)
        ),
    )
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_known_answer_is_recovered(kind: str) -> None:
    run = dry_run_of(Protocol(kind, "t", repeats=1), GRID, listeners=60, seed=1)
    assert run.checks and run.recovered is True
    assert run.results.kind == kind
    assert run.answers == 60 * (18 + 2)


def test_a_dry_run_says_where_it_cant_tell() -> None:
    few = Grid(GRID.clips[:6])
    run = dry_run_of(Protocol("mos", "t"), few, listeners=10)
    assert run.recovered is None
    assert "nothing can be told" in run.sentence


def test_what_is_missed_is_named() -> None:
    run = dry_run_of(Protocol("mos", "t"), GRID, listeners=30)
    wrong = replace(run, checks=(replace(run.checks[0], recovered=False), *run.checks[1:]))
    assert wrong.recovered is False
    assert run.checks[0].what in wrong.sentence


def test_a_dry_run_writes_nothing(db: Database, sounds: Sounds) -> None:
    slug = authoring.create(db, Protocol("mos", "t"))
    with pytest.raises(ValueError, match="nothing to listen to"):
        dry_run(db, slug)
    authoring.add_clips(db, sounds, slug, clips(2, 6))
    with db.read() as session:
        before = len(authored.audits_of(session))
    assert dry_run(db, slug, listeners=20).results.counts.listeners == 20
    with db.read() as session:
        assert len(authored.audits_of(session)) == before
