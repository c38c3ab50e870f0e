"""Cameras that push plates, as they really do it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from drivers.registry import configure, open_buses
from gateway.cli import main
from gateway.control import Client
from gateway.core.vocabulary.errors import EngineUnreachableError
from gateway.engine.engine import Engine
from gateway.store.directory import DataDirectory
from tests.engine.conftest import until
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import SITE, fails
from web.platform.app import create_app
from web.platform.services import Services

Tokens = Callable[..., dict[str, str]]
CAMERA = {
    "id": "cam-in",
    "driver": "plate-http",
    "plate": "AlarmInfoPlate.result.PlateResult.license",
    "confidence": "AlarmInfoPlate.result.PlateResult.confidence",
    "min_confidence": 60,
}
HOOK = "/hooks/plates/cam-in"
SAID = ("device", "kind", "value", "confidence", "wrong")


def told(plate: str = "京A·12345", confidence: object = 97) -> dict[str, Any]:
    return {"AlarmInfoPlate": {"result": {"PlateResult": {"license": plate, "confidence": confidence}}}}


@pytest.fixture
def engine(engine: EngineStandIn, directory: DataDirectory) -> EngineStandIn:
    """The engine, on a site with a camera."""
    directory.save_site({**SITE, "devices": [CAMERA, {"id": "io", "driver": "noop"}]})
    engine.answers["credential"] = lambda _asked: {}
    return engine


@pytest.fixture
def asked(engine: EngineStandIn) -> list[dict[str, Any]]:
    """What the engine was handed."""
    found: list[dict[str, Any]] = []

    def take(asked: dict[str, Any]) -> dict[str, Any]:
        found.append({key: value for key, value in asked.items() if key in SAID})
        return {}

    engine.answers["credential"] = take
    return found


def test_a_plate_is_found_by_the_mapping_and_handed_to_the_engine(
    client: FlaskClient, token: Tokens, asked: list[dict[str, Any]]
) -> None:
    answer = client.post(HOOK, json=told(), headers=token("plates:push"))
    assert (answer.status_code, answer.json) == (200, {"plate": "京A12345", "confidence": 97.0})
    assert asked == [{"device": "cam-in", "kind": "plate", "value": "京A·12345", "confidence": 97.0}]


def test_a_push_without_a_plate_is_a_sign_of_life(
    client: FlaskClient, token: Tokens, asked: list[dict[str, Any]]
) -> None:
    answer = client.post(HOOK, json={"heartbeat": 1}, headers=token("plates:push"))
    assert (answer.status_code, answer.json["plate"]) == (200, None)
    assert asked[0]["value"] == ""


def test_the_age_by_the_cameras_own_time_goes_along(
    client: FlaskClient, token: Tokens, engine: EngineStandIn, directory: DataDirectory
) -> None:
    directory.save_site({**SITE, "devices": [{**CAMERA, "time": "at", "only": {"type": ["new", "update"]}}]})
    at = (datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(seconds=12)).strftime("%Y-%m-%d %H:%M:%S")
    message = {**told(), "at": at, "type": "new"}
    for body in (message, {**message, "type": "end"}, {**message, "isDataRetransmission": True}, {**message, "at": ""}):
        assert client.post(HOOK, json=body, headers=token("plates:push")).status_code == 200
    fresh, ended, again, timeless = engine.calls("credential")
    assert 12_000 <= fresh["age_ms"] < 60_000
    assert (ended["value"], ended.get("wrong")) == ("", None)
    assert (again["value"], "sent an earlier read again" in again["wrong"]) == ("", True)
    assert (timeless["value"], "no time at 'at'" in timeless["wrong"]) == ("", True)


@pytest.mark.parametrize("plate", ["无牌车", "unknown", "00000000"])
def test_a_plate_that_says_there_is_none_is_answered_as_none(
    client: FlaskClient, token: Tokens, asked: list[dict[str, Any]], plate: str
) -> None:
    answer = client.post(HOOK, json=told(plate), headers=token("plates:push"))
    assert (answer.status_code, answer.json["plate"]) == (200, None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps(told(), ensure_ascii=False).encode("gb18030"), "application/json"),
        (json.dumps(told(), ensure_ascii=False).encode(), "text/plain"),
        (json.dumps(told()).encode(), "application/x-www-form-urlencoded"),
        (b"\xef\xbb\xbf" + json.dumps(told()).encode(), ""),
        (json.dumps({**told(), "picture": "A" * 2_000_000}).encode(), "application/json"),
    ],
    ids=["gb18030", "text", "form", "byte order mark", "picture"],
)
def test_json_is_taken_however_the_camera_calls_it(
    client: FlaskClient, token: Tokens, asked: list[dict[str, Any]], body: bytes, kind: str
) -> None:
    answer = client.post(HOOK, data=body, content_type=kind, headers=token("plates:push"))
    assert (answer.status_code, answer.json["plate"]) == (200, "京A12345")
    assert len(asked) == 1


def test_a_camera_may_send_its_token_as_a_password_or_in_the_address(
    client: FlaskClient, token: Tokens, asked: list[dict[str, Any]]
) -> None:
    secret = token("plates:push")["Authorization"].removeprefix("Bearer ")
    basic = "Basic " + base64.b64encode(f"camera:{secret}".encode()).decode()
    assert client.post(HOOK, json=told(), headers={"Authorization": basic}).status_code == 200
    assert client.post(f"{HOOK}?token={secret}", json=told()).status_code == 200
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        ("?token=gh_forged", {}),
        ("?token=", {}),
        ("", {"Authorization": "Bearer gh_forged"}),
        ("", {"Authorization": "Basic eDpnaF9mb3JnZWQ="}),
    ],
)
def test_a_wrong_token_is_a_401_and_nothing_is_handed_on(
    client: FlaskClient, asked: list[dict[str, Any]], query: str, headers: dict[str, str]
) -> None:
    for device in ("cam-in", "nobody"):
        answer = client.post(f"/hooks/plates/{device}{query}", json=told(), headers=headers)
        assert answer.status_code == 401
        assert answer.json["code"] in ("token_missing", "token_invalid")
    assert asked == []


def test_a_token_for_something_else_is_a_403(client: FlaskClient, token: Tokens, asked: list[dict[str, Any]]) -> None:
    answer = client.post(HOOK, json=told(), headers=token("passes:write", "lanes:command"))
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert asked == []


@pytest.mark.parametrize("device", ["cam-out", "io", "a%2Fb", "x" * 70])
def test_an_unknown_camera_is_a_404(client: FlaskClient, token: Tokens, engine: EngineStandIn, device: str) -> None:
    answer = client.post(f"/hooks/plates/{device}", json=told(), headers=token("plates:push"))
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 400, "not JSON"),
        (b"\xff\xff\xff", 400, "neither UTF-8 nor GB 18030"),
        (b"[" * 100_000, 400, "nested too deeply"),
        (b" " * 5_000_000, 413, ""),
    ],
)
def test_what_cannot_be_read_is_said_to_be(
    client: FlaskClient, token: Tokens, asked: list[dict[str, Any]], body: bytes, status: int, says: str
) -> None:
    answer = client.post(HOOK, data=body, content_type="application/json", headers=token("plates:push"))
    assert answer.status_code == status
    assert says in answer.json["detail"]
    assert [(one["value"], says in one["wrong"]) for one in asked] == ([("", True)] if says else [])


def test_without_an_engine_the_camera_is_told_to_come_again(
    client: FlaskClient, token: Tokens, engine: EngineStandIn
) -> None:
    engine.answers["credential"] = fails(EngineUnreachableError("the engine does not answer"))
    answer = client.post(HOOK, json=told(), headers=token("plates:push"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


# ---- several cars, Digest, tokens of one camera ----------------------------------------------------------------------

MANY = {"id": "cam-in", "driver": "plate-http", "profile": "platerecognizer"}


def test_every_car_of_a_message_is_handed_on(
    client: FlaskClient, token: Tokens, asked: list[dict[str, Any]], directory: DataDirectory
) -> None:
    directory.save_site({**SITE, "devices": [MANY]})
    now = datetime.now(ZoneInfo("UTC")).isoformat()
    cars = {"data": {"timestamp": now, "results": [{"plate": "ab1", "score": 0.9}, {"plate": "cd2", "score": 0.8}]}}
    answer = client.post(HOOK, data={"json": json.dumps(cars), "upload": (io.BytesIO(b"\xff\xd8\xff"), "a.jpg")},
                         content_type="multipart/form-data", headers=token("plates:push"))  # fmt: skip
    assert (answer.status_code, answer.json["plates"]) == (200, ["AB1", "CD2"])
    assert [(one["value"], one["confidence"]) for one in asked] == [("ab1", 90.0), ("cd2", 80.0)]


def test_a_plate_with_an_impossible_confidence_is_kept_and_the_error_told(
    client: FlaskClient, token: Tokens, asked: list[dict[str, Any]]
) -> None:
    answer = client.post(HOOK, json=told(confidence=110), headers=token("plates:push"))
    assert (answer.status_code, answer.json["plate"]) == (200, "京A12345")
    assert (asked[0]["confidence"], "confidence_scale" in asked[0]["wrong"]) == (-1.0, True)


def test_a_token_that_is_bound_to_a_camera_is_good_for_no_other(
    client: FlaskClient, directory: DataDirectory, asked: list[dict[str, Any]]
) -> None:
    directory.save_site({**SITE, "devices": [CAMERA, {**CAMERA, "id": "cam-out"}]})
    _, secret = directory.tokens.create("out", ["plates:push"], devices=["cam-out"])
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post(HOOK, json=told(), headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "device_not_allowed")
    assert asked == []
    assert client.post("/hooks/plates/cam-out", json=told(), headers=headers).status_code == 200
    assert [one["device"] for one in asked] == ["cam-out"]


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def answer_of(challenge: str, secret: str, *, user: str = "camera", uri: str = HOOK, count: str = "00000001") -> str:
    """A camera's answer to a Digest challenge (RFC 7616, 3.4)."""
    found = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.removeprefix("Digest ")))
    known = md5(f"{user}:{found['realm']}:{secret}")
    response = md5(f"{known}:{found['nonce']}:{count}:0a4f113b:auth:{md5(f'POST:{uri}')}")
    return (
        f'Digest username="{user}", realm="{found["realm"]}", nonce="{found["nonce"]}", uri="{uri}", algorithm=MD5,'
        f' qop=auth, nc={count}, cnonce="0a4f113b", response="{response}"'
    )


@pytest.fixture
def asking(client: FlaskClient, directory: DataDirectory, asked: list[dict[str, Any]]) -> tuple[str, str]:
    """The challenge to a camera that can only do Digest, and its token."""
    directory.save_site({**SITE, "devices": [{**CAMERA, "digest": True}]})
    _, secret = directory.tokens.create("in", ["plates:push"], devices=["cam-in"])
    refused = client.post(HOOK, json=told())
    assert refused.status_code == 401
    return refused.headers["WWW-Authenticate"], secret


def test_a_camera_that_can_only_do_digest_is_asked_and_answered(
    client: FlaskClient, asking: tuple[str, str], asked: list[dict[str, Any]]
) -> None:
    challenge, secret = asking
    assert challenge.startswith("Digest ") and 'qop="auth"' in challenge
    for count in ("00000001", "00000002"):
        answer = client.post(HOOK, json=told(), headers={"Authorization": answer_of(challenge, secret, count=count)})
        assert (answer.status_code, answer.json["plate"]) == (200, "京A12345")
    assert len(asked) == 2


def test_a_digest_that_was_used_is_stale_and_a_wrong_one_is_refused(
    client: FlaskClient, asking: tuple[str, str], asked: list[dict[str, Any]]
) -> None:
    challenge, secret = asking
    good = answer_of(challenge, secret)
    assert client.post(HOOK, json=told(), headers={"Authorization": good}).status_code == 200
    again = client.post(HOOK, json=told(), headers={"Authorization": good})
    assert (again.status_code, "stale=true" in again.headers["WWW-Authenticate"]) == (401, True)
    for wrong in (
        answer_of(challenge, "gh_forged", count="00000003"),
        answer_of(challenge, secret, user="root", count="00000003"),
        answer_of(challenge, secret, uri="/hooks/plates/other", count="00000003"),
        answer_of(challenge.replace('nonce="', 'nonce="0'), secret),
        answer_of(challenge, secret, count="zz"),
        "Digest nonsense",
    ):
        assert client.post(HOOK, json=told(), headers={"Authorization": wrong}).status_code == 401
    assert len(asked) == 1


def test_a_token_without_the_scope_is_none_by_digest(
    client: FlaskClient, asking: tuple[str, str], directory: DataDirectory, asked: list[dict[str, Any]]
) -> None:
    _, other = directory.tokens.create("central", ["events:read"])
    answer = client.post(HOOK, json=told(), headers={"Authorization": answer_of(asking[0], other)})
    assert answer.status_code == 401
    assert asked == []


# ---- with the real engine ------------------------------------------------------------------------------------------

GATE = {
    **SITE,
    "gateway": {"id": "gw1", "clock": "trusted"},
    "devices": [CAMERA, {"id": "io", "driver": "noop"}],
    "lanes": [{"id": "in", "direction": "entry", "cameras": ["cam-in"], "barrier": {"open": "io.output.0"}}],
}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[DataDirectory]:
    """A gate with a camera and its engine."""
    directory = DataDirectory(tmp_path / "gate")
    directory.create(GATE)
    directory.lock()
    settings = directory.open()
    engine = Engine(directory, settings, configure(settings), open_buses)
    engine.start()
    yield directory
    engine.stop("the test ends")
    directory.unlock()


@pytest.mark.real
def test_a_camera_opens_the_gate_once_for_a_car_that_it_reads_many_times(gate: DataDirectory) -> None:
    app = create_app(gate.path)
    held: Services = app.extensions["gatehouse"]
    client = app.test_client()
    _, secret = gate.tokens.create("camera", ["plates:push", "passes:write", "state:read", "events:read"])
    headers = {"Authorization": f"Bearer {secret}"}
    try:
        put = client.put("/api/v1/passes/p1", json={"kind": "monthly", "plates": ["京AO2345"]}, headers=headers)
        assert put.status_code == 201
        for plate, confidence in (("京AO2345", 80), ("京A·02345", 99), ("京A02345", 98), ("京AO2345", 30)):
            assert client.post(HOOK, json=told(plate, confidence), headers=headers).status_code == 200
        assert client.post(HOOK, json={}, headers=headers).status_code == 200

        def events(kind: str) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = client.get(f"/api/v1/events?type={kind}", headers=headers).json
            return found

        until(lambda: events("access.granted"))
        camera = lambda: client.get("/api/v1/devices", headers=headers).json["items"][0]  # noqa: E731
        until(lambda: camera()["frames"] == 5)
        assert (camera()["state"], camera()["errors"]) == ("online", 1)
        [granted] = events("access.granted")
        assert granted["data"]["credential"] == {"kind": "plate", "value": "京A02345"}
        assert granted["data"]["pass"] == "p1"
        assert events("access.denied") == []
    finally:
        held.close()


@pytest.mark.real
def test_messages_that_are_not_of_now_open_for_nobody_and_the_next_fresh_one_opens(gate: DataDirectory) -> None:
    document = gate.documents.load()
    camera = {**CAMERA, "time": "at", "only": {"type": ["new", "update"]}}
    gate.save_site({**document, "devices": [camera, *document["devices"][1:]]})
    app = create_app(gate.path)
    held: Services = app.extensions["gatehouse"]
    client = app.test_client()
    _, secret = gate.tokens.create("camera", ["plates:push", "passes:write", "state:read", "events:read"])
    headers = {"Authorization": f"Bearer {secret}"}

    def push(**message: Any) -> None:
        assert client.post(HOOK, json={**told(), "type": "new", **message}, headers=headers).status_code == 200

    def decisions() -> list[Any]:
        return list(
            client.get("/api/v1/events?type=access.granted,access.denied,access.referred", headers=headers).json
        )

    try:
        put = client.put("/api/v1/passes/p1", json={"kind": "monthly", "plates": ["京A12345"]}, headers=headers)
        assert put.status_code == 201
        now_s = time.time()
        push(at=now_s - 3 * 3600)
        push(at=now_s + 300)
        push(at=now_s, isDataRetransmission=True)
        push(at=now_s, type="end")
        push(at="")
        push(at=now_s, AlarmInfoPlate={"result": {"PlateResult": {"license": "无牌车", "confidence": 100}}})
        devices = lambda: client.get("/api/v1/devices", headers=headers).json["items"][0]  # noqa: E731
        until(lambda: devices()["frames"] == 6)
        assert (devices()["state"], devices()["errors"]) == ("online", 5)
        assert decisions() == []
        push(at=time.time())
        until(decisions)
        assert [one["data"]["pass"] for one in decisions()] == ["p1"]
    finally:
        held.close()


@pytest.mark.real
def test_who_watches_a_camera_sees_what_it_sends_and_what_was_made_of_it(
    gate: DataDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(gate.path)
    held: Services = app.extensions["gatehouse"]
    client = app.test_client()
    _, secret = gate.tokens.create("camera", ["plates:push"], devices=["cam-in"])
    headers = {"Authorization": f"Bearer {secret}"}
    engine = Client(gate.path / "run" / "engine.sock")
    try:
        engine.call("bench.trace", device="cam-in")
        assert client.post(HOOK, json=told(), headers=headers).status_code == 200
        assert client.post(HOOK, data=b"{", headers=headers).status_code == 400
        health = lambda: next(one for one in engine.call("state")["devices"] if one["id"] == "cam-in")  # noqa: E731
        until(lambda: health()["errors"] == 1)
        assert "a message cannot be read: it is not JSON" in health()["last_error"]
        assert main(["device", "watch", "cam-in", "--seconds", "1", "--data", str(gate.path)]) == 0
        shown = capsys.readouterr().out
        assert "plate 京A·12345, 97 %" in shown
        assert "no plate (a message cannot be read" in shown
        assert "1 errors: a message cannot be read" in shown
    finally:
        held.close()


@pytest.mark.real
def test_a_picture_is_kept_as_evidence_and_found_by_the_event_of_its_time(
    gate: DataDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(gate.path)
    held: Services = app.extensions["gatehouse"]
    client = app.test_client()
    _, secret = gate.tokens.create("camera", ["plates:push", "events:read"], devices=["cam-in"])
    headers = {"Authorization": f"Bearer {secret}"}
    parts = {"json": json.dumps(told()), "upload": (io.BytesIO(b"\xff\xd8\xff" + bytes(500)), "a.jpg")}
    try:
        sent = client.post(HOOK, data=parts, content_type="multipart/form-data", headers=headers)
        assert sent.status_code == 200
        denied = lambda: client.get("/api/v1/events?type=access.denied,access.referred", headers=headers).json  # noqa: E731
        until(denied)
        [kept] = gate.media.rglob("*_cam-in.jpg")
        assert kept.read_bytes() == b"\xff\xd8\xff" + bytes(500)
        assert main(["pictures", denied()[0]["id"], "--data", str(gate.path)]) == 0
        assert str(kept) in capsys.readouterr().out
        assert kept.name not in str(client.get("/api/v1/events", headers=headers).json)
        assert main(["pictures", denied()[0]["id"] + "9", "--data", str(gate.path)]) != 0
    finally:
        held.close()
