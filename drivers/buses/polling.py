"""The bus of request and reply: boards that are polled, on one wire, in one thread.

What comes first: a pulse that is over is ended, then orders go out, then the board that has waited longest is polled.
An order is written once and read back; without an answer it is still only read back, never written again. Only
switching a pulse off is tried again, since off is what was promised.

A board that does not answer is asked less and less often, so that the others keep their rate; how often depends on
whether there are others. After a credential was read somewhere, polls are held back for a moment: the order that may
follow finds the wire free. When the wire itself is gone, all boards on it are, and it is opened again with back-off.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable, Sequence

import msgspec

from drivers.base import Health, Report
from drivers.buses.board_unit import BoardUnit
from drivers.dissect.dissector import Way
from drivers.links import backoff
from drivers.links.modbus_bus import ModbusLink, Pending
from drivers.orders import OFF_RETRY_MS, Lease, Order, OrderedBus
from drivers.watch import AskedAnew, Watch
from gateway.core.vocabulary.errors import DeviceError
from gateway.core.vocabulary.events import InputsRead

MS = 1_000_000
STOP_LIMIT_S = 3.0
"""How long a stop may spend on switching pulses off."""
IDLE_MAX_S = 1.0
"""The thread looks round this often, for the watchdog."""
HOLD_MS, HOLD_EVERY_MS = 12, 100
"""How long polls are held back after a read, and how often at most: they are held back an eighth of the time."""


class PolledDevice:
    """One board and what the bus remembers about it; belongs to the bus's thread."""

    def __init__(self, name: str, unit: BoardUnit, poll_ms: int, watch: Watch) -> None:
        self.name = name
        self.unit = unit
        self.watch = watch
        self.due_ns = 0
        self.inputs: tuple[bool, ...] | None = None
        self.retry = backoff.for_device(1)
        self.anew = False
        self._period_ns = poll_ms * MS

    def polled(self, now_ns: int) -> None:
        """An answer came: the next poll keeps the rate, and a delay is not made up for by a burst."""
        self.retry.reset()
        self.due_ns = max(self.due_ns + self._period_ns, now_ns)

    def heard(self) -> None:
        """An order was acknowledged; a stale spell is ended only by a poll, which has the inputs to report."""
        if self.watch.online:
            self.watch.answered()

    def failed(self, now_ns: int) -> None:
        """No answer: keep the rate until the device is lost, then ask less and less often."""
        pause_ns = self.retry.pause_ms() * MS if self.watch.lost else self._period_ns
        self.due_ns = now_ns + pause_ns


class BegunOrder(msgspec.Struct, frozen=True):
    """An order that is on the wire since `at_ns`."""

    order: Order
    device: PolledDevice
    pending: Pending
    at_ns: int


class PollingBus(OrderedBus):
    """One wire with boards on it; see the module."""

    def __init__(self, key: Hashable, link: ModbusLink, devices: Sequence[PolledDevice], report: Report) -> None:
        super().__init__(report)
        self.key = key
        self.devices = tuple(device.name for device in devices)
        self._link = link
        self._polled = {device.name: device for device in devices}
        self._reopen = backoff.for_wire()
        self._open_at_ns = 0
        self._hold_ns = self._held_ns = 0
        self._begun: BegunOrder | None = None
        self._stopping = False
        self._anew = AskedAnew()
        for device in devices:
            device.retry = backoff.for_device(len(devices))
        self._traces_by_unit = {device.unit.number: self.trace(device.name) for device in devices}
        self._traced = self.trace(devices[0].name)
        link.tap = self._tapped

    def health(self) -> list[Health]:
        return [device.watch.health for device in self._polled.values()]

    def run(self) -> None:
        try:
            while not self._stopping or self._begun is not None:
                self.turns += 1
                try:
                    self._step()
                except DeviceError as error:
                    self._link.close()
                    self._wire_gone(str(error))
        finally:
            self._end_pulses()
            self._refuse_all("the gateway is stopping")
            self._link.dispose()

    def stop(self) -> None:
        self._stopping = True
        self._wake()

    def tell_anew(self, devices: Collection[str]) -> bool:
        self._anew.add(devices)
        self._wake()
        return True

    def expect_order(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._held_ns >= HOLD_EVERY_MS * MS:
            self._held_ns, self._hold_ns = now_ns, now_ns + HOLD_MS * MS

    def _wake(self) -> None:
        self._link.wake()

    # ---- the bus's own thread --------------------------------------------------------------------------------------

    def _report_anew(self, devices: Collection[str]) -> None:
        """Report these boards once more: lost ones as lost; read the others back at once."""
        for device in self._polled.values():
            if device.watch.device not in devices:
                continue
            if device.watch.lost:
                device.watch.tell_anew()
            else:
                device.anew = True
                device.due_ns = 0

    def _step(self) -> None:
        if self._anew:
            self._report_anew(self._anew.take())
        if self._begun is not None:
            begun, self._begun = self._begun, None
            self._finish(begun)
            return
        if not self._link.is_open and not self._open():
            return
        now_ns = time.monotonic_ns()
        lease = self._leases.due(now_ns)
        if lease is not None:
            self._end_pulse(lease)
        elif self._orders:
            self._link.settle()
            self._begun = self._begin_next()
        else:
            self._poll_or_wait(now_ns)

    def _wait_until(self, until_ns: int) -> None:
        """Until then, an order, or the stop."""
        pause_s = (until_ns - time.monotonic_ns()) / 1e9
        if pause_s > 0 and not self._stopping and not self._orders and not self._anew:
            self._link.wait(min(pause_s, IDLE_MAX_S))

    def _open(self) -> bool:
        self._refuse_stale()
        if time.monotonic_ns() < self._open_at_ns:
            self._wait_until(self._open_at_ns)
            return False
        try:
            self._link.open()
        except DeviceError as error:
            self._open_at_ns = time.monotonic_ns() + self._reopen.pause_ms() * MS
            self._wire_gone(str(error))
            return False
        self._reopen.reset()
        return True

    def _wire_gone(self, error: str) -> None:
        for device in self._polled.values():
            device.watch.gone(error)
            device.due_ns = 0
            device.retry.reset()
        self._refuse_all(error)

    def _refuse_stale(self) -> None:
        """While the wire is known to be gone, orders are answered at once."""
        if all(device.watch.lost for device in self._polled.values()):
            self._refuse_all("the wire to the board is gone")

    def _tapped(self, way: Way, frame: bytes) -> None:
        """A frame on the wire, for the trace of the board that was asked last."""
        if way == "out":
            self._traced = self._traces_by_unit.get(self._link.unit_of(frame), self._traced)
            self._traced.sent(frame)
        else:
            self._traced.heard(frame)

    # ---- polls -----------------------------------------------------------------------------------------------------

    def _poll_or_wait(self, now_ns: int) -> None:
        device = min(self._polled.values(), key=lambda polled: polled.due_ns)
        due_ns = max(device.due_ns, self._hold_ns)
        if due_ns <= now_ns:
            self._poll(device)
            return
        over_ns = self._leases.next_ns()
        self._wait_until(due_ns if over_ns is None else min(due_ns, over_ns))

    def _poll(self, device: PolledDevice) -> None:
        started_ns = time.monotonic_ns()
        try:
            if device.watch.known and not device.anew:
                inputs = device.unit.poll()
                device.watch.round_trip_us = (time.monotonic_ns() - started_ns) // 1_000
                self._inputs_read(device, inputs)
            else:
                self._greet(device)
        except DeviceError as error:
            self._missed(device, error)
        else:
            device.polled(started_ns)

    def _inputs_read(self, device: PolledDevice, inputs: tuple[bool, ...]) -> None:
        was_stale = device.watch.answered()
        if was_stale or inputs != device.inputs:
            device.inputs = inputs
            self._report(InputsRead(device.name, inputs))

    def _greet(self, device: PolledDevice) -> None:
        """First contact, or back again: end what is still promised, then read everything back."""
        for lease in self._leases.all(device.name):
            self._switch_off(device, lease)
        inputs = device.unit.poll()
        outputs = device.unit.read_outputs()
        device.inputs = inputs
        device.anew = False
        device.watch.restored(inputs, outputs)

    def _missed(self, device: PolledDevice, error: DeviceError) -> None:
        device.watch.missed(str(error))
        device.failed(time.monotonic_ns())

    # ---- orders ----------------------------------------------------------------------------------------------------

    def _begin_next(self) -> BegunOrder | None:
        """Send the first order that can be carried out; None when there is none."""
        while (order := self._next_order()) is not None:
            device = self._polled.get(order.device)
            refusal = self._refusal(order, device)
            if device is not None and not refusal:
                try:
                    at_ns = time.monotonic_ns()
                    return BegunOrder(order, device, self._begin(device, order), at_ns)
                except DeviceError as error:
                    refusal = str(error)
            self._failed(order, refusal)
        return None

    def _begin(self, device: PolledDevice, order: Order) -> Pending:
        if order.duration_ms is None:
            return device.unit.begin_switch(order.output, order.active)
        if device.unit.board.flash is not None:
            return device.unit.begin_flash(order.output, order.active, order.duration_ms)
        self._leases.take(order, time.monotonic_ns() + order.duration_ms * MS)
        return device.unit.begin_switch(order.output, order.active)

    def _finish(self, begun: BegunOrder) -> None:
        order, device = begun.order, begun.device
        failure = ""
        try:
            device.unit.finish(begun.pending)
            device.heard()
        except DeviceError as error:
            self._missed(device, error)
            failure = str(error)
        followed = self._read_back(begun)
        if followed:
            failure = ""
        elif followed is False and not failure:
            failure = "the board took the order, but its output did not switch; check the board"
        if failure:
            self._failed(order, failure)
            return
        if order.duration_ms is None:
            self._leases.end(order.device, order.output)
        self._done(order)

    def _refusal(self, order: Order, device: PolledDevice | None) -> str:
        if device is None:
            return f"there is no device {order.device!r} on this bus"
        if not 0 <= order.output < device.unit.board.outputs.count:
            return f"{order.device} has no output {order.output}"
        if device.watch.lost:
            return device.watch.health.last_error
        if order.too_old(time.monotonic_ns()):
            return "the order waited too long for the wire and was not carried out"
        return ""

    def _read_back(self, begun: BegunOrder) -> bool | None:
        """Read a write back (it is never repeated): True when the output is as ordered, None when that is unknown."""
        order = begun.order
        try:
            if not self._link.is_open:
                self._link.open()
            outputs = begun.device.unit.read_outputs()
        except DeviceError:
            return None
        if outputs[order.output] == order.active:
            return True
        took_ns = time.monotonic_ns() - begun.at_ns
        over = order.duration_ms is not None and took_ns >= order.duration_ms * MS
        return None if over else False

    # ---- the ends of pulses ----------------------------------------------------------------------------------------

    def _end_pulse(self, lease: Lease) -> None:
        device = self._polled[lease.device]
        try:
            self._switch_off(device, lease)
            device.heard()
        except DeviceError as error:
            self._missed(device, error)
            pause_ms = max(OFF_RETRY_MS, (device.due_ns - time.monotonic_ns()) // MS)
            lease.until_ns = time.monotonic_ns() + pause_ms * MS

    def _switch_off(self, device: PolledDevice, lease: Lease) -> None:
        device.unit.write(lease.output, lease.rest)
        self._leases.end(lease.device, lease.output)

    def _end_pulses(self) -> None:
        """Before the thread ends, whatever the reason: no output stays as a pulse left it."""
        limit_s = time.monotonic() + STOP_LIMIT_S
        while len(self._leases) and time.monotonic() < limit_s:
            for lease in self._leases.all():
                try:
                    if not self._link.is_open:
                        self._link.open()
                    self._switch_off(self._polled[lease.device], lease)
                except DeviceError:
                    time.sleep(0.05)
