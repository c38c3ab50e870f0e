"""`released`, of those inside: no car ends the stay of another, and none is refused as being where it is not."""

from __future__ import annotations

from collections import OrderedDict, deque

from gateway.core.vocabulary.rows.access import AccessDenied, AccessReferred, ButtonReferred, CaseReleased
from gateway.core.vocabulary.rows.passage import PassageEntered, PassageExited, PassageReversed
from gateway.physics.arm import LONG_AGO_NS
from gateway.simulation.rules.cars.known import CarsKnown, names, names_of, owns, values_of
from gateway.simulation.rules.cars.once import OnceRule
from gateway.simulation.world.cars import Car
from gateway.simulation.world.road import Passage

LET_PASS_MS = 120_000
"""A car that a person let pass may be on its way in or out for so long."""
VISITS_MAX = 20_000
EXPECTED_INSIDE = {"already_inside": False, "not_inside": True}
"""The reasons that tell of a place, and where a car is when the reason is wrong."""
PassageRow = PassageEntered | PassageExited
Refusal = AccessDenied | AccessReferred | ButtonReferred


class StayRule:
    """Knows who is inside, where that is certain."""

    def __init__(self, known: CarsKnown, once: OnceRule) -> None:
        self._known = known
        self._once = once
        self._visits: OrderedDict[str, PassageEntered] = OrderedDict()
        self._taken_back: deque[str] = deque(maxlen=64)
        self._inside: dict[str, bool | None] = {}
        self._let_pass: dict[str, int] = {}
        self._about: dict[str, int] = {}
        self._rows: deque[tuple[int, PassageRow]] = deque(maxlen=64)
        self._not_durable: set[str] = set()

    # ---- what is true

    def comes(self, car: Car) -> None:
        """A car rolls up to its lane."""
        if not car.identity:
            return
        others = self._about.get(car.identity, 0)
        self._about[car.identity] = others + 1
        if others:
            car.alone = False
            self._inside[car.identity] = None

    def gone(self, car: Car) -> None:
        """It has left its lane."""
        if car.identity:
            self._about[car.identity] -= 1

    def crossed(self, passage: Passage, plain: bool, since_ns: int) -> list[PassageRow]:
        """A car has gone through since then; the rows since then. `plain`: the product has recorded it as it should."""
        car = passage.car
        rows = [row for at_ns, row in self._rows if at_ns >= since_ns]
        own = [row for row in rows if owns(car, row)]
        here = [row for row in own if row.lane == passage.side.lane]
        if car.identity:
            surely = plain and car.alone and len(own) == len(here) == 1 and car.identity in names_of(here[0])
            surely = surely and here[0].visit not in self._taken_back
            self._inside[car.identity] = passage.side.entry if surely else None
        return rows

    # ---- what the product writes

    def released(self, row: CaseReleased) -> None:
        """A person let a car pass."""
        self._let_pass.update(dict.fromkeys(names_of(row), self._known.all.world.now_ns))

    def passed(self, row: PassageRow) -> None:
        """A car came in or went out."""
        if isinstance(row, PassageEntered):
            self._visits[row.visit] = row
            if len(self._visits) > VISITS_MAX:
                self._visits.popitem(last=False)
        else:
            self._ends(row)
        for name in names_of(row):
            self._inside[name] = None
            self._not_durable.add(name)
        self._rows.append((self._known.all.world.now_ns, row))

    def _ends(self, row: PassageExited) -> None:
        """The visit that an exit ends must be that of the car which goes out."""
        visit = self._visits.pop(row.visit, None)
        if visit is None:
            return
        of_pass = visit.pass_ is not None and visit.pass_ == row.pass_
        if not of_pass and not set(values_of(visit)) & set(values_of(row)):
            what = f"{row.lane}: {names_of(row)} ended the visit of {names_of(visit)}"
            raise self._known.all.broken("released", what)
        for name in set(names_of(visit)) - set(names_of(row)):
            self._inside[name] = None  # another proof of its pass has ended its stay

    def voided(self, row: PassageReversed) -> None:
        """A passage that was only inferred was taken back: its car was read outside again, or seemed to be."""
        if not row.voids:
            return
        self._taken_back.append(row.voids)
        visit = self._visits.pop(row.voids, None)
        for name in names_of(visit or row):
            self._inside[name] = None

    def refused(self, row: Refusal) -> None:
        """A car that was seen to come and go correctly never counts as inside when it is outside, or the reverse."""
        expected, credential = EXPECTED_INSIDE.get(row.reason), row.credential
        of_code = str(row.pass_).startswith("visitor") and credential and credential.kind != "qr"
        if expected is None or credential is None or of_code:
            return  # the visits of a pass's codes are the pass's as well
        name = names_of(row)[0]
        inside = self._inside.get(name, False)
        if credential.kind == "qr" and row.reason == "already_inside":
            inside = self._once.is_used(name)
        coming = any(name in names(one.pass_id, one.credential) for one in self._known.given.values())
        coming = coming or self._known.all.ago_ms(self._let_pass.get(name, LONG_AGO_NS)) <= LET_PASS_MS
        if inside is expected and not coming:
            where = "inside" if inside else "outside"
            raise self._known.all.broken("released", f"{row.lane}: {name} is {where} and told {row.reason}")

    # ---- life of the engine

    def durable(self) -> None:
        """No row waits in memory."""
        self._not_durable.clear()

    def died(self) -> None:
        """What was only in memory is lost."""
        for name in self._not_durable:
            self._inside[name] = None
        self._not_durable.clear()
