"""Passages and corrections of this run that the projections may not have applied yet.

A decision reads from the projections which cars are inside, which codes are used and which places are taken. The
projections lag the journal by a moment, and by hours while the disk fails. So each read comes with the name of the last
applied passage at its look-up, and the passages after that one correct it. People's corrections of who is inside count
among them.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

import msgspec

from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.rows import (
    Credential,
    PassageEntered,
    PassageReversed,
    PassageRow,
    Row,
    VisitCameUnseen,
    VisitLeftUnseen,
    VisitsCounted,
)
from gateway.core.vocabulary.times import wall_ns_of

KEPT_MAX = 10_000
"""As many passages as rows may wait in memory while the disk fails; beyond that the oldest is deleted."""
EMERGENCY = "emergency"
Correction = VisitLeftUnseen | VisitCameUnseen | VisitsCounted
CORRECTIONS: tuple[type[Correction], ...] = (VisitLeftUnseen, VisitCameUnseen, VisitsCounted)


def passage_name(type_: str, visit: str) -> str:
    """The name of a passage."""
    return f"{type_}:{visit}"


def correction_name(row: Correction) -> str:
    """The name of a correction, among those of passages."""
    return passage_name(row.type, row.correction if isinstance(row, VisitsCounted) else row.visit)


class Passage(msgspec.Struct):
    """A passage of this run, or a correction; `change` of the open visits.

    `offset`: change of what the count differs from the open visits. `by`: who corrected.
    """

    name: str
    visit: str
    pass_id: str | None
    credential: Credential | None
    plate: str | None
    wall_ns: int
    change: int
    offset: int = 0
    by: str = ""

    @property
    def cars(self) -> int:
        """The change of the number of cars inside."""
        return self.change + self.offset

    @property
    def counts(self) -> bool:
        """Whether a person has set the number of cars."""
        return self.name.startswith(VisitsCounted.type)

    @property
    def value(self) -> str | None:
        """Its card, plate or code."""
        return self.credential.value if self.credential else None

    def stay(self) -> OpenVisit:
        """The visit that an entry begins."""
        return OpenVisit(self.visit, self.pass_id, self.plate, self.wall_ns, self.value)

    def is_by(self, passes: frozenset[str], value: str) -> bool:
        """Whether it is of a car with one of these passes; without a pass, whether of that credential."""
        return self.pass_id in passes if passes else value in (self.value, self.plate)

    def is_of_car(self, stay: OpenVisit) -> bool:
        """Whether a visit is of the car of this passage: the same credential, or card and plate of one pass."""
        if not self.value or stay.pass_id != self.pass_id:
            return False
        by_code = self.credential is not None and self.credential.kind == "qr"
        return stay.credential == self.value or (not by_code and stay.plate is not None and stay.plate == self.plate)

    def ends(self, stay: OpenVisit) -> bool:
        """Whether it ends a visit: its own, or an older one of the same car."""
        return (self.change < 0 and self.visit == stay.visit) or (self.change != 0 and self.is_of_car(stay))


class Recent:
    """The passages and corrections of this run, in order."""

    def __init__(self) -> None:
        self._passages: deque[Passage] = deque(maxlen=KEPT_MAX)

    def note(self, row: Row | None, wall_ns: int) -> None:
        """Note a passage, a correction, or a row that voids an earlier one (`voids`); ignore any other row."""
        if isinstance(row, PassageRow):
            self._passages.append(_passage(row, wall_ns))
        elif isinstance(row, PassageReversed) and row.voids:
            self._void(row.voids)
        elif isinstance(row, CORRECTIONS):
            self._passages.append(_correction(row, wall_ns))

    def behind(self, name: str) -> list[Passage]:
        """The passages after the named one; all, if the named one is older."""
        found: list[Passage] = []
        for passage in reversed(self._passages):
            if passage.name == name:
                break
            found.append(passage)
        return found[::-1]

    def visits(
        self, known: tuple[OpenVisit, ...], after: str, passes: frozenset[str], value: str, expected: str = ""
    ) -> tuple[OpenVisit, ...]:
        """The open visits of these passes, of that credential, or of an expected visitor, corrected, newest first."""
        found = {visit.visit: visit for visit in reversed(known)}
        for passage in self.behind(after):
            if passage.change < 0:
                found = {key: one for key, one in found.items() if not passage.ends(one)}
            elif passage.change > 0 and (passage.visit == expected or passage.is_by(passes, value)):
                # Back in by the same car's card, plate or code: the exit was missed, close the old visit.
                found = {key: one for key, one in found.items() if not passage.ends(one)}
                found[passage.visit] = passage.stay()
        return tuple(reversed(found.values()))

    def used(self, code: str, after: str) -> bool:
        """Whether a QR code has let a car in; also if that passage was voided, as in the projections."""
        return any(
            one.credential is not None and one.credential.kind == "qr" and one.value == code
            for one in self.behind(after)
            if one.name.startswith("passage.entered:")
        )

    def entered(self, visit: str, after: str) -> bool | None:
        """Whether a visit has begun, as far as later passages tell; None when they do not."""
        names = (passage_name(PassageEntered.type, visit), passage_name(VisitCameUnseen.type, visit))
        return next((one.change > 0 for one in reversed(self.behind(after)) if one.name in names), None)

    def over(self, visit: str, after: str) -> bool:
        """Whether a visit has ended since."""
        return any(one.visit == visit and one.change < 0 for one in self.behind(after))

    # ---- what corrections need

    def stay(self, visit: str, known: OpenVisit | None, after: str) -> OpenVisit | None:
        """The open visit of that id, corrected."""
        found = known
        for passage in self.behind(after):
            if passage.visit == visit and passage.change > 0:
                found = passage.stay()
            elif found is not None and passage.ends(found):
                found = None
        return found

    def ended_by(self, visit: str, after: str) -> str:
        """Who has ended a visit by hand since; empty without."""
        return next((one.by for one in self.behind(after) if one.visit == visit and one.change < 0), "")

    def cars(self, known: int, after: str, but: str | None = None) -> int:
        """How many cars are inside, without those that show this credential; never less than 0, as in projections."""
        for passage in self.behind(after):
            if but is None or passage.value != but:
                known = max(0, known + passage.cars)
        return known

    def offset(self, known: int, after: str) -> int:
        """By how much the number of cars differs from the open visits."""
        return known + sum(one.offset for one in self.behind(after))

    def since_before_count(self, visit: str, known: bool, after: str) -> bool:
        """Whether a visit began before the number of cars was set last."""
        for passage in self.behind(after):
            if passage.counts:
                known = True
            elif passage.visit == visit and passage.change > 0:
                known = False
        return known

    def counted_ns(self, known: int, after: str) -> int:
        """When the number of cars was set last; 0 for never."""
        return next((one.wall_ns for one in reversed(self.behind(after)) if one.counts), known)

    def last_count(self, after: str) -> tuple[str, str] | None:
        """Id and author of the last correction of the number since; None for none."""
        found = next((one for one in reversed(self.behind(after)) if one.counts), None)
        return (found.visit, found.by) if found is not None else None

    def _void(self, visit: str) -> None:
        """An inferred passage did not happen."""
        for passage in self._passages:
            if passage.visit == visit:
                passage.change = 0


def _passage(row: PassageRow, wall_ns: int) -> Passage:
    change = 0 if row.mark == EMERGENCY else 1 if isinstance(row, PassageEntered) else -1
    return Passage(passage_name(row.type, row.visit), row.visit, row.pass_, row.credential, row.plate, wall_ns, change)


def _correction(row: Correction, wall_ns: int) -> Passage:
    name, by = correction_name(row), row.by or ""
    if isinstance(row, VisitsCounted):
        return Passage(name, row.correction, None, None, None, wall_ns, 0, row.count - row.before, by)
    if isinstance(row, VisitLeftUnseen):
        return Passage(name, row.visit, row.pass_, None, row.plate, wall_ns, -1, 0 if row.counted else 1, by)
    shown = Credential("plate", row.plate) if row.plate else None
    entered_ns = wall_ns_of(datetime.fromisoformat(row.entered_at))
    return Passage(name, row.visit, row.pass_, shown, row.plate, entered_ns, 1, 0 if row.counted else -1, by)
