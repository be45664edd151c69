"""Whatever stops between which two steps, no vote that a browser was told to be saved is lost."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from emostudio.storage.backup import rebuild
from emostudio.storage.database import Database
from tests.databases import rows
from tests.studies.live import said

ROOT = Path(__file__).parents[3]
ROUNDS = 200
A_LISTENER = 12  # rounds, then another comes
WAYS = ("drop", "kill", "terminate")


class Browser:
    """A listener's browser whose outbox keeps each answer until the server has said stored."""

    def __init__(self, link: dict[str, Any]) -> None:
        self.link = link
        self.outbox: list[dict[str, Any]] = []
        self.told: set[str] = set()  # what it may show as saved
        self.sent: set[str] = set()
        self.token = ""

    def post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.link["port"], timeout=5)
        try:
            connection.request("POST", self.path(what), json.dumps(body))
            reply = connection.getresponse()
            assert reply.status == 200
            return json.loads(reply.read())
        finally:
            connection.close()

    def path(self, what: str) -> str:
        return f"/t/{self.link['slug']}/{what}"

    def start(self) -> None:
        begun = self.post("start", {"consent_hash": self.link["consent_hash"]})
        self.token, self.trials = begun["token"], begun["state"]["trials"]

    def choose(self, rng: random.Random) -> None:
        answer = said(rng.choice(self.trials), value=rng.randint(1, 5))
        self.outbox.append(answer)
        self.sent.add(answer["response_uid"])

    def deliver(self) -> None:
        """Send what waits, one by one; whatever has no answer stays."""
        for answer in list(self.outbox):
            try:
                reply = self.post("responses", {"token": self.token, "answers": [answer]})
            except (OSError, http.client.HTTPException, ValueError):
                return  # no whole reply: nothing is known
            assert reply["results"][0]["stored"]
            self.told.add(answer["response_uid"])
            self.outbox.remove(answer)

    def drop(self, rng: random.Random) -> None:
        """Send a part of a request, or all of it, and hang up without hearing the reply."""
        body = json.dumps({"token": self.token, "answers": self.outbox[:1]}).encode()
        head = f"POST {self.path('responses')} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}"
        request = head.encode() + b"\r\n\r\n" + body
        with socket.create_connection(("127.0.0.1", self.link["port"])) as connection:
            connection.sendall(request[: rng.choice((rng.randrange(len(request)), len(request)))])
            time.sleep(rng.uniform(0, 0.02))


@pytest.mark.slow
def test_no_vote_that_was_told_saved_is_lost_in_200_stops(tmp_path: Path) -> None:
    rng = random.Random(5)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.web.listener.stopped", str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"},
    )
    with server:
        assert server.stdin is not None
        assert server.stdout is not None
        link = json.loads(server.stdout.readline())
        told, sent, stops = set(), set(), dict.fromkeys(WAYS, 0)
        browser, process, sending = Browser(link), 0, threading.Thread()
        for number in range(ROUNDS + 1):
            if not process:
                server.stdin.write("again\n")
                server.stdin.flush()
                process = int(server.stdout.readline())
            if sending.ident:
                sending.join()  # its request may have waited for this server
            browser.deliver()  # what the round before has left
            if number % A_LISTENER == 0:
                assert not browser.outbox
                told, sent = told | browser.told, sent | browser.sent
                browser = Browser(link)
                browser.start()
            for _ in range(2):
                browser.choose(rng)
            way = WAYS[number % len(WAYS)]
            if way == "drop":
                browser.drop(rng)
                stops[way] += 1
                continue
            sending = threading.Thread(target=browser.deliver)
            sending.start()
            time.sleep(rng.uniform(0, 0.03))
            os.kill(process, signal.SIGKILL if way == "kill" else signal.SIGTERM)
            stops[way] += bool(browser.outbox)
            assert server.stdout.readline() == "dead\n"
            process = 0
        server.stdin.close()
        sending.join()
    told |= browser.told
    sent |= browser.sent
    # The stops came in the midst of things, and all but the last were made good.
    assert min(stops.values()) > ROUNDS / 20, stops
    assert len(told) >= len(sent) - 2
    db = Database.open("", tmp_path)
    there = [row["response_uid"] for row in rows(db)["response"]]
    db.close()
    assert len(there) == len(set(there))
    assert told <= set(there) <= sent
    anew = rebuild("", tmp_path)
    assert {row["response_uid"] for row in rows(anew)["response"]} == set(there)
    anew.close()
