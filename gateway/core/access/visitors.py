"""Expected visitors: which one a plate, card or code is of, corrected by the passages of this run."""

from __future__ import annotations

import msgspec

from gateway.core.access.recent import Recent
from gateway.core.vocabulary.events import CredentialRead, ExpectedVisit


def visitor_of(read: CredentialRead, recent: Recent, wall_ns: int, at_entry: bool) -> ExpectedVisit | None:
    """The visitor that a read is of now; None when no one is expected by it.

    One who is inside, the newest first, else who may come now, else who comes next, else who should have come last.
    At an entry one who is inside past the end of its time comes behind who may come now: it has left unseen.
    """
    found = [_corrected(one, recent, read.after) for one in read.expected if not recent.over(one.visit, read.after)]
    return min(found, key=lambda one: _rank(one, wall_ns, at_entry), default=None)


def _corrected(visitor: ExpectedVisit, recent: Recent, after: str) -> ExpectedVisit:
    entered = recent.entered(visitor.visit, after)
    return visitor if entered is None else msgspec.structs.replace(visitor, entered=entered)


def _rank(visitor: ExpectedVisit, wall_ns: int, at_entry: bool) -> tuple[int, int]:
    late = wall_ns >= visitor.until_ns
    if visitor.entered:
        return (2 if at_entry and late else 0), -visitor.from_ns
    if wall_ns < visitor.from_ns:
        return 3, visitor.from_ns
    return (4, -visitor.until_ns) if late else (1, visitor.until_ns)
