"""`released`, of those in front, and `refused`: a person's word on a case is about the car in front, and holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from gateway.core.vocabulary.rows.access import AccessGranted, AccessGrantedByHand, CaseRefused
from gateway.core.vocabulary.rows.base import Credential, LaneRow
from gateway.core.vocabulary.rows.passage import PassageEntered, PassageExited
from gateway.simulation.rules.cars.known import CarsKnown, Given, names_of, owns
from gateway.simulation.rules.cars.stays import Refusal
from gateway.simulation.world.cars import Car
from gateway.simulation.world.road import Passage
from gateway.simulation.world.side import Side

CASES_MAX = 20_000


class ReleaseRule:
    """Knows the car of each case."""

    def __init__(self, known: CarsKnown) -> None:
        self._known = known
        self._cases: OrderedDict[str, tuple[Side, Car]] = OrderedDict()
        self._turned_away: OrderedDict[str, Credential] = OrderedDict()

    def refused(self, side: Side, row: Refusal) -> None:
        """A car was denied or referred: that is its case."""
        car = self._known.front(side, 0)
        if car is None or car.under or not row.case:
            return
        own = row.credential is None or row.credential.value in car.values
        elsewhere = row.reason == "seen_elsewhere"
        if own or elsewhere:  # a read of the car beside is of that one, with any reason
            car.refused = not elsewhere
        if elsewhere and row.credential is not None:  # two cameras saw it, and so it is of none of their cars
            value = row.credential.value
            car.told = [one for one in car.told if one.value != value]
        self._cases[row.case] = side, car
        if len(self._cases) > CASES_MAX:
            self._cases.popitem(last=False)

    def turned_away(self, row: CaseRefused) -> None:
        """A person refuses a car, which has shown this last."""
        if row.case and row.credential is not None:
            self._turned_away[row.case] = row.credential
            if len(self._turned_away) > CASES_MAX:
                self._turned_away.popitem(last=False)

    def by_itself(self, row: AccessGranted | AccessGrantedByHand) -> None:
        """The gateway lets a car pass: not by what a person has refused it with."""
        if row.case and row.credential is not None and self._turned_away.get(row.case) == row.credential:
            what = f"{row.lane}: case {row.case} was refused by a person, and {row.credential} opens for it"
            raise self._known.all.broken("refused", what)

    def bound(self, side: Side, case: str, row: LaneRow) -> None:
        """A person has decided on a case: its car must be the one in front, and the row must be about that car."""
        found = self._cases.get(case)
        if found is None:
            return
        at, car = found
        front = self._known.front(side)
        gone = self._known.empty(at) or (front is not None and front is not car and at is side)
        if gone and at is side:
            what = f"{side.lane}: a person's word on case {case}, whose car has gone"
            raise self._known.all.broken("released", what)
        of_no_stay = car.silent and not names_of(row)  # it has shown nothing, and no stay of it was found
        if front is car and not owns(car, row) and not of_no_stay:
            what = f"{side.lane}: case {case} of {car.identity} is told as {names_of(row)}"
            raise self._known.all.broken("released", what)

    def declared(self, case: str) -> None:
        """A person far away has said that the car of a case passed by hand: for the product that case is over."""
        if case in self._cases:
            self._cases[case][1].refused = False

    def granted(self, side: Side, car: Car | None, row: AccessGranted | AccessGrantedByHand) -> None:
        """A person has let a car pass: its passage must be its own, unless an earlier grant comes first."""
        urgent = row.reason == "emergency"
        self._turned_away.pop(row.case or "", None)
        if row.case:
            self.bound(side, row.case, row)
            self._release(side, car, row.case, row.grant)
        elif not urgent and car is not None and car.refused and not car.under:
            what = f"{side.lane}: {car.identity} was refused and released as nobody"
            raise self._known.all.broken("released", what)

    def _release(self, side: Side, car: Car | None, case: str, grant: str) -> None:
        found = self._cases.get(case)
        others = [one for one in self._known.given.values() if one.barrier == side.gate.device]
        if car is not None and found is not None and found[1] is car and not others and not car.under:
            car.released_by = grant

    def passed(self, row: PassageEntered | PassageExited, given: Given | None) -> None:
        """A car has passed by a person's grant: it is the one that the grant was for."""
        if given is not None and given.person and given.pass_id not in (None, row.pass_):
            what = f"{row.lane}: a grant for {given.pass_id} let {row.pass_} pass"
            raise self._known.all.broken("released", what)

    def crossed(self, passage: Passage, rows: Sequence[PassageEntered | PassageExited]) -> None:
        """The car that a person let pass has crossed: its grant is used."""
        car, lane = passage.car, passage.side.lane
        if car.released_by in self._known.given:
            found = [names_of(row) for row in rows if row.lane == lane]
            what = f"{lane}: {car.identity} was released and has crossed, recorded was {found}"
            raise self._known.all.broken("released", what)

    def forget(self) -> None:
        """Another core knows no case."""
        self._cases.clear()
