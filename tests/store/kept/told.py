"""What an engine says of its site once all devices answer: lanes, alarms and counts, without what time changes."""

from __future__ import annotations

from typing import Any

from gateway.core.vocabulary.events import DeviceRestored
from tests.support.engine import Running
from tests.support.waiting import wait_until

AT_CLOSED = 1
INPUTS = OUTPUTS = 8
_OF_THE_MOMENT = frozenset(
    ("as_of", "age_ms", "measured_at", "started_at", "version", "frames", "errors", "last_ok_at", "since_ms", "seen_at")
)


def told(running: Running) -> dict[str, Any]:
    """Let every device answer with all arms closed, take the snapshot, and end the run."""
    try:
        settings = running.directory.configured()
        for device in settings.devices:
            inputs = tuple(number == AT_CLOSED for number in range(INPUTS)) if device.id.startswith("io-") else ()
            running.bus.report(DeviceRestored(device.id, inputs, (False,) * (OUTPUTS if inputs else 0)))
        state: dict[str, Any] = wait_until(lambda: settled(running.client.call("state")), what="the arms are known")
        visits = running.engine._stores.state.open_visits
        inside = {one.visit: one.pass_id for n in range(30) for one in visits(f"p{n}")}
        return {"lanes": lasting(state["lanes"]), "alarms": lasting(state["alarms"]), "inside": inside}
    finally:
        running.stop()


def settled(state: dict[str, Any]) -> dict[str, Any] | None:
    """The snapshot once every arm was measured."""
    return state if all(lane["arm"] != "unknown" for lane in state["lanes"]) else None


def lasting(document: Any) -> Any:
    """A document without the keys that differ from one start to the next."""
    if isinstance(document, dict):
        return {key: lasting(value) for key, value in document.items() if key not in _OF_THE_MOMENT}
    if isinstance(document, list):
        return [lasting(one) for one in document]
    return document
