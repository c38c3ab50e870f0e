"""A lane copied to other points: the same barrier once more, at other boards or further along the same one."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from gateway.core.wiring.boards import Boards
from gateway.core.wiring.terminals import Side
from gateway.core.wiring.wires import (
    Document,
    Wire,
    barrier_of,
    duplicate,
    lane_of,
    lanes_of,
    rewired,
    sharing,
    wires_of,
)


class Shift(msgspec.Struct, frozen=True):
    """Where a copy goes: each point to the device of the same name in `devices`, and so many points further on."""

    devices: dict[str, str] = {}
    inputs: int = 0
    outputs: int = 0

    def moved(self, wire: Wire) -> Wire | None:
        """The wire at its new point; None when there is none before the board begins, or nothing to move."""
        place = wire.place
        if place is None:
            return None
        index = place.index + (self.inputs if place.side == "input" else self.outputs)
        device = self.devices.get(place.device, place.device)
        return msgspec.structs.replace(wire, point=f"{device}.{place.side}.{index}") if index >= 0 else None


SIREN = "siren"


def copied(document: Document, lane_id: str, new_id: str, shift: Shift, name: str = "") -> Document:
    """The document with a copy of the lane under a new id, each wire at its new point.

    Readers, cameras and displays are not copied: each stands at one lane. A siren is kept where it is, as lanes may
    share one. KeyError for an unknown lane, ValueError for an id that is taken.
    """
    lane = lane_of(document, lane_id)
    if lane is None:
        raise KeyError(lane_id)
    changed: Document = duplicate(document)
    barrier = duplicate(barrier_of(document, lane) or {})
    barrier.pop("id", None)
    twin = {**duplicate(lane), "id": new_id, "name": name or new_id, "barrier": barrier}
    for key in ("readers", "cameras", "displays"):
        twin.pop(key, None)
    _append(changed, twin)
    moved = [wire if wire.terminal == SIREN else shift.moved(wire) for wire in wires_of(document, lane_id)]
    return rewired(changed, new_id, [wire for wire in moved if wire is not None])


def next_free(document: Document, lane_id: str, boards: Boards) -> Shift:
    """The shift that puts a copy on the first free points behind those in use, on the same boards where they fit.

    A board that is full is replaced by the first one that has room for all wires of that side.
    """
    wires = [wire for wire in wires_of(document, lane_id) if wire.terminal != SIREN]
    used = _used(document)
    shift = Shift(inputs=_step(wires, used, "input"), outputs=_step(wires, used, "output"))
    if _fits(shift, wires, used, boards):
        return shift
    own = [wire.place.device for wire in wires if wire.place is not None]
    for board in boards.values():
        other = Shift(dict.fromkeys(own, board.id))
        if board.id not in own and _fits(other, wires, used, boards):
            return other
    return shift


def _used(document: Document) -> set[str]:
    lanes = [one["id"] for one in lanes_of(document) if isinstance(one.get("id"), str)]
    return {wire.point for lane in lanes for wire in wires_of(document, lane)}


def _step(wires: list[Wire], used: set[str], side: Side) -> int:
    """So many points further on all wires of one side are free."""
    places = [wire.place for wire in wires if wire.place is not None and wire.place.side == side]
    if not places:
        return 0
    step = 1
    while any(f"{one.device}.{side}.{one.index + step}" in used for one in places):
        step += 1
    return step


def _fits(shift: Shift, wires: list[Wire], used: set[str], boards: Boards) -> bool:
    moved = [shift.moved(wire) for wire in wires]
    for wire in moved:
        place = wire.place if wire is not None else None
        board = boards.get(place.device) if place is not None else None
        if wire is None or place is None or board is None or not board.has(place) or wire.point in used:
            return False
    return True


def free_points(
    document: Document, boards: Boards, side: Side, device: str = "", first: Collection[str] = ()
) -> list[str]:
    """The points of one side that no lane uses, of one device or of all: those of `first`, of boards, of readers."""
    used = _used(document)
    chosen = [board for board in boards.values() if device in ("", board.id)]
    chosen.sort(key=lambda board: (board.id not in first, board.reads))
    return [point for board in chosen for point in board.points(side) if point not in used]


def added(document: Document, lane_id: str, direction: str, name: str = "") -> Document:
    """The document with a new lane that has a barrier without wires. ValueError for an id that is taken."""
    changed: Document = duplicate(document)
    _append(changed, {"id": lane_id, "name": name or lane_id, "direction": direction, "barrier": {}})
    return changed


def joined(document: Document, lane_id: str, direction: str, other: str, name: str = "") -> Document:
    """The document with a new lane at the barrier of another one, which then stands apart under its own id.

    Two directions past one barrier; KeyError for an unknown lane, ValueError for an id that is taken.
    """
    changed: Document = duplicate(document)
    lane = lane_of(changed, other)
    if lane is None:
        raise KeyError(other)
    if isinstance(lane.get("barrier"), dict):
        apart = changed.setdefault("barriers", [])
        apart.append({"id": other, **lane["barrier"]})
        lane["barrier"] = other
    _append(changed, {"id": lane_id, "name": name or lane_id, "direction": direction, "barrier": lane["barrier"]})
    return changed


def removed(document: Document, lane_id: str) -> Document:
    """The document without a lane, and without a barrier that no lane is left at."""
    changed: Document = duplicate(document)
    lanes = changed.get("lanes")
    if not isinstance(lanes, list):
        return changed
    gone = lane_of(changed, lane_id)
    changed["lanes"] = [one for one in lanes if one is not gone]
    if gone is not None and isinstance(gone.get("barrier"), str) and not sharing(changed, gone):
        apart = changed.get("barriers")
        kept = [one for one in apart or [] if not (isinstance(one, dict) and one.get("id") == gone["barrier"])]
        changed["barriers"] = kept
        if not kept:
            del changed["barriers"]
    return changed


def _append(document: Document, lane: Document) -> None:
    if lane_of(document, lane["id"]) is not None:
        raise ValueError(f"is {lane['id']!r}, which another lane has already; every id is used once")
    lanes = document.get("lanes")
    document["lanes"] = [*(lanes if isinstance(lanes, list) else []), lane]
