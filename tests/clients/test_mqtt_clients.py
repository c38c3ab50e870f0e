"""Mosquitto's own clients and paho on the uplink's topics, by what the AsyncAPI document says of them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.clients.conftest import PREFIX, Whole
from tests.clients.debian import Program, program
from tests.support.mosquitto import central
from tests.support.site_process import wait_for

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def document(whole: Whole) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(whole.get("/api/v1/asyncapi.json"))
    return found


def channel(document: dict[str, Any], topic: str) -> dict[str, Any] | None:
    """The channel that a topic of this gateway belongs to."""
    for one in document["channels"].values():
        pattern = re.escape(one["address"].replace("{site}", "north-court").replace("{gateway}", "gw1"))
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", pattern), topic):
            found: dict[str, Any] = one
            return found
    return None


def payload_schema(document: dict[str, Any], topic: str) -> dict[str, Any]:
    """The schema of what goes over a topic, which must be described."""
    one = channel(document, topic)
    assert one is not None, f"{topic} is not described"
    [message] = one["messages"].values()
    while "$ref" in message:
        found: Any = document
        for key in message["$ref"].removeprefix("#/").split("/"):
            found = found[key.replace("~1", "/")]
        message = found
    schema = message["payload"]
    return {**schema, "components": document["components"]}


def check(document: dict[str, Any], topic: str, payload: bytes) -> None:
    if payload:
        Draft202012Validator(payload_schema(document, topic)).validate(json.loads(payload))


def test_what_the_gateway_sends_is_as_described(whole: Whole, document: dict[str, Any]) -> None:
    with central(whole.broker.port, PREFIX) as listener:
        order = {
            "id": "order-1", "lane": "in", "command": "stop", "reason": "test",
            "expires_at": (datetime.now(UTC) + timedelta(minutes=1)).isoformat(),
        }  # fmt: skip
        Draft202012Validator(payload_schema(document, f"{PREFIX}/commands")).validate(order)
        listener.say("commands", order)
        wait_for(lambda: listener.last("replies"), "an answer comes")
        wait_for(lambda: listener.sequences() and listener.last("state/lanes/in"), "news and state come")
        topics = {message.topic for message in listener.messages}
        assert {f"{PREFIX}/{name}" for name in ("status", "events", "state/lanes/in", "replies")} <= topics
        for message in list(listener.messages):
            check(document, message.topic, message.payload)


# ---- mosquitto's clients -----------------------------------------------------------------------------------------


@cache
def tool(name: str) -> Program:
    return program(name, "mosquitto-clients", "libmosquitto1", "libcjson1")


@pytest.fixture
def heard(whole: Whole) -> Iterator[subprocess.Popen[str]]:
    """What mosquitto_sub prints: a JSON line for each message."""
    sub = tool("mosquitto_sub")
    argv = sub.argv(
        "-h", "127.0.0.1", "-p", str(whole.broker.port), "-V", "5", "-q", "1", "-t", f"{PREFIX}/#", "-F", "%j"
    )
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=sub.environment()) as process:
        yield process
        process.kill()


@pytest.mark.long
@pytest.mark.timeout(400)
def test_mosquittos_clients_hear_and_ask(whole: Whole, document: dict[str, Any], heard: subprocess.Popen[str]) -> None:
    assert heard.stdout is not None
    status = json.loads(heard.stdout.readline())
    assert status["topic"].startswith(PREFIX) and status["retain"] == 1
    pub = tool("mosquitto_pub")
    order = {"id": "order-2", "revision": 0, "pass": {"id": "by-mqtt", "kind": "staff", "cards": ["5550009"]}}
    argv = pub.argv(
        "-h", "127.0.0.1", "-p", str(whole.broker.port), "-V", "5", "-q", "1", "-t", f"{PREFIX}/passes",
        "-m", json.dumps(order), "-D", "publish", "response-topic", f"{PREFIX}/replies/me",
    )  # fmt: skip
    subprocess.run(argv, check=True, env=pub.environment(), timeout=60)
    for line in heard.stdout:
        message = json.loads(line)
        payload = message.get("payload", "")
        text = payload if isinstance(payload, str) else json.dumps(payload)
        if message["topic"] != f"{PREFIX}/passes" and not message["topic"].startswith(f"{PREFIX}/replies/"):
            check(document, message["topic"], text.encode())
        if message["topic"] == f"{PREFIX}/replies/me":
            answer = json.loads(text)
            assert (answer["id"], answer["status"]) == ("order-2", "done")
            break
    assert b'"by-mqtt"' in whole.get("/api/v1/passes/by-mqtt")
