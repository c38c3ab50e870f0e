"""Number-plate cameras that push JSON to `/hooks/plates/<id>`.

The web process receives what the camera sends, finds the plate in it by this device's mapping and hands it over; here
it is decided what counts as a read.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.framing.plate_reads import PlateReads
from gateway.core.events import CredentialRead
from gateway.core.plates import PlateMapping

Percent = Annotated[float, Meta(ge=0, le=100)]
Path = Annotated[str, Meta(min_length=1, max_length=200)]
OptionalPath = Annotated[str, Meta(max_length=200)]


class PlateHttpOptions(Options, frozen=True):
    """Options of `plate-http`; `plate` and `confidence` are dotted paths in the JSON that the camera sends."""

    plate: Path = PlateMapping().plate
    confidence: OptionalPath = PlateMapping().confidence
    min_confidence: Percent = 0
    sure_confidence: Percent = 95
    window_ms: Annotated[int, Meta(ge=0, le=5_000)] = 500
    silence_s: Annotated[int, Meta(ge=0, le=86_400)] = 0
    repeat_ms: Annotated[int, Meta(ge=100, le=600_000)] = 5000


class PlateReader:
    """Turns a camera's reads into one credential per presentation."""

    def __init__(self, device: str, options: PlateHttpOptions) -> None:
        self._device = device
        self._reads = PlateReads(options.min_confidence, options.sure_confidence, options.window_ms, options.repeat_ms)

    @property
    def rejected(self) -> int:
        """Reads so far below `min_confidence`, or empty."""
        return self._reads.rejected

    @property
    def ends_ns(self) -> int | None:
        """When the window that is open ends."""
        return self._reads.ends_ns

    def take(self, value: str, confidence: float, now_ns: int) -> list[CredentialRead]:
        """One read."""
        return self._seen(self._reads.take(value, confidence, now_ns))

    def tick(self, now_ns: int) -> list[CredentialRead]:
        """The plate whose window is over."""
        return self._seen(self._reads.tick(now_ns))

    def _seen(self, decided: list[str]) -> list[CredentialRead]:
        return [CredentialRead(self._device, "plate", plate) for plate in decided]


class PlateHttpDriver(Driver):
    """Driver `plate-http`."""

    name = "plate-http"
    Options = PlateHttpOptions
    reads = True

    def points(self, options: PlateHttpOptions) -> tuple[int, int]:  # noqa: ARG002
        """None."""
        return 0, 0

    def bus_key(self, options: PlateHttpOptions) -> Hashable:
        """Each camera is its own bus: options are compared by identity."""
        return ("plates", id(options))

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that waits to be told."""
        from drivers.buses.pushed import PushedBus

        device, options = devices[0], devices[0].options
        reader = PlateReader(device.id, options)
        return PushedBus(self.bus_key(options), device.id, "plate", options.silence_s, reader, report)


DRIVER = PlateHttpDriver()
