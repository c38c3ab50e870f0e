"""`taps` (and `plates`, of two proofs): one car is let pass once."""

from __future__ import annotations

from gateway.core.vocabulary.rows.access import AccessGranted, AccessGrantedByHand
from gateway.core.vocabulary.rows.base import Credential
from gateway.simulation.rules.cars.known import SETTLED_MS, CarsKnown, names_of
from gateway.simulation.world.cars import Car
from gateway.simulation.world.side import Side

TAP_MS = 2000
"""Where no loop tells, a person's two taps within this time are one."""


class TapRule:
    """Counts the grants of a car, whatever it shows and however often a guard taps."""

    def __init__(self, known: CarsKnown) -> None:
        self._known = known

    def granted(self, side: Side, car: Car | None, row: AccessGranted | AccessGrantedByHand, person: bool) -> None:
        """A grant is given; none of an emergency."""
        if self._known.all.ago_ms(side.gate.body.traffic.last_off_ns) < SETTLED_MS:
            return  # whether the one under the arm has gone on or backed is not judged yet
        if car is not None and not car.under:
            self._is_first(side, car, row, person)
        elif person and not self._known.fitted(side) and not row.case:
            self._is_one_tap(side)

    def _is_first(self, side: Side, car: Car, row: AccessGranted | AccessGrantedByHand, person: bool) -> None:
        given = self._known.given
        alive = [given[one] for one in car.grants if one in given]
        before = [one for one in alive if not one.emergency and (one.person or _shown_by(car, one.credential))]
        if not person and not _shown_by(car, row.credential):
            return  # the credential of another car, at a lane without a loop
        if before:
            both = not person and not before[-1].person
            last = names_of(row) or "a tap"
            what = f"{side.lane}: {car.identity} has {len(before) + 1} grants, the last for {last}"
            raise self._known.all.broken("plates" if both else "taps", what)

    def _is_one_tap(self, side: Side) -> None:
        lately = [one for one in self._known.given.values() if one.lane == side.lane and one.person]
        if any(self._known.all.ago_ms(one.at_ns) < TAP_MS and one.credential is None for one in lately):
            raise self._known.all.broken("taps", f"{side.lane}: two grants by hand within {TAP_MS} ms")


def _shown_by(car: Car, credential: Credential | None) -> bool:
    return credential is not None and credential.value in car.values
