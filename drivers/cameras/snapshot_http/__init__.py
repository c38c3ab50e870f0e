"""Cameras that serve a picture by HTTP and send nothing by themselves.

The picture is fetched when something happens at a lane that names the camera: a passage, a refusal, a crash. It is kept
as evidence like those that other cameras send. The address of the picture is in the camera's manual; many makes have
one without a stream, such as `/ISAPI/Streaming/channels/101/picture` or `/axis-cgi/jpg/image.cgi`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report, Simulate
from drivers.dissect.dissector import Dissector
from drivers.dissect.lines import TextDissector
from drivers.links.http_picture import HttpPicture, place_of
from gateway.core.settings.model import SNAPSHOT_HTTP


class SnapshotHttpOptions(Options, frozen=True, kw_only=True):
    """Options of `snapshot-http`."""

    url: Annotated[
        str,
        Meta(min_length=8, max_length=1024, description="address of the camera's picture, `http://192.168.1.20/jpg`"),
    ]
    username: Annotated[str, Meta(max_length=128, description="who signs in at the camera, by Basic or Digest")] = ""
    password: Annotated[
        str,
        Meta(
            max_length=128,
            description="of `username`; moved to `secrets/` at import, never shown",
            extra={"secret": True},
        ),
    ] = ""
    timeout_ms: Annotated[int, Meta(ge=200, le=10_000, description="how long a picture may take in all")] = 2_500
    look_s: Annotated[
        int,
        Meta(ge=0, le=3_600, description="how often the camera is asked whether it is there; 0: only for a picture"),
    ] = 60


class SnapshotHttpDriver(Driver):
    """Cameras that serve a picture by HTTP."""

    name = SNAPSHOT_HTTP
    Options = SnapshotHttpOptions

    def check(self, options: SnapshotHttpOptions) -> tuple[str, str] | None:
        """An address, and a name where there is a password."""
        try:
            place_of(options.url)
        except ValueError as error:
            return "url", f"is {options.url!r}; {error}"
        if options.password and not options.username:
            return "username", "is missing beside `password`; give both or none"
        return None

    def bus_key(self, options: SnapshotHttpOptions) -> Hashable:
        """Each camera has a thread of its own: options are compared by identity."""
        return ("snapshots", id(options))

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that fetches pictures."""
        from drivers.cameras.snapshot_http.bus import SnapshotBus

        device, options = devices[0], devices[0].options
        camera = HttpPicture(place_of(options.url), options.username, options.password, options.timeout_ms)
        return SnapshotBus(self.bus_key(options), device.id, camera, options.look_s, report)

    def dissector(self, options: SnapshotHttpOptions) -> Dissector:  # noqa: ARG002
        return TextDissector("utf-8")

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A camera on the network that asks for Digest."""
        from drivers.cameras.snapshot_http.sim import camera

        return {"none": camera}


DRIVER = SnapshotHttpDriver()
