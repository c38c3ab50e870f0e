"""The devices of the draft as places for wires: those that run are asked for their points, else their drivers are."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.wiring.boards import Board, devices_of
from gateway.core.wiring.learning import Edge
from gateway.core.wiring.wires import Document
from web.platform.services import ask

ASK_S = 2.0
GUESSED = 8
"""Points of a board whose driver cannot be asked."""
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
        prints=bool(told.get("prints")),
        state=told["state"],
        now=known,
    )


def _edges(told: dict[str, Any]) -> list[Edge]:
    return [
        Edge(f"{told['device']}.input.{one['input']}", one["level"], one["mono_ns"] // _NS_PER_MS)
        for one in told.get("edges", [])
    ]


def known(site: Document, running: dict[str, Board]) -> dict[str, Board]:
    """The devices of the draft whose points are known: those that run as they are, the others as their drivers say."""
    devices = {one["id"]: one for one in devices_of(site)}
    told = _told([one for device, one in devices.items() if device not in running])
    return {device: board for device in devices if (board := running.get(device) or told.get(device)) is not None}


def offered(site: Document, found: dict[str, Board]) -> dict[str, Board]:
    """All devices of the draft to choose points from: of those that are not known a guess."""
    return {one["id"]: found.get(one["id"]) or _guessed(one["id"], one) for one in devices_of(site)}


def _told(devices: list[Document]) -> dict[str, Board]:
    """The devices that do not run, as their drivers would have them; none while the engine does not answer."""
    if not devices:
        return {}
    try:
        told = ask("driver.points", timeout_s=ASK_S, devices=devices)["devices"]
    except GatehouseError:
        return {}
    return {one["id"]: _as_told(one) for one in told}


def _as_told(one: dict[str, Any]) -> Board:
    return Board(one["id"], one["inputs"], one["outputs"], one["reads"], one["shows"], bool(one.get("prints")))


def _guessed(device: str, written: Document) -> Board:
    """A device that says nothing of itself; one that has a board may have as many points as usual."""
    board = bool({"board", "inputs", "outputs"} & written.keys())
    count = GUESSED if board else 0
    return Board(device, count, count, reads=not board, shows=not board, prints=not board)
