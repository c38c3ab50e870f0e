"""What the rules about cars know: which car stands where in plain sight, and which grants wait for theirs."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.core.vocabulary.rows.base import Credential, Row
from gateway.physics.arm import NS_PER_MS
from gateway.simulation.rules.known import Known
from gateway.simulation.world.cars import Car
from gateway.simulation.world.road import Road
from gateway.simulation.world.side import Side

SETTLED_MS = 1000
"""The product knows what a loop has told for so long."""
COMES_MS = 3500
"""A plate counts for a car that comes within three seconds of its sighting, and contacts take a moment."""
UNSEEN_MS = 12_000
"""What an e-bike shows, which no loop sees, may be taken for that of a car that comes so soon behind it."""
GIVEN_MAX = 20_000


class Given(msgspec.Struct):
    """An unused grant, and the car that was in front when it was given."""

    lane: str
    barrier: str
    at_ns: int
    person: bool
    emergency: bool
    pass_id: str | None
    credential: Credential | None
    car: Car | None


class CarsKnown:
    """Shared by the rules about cars."""

    def __init__(self, known: Known) -> None:
        self.all = known
        self.roads: Mapping[str, Road] = {}
        self.given: dict[str, Given] = {}

    def give(self, grant: str, given: Given) -> None:
        """A grant is given."""
        self.given[grant] = given
        if len(self.given) > GIVEN_MAX:
            self.given.pop(next(iter(self.given)))

    def fitted(self, side: Side) -> bool:
        """True for a lane with a loop in front of its arm."""
        return side.near not in side.gate.without

    def front(self, side: Side, settled_ms: int = SETTLED_MS) -> Car | None:
        """The one car that stands on the loop in front of a lane, as the product must know by now."""
        road, gate, loop = self.roads[side.lane], side.gate, side.gate.loops[side.near]
        car = road.front
        if car is None or car.stood_ns is None or not self.fitted(side) or gate.troubled(COMES_MS):
            return None
        if car.stood_ns - road.unseen_ns < UNSEEN_MS * NS_PER_MS:
            return None
        if side.shares and gate.loops["safety_loop"].came_ns >= car.stood_ns:
            return None  # a car from the other side may have been taken for it
        plain = loop.cars == 1 and loop.came_ns == car.stood_ns
        return car if plain and self.all.ago_ms(car.stood_ns) >= settled_ms else None

    def empty(self, side: Side) -> bool:
        """True when the product must know that no car stands in front of a lane."""
        loop = side.gate.loops[side.near]
        if not self.fitted(side) or loop.cars or side.gate.troubled(COMES_MS):
            return False
        return self.all.ago_ms(loop.left_ns) >= SETTLED_MS


def values_of(row: Row) -> list[str]:
    """What was read of the car of a row."""
    credential: Credential | None = getattr(row, "credential", None)
    return [one for one in (credential.value if credential else None, getattr(row, "plate", None)) if one]


def names_of(row: Row) -> list[str]:
    """By which names the product may know the car of a row: its code, its pass, or what was read."""
    return names(getattr(row, "pass_", None), getattr(row, "credential", None), getattr(row, "plate", None))


def names(pass_id: str | None, credential: Credential | None, plate: str | None = None) -> list[str]:
    """The names of a car with that pass, credential and plate."""
    if credential is not None and credential.kind == "qr":
        return [credential.value]
    value = credential.value if credential is not None else None
    return [one for one in ((pass_id,) if pass_id else (value, plate)) if one]


def owns(car: Car, row: Row) -> bool:
    """True when a row is about this car, as far as its credentials show."""
    pass_id = getattr(row, "pass_", None)
    return (pass_id is not None and pass_id == car.pass_id) or bool(set(values_of(row)) & (car.values | car.handed))
