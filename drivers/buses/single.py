"""One device on one wire: the wire is opened again with bounded back-off for as long as the bus runs.

What goes over the wire is the business of the buses that are made of this one. The thread may rightly sleep for ever,
so no turns are counted.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Hashable
from typing import Generic, Protocol, TypeVar

from drivers.base import Health, Report
from drivers.buses.outputless import OutputlessBus
from drivers.links.backoff import Backoff
from drivers.watch import Watch
from gateway.core.vocabulary.errors import DeviceError


class Wire(Protocol):
    """The way to a device; `wake` is thread-safe, everything else belongs to one thread."""

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and a fault."""

    def open(self) -> None:
        """Open it anew; DeviceError says what to do."""

    def read(self, wait_s: float | None = None) -> object:
        """What came, at once; returns without it after `wait_s` or `wake`. DeviceError when the wire is gone."""

    def wake(self) -> None:
        """Make a waiting `read` return."""

    def dispose(self) -> None:
        """Close everything, for good."""


AnyWire = TypeVar("AnyWire", bound=Wire)


class SingleBus(OutputlessBus, Generic[AnyWire]):
    """A bus of one device."""

    def __init__(self, key: Hashable, device: str, wire: AnyWire, retry: Backoff, report: Report) -> None:
        super().__init__(report)
        self.key = key
        self.devices = (device,)
        self._wire = wire
        self._watch = Watch(device, report)
        self._retry = retry
        self._stopping = False
        self._anew = False

    def health(self) -> list[Health]:
        return [self._watch.health]

    def stop(self) -> None:
        self._stopping = True
        self._wire.wake()

    def tell_anew(self, devices: Collection[str]) -> bool:  # noqa: ARG002
        self._anew = True
        self._wire.wake()
        return True

    def run(self) -> None:
        try:
            while not self._stopping:
                if self._anew:
                    self._anew = False
                    self._watch.tell_anew()
                try:
                    self._round()
                except DeviceError as error:
                    self._interrupted()
                    self._watch.gone(str(error))
                    self._wire.read(self._retry.pause_ms() / 1000)
        finally:
            self._wire.dispose()

    @abstractmethod
    def _round(self) -> None:
        """Open the wire if need be, and do what there is to do on it; DeviceError when it is gone."""

    @abstractmethod
    def _interrupted(self) -> None:
        """The wire is gone: what has begun on it will not be completed."""
