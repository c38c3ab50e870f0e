"""`plates`: a plate opens for the car in front, and a card that differs from it is referred."""

from __future__ import annotations

from gateway.core.vocabulary.rows.base import Credential
from gateway.physics.arm import NS_PER_MS
from gateway.simulation.rules.cars.known import COMES_MS, SETTLED_MS, CarsKnown
from gateway.simulation.rules.table import Broken
from gateway.simulation.story.holders import pass_id_of
from gateway.simulation.world.cars import Car, Told
from gateway.simulation.world.side import Side, Sighting

AT_ONCE_MS = 3000
"""One tag or plate at two lanes within this time is one car's."""

TAG_MS = 3000
"""A long-range reader has seen the tag of a car that stands on its loop by then."""


class PlateRule:
    """Looks at what the gateway lets pass by itself."""

    def __init__(self, known: CarsKnown) -> None:
        self._known = known

    def granted(self, side: Side, car: Car | None, credential: Credential) -> None:
        """A credential is let pass while that car stands in front."""
        if credential.kind == "plate":
            self._opens(side, credential.value)
        if car is not None:
            self._agrees(side, car, credential)

    def _opens(self, side: Side, plate: str) -> None:
        """The car of the plate must be here, or have come within three seconds of the sighting."""
        seen = [one for one in side.sightings if one.value == plate]
        if not seen:
            raise self._broken(side, f"plate {plate} in, which its camera never told")
        if side.gate.troubled(COMES_MS) or side.two_factor:
            return
        if self._known.fitted(side):
            self._came_with(side, plate, max(one.seen_ns for one in seen))
        if any(self._is_elsewhere(side, one) for one in seen) and all(one.at is not side for one in seen):
            raise self._broken(side, f"plate {plate} in, whose car stands at {seen[-1].at.lane}")

    def _came_with(self, side: Side, plate: str, seen_ns: int) -> None:
        loop = side.gate.loops[side.near]
        if not loop.cars and self._known.all.ago_ms(loop.left_ns) > COMES_MS:
            raise self._broken(side, f"plate {plate} in, and no car is there")
        if loop.came_ns - seen_ns > COMES_MS * NS_PER_MS:
            ms = (loop.came_ns - seen_ns) // NS_PER_MS
            raise self._broken(side, f"plate {plate} in, seen {ms} ms before its car came")

    def _is_elsewhere(self, side: Side, sighting: Sighting) -> bool:
        """True when the car of a plate stands at another lane, whose own camera told of it just before."""
        at, car = sighting.at, sighting.car
        if at is side or self._known.front(at) is not car or car.refused or car.under:
            return False
        told = [one.at_ns for one in car.told if one.kind == "plate" and one.value == sighting.value]
        just = [at_ns for at_ns in told if 0 <= sighting.told_ns - at_ns <= AT_ONCE_MS * NS_PER_MS]
        ago_ms = self._known.all.ago_ms
        return bool(just) and ago_ms(car.stood_ns or 0) - ago_ms(just[0]) >= SETTLED_MS

    def _agrees(self, side: Side, car: Car, credential: Credential) -> None:
        """Card and plate of the car in front: if they differ, a person decides."""
        if side.two_factor or car.under or car.stood_ns is None or credential.value not in car.values:
            return
        last: dict[bool, Told] = {}
        for one in car.told:
            if not _is_behind(side, car, one):
                last[one.kind == "plate"] = one
        if len(last) == 2 and _differ(last[False], last[True]):
            raise self._broken(side, f"{credential} in, and the car has shown {car.told}")

    def _broken(self, side: Side, what: str) -> Broken:
        return self._known.all.broken("plates", f"{side.lane} let {what}")


def _is_behind(side: Side, car: Car, one: Told) -> bool:
    """Whether the product must take a tag for that of the car behind: seen first when this one has stood for long."""
    if not side.shape.get("long_range") or one.kind == "plate" or car.stood_ns is None:
        return False
    first_ns = next(told.seen_ns for told in car.told if told.value == one.value)
    return first_ns - car.stood_ns > TAG_MS * NS_PER_MS


def _differ(card: Told, plate: Told) -> bool:
    """Whether a card (or code) and a plate are of two cars: an unknown plate may be a misread by two signs."""
    pass_id = pass_id_of(card.kind, card.value)
    if pass_id is None:
        return False
    other = pass_id_of("plate", plate.value)
    return other is not None and other != pass_id
