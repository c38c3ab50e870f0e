"""Alarms as a subsystem: commands of people, the end of shelves, and alarms of the last run."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.alarms.desk import Alarm, AlarmDesk
from gateway.core.alarms.lifecycle import AlarmState, Verb
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Handlers, Subsystem, Timers
from gateway.core.vocabulary import events
from gateway.core.vocabulary.authors import author_of
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import CoreView

VERBS = {verb.value: verb for verb in (Verb.ACKNOWLEDGE, Verb.VERIFY, Verb.SHELVE, Verb.UNSHELVE, Verb.CLOSE)}
"""What a person may do with an alarm."""


class KeptAlarm(msgspec.Struct, frozen=True):
    """An alarm as in its last row; fields that the row does not have are None."""

    alarm: str
    kind: str
    state: AlarmState
    raised_at: str
    as_of: str
    key: str | None = None
    lane: str | None = None
    device: str | None = None
    active: bool | None = None
    acknowledged_by: str | None = None
    finding: str | None = None
    benign: bool | None = None
    count: int | None = None
    detail: dict[str, Any] | None = None

    def again(self) -> Alarm:
        """The alarm at the end of the last run."""
        known = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        return Alarm(**{"key": f"kept:{self.alarm}", **known})


class AlarmsMemory(msgspec.Struct, frozen=True):
    """All alarms that were not closed, oldest first."""

    alarms: list[KeptAlarm] = []


class Alarms(Subsystem):
    """The alarm desk and its events."""

    def __init__(self, settings: Settings, memory: AlarmsMemory) -> None:
        self.desk = AlarmDesk([kept.again() for kept in memory.alarms])
        self._set(settings)

    def handlers(self) -> Handlers:
        """A person's command, and the start of a run."""
        return {
            events.AlarmCommandReceived: self.command,
            events.Started: self.started,
            SettingsChanged: self.settings_changed,
        }

    def timers(self) -> Timers:
        """Shelves."""
        return {"alarm": self.shelf_over}

    def view(self, shown: CoreView) -> CoreView:
        """All open alarms, the most urgent first."""
        return msgspec.structs.replace(shown, alarms=self.desk.views())

    def started(self, turn: Turn, event: events.Started) -> None:
        """Alarms of lanes and devices that are no longer in the settings return; shelves of the last run end."""
        self.desk.begin(event.run)
        self._return_removed(turn)
        for alarm in list(self.desk):
            if alarm.state is AlarmState.SHELVED:
                self.desk.shelf_over(turn, alarm.alarm)

    def settings_changed(self, turn: Turn, event: SettingsChanged) -> None:
        """Alarms of lanes and devices that are removed return; those that a person must close wait for that."""
        self._set(event.settings)
        self._return_removed(turn)

    def _set(self, settings: Settings) -> None:
        self._devices = {device.id for device in settings.devices}
        self._lanes = {lane.id for lane in settings.lanes}

    def _return_removed(self, turn: Turn) -> None:
        for alarm in list(self.desk):
            no_device = alarm.device is not None and alarm.device not in self._devices
            no_lane = alarm.lane is not None and alarm.lane not in self._lanes
            if no_device or no_lane:
                self.desk.return_(turn, alarm.key)
            if no_lane and alarm.state is AlarmState.OUT_OF_SERVICE:
                self.desk.put_back(turn, alarm.lane or "", "gateway")

    def shelf_over(self, turn: Turn, timer: Timer) -> None:
        """The shelf of an alarm has ended."""
        self.desk.shelf_over(turn, timer.owner)

    def command(self, turn: Turn, event: events.AlarmCommandReceived) -> None:
        """A person acts on an alarm."""
        if event.verb not in VERBS:
            turn.emit(Reply(event.request, "refused", Refusal.UNKNOWN_VERB.value, f"use one of {', '.join(VERBS)}"))
            return
        try:
            alarm = self.desk.command(
                turn,
                event.alarm,
                VERBS[event.verb],
                author_of(event),
                reason=event.reason,
                finding=event.finding,
                until_wall_ns=event.until_wall_ns,
            )
        except (NotFoundError, RefusedError) as error:
            turn.emit(Reply(event.request, "refused", str(error.code), str(error)))
            return
        turn.emit(Reply(event.request, "done", alarm=alarm.view()))
