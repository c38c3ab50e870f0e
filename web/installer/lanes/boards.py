"""The devices of the draft as places for wires: those that run are asked for their points, the others are guessed."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.wiring.boards import Board
from gateway.core.wiring.learning import Edge
from web.platform.services import ask

ASK_S = 2.0
GUESSED = 8
"""Points of a board that does not run yet and does not say how many it has."""
_NS_PER_MS = 1_000_000


class Points(msgspec.Struct, frozen=True):
    """What the engine tells of the points of all devices. `answered`: whether it told anything."""

    boards: dict[str, Board]
    edges: tuple[Edge, ...] = ()
    answered: bool = True

    @property
    def levels(self) -> dict[str, bool]:
        """The electrical state of every input that is known."""
        return {
            f"{board.id}.input.{n}": level
            for board in self.boards.values()
            if board.state == "online"
            for n, level in enumerate(board.now)
        }

    def rest(self, since_ms: int) -> dict[str, bool]:
        """The state of each input at a moment: what it says now, with the first change since taken back."""
        found = self.levels
        for edge in reversed([one for one in self.edges if one.at_ms >= since_ms]):
            if edge.point in found:
                found[edge.point] = not edge.on
        return found


def points() -> Points:
    """The points of the devices that run; none while the engine does not answer."""
    try:
        told = ask("bench.points", timeout_s=ASK_S)
    except GatehouseError:
        return Points({}, (), answered=False)
    devices = [one for one in told.get("devices", []) if isinstance(one, dict)]
    edges = sorted((edge for one in devices for edge in _edges(one)), key=lambda edge: edge.at_ms)
    return Points({one["device"]: _board(one) for one in devices}, tuple(edges))


def _board(told: dict[str, Any]) -> Board:
    levels = [one.get("level") for one in told["inputs"]]
    known = tuple(bool(level) for level in levels) if None not in levels else ()
    return Board(
        told["device"],
        len(told["inputs"]),
        len(told["outputs"]),
        reads=bool(told.get("reads")),
        shows=bool(told.get("shows")),
        state=told["state"],
        now=known,
    )


def _edges(told: dict[str, Any]) -> list[Edge]:
    return [
        Edge(f"{told['device']}.input.{one['input']}", one["level"], one["mono_ns"] // _NS_PER_MS)
        for one in told.get("edges", [])
    ]


def offered(site: dict[str, Any], running: dict[str, Board]) -> dict[str, Board]:
    """The devices of the draft: those that run as they are, the others with as many points as they say or may have."""
    devices = site.get("devices")
    named = [one for one in devices if isinstance(one, dict)] if isinstance(devices, list) else []
    found = [(str(one["id"]), one) for one in named if isinstance(one.get("id"), str)]
    return {device: running.get(device) or _guessed(device, one) for device, one in found}


def _guessed(device: str, written: dict[str, Any]) -> Board:
    board = "board" in written or "inputs" in written or "outputs" in written
    return Board(
        device,
        _count(written.get("inputs"), board=board),
        _count(written.get("outputs"), board=board),
        reads=not board,
        shows=not board,
    )


def _count(written: Any, *, board: bool) -> int:
    if isinstance(written, list):
        return len(written)
    if isinstance(written, int) and not isinstance(written, bool):
        return max(0, min(written, 64))
    return GUESSED if board else 0
