"""Counters with limits: when a barrier is due for service, said once, and when it no longer is.

What is counted follows from the journal (`barrier.opened`, `barrier.commanded`, `barrier.crashed`), so that the counts
of the last run are those of its projections. A limit that is passed never keeps anybody from opening: it writes
`service.due` and is shown until it ends (a higher limit in the settings, a new month, a quick arm again), which writes
`service.over`.
"""

from __future__ import annotations

from collections import deque
from typing import get_args
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.lane.arm.travel import Travel
from gateway.core.settings.model import Barrier
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.rows import ServiceDue, ServiceOver, ServiceRow
from gateway.core.vocabulary.rows.barrier import ServiceLimit
from gateway.core.vocabulary.times import local_time
from gateway.core.vocabulary.turn import NS_PER_S, Turn
from gateway.core.vocabulary.views import ServiceNotice

HOUR_NS = 3600 * NS_PER_S
CRASHES_KEPT = 1001
CALM = 0.9
"""What goes up and down must fall to this part of its limit before it is over, so that it is not told in and out."""


class ServiceMemory(msgspec.Struct, frozen=True):
    """What the projections know of one barrier; `crashes` as wall times in nanoseconds, oldest first."""

    cycles: int = 0
    relay_operations: int = 0
    crashes: tuple[int, ...] = ()
    due: tuple[ServiceNotice, ...] = ()


class Service:
    """The counters of one barrier."""

    def __init__(self, barrier: Barrier, lane: str, zone: ZoneInfo, travel: Travel, memory: ServiceMemory) -> None:
        self._barrier = barrier.id
        self._lane = lane
        self._zone = zone
        self._travel = travel
        limits = {**msgspec.structs.asdict(barrier.service_limits), "cycles_per_h": barrier.max_cycles_per_h}
        self._limits: dict[ServiceLimit, int] = {
            what: limits[what] for what in get_args(ServiceLimit) if limits[what] is not None
        }
        self._due: dict[str, ServiceNotice] = {due.what: due for due in memory.due}
        self._cycles = memory.cycles
        self._operations = memory.relay_operations
        self._crashes = deque(memory.crashes, CRASHES_KEPT)
        self._hour: deque[int] = deque(maxlen=self._limits.get("cycles_per_h", 0) + 1)

    @property
    def cycles_high(self) -> bool:
        """Whether the arm moves more often than its controller is made for."""
        return "cycles_per_h" in self._due

    def views(self) -> tuple[ServiceNotice, ...]:
        """The limits that were passed, as people and central see them."""
        return tuple(self._due.values())

    def moves_to(self, zone: ZoneInfo) -> None:
        """The site has another time zone: a month begins at another moment."""
        self._zone = zone

    def happened(self, turn: Turn, what: str) -> None:
        """A row of this type was written about this barrier."""
        if what == "barrier.opened":
            self._cycles += 1
            self._hour.append(turn.now.mono_ns)
        elif what == "barrier.commanded":
            self._operations += 1
        elif what == "barrier.crashed":
            self._crashes.append(turn.now.wall_ns)
        else:
            return
        self.check(turn)

    def check(self, turn: Turn) -> None:
        """Compare every count with its limit; at each counted row and once a minute."""
        for what, limit in self._limits.items():
            due, count = self._due.get(what), self._count(what, turn)
            if count is None:
                continue
            told = due is not None and due.limit == limit
            if count > limit and not told:
                self._begin(turn, what, limit, count)
            elif due is not None and count <= _calm(what, limit):
                self._end(turn, due, count)
        for due in [one for one in self._due.values() if one.what not in self._limits]:
            self._end(turn, due, None)

    def _begin(self, turn: Turn, what: ServiceLimit, limit: int, count: int) -> None:
        self._due[what] = ServiceNotice(what=what, limit=limit, count=count, since=turn.at)
        self._append(turn, ServiceDue, what, limit, count)

    def _end(self, turn: Turn, due: ServiceNotice, count: int | None) -> None:
        del self._due[due.what]
        self._append(turn, ServiceOver, due.what, due.limit, count)

    def _append(self, turn: Turn, kind: type[ServiceRow], what: str, limit: int, count: int | None) -> None:
        turn.append(kind(lane=self._lane, barrier=self._barrier, what=what, limit=limit, count=count))
        turn.show()

    def _count(self, what: ServiceLimit, turn: Turn) -> int | None:
        """The count now; None when it is not known (yet)."""
        match what:
            case "cycles":
                return self._cycles
            case "relay_operations":
                return self._operations
            case "travel_ms":
                return self._travel.slowest_ms()
            case "cycles_per_h":
                return sum(1 for at_ns in self._hour if turn.now.mono_ns - at_ns < HOUR_NS)
        if turn.now.clock is ClockState.UNSET:
            return None
        month = self._month(turn.now.wall_ns)
        return sum(1 for wall_ns in self._crashes if self._month(wall_ns) == month)

    def _month(self, wall_ns: int) -> tuple[int, int]:
        here = local_time(wall_ns, self._zone)
        return here.year, here.month


def _calm(what: ServiceLimit, limit: int) -> int:
    """The count at which a limit that was passed is over."""
    return int(limit * CALM) if what in ("travel_ms", "cycles_per_h") else limit
