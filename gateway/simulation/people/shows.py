"""What the cars show: cards to readers, QR codes, a card taken to the booth's own reader, plates to cameras.

Readers repeat and garble, aerials and cameras of the next lane see what is not theirs, and a camera tells a plate
early, late, again, with how old the sighting is or without, or misread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.core.vocabulary import events as e
from gateway.simulation.rules.cars.rules import CarRules
from gateway.simulation.story.happenings import WHO
from gateway.simulation.world.cars import Car, Told
from gateway.simulation.world.clock import NS_PER_MS, World
from gateway.simulation.world.side import Side, Sighting

TOO_LATE_MS = 9_900
"""A plate that is read this long after the card may not count."""
AGE_MAX_MS = 10_000
"""A read that is older by the camera's own clock is sent only if a loop shows that the car has gone."""
NEIGHBOUR = 0.15
AT_DESK = 0.3
STATION = "booth"


class Shows:
    """Carries what cars show to the gateway, and notes it for the rules. `report` is False while there is no engine."""

    def __init__(self, world: World, sides: Sequence[Side], report: Callable[[e.Event], bool], rules: CarRules) -> None:
        self._world = world
        self._sides = sides
        self._report = report
        self._rules = rules
        self.nothing: Callable[[Side, Car], None] = lambda _side, _car: None
        """Told of a car at its line whose driver has nothing to show."""

    def comes(self, side: Side, car: Car) -> None:
        """It rolls up to the line; a camera may see it on the way."""
        self._rules.comes(car)
        if car.proofs.telling == "before" and side.shape.get("camera"):
            self._plate(side, car)

    def gone(self, _side: Side, car: Car) -> None:
        """It has left the lane, one way or the other."""
        self._rules.gone(car)

    def read(self, side: Side, car: Car) -> None:
        """A person shows a credential: presses the button, presents a card, has the plate read."""
        proofs, chance = car.proofs, car.chance
        if side.shape.get("button_only"):
            side.gate.press("exit_button")
            return
        if car.silent:
            self.nothing(side, car)
            return
        if side.two_factor and proofs.plate:
            self._world.after(max(0, proofs.plate_ms), lambda: self._tells(side, car, "plate", proofs.plate))
        elif side.shape.get("camera") and proofs.plate:
            self._camera(side, car)
            if proofs.telling == "alone":
                return
        if side.two_factor and proofs.plate_ms > TOO_LATE_MS and chance.random() < 0.5:
            late_ms = proofs.plate_ms + chance.randint(-3000, 3000)
            self._world.after(late_ms, lambda: self._proof(side, car))
        self._world.after(max(0, -proofs.plate_ms), lambda: self._proof(side, car))

    # ---- cards and codes

    def _proof(self, side: Side, car: Car) -> None:
        if car.proofs.code:
            car.values.add(car.code)
            self._tells(side, car, "qr", car.proofs.code)
        elif side.shape.get("desk") and car.chance.random() < AT_DESK:
            self._at_desk(side, car)
        else:
            self._card(side, car)

    def _card(self, side: Side, car: Car) -> None:
        """A card is shown, or a tag seen; readers repeat and garble, and the next lane's aerial sees tags as well."""
        card, chance = car.proofs.card, car.chance
        if side.garbles:
            side.garbles -= 1
            self._tells(side, car, "card", str(90_000 + chance.randrange(WHO)))
        self._tells(side, car, "card", card)
        far = side.shape.get("long_range")
        again = chance.randint(1, 5) if side.repeats or far else 0
        side.repeats = max(0, side.repeats - 1)
        for n in range(1, again + 1):
            self._world.after(n * 1000, lambda: self._tells(side, car, "card", card, again=True))
        for other in self._sides:
            if other is not side and other.shape.get("long_range") and far:
                self._world.after(chance.randint(0, 2000), lambda it=other: self._far(it, side, car))  # type: ignore[misc]

    def _far(self, by: Side, side: Side, car: Car) -> None:
        """The aerial of another lane sees a tag."""
        self._rules.seen_beside(by, car, side, car.proofs.card)
        self._seen(by, "card", car.proofs.card)

    def _at_desk(self, side: Side, car: Car) -> None:
        """The guard takes the card to the reader in the booth, and may choose the lane on the screen before."""
        chosen = car.chance.choice(
            ("", "", side.lane, side.lane, *(one.lane for one in self._sides if one is not side))
        )
        if chosen and self._report(e.LaneChosen(STATION, chosen)):
            self._rules.chosen(chosen)
        self._world.after(car.chance.randint(500, 3000), lambda: self._read_at_desk(side, car))

    def _read_at_desk(self, side: Side, car: Car) -> None:
        if car.stood_ns is not None and not car.under:
            self._rules.shown_at_desk(car.proofs.card)
            self._tells(side, car, "card", car.proofs.card, desk=True)

    # ---- plates

    def _camera(self, side: Side, car: Car) -> None:
        """How a camera tells of the plate that it sees half a second later."""
        telling, chance = car.proofs.telling, car.chance
        seen_ms = max(0, car.proofs.plate_ms)
        if telling == "aged":
            late_ms = chance.randint(2000, 8000)
            self._world.after(seen_ms + late_ms, lambda: self._plate(side, car, late_ms))
        elif telling == "unaged":
            self._world.after(seen_ms + chance.randint(4000, 12_000), lambda: self._plate(side, car))
        elif telling == "old":
            late_ms = chance.randint(AGE_MAX_MS, 300_000)
            self._world.after(seen_ms + late_ms, lambda: self._plate(side, car, late_ms))
        elif telling != "before" or chance.random() < 0.5:
            self._world.after(seen_ms, lambda: self._plate(side, car))
        if telling == "again":
            late_ms = chance.randint(1000, 20_000)
            self._world.after(seen_ms + late_ms, lambda: self._plate(side, car, late_ms))
        elif telling == "repeats":
            for n in range(1, 5):
                self._world.after(seen_ms + n * 1000, lambda: self._plate(side, car, again=True))

    def _plate(self, side: Side, car: Car, age_ms: int = 0, again: bool = False) -> None:
        """A camera tells a plate; the next lane's camera may have seen it as well."""
        if age_ms >= AGE_MAX_MS and side.near in side.gate.without:
            return
        if not self._sighted(side, side, car, age_ms, again):
            return
        for other in self._sides:
            if other is not side and other.shape.get("camera") and car.chance.random() < NEIGHBOUR:
                self._world.after(
                    car.chance.randint(0, 2000),
                    lambda it=other: self._sighted(it, side, car, age_ms),  # type: ignore[misc]
                )

    def _sighted(self, by: Side, side: Side, car: Car, age_ms: int, again: bool = False) -> bool:
        told_ns, plate = self._world.now_ns, car.proofs.plate
        by.sightings.append(Sighting(told_ns, told_ns - age_ms * NS_PER_MS, plate, car, side))
        if by is side:
            return self._tells(side, car, "plate", plate, again=again, age_ms=age_ms)
        self._rules.seen_beside(by, car, side, plate)
        return self._seen(by, "plate", plate, age_ms=age_ms)

    # ---- to the gateway

    def _tells(
        self, side: Side, car: Car, kind: str, value: str, *, again: bool = False, age_ms: int = 0, desk: bool = False
    ) -> bool:
        """The gateway reads what this car shows."""
        told_ns = self._world.now_ns
        name = car.code if kind == "qr" else value
        car.values.add(name)
        self._rules.shows(side, car, name)
        known = self._seen(side, kind, value, again, age_ms, desk)
        if known and not car.under:
            car.told.append(Told(told_ns, told_ns - age_ms * NS_PER_MS, kind, name))
        return known

    def _seen(
        self, side: Side, kind: str, value: str, again: bool = False, age_ms: int = 0, desk: bool = False
    ) -> bool:
        read = side.sees(kind, value, again, age_ms, desk)
        return read is not None and self._report(read)
