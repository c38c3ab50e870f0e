"""Only the gateway's own names are answered, so that no other site's page can lead a browser to Stop."""

from __future__ import annotations

import html
import socket

import pytest
from flask.testing import FlaskClient

from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import SITE, Running
from web.front.names import host_name, is_ours
from web.words.texts import LOCALES, words

LOCAL = "192.168.1.5"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("gate.example.org", "gate.example.org"),
        ("Gate.Example.ORG.:8080", "gate.example.org"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]:8080", "::1"),
        ("", ""),
        ("a b", ""),
        ("gate.example.org, evil.example", ""),
        ("gate.example.org:80:80", ""),
        ("user@gate.example.org", ""),
        ("[::1", ""),
        ("gate.example.org/x", ""),
    ],
)
def test_a_host_header_is_a_name_and_a_port(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "127.9.9.9", "::1", LOCAL, f"::ffff:{LOCAL}", "gate.example.org", "10.9.9.9"]
)
def test_these_are_ours(name: str) -> None:
    assert is_ours(name, ("Gate.example.org", "10.9.9.9"), LOCAL)


def test_so_is_the_name_of_this_machine() -> None:
    name = socket.gethostname().lower()
    assert is_ours(name, (), LOCAL) and is_ours(f"{name.partition('.')[0]}.local", (), LOCAL)


@pytest.mark.parametrize(
    "name", ["evil.example", "192.168.1.6", "localhost.evil.example", "127.0.0.1.evil.example", "ample.org", "local"]
)
def test_these_are_not(name: str) -> None:
    assert not is_ours(name, ("gate.example.org",), LOCAL)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/api/v1/lanes", "/healthz", "/metrics", "/static/x/y.js"])
def test_another_name_gets_no_page_and_no_data(client: FlaskClient, engine: EngineStandIn, path: str) -> None:
    answer = client.get(path, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json["code"]) == (421, "host_unknown")
    assert "gateway.http.names" in answer.json["detail"]


def test_a_person_reads_it_in_both_languages(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Host": "evil.example", "Accept": "text/html"})
    assert answer.content_type.startswith("text/html")
    assert all(words(locale)("problem.421.do") in html.unescape(answer.text) for locale in LOCALES)


def test_it_presses_nothing(client: FlaskClient, engine: EngineStandIn) -> None:
    answer = client.post("/guard/stop", json={}, headers={"Host": "evil.example"})
    assert answer.status_code == 421 and engine.calls("lane.command") == []


def test_a_name_that_is_added_is_answered_at_once(client: FlaskClient, directory: DataDirectory) -> None:
    assert client.get("/sign-in", headers={"Host": "gate.example.org"}).status_code == 421
    directory.save_site({**SITE, "gateway": {"id": "gw1", "http": {"names": ["gate.example.org"]}}})
    assert client.get("/sign-in", headers={"Host": "gate.example.org:8443"}).status_code == 200


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("HTTP/1.1\r\nHost: 127.0.0.1", 200),
        ("HTTP/1.1", 400),
        ("HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example", 400),
        ("HTTP/1.1\r\nHost: ", 400),
        ("HTTP/1.0", 200),
        ("HTTP/1.0\r\nHost: evil.example", 421),
    ],
)
def test_over_the_wire(running: Running, lines: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as connection:
        connection.sendall(f"GET /sign-in {lines}\r\nConnection: close\r\n\r\n".encode())
        assert int(connection.recv(12)[9:]) == status


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://evil.example/sign-in", "localhost", 421),
        ("http://evil.example:8080/sign-in", "127.0.0.1", 421),
        ("HTTP://EVIL.example/sign-in", "localhost", 421),
        ("http://localhost@evil.example/sign-in", "localhost", 400),
        ("http:/sign-in", "localhost", 400),
        ("http:///sign-in", "localhost", 400),
        ("http://localhost/sign-in", "localhost", 200),
        ("http://localhost/sign-in", "evil.example", 200),
        ("http://[::1]:8080/sign-in", "localhost", 200),
        ("/sign-in", "localhost", 200),
    ],
)
def test_the_name_in_a_whole_address_counts_instead_of_the_host(
    running: Running, target: str, host: str, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert int(connection.recv(12)[9:]) == status


def test_a_whole_address_spares_nobody_the_host(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as connection:
        connection.sendall(b"GET http://localhost/sign-in HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert int(connection.recv(12)[9:]) == 400
