"""Number-plate cameras that publish JSON to a broker.

The uplink process listens to the broker, finds the plate by this device's mapping and hands it over; here it is decided
what counts as a read, just as for cameras that push by HTTP.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report, Simulate
from drivers.dissect.dissector import Dissector
from drivers.dissect.lines import TextDissector
from drivers.framing.plate_reads import PlateReader, PlateReading
from gateway.core.settings.model import PLATE_MQTT, Broker


class PlateMqttOptions(PlateReading, Options, frozen=True, kw_only=True):
    """Options of `plate-mqtt`: those of `plate-http`, the `topic`, and the `broker` as `uplink.mqtt` is written."""

    topic: Annotated[
        str, Meta(min_length=1, max_length=1024, description="where the camera publishes; `+` and `#` are fine")
    ]
    broker: Annotated[
        Broker,
        Meta(
            description="written as `uplink.mqtt` is, with one `host`; its `password` is moved to `secrets/` at import"
        ),
    ]


class PlateMqttDriver(Driver):
    """Number-plate cameras that publish JSON to a broker."""

    name = PLATE_MQTT
    Options = PlateMqttOptions
    reads = True

    def check(self, options: PlateMqttOptions) -> tuple[str, str] | None:
        """A topic as MQTT has them."""
        levels = options.topic.split("/")
        wild = any(("#" in level or "+" in level) and len(level) > 1 for level in levels) or "#" in levels[:-1]
        return ("topic", f"is {options.topic!r}; + and # each stand alone, # only at the end") if wild else None

    def bus_key(self, options: PlateMqttOptions) -> Hashable:
        """Each camera is its own bus: options are compared by identity."""
        return ("plates", id(options))

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that takes pushed reads."""
        from drivers.buses.pushed import PushedBus

        device, options = devices[0], devices[0].options
        reader = PlateReader(device.id, options)
        return PushedBus(self.bus_key(options), device.id, "plate", options.silence_s, reader, report)

    def dissector(self, options: PlateMqttOptions) -> Dissector:  # noqa: ARG002
        return TextDissector("utf-8")

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A camera that never sends."""
        from drivers.sim.wireless import without_wire

        return {"none": partial(without_wire, {"topic": "cameras/in", "broker": {"host": "127.0.0.1"}})}


DRIVER = PlateMqttDriver()
