"""How long a listener waits for "saved" while many others answer.

`load` starts the app on loopback, as a process of its own, lets sessions start, and then each of
them answer every few seconds as people do, fetching its next clip after each answer. Every answer
that was acknowledged is looked for in the database afterwards.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emostudio.evaluation import app_process
from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.storage.ids import new_id
from emostudio.storage.judged import judgments
from emostudio.studies.authoring import add_clips, create
from emostudio.studies.clips import NewClip
from emostudio.studies.finding import found
from emostudio.studies.freezing import freeze
from emostudio.studies.sound import wav_bytes

GOAL_P95_MS = 200.0
PAUSE_S = (5.0, 15.0)  # between two answers of a session
RATE, CLIP_S = 16_000, 2.0
SYSTEMS, UTTERANCES = 4, 24
STARTS_AT_ONCE = 4


@dataclass(frozen=True)
class Load:
    """What was measured: times of POSTs of answers in milliseconds, and what became of them."""

    sessions: int
    seconds: float
    posts_ms: tuple[float, ...]
    errors: int
    acknowledged: int
    stored: int  # of those acknowledged

    @property
    def p50_ms(self) -> float:
        """Half of the answers were saved as soon as this."""
        return self._quantile(50)

    @property
    def p95_ms(self) -> float:
        """All but a twentieth of the answers were saved as soon as this."""
        return self._quantile(95)

    @property
    def max_ms(self) -> float:
        """The longest wait."""
        return max(self.posts_ms, default=0.0)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, nothing failed and the goal was met."""
        lost = self.acknowledged - self.stored
        return not (lost or self.errors) and 0 < self.p95_ms < GOAL_P95_MS

    def rows(self) -> list[str]:
        """Lines for a terminal."""
        goal = f"goal {GOAL_P95_MS:g}"
        return [
            f"{self.sessions} listeners for {self.seconds:g} s: {len(self.posts_ms)} answers",
            f"{'saved, median':<44}{self.p50_ms:>8.4g} ms",
            f"{'saved, 95 of 100':<44}{self.p95_ms:>8.4g} ms      {goal}",
            f"{'saved, slowest':<44}{self.max_ms:>8.4g} ms",
            f"{'acknowledged and not stored':<44}{self.acknowledged - self.stored:>8}",
            f"{'failed':<44}{self.errors:>8}",
        ]

    def record(self) -> dict[str, Any]:
        """The figures for JSON, without the single times."""
        names = "sessions seconds errors acknowledged stored p50_ms p95_ms max_ms".split()
        return {name: getattr(self, name) for name in names} | {"posts": len(self.posts_ms)}

    def _quantile(self, percent: int) -> float:
        if len(self.posts_ms) < 2:
            return self.max_ms
        return statistics.quantiles(self.posts_ms, n=100, method="inclusive")[percent - 1]


def load(sessions: int = 300, seconds: float = 60.0, *, seed: int = 0) -> Load:
    """Measure the listening page under load, in a folder that is deleted afterwards.

    Args:
        sessions: listeners at a time.
        seconds: for which they answer, after all have started.
        seed: of the pauses and answers.

    Raises:
        ValueError: the app does not start.
    """
    with tempfile.TemporaryDirectory(prefix="emostudio-bench-") as name:
        folder = Path(name)
        slug = _study(folder)
        own = {"EMOSTUDIO_DATA_DIR": name, "DATABASE_URL": ""}
        with app_process.running(**own, EMOSTUDIO_STARTS_PER_MINUTE="100000") as port:
            crowd = _Crowd(port, slug, seconds, seed)
            asyncio.run(crowd.run(sessions))
        database = Database.open("", folder)
        with database.read() as rows:
            there = {row["response_uid"] for row in judgments(rows, found(rows, slug).id)}
        database.close()
        told = crowd.acknowledged
        return Load(
            sessions, seconds, tuple(crowd.posts_ms), crowd.errors, len(told), len(told & there)
        )


def _study(folder: Path) -> str:
    database = Database.open("", folder)
    sounds = database.sounds()
    rng = np.random.default_rng(0)
    clips = [
        NewClip(
            wav_bytes(0.05 * rng.normal(size=round(CLIP_S * RATE)).clip(-3, 3), RATE),
            system=f"system {system}",
            utterance=f"utterance {utterance}",
        )
        for system in range(SYSTEMS)
        for utterance in range(UTTERANCES)
    ]
    slug = create(database, Protocol(kind="mos", title="Load"))
    add_clips(database, sounds, slug, clips)
    freeze(database, sounds, slug)
    database.close()
    return slug


@dataclass
class _Crowd:
    """All sessions in one thread, and what they have seen."""

    port: int
    slug: str
    seconds: float
    seed: int
    posts_ms: list[float] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    errors: int = 0
    begun: int = 0

    async def run(self, sessions: int) -> None:
        """Start all, then let all answer."""
        ready = asyncio.Event()
        few = asyncio.Semaphore(STARTS_AT_ONCE)
        started = [asyncio.create_task(self._session(n, few, ready)) for n in range(sessions)]
        while any(not task.done() for task in started) and self.begun < sessions:
            await asyncio.sleep(0.05)
        ready.set()
        await asyncio.gather(*started)

    async def _session(self, number: int, few: asyncio.Semaphore, ready: asyncio.Event) -> None:
        rng = random.Random(f"{self.seed} {number}")
        async with few:
            line = await _Line.open(self.port)
            about = await line.ask(f"/t/{self.slug}/state")
            begun = await line.ask(
                f"/t/{self.slug}/start", {"consent_hash": about["study"]["consent_hash"]}
            )
            line.close()
        self.begun += 1
        await ready.wait()
        token, trials = begun["token"], begun["state"]["trials"]
        end = time.perf_counter() + self.seconds
        await asyncio.sleep(rng.uniform(0, PAUSE_S[1]))
        for turn in range(10**6):
            if time.perf_counter() > end:
                break
            try:
                await self._answer(token, trials[turn % len(trials)], rng)
            except (OSError, ValueError, KeyError):
                self.errors += 1
            await asyncio.sleep(rng.uniform(*PAUSE_S))

    async def _answer(self, token: str, trial: dict[str, Any], rng: random.Random) -> None:
        uid = new_id()
        answer = {"response_uid": uid, "trial": trial["id"], "value": rng.randint(1, 5), "plays": 1}
        begin = time.perf_counter()
        # The server has closed a connection that was silent for so long: browsers open another.
        line = await _Line.open(self.port)
        reply = await line.ask(f"/t/{self.slug}/responses", {"token": token, "answers": [answer]})
        self.posts_ms.append(1000 * (time.perf_counter() - begin))
        if not reply["results"][0]["stored"]:
            raise ValueError("the answer was refused")
        self.acknowledged.add(uid)
        await line.ask(f"/sounds/{trial['sounds'][0]}")
        line.close()


class _Line:
    """A connection, and as little HTTP as it takes, so that the asking costs nothing.

    The server works on the same cores; a whole client for each session would be what is measured.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> _Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, path: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the JSON of a reply, nothing of a sound.

        Raises:
            OSError: the status is not 200, or the connection broke.
        """
        body = b"" if given is None else json.dumps(given).encode()
        verb = "GET" if given is None else "POST"
        head = f"{verb} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        try:
            told = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            headers = dict(line.split(": ", 1) for line in told[1:] if line)
            reply = await self._reader.readexactly(int(headers["content-length"]))
        except asyncio.IncompleteReadError as error:
            raise OSError("the connection broke") from error
        if told[0].split()[1] != "200":
            raise OSError(f"{path} was answered by {told[0]}")
        return json.loads(reply) if "json" in headers["content-type"] else {}

    def close(self) -> None:
        self._writer.close()
