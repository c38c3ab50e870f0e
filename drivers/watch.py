"""Whether a device is there, told once per change.

One `Watch` per device turns answers and failures into the three facts that the core knows: stale at the first
unanswered poll, lost after `LOST_AFTER` in a row (at once when the port itself is gone), restored with everything
read back at the first contact and at each return. Only the bus's own thread changes a watch; `health` may be read
from any thread, because it is replaced as a whole.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection

from msgspec.structs import replace

from drivers.base import Health, Report
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, DeviceStale

LOST_AFTER = 3
"""Failures in a row after which a device is given up until it answers again."""


class AskedAnew:
    """The devices that a bus is asked to report once more: any thread adds some, the bus's own takes them."""

    def __init__(self) -> None:
        self._asked: deque[frozenset[str]] = deque()

    def __bool__(self) -> bool:
        return bool(self._asked)

    def add(self, devices: Collection[str]) -> None:
        """Ask for these."""
        self._asked.append(frozenset(devices))

    def take(self) -> frozenset[str]:
        """All that were asked for since."""
        found: set[str] = set()
        while self._asked:
            found |= self._asked.popleft()
        return frozenset(found)


class Watch:
    """The condition of one device."""

    def __init__(self, device: str, report: Report) -> None:
        self.device = device
        self.failures = 0
        self.round_trip_us: int | None = None
        """Of the last question whose answer came; the bus sets it, and the next answer shows it."""
        self.health = Health(device, "starting", time.time_ns())
        self._report = report

    @property
    def online(self) -> bool:
        """True while the device answers."""
        return self.health.state == "online"

    @property
    def lost(self) -> bool:
        """True from the report of its loss to its return."""
        return self.health.state == "lost"

    @property
    def known(self) -> bool:
        """False before the first contact and while lost: then a `restored` is due, with everything read back."""
        return self.health.state == "online" or (
            self.health.state == "stale" and self.health.last_ok_mono_ns is not None
        )

    def answered(self, frames: int = 1) -> bool:
        """A good answer came; True when it ends a stale spell, so that the inputs are to be reported again."""
        was_stale = self.health.state == "stale"
        self.failures = 0
        self._change("online", frames=frames)
        return was_stale

    def restored(self, inputs: tuple[bool, ...] = (), outputs: tuple[bool, ...] = ()) -> None:
        """The first contact, or the return of a lost device, with what was read back."""
        self.failures = 0
        self._change("online", frames=1)
        self._report(DeviceRestored(self.device, inputs, outputs))

    def tell_anew(self) -> None:
        """Say once more that the device is there, or lost; one with points is read back and `restored` instead."""
        if self.lost:
            self._report(DeviceLost(self.device, self.health.last_error))
        elif self.known:
            self._report(DeviceRestored(self.device))

    def missed(self, error: str) -> None:
        """A poll or an order went unanswered."""
        self.failures += 1
        if self.failures >= LOST_AFTER:
            self.gone(error)
        elif self.health.state in ("online", "starting"):
            self._change("stale", error)
            self._report(DeviceStale(self.device))
        else:
            self._change(self.health.state, error)

    def gone(self, error: str) -> None:
        """The port is gone, or there have been too many failures."""
        was_lost = self.lost
        self._change("lost", error)
        if not was_lost:
            self._report(DeviceLost(self.device, error))

    def noise(self, count: int, error: str = "") -> None:
        """Bytes came that made no frame; `error` in words where that says something about the wiring."""
        if count:
            old = self.health
            self.health = replace(old, errors=old.errors + count, last_error=error or old.last_error)

    def _change(self, state: str, error: str = "", frames: int = 0) -> None:
        old = self.health
        self.health = Health(
            self.device,
            state,  # type: ignore[arg-type]
            old.since_wall_ns if old.state == state else time.time_ns(),
            time.monotonic_ns() if state == "online" else old.last_ok_mono_ns,
            error or old.last_error,
            old.frames + frames,
            old.errors + bool(error),
            self.round_trip_us,
        )
