"""A Hugging Face Hub on this machine: repositories with commits, and jobs that are processes.

It answers what `huggingface_hub` asks when files are committed, read and listed, and when jobs are
run, looked at, found, canceled and their logs read. What a job mounts is written into a folder.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

USER, TOKEN = "anna", "hf_sesame"
WHEN = "2026-01-01T00:00:00.000Z"


@dataclass
class Repository:
    """Files of each commit, by path; the last is main."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"0" * 40: {}})

    @property
    def head(self) -> str:
        """The last commit."""
        return list(self.commits)[-1]

    def at(self, revision: str) -> dict[str, bytes]:
        """The files of a revision."""
        return self.commits[self.head if revision == "main" else revision]

    def commit(self, lines: list[dict[str, Any]]) -> str:
        """Apply the operations of a commit, all of them, and return its name."""
        files = dict(self.at("main"))
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                assert value["encoding"] == "base64"
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        name = hashlib.sha1(f"{len(self.commits)}".encode()).hexdigest()
        self.commits[name] = files
        return name


@dataclass
class Rented:
    """A job: what was asked for, and its process once there is a machine."""

    id: str
    spec: dict[str, Any]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    canceled: bool = False

    @property
    def stage(self) -> str:
        """As the hub calls it."""
        if self.canceled:
            return "CANCELED"
        if self.process is None:
            return "SCHEDULING"
        code = self.process.poll()
        return "RUNNING" if code is None else "ERROR" if code else "COMPLETED"

    def told(self) -> dict[str, Any]:
        """As the hub tells it."""
        return {
            "id": self.id,
            "createdAt": WHEN,
            "dockerImage": self.spec["dockerImage"],
            "command": self.spec["command"],
            "environment": self.spec["environment"],
            "flavor": self.spec["flavor"],
            "labels": self.spec.get("labels"),
            "status": {"stage": self.stage, "message": None},
            "owner": {"id": "1", "name": USER, "type": "user"},
        }


class Hub:
    """The hub; `machines` says whether jobs get one at once."""

    def __init__(self, folder: Path) -> None:
        """Serve on a free port of this machine; machines have their files in `folder`."""
        self.repositories: dict[str, Repository] = {}
        self.jobs: dict[str, Rented] = {}
        self.machines = True
        self.broken: int | None = None  # what is answered instead
        self._folder = folder
        self._lock = threading.RLock()
        hub = self

        class Handler(_Handler):
            def do(self) -> None:
                hub._answer(self)

            do_GET = do_POST = do_HEAD = do_DELETE = do

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def forget_all(self) -> None:
        """End all jobs, and delete them with their repositories."""
        with self._lock:
            for job in self.jobs.values():
                if job.process is not None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(job.process.pid, signal.SIGKILL)
                    job.process.wait()
            self.jobs.clear()
            self.repositories.clear()

    def close(self) -> None:
        """Serve no more, and end all jobs."""
        self.forget_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: _Handler) -> None:
        address = urlsplit(request.path)
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length)
        with self._lock:
            if self.broken is not None:
                return request.reply({"error": "out of order"}, status=self.broken)
            if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                return request.reply({"error": "who are you?"}, status=401)
            parts = [unquote(part) for part in address.path.split("/")[1:]]
            match parts:
                case ["api", "whoami-v2"]:
                    return request.reply({"type": "user", "name": USER})
                case ["api", "repos", "delete"]:
                    told = json.loads(body)
                    gone = self.repositories.pop(f"{told['organization']}/{told['name']}", None)
                    missing = {"X-Error-Code": "RepoNotFound"}
                    return request.send(b"", {} if gone else missing, 200 if gone else 404)
                case ["api", "repos", "create"]:
                    return self._create(request, json.loads(body))
                case ["api", "jobs", _, *rest]:
                    return self._job(request, rest, parse_qsl(address.query), body)
                case ["api", "datasets", user, name, verb, revision, *path]:
                    if f"{user}/{name}" not in self.repositories:
                        return request.send(b"", {"X-Error-Code": "RepoNotFound"}, 404)
                    what = verb, revision, "/".join(path)
                    return self._api(request, f"{user}/{name}", what, body)
                case ["datasets", user, name, "resolve", revision, *path]:
                    repository = self.repositories[f"{user}/{name}"]
                    return _file(request, repository, revision, "/".join(path))
        return request.reply({"error": f"nothing at {address.path}"}, status=404)

    def _create(self, request: _Handler, told: dict[str, Any]) -> None:
        name = f"{told.get('organization') or USER}/{told['name']}"
        private = told.get("private") or told.get("visibility") == "private"
        self.repositories.setdefault(name, Repository(bool(private)))
        request.reply({"url": f"{self.address}/datasets/{name}", "name": name, "id": name})

    def _api(
        self, request: _Handler, repo_id: str, what: tuple[str, str, str], body: bytes
    ) -> None:
        repository = self.repositories[repo_id]
        verb, revision, path = what
        if verb == "preupload":
            files = [{"path": file["path"]} for file in json.loads(body)["files"]]
            modes = {"uploadMode": "regular", "shouldIgnore": False}
            request.reply({"files": [file | modes for file in files]})
        elif verb == "commit":
            name = repository.commit([json.loads(line) for line in body.splitlines()])
            url = f"{self.address}/datasets/{repo_id}/commit/{name}"
            request.reply({"commitUrl": url, "commitOid": name, "success": True})
        elif verb == "revision":
            name = repository.head if revision == "main" else revision
            siblings = [{"rfilename": file} for file in repository.at(revision)]
            request.reply({"id": "it", "sha": name, "siblings": siblings, "private": True})
        elif verb == "tree":
            request.reply(
                [
                    {"type": "file", "path": name, "size": len(content), "oid": _oid(content)}
                    for name, content in repository.at(revision).items()
                    if name.startswith(path)
                ]
            )

    def _job(
        self, request: _Handler, rest: list[str], query: list[tuple[str, str]], body: bytes
    ) -> None:
        if not rest and request.command == "POST":
            job = Rented(f"job{len(self.jobs)}", json.loads(body), self._folder)
            self.jobs[job.id] = job
            if self.machines:
                self.begin(job)
            request.reply(job.told())
        elif not rest:
            labels = [tuple(value.split("=")) for key, value in query if key == "label"]
            has = [job for job in self.jobs.values() if {*labels} <= {*job.spec["labels"].items()}]
            request.reply([job.told() for job in has])
        elif rest[0] not in self.jobs:
            request.reply({"error": "no such job"}, status=404)
        elif rest[1:] == ["cancel"]:
            job = self.jobs[rest[0]]
            job.canceled = True
            if job.process is not None:
                os.killpg(job.process.pid, signal.SIGKILL)
            request.reply({})
        elif rest[1:] == ["logs"]:
            file = self._folder / rest[0] / "log"
            said = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
            lines = [json.dumps({"data": line, "timestamp": WHEN}) for line in said]
            request.stream(lines)
        else:
            request.reply(self.jobs[rest[0]].told())

    def begin(self, job: Rented) -> None:
        """Give a job a machine."""
        folder = self._folder / job.id
        folder.mkdir(parents=True)
        command = [sys.executable, *job.spec["command"][1:]]
        for volume in job.spec["volumes"]:
            files = self.repositories[volume["source"]].at(volume["revision"])
            for name, content in files.items():
                if name.startswith(f"{volume['path']}/"):
                    file = folder / "mount" / name.removeprefix(f"{volume['path']}/")
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(content)
            mount = str(folder / "mount")
            command = [part.replace(volume["mountPath"], mount) for part in command]
        env = {name: os.environ[name] for name in ("PATH", "HOME", "OMP_NUM_THREADS")}
        env |= job.spec["environment"] | job.spec["secrets"]
        env |= {"HF_ENDPOINT": self.address, "TMPDIR": str(folder)}
        with (folder / "log").open("wb") as log:
            job.process = subprocess.Popen(
                command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
            )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def reply(self, told: object, *, status: int = 200) -> None:
        self.send(json.dumps(told).encode(), {"Content-Type": "application/json"}, status)

    def stream(self, lines: list[str]) -> None:
        text = "".join(f"data: {line}\n\n" for line in lines)
        self.send(text.encode(), {"Content-Type": "text/event-stream"}, 200)

    def send(self, content: bytes, headers: dict[str, str], status: int) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _file(request: _Handler, repository: Repository, revision: str, path: str) -> None:
    content = repository.at(revision).get(path)
    if content is None:
        headers = {"X-Error-Code": "EntryNotFound"}
        return request.send(b"", headers, 404)
    name = repository.head if revision == "main" else revision
    headers = {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": name}
    return request.send(content, headers, 200)


def _oid(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    """A hub for the time of a test."""
    hub = Hub(folder)
    try:
        yield hub
    finally:
        hub.close()
