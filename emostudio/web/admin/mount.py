"""Puts /admin beside the pages that everybody may use: same port, its own app, its own gate."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import gradio as gr
from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route

from emostudio.web.admin import sign_in
from emostudio.web.admin.guard import Authority, Guard

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request
    from starlette.responses import Response

PATH = "/admin"
Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


def mounted(
    build: Callable[[], gr.Blocks],
    authority: Authority,
    *,
    routes: Sequence[BaseRoute] = (),
    looks: dict[str, Any],
) -> tuple[list[BaseRoute], Lifespan]:
    """Return the routes of /admin, and the lifespan without which its queue never runs.

    Args:
        build: makes the pages; where nobody may sign in they are not even made.
        authority: who may sign in.
        routes: more routes behind the gate, downloads for instance, below /admin.
        looks: what `gr.mount_gradio_app` is told about theme, styles, scripts and limits.
    """
    shell = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    shell.router.routes.extend(sign_in.routes(authority))
    if not authority.why_closed:
        shell.router.routes.extend(routes)

        def who(request: HTTPConnection) -> str | None:
            return authority.actor_of(request.cookies)

        with warnings.catch_warnings():
            # Gradio says so of every app of several pages, asked for or not.
            warnings.filterwarnings("ignore", message="SSR mode is not supported")
            # The gate decides; this tells the events who they work for: gr.Request.username.
            gr.mount_gradio_app(
                shell,
                build(),
                path="/",
                auth_dependency=who,
                footer_links=[],
                run_history=False,
                show_error=False,
                enable_monitoring=False,
                **looks,
            )

    async def enter(request: Request) -> Response:
        return RedirectResponse(f"{PATH}/", status_code=307)

    gate = Mount(PATH, Guard(shell, authority))
    return [Route(PATH, enter, methods=["GET"]), gate], shell.router.lifespan_context
