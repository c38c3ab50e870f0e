"""The router of the core: `handle(event, now)` for every event, `snapshot` for every screen.

It passes each event, timer and row to the subsystems that declare it, and does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from gateway.core.acceptance.acceptance import Acceptance
from gateway.core.acceptance.book import AcceptanceMemory
from gateway.core.access.access import Access, AccessMemory
from gateway.core.alarms.alarms import Alarms, AlarmsMemory
from gateway.core.alarms.faults import Faults
from gateway.core.charges.book import Book
from gateway.core.health.health import Health
from gateway.core.health.records import Records, RecordsMemory
from gateway.core.identities.stays import NamedStays
from gateway.core.lanes.lanes import Lanes
from gateway.core.lanes.memory import LanesMemory
from gateway.core.payments.bills import Bills, DaysMemory
from gateway.core.payments.payments import Payments
from gateway.core.pictures.pictures import Pictures
from gateway.core.repairs.repairs import RepairOrders, RepairsMemory
from gateway.core.reports.reports import Reports
from gateway.core.run.run import Run
from gateway.core.settings.exchange import Unrest
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Memory, Subsystem
from gateway.core.visits.visits import Visits
from gateway.core.vocabulary import events
from gateway.core.vocabulary.clock import ClockMemory, SureClock
from gateway.core.vocabulary.commands import Append, Command
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.rows import Row
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import CoreView

Found = TypeVar("Found", bound=Subsystem)


def subsystems(settings: Settings, memory: Memory, clock: SureClock) -> tuple[Subsystem, ...]:
    """All subsystems of the core, in the order in which they handle an event that several declare."""
    alarms = Alarms(settings, memory.part(AlarmsMemory))
    faults = Faults(alarms.desk)
    acceptance = Acceptance(settings, memory.part(AcceptanceMemory))
    lanes = Lanes(settings, memory.part(LanesMemory), alarms.desk, clock, acceptance.touched)
    acceptance.asks_tags_of(lanes.is_tagged)
    book = Book()
    bills = Bills(settings, memory.part(DaysMemory).country_days, book)
    records = Records(settings, memory.part(RecordsMemory))
    access = Access(settings, memory.part(AccessMemory), lanes, clock, faults, bills, book, records.take)
    return (
        Run(faults),
        lanes,
        NamedStays(settings, lanes, access.recent, bills),
        alarms,
        Payments(bills, book, access),
        access,
        Visits(access.recent),
        Reports(settings, lanes, alarms.desk, clock),
        Health(lanes, alarms.desk),
        records,
        RepairOrders(settings, memory.part(RepairsMemory), lanes, alarms.desk),
        acceptance,
        Pictures(settings),
    )


class Site:
    """The core of one gateway."""

    def __init__(self, settings: Settings, memory: Memory | None = None, tokens: int = 0) -> None:
        """`tokens`: how many the earlier core of this process has used; they are not used again."""
        memory = memory or Memory()
        self._clock = SureClock(memory.part(ClockMemory))
        self._tokens = tokens
        self._subsystems = subsystems(settings, memory, self._clock)
        # Lanes move and show, so the other subsystems come first.
        self._settling = self._subsystems[::-1]
        self._handlers: dict[type[events.Event], list[Callable[[Turn, Any], None]]] = {}
        self._followers: dict[type[Row], list[Callable[[Turn, Any], None]]] = {}
        self._timers: dict[str, Callable[[Turn, Timer], None]] = {}
        self._handlers[events.TimerFired] = [self._timer_fired]
        for subsystem in self._subsystems:
            for event, handler in subsystem.handlers().items():
                self._handlers.setdefault(event, []).append(handler)
            for row, follower in subsystem.followers().items():
                self._followers.setdefault(row, []).append(follower)
            self._timers |= subsystem.timers()

    @property
    def tokens(self) -> int:
        """How many tokens were used so far."""
        return self._tokens

    @property
    def interrupted(self) -> dict[str, str]:
        """Interrupted barriers, each since when; the next core of this process needs them."""
        return self.part(Lanes).interrupted

    def unrest(self, barriers: Collection[str], now: Now, *, moves_only: bool = False) -> list[Unrest]:
        """What keeps these barriers from being made anew now, before `SettingsChanged`."""
        return self.part(Lanes).unrest(barriers, now.mono_ns, moves_only=moves_only)

    def part(self, kind: type[Found]) -> Found:
        """The subsystem of a type; StopIteration without one."""
        return next(found for found in self._subsystems if isinstance(found, kind))

    def handle(self, event: events.Event, now: Now) -> list[Command]:
        """The commands of one event, in order."""
        turn = Turn(now, self._tokens)
        self._clock.note(now)
        for handler in self._handlers[type(event)]:
            handler(turn, event)
        followed = self._follow(turn, 0)
        for subsystem in self._settling:
            subsystem.settle(turn)
        self._follow(turn, followed)
        self._tokens = turn.tokens
        return turn.commands

    def snapshot(self) -> CoreView:
        """The state for screens, nothing personal; the engine adds ages, devices and links."""
        shown = CoreView()
        for subsystem in self._subsystems:
            shown = subsystem.view(shown)
        return shown

    def _follow(self, turn: Turn, start: int) -> int:
        """Pass the rows from that command on to their followers, also rows that followers write; returns the end."""
        number = start
        while number < len(turn.commands):
            command = turn.commands[number]
            if isinstance(command, Append):
                for follower in self._followers.get(type(command.row), ()):
                    follower(turn, command.row)
            number += 1
        return number

    def _timer_fired(self, turn: Turn, event: events.TimerFired) -> None:
        self._timers[event.timer.kind](turn, event.timer)
