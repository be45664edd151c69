import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from emostudio.listening.kinds import KINDS
from emostudio.storage import authored
from emostudio.storage.database import Database, DatabaseDownError
from emostudio.storage.sounds import Sounds
from emostudio.studies.authoring import create
from emostudio.web.listener.limits import Addresses, Limit
from tests.studies import live
from tests.studies.live import fields, said
from tests.web.listener.serving import app

CODE = "ABCDEFGHJKMN"


class Listener:
    """A browser in few words; keeps every byte that it got."""

    def __init__(self, client: TestClient, slug: str) -> None:
        self.client, self.slug = client, slug
        self.headers: dict[str, str] = {}
        self.seen: list[bytes] = []

    def get(self, path: str, **headers: str) -> Any:
        return self._kept(self.client.get(path, headers=self.headers | headers))

    def post(self, what: str, **given: Any) -> Any:
        path = f"/t/{self.slug}/{what}"
        return self._kept(self.client.post(path, json=given, headers=self.headers))

    def begin(self, code: str = CODE) -> dict[str, Any]:
        about = self.get(f"/t/{self.slug}/state").json()["study"]
        reply = self.post("start", consent_hash=about["consent_hash"], code=code, headphones=True)
        assert reply.status_code == 200, reply.text
        self.headers = {"Authorization": f"Bearer {reply.json()['token']}"}
        return reply.json()["state"]

    def answer(self, *answers: Any) -> Any:
        return self.post("responses", answers=list(answers))

    def _kept(self, reply: Any) -> Any:
        self.seen += [reply.content, str(reply.headers).encode(), str(reply.url).encode()]
        return reply


@pytest.fixture
def client(db: Database, sounds: Sounds) -> Iterator[TestClient]:
    with TestClient(app(db, sounds)) as client:
        yield client


@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_tells_a_listener_what_is_tested(
    client: TestClient, db: Database, sounds: Sounds, kind: str
) -> None:
    me = Listener(client, live.live(db, sounds, kind))
    me.get(f"/t/{me.slug}")
    me.get("/listener/listen.js")
    state = me.begin()
    before = len(me.seen)
    me.get(f"/t/{me.slug}/state")
    for trial in (trials := list(state["trials"])):
        for token in trial["sounds"]:
            sound = me.get(f"/sounds/{token}")
            assert sound.status_code == 200
            assert b"LIST" not in sound.content  # where a WAV file has tags
    assert live.leaks(b"".join(me.seen)) == []
    # Emotions and intensities neither, but as choices that are the same for every clip.
    told = b"".join(me.seen[before:]).decode("latin-1")
    if not KINDS[kind].names_emotions:
        assert "angry" not in told
    assert not any(word in told for word in ("0.7", "gold", "role", "guess", "duration"))
    for trial in trials:
        [result] = me.answer(said(trial, **fields(kind))).json()["results"]
        trials += result.get("more", [])
        me.seen.append(json.dumps(result).encode())
    me.post("events", events=[{"kind": "play", "trial": trials[0]["id"], "t_ms": 5}])
    assert me.post("finish", comment="fine").json()["completion_code"]
    assert live.leaks(b"".join(me.seen)) == []


def test_sounds_of_one_utterance_have_nothing_in_common(
    client: TestClient, db: Database, sounds: Sounds
) -> None:
    me = Listener(client, live.live(db, sounds))
    token = me.begin()["trials"][0]["sounds"][0]
    reply = me.get(f"/sounds/{token}")
    assert set(reply.headers) <= {
        "accept-ranges", "cache-control", "content-length", "content-type", "etag", "last-modified"
    }  # fmt: skip
    assert "1970" in reply.headers["last-modified"]


def test_a_sound_comes_in_parts_where_a_browser_asks(
    client: TestClient, db: Database, sounds: Sounds
) -> None:
    me = Listener(client, live.live(db, sounds))
    token = me.begin()["trials"][0]["sounds"][0]
    whole = me.get(f"/sounds/{token}").content
    part = me.get(f"/sounds/{token}", Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert me.get("/sounds/unknown").status_code == 404


def test_what_was_acknowledged_is_there_and_twice_is_once(
    client: TestClient, db: Database, sounds: Sounds
) -> None:
    me = Listener(client, live.live(db, sounds))
    trials = me.begin()["trials"]
    answers = [said(trial) for trial in trials]
    for _ in range(2):
        results = me.answer(*answers).json()["results"]
        assert [one["stored"] for one in results] == [True] * 4
    state = me.get(f"/t/{me.slug}/state").json()
    assert all(trial["answered"] for trial in state["trials"])


def test_one_wrong_answer_keeps_none_of_the_others_away(
    client: TestClient, db: Database, sounds: Sounds
) -> None:
    me = Listener(client, live.live(db, sounds))
    first, second, *_ = me.begin()["trials"]
    results = me.answer(said(first, value=77), "nonsense", said(second)).json()["results"]
    assert [one["stored"] for one in results] == [False, False, True]
    assert "grade" in results[0]["error"]


def test_a_beacon_has_its_token_inside(client: TestClient, db: Database, sounds: Sounds) -> None:
    me = Listener(client, live.live(db, sounds))
    trial = me.begin()["trials"][0]
    body = {"token": me.headers["Authorization"].split()[1], "answers": [said(trial)]}
    reply = client.post(
        f"/t/{me.slug}/responses",
        content=json.dumps(body),
        headers={"Content-Type": "text/plain;charset=UTF-8"},
    )
    assert reply.json()["results"][0]["stored"]


def test_a_code_goes_on_and_withdraws(client: TestClient, db: Database, sounds: Sounds) -> None:
    me = Listener(client, live.live(db, sounds))
    trial = me.begin()["trials"][0]
    assert me.post("resume", code="abcd efgh jkmn").json()["code"] == "ABCD-EFGH-JKMN"
    assert me.post("resume", code="no such code").status_code == 401
    assert me.post("withdraw", code=CODE).json()["withdrawn"]
    assert me.answer(said(trial)).status_code == 410
    assert me.get(f"/t/{me.slug}/state").status_code == 410


def test_errors_have_a_status_and_a_sentence(
    client: TestClient, db: Database, sounds: Sounds
) -> None:
    me = Listener(client, live.live(db, sounds))
    draft = create(db, live.Protocol(kind="mos", title="Hidden"))
    for path, status in ((f"/t/{draft}/state", 404), ("/t/none/state", 404)):
        reply = me.get(path)
        assert (reply.status_code, bool(reply.json()["error"])) == (status, True)
    assert me.answer({"value": 1}).status_code == 401
    assert me.post("responses", answers=[]).status_code == 422
    for body, status in (
        (b"[1]", 422),
        (b'{"answers": NaN}', 422),
        (b"[" * 50_000, 422),
        (b"\xff\xfe", 422),
        (b"[" + b"1," * 200_000, 413),
    ):
        reply = client.post(f"/t/{me.slug}/responses", content=body)
        assert (reply.status_code, bool(reply.json()["error"])) == (status, True)


def test_a_database_that_is_down_asks_the_outbox_to_come_again(
    client: TestClient, db: Database, sounds: Sounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = Listener(client, live.live(db, sounds))
    answer = said(me.begin()["trials"][0])

    def full(*_: object) -> None:
        raise DatabaseDownError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(db, "_commit", full)
        reply = me.answer(answer)
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "3")
    assert "space" not in reply.text
    assert me.answer(answer).json()["results"][0]["stored"]


def test_a_damaged_database_is_no_verdict_on_an_answer(
    client: TestClient, db: Database, sounds: Sounds
) -> None:
    if db.url.drivername != "sqlite":
        pytest.skip("only SQLite is a file")
    me = Listener(client, live.live(db, sounds))
    answer = said(me.begin()["trials"][0])
    db._free.dispose()
    file = db.data_dir / "emostudio.db"
    for part in ("-wal", "-shm"):
        file.with_name(file.name + part).unlink(missing_ok=True)
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    reply = me.answer(answer)
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "3")
    assert "rebuild" not in reply.text  # for administrators, in the log


def test_a_protocol_of_a_newer_server_is_no_verdict_on_an_answer(
    client: TestClient, db: Database, sounds: Sounds
) -> None:
    me = Listener(client, live.live(db, sounds))
    answer = said(me.begin()["trials"][0])
    with db.write() as session:
        study = authored.study_by_slug(session, me.slug)
        assert study is not None
        known = study.protocol
        study.protocol = known | {"of tomorrow": 1}
    reply = me.answer(answer)
    assert reply.status_code == 422 and "results" not in reply.json()
    with db.write() as session:
        study = authored.study_by_slug(session, me.slug)
        assert study is not None
        study.protocol = known
    assert me.answer(answer).json()["results"][0]["stored"]


def test_starts_are_limited_by_address_and_answers_by_listener(
    db: Database, sounds: Sounds
) -> None:
    slug = live.live(db, sounds)
    with TestClient(app(db, sounds, starts_per_minute=1)) as client:
        me, you = Listener(client, slug), Listener(client, slug)
        trial = me.begin()["trials"][0]
        about = you.get(f"/t/{slug}/state").json()["study"]
        late = you.post("start", consent_hash=about["consent_hash"])
        assert (late.status_code, int(late.headers["Retry-After"]) > 0) == (429, True)
        # Of the answers nothing is dropped: whoever waits is heard.
        statuses = [me.answer(said(trial)).status_code for _ in range(61)]
        assert statuses == [200] * 60 + [429]


def test_a_limit_lets_pass_again_after_a_minute_and_forgets_who_came() -> None:
    now = [0.0]
    limit = Limit(3, clock=lambda: now[0])
    assert [limit.wait_s(b"a"), limit.wait_s(b"a", 2), limit.wait_s(b"a", 3)] == [0, 0, 60]
    assert limit.wait_s(b"b") == 0
    now[0] = 59.0
    assert limit.wait_s(b"a") == 1
    now[0] = 61.0
    assert limit.wait_s(b"a", 9) == 0  # more at once than ever may pass, when nothing came before
    now[0] = 200.0
    assert limit.wait_s(b"c") == 0
    assert set(limit._times) == {b"c"}


def test_the_key_of_an_address_is_another_each_day_and_tells_no_address() -> None:
    now = [0.0]
    addresses = Addresses(clock=lambda: now[0])
    first = addresses.key("192.0.2.7")
    assert first == addresses.key("192.0.2.7")
    assert b"192.0.2.7" not in first
    now[0] = 25 * 3600.0
    assert addresses.key("192.0.2.7") != first


def test_no_address_is_at_rest(client: TestClient, db: Database, sounds: Sounds) -> None:
    me = Listener(client, live.live(db, sounds))
    trial = me.begin()["trials"][0]
    me.answer(said(trial))
    kept = b"".join(path.read_bytes() for path in db.data_dir.rglob("*") if path.is_file())
    assert b"testclient" not in kept  # the address of these requests
    assert b"python-httpx" not in kept  # their browser


def test_the_page_fetches_from_nowhere_else(client: TestClient) -> None:
    page = client.get("/t/anything")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get("/listener/..%2Fstyle.css").status_code == 404
    names = ["make", "outbox", "player", "questions", "screens", "trial", "listen"]
    for name in (*(f"{name}.js" for name in names), "listen.css", "logo.svg"):
        reply = client.get(f"/listener/{name}")
        assert reply.status_code == 200
        assert "//" not in reply.text.replace("http://www.w3.org/2000/svg", "").replace("// ", "")
