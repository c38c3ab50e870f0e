"""The bus of points that need no wire protocol: relays and contacts that are switched and read at once.

The thread sleeps until there is something to do: an order, an input that changed, the end of a pulse; and it looks at
all inputs every 50 ms besides. It serves the GPIO chip and the simulated board, which both are a `Points`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable
from typing import Protocol

from drivers.base import Health, Report
from drivers.links import backoff
from drivers.orders import OFF_RETRY_MS, Lease, Order, OrderedBus
from drivers.watch import AskedAnew, Watch
from gateway.core.vocabulary.errors import DeviceError
from gateway.core.vocabulary.events import InputsRead

MS = 1_000_000
LOOK_S = 0.05
"""Inputs are read this often besides, since an edge can be missed."""
STOP_TRIES = 3


class Points(Protocol):
    """Relays and contacts of one device; every failure a DeviceError."""

    def open(self, changed: Callable[[], None]) -> None:
        """Get ready, moving nothing; `changed` is called (in any thread) when an input may have changed."""

    def inputs(self) -> tuple[bool, ...]:
        """All inputs as they are."""

    def outputs(self) -> tuple[bool, ...]:
        """All outputs as read back."""

    def write(self, output: int, active: bool) -> None:
        """Switch an output."""

    def close(self) -> None:
        """Let go, moving nothing."""


class DirectBus(OrderedBus):
    """Several devices whose points are at hand."""

    def __init__(self, key: Hashable, points: dict[str, Points], report: Report) -> None:
        super().__init__(report)
        self.key = key
        self.devices = tuple(points)
        self._points = points
        self._watches = {name: Watch(name, report) for name in points}
        self._inputs: dict[str, tuple[bool, ...]] = {}
        self._traces_of = {name: self.trace(name) for name in points}
        self._retry = backoff.for_lines()
        self._retry_ns = 0
        self._woken = threading.Event()
        self._stopping = False
        self._anew = AskedAnew()

    def health(self) -> list[Health]:
        return [watch.health for watch in self._watches.values()]

    def stop(self) -> None:
        self._stopping = True
        self._wake()

    def tell_anew(self, devices: Collection[str]) -> bool:
        self._anew.add(devices)
        self._wake()
        return True

    def _wake(self) -> None:
        self._woken.set()

    def run(self) -> None:
        try:
            while not self._stopping:
                self.turns += 1
                self._woken.clear()
                self._round()
                self._woken.wait(self._pause_s())
        finally:
            self._end_pulses()
            self._refuse_all("the gateway is stopping")
            for points in self._points.values():
                points.close()

    # ---- the bus's own thread --------------------------------------------------------------------------------------

    def _round(self) -> None:
        """Everything that there is to do now."""
        if self._anew:
            for name in self._anew.take() & self._points.keys():
                self._tell_anew(name, self._points[name])
        if time.monotonic_ns() >= self._retry_ns:
            self._open_missing()
        while (lease := self._leases.due(time.monotonic_ns())) is not None:
            self._end_pulse(lease)
        while (order := self._next_order()) is not None:
            self._carry_out(order)
        for name, points in self._points.items():
            if self._watches[name].online:
                self._look(name, points)

    def _tell_anew(self, name: str, points: Points) -> None:
        watch = self._watches[name]
        if not watch.online:
            watch.tell_anew()
            return
        try:
            self._inputs[name] = points.inputs()
            watch.restored(self._inputs[name], points.outputs())
        except DeviceError as error:
            watch.gone(str(error))

    def _pause_s(self) -> float:
        over_ns = self._leases.next_ns()
        return LOOK_S if over_ns is None else min(LOOK_S, max(0, over_ns - time.monotonic_ns()) / 1e9)

    def _open_missing(self) -> None:
        for name, points in self._points.items():
            watch = self._watches[name]
            if watch.online:
                continue
            try:
                points.open(self._wake)
                self._inputs[name] = points.inputs()
                watch.restored(self._inputs[name], points.outputs())
                self._retry.reset()
            except DeviceError as error:
                watch.gone(str(error))
        if any(not watch.online for watch in self._watches.values()):
            self._retry_ns = time.monotonic_ns() + self._retry.pause_ms() * MS

    def _look(self, name: str, points: Points) -> None:
        try:
            inputs = points.inputs()
        except DeviceError as error:
            self._watches[name].gone(str(error))
            return
        self._watches[name].answered()
        if inputs != self._inputs[name]:
            self._inputs[name] = inputs
            if self._traces_of[name].on:
                self._traces_of[name].heard(levels(inputs))
            self._report(InputsRead(name, inputs))

    def _carry_out(self, order: Order) -> None:
        refusal = self._refusal(order)
        if refusal:
            self._failed(order, refusal)
            return
        if order.duration_ms is not None:
            self._leases.take(order, time.monotonic_ns() + order.duration_ms * MS)
        try:
            self._points[order.device].write(order.output, order.active)
            self._traces_of[order.device].sent(order_of(order.output, order.active))
        except DeviceError as error:
            self._failed(order, str(error))
            return
        if order.duration_ms is None:
            self._leases.end(order.device, order.output)
        self._done(order)

    def _refusal(self, order: Order) -> str:
        watch = self._watches.get(order.device)
        if watch is None:
            return f"there is no device {order.device!r} on this bus"
        if not watch.online:
            return watch.health.last_error or "the device is not ready yet"
        if not 0 <= order.output < len(self._points[order.device].outputs()):
            return f"{order.device} has no output {order.output}"
        if order.too_old(time.monotonic_ns()):
            return "the order waited too long and was not carried out"
        return ""

    def _end_pulse(self, lease: Lease) -> None:
        try:
            self._points[lease.device].write(lease.output, lease.rest)
            self._traces_of[lease.device].sent(order_of(lease.output, lease.rest))
            self._leases.end(lease.device, lease.output)
        except DeviceError as error:
            self._watches[lease.device].gone(str(error))
            lease.until_ns = time.monotonic_ns() + OFF_RETRY_MS * MS

    def _end_pulses(self) -> None:
        """Before the thread ends, whatever the reason: no output stays as a pulse left it."""
        for _ in range(STOP_TRIES):
            for lease in self._leases.all():
                self._end_pulse(lease)


def levels(inputs: tuple[bool, ...]) -> bytes:
    """All inputs as text for the trace, the first one first."""
    return "".join("1" if level else "0" for level in inputs).encode()


def order_of(output: int, active: bool) -> bytes:
    """An output and what it is switched to, as text for the trace."""
    return b"%d=%d" % (output, active)
