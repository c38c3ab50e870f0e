"""The option `link` of drivers whose devices share a wire: a serial line, or a TCP connection."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated

import msgspec
from msgspec import Meta

from drivers.options import Baudrate, PortPath

TcpPort = Annotated[int, Meta(ge=1, le=65_535, description="TCP port")]
LINKS_DIFFER = "link", "differs from the link of another device on the same wire; make them equal"
"""Why two devices cannot share a wire, see `Driver.clash`."""
TimeoutMs = Annotated[int, Meta(ge=20, le=10_000, description="how long an answer is awaited")]


class SerialLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="serial", tag_field="type"):
    """`link` of devices that share a serial line."""

    port: PortPath
    baudrate: Baudrate = 9600
    timeout_ms: TimeoutMs = 500

    @property
    def key(self) -> Hashable:
        """The port; equal for devices on one wire."""
        return ("serial", self.port)


class TcpConnection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="tcp", tag_field="type"):
    """`link` of a device, or of a gateway to devices, on the network."""

    host: Annotated[str, Meta(min_length=1, description="name or IP address on the network")]
    port: TcpPort
    timeout_ms: TimeoutMs = 500

    @property
    def key(self) -> Hashable:
        """Host and port; equal for devices on one wire."""
        return ("tcp", f"{self.host}:{self.port}")
