"""The routes of the listening page: the page itself, JSON for it, and sounds by opaque token.

Whatever is answered with status 200 was written durably before. 401: this browser or code is not
known; 404: no such study; 410: withdrawn; 413, 422: the request can't be; 429 and 503: come again
after the seconds of Retry-After. Each error has {"error": a sentence}.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from emostudio.storage import authored
from emostudio.storage.errors import BrokenRuleError
from emostudio.studies import taking
from emostudio.web.listener.limits import Addresses, Limit

if TYPE_CHECKING:
    from emostudio.settings import Settings
    from emostudio.storage.database import Database
    from emostudio.storage.sounds import Sounds

log = logging.getLogger(__name__)
ASSETS = Path(__file__).resolve().parents[3] / "assets"
MAX_BODY = 2**18  # bytes
MAX_ANSWERS = 20  # a request
ANSWERS_PER_MINUTE = 60
EVENTS_PER_MINUTE = 30  # requests
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Given = dict[str, Any]


class _RefusedError(Exception):
    """A request that is answered with a status and a sentence, and perhaps a time to wait."""

    def __init__(self, status: int, sentence: str, wait_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {"Retry-After": str(math.ceil(wait_s))} if wait_s else {}


def routes(database: Database, sounds: Sounds, settings: Settings) -> list[Route]:
    """Return the routes of the listening page, to be put before those of Gradio.

    Args:
        database: where studies and answers are.
        sounds: where the clips are.
        settings: `starts_per_minute` is used.
    """
    starts, addresses = Limit(settings.starts_per_minute), Addresses()
    answers, events = Limit(ANSWERS_PER_MINUTE), Limit(EVENTS_PER_MINUTE)

    async def state(request: Request) -> Given:
        slug, token = request.path_params["slug"], _token(request, {})
        if token:
            return await run_in_threadpool(taking.state, database, slug, token)
        return await run_in_threadpool(taking.about, database, slug)

    async def start(request: Request) -> Given:
        given = await _body(request)
        _pass(starts, addresses.key(_address(request)))
        session = await run_in_threadpool(
            taking.start,
            database,
            request.path_params["slug"],
            str(given.get("consent_hash")),
            headphones=given.get("headphones"),
            external_id=given.get("external_id", ""),
            code=given.get("code", ""),
        )
        return {"token": session.token, "code": session.code, "state": session.state}

    async def resume(request: Request) -> Given:
        given = await _body(request)
        session = await run_in_threadpool(
            taking.resume, database, request.path_params["slug"], given.get("code", "")
        )
        return {"token": session.token, "code": session.code, "state": session.state}

    async def responses(request: Request) -> Given:
        given = await _body(request)
        token, several = _token(request, given), given.get("answers")
        if not isinstance(several, list) or not 0 < len(several) <= MAX_ANSWERS:
            raise _RefusedError(422, f"Send 1 to {MAX_ANSWERS} answers at a time.")
        _pass(answers, _key(token), len(several))
        slug = request.path_params["slug"]
        return {"results": await run_in_threadpool(_answer_all, database, slug, token, several)}

    async def happened(request: Request) -> Given:
        given = await _body(request)
        token, several = _token(request, given), given.get("events")
        _pass(events, _key(token))
        several = several if isinstance(several, list) else []
        slug = request.path_params["slug"]
        return {"kept": await run_in_threadpool(taking.events, database, slug, token, several)}

    async def finish(request: Request) -> Given:
        given = await _body(request)
        skipped = given.get("skipped")
        code = await run_in_threadpool(
            taking.finish,
            database,
            request.path_params["slug"],
            _token(request, given),
            comment=given.get("comment", ""),
            skipped=[str(one) for one in skipped] if isinstance(skipped, list) else (),
        )
        return {"completion_code": code}

    async def withdraw(request: Request) -> Given:
        given = await _body(request)
        slug = request.path_params["slug"]
        token = await run_in_threadpool(taking.withdraw, database, slug, given.get("code", ""))
        return {"withdrawn": True, "token": token}

    def sound(request: Request) -> Response:
        token = request.path_params["token"]
        try:
            with database.read() as rows:
                clip = authored.stimulus_by_token(rows, token)
                study = clip and authored.study_by_id(rows, clip.study_id)
                if clip is None or study is None or study.state == "draft":
                    return JSONResponse({"error": "There is no such sound."}, 404)
                path = sounds.path(clip.served_sha256)
        except (ValueError, OSError) as error:
            log.error("a sound can't be served: %s", error)
            return JSONResponse({"error": "This sound is missing here."}, 503)
        # The times of files would tell which clips were made together.
        headers = {
            "Cache-Control": "private, max-age=86400, immutable",
            "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
            "ETag": f'"{token}"',
        }
        return FileResponse(path, media_type="audio/wav", headers=headers)

    posts = {
        "start": start,
        "resume": resume,
        "responses": responses,
        "events": happened,
        "finish": finish,
        "withdraw": withdraw,
    }
    return [
        Route("/t/{slug}", _page),
        Route("/t/{slug}/state", _told(state)),
        *(
            Route(f"/t/{{slug}}/{name}", _told(act), methods=["POST"])
            for name, act in posts.items()
        ),
        Route("/sounds/{token}", sound),
        Route("/listener/{name}", _asset),
    ]


def _answer_all(database: Database, slug: str, token: str, several: list[Any]) -> list[Given]:
    """Write answers one by one: one that can't be keeps none of the others away."""
    results = []
    for given in several:
        known = given if isinstance(given, dict) else {}
        try:
            results.append(taking.answer(database, slug, token, known))
        except (taking.NoAnswerError, BrokenRuleError) as error:
            # Nothing else is a verdict on the answer: the browser keeps it and tries again.
            uid = known.get("response_uid")
            results.append({"response_uid": uid, "stored": False, "error": str(error)})
    return results


def _told(
    act: Callable[[Request], Awaitable[Given]],
) -> Callable[[Request], Awaitable[Response]]:
    """Make an endpoint of what returns JSON, its errors told in words."""

    async def endpoint(request: Request) -> Response:
        headers = {"Cache-Control": "no-store"}
        try:
            return JSONResponse(await act(request), headers=headers)
        except _RefusedError as refused:
            status, error = refused.status, refused
            headers |= refused.headers
        except taking.UnknownStudyError as unknown:
            status, error = 404, unknown
        except taking.UnknownListenerError as unknown:
            status, error = 401, unknown
        except taking.WithdrawnError as withdrawn:
            status, error = 410, withdrawn
        except ValueError as wrong:
            status, error = 422, wrong
        except OSError as down:
            log.error("an answer can't be written now: %s", down)
            status, error = 503, "The server can't save right now. It is tried again."
            headers["Retry-After"] = "3"
        return JSONResponse({"error": str(error)}, status, headers)

    return endpoint


def _page(_request: Request) -> Response:
    return FileResponse(ASSETS / "listen" / "listen.html", headers=PAGE_HEADERS)


def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    files = {path.name: path for path in (*(ASSETS / "listen").iterdir(), ASSETS / "logo.svg")}
    if name not in files:
        return JSONResponse({"error": "There is no such file."}, 404)
    return FileResponse(files[name], headers=PAGE_HEADERS)


async def _body(request: Request) -> Given:
    """Read a JSON object, whatever the request says of its type: a beacon says nothing."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise _RefusedError(413, "The request is too long. Send fewer answers at a time.")
    try:
        given = json.loads(bytes(body), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _RefusedError(422, "The request is no JSON object.") from None
    if not isinstance(given, dict):
        raise _RefusedError(422, "The request is no JSON object.")
    return given


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _token(request: Request, given: Given) -> str:
    """Return the token of a request; a beacon can't send headers and has it inside."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    return str(given.get("token") or "")


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _address(request: Request) -> str:
    # A Space stands behind a proxy; what a proxy says is believed nowhere else.
    if os.environ.get("SPACE_ID") and (told := request.headers.get("x-forwarded-for")):
        return told.split(",")[0].strip()
    return request.client.host if request.client else ""


def _pass(limit: Limit, key: bytes, count: int = 1) -> None:
    if wait_s := limit.wait_s(key, count):
        raise _RefusedError(429, f"Too many at once. Wait {math.ceil(wait_s)} seconds.", wait_s)
