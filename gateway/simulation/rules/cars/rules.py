"""The rules about cars together: each row of a lane, and each thing that a car does, goes to those that it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.rows.access import (
    AccessDenied,
    AccessGranted,
    AccessGrantedByHand,
    AccessReferred,
    ButtonReferred,
    CaseRefused,
    CaseReleased,
    CaseReported,
    CaseRow,
    GrantUnused,
)
from gateway.core.vocabulary.rows.base import Row
from gateway.core.vocabulary.rows.passage import PassageEntered, PassageExited, PassageReversed
from gateway.simulation.rules.cars.desk import DeskRule
from gateway.simulation.rules.cars.known import CarsKnown, Given
from gateway.simulation.rules.cars.once import OnceRule
from gateway.simulation.rules.cars.plates import PlateRule
from gateway.simulation.rules.cars.releases import ReleaseRule
from gateway.simulation.rules.cars.stays import Refusal, StayRule
from gateway.simulation.rules.cars.taps import TapRule
from gateway.simulation.rules.known import Barrier, Known, OnRow
from gateway.simulation.world.cars import Car
from gateway.simulation.world.road import Passage, Road
from gateway.simulation.world.side import DESK, Side


class CarRules:
    """`once`, `released`, `refused`, `plates`, `desk` and `taps`."""

    def __init__(self, known: Known) -> None:
        self.known = CarsKnown(known)
        self._once = OnceRule(self.known)
        self._stays = StayRule(self.known, self._once)
        self._releases = ReleaseRule(self.known)
        self._plates = PlateRule(self.known)
        self._taps = TapRule(self.known)
        self._desk = DeskRule(self.known)
        self._granted_now: list[str] = []
        self.comes = self._stays.comes
        self.gone = self._stays.gone
        self.chosen = self._desk.chosen
        self.shown_at_desk = self._desk.shown
        self.refused: Callable[[Side, Car, str], None] = lambda _side, _car, _case: None
        """Told of a car in front that was denied or referred, and of its case."""

    def meet(self, roads: Mapping[str, Road]) -> None:
        """Where the cars are."""
        self.known.roads = roads

    # ---- what is true

    def seen_beside(self, side: Side, car: Car, at: Side, value: str) -> None:
        """A lane has seen what the car at another lane shows.

        The product knows whose it is when that car stands there in plain sight; else it may take it for the car in
        front of this lane.
        """
        front = self.known.roads[side.lane].front
        if front is not None and (car.refused or self.known.front(at) is not car):
            front.handed.add(value)

    def shows(self, side: Side, car: Car, value: str) -> None:
        """A car shows something at its lane; one that has left the line shows it beside the next car in front.

        The product may take it for that of the car in front, as if its driver had handed it over.
        """
        front = self.known.roads[side.lane].front
        if front is not None and front is not car:
            front.handed.add(value)

    def crossed(self, passage: Passage, plain: bool, since_ns: int | None = None) -> None:
        """A car has crossed a while ago; `plain`: the product could see it, and has recorded it as it should.

        `since_ns`: when a person said before that it passes by hand.
        """
        car = passage.car
        if not passage.forward:
            car.released_by = car.released_by if plain else None
            return
        rows = self._stays.crossed(passage, plain, since_ns or passage.crossing.began_ns)
        if plain and car.released_by is not None:
            self._releases.crossed(passage, rows)

    # ---- what the product writes

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at."""
        return {
            AccessGranted: self._granted,
            AccessGrantedByHand: self._granted,
            AccessDenied: self._refused,
            AccessReferred: self._refused,
            ButtonReferred: self._refused,
            CaseReleased: self._case,
            CaseRefused: self._case,
            CaseReported: self._case,
            PassageEntered: self._passed,
            PassageExited: self._passed,
            PassageReversed: lambda _barrier, row, _now_ns: self._stays.voided(row),
            GrantUnused: self._unused,
        }

    def handled(self, event: e.Event) -> None:
        """The core has taken an event."""
        granted, self._granted_now = self._granted_now, []
        if granted and type(event) is e.CredentialRead and event.device == DESK:
            self._desk.opened(granted)

    def _granted(self, _barrier: Barrier, row: AccessGranted | AccessGrantedByHand, now_ns: int) -> None:
        side, person = self.known.all.sides[row.lane], row.decided_by != "gateway"
        car = self.known.front(side)
        if row.credential is not None and not person:
            self._granted_now.append(side.lane)
            self._once.granted(row)
            self._plates.granted(side, car, row.credential)
        urgent = row.reason == "emergency"
        if not urgent:
            self._taps.granted(side, car, row, person)
        if person:
            self._releases.granted(side, car, row)
        else:
            self._releases.by_itself(row)
        given = Given(side.lane, side.gate.device, now_ns, person, urgent, row.pass_, row.credential, car)
        self.known.give(row.grant, given)
        if car is not None and not car.under:
            car.grants.append(row.grant)

    def _refused(self, _barrier: Barrier, row: Refusal, _now_ns: int) -> None:
        side = self.known.all.sides[row.lane]
        self._stays.refused(row)
        self._releases.refused(side, row)
        front = self.known.roads[side.lane].front
        if front is not None and row.case:
            self.refused(side, front, row.case)

    def _case(self, _barrier: Barrier, row: CaseRow, _now_ns: int) -> None:
        if row.by == "gateway":
            return  # a blocked tag that an aerial has seen is reported: that is no person's word on the car in front
        self._releases.bound(self.known.all.sides[row.lane], row.case or "", row)
        if isinstance(row, CaseReleased):
            self._stays.released(row)
        elif isinstance(row, CaseRefused):
            self._releases.turned_away(row)

    def _passed(self, _barrier: Barrier, row: PassageEntered | PassageExited, _now_ns: int) -> None:
        if row.case and row.certainty == "declared":
            self._releases.bound(self.known.all.sides[row.lane], row.case, row)
            self._releases.declared(row.case)
        given = self.known.given.pop(row.grant or "", None)
        if isinstance(row, PassageEntered):
            self._once.entered(row, given)
        self._stays.passed(row)
        self._releases.passed(row, given)

    def _unused(self, _barrier: Barrier, row: GrantUnused, _now_ns: int) -> None:
        self.known.given.pop(row.grant, None)

    # ---- life of the engine

    def durable(self) -> None:
        """No row waits in memory."""
        self._once.durable()
        self._stays.durable()

    def died(self) -> None:
        """What was only in memory is lost, and so is the truth that depends on it."""
        self.replaced()
        self._once.died()
        self._stays.died()

    def replaced(self) -> None:
        """Another core knows nothing of the cars in front, nor of who was let pass."""
        self.known.given.clear()
        self._releases.forget()
        for road in self.known.roads.values():
            if road.front is not None:
                road.front.told.clear()
                road.front.released_by, road.front.refused = None, False
