"""Whatever the administrators' app answers to, it refuses to anybody else.

The endpoints are read from the app as it is at the time of the test: a new one can't be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from starlette.routing import Mount
from starlette.testclient import TestClient

from emostudio.web import build_app, launch_options
from emostudio.web.admin.guard import COOKIE, Authority
from tests.web.admin.conftest import TOKEN

HOME = "http://testserver"
HERE = {"Origin": HOME}
OPEN = {
    *((method, path) for method in ("GET", "HEAD") for path in ("/admin", "/admin/login")),
    ("POST", "/admin/login"),
}
Endpoint = tuple[str, str]


@pytest.fixture(scope="module")
def app(studio: Any) -> Iterator[Any]:
    """The app that `demo.launch` serves, without a server."""
    demo = build_app(studio)
    made = gr.routes.App.create_app(demo, app_kwargs=launch_options(studio)["app_kwargs"])
    with TestClient(made):  # its lifespan starts the queues
        yield made


@pytest.fixture
def anyone(app: Any) -> TestClient:
    return TestClient(app, base_url=HOME, follow_redirects=False)


@pytest.fixture
def administrator(anyone: TestClient) -> TestClient:
    anyone.cookies.set(COOKIE, Authority(TOKEN).cookie("administrator"))
    return anyone


def routes_of(routes: Any, before: str = "") -> Iterator[Endpoint]:
    """Every method and path, of routers and apps inside as well."""
    for route in routes:
        path = before + getattr(route, "path", "")
        inside = getattr(route, "original_router", None) or getattr(route, "app", None)
        while inside is not None and not hasattr(inside, "routes"):
            inside = getattr(inside, "app", None)  # a gate before it
        if getattr(route, "methods", None):
            yield from ((method, path) for method in route.methods)
        elif inside is not None:
            yield from routes_of(inside.routes, path)


def admin_blocks(app: Any) -> gr.Blocks:
    shell = next(r for r in app.routes if isinstance(r, Mount) and r.path == "/admin").app.app
    return next(r for r in shell.routes if isinstance(r, Mount)).app.get_blocks()


def calls(app: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every way to run every event of the pages."""
    found = []
    for number, event in admin_blocks(app).fns.items():
        body = {
            "data": ["x"] * len(event.inputs),
            "fn_index": number,
            "session_hash": "abc",
            "trigger_id": 1,
        }
        name = event.api_name
        found.append(("/admin/gradio_api/queue/join", body))
        found.append(("/admin/gradio_api/run/predict", body))
        if name:
            found += [
                (f"/admin/gradio_api/run/{name}", body),
                (f"/admin/gradio_api/api/{name}", body),
                (f"/admin/gradio_api/call/{name}", body),
                (f"/admin/gradio_api/call/v2/{name}", body),
            ]
    return found


def every(app: Any) -> list[Endpoint]:
    found = [one for one in routes_of(app.routes) if one[1].startswith("/admin")]
    return [(method, re.sub(r"\{[^}]*\}", "x", path)) for method, path in found]


def test_the_walk_meets_what_is_there(app: Any) -> None:
    met = {path for _, path in every(app)}
    for path in (
        "/",
        "/study",
        "/results",
        "/config",
        "/files/backup.zip",
        "/files/x/answers.csv",
        "/training",
        "/job",
        "/models",
        "/status",
        "/files/models/x.zip",
        "/files/jobs/x/takes/x",
        "/files/jobs/x/blind/x",
        "/gradio_api/info",
        "/gradio_api/upload",
        "/gradio_api/queue/join",
        "/gradio_api/queue/data",
        "/gradio_api/stream/x",
        "/gradio_api/file=x",
        "/gradio_api/heartbeat/x",
        "/gradio_api/component_server",
        "/gradio_api/cancel",
        "/static/x",
    ):
        assert f"/admin{path}" in met, path
    assert len(admin_blocks(app).fns) > 20


def test_every_endpoint_refuses_anybody(app: Any, anyone: TestClient) -> None:
    passed = []
    for method, path in every(app):
        if (method, path) in OPEN:
            continue
        answer = anyone.request(method, path, headers=HERE)
        if answer.status_code != 401:
            passed.append((method, path, answer.status_code))
    assert not passed


def test_every_event_refuses_anybody(app: Any, anyone: TestClient) -> None:
    for path, body in calls(app):
        assert anyone.post(path, json=body, headers=HERE).status_code == 401, path


def test_a_forged_cookie_runs_no_event(app: Any, anyone: TestClient) -> None:
    anyone.cookies.set(COOKIE, Authority("another long token").cookie("administrator"))
    for path, body in calls(app):
        assert anyone.post(path, json=body, headers=HERE).status_code == 401, path


def test_another_site_runs_no_event_with_an_administrators_cookie(
    app: Any, administrator: TestClient
) -> None:
    elsewhere = {"Origin": "https://elsewhere.example"}
    for path, body in calls(app):
        assert administrator.post(path, json=body, headers=elsewhere).status_code == 403, path


def test_a_path_written_otherwise_gets_nobody_in(anyone: TestClient) -> None:
    for path in (
        "/admin//config",
        "/admin/./config",
        "/admin/login/../config",
        "/admin/login/%2e%2e/config",
        "/admin/%63onfig",
        "/admin/login/",
        "/admin/login/x",
        "/Admin/config",
    ):
        answer = anyone.get(path)
        assert "components" not in answer.text, path


def test_an_administrator_gets_what_others_do_not(administrator: TestClient) -> None:
    assert administrator.get("/admin/config").status_code == 200
    assert administrator.get("/admin/").status_code == 200
    assert administrator.get("/admin/files/backup.zip").status_code == 200


def test_the_public_app_does_not_know_the_administrators_pages(
    app: Any, anyone: TestClient
) -> None:
    public = {part["props"].get("elem_id") for part in anyone.get("/config").json()["components"]}
    assert "mixture" in public
    assert not {"freeze", "unlock", "exclude", "tray", "audit", "where"} & public
