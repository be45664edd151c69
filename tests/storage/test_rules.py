"""What the schema lets nobody do."""

from collections.abc import Callable

import pytest
from sqlalchemy import inspect, text

from emostudio.storage import authored, taken
from emostudio.storage.database import BrokenRuleError, Database
from emostudio.storage.tables import Assignment, Response, now
from tests.databases import answer, listening, pilot, rows


@pytest.mark.parametrize(
    "change", ["UPDATE response SET value = 1", "DELETE FROM response", "REPLACE"]
)
def test_a_response_can_be_neither_changed_nor_deleted(db: Database, change: str) -> None:
    there = pilot(db)
    with db.write() as session:
        taken.add_response(session, answer(there, "first"))
    before = rows(db)
    if change == "REPLACE":
        if db.url.drivername != "sqlite":
            pytest.skip("only SQLite has it")
        change = "INSERT OR REPLACE INTO response SELECT * FROM response"
    with pytest.raises(BrokenRuleError, match="only ever added"), db.write() as session:
        session.connection().execute(text(change))
        session.commit()
    assert rows(db) == before


def test_the_same_answer_sent_twice_is_one_row(db: Database) -> None:
    there = pilot(db)
    with db.write() as session:
        first = taken.add_response(session, answer(there, "same", value=2.0))
    with db.write() as session:
        again = taken.add_response(session, answer(there, "same", value=5.0))
    assert (again.id, again.value) == (first.id, 2.0)
    assert db.counts()["response"] == 1


def test_a_trial_has_one_first_answer_and_corrections_in_a_chain(db: Database) -> None:
    there = pilot(db)
    with db.write() as session:
        taken.add_response(session, answer(there, "first"))
    with pytest.raises(BrokenRuleError), db.write() as session:
        taken.add_response(session, answer(there, "other"))
    with db.write() as session:
        taken.add_response(session, answer(there, "second", supersedes_uid="first"))
    with pytest.raises(BrokenRuleError), db.write() as session:
        taken.add_response(session, answer(there, "third", supersedes_uid="first"))
    assert db.counts()["response"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": 12.0},
        {"value": None},
        {"kind": "ab", "value": 0.5},
        {"kind": "cmos", "value": -6.0},
        {"kind": "intensity", "value": 4.0},
        {"kind": "unheard", "value": 1.0},
        {"kind": "emotion_id", "value": None, "emotion": "sad"},
        {"kind": "mixed", "value": None, "emotion": "sad", "second_emotion": "sad"},
        {
            "kind": "mixed",
            "value": None,
            "emotion": "sad",
            "second_emotion": "calm",
            "second_share": 0.6,
        },
        {"kind": "label", "value": None, "emotion": "sad", "valence": 1.5},
        {"plays": -1},
        {"heard_s": -0.5},
    ],
    ids=str,
)
def test_an_answer_out_of_range_is_refused(db: Database, wrong: dict[str, object]) -> None:
    there = pilot(db)
    with pytest.raises(BrokenRuleError), db.write() as session:
        taken.add_response(session, answer(there, "wrong", **wrong))
    assert db.counts()["response"] == 0


def test_what_is_no_text_and_no_number_is_refused(db: Database) -> None:
    there = pilot(db)
    before = rows(db)
    with pytest.raises(ValueError, match="surrogates"), db.write() as session:
        taken.add_response(session, answer(there, "half a character", note="\ud83d"))
    with pytest.raises(ValueError, match=r"(?i)json"), db.write() as session:
        authored.audit(session, "ann", "export", payload={"mean": float("nan")})
    assert rows(db) == before


def test_a_row_of_the_design_is_lent_to_one_until_it_expires(db: Database) -> None:
    there = pilot(db)
    with db.write() as session:
        second = taken.add_listener(session, listening(there.study))
    with pytest.raises(BrokenRuleError), db.write() as session:
        taken.lend_row(session, second, 0, now())
    with db.write() as session:
        first = taken.assignment_of(session, there.listener)
        assert first is not None
        assert taken.leased_rows(session, there.study, now()) == {0}
        assert taken.expire_leases(session, there.study, first.lease_until) == 0
        taken.renew_lease(session, first, now())
        assert taken.leased_rows(session, there.study, now()) == set()
        assert taken.expire_leases(session, there.study, now()) == 1
        lent = taken.lend_row(session, second, 0, now())
        assert not taken.renew_lease(session, first, now())
        taken.finish(session, first)
        taken.finish(session, lent)
    with db.read() as session:
        states = {row.listener_id: row.state for row in taken.assignments_of(session, there.study)}
        assert taken.leased_rows(session, there.study, now()) == {0}
    assert states == {there.listener: "expired", second.id: "done"}


def test_one_who_comes_back_in_time_has_the_row_again(db: Database) -> None:
    there = pilot(db)
    with db.write() as session:
        mine = taken.assignment_of(session, there.listener)
        assert mine is not None
        taken.renew_lease(session, mine, now())
        taken.expire_leases(session, there.study, now())
        assert mine.state == "expired"
        assert taken.renew_lease(session, mine, now())
        assert mine.state == "open"


@pytest.mark.parametrize("break_it", ["name", "parent"])
def test_what_breaks_a_rule_leaves_nothing_behind(db: Database, break_it: str) -> None:
    there = pilot(db)
    before, journal = rows(db), sorted(p.read_bytes() for p in db.folder.iterdir())

    def broken() -> None:
        with db.write() as session:
            authored.add_system(session, there.study, "another")
            if break_it == "name":
                raise ZeroDivisionError
            session.add(
                Response(response_uid="x", listener_id="?", trial_id="?", kind="mos", value=1)
            )

    with pytest.raises(ZeroDivisionError if break_it == "name" else BrokenRuleError):
        broken()
    assert rows(db) == before
    assert sorted(p.read_bytes() for p in db.folder.iterdir()) == journal


def test_a_frozen_study_keeps_its_clips_and_its_protocol(db: Database) -> None:
    there = pilot(db)

    def change(session: object, verb: Callable[..., object], *given: object) -> None:
        study = authored.study_by_id(session, there.study)  # pyright: ignore
        with pytest.raises(ValueError, match="is live and stays"):
            verb(session, study, *given)

    with db.write() as session:
        (clip,) = authored.stimuli_of(session, there.study)
        change(session, authored.put_protocol, {"kind": "ab"}, "1" * 64)
        change(session, authored.drop_stimulus, clip)
        study = authored.study_by_id(session, there.study)
        assert study is not None
        with pytest.raises(ValueError, match="can't become draft"):
            authored.set_state(session, study, "draft")


def test_nobody_writes_while_reading(db: Database) -> None:
    there = pilot(db)
    with pytest.raises(RuntimeError, match="reads"), db.read() as session:
        session.add(listening(there.study))
        session.flush()
    assert db.counts()["listener"] == 1


def test_rows_are_changed_where_the_journal_sees_it(db: Database) -> None:
    from sqlalchemy import update

    pilot(db)
    with pytest.raises(RuntimeError, match="journal"), db.write() as session:
        session.execute(update(Assignment).values(state="done"))


@pytest.mark.parametrize(
    ("table", "column"), [("response", "trial_id"), ("assignment", "study_id")]
)
def test_what_an_answer_looks_up_is_indexed(db: Database, table: str, column: str) -> None:
    # Each answer asks by these under the one lock of writers: no table may be read through for it.
    with db._reader.connect() as connection:
        found = inspect(connection).get_indexes(table)
    assert [column] in [index["column_names"] for index in found if not index["unique"]]
