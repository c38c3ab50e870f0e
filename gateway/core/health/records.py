"""The lists that controllers keep by themselves: each record is taken once, also over a restart and a lost line.

The journal is the memory: a record's row and what follows from the record are made in one turn and so committed
together. The controller reports a record whose row was not committed once more, then as a late one.
"""

from __future__ import annotations

import datetime

import msgspec

from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Handlers, Subsystem
from gateway.core.vocabulary import events, rows
from gateway.core.vocabulary.commands import SetDeviceClock, TakeRecords
from gateway.core.vocabulary.events import ClockState, DeviceRecord
from gateway.core.vocabulary.times import local_time, rfc3339, wall_ns_of
from gateway.core.vocabulary.turn import Turn

CLOCK_OFF_S = 10
"""A clock of a device that is off by more is set."""
FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Years that a clock of a device can show; else it was never set."""


class RecordsMemory(msgspec.Struct, frozen=True):
    """Controller -> its last record that the journal has."""

    records: dict[str, int] = {}


class Records(Subsystem):
    """Which records of each controller are taken, and the clocks of devices."""

    def __init__(self, settings: Settings, memory: RecordsMemory) -> None:
        self._zone = settings.zone
        self._taken = dict(memory.records)

    def handlers(self) -> Handlers:
        """Events: contact with a controller, its records, its clock, what was set there."""
        return {
            events.RecordsFound: self.found,
            events.DeviceRecorded: self.recorded,
            events.RecordsMissed: self.missed,
            events.ClockShown: self.clock_shown,
            events.DeviceConfigured: self.configured,
            SettingsChanged: self.settings_changed,
        }

    def settings_changed(self, _turn: Turn, event: SettingsChanged) -> None:
        """Another zone holds from now on."""
        self._zone = event.settings.zone

    def found(self, turn: Turn, event: events.RecordsFound) -> None:
        """Ask for what was not taken yet; of a controller that is new here only for what comes."""
        known = self._taken.get(event.controller)
        if known is None or event.last < known:
            reason, after = ("first", event.last) if known is None else ("emptied", 0)
            turn.append(
                rows.DeviceRecordsBegan(device=event.device, controller=event.controller, after=after, reason=reason)
            )
            self._taken[event.controller] = known = after
        turn.emit(TakeRecords(event.device, known))

    def recorded(self, turn: Turn, event: events.DeviceRecorded) -> None:
        """A record that is no presentation."""
        self.take(turn, event.device, event.record)

    def take(self, turn: Turn, device: str, record: DeviceRecord) -> bool:
        """Journal a record; False when it was taken before, so that nothing may follow from it."""
        if record.index <= self._taken.get(record.controller, 0):
            return False
        self._taken[record.controller] = record.index
        turn.append(
            rows.DeviceRecorded(
                device=device,
                controller=record.controller,
                record=record.index,
                what=record.what,
                code=record.code,
                door=record.door,
                card=record.card or None,
                at=self._at(record.clock),
                late=record.late,
            )
        )
        return True

    def missed(self, turn: Turn, event: events.RecordsMissed) -> None:
        """A gap, without what was taken of it."""
        known = self._taken.get(event.controller, 0)
        first = max(event.first, known + 1)
        if first > event.last:
            return
        self._taken[event.controller] = event.last
        turn.append(
            rows.DeviceRecordsMissed(
                device=event.device, controller=event.controller, first=first, last=event.last, reason=event.reason
            )
        )

    def clock_shown(self, turn: Turn, event: events.ClockShown) -> None:
        """Set a clock that is off, by a clock that is sure."""
        if turn.now.clock is not ClockState.SYNCED:
            return
        local = local_time(turn.now.wall_ns, self._zone)
        shows = _moment(event.shows)
        off_s = abs((local.replace(tzinfo=None) - shows).total_seconds()) if shows else None
        if off_s is None or off_s > CLOCK_OFF_S:
            ahead = local.utcoffset() or datetime.timedelta()
            turn.emit(SetDeviceClock(event.device, int(ahead.total_seconds())))

    def configured(self, turn: Turn, event: events.DeviceConfigured) -> None:
        """What the gateway has set at a device."""
        turn.append(rows.DeviceConfigured(device=event.device, what=event.what, value=event.value, before=event.before))

    def _at(self, clock: str) -> str | None:
        moment = _moment(clock)
        return rfc3339(wall_ns_of(moment.replace(tzinfo=self._zone))) if moment else None


def _moment(shown: str) -> datetime.datetime | None:
    """What a clock shows; None when it was never set."""
    try:
        moment = datetime.datetime.fromisoformat(shown)
    except ValueError:
        return None
    return moment.replace(tzinfo=None) if FIRST_YEAR <= moment.year <= LAST_YEAR else None
