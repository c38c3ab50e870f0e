"""A whole simulated site on true wires, and the parts of a site file that fit it; for the demo and the tests.

Each lane gets a board `io-<lane>` with the world's usual wiring and an RDM6300 `reader-<lane>` on a pseudo-terminal.
The boards are units 1, 2, ... of one Modbus TCP server, or of one RS-485 line.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from drivers.boards.layout import load_board
from drivers.framing import em4100
from drivers.sim.board import BoardServer, RtuBoards, TcpBoards
from drivers.sim.board_model import SimBoard
from drivers.sim.reader import SimReader
from drivers.sim.world import Wiring, World
from gateway.physics.controller import ArmSpec


def lane_document(
    lane: str, direction: str, *, name: str = "", travel_time_ms: int = 1_500, **barrier: Any
) -> dict[str, Any]:
    """The lane as a site file has it; further keys go to its barrier."""
    io = f"io-{lane}"
    wiring = Wiring()
    points: dict[str, Any] = {key: f"{io}.output.{getattr(wiring, key)}" for key in ("open", "close", "stop")}
    for key in ("at_open", "at_closed", "safety_loop", "approach_loop", "arm_detached"):
        points[key] = f"{io}.input.{getattr(wiring, key)}"
    return {
        "id": lane,
        "name": name or lane,
        "direction": direction,
        "readers": [f"reader-{lane}"],
        "siren": f"{io}.output.{wiring.siren}",
        "barrier": {**points, "travel_time_ms": travel_time_ms, **barrier},
    }


def _card_frame(card: str) -> bytes:
    return em4100.encode(em4100.card_data(card))


class SimSite:
    """Lanes with everything that stands at them; a context manager. `lanes` maps lane ids to directions."""

    def __init__(
        self,
        directory: str | Path,
        lanes: Mapping[str, str] | None = None,
        *,
        wire: Literal["tcp", "rtu"] = "tcp",
        port: int = 0,
        spec: ArmSpec | None = None,
        poll_ms: int = 20,
    ) -> None:
        self.directions = dict(lanes or {"in": "entry", "out": "exit"})
        self.world = World()
        self.boards = {lane: SimBoard(load_board("generic")) for lane in self.directions}
        self.readers = {lane: SimReader(Path(directory, f"reader-{lane}"), _card_frame) for lane in self.directions}
        self.wire = self._build_wire(Path(directory), wire, port)
        self._poll_ms = poll_ms
        self._spec = spec or ArmSpec()
        for lane, board in self.boards.items():
            self.world.add_lane(lane, board, self.readers[lane], spec=spec)

    def __enter__(self) -> SimSite:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve the wires and let time pass."""
        self.wire.start()
        self.world.start()

    def stop(self) -> None:
        """End everything."""
        self.world.stop()
        self.wire.stop()
        for reader in self.readers.values():
            reader.close()

    def devices_document(self) -> list[dict[str, Any]]:
        """The `devices` of the site file; the wires must have been started, since they choose their port."""
        devices: list[dict[str, Any]] = []
        for unit, lane in enumerate(self.directions, 1):
            devices.append({"id": f"reader-{lane}", "driver": "rdm6300", "port": self.readers[lane].path})
            devices.append(
                {
                    "id": f"io-{lane}",
                    "driver": "modbus",
                    "board": "generic",
                    "unit": unit,
                    "poll_ms": self._poll_ms,
                    "link": self.link_document(),
                }
            )
        return devices

    def link_document(self) -> dict[str, Any]:
        """The `link` of the boards."""
        if isinstance(self.wire, TcpBoards):
            return {"type": "tcp", "host": self.wire.host, "port": self.wire.port}
        assert isinstance(self.wire, RtuBoards)
        return {"type": "serial", "port": self.wire.path, "baudrate": 115_200}

    def lanes_document(self, **barrier: Any) -> list[dict[str, Any]]:
        """The `lanes` of the site file."""
        travel_ms = self._spec.travel_ms
        return [
            lane_document(lane, direction, travel_time_ms=travel_ms * 2, **barrier)
            for lane, direction in self.directions.items()
        ]

    def _build_wire(self, directory: Path, wire: str, port: int) -> BoardServer:
        units = dict(enumerate(self.boards.values(), 1))
        if wire == "tcp":
            return TcpBoards(units, port=port)
        return RtuBoards(directory / "bus", units)
