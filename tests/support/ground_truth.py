"""What simulated hardware saw against what the journal says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.physics.controller import Pulse

ORDER_LIFE_NS = 6_000_000_000
"""An order older than two seconds is never carried out by a bus (`drivers.orders`); before that it may have waited for
its row, two seconds in these tests, and a busy machine may see the pulse late."""
_TERMINAL = {"open": "open", "hold": "open", "close": "close", "release": "close", "stop": "stop"}
_ENDS_MOTION = {
    "barrier.opened", "barrier.closed", "barrier.stopped", "barrier.obstructed", "barrier.not_followed",
    "barrier.stuck", "barrier.held", "barrier.released", "barrier.crashed", "barrier.locked",
}  # fmt: skip
_SETTLES = {"barrier.crashed", "barrier.reset", "barrier.locked", "barrier.unlocked"}


def kind(event: dict[str, Any]) -> str:
    """The type without its prefix."""
    return str(event["type"]).removeprefix("gatehouse.")


def mono_ns(event: dict[str, Any]) -> int:
    """CLOCK_MONOTONIC of the event."""
    return int(event["uptimens"])


def of_lane(events: Iterable[dict[str, Any]], lane: str) -> list[dict[str, Any]]:
    """The rows of one lane."""
    return [event for event in events if event["subject"] == f"lanes/{lane}"]


def of_lane_and_starts(events: Iterable[dict[str, Any]], lane: str) -> list[dict[str, Any]]:
    """The rows of one lane, and those that tell where a run begins."""
    return [event for event in events if event["subject"] == f"lanes/{lane}" or kind(event) == "gateway.started"]


def unrecorded(pulses: Sequence[Pulse], events: Iterable[dict[str, Any]]) -> list[Pulse]:
    """The pulses at a barrier that no `barrier.commanded` row of its lane explains.

    Each pulse needs a row of its own with that terminal, made before it and not long before, and rows are used up in
    their order. A row without a pulse is fine: the engine died in between, or the guards objected.
    """
    rows = [event for event in events if kind(event) == "barrier.commanded"]
    alone = []
    free = dict.fromkeys(set(_TERMINAL.values()), 0)
    by_terminal = {
        terminal: [mono_ns(row) for row in rows if _TERMINAL[row["data"]["command"]] == terminal] for terminal in free
    }
    for pulse in pulses:
        times = by_terminal[pulse.terminal]
        number = free[pulse.terminal]
        while number < len(times) and times[number] < pulse.mono_ns - ORDER_LIFE_NS:
            number += 1
        if number < len(times) and times[number] <= pulse.mono_ns:
            free[pulse.terminal] = number + 1
        else:
            free[pulse.terminal] = number
            alone.append(pulse)
    return alone


def half_done(events: Iterable[dict[str, Any]]) -> bool:
    """Whether the rows of a lane, with the starts among them, leave something half done for a person to decide.

    That is a movement without its end, of the last run or of an earlier one that nobody has decided on since: a guard
    who opens where the arm is up already has decided, and nothing needs to move for it. A stop of an arm that rested
    moves nothing.
    """
    moving = waiting = False
    for event in events:
        if kind(event) == "gateway.started":
            moving, waiting = False, waiting or moving
        elif kind(event) == "barrier.commanded":
            moving = moving or event["data"].get("interrupted") is not False
        elif kind(event) in _ENDS_MOTION:
            moving = False
        if kind(event) in _SETTLES or _is_a_persons(event):
            waiting = False
    return moving or waiting


def _is_a_persons(event: dict[str, Any]) -> bool:
    """An order to open, close, hold or release that a person gave; after a stop the lane waits still."""
    data = event["data"]
    if kind(event) == "barrier.commanded":
        return bool(data["cause"] == "operator" and data["command"] != "stop")
    if kind(event) == "access.granted":
        return data["reason"] in ("operator", "remote", "emergency")
    return kind(event) in ("barrier.held", "barrier.released") and data.get("by") != "gateway"


def unasked(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The movements that an engine's run commanded before anything but its start could have caused them.

    `events` are the rows of one run, from its `gateway.started` on. A movement is asked for by a grant, by a vehicle
    that was seen, or by a person; a run's first movement that follows none of these was caused by the start.
    """
    stimulated: set[str] = set()
    found = []
    for event in events:
        if kind(event) == "barrier.commanded":
            by_person = event["data"]["cause"] == "operator"
            if by_person:
                stimulated.add(event["subject"])
            elif event["subject"] not in stimulated:
                found.append(event)
        elif kind(event).startswith(("access.", "passage.", "barrier.", "grant.")):
            stimulated.add(event["subject"])
    return found
