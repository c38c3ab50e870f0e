"""Passages of this run that the projections may not have applied yet.

A decision reads from the projections which cars are inside, which codes are used and which places are taken. The
projections lag the journal by a moment, and by hours while the disk fails. So each read comes with the name of the last
applied passage at its look-up, and the passages after that one correct it.
"""

from __future__ import annotations

from collections import deque

import msgspec

from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.rows import Credential, PassageEntered, PassageReversed, PassageRow, Row

KEPT_MAX = 10_000
"""As many passages as rows may wait in memory while the disk fails; beyond that the oldest is deleted."""
EMERGENCY = "emergency"


def passage_name(type_: str, visit: str) -> str:
    """The name of a passage."""
    return f"{type_}:{visit}"


class Passage(msgspec.Struct):
    """A passage of this run; `change` of the number of cars inside."""

    name: str
    visit: str
    pass_id: str | None
    credential: Credential | None
    plate: str | None
    wall_ns: int
    change: int

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


class Recent:
    """The passages of this run, in order."""

    def __init__(self) -> None:
        self._passages: deque[Passage] = deque(maxlen=KEPT_MAX)

    def note(self, row: Row | None, wall_ns: int) -> None:
        """Note a passage, or a row that voids an earlier one (`voids`); ignore any other row."""
        if isinstance(row, PassageRow):
            self._passages.append(_passage(row, wall_ns))
        elif isinstance(row, PassageReversed) and row.voids:
            self._void(row.voids)

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
                found = {key: one for key, one in found.items() if key != passage.visit and not passage.is_of_car(one)}
            elif passage.change > 0 and (passage.visit == expected or passage.is_by(passes, value)):
                # Back in by the same car's card, plate or code: the exit was missed, close the old visit.
                found = {key: one for key, one in found.items() if not passage.is_of_car(one)}
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
        name = passage_name(PassageEntered.type, visit)
        return next((one.change > 0 for one in reversed(self.behind(after)) if one.name == name), None)

    def _void(self, visit: str) -> None:
        """An inferred passage did not happen."""
        for passage in self._passages:
            if passage.visit == visit:
                passage.change = 0


def _passage(row: PassageRow, wall_ns: int) -> Passage:
    change = 0 if row.mark == EMERGENCY else 1 if isinstance(row, PassageEntered) else -1
    return Passage(passage_name(row.type, row.visit), row.visit, row.pass_, row.credential, row.plate, wall_ns, change)
