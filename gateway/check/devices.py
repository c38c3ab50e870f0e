"""Does each device answer? Trying one opens its port, asks, and moves nothing.

A mistake in a driver, which another package may bring, is a finding like any other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from drivers.base import Bus, DeviceConfig, Health
from drivers.registry import open_buses
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.events import Event
from gateway.core.vocabulary.views import DeviceView

TRY_S = 2.0
_STOP_S = 4.0
_Told = TypeVar("_Told")


class DeviceFound(msgspec.Struct, frozen=True):
    """How a device answered; `asked` is `wire` if it was tried here, `engine` if the running engine reported it."""

    id: str
    driver: str
    state: str
    asked: str
    error: str = ""

    @property
    def fine(self) -> bool:
        """Whether it answers."""
        return self.state == "online"


def device_found(config: DeviceConfig, tried: dict[str, Health], asked: Mapping[str, DeviceView]) -> DeviceFound:
    if config.id in asked:
        told = asked[config.id]
        return DeviceFound(config.id, config.driver, told.state, "engine", told.last_error)
    health = tried.get(config.id)
    if health is None:
        return DeviceFound(config.id, config.driver, "lost", "wire", "its driver told nothing")
    late = "" if health.state == "online" else f"no answer within {TRY_S:g} s"
    return DeviceFound(config.id, config.driver, health.state, "wire", health.last_error or late)


class _Trial:
    """A bus that is tried. An exception in a driver, which may be of another package, is a finding."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._fault = ""
        self._thread = threading.Thread(target=self._guarded, args=(bus.run,), name=f"check {bus.key}", daemon=True)
        self._thread.start()

    def health(self) -> list[Health]:
        """The health of its devices; all are bad if the driver has failed."""
        told = [] if self._fault else self._guarded(self._bus.health)
        return [_failed(device, self._fault) for device in self._bus.devices] if self._fault else told or []

    def stop(self) -> None:
        """Ask the bus to end."""
        self._guarded(self._bus.stop)

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join(_STOP_S)

    def _guarded(self, work: Callable[[], _Told]) -> _Told | None:
        try:
            return work()
        except Exception as error:
            self._fault = self._fault or _words(error)
            return None


def try_devices(configs: Sequence[DeviceConfig]) -> dict[str, Health]:
    """Open all buses, wait until each device is online or time is over, close them; moves nothing."""
    heard = threading.Event()

    def report(_event: Event) -> None:
        heard.set()

    buses, found = _opened(configs, report)
    trials = [_Trial(bus) for bus in buses]
    deadline = time.monotonic() + TRY_S
    while True:
        told = {health.device: health for trial in trials for health in trial.health()}
        left_s = deadline - time.monotonic()
        if left_s <= 0 or all(health.state == "online" for health in told.values()):
            break
        heard.wait(min(left_s, 0.1))
        heard.clear()
    for trial in trials:
        trial.stop()
    for trial in trials:
        trial.join()
    return found | told


def _opened(configs: Sequence[DeviceConfig], report: Callable[[Event], None]) -> tuple[list[Bus], dict[str, Health]]:
    """The buses, and the devices whose driver fails before opening a bus."""
    try:
        return open_buses(configs, report), {}
    except Exception:
        faults: dict[str, Health] = {}
        for config in configs:
            try:
                open_buses([config], report)
            except Exception as error:
                faults[config.id] = _failed(config.id, _words(error))
        if not faults:
            raise
        return open_buses([config for config in configs if config.id not in faults], report), faults


def _failed(device: str, words: str) -> Health:
    return Health(device, "lost", time.time_ns(), last_error=words)


def _words(error: Exception) -> str:
    if isinstance(error, GatehouseError):
        return str(error)
    return f"its driver failed ({type(error).__name__}: {error}); tell who made it"
