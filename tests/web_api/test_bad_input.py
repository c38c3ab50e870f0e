"""Whatever is sent, the answer is clear, nothing breaks, and nothing is asked of the engine that does not fit."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.vocabulary.errors import NotFoundError
from gateway.store.settings.secrets import SCOPES
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import Running, Write
from web.api.routes import ROUTES
from web.platform.problems import BODY_MAX_BYTES

Tokens = Callable[..., dict[str, str]]
WORDS = st.text(max_size=40) | st.sampled_from(
    ["in", "p-1", "a-1", "k3v9q2m4x8.1", "..", "%00", "0", "-1", "1e9", "null"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS
JSON = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=4) | st.dictionaries(WORDS, one, max_size=4), max_leaves=8
)
NAMES = st.sampled_from(
    ["lastEventId", "limit", "timeout", "type", "from", "to", "after", "kind", "q", "inside", "reason", "command",
     "expires_at", "finding", "until", "passes", "cards", "valid_until", "schedule", "revision", "id", "holder"]
)  # fmt: skip
BODIES = st.binary(max_size=60) | st.dictionaries(NAMES | WORDS, JSON, max_size=6).map(
    lambda one: json.dumps(one).encode()
)


def _no_draft(_params: Any) -> Any:
    raise NotFoundError("there is no such draft")


@pytest.fixture
def any_client(client: FlaskClient, token: Tokens, engine: EngineStandIn, write: Write) -> Iterator[Any]:
    write(3)
    engine.answers |= {
        "listed.add": lambda _: {"entries": ["l-1"]},
        "slips.add": lambda _: {"slip": "s-1"},
        "visit.command": lambda _: {"status": "refused", "reason": "no_visit", "detail": ""},
        "site.get": lambda _: {"version": 1, "site": {}},
        "site.history": lambda _: [],
        **dict.fromkeys(("site.draft", "site.draft.apply", "site.draft.confirm", "site.draft.discard"), _no_draft),
    }
    headers = {**token(*SCOPES), "Idempotency-Key": "k-1", "Content-Type": "application/json"}
    yield lambda method, path, **more: client.open(path, method=method, headers=headers, **more)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    route=st.sampled_from(ROUTES),
    word=st.sampled_from(["in", "p-1", "a-1", "x" * 70, "ä", "a.b"]),
    query=st.dictionaries(NAMES, WORDS, max_size=3).map(
        lambda one: {**one, "timeout": "0"} if "timeout" in one else one
    ),
    body=BODIES,
)
def test_no_input_breaks_a_call(any_client: Any, route: Any, word: str, query: dict[str, str], body: bytes) -> None:
    method, rule, _ = route
    path = rule.replace("<pass_id>", word).replace("<lane>", word).replace("<alarm>", word).replace("<draft>", word)
    path = path.partition("<any")[0]
    path += "verify" if path.endswith("/") else ""
    answer = any_client(method, path, query_string=query, data=body)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        problem = json.loads(answer.data)
        assert problem["status"] == answer.status_code and problem["code"] and problem["detail"]
    answer.close()


@pytest.mark.parametrize("body", [b'""\x00', b"{} {}", b'{"passes": 1}]', b"[1]x"])
def test_what_follows_a_body_is_told(client: FlaskClient, token: Tokens, body: bytes) -> None:
    headers = {**token(*SCOPES), "Content-Type": "application/json"}
    answer = client.post("/api/v1/passes/batch", data=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "not_json")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cookie=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=';,"\\'), max_size=80)
)
def test_no_cookie_breaks_a_page(client: FlaskClient, cookie: str) -> None:
    client.set_cookie("gatehouse", cookie)
    assert client.get("/live/state").status_code == 401


def test_a_body_past_the_bound_gets_its_words(client: FlaskClient, token: Tokens, engine: EngineStandIn) -> None:
    headers = {**token("passes:write"), "Content-Type": "application/json"}
    answer = client.put("/api/v1/passes/p-1", data=b" " * (BODY_MAX_BYTES + 1), headers=headers)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_nesting_without_end_is_refused(client: FlaskClient, token: Tokens, engine: EngineStandIn) -> None:
    headers = {**token("passes:write"), "Content-Type": "application/json"}
    answer = client.put("/api/v1/passes/p-1", data=b'{"id":' + b"[" * 100_000, headers=headers)
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_noise_on_the_port_leaves_the_server_serving(running: Running, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection, suppress(OSError):
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert running.get("/api/v1/openapi.json")[0] == 200


def test_a_slow_sender_costs_no_thread(running: Running) -> None:
    slow = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(30)]
    for connection in slow:
        connection.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nname=")
    assert running.get("/api/v1/openapi.json")[0] == 200
    for connection in slow:
        connection.close()


TAKING_A_BODY = [
    one
    for one in ROUTES
    if one[0] in ("POST", "PUT") and one[2].__name__ not in ("confirm_draft", "discard_draft", "cancel_slip")
]
BODIES_IN_WORDS = {
    "a key twice": b'{"reason": "a", "reason": "b"}',
    "a huge number": b'{"revision": 1e999}',
    "an endless number": b'{"revision": ' + b"9" * 5000 + b"}",
    "NaN": b'{"revision": NaN}',
    "half a character": b'{"reason": "\\ud800"}',
    "deep": b'{"reason": ' + b"[" * 400 + b"]" * 400 + b"}",
}


@pytest.mark.parametrize("body", BODIES_IN_WORDS.values(), ids=list(BODIES_IN_WORDS))
@pytest.mark.parametrize("route", TAKING_A_BODY, ids=lambda one: one[1])
def test_a_body_with_no_meaning_or_two_is_refused_everywhere(any_client: Any, route: Any, body: bytes) -> None:
    method, rule, _ = route
    path = rule.replace("<pass_id>", "p-1").replace("<lane>", "in").replace("<alarm>", "a-1").replace("<device>", "c")
    path = path.replace("<draft>", "d-1").replace("<visit>", "v-1").replace("<slip>", "s-1")
    path = path.partition("<any")[0] + ("verify" if "<any" in path else "")
    answer = any_client(method, path, data=body)
    assert 400 <= answer.status_code < 500
    if not rule.startswith("/hooks/"):
        large = b"999" in body
        assert (answer.status_code, answer.json["code"]) == ((422, "body_invalid") if large else (400, "not_json"))
        assert ("does not fit: the number" if large else "cannot be read: ") in answer.json["detail"]
