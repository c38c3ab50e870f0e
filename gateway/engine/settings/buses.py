"""All buses of the engine: which of them run, and how some of them begin anew with other settings.

The core thread takes the buses of touched devices out of the way in the turn in which it takes the settings; the
settings thread then lets them end and starts those that follow. What is read here is replaced as a whole, so that any
thread may read it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from drivers.base import Bus, DeviceConfig, Health, Report
from drivers.registry import on_one_bus
from gateway.core.vocabulary.events import CredentialRead, Event
from gateway.engine.core_thread.surroundings import Outputs
from gateway.engine.watchdog import Progress
from gateway.engine.workers import Workers

log = logging.getLogger(__name__)

OpenBuses = Callable[[Sequence[DeviceConfig], Report], list[Bus]]

BUS_PATIENCE_S = 30.0
END_PATIENCE_S = 3.5
"""A bus ends within three seconds."""


class Buses:
    """`replace` and `take_away` are for the settings and the core thread; the rest is for any thread."""

    def __init__(
        self, configs: Sequence[DeviceConfig], open_buses: OpenBuses, report: Report, workers: Workers
    ) -> None:
        self._open = open_buses
        self._tell_core = report
        self._workers = workers
        self.configs = tuple(configs)
        self.all: tuple[Bus, ...] = tuple(open_buses(configs, self._report))
        self.outputs: dict[str, Outputs] = {device: bus for bus in self.all for device in bus.devices}
        """For the core thread alone."""
        self._progress = tuple(_progress(bus) for bus in self.all)

    def _report(self, event: Event) -> None:
        """From any bus; a credential may be followed by an order in a moment, for which the wires are kept free."""
        if type(event) is CredentialRead and not event.again:
            for bus in self.all:
                bus.expect_order()
        self._tell_core(event)

    def start(self) -> None:
        """Give each bus its thread."""
        for bus in self.all:
            self._workers.start(_name(bus), bus.run, urgent=bus.moves)

    def stop(self, patience_s: float) -> list[str]:
        """End all; returns the threads that did not."""
        for bus in self.all:
            bus.stop()
        return self._workers.join([_name(bus) for bus in self.all], patience_s)

    def of(self, device: str) -> Bus | None:
        """The bus of a device."""
        return next((bus for bus in self.all if device in bus.devices), None)

    def health(self) -> list[Health]:
        """The health of every device."""
        return [one for bus in self.all for one in bus.health()]

    def supervised(self) -> tuple[Progress, ...]:
        """The threads of the buses that run."""
        return self._progress

    # ---- other settings

    def changed(self, configs: Sequence[DeviceConfig]) -> frozenset[str]:
        """The devices whose bus must begin anew for these: changed, added, removed, or on one wire with such a one."""
        before = {one.id: (one.driver, one.options) for one in self.configs}
        after = {one.id: (one.driver, one.options) for one in configs}
        touched = {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}
        together = [frozenset(bus.devices) for bus in self.all] + [frozenset(one) for one in on_one_bus(configs)]
        while more := [group for group in together if group & touched and not group <= touched]:
            touched.update(*more)
        return frozenset(touched)

    def beside(self, device: str) -> frozenset[str]:
        """A device with all that share its bus; empty when there is none of that id."""
        bus = self.of(device)
        return frozenset(bus.devices) if bus is not None else frozenset()

    def take_away(self, devices: Collection[str]) -> None:
        """No order reaches these devices from now on; in the core thread."""
        for device in devices:
            self.outputs.pop(device, None)

    def opened(self, configs: Sequence[DeviceConfig], devices: Collection[str]) -> list[Bus]:
        """The buses that the configs have for these devices, before anything is touched; DriverError and others."""
        return self._open([one for one in configs if one.id in devices], self._report) if devices else []

    def replace(
        self, configs: Sequence[DeviceConfig], devices: Collection[str], fresh: Sequence[Bus], ended: Callable[[], None]
    ) -> None:
        """End the buses of these devices, call `ended`, and start the fresh ones.

        What a board was left with stays: a bus ends the pulses that it times itself, and nothing else.
        """
        going = [bus for bus in self.all if any(device in devices for device in bus.devices)]
        staying = tuple(bus for bus in self.all if bus not in going)
        before, names = self.all, [_name(bus) for bus in going]
        self._workers.release(names)
        for bus in going:
            bus.stop()
        for name in self._workers.join(names, END_PATIENCE_S):
            log.error("%s does not end within %g s; left behind", name, END_PATIENCE_S)
        self.configs = tuple(configs)
        self.all = (*staying, *fresh)
        known = dict(zip(before, self._progress, strict=True))
        self._progress = tuple(known.get(bus) or _progress(bus) for bus in self.all)
        ended()
        for bus in fresh:
            self._workers.start(_name(bus), bus.run, urgent=bus.moves)

    def give_back(self, devices: Collection[str]) -> None:
        """Orders reach the new buses of these devices from now on; in the core thread."""
        self.outputs.update({device: bus for bus in self.all for device in bus.devices if device in devices})


def _name(bus: Bus) -> str:
    return f"bus {'+'.join(bus.devices)}"


def _progress(bus: Bus) -> Progress:
    return Progress(_name(bus), lambda: bus.turns, BUS_PATIENCE_S, once_begun=True)
