"""The thread that measures: looks at devices and the machine now and then, and writes once an hour.

Nothing here costs the gate anything: devices are read by their last state, loops from a queue, travel times from the
projections. An hour that a kill or a power cut takes is lost; a stop in good order writes it. While the clock is not
sure nothing is written, since the hour is not known.
"""

from __future__ import annotations

import logging
import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from drivers.base import Health
from gateway.core.measurements.series import BOX, Series
from gateway.core.measurements.summary import Summary, summary_of
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.events import ClockState, Now
from gateway.engine.measuring.box import Box
from gateway.engine.measuring.loops import Occupations, Tap
from gateway.engine.measuring.travels import Travels
from gateway.store.measurements.store import MeasurementWriter

log = logging.getLogger(__name__)

LOOK_S = 10.0
"""How often devices are looked at."""
FIRST_LOOKS = 60
"""After so many looks, ten minutes, the begun hour is written once before its end: a new gateway has something to show.
"""
BOX_LOOKS = 6
"""The machine is looked at each time of so many."""
VALUES_MAX = 720
"""Values of one series in an hour; of more, each second one is kept."""
SERIES_MAX = 512
HOUR_NS = 3_600_000_000_000
_PERMILLE = 1000


class Values:
    """The values of each series since the last write; both bounds hold whatever comes."""

    def __init__(self) -> None:
        self._values: dict[str, array[int]] = {}
        self._skip: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    def add(self, name: str, value: int) -> None:
        """One more value; a long series keeps each second, fourth, eighth value."""
        found = self._values.get(name)
        if found is None:
            if len(self._values) >= SERIES_MAX:
                return
            found = self._values[name] = array("q")
        seen = self._seen[name] = self._seen.get(name, 0) + 1
        every = self._skip.get(name, 1)
        if seen % every:
            return
        found.append(value)
        if len(found) >= VALUES_MAX:
            self._values[name] = found[::2]
            self._skip[name] = every * 2

    def take(self) -> dict[str, Summary]:
        """The summary of each series, and begin anew."""
        found = {name: summary for name, values in self._values.items() if (summary := summary_of(values))}
        self._values.clear()
        self._skip.clear()
        self._seen.clear()
        return found


class Measuring:
    """`run` is the thread; `settings_changed` and `stop` are for any."""

    def __init__(
        self,
        settings: Settings,
        *,
        tap: Tap,
        health: Callable[[], Sequence[Health]],
        travels: Travels,
        box: Box,
        writer: MeasurementWriter,
        now: Callable[[], Now],
    ) -> None:
        self._tap = tap
        self._health = health
        self._travels = travels
        self._box = box
        self._writer = writer
        self._now = now
        self._settings = settings
        self._changed = False
        self._loops = Occupations(settings)
        self._values = Values()
        self._counts: dict[str, tuple[int, int]] = {}
        self._errors: dict[str, list[int]] = {}
        self._written_kb: int | None = None
        self._since_ns = 0
        self._looks = 0
        self._hour = 0
        self._failing = False
        self._stopping = threading.Event()
        self.turns = 0

    def settings_changed(self, settings: Settings) -> None:
        """Measure the loops and barriers of these from now on."""
        self._settings = settings
        self._changed = True

    def stop(self) -> None:
        """Write what was measured, and end `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Measure until `stop`."""
        while not self._stopping.wait(LOOK_S):
            self.turn()
        self.turn()
        self._write(self._now())

    def turn(self) -> None:
        """Look once; when an hour is over, write it."""
        self.turns += 1
        now = self._now()
        if self._changed:
            self._changed = False
            self._loops.settings_changed(self._settings)
        hour = now.wall_ns // HOUR_NS
        if self._hour and (hour != self._hour or self.turns == FIRST_LOOKS):
            self._write(now)
        self._hour, self._since_ns = hour, self._since_ns or now.wall_ns
        for told in self._tap.take():
            for series, length_ms in self._loops.take(told):
                self._values.add(series, length_ms)
        self._look_at_devices(self._health())
        if self._looks % BOX_LOOKS == 0:
            self._look_at_box()
        self._looks += 1

    def _look_at_devices(self, devices: Iterable[Health]) -> None:
        for one in devices:
            if one.state == "online" and one.round_trip_us is not None:
                self._values.add(Series("round_trip", one.device).name, one.round_trip_us)
            frames, errors = self._counts.get(one.device, (one.frames, one.errors))
            self._counts[one.device] = one.frames, one.errors
            if one.frames >= frames and one.errors >= errors:
                counted = self._errors.setdefault(one.device, [0, 0])
                counted[0] += one.frames - frames
                counted[1] += one.errors - errors

    def _look_at_box(self) -> None:
        for kind, value in self._box.values():
            self._values.add(Series(kind, BOX).name, value)

    # ---- once an hour

    def _write(self, now: Now) -> None:
        """Write the hour; a full disk loses it and nothing else."""
        found = {**self._values.take(), **self._travel_times(now), **self._error_shares(), **self._disk_writes(now)}
        self._since_ns = now.wall_ns
        if now.clock is ClockState.UNSET or not found:
            return
        day, hours = day_of(self._hour, self._settings.zone)
        try:
            self._writer.add(self._hour, day, hours, found)
        except GatehouseError as error:
            if not self._failing:
                log.warning("measurements of an hour are lost: %s", error)
            self._failing = True
        else:
            self._failing = False

    def _travel_times(self, now: Now) -> dict[str, Summary]:
        """Travel times since the last write."""
        return self._travels.between([one.id for one in self._settings.barriers], self._since_ns, now.wall_ns)

    def _error_shares(self) -> dict[str, Summary]:
        """Errors of each device in a thousand messages."""
        found: dict[str, Summary] = {}
        for device, (frames, errors) in self._errors.items():
            if frames + errors:
                share = _PERMILLE * errors // (frames + errors)
                found[Series("errors", device).name] = Summary(frames + errors, share, share, share)
        self._errors.clear()
        return found

    def _disk_writes(self, now: Now) -> dict[str, Summary]:
        """What the disk has written, as of an hour."""
        before, self._written_kb = self._written_kb, self._box.written_kb()
        passed_ns = now.wall_ns - self._since_ns
        if before is None or self._written_kb is None or self._written_kb < before or passed_ns <= 0:
            return {}
        rate = (self._written_kb - before) * HOUR_NS // passed_ns
        return {Series("written", BOX).name: Summary(1, rate, rate, rate)}


def day_of(hour: int, zone: ZoneInfo) -> tuple[int, range]:
    """The number of the site's day that an hour is in, and the hours of that day."""
    local = datetime.fromtimestamp(hour * 3600, UTC).astimezone(zone)
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
    end = (begin + timedelta(days=1)).replace(hour=0)
    day = (begin.date() - datetime(1970, 1, 1).date()).days
    first, last = (int(one.timestamp()) // 3600 for one in (begin, end))
    return day, range(first, last)
