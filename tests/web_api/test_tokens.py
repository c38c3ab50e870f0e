"""Bearer tokens: who may ask for what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import Write
from web.api.routes import BASE, ROUTES

Tokens = Callable[..., dict[str, str]]
OPEN = {"/healthz", "/metrics", "/api/docs", "/api/docs.css", f"{BASE}/openapi.json"}
ANY = {f"{BASE}/asyncapi.json"}
"""For any token."""
GUARDED = [
    (method, rule.replace("<pass_id>", "p").replace("<lane>", "in").replace("<alarm>", "a").partition("/<any")[0])
    for method, rule, _ in ROUTES
    if rule not in OPEN
]


def ask(client: FlaskClient, method: str, path: str, headers: dict[str, str]) -> tuple[int, str, str]:
    path = path + "/acknowledge" if path.endswith("alarms/a") else path
    answer = client.open(path, method=method, headers=headers)
    return answer.status_code, (answer.json or {}).get("code", ""), answer.headers.get("WWW-Authenticate", "")


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_call_needs_a_token(client: FlaskClient, method: str, path: str) -> None:
    status, code, challenge = ask(client, method, path, {})
    assert (status, code) == (401, "token_missing")
    assert challenge.startswith("Bearer ")


@pytest.mark.parametrize("path", [*ANY, "/asyncapi.json"])
def test_the_topics_are_for_any_token(client: FlaskClient, token: Tokens, path: str) -> None:
    assert ask(client, "GET", path, {})[:2] == (401, "token_missing")
    assert ask(client, "GET", path, {"Authorization": "Bearer gh_forged"})[:2] == (401, "token_invalid")
    assert client.get(path, headers=token("metrics")).json["asyncapi"] == "3.0.0"


@pytest.mark.parametrize(("method", "path"), [one for one in GUARDED if one[1] not in ANY])
def test_every_call_needs_its_scope(client: FlaskClient, token: Tokens, method: str, path: str) -> None:
    status, code, challenge = ask(client, method, path, token("metrics"))
    assert (status, code) == (403, "scope_missing")
    assert 'error="insufficient_scope"' in challenge


@pytest.mark.parametrize("sent", ["Bearer", "Bearer ", "Basic Z2g6eA==", "gh_abc", "Bearer gh_forged", "bearer  x y"])
def test_a_forged_or_malformed_token_is_a_401(client: FlaskClient, write: Write, sent: str) -> None:
    assert client.get("/api/v1/events", headers={"Authorization": sent}).status_code == 401


def test_an_expired_token_is_a_401(client: FlaskClient, directory: DataDirectory, write: Write) -> None:
    _, secret = directory.tokens.create("old", ["events:read"], "2020-01-01T00:00:00Z")
    answer = client.get("/api/v1/events", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_a_revoked_token_stops_working_at_once(
    client: FlaskClient, directory: DataDirectory, write: Write, token: Tokens
) -> None:
    headers = token("events:read", name="gone")
    assert client.get("/api/v1/events", headers=headers).status_code == 200
    directory.tokens.revoke("gone")
    assert client.get("/api/v1/events", headers=headers).status_code == 401


def test_a_token_stands_nowhere_on_the_disk(directory: DataDirectory, data: Path) -> None:
    _, secret = directory.tokens.create("central", ["events:read"])
    held = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not any(secret.encode() in content for content in held)


def test_a_session_opens_no_door_to_the_api(client: FlaskClient, engine: EngineStandIn) -> None:
    client.post("/sign-in", data={"name": "Lin", "pin": "2468"})
    assert client.get("/live/state").status_code == 200
    assert client.get("/api/v1/lanes").status_code == 401


def test_metrics_are_open_to_this_machine_and_to_nobody_else(client: FlaskClient, token: Tokens) -> None:
    away = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base=away).status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401
    assert client.get("/metrics", environ_base=away, headers=token("state:read")).status_code == 403
    assert client.get("/metrics", environ_base=away, headers=token("metrics")).status_code == 200
