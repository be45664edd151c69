"""Who gets in: the right token, a listed account, nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from emostudio.settings import Settings
from emostudio.web.admin.guard import COOKIE, LASTS_S, Authority
from emostudio.web.admin.hugging_face import Provider
from emostudio.web.admin.mount import mounted
from tests.web.admin.provider import provider_of

TOKEN = "a long enough token"
HOME = "https://testserver"
HERE = {"Origin": HOME}


def pages() -> gr.Blocks:
    with gr.Blocks(analytics_enabled=False) as demo:
        name = gr.Textbox()
        name.change(lambda text: text, name, name)
    return demo


def visitor(authority: Authority) -> TestClient:
    async def secret(request: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    more = [Route("/secret", secret, methods=["GET", "POST"])]
    routes, _ = mounted(pages, authority, routes=more, looks={})
    return TestClient(Starlette(routes=routes), base_url=HOME, follow_redirects=False)


@pytest.fixture
def anyone() -> TestClient:
    return visitor(Authority(TOKEN))


@pytest.fixture
def administrator(anyone: TestClient) -> TestClient:
    assert anyone.post("/admin/login", data={"token": TOKEN}, headers=HERE).status_code == 303
    return anyone


def test_the_token_opens_the_pages(administrator: TestClient) -> None:
    assert administrator.get("/admin/secret").text == "secret"


def test_a_browser_without_a_cookie_is_shown_where_to_sign_in(anyone: TestClient) -> None:
    answer = anyone.get("/admin/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login")


@pytest.mark.parametrize("given", ["", "a long enough toke", "A long enough token", TOKEN * 2])
def test_a_wrong_token_opens_nothing(anyone: TestClient, given: str) -> None:
    answer = anyone.post("/admin/login", data={"token": given}, headers=HERE)
    assert answer.status_code == 403
    assert "not the token" in answer.text
    assert anyone.get("/admin/secret").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(anyone: TestClient) -> None:
    answer = anyone.post("/admin/login", data={"token": TOKEN}, headers=HERE)
    parts = answer.headers["set-cookie"].lower().split("; ")
    assert {"httponly", "samesite=lax", "secure", "path=/"} <= set(parts)
    assert TOKEN not in answer.headers["set-cookie"]


def test_a_forged_cookie_opens_nothing(anyone: TestClient) -> None:
    real = Authority(TOKEN).cookie("administrator")
    actor, until, seal = real.split(".")
    forged = (
        Authority("another long token").cookie("administrator"),
        f"{actor}.{int(until) + 1}.{seal}",
        f"@someone.{until}.{seal}",
        f"{actor}.{until}.",
        f"{actor}.{until}",
        seal,
        "..",
    )
    for cookie in forged:
        anyone.cookies.set(COOKIE, cookie)
        assert anyone.get("/admin/secret").status_code == 401, cookie
        anyone.cookies.clear()


def test_a_cookie_ends_after_its_time() -> None:
    authority = Authority(TOKEN)
    now = 1_000_000_000.0
    assert authority.actor_of({COOKIE: authority.cookie("administrator", now)}) is None
    assert authority.actor_of({COOKIE: authority.cookie("administrator")}) == "administrator"
    assert LASTS_S == 12 * 3600


def test_a_changed_token_ends_every_session() -> None:
    cookie = Authority(TOKEN).cookie("administrator")
    assert Authority("yet another token").actor_of({COOKIE: cookie}) is None


def test_signing_out_takes_the_cookie_away(administrator: TestClient) -> None:
    administrator.post("/admin/logout", headers=HERE)
    assert administrator.get("/admin/secret").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://a.testserver"},
    ],
)
def test_another_site_can_not_make_an_administrator_do_anything(
    administrator: TestClient, headers: dict[str, str]
) -> None:
    assert administrator.post("/admin/secret", headers=headers).status_code == 403
    assert administrator.post("/admin/secret", headers=HERE).text == "secret"


def test_a_proxy_that_changes_the_host_stops_no_modern_browser(administrator: TestClient) -> None:
    headers = {"Origin": "https://outside.example", "Sec-Fetch-Site": "same-origin"}
    assert administrator.post("/admin/secret", headers=headers).text == "secret"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"EMOSTUDIO_ADMIN_TOKEN": "short"},
        {"EMOSTUDIO_ADMIN_USERS": "ada"},  # an account needs the login of a Space
        {"SPACE_ID": "lab/studio", "EMOSTUDIO_ADMIN_USERS": "ada"},  # without hf_oauth
    ],
)
def test_where_nobody_is_named_all_is_closed_and_says_how_to_open_it(
    environ: dict[str, str],
) -> None:
    anyone = visitor(Authority.of(Settings.from_env(environ), environ))
    page = anyone.get("/admin/login")
    assert page.status_code == 403
    assert "EMOSTUDIO_ADMIN_TOKEN" in page.text
    assert "<form" not in page.text
    for token in ("", environ.get("EMOSTUDIO_ADMIN_TOKEN", "")):
        answer = anyone.post("/admin/login", data={"token": token}, headers=HERE)
        assert (answer.status_code, answer.cookies) == (403, {})
    refused = anyone.get("/admin/secret")
    assert refused.status_code == 401
    assert "EMOSTUDIO_ADMIN_TOKEN" in json.loads(refused.text)["detail"]


# --- accounts ----------------------------------------------------------------------------------

OAUTH = {
    "SPACE_ID": "lab/studio",
    "SPACE_HOST": "testserver",
    "OAUTH_CLIENT_ID": "client",
    "OAUTH_CLIENT_SECRET": "of the space",
    "OPENID_PROVIDER_URL": "",
    "EMOSTUDIO_ADMIN_USERS": "ada, Grace",
}


@pytest.fixture
def space(request: pytest.FixtureRequest) -> Iterator[TestClient]:
    """A Space; the account of the parameter is signed in at the provider."""
    with provider_of(request.param) as url:
        environ = OAUTH | {"OPENID_PROVIDER_URL": url}
        yield visitor(Authority.of(Settings.from_env(environ), environ))


def come_back(visitor: TestClient, code: str = "good") -> int:
    """Go to the provider and come back with a code, and return the status."""
    away = visitor.get("/admin/login/account")
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{HOME}/admin/login/callback"]
    back = {"code": code, "state": asked["state"][0]}
    return visitor.get("/admin/login/callback", params=back).status_code


@pytest.mark.parametrize("space", ["ada", "grace"], indirect=True)
def test_a_listed_account_gets_in(space: TestClient) -> None:
    assert come_back(space) == 303
    assert space.get("/admin/secret").text == "secret"


@pytest.mark.parametrize("space", ["eve", "", "administrator", "ada.1"], indirect=True)
def test_another_account_does_not(space: TestClient) -> None:
    assert come_back(space) == 403
    assert space.get("/admin/secret").status_code == 401


@pytest.mark.parametrize("space", ["ada"], indirect=True)
def test_a_false_code_or_a_return_that_nobody_left_for_does_not(space: TestClient) -> None:
    assert come_back(space, code="false") == 403
    back = {"code": "good", "state": "made up"}
    assert space.get("/admin/login/callback", params=back).status_code == 403
    assert space.get("/admin/secret").status_code == 401


def test_an_account_taken_off_the_list_is_out() -> None:
    provider = Provider("client", "of the space", "https://provider.example", HOME)
    cookie = Authority(users=("ada", "eve"), provider=provider).cookie("@eve")
    assert Authority(users=("ada", "eve"), provider=provider).actor_of({COOKIE: cookie}) == "@eve"
    assert Authority(users=("ada",), provider=provider).actor_of({COOKIE: cookie}) is None


def test_outside_a_space_there_is_no_button_of_hugging_face() -> None:
    at_home = OAUTH | {"SPACE_ID": "", "EMOSTUDIO_ADMIN_TOKEN": TOKEN}
    page = visitor(Authority.of(Settings.from_env(at_home), at_home)).get("/admin/login")
    assert "Hugging Face" not in page.text
    assert "<form" in page.text
