"""Orders for outputs on their way from the engine to the thread of a bus, and the leases they leave behind.

An order is carried out soon or not at all: after `ORDER_LIFE_MS` in the queue (the wire was down) it fails, instead of
moving an arm unexpectedly. An order to switch an output drops waiting orders that would switch it the other way. A
pulse that the bus times itself is a lease: it is held from before the output is switched on until switching off has
succeeded, and switching off is tried again for as long as it takes.
"""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections import deque

import msgspec

from drivers.base import PULSE_MAX_MS, Bus, Report
from gateway.core.vocabulary.events import OutputDone, OutputFailed

ORDERS_MAX = 64
"""Orders that may wait on one bus; one more fails at once."""
ORDER_LIFE_MS = 2_000
"""An order that waits longer than this fails."""
OFF_RETRY_MS = 250
"""Pause before switching off is tried again."""


class Order(msgspec.Struct, frozen=True):
    """Switch `output` to `active`, for `duration_ms`, or for good when that is None."""

    device: str
    output: int
    active: bool
    duration_ms: int | None
    token: int
    made_ns: int

    def too_old(self, now_ns: int) -> bool:
        """True when the order has waited too long to be carried out."""
        return now_ns - self.made_ns > ORDER_LIFE_MS * 1_000_000


class Lease(msgspec.Struct):
    """An output that must return to `rest` at `until_ns` (CLOCK_MONOTONIC)."""

    device: str
    output: int
    rest: bool
    until_ns: int


class Leases:
    """All pulses of one bus that it times itself; at most one per output."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], Lease] = {}

    def __len__(self) -> int:
        return len(self._held)

    def take(self, order: Order, until_ns: int) -> None:
        """Promise to end the order's pulse; a pulse that runs on the same output is carried on by this one."""
        lease = Lease(order.device, order.output, not order.active, until_ns)
        self._held[order.device, order.output] = lease

    def end(self, device: str, output: int) -> None:
        """The output rests, or was switched for good."""
        self._held.pop((device, output), None)

    def all(self, device: str | None = None) -> list[Lease]:
        """Every lease, of one device or of all."""
        return [lease for lease in self._held.values() if device in (None, lease.device)]

    def due(self, now_ns: int) -> Lease | None:
        """The lease that ended first and is over now."""
        lease = min(self._held.values(), key=lambda held: held.until_ns, default=None)
        return lease if lease is not None and lease.until_ns <= now_ns else None

    def next_ns(self) -> int | None:
        """When the next lease is over."""
        return min((lease.until_ns for lease in self._held.values()), default=None)


class OrderedBus(Bus):
    """A bus that takes orders into a bounded queue and carries them out in its own thread."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._leases = Leases()
        self._orders: deque[Order] = deque()
        self._orders_lock = threading.Lock()
        self._levels: dict[tuple[str, int], bool] = {}

    def level(self, device: str, output: int) -> bool | None:
        return self._levels.get((device, output))

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        clamped_ms = max(1, min(duration_ms, PULSE_MAX_MS))
        self._add(Order(device, output, active, clamped_ms, token, time.monotonic_ns()))

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        for order in self._take_back(device, output, not active):
            self._failed(order, "it was taken back before it had begun")
        self._add(Order(device, output, active, None, token, time.monotonic_ns()))

    def _add(self, order: Order) -> None:
        with self._orders_lock:
            room = len(self._orders) < ORDERS_MAX
            if room:
                self._orders.append(order)
        if room:
            self._wake()
        else:
            self._failed(order, f"more than {ORDERS_MAX} orders wait on this bus; it is too slow")

    def _take_back(self, device: str, output: int, active: bool) -> list[Order]:
        """Take the orders that would switch an output so out of the queue."""
        unwanted = device, output, active
        with self._orders_lock:
            gone = [order for order in self._orders if (order.device, order.output, order.active) == unwanted]
            for order in gone:
                self._orders.remove(order)
        return gone

    def _next_order(self) -> Order | None:
        with self._orders_lock:
            return self._orders.popleft() if self._orders else None

    def _refuse_all(self, error: str) -> None:
        while (order := self._next_order()) is not None:
            self._failed(order, error)

    def _done(self, order: Order) -> None:
        if order.duration_ms is None:
            self._levels[order.device, order.output] = order.active
        self._report(OutputDone(order.device, order.output, order.token))

    def _failed(self, order: Order, error: str) -> None:
        self._report(OutputFailed(order.device, order.output, order.token, error))

    @abstractmethod
    def _wake(self) -> None:
        """Tell the bus's thread that there is an order; called from any thread."""
