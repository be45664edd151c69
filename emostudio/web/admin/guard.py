"""Who may open /admin, and the gate before everything below it.

An administrator signs in with the token of EMOSTUDIO_ADMIN_TOKEN or, in a Space, with a Hugging
Face account named in EMOSTUDIO_ADMIN_USERS. The browser then holds a signed cookie; nothing is kept
here, and a changed token ends every session. With neither set, /admin is closed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response

from emostudio.web.admin.hugging_face import Provider

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from emostudio.settings import Settings

COOKIE = "emostudio-admin"
LASTS_S = 12 * 60 * 60
MIN_TOKEN = 12  # characters; a shorter one could be guessed
BY_TOKEN = "administrator"
SIGN_IN = "/login"
TO_ACCOUNT, FROM_ACCOUNT = f"{SIGN_IN}/account", f"{SIGN_IN}/callback"
READS = ("GET", "HEAD", "OPTIONS")
NOBODY = "Only administrators may do this. Sign in at /admin/login, then try again."
ELSEWHERE = (
    "This came from another page than /admin, and was not done. Open /admin itself and try again; "
    "a proxy in front of EmoStudio has to pass the Host header on."
)
HOW_TO_OPEN = (
    "Set the variable EMOSTUDIO_ADMIN_TOKEN to a long random text (in a Space: a secret), or in a "
    "Space with hf_oauth the variable EMOSTUDIO_ADMIN_USERS to the names of Hugging Face accounts, "
    "and restart EmoStudio."
)


@dataclass(frozen=True)
class Authority:
    """Decides who is an administrator; `why_closed` is empty where anybody can be one."""

    token: str = field(default="", repr=False)
    users: tuple[str, ...] = ()
    provider: Provider | None = None

    @classmethod
    def of(cls, settings: Settings, environ: Mapping[str, str] | None = None) -> Authority:
        """Read who may sign in; Hugging Face's login exists in a Space alone."""
        provider = Provider.of_space(os.environ if environ is None else environ)
        return cls(settings.admin_token, settings.admin_users, provider)

    @property
    def by_account(self) -> bool:
        """Whether one may sign in with a Hugging Face account."""
        return self.provider is not None and bool(self.users)

    @property
    def why_closed(self) -> str:
        """Why nobody may sign in, and how to change that."""
        if self.token and len(self.token) < MIN_TOKEN:
            return (
                f"The administrators' pages are closed: EMOSTUDIO_ADMIN_TOKEN is shorter than "
                f"{MIN_TOKEN} characters and could be guessed. {HOW_TO_OPEN}"
            )
        if not self.token and not self.by_account:
            return f"The administrators' pages are closed. {HOW_TO_OPEN}"
        return ""

    def admits(self, token: str) -> bool:
        """Whether this is the token; takes as long for a wrong one as for the right one."""
        return (
            bool(self.token)
            and not self.why_closed
            and hmac.compare_digest(token.strip().encode(), self.token.encode())
        )

    def admits_account(self, name: str) -> bool:
        """Whether a Hugging Face account is on the list."""
        return (
            self.by_account
            and not self.why_closed
            and name.casefold() in {user.casefold() for user in self.users}
        )

    def cookie(self, actor: str, now: float | None = None) -> str:
        """Return what the browser of an administrator holds."""
        until = int((time.time() if now is None else now) + LASTS_S)
        return f"{actor}.{until}.{self._seal(f'{actor}.{until}')}"

    def actor_of(self, cookies: Mapping[str, str]) -> str | None:
        """Return who signed in, or None where the cookie is missing, forged or expired."""
        body, _, seal = cookies.get(COOKIE, "").rpartition(".")
        if self.why_closed or not hmac.compare_digest(seal.encode(), self._seal(body).encode()):
            return None
        actor, _, until = body.rpartition(".")
        if int(until) < time.time():
            return None
        by_token = actor == BY_TOKEN and bool(self.token)
        return actor if by_token or self.admits_account(actor.removeprefix("@")) else None

    def _seal(self, body: str) -> str:
        secret = self.provider.client_secret if self.provider else ""
        key = hashlib.sha256(f"{self.token}\n{secret}".encode()).digest()
        return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()


class Guard:
    """Lets nothing but the sign-in page pass without an administrator's cookie.

    It stands before the whole app, so that a route or an event that is added later is behind it,
    too. What changes something has to come from a page of this very address.
    """

    def __init__(self, app: ASGIApp, authority: Authority) -> None:
        """Stand before `app`."""
        self.app, self.authority = app, authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a refusal."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if scope["type"] == "websocket":  # there is none here
            return
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        connection = HTTPConnection(scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["method"] not in READS and not _from_here(connection):
            return JSONResponse({"detail": ELSEWHERE}, status_code=403)
        if path in (SIGN_IN, TO_ACCOUNT, FROM_ACCOUNT):
            return None
        if self.authority.actor_of(connection.cookies) is not None:
            return None
        if scope["method"] == "GET" and "text/html" in connection.headers.get("accept", ""):
            return RedirectResponse(f"{scope.get('root_path', '')}{SIGN_IN}", status_code=303)
        return JSONResponse({"detail": self.authority.why_closed or NOBODY}, status_code=401)


def _from_here(connection: HTTPConnection) -> bool:
    """Whether a browser sent it from a page of this address; it tells in one of two headers."""
    headers = connection.headers
    if headers.get("sec-fetch-site") == "same-origin":
        return True
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == headers.get("host")
