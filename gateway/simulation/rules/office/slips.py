"""`slips`: a slip is used once, and goods leave on one, or at a person's word."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import (
    AccessGranted,
    AccessGrantedByHand,
    AccessReferred,
    Row,
    SlipCancelled,
    SlipConfirmed,
    SlipRegistered,
    SlipUsed,
)
from gateway.simulation.rules.known import Barrier, Known, OnRow
from gateway.simulation.story.holders import plate_of

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box

PAGE = 1000
BY_NOBODY = ("gateway", "exit button")
_TYPES = tuple(kind.type for kind in (SlipRegistered, SlipConfirmed, SlipCancelled, SlipUsed))


class SlipRules:
    """Knows the vehicles with goods, and what was answered about slips."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._goods: set[str] = set()
        self._answered: dict[str, tuple[str, str | None]] = {}
        self.referred: Callable[[AccessReferred], None] = lambda _row: None
        """Told of a vehicle whose goods wait for a slip."""

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at as they come."""
        return {AccessGranted: self._granted, AccessGrantedByHand: self._granted, AccessReferred: self._referred}

    def goods_come(self, card: str) -> None:
        """A visitor with goods is on record, by this card and its plate."""
        self._goods |= {card, plate_of(card)}

    def expects(self, value: str) -> bool:
        """Whether a card or plate is that of a visitor."""
        return value in self._goods

    def used(self, slip: str, lane: str, case: str) -> None:
        """The product has answered that a slip is used for the car at a lane."""
        before = self._answered.setdefault(slip, (lane, case or None))
        if before != (lane, case or None):
            raise self._known.broken("slips", f"{slip} is used at {before} and at {(lane, case)}")

    def _referred(self, _barrier: Barrier, row: AccessReferred, _now_ns: int) -> None:
        if row.reason == Reason.SLIP_MISSING.value:
            self.referred(row)

    def _granted(self, _barrier: Barrier, row: AccessGranted | AccessGrantedByHand, _now_ns: int) -> None:
        """Goods leave at a person's word alone, who has matched a slip or says why there is none."""
        value = row.credential.value if row.credential is not None else ""
        leaves = not self._known.sides[row.lane].entry and value in self._goods
        if leaves and row.decided_by in BY_NOBODY:
            raise self._known.broken("slips", f"{row.lane}: {row.decided_by} let the goods of {value} out")

    # ---- the end

    def ends(self, box: Box) -> None:
        """Compare with the journal: each slip was open when it was used, once, and every answered use is there."""
        states: dict[str, str] = {}
        used: dict[str, tuple[str, str | None]] = {}
        for row in _rows(box):
            if isinstance(row, SlipRegistered):
                states[row.slip] = "open" if row.carrier == "owner" or row.confirmed else "unconfirmed"
            elif isinstance(row, SlipConfirmed):
                states[row.slip] = "open"
            elif isinstance(row, SlipCancelled):
                states[row.slip] = "cancelled"
            elif isinstance(row, SlipUsed):
                if states.get(row.slip) != "open":
                    raise self._known.broken("slips", f"{row.slip} is used at {row.lane}: it is {states.get(row.slip)}")
                states[row.slip] = "used"
                used[row.slip] = row.lane, row.case
        for slip, said in self._answered.items():
            if used.get(slip) != said:
                what = f"the use of {slip} was answered as {said}, and the journal has {used.get(slip)}"
                raise self._known.broken("slips", what)


def _rows(box: Box) -> list[Row]:
    """All rows about slips, in order."""
    found: list[Row] = []
    at = 0
    while page := box.reader.page(at, PAGE, _TYPES):
        found += [row for stored in page if (row := stored.row()) is not None]
        at = page[-1].sequence
    return found
