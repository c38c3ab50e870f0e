"""Cars of a story: what each one shows, how its driver drives, and the queue in front of each lane."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gateway.physics.arm import LONG_AGO_NS, NS_PER_MS
from gateway.physics.cars import Behaviour, Layout, Leg
from gateway.physics.cars import Car as PhysicalCar
from gateway.physics.manners import HALFWAY_M, Manner
from gateway.physics.traffic import Crossing, Happening
from gateway.simulation.gate import Gate
from gateway.simulation.side import Side
from gateway.simulation.world import World

PATIENCE_MS = 25_000
RAMS_MS = 200
LENGTH_M = 4.5
MAX_QUEUE = 5


class Proofs(NamedTuple):
    """What a car has to show: a card or a QR code, and the plate that a camera sees, so long after (before) the card.

    `plate` is what the camera makes of it; `telling` is how a camera that only adds to the card tells it.
    """

    card: str
    plate: str = ""
    plate_ms: int = 0
    code: str = ""
    telling: str = ""


class Told(NamedTuple):
    """What the gateway was told of a car at its lane: when, and when it was seen by what it was told (ns)."""

    at_ns: int
    seen_ns: int
    kind: str
    value: str


class StoryManner(Manner):
    """A driver who throws dice: every duration is drawn when its turn comes. `at_once`: it is at the line already."""

    cautious = True

    def __init__(self, behaviour: Behaviour, chance: random.Random, shares: bool, at_once: bool = False) -> None:
        super().__init__(behaviour, patience_ms=PATIENCE_MS)
        self._chance = chance
        self._shares = shares
        self._at_once = at_once

    def comes(self, _front_m: float, layout: Layout) -> list[Leg]:
        """Onto the near loop, and at once up to the line."""
        ms = 0 if self._at_once else self._chance.randint(300, 2000)
        return [_leg(layout.near[0], ms), _leg(layout.stop_m, 0)]

    def shows_ms(self) -> int:
        """Up to one and a half seconds."""
        return self._chance.randint(200, 1500)

    def reacts_ms(self) -> int:
        """Up to one and a half seconds."""
        return RAMS_MS if self.behaviour == "ram" else self._chance.randint(300, 1500)

    def goes(self, _front_m: float, layout: Layout) -> list[Leg]:
        """Onto the safety loop at once, then leg by leg off each loop; an e-bike is gone at once."""
        if self.behaviour == "e_bike":
            return []
        chance = self._chance
        under_ms = stays_ms = 1500
        if self.behaviour != "ram":
            under_ms = chance.randint(900, 2500)
            stays_ms = chance.randint(20_000, 90_000) if self.behaviour == "chat" else chance.randint(300, 900)
        legs = [_leg(layout.safety[0], 0), _leg(layout.near[1] + LENGTH_M, under_ms)]
        off_m = layout.safety[1] + LENGTH_M
        if not self._shares or self.behaviour == "ram":
            return [*legs, _leg(off_m, stays_ms)]
        halves = _leg(layout.far[0], stays_ms // 2), _leg(off_m, stays_ms - stays_ms // 2)
        return [*legs, *halves, _leg(layout.far[1] + LENGTH_M, chance.randint(200, 1500))]

    def turns_round(self, _front_m: float, layout: Layout) -> list[Leg]:
        """Onto the safety loop, and off it backwards."""
        ms = self._chance.randint(800, 2500)
        return [_leg(layout.safety[0], 0), _leg(HALFWAY_M, ms // 2), _leg(layout.safety[0], ms - ms // 2)]

    def leaves(self, front_m: float, layout: Layout) -> list[Leg]:
        """From the line at once, from the safety loop after a while."""
        ms = self._chance.randint(1500, 4000) if front_m >= layout.safety[0] else 0
        return [_leg(layout.near[0], ms)]

    def drags(self) -> bool:
        """One in two."""
        return self._chance.random() < 0.5


def _leg(to_m: float, ms: int) -> Leg:
    return Leg(to_m, ms * NS_PER_MS)


class Car(PhysicalCar):
    """One car on its way past one lane, as it truly is; `identity` is the pass, code or number that it is known by."""

    def __init__(
        self,
        behaviour: Behaviour,
        proofs: Proofs,
        chance: random.Random,
        side: Side,
        identity: str = "",
        pass_id: str | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        manner = StoryManner(behaviour, chance, side.shares, at_once)
        super().__init__(identity, behaviour, manner, length_m=LENGTH_M, side=side.of_arm)
        self.proofs = proofs
        self.chance = chance
        self.identity = identity
        self.pass_id = pass_id
        self.code = ""  # the name of its QR code
        self.alone = True  # no other car that is known by the same went anywhere meanwhile
        self.values: set[str] = set()
        self.handed: set[str] = set()  # what others showed that may be taken for its own
        self.told: list[Told] = []
        self.grants: list[str] = []
        self.refused = False
        self.released_by: str | None = None  # the grant by which a person let it pass


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
        if len(self._queue) < MAX_QUEUE:
            self._queue.append(car)
            self._next()

    def strike(self, chance: random.Random) -> None:
        """Somebody drives at the closed arm, if nobody else is in the lane."""
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
