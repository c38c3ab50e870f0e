"""The wires of a lane in a site document that may be half written: read, set, taken away.

A document under work may hold anything. What is no point is read as a wire without one, so that the form shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from gateway.core.settings.model import Point
from gateway.core.wiring.terminals import SEVERAL_MAX, TERMINALS, Side, Terminal, terminal_of

Document = dict[str, Any]
_POINT = re.compile(r"([A-Za-z0-9_-]{1,64})\.(input|output)\.(\d{1,3})")
_DEBOUNCE_MS = Point("").debounce_ms
_TEXT_MAX = 200


class Wire(msgspec.Struct, frozen=True):
    """One wire: a terminal (`barrier.open`; `barrier.safety_loop.1` for the second of a list) to a point of a board."""

    terminal: str
    point: str
    normally: Literal["open", "closed"] = "open"
    debounce_ms: int = _DEBOUNCE_MS

    @property
    def place(self) -> Place | None:
        """The point taken apart; None when it is not written as a point."""
        return place_of(self.point)

    @property
    def closed(self) -> bool:
        """Whether the meaning is true while the current is off."""
        return self.normally == "closed"

    def means(self, electrical: bool) -> bool:
        """The meaning of an electrical state."""
        return electrical != self.closed


class Place(msgspec.Struct, frozen=True):
    """A point taken apart: device, side and number from 0."""

    device: str
    side: Side
    index: int


def place_of(point: str) -> Place | None:
    """The point taken apart; None when it is not written as a point."""
    found = _POINT.fullmatch(point)
    return Place(found[1], found[2], int(found[3])) if found else None  # type: ignore[arg-type]


# ---- where lanes and barriers are ------------------------------------------------------------------------------------


def lanes_of(document: Document) -> list[Document]:
    """The lanes that are objects; others are shown by the checks."""
    found = document.get("lanes")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def lane_of(document: Document, lane_id: str) -> Document | None:
    """The lane of that id."""
    return next((one for one in lanes_of(document) if one.get("id") == lane_id), None)


def barrier_of(document: Document, lane: Document) -> Document | None:
    """The barrier of a lane, inline or by its id; None when there is none."""
    written = lane.get("barrier")
    if isinstance(written, dict):
        return written
    apart = document.get("barriers")
    each = apart if isinstance(apart, list) else []
    return next((one for one in each if isinstance(one, dict) and one.get("id") == written), None)


def sharing(document: Document, lane: Document) -> list[str]:
    """The ids of the other lanes at the same barrier."""
    written = lane.get("barrier")
    if not isinstance(written, str):
        return []
    return [str(one.get("id")) for one in lanes_of(document) if one is not lane and one.get("barrier") == written]


def paths_of(document: Document, lane_id: str) -> dict[str, str]:
    """The paths under which checks report faults of `barrier` and of the `lane`, by those two words."""
    lanes = document.get("lanes")
    at = next((n for n, one in enumerate(lanes or []) if isinstance(one, dict) and one.get("id") == lane_id), None)
    if at is None or not isinstance(lanes, list):
        return {}
    written = lanes[at].get("barrier")
    apart = document.get("barriers")
    number = next(
        (n for n, one in enumerate(apart if isinstance(apart, list) else []) if _named(one, written)),
        None,
    )
    barrier = f"lanes[{at}].barrier" if isinstance(written, dict) or number is None else f"barriers[{number}]"
    return {"lane": f"lanes[{at}]", "barrier": barrier}


def duplicate(document: Any) -> Any:
    """A document of its own, with all that is in it."""
    if isinstance(document, dict):
        return {key: duplicate(value) for key, value in document.items()}
    return [duplicate(value) for value in document] if isinstance(document, list) else document


def _named(one: Any, name: Any) -> bool:
    return isinstance(one, dict) and isinstance(name, str) and one.get("id") == name


# ---- reading ---------------------------------------------------------------------------------------------------------


def wires_of(document: Document, lane_id: str) -> tuple[Wire, ...]:
    """The wires of a lane and of its barrier, in the order of the terminals."""
    lane = lane_of(document, lane_id)
    if lane is None:
        return ()
    barrier = barrier_of(document, lane) or {}
    return tuple(
        wire for terminal in TERMINALS.values() for wire in _read(terminal, barrier if _inside(terminal) else lane)
    )


def _inside(terminal: Terminal) -> bool:
    return terminal.of == "barrier"


def _read(terminal: Terminal, owner: Document) -> Iterator[Wire]:
    value: Any = owner
    for step in terminal.key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    each = value if isinstance(value, list) else [] if value is None else [value]
    for number, written in enumerate(each[:SEVERAL_MAX]):
        yield _wire(terminal.name if number == 0 else f"{terminal.name}.{number}", written)


def _wire(name: str, written: Any) -> Wire:
    if isinstance(written, str):
        return Wire(name, written[:_TEXT_MAX])
    if not isinstance(written, dict):
        return Wire(name, "")
    debounce = written.get("debounce_ms", _DEBOUNCE_MS)
    whole = isinstance(debounce, int) and not isinstance(debounce, bool)
    return Wire(
        name,
        str(written.get("point", ""))[:_TEXT_MAX],
        "closed" if written.get("normally") == "closed" else "open",
        debounce if whole else _DEBOUNCE_MS,
    )


# ---- writing ---------------------------------------------------------------------------------------------------------


def rewired(document: Document, lane_id: str, wires: Iterable[Wire]) -> Document:
    """A copy of the document in which the lane has exactly these wires; those without a point are taken away.

    The barrier of two lanes is one: its wires change for both. KeyError for an unknown lane or terminal.
    """
    changed: Document = duplicate(document)
    lane = lane_of(changed, lane_id)
    if lane is None:
        raise KeyError(lane_id)
    barrier = barrier_of(changed, lane)
    if barrier is None:
        barrier = lane["barrier"] = {}
    by_terminal: dict[str, list[Wire]] = {}
    for wire in wires:
        if wire.point:
            by_terminal.setdefault(terminal_of(wire.terminal).name, []).append(wire)
    for name, terminal in TERMINALS.items():
        _write(terminal, barrier if _inside(terminal) else lane, by_terminal.get(name, []))
    return changed


def _write(terminal: Terminal, owner: Document, wires: list[Wire]) -> None:
    *way, last = terminal.key.split(".")
    for step in way:
        inner = owner.get(step)
        if not isinstance(inner, dict):
            if not wires:
                return
            inner = owner[step] = {}
        parent, owner = owner, inner
    if not wires:
        owner.pop(last, None)
        if way and not owner:
            parent.pop(way[-1])
    else:
        points = [_written(wire) for wire in wires]
        owner[last] = points if terminal.several and len(points) > 1 else points[0]


def _written(wire: Wire) -> str | Document:
    """A point as short as the site file allows."""
    more: Document = {}
    if wire.normally != "open":
        more["normally"] = wire.normally
    if wire.debounce_ms != _DEBOUNCE_MS:
        more["debounce_ms"] = wire.debounce_ms
    return {"point": wire.point, **more} if more else wire.point
