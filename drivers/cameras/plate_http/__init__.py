"""Number-plate cameras that push JSON to `/hooks/plates/<id>`.

The web process receives what the camera sends, finds the plate in it by this device's mapping and hands it over; here
it is decided what counts as a read.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Questions, Recognised, Report, Simulate
from drivers.dissect.dissector import Dissector
from drivers.dissect.lines import TextDissector
from drivers.framing.plate_reads import PlateReader, PlateReading

_SERVER = re.compile(rb"\r\nServer: *([^\r\n]+)", re.IGNORECASE)


class PlateHttpOptions(PlateReading, Options, frozen=True):
    """Options of `plate-http`; `plate` and `confidence` are dotted paths in the JSON that the camera sends."""

    digest: Annotated[
        bool, Meta(description="for cameras that only do Digest authentication: user `camera`, password the token")
    ] = False


class PlateHttpDriver(Driver):
    """Number-plate cameras that push JSON to `/hooks/plates/<id>`."""

    name = "plate-http"
    Options = PlateHttpOptions
    asks_at = (0,)
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

    def ask_who(self, line: Questions) -> Sequence[Recognised]:
        """Whether a web server is there; whether it is a camera, a person knows."""
        if line.over == "serial":
            return ()
        head = line.ask(b"GET / HTTP/1.0\r\n\r\n", lambda received: received if received.startswith(b"HTTP/") else b"")
        if not head:
            return ()
        server = _SERVER.search(head)
        named = f" ({server[1].decode('latin-1').strip()[:60]})" if server else ""
        return (
            Recognised({}, f"a web server{named}; if it is a camera, let it push to /hooks/plates/<id>", sure=False),
        )

    def dissector(self, options: PlateHttpOptions) -> Dissector:  # noqa: ARG002
        return TextDissector("utf-8")

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A camera that never sends."""
        from drivers.sim.wireless import without_wire

        return {"none": partial(without_wire, {})}


DRIVER = PlateHttpDriver()
