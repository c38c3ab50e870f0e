"""What keeps a maintenance tag on: `accepted`. The rule follows the rows alone, apart from the product's own book."""

from __future__ import annotations

from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows import UNSET
from gateway.core.vocabulary.rows.acceptance import ENDS, AcceptanceLost, AcceptanceTicked
from gateway.core.vocabulary.rows.barrier import BarrierUnlocked
from gateway.core.vocabulary.rows.base import Row
from gateway.simulation.rules.known import Barrier, Known, OnRow
from gateway.store.journal.reader import JournalReader

Kind = AcceptanceLost | AcceptanceTicked | BarrierUnlocked
TYPES = tuple(kind.type for kind in (AcceptanceLost, AcceptanceTicked, BarrierUnlocked))
PAGE = 500


class AcceptanceRules:
    """No tag comes off while a point that was touched under it is not ticked again by both ends, but by a waiver."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._ends: dict[str, set[str]] = {}
        self._touched: dict[str, set[str]] = {}
        self._sure = True

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at."""
        return {AcceptanceLost: self._saw, AcceptanceTicked: self._saw, BarrierUnlocked: self._unlocked}

    def starts(self, reader: JournalReader) -> None:
        """A run begins: the journal says what is touched."""
        self._ends, self._touched, self._sure = {}, {}, True
        after = 0
        while found := reader.page(after, PAGE, TYPES):
            for one in found:
                row = one.row()
                assert isinstance(row, Kind)
                self._learn(row)
            after = found[-1].sequence

    def core_replaced(self) -> None:
        """The next core knows what is in the journal or waits for it; rows that found no room are forgotten by it."""
        self._sure = False

    def handled(self, event: e.Event, todo: list[c.Command]) -> None:
        """A refusal names a point that is touched."""
        if type(event) is not e.CommandReceived or event.command != "unlock" or not self._sure:
            return
        refused = any(type(one) is c.Reply and one.reason == Refusal.POINTS_UNTICKED for one in todo)
        if refused and not self._touched.get(_id_of(self._known.lanes[event.lane])):
            raise self._known.broken("accepted", f"{event.lane} keeps its tag, and nothing was touched under it")

    def _saw(self, _barrier: Barrier, row: Kind, _now_ns: int) -> None:
        self._learn(row)

    def _unlocked(self, barrier: Barrier, row: BarrierUnlocked, _now_ns: int) -> None:
        left = self._touched.get(_id_of(barrier), set())
        told = set() if row.unticked is UNSET else set(row.unticked)
        if self._sure and left != told:
            raise self._known.broken(
                "accepted", f"{row.lane} lost its tag with {sorted(left)}, and says {sorted(told)}"
            )
        if self._sure and left and row.waived is UNSET:
            raise self._known.broken("accepted", f"{row.lane} lost its tag while {sorted(left)} were not ticked again")
        self._learn(row)

    def _learn(self, row: Kind) -> None:
        if isinstance(row, BarrierUnlocked):
            self._touched.pop(row.barrier, None)
        elif isinstance(row, AcceptanceLost):
            self._ends.setdefault(row.point, set()).difference_update(row.ends)
            for points in self._touched.values() if row.reason == "removed" else ():
                points.discard(row.point)
            for barrier in row.tagged:
                self._touched.setdefault(barrier, set()).add(row.point)
        else:
            ends = self._ends.setdefault(row.point, set())
            ends.add(row.end)
            for points in self._touched.values() if len(ends) == len(ENDS) else ():
                points.discard(row.point)


def _id_of(barrier: Barrier) -> str:
    return f"barrier{barrier.gate.number}"
