"""The acceptance book: ticks by point and end, points that lost theirs, signatures by lane and end.

The core changes it; the projections give it back after a restart, and pages read it from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from gateway.core.acceptance.points import AcceptancePoint
from gateway.core.vocabulary.rows import Basis, Measured
from gateway.core.vocabulary.rows.acceptance import ENDS


class Tick(msgspec.Struct, frozen=True):
    """One end's tick of a point. `lanes`: those that the point belonged to; `basis`: how it was wired and set."""

    point: str
    end: str
    by: str
    at: str
    value: Measured
    basis: Basis
    lanes: tuple[str, ...] = ()


class Lost(msgspec.Struct, frozen=True):
    """A point that must be ticked again. `barriers`: those whose tag it keeps on."""

    point: str
    reason: str
    by: str
    at: str
    barriers: frozenset[str] = frozenset()


class Signature(msgspec.Struct, frozen=True):
    """One end's signature on the sheet of a lane; `media`: where its drawing is kept."""

    lane: str
    end: str
    by: str
    at: str
    media: str | None = None


class Kept(msgspec.Struct, frozen=True):
    """The whole book, for memory and pages."""

    ticks: tuple[Tick, ...] = ()
    lost: tuple[Lost, ...] = ()
    signatures: tuple[Signature, ...] = ()


NOTHING = Kept()


class AcceptanceMemory(msgspec.Struct, frozen=True):
    """What outlives a restart."""

    acceptance: Kept = NOTHING


class Book:
    """All of it, to look up and to change."""

    def __init__(self, kept: Kept = NOTHING) -> None:
        self._ticks: dict[str, dict[str, Tick]] = {}
        for tick in kept.ticks:
            self._ticks.setdefault(tick.point, {})[tick.end] = tick
        self._lost = {lost.point: lost for lost in kept.lost}
        self._signatures: dict[str, dict[str, Signature]] = {}
        for one in kept.signatures:
            self._signatures.setdefault(one.lane, {})[one.end] = one

    # ---- to look up

    @property
    def ticked(self) -> tuple[str, ...]:
        """The points that an end has ticked."""
        return tuple(self._ticks)

    def ticks(self, point: str) -> Mapping[str, Tick]:
        """The ticks of a point by end."""
        return self._ticks.get(point, {})

    def is_accepted(self, point: str) -> bool:
        """Whether both ends have ticked a point."""
        return len(self.ticks(point)) == len(ENDS)

    def lost(self, point: str) -> Lost | None:
        """Why a point has to be ticked again; None when it never had to, or was."""
        return self._lost.get(point)

    def signatures(self, lane: str) -> Mapping[str, Signature]:
        """The signatures on a lane's sheet by end."""
        return self._signatures.get(lane, {})

    def touched(self) -> Iterable[tuple[str, frozenset[str]]]:
        """The points that keep a tag on, each with the barriers."""
        return [(point, lost.barriers) for point, lost in self._lost.items() if lost.barriers]

    # ---- to change

    def tick(self, tick: Tick) -> None:
        """An end ticks a point; with both ends it is accepted again."""
        self._ticks.setdefault(tick.point, {})[tick.end] = tick
        if self.is_accepted(tick.point):
            self._lost.pop(tick.point, None)

    def lose(self, lost: Lost, ends: Iterable[str], lanes: Iterable[str]) -> None:
        """Ticks of a point, and signatures on its lanes' sheets, no longer count."""
        left = {end: tick for end, tick in self.ticks(lost.point).items() if end not in ends}
        if left:
            self._ticks[lost.point] = left
        else:
            self._ticks.pop(lost.point, None)
        for lane in lanes:
            self._signatures.pop(lane, None)
        known = self._lost.get(lost.point)
        if lost.reason == "removed":
            self._lost.pop(lost.point, None)
        else:
            barriers = lost.barriers | (known.barriers if known is not None else frozenset())
            self._lost[lost.point] = msgspec.structs.replace(lost, barriers=barriers)

    def untag(self, barrier: str) -> None:
        """The tag of a barrier is off, whatever was touched under it."""
        for point, lost in list(self._lost.items()):
            if barrier in lost.barriers:
                self._lost[point] = msgspec.structs.replace(lost, barriers=lost.barriers - {barrier})

    def sign(self, signature: Signature) -> None:
        """An end signs the sheet of a lane."""
        self._signatures.setdefault(signature.lane, {})[signature.end] = signature


def is_complete(book: Book, points: Iterable[AcceptancePoint]) -> bool:
    """Whether both ends have ticked every one of these points."""
    return all(book.is_accepted(point.id) for point in points)
