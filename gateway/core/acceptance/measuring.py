"""What was measured of each point since the run began: the value that a tick takes along.

Electrical states come as devices report them, without debouncing: a test of the wire sees each change. Nothing here is
kept over a restart; a point that did not change since then says so by its missing times.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.core.acceptance.points import PARKED, POWER_CYCLE, AcceptancePoint, PointKind
from gateway.core.vocabulary import events
from gateway.core.vocabulary.rows import UNSET, BarrierClosed, BarrierOpened, Credential, Measured, MovementRow
from gateway.core.vocabulary.times import NS_PER_MS, rfc3339

HIDDEN = "…"
SHOWN_CHARACTERS = 4


class Watched(msgspec.Struct):
    """One contact or device: how it is now (None: unknown), its last changes, and how long it was last on and off."""

    on: bool | None = None
    on_ns: int = 0
    off_ns: int = 0
    began_mono_ns: int = 0
    on_ms: int | None = None
    off_ms: int | None = None


class Measuring:
    """Keeps the newest of everything; `value` is that of one point."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[bool, ...]] = {}
        self._contacts: dict[tuple[str, int], Watched] = {}
        self._devices: dict[str, Watched] = {}
        self._switched: dict[tuple[str, int], int] = {}
        self._reads: dict[str, tuple[Credential, int]] = {}
        self._travels: dict[tuple[str, str], tuple[int, int]] = {}

    # ---- what is reported

    def inputs_read(self, device: str, inputs: tuple[bool, ...], now: events.Now) -> None:
        """All inputs of a device."""
        before = self._read.get(device)
        if before == inputs:
            return
        self._read[device] = inputs
        for index, on in enumerate(inputs):
            if before is None or index >= len(before) or before[index] != on:
                seen = self._contacts.setdefault((device, index), Watched())
                _turn(seen, on, now)

    def answers(self, device: str, now: events.Now, inputs: tuple[bool, ...]) -> None:
        """A device answers, for the first time or again; its inputs were not watched meanwhile."""
        _turn(self._devices.setdefault(device, Watched()), True, now)
        self._forget_contacts(device)
        self.inputs_read(device, inputs, now)

    def silent(self, device: str, now: events.Now) -> None:
        """A device does not answer."""
        _turn(self._devices.setdefault(device, Watched(on=True)), False, now)
        self._forget_contacts(device)

    def switched(self, device: str, output: int, now: events.Now) -> None:
        """An output was switched."""
        self._switched[device, output] = now.wall_ns

    def read(self, event: events.CredentialRead, now: events.Now) -> None:
        """A reader or a camera has read something; of a card or a plate the end is kept, which tells it from another.

        Ticks outlive the rows of the journal, so that no whole number may be in them.
        """
        value = HIDDEN + (event.value[-SHOWN_CHARACTERS:] if event.kind in ("card", "plate") else "")
        self._reads[event.device] = Credential(event.kind, value), now.wall_ns

    def moved(self, row: MovementRow, now: events.Now) -> None:
        """The arm has reached an end."""
        name = {BarrierOpened.type: "opening_ms", BarrierClosed.type: "closing_ms"}[row.type]
        if isinstance(row.travel_ms, int):
            self._travels[row.barrier, name] = row.travel_ms, now.wall_ns

    def forget(self, devices: Iterable[str]) -> None:
        """What these devices reported is void: they begin anew, or are gone."""
        for device in devices:
            self._forget_contacts(device)
            for known in (self._devices, self._reads):
                known.pop(device, None)

    def _forget_contacts(self, device: str) -> None:
        self._read.pop(device, None)
        for (owner, _), seen in self._contacts.items():
            if owner == device:
                seen.on, seen.began_mono_ns = None, 0

    # ---- what a tick takes along

    def value(self, point: AcceptancePoint, now: events.Now) -> Measured:
        """What was measured of a point last."""
        if point.kind is PointKind.SETTING:
            return Measured("set", set=point.basis.limit or "")
        if point.name == POWER_CYCLE:
            return self._of_device(point.device)
        if point.name in ("readers", "cameras"):
            return self._of_reader(point.device)
        if point.kind is PointKind.MEASUREMENT:
            return self._of_travel(point)
        if point.kind is PointKind.CONTROL:
            return self._of_output(point)
        return self._of_contact(point, now, timed=point.name.startswith(PARKED))

    def _of_contact(self, point: AcceptancePoint, now: events.Now, *, timed: bool) -> Measured:
        wired = point.wired
        seen = self._contacts.get((wired.device, wired.index)) if wired is not None else None
        if wired is None or seen is None:
            return Measured("measured", on=None)
        on = None if seen.on is None else wired.means(seen.on)
        times = (seen.on_ns, seen.off_ns, seen.on_ms)
        on_ns, off_ns, lasted_ms = (seen.off_ns, seen.on_ns, seen.off_ms) if wired.means(False) else times
        lasted_ms = _lasts_ms(seen, now) if on else lasted_ms
        return Measured("measured", on, _at(on_ns), _at(off_ns), UNSET if lasted_ms is None or not timed else lasted_ms)

    def _of_device(self, device: str) -> Measured:
        seen = self._devices.get(device)
        if seen is None:
            return Measured("measured", on=None)
        return Measured("measured", seen.on, _at(seen.on_ns) if seen.off_ns else UNSET, _at(seen.off_ns))

    def _of_reader(self, device: str) -> Measured:
        found = self._reads.get(device)
        return Measured("measured") if found is None else Measured("measured", credential=found[0], at=_at(found[1]))

    def _of_travel(self, point: AcceptancePoint) -> Measured:
        _, barrier, name = point.id.split(".")
        found = self._travels.get((barrier, name))
        return Measured("measured") if found is None else Measured("measured", ms=found[0], at=_at(found[1]))

    def _of_output(self, point: AcceptancePoint) -> Measured:
        if point.wired is None:
            return Measured("seen")
        at_ns = self._switched.get((point.wired.device, point.wired.index), 0)
        return Measured("seen", at=_at(at_ns))


def _turn(seen: Watched, on: bool, now: events.Now) -> None:
    """A contact or a device is on or off from now on; the first report of a run is no change."""
    if seen.on is not None and seen.on != on:
        if on:
            seen.on_ns, seen.off_ms = now.wall_ns, _lasts_ms(seen, now)
        else:
            seen.off_ns, seen.on_ms = now.wall_ns, _lasts_ms(seen, now)
    if seen.on != on:
        seen.on, seen.began_mono_ns = on, now.mono_ns


def _lasts_ms(seen: Watched, now: events.Now) -> int:
    return (now.mono_ns - seen.began_mono_ns) // NS_PER_MS


def _at(wall_ns: int) -> str | msgspec.UnsetType:
    return rfc3339(wall_ns) if wall_ns else UNSET
