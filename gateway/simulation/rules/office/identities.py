"""`identity`: a car whose driver has no card leaves by the guided steps, or at a person's word."""

from __future__ import annotations

from gateway.core.vocabulary.rows import (
    UNSET,
    AccessGranted,
    AccessGrantedByHand,
    IdentityChecked,
    IdentityConfirmed,
    IdentityDeclined,
    IdentitySigned,
    Row,
)
from gateway.simulation.rules.cars.known import CarsKnown
from gateway.simulation.rules.known import Barrier, Known, OnRow

Step = IdentityChecked | IdentityConfirmed | IdentityDeclined | IdentitySigned


class IdentityRules:
    """Knows the steps of each check by their rows."""

    def __init__(self, known: Known, cars: CarsKnown) -> None:
        self._known = known
        self._cars = cars
        self._steps: dict[str, list[Step]] = {}
        self._released: set[str] = set()

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows of the core that these rules look at."""
        return {AccessGrantedByHand: self._by_hand, AccessGranted: self._by_itself}

    def told(self, row: Row) -> None:
        """A step was taken, by a person."""
        if not isinstance(row, Step):
            return
        if not row.by:
            raise self._known.broken("identity", f"{row.type} of {row.person} names nobody")
        self._steps.setdefault(row.person, []).append(row)

    def _by_hand(self, _barrier: Barrier, row: AccessGrantedByHand, _now_ns: int) -> None:
        """A car without a card is released: its driver's number was taken, the office says yes, it is signed for."""
        if row.person is UNSET:
            return
        wrong = "was released before" if row.person in self._released else _lacks(self._steps.get(row.person, []), row)
        if wrong:
            raise self._known.broken("identity", f"{row.lane}: {row.person} is released, and {wrong}")
        self._released.add(row.person)

    def _by_itself(self, _barrier: Barrier, row: AccessGranted, _now_ns: int) -> None:
        """A car that has shown nothing is let out by a person alone."""
        side = self._known.sides[row.lane]
        car = self._cars.front(side)
        if car is None or car.under or not car.silent or car.values or car.handed:
            return
        raise self._known.broken(
            "identity", f"{row.lane}: {car.identity} has shown nothing, and {row.credential} opens"
        )


def _lacks(steps: list[Step], row: AccessGrantedByHand) -> str:
    """What is missing before a car without a card may be released; empty for nothing."""
    first = steps[0] if steps else None
    if not isinstance(first, IdentityChecked):
        return "no number was taken"
    if (first.lane, first.visit) != (row.lane, None if row.visit is UNSET else row.visit):
        return f"the check is of {first.visit} at {first.lane}"
    answers = [one for one in steps if isinstance(one, IdentityConfirmed | IdentityDeclined)]
    if not answers or isinstance(answers[-1], IdentityDeclined):
        return "the office does not confirm the driver"
    return "" if isinstance(steps[-1], IdentitySigned) else "no signature was taken"
