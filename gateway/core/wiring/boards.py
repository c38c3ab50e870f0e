"""What is known of the devices of a document: how many points each has, and what its inputs say now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from gateway.core.wiring.terminals import Side
from gateway.core.wiring.wires import Document, Place


class Board(msgspec.Struct, frozen=True):
    """A device as a place for wires. `reads`, `shows`: it may stand among a lane's readers, or its displays;
    `prints`: it may be a lane's printer.

    `state` is that of the running device (`online`, `stale`, `lost`, `starting`), empty when it does not run.
    `now`: the electrical state of each input, empty when it is not known.
    """

    id: str
    inputs: int = 0
    outputs: int = 0
    reads: bool = False
    shows: bool = False
    prints: bool = False
    state: str = ""
    now: tuple[bool, ...] = ()

    def has(self, place: Place) -> bool:
        """Whether the board has this point."""
        return place.index < (self.inputs if place.side == "input" else self.outputs)

    def points(self, side: Side) -> tuple[str, ...]:
        """All its points of one side, as the site file writes them."""
        return tuple(f"{self.id}.{side}.{n}" for n in range(self.inputs if side == "input" else self.outputs))

    def electrical(self, place: Place) -> bool | None:
        """Whether current flows in an input now; None when that is not known."""
        known = self.state == "online" and place.side == "input" and place.index < len(self.now)
        return self.now[place.index] if known else None


Boards = Mapping[str, Board]
"""The devices of a document by id; one that is missing here is one whose points are not known."""


def devices_of(document: Document) -> Iterator[Document]:
    """The devices of a document that have an id."""
    devices = document.get("devices")
    for one in devices if isinstance(devices, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            yield one
