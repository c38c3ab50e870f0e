"""One lane's part of a simulated gate: its reader and camera, and the loops before and beyond the arm as it sees them.

Most barriers have one lane. Where two share one, each has its own side of the arm: what is beyond for the one is in
front of the other, and their cars come under the same arm over the same safety loop.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gateway.core.vocabulary import events as e
from gateway.simulation.world.clock import NS_PER_MS, World
from gateway.simulation.world.gate import Gate

if TYPE_CHECKING:
    from gateway.simulation.world.cars import Car

READER_LOST_MS = 3000
SHOWN_KEPT = 32
DESK = "desk"
"""The reader in the booth that two lanes share."""


class Sighting(NamedTuple):
    """A plate that a camera has sent: when, when it was seen (ns), and whose it is.

    `at`: the lane of the car, which may be another one's than the camera's.
    """

    told_ns: int
    seen_ns: int
    value: str
    car: Car
    at: Side


class Side:
    """A lane: what its cars stand on and what reads them."""

    def __init__(self, world: World, gate: Gate, number: int, shape: dict[str, Any]) -> None:
        self._world = world
        self.gate = gate
        self.number = number
        self.shape = shape
        self.lane = f"lane{number}"
        self.reader = f"reader{number}"
        self.camera = f"camera{number}"
        self.entry = shape["direction"] == "entry"
        self.of_arm: Literal[0, 1] = 0 if number == gate.number else 1
        """The side of a shared arm; 0 for a lane that has an arm to itself."""
        loops = ("approach_loop", "clear_loop")
        self.near, self.far = loops[:: 1 - 2 * self.of_arm]
        self.two_factor = bool(shape.get("two_factor"))
        self.garbles = self.repeats = 0
        self.dead_until_ns = 0
        self.shown: deque[tuple[int, str, str]] = deque(maxlen=SHOWN_KEPT)
        """What was read here lately: when (ns), kind and value."""
        self.sightings: deque[Sighting] = deque(maxlen=SHOWN_KEPT)
        self._lost = False

    @property
    def shares(self) -> bool:
        """Whether another lane leads past the same arm."""
        return "clear_loop" not in self.gate.without

    def sees(
        self, kind: str, value: str, again: bool = False, age_ms: int = 0, desk: bool = False
    ) -> e.CredentialRead | None:
        """The reader or the camera reads something; None when it is dead."""
        if self._world.now_ns < self.dead_until_ns and not desk:
            return None
        self.shown.append((self._world.now_ns, kind, value))
        if desk:
            return e.CredentialRead(DESK, kind, value, 32)
        far = bool(self.shape.get("long_range")) and kind == "card"
        device = self.camera if kind == "plate" else self.reader
        bound = far or kind == "plate"
        return e.CredentialRead(device, kind, value, 32, long_range=far, again=again and bound, age_ms=age_ms)

    def kill_reader(self, for_ms: int) -> None:
        """The reader is dead for a while; that it is, is noticed after some seconds."""
        self.dead_until_ns = max(self.dead_until_ns, self._world.now_ns + for_ms * NS_PER_MS)
        session = self.gate.board.session
        if for_ms > READER_LOST_MS and not self._lost:
            self._lost = True
            self._world.after(READER_LOST_MS, lambda: self._gone(session))

    def _gone(self, session: int) -> None:
        if session == self.gate.board.session:
            self.gate.board.report(e.DeviceLost(self.reader, "nothing on the port; check the reader's plug"))
        self._world.at(self.dead_until_ns, self._back)

    def _back(self) -> None:
        if self._world.now_ns < self.dead_until_ns:
            self._world.at(self.dead_until_ns, self._back)
            return
        self._lost = False
        self.gate.board.report(e.DeviceRestored(self.reader))
