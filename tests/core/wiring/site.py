"""A site of two boards and one or two lanes, for the tests of wiring."""

from __future__ import annotations

from typing import Any

from gateway.core.wiring.boards import Board

BARRIER: dict[str, Any] = {
    "open": "io.output.0",
    "stop": "io.output.1",
    "close": "io.output.2",
    "at_open": "io.input.0",
    "at_closed": "io.input.1",
    "safety_loop": "io.input.2",
    "approach_loop": "io.input.3",
}
REST = (False, True, False, False, False, False, False, False)
"""The inputs of the board while the arm is down and nobody is there."""


def site(**barrier: Any) -> dict[str, Any]:
    """A site with one lane; `barrier` changes its barrier, None takes a key away."""
    keys = {key: value for key, value in {**BARRIER, **barrier}.items() if value is not None}
    return {
        "site": {"id": "north"},
        "gateway": {"id": "gw"},
        "devices": [
            {"id": "reader", "driver": "sim-reader"},
            {"id": "io", "driver": "modbus"},
            {"id": "io2", "driver": "modbus"},
        ],
        "lanes": [{"id": "in", "name": "North in", "direction": "entry", "readers": ["reader"], "barrier": keys}],
    }


def with_lane(document: dict[str, Any], lane_id: str = "out", **barrier: Any) -> dict[str, Any]:
    """The site with a second lane."""
    document["lanes"].append({"id": lane_id, "direction": "exit", "readers": ["r2"], "barrier": barrier})
    return document


def boards(now: tuple[bool, ...] = (), state: str = "online", count: int = 8) -> dict[str, Board]:
    """What is known of the devices; `now`: the inputs of the first board."""
    return {
        "io": Board("io", count, count, state=state, now=now),
        "io2": Board("io2", 8, 8, state="online", now=(False,) * 8),
        "reader": Board("reader", reads=True, state="online"),
    }
