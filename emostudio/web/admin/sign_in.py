"""The one page of /admin that is open: signing in, and out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from emostudio.web.admin.guard import (
    BY_TOKEN,
    COOKIE,
    FROM_ACCOUNT,
    LASTS_S,
    SIGN_IN,
    TO_ACCOUNT,
    Authority,
)
from emostudio.web.admin.hugging_face import Provider

if TYPE_CHECKING:
    from starlette.requests import Request

ASSETS = Path(__file__).resolve().parents[3] / "assets"
WRONG = "This is not the token. Copy it from where EMOSTUDIO_ADMIN_TOKEN is set."
NOT_LISTED = "The account '{}' is not among EMOSTUDIO_ADMIN_USERS. Add it there, then restart."


def routes(authority: Authority) -> list[Route]:
    """Return the routes of signing in and out, below where they are mounted."""

    def page(sentence: str = "", status: int = 200) -> HTMLResponse:
        return HTMLResponse(
            _drawn(authority, sentence or authority.why_closed),
            status_code=403 if authority.why_closed else status,
            headers={"Cache-Control": "no-store"},
        )

    def admitted(request: Request, actor: str) -> Response:
        response = RedirectResponse(f"{request.scope['root_path']}/", status_code=303)
        response.set_cookie(
            COOKIE,
            authority.cookie(actor),
            max_age=LASTS_S,
            httponly=True,
            secure=authority.provider is not None or request.url.scheme == "https",
            samesite="lax",
        )
        return response

    async def ask(request: Request) -> Response:
        return page()

    async def sign_in(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=4) as form:
            if not authority.admits(str(form.get("token", ""))):
                return page(WRONG, 403)
        return admitted(request, BY_TOKEN)

    async def sign_out(request: Request) -> Response:
        response = RedirectResponse(f"{request.scope['root_path']}{SIGN_IN}", status_code=303)
        response.delete_cookie(COOKIE)
        return response

    by_token = [
        Route(SIGN_IN, ask, methods=["GET"]),
        Route(SIGN_IN, sign_in, methods=["POST"]),
        Route("/logout", sign_out, methods=["POST"]),
    ]
    if authority.provider is None or not authority.by_account:
        return by_token
    return [*by_token, *_by_account(authority, authority.provider, page, admitted)]


def _by_account(
    authority: Authority,
    provider: Provider,
    page: Callable[[str, int], Response],
    admitted: Callable[[Request, str], Response],
) -> list[Route]:
    """Return the two ways: to Hugging Face, and back from there."""

    async def leave(request: Request) -> Response:
        return await provider.redirect(request, f"{request.scope['root_path']}{FROM_ACCOUNT}")

    async def come_back(request: Request) -> Response:
        try:
            name = await provider.account(request)
        except ValueError as error:
            return page(str(error), 403)
        if not authority.admits_account(name):
            return page(NOT_LISTED.format(name), 403)
        return admitted(request, f"@{name}")

    # In between a cookie keeps what Hugging Face has to repeat.
    session = Middleware(
        SessionMiddleware,
        secret_key=hashlib.sha256(provider.client_secret.encode()).hexdigest(),
        session_cookie="emostudio-sign-in",
        max_age=600,
        https_only=True,
    )
    return [
        Route(TO_ACCOUNT, leave, methods=["GET"], middleware=[session]),
        Route(FROM_ACCOUNT, come_back, methods=["GET"], middleware=[session]),
    ]


def _drawn(authority: Authority, sentence: str) -> str:
    """Draw the page; it works without scripts."""
    form = (
        "<form method='post'><label for='token'>Token</label>"
        "<input id='token' name='token' type='password' autocomplete='current-password' required"
        " autofocus><button>Sign in</button></form>"
    )
    account = (
        f"<p><a class='account' href='{TO_ACCOUNT.lstrip('/')}'>Sign in with Hugging Face</a></p>"
    )
    parts = [
        form if authority.token and not authority.why_closed else "",
        account if authority.by_account and not authority.why_closed else "",
    ]
    template = Template((ASSETS / "sign_in.html").read_text(encoding="utf-8"))
    said = f"<p class='said' role='alert'>{escape(sentence)}</p>" if sentence else ""
    return template.substitute(
        logo=(ASSETS / "logo.svg").read_text(encoding="utf-8"), said=said, ways="".join(parts)
    )
