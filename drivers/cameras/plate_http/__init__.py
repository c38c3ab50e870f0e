"""Number-plate cameras that push JSON to `/hooks/plates/<id>`.

The web process receives what the camera sends, finds the plate in it by this device's mapping and hands it over; here
it is decided what counts as a read.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial

from drivers.base import Bus, DeviceConfig, Driver, Options, Report, Simulate
from drivers.framing.plate_reads import PlateReader, PlateReading


class PlateHttpOptions(PlateReading, Options, frozen=True):
    """Options of `plate-http`; `plate` and `confidence` are dotted paths in the JSON that the camera sends."""


class PlateHttpDriver(Driver):
    """Number-plate cameras that push JSON to `/hooks/plates/<id>`."""

    name = "plate-http"
    Options = PlateHttpOptions
    reads = True

    def bus_key(self, options: PlateHttpOptions) -> Hashable:
        """Each camera is its own bus: options are compared by identity."""
        return ("plates", id(options))

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that takes pushed reads."""
        from drivers.buses.pushed import PushedBus

        device, options = devices[0], devices[0].options
        reader = PlateReader(device.id, options)
        return PushedBus(self.bus_key(options), device.id, "plate", options.silence_s, reader, report)

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A camera that never sends."""
        from drivers.sim.wireless import without_wire

        return {"none": partial(without_wire, {})}


DRIVER = PlateHttpDriver()
