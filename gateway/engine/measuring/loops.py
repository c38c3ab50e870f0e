"""How long loops stay occupied, from what boards report.

`report` stands between the buses and the core: an event goes on first, then its time and content join a bounded queue
for the measuring thread. So the gate pays one look at a type for it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from drivers.base import Report
from gateway.core.measurements.series import Series, contact
from gateway.core.settings.model import Point, Settings
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, DeviceStale, Event, InputsRead

QUEUE_MAX = 4_096
"""Reports that wait for the thread; more are dropped, the oldest first."""
LOOPS = ("approach_loop", "safety_loop", "clear_loop")
SHORTEST_MS = 50
"""A shorter pulse is a bounce of the contact."""
OCCUPIED_MAX_MS = 3_600_000
"""A longer occupation is a parked vehicle or a stuck loop, which has its own alarm."""
_NS = 1_000_000
_WATCHED = (InputsRead, DeviceRestored, DeviceLost, DeviceStale)


class Told(NamedTuple):
    """What a board reported, and when; None: it does not answer."""

    at_ns: int
    device: str
    inputs: tuple[bool, ...] | None


class Tap:
    """Between the buses and the core; `report` is for any thread, `take` for the measuring one."""

    def __init__(self, put: Report) -> None:
        self._put = put
        self._queue: deque[Told] = deque(maxlen=QUEUE_MAX)

    def report(self, event: Event) -> None:
        """Pass an event on, and note what a board tells of its inputs."""
        self._put(event)
        if isinstance(event, _WATCHED):
            inputs = event.inputs if isinstance(event, InputsRead | DeviceRestored) else None
            self._queue.append(Told(time.monotonic_ns(), event.device, inputs))

    def take(self) -> Iterator[Told]:
        """What was noted since."""
        while self._queue:
            yield self._queue.popleft()


class Occupations:
    """Turns the inputs of boards into lengths of occupations; one whose begin or end was not seen does not count."""

    def __init__(self, settings: Settings) -> None:
        self._since_ns: dict[str, int] = {}
        self._known: set[str] = set()
        self.settings_changed(settings)

    def settings_changed(self, settings: Settings) -> None:
        """Watch the loops of these settings."""
        self._points: dict[str, list[tuple[str, Point]]] = {}
        for barrier in settings.barriers:
            for name, point in barrier.inputs().items():
                if name.partition(".")[0] in LOOPS:
                    series = Series("loop", contact(barrier.id, name)).name
                    self._points.setdefault(point.device, []).append((series, point))
        self._since_ns.clear()
        self._known.clear()

    def take(self, told: Told) -> Iterator[tuple[str, int]]:
        """The occupations that this report ends: series and milliseconds."""
        for series, point in self._points.get(told.device, ()):
            if told.inputs is None or point.index >= len(told.inputs):
                self._known.discard(series)
                self._since_ns.pop(series, None)
            elif point.means(told.inputs[point.index]):
                if series in self._known:
                    self._since_ns.setdefault(series, told.at_ns)
            else:
                self._known.add(series)
                since_ns = self._since_ns.pop(series, None)
                length_ms = 0 if since_ns is None else (told.at_ns - since_ns) // _NS
                if SHORTEST_MS <= length_ms <= OCCUPIED_MAX_MS:
                    yield series, length_ms
