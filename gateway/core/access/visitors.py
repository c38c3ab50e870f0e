"""Expected visitors: which one a plate, card or code is of, corrected by the passages of this run."""

from __future__ import annotations

import msgspec

from gateway.core.access.recent import Recent
from gateway.core.vocabulary.events import CredentialRead, ExpectedVisit


def visitor_of(read: CredentialRead, recent: Recent, wall_ns: int) -> ExpectedVisit | None:
    """The visitor that a read is of now; None when no one is expected by it.

    One who is inside, else who may come now, else who comes next, else who should have come last.
    """
    found = [_corrected(one, recent, read.after) for one in read.expected]
    return min(found, key=lambda one: _rank(one, wall_ns), default=None)


def _corrected(visitor: ExpectedVisit, recent: Recent, after: str) -> ExpectedVisit:
    entered = recent.entered(visitor.visit, after)
    return visitor if entered is None else msgspec.structs.replace(visitor, entered=entered)


def _rank(visitor: ExpectedVisit, wall_ns: int) -> tuple[int, int]:
    if visitor.entered:
        return 0, 0
    if wall_ns < visitor.from_ns:
        return 2, visitor.from_ns
    return (1, visitor.until_ns) if wall_ns < visitor.until_ns else (3, -visitor.until_ns)
