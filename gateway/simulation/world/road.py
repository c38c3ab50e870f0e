"""The queue in front of a lane, and what becomes of what its cars do."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gateway.physics.arm import LONG_AGO_NS
from gateway.physics.traffic import Crossing, Happening
from gateway.simulation.world.cars import Car, Proofs
from gateway.simulation.world.clock import World
from gateway.simulation.world.gate import Gate
from gateway.simulation.world.side import Side

QUEUE_MAX = 5


class Shows(Protocol):
    """What becomes of what a car shows."""

    def comes(self, side: Side, car: Car) -> None:
        """It rolls up to the line."""

    def read(self, side: Side, car: Car) -> None:
        """It stands at the line and shows what it has."""

    def gone(self, side: Side, car: Car) -> None:
        """It has left the lane, one way or the other."""


class Passage(NamedTuple):
    """A car that has crossed the safety loop, and from which side."""

    side: Side
    car: Car
    crossing: Crossing

    @property
    def forward(self) -> bool:
        """True when it went through."""
        return self.crossing.direction == "through"


class Road:
    """A lane's queue: one car at the barrier, the others behind it. A car that finds five of them goes elsewhere."""

    def __init__(
        self,
        world: World,
        side: Side,
        shows: Shows,
        crossed: Callable[[Passage], None],
        torn: Callable[[Gate], None],
    ) -> None:
        self._world = world
        self.side = side
        self.gate = side.gate
        self.gate.listeners[side.of_arm] = self
        self._shows = shows
        self._crossed = crossed
        self._torn = torn
        self._queue: list[Car] = []
        self._at_barrier: Car | None = None
        self._rests = False
        self.front: Car | None = None
        """The car at the line."""
        self.unseen_ns = LONG_AGO_NS
        """When one that no loop sees was at the line last."""

    def arrives(self, car: Car) -> None:
        """A car turns into the lane."""
        if len(self._queue) < QUEUE_MAX:
            self._queue.append(car)
            self._next()

    def strike(self, chance: random.Random) -> None:
        """A car drives at the closed arm, if the lane is empty."""
        if not self._is_taken and not self.gate.occupied and self.gate.position < 0.5:
            self._enters(Car("ram", Proofs(""), chance, self.side, at_once=True))

    @property
    def _is_taken(self) -> bool:
        return self._at_barrier is not None or self._rests

    def _next(self) -> None:
        if not self._is_taken and self._queue:
            car = self._queue.pop(0)
            self._shows.comes(self.side, car)
            self._enters(car)

    def _enters(self, car: Car) -> None:
        self._at_barrier = car
        self.gate.enter(car)

    def happened(self, one: Happening) -> None:
        """A car of this lane has done something."""
        car = one.car
        assert isinstance(car, Car)
        match one.what:
            case "stands":
                self.front = car
            case "shows":
                self._shows.read(self.side, car)
            case "under" if car.behaviour == "ram":
                self.gate.rammed_ns = self._world.now_ns
            case "off_line":
                self.front = None if self.front is car else self.front
                if car.behaviour == "e_bike":
                    self.unseen_ns = self._world.now_ns
            case "crossed":
                assert one.crossing is not None
                passage = Passage(self.side, car, one.crossing)
                self._crossed(passage)
                if passage.forward:
                    self._done(car, 2000 if car.behaviour == "ram" else car.chance.randint(200, 4000))
            case "tore":
                self._torn(self.gate)
            case "gone" if self._at_barrier is car:
                self._done(car, 500 if car.behaviour == "e_bike" else car.chance.randint(500, 3000))

    def _done(self, car: Car, gap_ms: int) -> None:
        """The car has left the barrier; the next one comes up after the gap."""
        self._at_barrier, self._rests = None, True
        self._shows.gone(self.side, car)
        self._world.after(gap_ms, self._gap_over)

    def _gap_over(self) -> None:
        self._rests = False
        self._next()
