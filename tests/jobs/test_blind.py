from pathlib import Path

import pytest

from emostudio.evaluation.gate import Pair
from emostudio.jobs.blind import ACTION, PLACES, Ballot, tally, votes_on
from emostudio.storage import authored
from emostudio.storage.database import Database

PAIRS = tuple(Pair(f"p{n}", "A sentence.", f"base-{n}.wav", f"new-{n}.wav") for n in range(40))


def ballot(folder: Path, actor: str = "@anna") -> Ballot:
    return Ballot(folder, PAIRS, "JOB", actor)


def order(one: Ballot) -> list[str]:
    return [one.system_at(pair, "first") for pair in PAIRS]


def test_the_order_stays_for_one_listener_and_is_drawn_anew_for_another(tmp_path: Path) -> None:
    mine = order(ballot(tmp_path))
    assert mine == order(ballot(tmp_path))  # also after a restart: the key is kept
    assert mine != order(ballot(tmp_path, "@ben"))
    assert 8 <= mine.count("candidate") <= 32  # neither place is the candidate's
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    assert mine != order(ballot(elsewhere))


def test_one_of_a_pair_is_the_base_and_the_other_the_candidate(tmp_path: Path) -> None:
    one = ballot(tmp_path)
    for pair in PAIRS:
        assert {one.system_at(pair, place) for place in PLACES} == {"base", "candidate"}


def test_names_of_sounds_lead_to_them_and_tell_nothing(tmp_path: Path) -> None:
    one = ballot(tmp_path)
    tokens = {(pair.id, place): one.token(pair, place) for pair in PAIRS for place in PLACES}
    assert len(set(tokens.values())) == 2 * len(PAIRS)
    for pair in PAIRS:
        for place in PLACES:
            ours, other = one.files_of(tokens[pair.id, place])
            assert (ours.name == pair.candidate) == (one.system_at(pair, place) == "candidate")
            assert {ours.name, other.name} == {pair.base, pair.candidate}
    with pytest.raises(ValueError, match="no such sound"):
        one.files_of("0" * 24)
    with pytest.raises(ValueError, match="no such sound"):
        ballot(tmp_path, "@ben").files_of(tokens["p0", "first"])  # one's own names alone


def test_votes_are_kept_as_what_was_preferred(tmp_path: Path, db: Database) -> None:
    one = ballot(tmp_path)
    pair = PAIRS[0]
    one.vote(db, pair.id, "first")
    one.vote(db, PAIRS[1].id, "none")
    assert one.voted(db) == {pair.id: one.system_at(pair, "first"), PAIRS[1].id: "none"}
    assert ballot(tmp_path, "@ben").voted(db) == {}
    with pytest.raises(ValueError, match="have voted"):
        one.vote(db, pair.id, "second")
    with pytest.raises(ValueError, match="no such pair"):
        one.vote(db, "p99", "first")
    with pytest.raises(ValueError, match="no such pair"):
        one.vote(db, PAIRS[2].id, "candidate")
    with db.read() as session:
        assert len(votes_on(session, "JOB")) == 2
        assert votes_on(session, "ANOTHER") == {}
        assert {entry.action for entry in authored.audits_of(session, "JOB")} == {ACTION}


def test_a_tally_counts_all_and_tests_those_that_chose() -> None:
    found = tally(["candidate"] * 8 + ["base"] * 2 + ["none"] * 3)
    assert (found.candidate, found.base, found.none) == (8, 2, 3)
    assert found.p == pytest.approx(0.109375)  # of 10 coins, 8 or more alike
    assert found.interval is not None
    low, high = found.interval
    assert low < 0.8 < high
    even = tally(["candidate", "base"])
    assert even.p == 1
    assert tally(["none"]).interval is None
