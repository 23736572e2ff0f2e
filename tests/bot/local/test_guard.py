"""Nobody but the page itself, under its own names on this machine, is answered."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from bot.local.app import serve
from bot.local.guard import HEADERS
from tests.bot.local.browsing import Visit
from tests.bot.local.conftest import EMILY, Clinic


@pytest.fixture
def visit(clinic: Clinic) -> Iterator[Visit]:
    with Visit(clinic, EMILY) as found:
        yield found


def test_its_own_names_are_accepted_and_no_others(visit: Visit) -> None:
    port = visit.clinic.port
    for name in ("127.0.0.1", "localhost", "[::1]"):
        assert visit.client.get("/", headers={"Host": f"{name}:{port}"}).status_code == 200
    for foreign in (
        "evil.example",
        f"evil.example:{port}",
        f"127.0.0.1.evil.example:{port}",
        f"192.168.0.7:{port}",
        "127.0.0.1",
        f"localhost:{port + 1}",
        f"localhost.:{port}",
        "",
    ):
        for path in ("/", "/events", "/static/page.js"):
            assert visit.client.get(path, headers={"Host": foreign}).status_code == 403, foreign


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://127.0.0.1:{port}",
        "http://localhost:{port}",
        "http://127.0.0.1",
    ],
)
def test_a_foreign_origin_is_refused(visit: Visit, origin: str) -> None:
    headers = visit.headers | {"Origin": origin.format(port=visit.clinic.port)}
    answer = visit.client.post("/say", json={"as": EMILY, "in": EMILY, "text": "/help"}, headers=headers)
    assert answer.status_code == 403
    assert visit.client.get("/", headers={"Origin": headers["Origin"]}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_request_from_another_site_is_refused(visit: Visit, site: str) -> None:
    headers = visit.headers | {"Sec-Fetch-Site": site}
    for path in ("/say", "/press", "/submit", "/upload", "/clock", "/persona"):
        assert visit.client.post(path, json={}, headers=headers).status_code == 403
    for path in ("/events", "/log", "/message/1/file/0", "/static/page.js"):
        assert visit.client.get(path, headers={"Sec-Fetch-Site": site}).status_code == 403
    embedded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert visit.client.get("/", headers=embedded).status_code == 403
    framed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert visit.client.get("/", headers=framed).status_code == 403
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert visit.client.get("/", headers=link).status_code == 200


def test_without_the_token_of_this_process_nothing_is_done(visit: Visit) -> None:
    for token in (None, "", "wrong", "é"):
        headers = {n.encode(): v.encode() for n, v in visit.headers.items() if n != "X-Dasi-Token"}
        if token is not None:
            headers[b"X-Dasi-Token"] = token.encode("latin-1")
        said = visit.client.post("/say", json={"as": EMILY, "in": EMILY, "text": "/help"}, headers=headers)
        assert said.status_code == 403
    assert "/help</p>" not in visit.log()


def test_a_change_says_which_site_asks_for_it(visit: Visit) -> None:
    headers = {"X-Dasi-Token": visit.headers["X-Dasi-Token"]}
    assert visit.client.post("/clock", json={"to": "hour"}, headers=headers).status_code == 403
    assert visit.clinic.moved == []


def test_every_answer_carries_the_headers(visit: Visit) -> None:
    answers = [
        visit.client.get("/"),
        visit.client.get("/static/page.js"),
        visit.client.get("/nothing-here"),
        visit.client.get("/", headers={"Host": "evil.example"}),
        visit.post("/say", text="/help"),
    ]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    policy = answers[0].headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert answers[0].headers["x-frame-options"] == "DENY"
    assert answers[0].headers["cache-control"] == "no-store"


def test_an_answer_that_failed_carries_the_headers_too(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("bot.local.looking.reading", broken)
    answer = visit.client.get("/log", params={"as": EMILY, "in": EMILY})
    assert answer.status_code == 500
    assert "disk" not in answer.text
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_a_cookie_stays_with_the_page(visit: Visit) -> None:
    cookie = visit.client.get("/", params={"as": EMILY}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_the_page_has_nothing_that_its_policy_forbids(visit: Visit) -> None:
    for word in ("style=", "<style", "onclick", "onload=", "javascript:", "http://", "https://"):
        assert word not in visit.html
    assert visit.html.count("<script") == visit.html.count('type="application/json"') + 1


def test_static_files_stay_in_their_folder(visit: Visit) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/"):
        assert visit.client.get(path).status_code in (404, 405)


def test_the_page_is_not_served_beyond_this_machine() -> None:
    page = Starlette()
    page.state.loopback_only = True
    for host in ("0.0.0.0", "192.168.0.7", "::"):
        with pytest.raises(ValueError, match="this machine only"):
            asyncio.run(serve(page, host, 0))


def test_a_taken_port_is_an_os_error(clinic: Clinic) -> None:
    with pytest.raises(OSError, match="in use"):
        asyncio.run(serve(Starlette(), "127.0.0.1", clinic.port))


def test_other_methods_are_not_answered(visit: Visit) -> None:
    assert visit.client.get("/say").status_code == 405
    assert visit.client.put("/say", headers=visit.headers).status_code == 405
