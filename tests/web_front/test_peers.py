"""Only a trusted proxy is believed, and what came through any proxy is never the booth's own screen."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import SITE
from web.front.peers import PROXIED, address, believe, is_among

PROXY, CLIENT = "10.0.0.1", "203.0.113.7"


def seen(peer: str, trusted: tuple[str, ...] = (PROXY,), protocol: str = "HTTP/1.1", **headers: str) -> dict[str, Any]:
    environ = {"REMOTE_ADDR": peer, "SERVER_PROTOCOL": protocol, "wsgi.url_scheme": "http", "HTTP_HOST": "gate"}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    believe(environ, trusted)
    return environ


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (CLIENT, CLIENT),
        (f"198.51.100.1, {CLIENT}", CLIENT),
        (f"127.0.0.1, {CLIENT}, {PROXY}", CLIENT),
        (f"{CLIENT}:51000", CLIENT),
        ("[2001:db8::7]:51000", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("unknown", PROXY),
        (f"{CLIENT}, what", PROXY),
        ("", PROXY),
        (PROXY, PROXY),
    ],
)
def test_of_a_trusted_proxy_the_nearest_stranger_of_its_chain_counts(chain: str, client: str) -> None:
    assert seen(PROXY, x_forwarded_for=chain)["REMOTE_ADDR"] == client


def test_scheme_and_name_are_taken_over_from_a_trusted_proxy() -> None:
    found = seen(PROXY, x_forwarded_proto="https", x_forwarded_host="gate.example.org")
    assert (found["wsgi.url_scheme"], found["HTTP_HOST"]) == ("https", "gate.example.org")


@pytest.mark.parametrize("scheme", ["ftp", "", "javascript"])
def test_another_scheme_is_ignored(scheme: str) -> None:
    assert seen(PROXY, x_forwarded_proto=scheme)["wsgi.url_scheme"] == "http"


def test_of_anybody_else_they_only_mean_that_the_request_was_forwarded() -> None:
    found = seen(CLIENT, x_forwarded_for="127.0.0.1", x_forwarded_proto="https", x_forwarded_host="127.0.0.1")
    assert (found["REMOTE_ADDR"], found["wsgi.url_scheme"], found["HTTP_HOST"]) == (CLIENT, "http", "gate")
    assert found[PROXIED]


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded", "Forwarded-For", "X-Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Original-Forwarded-For",
        "Via", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Connecting-IPv6",
        "Fly-Client-IP", "X-Cluster-Client-IP", "X-ProxyUser-Ip", "Fastly-Client-IP", "X-Azure-ClientIP",
        "X-Appengine-User-IP", "X-Envoy-External-Address", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr",
        "WL-Proxy-Client-IP", "CDN-Loop",
    ],
)  # fmt: skip
def test_each_header_of_a_proxy_is_a_sign(name: str) -> None:
    assert seen("127.0.0.1", (), **{name.replace("-", "_"): "203.0.113.7"})[PROXIED]


@pytest.mark.parametrize(
    "name", ["User-Agent", "Host", "Accept", "Origin", "Referer", "Sec-Fetch-Site", "DNT", "Cookie", "X-CSRF-Token",
             "Upgrade-Insecure-Requests", "Sec-CH-UA", "Authorization", "Priority", "Idempotency-Key"],
)  # fmt: skip
def test_a_header_of_a_browser_is_none(name: str) -> None:
    assert not seen("127.0.0.1", (), **{name.replace("-", "_"): "x"})[PROXIED]


@pytest.mark.parametrize("trusted", [("10.0.0.0/8",), ("192.0.2.1", "10.0.0.1"), ("::/0", "10.0.0.1/32")])
def test_a_network_of_proxies_is_trusted(trusted: tuple[str, ...]) -> None:
    assert seen(PROXY, trusted, x_forwarded_for=CLIENT)["REMOTE_ADDR"] == CLIENT


def test_what_a_trusted_proxy_sends_without_a_sign_is_proxied_too() -> None:
    assert seen(PROXY)[PROXIED] and not seen(CLIENT)[PROXIED]


def test_a_program_that_speaks_the_old_protocol_counts_as_a_proxy() -> None:
    assert seen("127.0.0.1", (), "HTTP/1.0")[PROXIED]


@pytest.mark.parametrize(("text", "found"), [("::ffff:10.0.0.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.1"), ("x", "None")])
def test_an_address_is_known_in_either_way_of_writing(text: str, found: str) -> None:
    assert str(address(text)) == found


def test_a_network_that_is_none_holds_nobody() -> None:
    assert not is_among(address(PROXY), ("10.0.0.0/99",)) and not is_among(None, ("10.0.0.0/8",))


# ---- what hangs on it ---------------------------------------------------------------------------------------------


@pytest.fixture
def behind(directory: DataDirectory, client: FlaskClient) -> FlaskClient:
    """An application that trusts a proxy on its own machine."""
    gateway = {"id": "gw1", "http": {"trusted_proxies": ["127.0.0.1"], "names": ["gate.example.org"]}}
    directory.save_site({**SITE, "gateway": gateway})
    return client


def through(client: FlaskClient, path: str, method: str = "GET", **more: Any) -> TestResponse:
    headers = {
        "X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "gate.example.org",
        **more.pop("headers", {}),
    }  # fmt: skip
    return client.open(path, method=method, headers=headers, **more)


def test_behind_tls_cookies_are_secure(behind: FlaskClient, engine: EngineStandIn) -> None:
    answer = through(behind, "/sign-in", "POST", data={"name": "Lin", "pin": "2468"})
    cookies = answer.headers.getlist("Set-Cookie")
    assert answer.status_code == 303 and cookies and all("Secure" in cookie for cookie in cookies)
    look = through(behind, "/guard/look", "POST", data={"lang": "en", "csrf": ""})
    assert all("Secure" in cookie for cookie in look.headers.getlist("Set-Cookie"))


def test_without_tls_they_are_not(client: FlaskClient, engine: EngineStandIn) -> None:
    answer = client.post("/sign-in", data={"name": "Lin", "pin": "2468"}, headers={"X-Forwarded-Proto": "https"})
    assert not any("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


def test_a_form_of_the_proxied_page_is_of_the_same_origin(behind: FlaskClient, engine: EngineStandIn) -> None:
    headers = {"Origin": "https://gate.example.org", "Sec-Fetch-Site": "same-origin"}
    assert through(behind, "/sign-in", "POST", data={"name": "Lin", "pin": "2468"}, headers=headers).status_code == 303


def test_wrong_pins_through_a_proxy_count_for_the_client_and_not_for_the_proxy(
    behind: FlaskClient, app: Flask, engine: EngineStandIn
) -> None:
    through(behind, "/sign-in", "POST", data={"name": "Nobody", "pin": "1"})
    lockout = app.extensions["gatehouse"].database.rows("SELECT key FROM lockout")
    assert lockout == [(f"address:{CLIENT}",)]


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.9", {}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 401),
        ("10.0.0.9", {"X-Forwarded-For": "127.0.0.1"}, 401),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 401),
        ("127.0.0.1", {"Via": "1.1 proxy"}, 401),
    ],
)
def test_metrics_need_no_token_only_for_a_program_on_this_machine(
    client: FlaskClient, engine: EngineStandIn, peer: str, headers: dict[str, str], status: int
) -> None:
    assert client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer}).status_code == status


@pytest.mark.parametrize("chain", ["127.0.0.1", f"{CLIENT}, 127.0.0.1", ""])
def test_nor_for_one_that_a_trusted_proxy_says_is_here(behind: FlaskClient, engine: EngineStandIn, chain: str) -> None:
    assert behind.get("/metrics", headers={"X-Forwarded-For": chain}).status_code == 401
