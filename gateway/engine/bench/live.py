"""The points of all boards as they are, with their edges; filled from the events of the buses on their way to the core.

An event goes on to the core first. What the bench itself ordered is answered to the bench: its tokens are negative, and
the core never hears of them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import msgspec

from drivers.base import Bus, Report
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, Event, InputsRead, OutputDone, OutputFailed

EDGES_MAX = 64
"""Edges that are kept of one device."""
Answered = Callable[[OutputDone | OutputFailed], None]


class Edge(msgspec.Struct, frozen=True):
    """An input has changed; `number` counts the edges of its device."""

    number: int
    input: int
    level: bool
    mono_ns: int
    wall_ns: int


class Points(msgspec.Struct, frozen=True):
    """One device's; None: not known. `changed_ns`: when each input last changed, wall time, None: not in this run."""

    inputs: tuple[bool, ...] | None = None
    outputs: tuple[bool | None, ...] | None = None
    changed_ns: tuple[int | None, ...] = ()
    edges: tuple[Edge, ...] = ()


class _Device:
    def __init__(self) -> None:
        self.inputs: tuple[bool, ...] | None = None
        self.outputs: list[bool | None] | None = None
        self.changed_ns: list[int | None] = []
        self.edges: deque[Edge] = deque(maxlen=EDGES_MAX)
        self.count = 0


class LivePoints:
    """`report` stands between the buses and the core's inbox; `of` is for any thread."""

    def __init__(self, put: Report, bus_of: Callable[[str], Bus | None]) -> None:
        self._put = put
        self._bus_of = bus_of
        self.born_ns = time.monotonic_ns()
        """Tells it from that of another run: edges are counted from 1 again."""
        self._lock = threading.Lock()
        self._devices: dict[str, _Device] = {}
        self.answered: Answered = lambda _event: None
        """Takes the answers to orders of the bench."""

    def report(self, event: Event) -> None:
        """An event of a bus, in its thread."""
        kind = type(event)
        if (kind is OutputDone or kind is OutputFailed) and event.token < 0:  # type: ignore[attr-defined]
            self.answered(event)  # type: ignore[arg-type]
            if kind is OutputDone:  # the core learns that the output was tried, and nothing of who waits for it
                self._put(msgspec.structs.replace(event, token=0))
            return
        self._put(event)
        match event:
            case InputsRead(device, inputs):
                self._take_inputs(device, inputs)
            case DeviceRestored(device, inputs, outputs):
                self._take_inputs(device, inputs)
                self._of(device).outputs = list(outputs)
            case DeviceLost(device):
                self._of(device).inputs = self._of(device).outputs = None
            case OutputDone(device, output):
                self._switched(device, output)

    def of(self, device: str, after: int = 0) -> Points:
        """The points of a device, with the edges after that one."""
        with self._lock:
            one = self._devices.get(device)
            if one is None:
                return Points()
            edges = tuple([edge for edge in one.edges if edge.number > after])
            outputs = None if one.outputs is None else tuple(one.outputs)
            return Points(one.inputs, outputs, tuple(one.changed_ns), edges)

    def _of(self, device: str) -> _Device:
        return self._devices.setdefault(device, _Device())

    def _take_inputs(self, device: str, inputs: tuple[bool, ...]) -> None:
        with self._lock:
            one = self._of(device)
            before, one.inputs = one.inputs, inputs
            if before is None or len(before) != len(inputs):
                one.changed_ns = [None] * len(inputs)
                return
            mono_ns, wall_ns = time.monotonic_ns(), time.time_ns()
            for number, (was, level) in enumerate(zip(before, inputs, strict=True)):
                if was is not level:
                    one.count += 1
                    one.edges.append(Edge(one.count, number, level, mono_ns, wall_ns))
                    one.changed_ns[number] = wall_ns

    def _switched(self, device: str, output: int) -> None:
        """An output was switched for good, or pulsed: the bus knows what it was left at."""
        bus, one = self._bus_of(device), self._of(device)
        level = None if bus is None else bus.level(device, output)
        if level is not None and one.outputs is not None and output < len(one.outputs):
            one.outputs[output] = level
