"""gzip both ways: what is compressed and what is not, and that no body unpacks beyond its bound."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import Running, Write
from web.front.packing import accepts_gzip
from web.platform.problems import BODY_MAX_BYTES, PICTURE_MAX_BYTES

Tokens = Callable[..., dict[str, str]]
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("gzip", True), ("GZIP;q=0.5", True), ("br, gzip", True), ("*", True), ("deflate, *;q=0.1", True),
        ("", False), ("br", False), ("gzip;q=0", False), ("gzip;q=0.000, *", False), ("identity", False),
        ("gzip;q=what", False), ("x-gzip-not", False),
    ],
)  # fmt: skip
def test_a_client_says_whether_it_takes_gzip(text: str, accepted: bool) -> None:
    assert accepts_gzip(text) == accepted


@pytest.mark.parametrize("path", ["/sign-in", "/openapi.json", "/api/docs", "/metrics"])
def test_pages_and_descriptions_are_compressed_when_asked(
    client: FlaskClient, engine: EngineStandIn, path: str
) -> None:
    plain, packed = client.get(path), client.get(path, headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in packed.headers["Vary"] and "Accept-Encoding" in plain.headers["Vary"]
    if path == "/openapi.json":
        assert gzip.decompress(packed.data) == plain.data


def test_the_feed_is_the_same_feed(running: Running, write: Write, token: Tokens) -> None:
    write(300)
    headers = token("events:read")
    status, plain, body = running.get("/api/v1/events?limit=300", headers)
    packed_status, packed, content = running.get("/api/v1/events?limit=300", {**headers, **GZIP})
    assert status == packed_status == 200 and gzip.decompress(content) == body
    assert packed["Content-Length"] == str(len(content)) and len(content) < len(body) / 3
    assert packed["Content-Type"] == plain["Content-Type"]


def test_an_export_is_compressed_while_it_is_made(running: Running, write: Write, token: Tokens) -> None:
    write(300)
    headers = token("events:read")
    _, _, body = running.get("/api/v1/events.csv", headers)
    _, packed, content = running.get("/api/v1/events.csv", {**headers, **GZIP})
    assert packed["Content-Encoding"] == "gzip" and gzip.decompress(content) == body


def test_what_is_short_a_book_or_a_picture_is_sent_as_it_is(
    client: FlaskClient, write: Write, token: Tokens, engine: EngineStandIn
) -> None:
    write(50)
    headers = {**token("events:read"), **GZIP}
    for path in ("/healthz", "/api/v1/events.xlsx"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200 and "Content-Encoding" not in answer.headers, path


def test_a_stream_is_not_compressed(running: Running, engine: EngineStandIn) -> None:
    services = running.services
    cookie = services.sessions.create(services.site.operators()["Lin"])
    connection = running.connect()
    connection.request("GET", "/live", headers={"Cookie": f"gatehouse={cookie}", **GZIP})
    answer = connection.getresponse()
    assert answer.getheader("Content-Encoding") is None and answer.readline() == b"retry: 2000\n"
    answer.close()
    connection.close()


def test_an_answer_with_a_revision_keeps_it(client: FlaskClient, token: Tokens, engine: EngineStandIn) -> None:
    headers = {**token("passes:read", "passes:write"), **GZIP}
    one = {"kind": "monthly", "holder": "H" * 90, "note": "n" * 900}
    assert client.put("/api/v1/passes/p1", json=one, headers=headers).status_code == 201
    answer = client.get("/api/v1/passes/p1", headers=headers)
    assert answer.headers["ETag"] and "Content-Encoding" not in answer.headers


def test_head_says_the_same_without_a_body(client: FlaskClient) -> None:
    answer = client.head("/sign-in", headers=GZIP)
    assert answer.status_code == 200 and answer.data == b""


# ---- bodies -------------------------------------------------------------------------------------------------------


def batch(client: FlaskClient, headers: dict[str, str], body: bytes, coding: str = "gzip") -> Any:
    return client.post(
        "/api/v1/passes/batch",
        data=body,
        headers={**headers, "Content-Type": "application/json", "Content-Encoding": coding},
    )


PASSES = json.dumps({"passes": [{"id": f"p{n}", "kind": "staff"} for n in range(100)]}).encode()


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_a_compressed_body_is_taken(client: FlaskClient, token: Tokens, engine: EngineStandIn, coding: str) -> None:
    assert batch(client, token("passes:write"), gzip.compress(PASSES), coding).status_code == 200
    assert len(engine.calls("passes.batch")[0]["passes"]) == 100


def test_one_of_several_members_is_taken(client: FlaskClient, token: Tokens, engine: EngineStandIn) -> None:
    body = gzip.compress(PASSES[:500]) + gzip.compress(PASSES[500:])
    assert batch(client, token("passes:write"), body).status_code == 200


@pytest.mark.parametrize(
    ("body", "coding", "status", "code"),
    [
        (gzip.compress(b" " * (BODY_MAX_BYTES + 1)), "gzip", 413, "too_large"),
        (gzip.compress(b" " * 200_000_000, 1), "gzip", 413, "too_large"),
        (gzip.compress(b" " * 700_000) * 2, "gzip", 413, "too_large"),
        (gzip.compress(PASSES)[:-9], "gzip", 400, "encoding_broken"),
        (PASSES, "gzip", 400, "encoding_broken"),
        (gzip.compress(PASSES) + b"garbage", "gzip", 400, "encoding_broken"),
        (b"", "gzip", 400, "encoding_broken"),
        (PASSES, "br", 415, "encoding_unknown"),
        (PASSES, "gzip, gzip", 415, "encoding_unknown"),
    ],
    ids=["over", "bomb", "members", "cut", "plain", "garbage", "empty", "br", "twice"],
)
def test_a_body_that_is_wrong_or_too_large_is_refused(
    client: FlaskClient, token: Tokens, engine: EngineStandIn, body: bytes, coding: str, status: int, code: str
) -> None:
    answer = batch(client, token("passes:write"), body, coding)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert engine.calls("passes.batch") == []


def test_a_body_up_to_its_bound_is_unpacked(client: FlaskClient, token: Tokens, engine: EngineStandIn) -> None:
    body = PASSES + b" " * (BODY_MAX_BYTES - len(PASSES))
    answer = batch(client, token("passes:write"), gzip.compress(body))
    assert "A batch takes at most" in answer.json["detail"]


def test_a_camera_may_send_more(client: FlaskClient) -> None:
    body = gzip.compress(b" " * (PICTURE_MAX_BYTES - 1))
    answer = client.post("/hooks/plates/cam", data=body, headers={"Content-Encoding": "gzip"})
    assert answer.json["code"] == "token_missing"
