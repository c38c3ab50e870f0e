"""The health of the gateway, as rows and alarms: devices, storage, the link to central, the clock."""

from __future__ import annotations

from gateway.core.alarms.desk import AlarmDesk
from gateway.core.lanes.lanes import Lanes
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.subsystem import Handlers, Subsystem
from gateway.core.vocabulary import events, rows
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.turn import Turn

STORAGE_KEYS = {"journal": "storage", "projections": "storage:projections"}
"""Part of the storage -> key of its alarm."""


class Health(Subsystem):
    """Reports failures and their end."""

    def __init__(self, lanes: Lanes, desk: AlarmDesk) -> None:
        self._lanes = lanes
        self._alarms = desk
        self._lost: set[str] = set()

    def handlers(self) -> Handlers:
        """Events: devices, storage, uplink, clock; at a start the state of storage, uplink and clock."""
        return {
            events.DeviceLost: self.device_lost,
            events.DeviceRestored: self.device_restored,
            events.TamperChanged: self.tamper_changed,
            events.InstallModeEnded: self.install_mode_ended,
            events.StorageDegraded: self.storage_degraded,
            events.StorageRestored: self.storage_restored,
            events.UplinkChanged: self.uplink_changed,
            events.ClockChanged: self.clock_changed,
            events.Started: self.started,
            SettingsChanged: self.settings_changed,
        }

    # ---- devices

    def device_lost(self, turn: Turn, event: events.DeviceLost) -> None:
        """One row and one alarm until the device answers again."""
        if event.device in self._lost:
            return
        self._lost.add(event.device)
        interrupted = self._lanes.newly_interrupted
        turn.append(rows.DeviceLost(device=event.device, error=event.error, interrupted=interrupted, since=turn.at))
        detail = {"error": event.error}
        self._alarms.raise_(turn, "device_lost", f"device:{event.device}", device=event.device, detail=detail)

    def device_restored(self, turn: Turn, event: events.DeviceRestored) -> None:
        """A row if the device was lost in this run; its alarm, perhaps of an earlier run, returns."""
        if event.device in self._lost:
            self._lost.discard(event.device)
            interrupted = self._lanes.newly_interrupted
            turn.append(rows.DeviceRestored(device=event.device, interrupted=interrupted, since=turn.at))
        self._alarms.return_(turn, f"device:{event.device}")

    def settings_changed(self, _turn: Turn, event: SettingsChanged) -> None:
        """A device that is removed is not lost."""
        self._lost &= {device.id for device in event.settings.devices}

    def tamper_changed(self, turn: Turn, event: events.TamperChanged) -> None:
        """A housing was opened or closed."""
        if event.tampered:
            self._alarms.raise_(turn, "tamper", f"tamper:{event.device}", device=event.device)
        else:
            self._alarms.return_(turn, f"tamper:{event.device}")
        turn.show()

    def install_mode_ended(self, turn: Turn, event: events.InstallModeEnded) -> None:
        """A reader has its key, or install mode is over."""
        turn.append(rows.InstallModeEnded(device=event.device, outcome=event.outcome))
        turn.show()

    # ---- storage and uplink

    def storage_degraded(self, turn: Turn, event: events.StorageDegraded) -> None:
        """Rows wait in memory, or the projections lag."""
        turn.append(rows.StorageDegraded(error=event.error, part=event.part, since=turn.at))
        part = {} if event.part == "journal" else {"part": event.part, "reason": event.part}
        detail = {"error": event.error, **part}
        self._alarms.raise_(turn, "storage_degraded", STORAGE_KEYS[event.part], detail=detail)
        turn.show()

    def storage_restored(self, turn: Turn, event: events.StorageRestored) -> None:
        """The part keeps up again."""
        turn.append(rows.StorageRestored(waited=event.waited, lost=event.lost, part=event.part, since=turn.at))
        self._alarms.return_(turn, STORAGE_KEYS[event.part], {"lost": event.lost} if event.lost else None)
        turn.show()

    def uplink_changed(self, turn: Turn, event: events.UplinkChanged) -> None:
        """Central was lost or is back."""
        if event.up:
            turn.append(rows.UplinkRestored(reason=event.reason, since=turn.at))
            self._alarms.return_(turn, "uplink")
        else:
            turn.append(rows.UplinkLost(reason=event.reason, since=turn.at))
            self._alarms.raise_(turn, "uplink_lost", "uplink", detail={"reason": event.reason})
        turn.show()

    # ---- clock and start

    def clock_changed(self, turn: Turn, event: events.ClockChanged) -> None:
        """The clock's quality changed, or it was stepped."""
        state, offset_ms = event.state.value, event.offset_ns // 1_000_000
        turn.append(rows.ClockChanged(state=state, offset_ms=offset_ms, since=turn.at))
        if event.state is ClockState.UNSET:
            detail = {"state": state, "offset_ms": offset_ms, "since": turn.at}
            self._alarms.raise_(turn, "clock_unsure", "clock", detail=detail)
        else:
            self._alarms.return_(turn, "clock")
        turn.show()

    def started(self, turn: Turn, event: events.Started) -> None:
        """Clock, storage and uplink as they are now: the last core may have failed on that news."""
        if turn.now.clock is ClockState.UNSET:
            self._alarms.raise_(turn, "clock_unsure", "clock", detail={"state": "unset"})
        else:
            self._alarms.return_(turn, "clock")
        for part, key in STORAGE_KEYS.items():
            if part not in event.degraded:
                self._alarms.return_(turn, key)
            elif not self._alarms.lasts(key):
                self.storage_degraded(turn, events.StorageDegraded(event.degraded[part], part))
        if event.uplink is not None and event.uplink is self._alarms.lasts("uplink"):
            self.uplink_changed(turn, events.UplinkChanged(event.uplink))
        turn.show()
