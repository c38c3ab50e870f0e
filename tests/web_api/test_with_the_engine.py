"""The API in front of a true engine, both as processes: what is asked over HTTP happens, and stands in the feed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.line import free_port
from gateway.store.settings.secrets import SCOPES
from tests.support.site_process import Gateway, site_document, wait_for

DEVICES = [{"id": "reader-in", "driver": "noop"}, {"id": "io", "driver": "noop"}]
LANE = {
    "id": "in",
    "direction": "entry",
    "readers": ["reader-in"],
    "barrier": {
        "open": "io.output.0",
        "close": "io.output.1",
        # The inputs of a device that is not there are off, and this arm is then closed.
        "at_closed": {"point": "io.input.1", "normally": "closed"},
        "safety_loop": "io.input.2",
    },
}
pytestmark = pytest.mark.real


def _in(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


class Central:
    """A control room that uses the API."""

    def __init__(self, port: int, secret: str) -> None:
        self._port = port
        self._secret = secret

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        sent = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content) if content else None

    def command(self, command: str, key: str, lane: str = "in", seconds: int = 60) -> tuple[int, Any]:
        """A command for a lane."""
        body = {"command": command, "reason": "test", "expires_at": _in(seconds)}
        return self("POST", f"/api/v1/lanes/{lane}/commands", body, Idempotency_Key=key)

    def events(self, after: str = "", **query: Any) -> list[dict[str, Any]]:
        """The feed from a cursor on."""
        text = "&".join(f"{name}={value}" for name, value in query.items())
        status, found = self("GET", f"/api/v1/events?lastEventId={after}&{text}")
        assert status == 200, found
        return list(found)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    one = Gateway(tmp_path / "data")
    port = free_port()
    one.directory.create(site_document(DEVICES, [LANE], http_port=port, journal_wait_ms=10_000))
    one.start_engine()
    one.start("web")
    yield one
    one.end()


@pytest.fixture
def central(gateway: Gateway) -> Central:
    _, secret = gateway.directory.tokens.create("central", SCOPES)
    asked = Central(gateway.directory.settings().gateway.http.port, secret)

    def ready() -> bool:
        try:
            return asked("GET", "/healthz")[0] == 200
        except OSError:
            return False

    wait_for(ready, f"web ready; {gateway.log('web')}")
    return asked


def test_a_pass_that_is_put_is_journaled_without_a_name_and_comes_in_the_feed(central: Central) -> None:
    body = {"kind": "monthly", "holder": "Wang Fang", "phone": "13800000000", "cards": ["472288"]}
    status, made = central("PUT", "/api/v1/passes/p-1", body)
    assert (status, made["revision"]) == (201, 1)
    (issued,) = central.events(type="pass.issued")
    assert issued["data"]["pass"] == "p-1" and issued["data"]["by"] == "central"
    assert "Wang" not in json.dumps(issued) and "1380" not in json.dumps(issued)
    assert central("PUT", "/api/v1/passes/p-1", {**body, "bay": "B-1"}, If_Match='"9"')[0] == 412
    assert central("DELETE", "/api/v1/passes/p-1", If_Match='"1"')[0] == 204


def test_a_batch_is_one_event_with_its_count_and_digest(central: Central) -> None:
    passes = [{"id": f"p-{number}", "kind": "staff", "cards": [str(number)]} for number in range(500)]
    status, taken = central("POST", "/api/v1/passes/batch", {"passes": passes})
    assert (status, taken["count"]) == (200, 500)
    (imported,) = central.events(type="passes.imported")
    assert (imported["data"]["count"], imported["data"]["digest"]) == (500, taken["digest"])


def test_a_visitors_code_is_made_and_journaled_without_its_text(central: Central) -> None:
    assert central("PUT", "/api/v1/passes/v-1", {"kind": "temporary"})[0] == 201
    status, problem = central("POST", "/api/v1/passes/v-1/codes")
    assert (status, problem["code"]) == (422, "pass_invalid")
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    status, made = central("POST", "/api/v1/passes/v-1/codes", {"until": until})
    assert status == 201
    (row,) = central.events(type="settings.changed")
    assert (row["data"]["what"], row["data"]["code"], row["data"]["by"]) == ("code_issued", made["name"], "central")
    assert made["code"] not in json.dumps(row)


def test_an_open_moves_once_however_often_it_is_sent(central: Central) -> None:
    key = uuid.uuid4().hex
    first = central.command("open", key)
    assert first == (200, {"id": key, "status": "done", "reason": first[1]["reason"]})
    expires = {"command": "open", "reason": "other", "expires_at": _in(1800)}
    assert central("POST", "/api/v1/lanes/in/commands", expires, Idempotency_Key=key)[0] == 422
    commanded = wait_for(lambda: central.events(type="barrier.commanded"), "the command in the journal")
    assert [one["data"]["command"] for one in commanded].count("open") == 1
    (granted,) = central.events(type="access.granted")
    assert granted["data"]["reason"] == "remote" and granted["data"]["decided_by"]


def test_the_same_key_and_body_get_the_first_answer_again(central: Central) -> None:
    body = {"command": "open", "reason": "parcel", "expires_at": _in(1800)}
    answers = [central("POST", "/api/v1/lanes/in/commands", body, Idempotency_Key="k-1") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(wait_for(lambda: central.events(type="access.granted"), "the grant in the journal")) == 1


def test_an_expired_command_moves_nothing(central: Central) -> None:
    status, refused = central.command("open", "k-1", seconds=-5)
    assert (status, refused["code"]) == (409, "refused")
    assert refused["reason"]
    assert not central.events(type="barrier.commanded")


def test_a_command_that_would_count_for_hours_moves_nothing(central: Central) -> None:
    status, refused = central.command("open", "k-1", seconds=7200)
    assert (status, refused["code"], refused["reason"]) == (422, "body_invalid", "expiry_too_far")
    assert refused["detail"].startswith("expires_at is more than an hour ahead; give a time up to 20")
    assert central.command("open", "k-2", seconds=3600)[0] == 200
    commanded = wait_for(lambda: central.events(type="barrier.commanded"), "the command in the journal")
    assert [one["data"]["command"] for one in commanded].count("open") == 1


def test_a_lane_that_is_not_there_is_a_404(central: Central) -> None:
    status, problem = central.command("open", "k-1", lane="out")
    assert (status, problem["code"]) == (404, "not_found")


def test_a_tagged_lane_takes_no_remote_command_and_says_so(central: Central) -> None:
    assert central.command("lock", "k-1")[0] == 200
    status, refused = central.command("open", "k-2")
    assert (status, refused["code"]) == (409, "refused") and refused["reason"]

    def lane() -> dict[str, Any]:
        found: dict[str, Any] = central("GET", "/api/v1/lanes")[1]["items"][0]
        return found

    wait_for(lambda: lane()["mode"] == "locked", "the lane is shown as locked")
    assert lane()["tag"]["by"] == "central"
    assert central.command("unlock", "k-3")[1]["reason"] == "lane_locked"


def test_a_long_poll_brings_news_and_the_feed_is_gapless(central: Central) -> None:
    seen = central.events(limit=1000)
    central("PUT", "/api/v1/passes/p-1", {"kind": "staff"})
    news = central.events(seen[-1]["id"], timeout=20000)
    assert news[-1]["type"] == "gatehouse.pass.issued"
    numbers = [int(event["sequence"]) for event in [*seen, *news]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_without_the_engine_the_past_is_readable_and_the_present_is_not_made_up(
    central: Central, gateway: Gateway
) -> None:
    central("PUT", "/api/v1/passes/p-1", {"kind": "staff"})
    gateway.stop("engine")
    assert central("GET", "/healthz")[0] == 503
    assert central("GET", "/api/v1/passes/p-1")[0] == 200
    assert central.events()
    wait_for(lambda: central("GET", "/api/v1/lanes")[0] == 503, "the present is not known")
    gateway.start_engine()
    wait_for(lambda: central("GET", "/api/v1/lanes")[0] == 200, "the present is known again")


def test_web_ends_cleanly_on_sigterm(central: Central, gateway: Gateway) -> None:
    assert gateway.stop("web") == 0
    assert "Traceback" not in gateway.log("web")
