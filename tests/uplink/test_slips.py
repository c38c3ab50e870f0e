"""Release slips from central over a real broker to a real engine: registered once, confirmed, cancelled, refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.engine import Running
from tests.support.mosquitto import Central, Mosquitto, central, wait_until
from tests.support.uplink_process import PREFIX, UplinkProcess

pytestmark = pytest.mark.real

AT = "2026-11-30T08:00:00Z"
SLIP = {"id": "s-1", "at": AT, "unit": "4-201", "goods": "a piano", "plate": "粤B·12345", "by": "Chen"}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Running]:
    """An engine, and the names by which the uplink finds its files."""
    running = Running(tmp_path / "data")
    running.bus.restore()
    (tmp_path / "journal.db").symlink_to(running.directory.journal)
    (tmp_path / "engine.sock").symlink_to(running.directory.socket)
    yield running
    running.stop()


@pytest.fixture
def listener(gate: Running, broker: Mosquitto, uplink: UplinkProcess) -> Iterator[Central]:
    """Central, in front of an uplink that is online."""
    with central(broker.port, PREFIX) as one:
        uplink.start()
        wait_until(lambda: (one.last("status") or {}).get("engine"), what="engine and uplink")
        yield one


def answered(listener: Central, order: dict[str, Any], number: int) -> dict[str, Any]:
    """Send an order; the answer of that number."""
    listener.say("slips", order)
    wait_until(lambda: len(listener.on("replies")) == number, what=f"answer {number}")
    found: dict[str, Any] = listener.on("replies")[-1].json()
    return found


def rows(gate: Running, type_: str) -> list[dict[str, Any]]:
    return [row.data() for row in gate.rows(type_)]


def test_a_slip_lives_over_mqtt_as_over_http(gate: Running, uplink: UplinkProcess, listener: Central) -> None:
    made = answered(listener, {**SLIP, "carrier": "other", "asked_by": "tenant"}, 1)
    assert (made["id"], made["status"]) == ("s-1", "done")
    slip = made["slip"]["id"]
    assert made["slip"]["code"] == slip[-6:].upper()
    [row] = rows(gate, "slip.registered")
    assert (row["by"], row["via"], row["plate"], row["asked_by"]) == ("Chen", "mqtt", "粤B12345", "tenant")
    # The uplink has lost its first answers: the engine knows the request.
    uplink.stop()
    wait_until(lambda: not listener.last("status")["online"], what="the uplink has left")
    for file in Path(gate.directory.path.parent).glob("uplink.db*"):
        file.unlink()
    uplink.start()
    wait_until(lambda: listener.last("status")["online"], what="the uplink is back")
    assert answered(listener, {**SLIP, "carrier": "other", "asked_by": "tenant"}, 2)["slip"] == made["slip"]
    assert answered(listener, {**SLIP, "goods": "a bed"}, 3)["reason"] == "idempotency_conflict"
    agreed = {"id": "s-2", "at": AT, "confirm": slip, "how": "phone", "by": "Chen"}
    assert answered(listener, agreed, 4)["status"] == "done"
    assert answered(listener, {**agreed, "id": "s-3"}, 5)["reason"] == "slip_conflict"
    assert answered(listener, {"id": "s-4", "at": AT, "cancel": slip, "reason": "moved"}, 6)["status"] == "done"
    [row] = rows(gate, "slip.cancelled")
    assert (row["by"], row["reason"]) == ("central", "moved")
    assert len(rows(gate, "slip.registered")) == 1


def test_what_is_refused_has_a_code_and_says_what_to_do(gate: Running, listener: Central) -> None:
    past = answered(listener, {**SLIP, "until": "2020-01-01T00:00:00Z"}, 1)
    assert (past["status"], past["reason"]) == ("refused", "slip_invalid")
    assert "give a later instant" in past["detail"]
    assert answered(listener, {"id": "s-5", "at": AT, "goods": "a bed"}, 2)["reason"] == "slip_invalid"
    assert answered(listener, {"id": "s-6", "at": AT, "cancel": "nothing"}, 3)["reason"] == "not_found"
    assert answered(listener, {"id": "s-7", "at": AT, "cancel": "nothing", "how": "phone"}, 4)["reason"] == "malformed"
    assert rows(gate, "slip.registered") == []
