"""Types of control requests about the search for devices."""

from __future__ import annotations

from typing import Annotated

import msgspec

from gateway.engine.socket.requests import Change, Params

PLACES_MAX = 32
LISTEN_MAX_S = 20
Port = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern="^/")]
Host = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
TcpPort = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
Unit = Annotated[int, msgspec.Meta(ge=0, le=255)]


class DiscoverStart(Change, frozen=True, kw_only=True):
    """discover.start: of these places, or of all ports of the machine and the cameras of the network"""

    ports: Annotated[tuple[Port, ...], msgspec.Meta(max_length=PLACES_MAX)] = ()
    addresses: Annotated[tuple[tuple[Host, TcpPort], ...], msgspec.Meta(max_length=PLACES_MAX)] = ()
    units: Annotated[tuple[Unit, ...], msgspec.Meta(max_length=PLACES_MAX)] = (1, 2, 3, 255)
    listen_s: Annotated[float, msgspec.Meta(ge=0, le=LISTEN_MAX_S)] = LISTEN_MAX_S


class DiscoverState(Params, frozen=True):
    """discover.state"""


class DiscoverStop(Change, frozen=True, kw_only=True):
    """discover.stop"""
