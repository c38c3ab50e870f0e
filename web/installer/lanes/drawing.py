"""The drawing of a lane's wiring: terminals at the left, the points of the boards at the right, a line for each wire.

Plain SVG with classes; the page's script lights the lamps. The terminals are in the order of their points, board by
board, so that no two lines cross.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.wiring.wires import place_of
from web.installer.lanes.model import LaneModel
from web.installer.lanes.rows import Row
from web.installer.lanes.said import terminal_label
from web.words.texts import Words

STEP, TOP, HEAD = 40, 68, 56
LEFT, RIGHT, WIDTH = 216, 372, 640


class Wire(msgspec.Struct, frozen=True):
    """One line of the drawing with both its ends."""

    label: str
    point: str
    words: str
    y: int
    at: int
    out: bool
    closed: bool
    wrong: bool
    on: bool | None

    @property
    def path(self) -> str:
        """The line from the terminal to the point."""
        middle = (LEFT + 48 + RIGHT) // 2
        return f"M{LEFT} {self.y}H{LEFT + 48}C{middle} {self.y} {middle} {self.at} {RIGHT - 16} {self.at}H{RIGHT}"


class Board(msgspec.Struct, frozen=True):
    """The box of one device."""

    name: str
    top: int
    height: int
    state: str


class Drawing(msgspec.Struct, frozen=True):
    """All that the picture has."""

    width: int
    height: int
    wires: tuple[Wire, ...]
    boards: tuple[Board, ...]
    controller: int


def drawing(lane: LaneModel, say: Words) -> Drawing:
    """The drawing of the wires that there are."""
    at, boards = _places(lane, say)
    rows = sorted(lane.wired, key=lambda row: at[row.name])
    wires = tuple(
        _wire(row, TOP + number * STEP, at[row.name], say) for number, row in enumerate(rows) if row.wire is not None
    )
    controller = TOP + len(rows) * STEP
    lowest = max([controller, *(board.top + board.height for board in boards)])
    return Drawing(WIDTH, lowest + 12, wires, boards, controller - 20)


def _places(lane: LaneModel, say: Words) -> tuple[dict[str, int], tuple[Board, ...]]:
    """The height of each wire's point, and the boxes of the devices."""
    by_device: dict[str, list[Row]] = {}
    for row in lane.wired:
        place = place_of(row.wire.point) if row.wire else None
        by_device.setdefault(place.device if place else "?", []).append(row)
    at: dict[str, int] = {}
    boards: list[Board] = []
    y = 12
    for device, each in by_device.items():
        known = lane.boards.get(device)
        for number, row in enumerate(sorted(each, key=lambda one: _order(one))):
            at[row.name] = y + HEAD + number * STEP
        height = HEAD + len(each) * STEP - 8
        state = say.first(
            f"installer.lanes.board.{known.state or 'not_running'}" if known else "", "installer.lanes.board.gone"
        )
        boards.append(Board(device, y, height, state))
        y += height + 16
    return at, tuple(boards)


def _order(row: Row) -> tuple[Any, ...]:
    place = place_of(row.wire.point) if row.wire else None
    return (place.side != "output", place.index) if place else (True, 0)


def _wire(row: Row, y: int, at: int, say: Words) -> Wire:
    assert row.wire is not None
    place = place_of(row.wire.point)
    words = (
        say(f"installer.lanes.drawn.{place.side}", n=place.index, print=place.index + 1) if place else row.wire.point
    )
    number = f" {row.number + 1}" if row.number else ""
    return Wire(
        label=terminal_label(row.name, say) + number,
        point=row.wire.point,
        words=words,
        y=y,
        at=at,
        out=row.terminal.side == "output",
        closed=row.wire.closed,
        wrong=any(one.level == "wrong" for one in row.findings),
        on=row.on,
    )
