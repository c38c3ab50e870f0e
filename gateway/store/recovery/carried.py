"""Which barriers a new journal leaves interrupted: the second decision table of a start.

A lane whose last rows are lost may have been tagged in them, so its barrier is interrupted until a person decides. The
other barriers have a known state, from the projections or from limit switches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

import msgspec

from gateway.core.settings.model import Barrier, Settings


class Behind(StrEnum):
    """The old journal's rows that the projections do not have."""

    NONE = "none"
    OF_LANES = "of known lanes"
    OF_ANY = "too many to look at"
    UNREADABLE = "unreadable"


class LeftToPerson(StrEnum):
    """Which barriers wait for a person's decision."""

    NONE = "none"
    OF_LANES = "those of the lanes whose rows are lost"
    UNMEASURED = "those without limit switches"
    ALL = "all"


class Known(msgspec.Struct, frozen=True):
    """What is known when a journal goes aside.

    `blank`: the projections hold no row. `gone`: rows were there that neither the file nor the projections have.
    `ended_well`: the last row that the projections have is the end of a run in good order.
    """

    blank: bool
    gone: bool
    behind: Behind
    ended_well: bool


class Row(msgspec.Struct, frozen=True):
    """One row of the table; an empty tuple fits everything."""

    label: str
    left: LeftToPerson
    blank: tuple[bool, ...] = ()
    gone: tuple[bool, ...] = ()
    behind: tuple[Behind, ...] = ()
    ended_well: tuple[bool, ...] = ()

    def fits(self, known: Known) -> bool:
        """True when every condition holds."""
        return all(
            not wanted or found in wanted
            for wanted, found in (
                (self.blank, known.blank),
                (self.gone, known.gone),
                (self.behind, known.behind),
                (self.ended_well, known.ended_well),
            )
        )


_NO, _YES = (False,), (True,)

ROWS = (
    Row("nothing-known", LeftToPerson.ALL, blank=_YES),
    Row("rows-gone", LeftToPerson.ALL, blank=_NO, gone=_YES),
    Row("rows-of-any-lane", LeftToPerson.ALL, blank=_NO, gone=_NO, behind=(Behind.OF_ANY,)),
    Row("rows-of-lanes", LeftToPerson.OF_LANES, blank=_NO, gone=_NO, behind=(Behind.OF_LANES,)),
    Row("end-unknown", LeftToPerson.UNMEASURED, _NO, _NO, (Behind.UNREADABLE,), ended_well=_NO),
    Row("ended-well", LeftToPerson.NONE, _NO, _NO, (Behind.UNREADABLE,), ended_well=_YES),
    Row("all-applied", LeftToPerson.NONE, blank=_NO, gone=_NO, behind=(Behind.NONE,)),
)


def left_to_person(known: Known) -> LeftToPerson:
    """Which barriers wait for a person."""
    return next(row.left for row in ROWS if row.fits(known))


def barriers_left(settings: Settings, left: LeftToPerson, lanes: Iterable[str]) -> Sequence[str]:
    """The ids of those barriers; `lanes` are the lanes whose rows are lost."""
    lost = frozenset(lanes)
    of_lanes = {lane.barrier for lane in settings.lanes if lane.id in lost}
    return [barrier.id for barrier in settings.barriers if _is_left(barrier, left, of_lanes)]


def _is_left(barrier: Barrier, left: LeftToPerson, of_lanes: Collection[str]) -> bool:
    if left is LeftToPerson.OF_LANES:
        return barrier.id in of_lanes
    if left is LeftToPerson.UNMEASURED:
        return not _is_measured(barrier)
    return left is LeftToPerson.ALL


def _is_measured(barrier: Barrier) -> bool:
    """True when limit switches tell where the arm is."""
    return barrier.at_open is not None or barrier.at_closed is not None
