"""A lane copied to other points: the same barrier once more, at other boards or further along the same one."""

from __future__ import annotations

import msgspec

from gateway.core.wiring.boards import Boards
from gateway.core.wiring.terminals import Side, terminal_of
from gateway.core.wiring.wires import Document, Wire, barrier_of, duplicate, lane_of, lanes_of, rewired, wires_of


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
    if lane_of(document, new_id) is not None:
        raise ValueError(f"is {new_id!r}, which another lane has already; every id is used once")
    changed: Document = duplicate(document)
    barrier = duplicate(barrier_of(document, lane) or {})
    barrier.pop("id", None)
    twin = {**duplicate(lane), "id": new_id, "name": name or new_id, "barrier": barrier}
    for key in ("readers", "cameras", "displays"):
        twin.pop(key, None)
    changed["lanes"].append(twin)
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


def free_points(document: Document, boards: Boards, side: Side, device: str = "") -> list[str]:
    """The points of one side that no lane uses, of one device or of all, in the order of the boards."""
    used = _used(document)
    chosen = [board for board in boards.values() if device in ("", board.id)]
    return [point for board in chosen for point in board.points(side) if point not in used]


def side_of(terminal: str) -> Side:
    """The side of a board that a terminal is wired to."""
    return terminal_of(terminal).side
