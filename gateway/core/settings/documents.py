"""Barriers and lanes as the site file writes them; their contacts are those that `contacts` declares."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gateway.core.settings.contacts import CONTACTS, contacts_of
from gateway.core.settings.model import Direction, Point, ServiceLimits, Strict

PointText = str | Point


class BarrierKeys(Strict, frozen=True):
    """The keys of a barrier that are no contacts."""

    open: PointText
    id: str | None = None
    stop: PointText | None = None
    close: PointText | None = None
    control: Literal["pulse", "hold", "step"] = "pulse"
    close_by: Literal["gateway", "barrier", "guard"] = "gateway"
    external_open: Literal["expected", "forced"] = "forced"
    safety: Literal["gateway", "controller"] = "gateway"
    pulse_ms: int = 500
    travel_time_ms: int = 3000
    auto_close_ms: int = 1500
    grant_ms: int = 20000
    max_cycles_per_h: int | None = None
    service_limits: ServiceLimits = ServiceLimits()


class LightsDocument(Strict, frozen=True):
    """`lanes[].lights` as written in the site file."""

    red: PointText | None = None
    green: PointText | None = None


class SignalsDocument(Strict, frozen=True):
    """`lanes[].signals` as written in the site file."""

    granted: PointText | None = None
    denied: PointText | None = None
    pulse_ms: int = 300


class LaneKeys(Strict, frozen=True):
    """The keys of a lane that are no contacts; `barrier` is inline, or the id of one in `barriers`."""

    id: str
    direction: Direction
    barrier: dict[str, Any] | str
    name: str = ""
    readers: tuple[str, ...] = ()
    siren: PointText | None = None
    cameras: tuple[str, ...] = ()
    displays: tuple[str, ...] = ()
    two_factor: bool = False
    free_flow: str = ""
    lights: LightsDocument = LightsDocument()
    signals: SignalsDocument = SignalsDocument()


def with_contacts(name: str, keys: type[Strict], owner: Literal["barrier", "lane"]) -> Any:
    """The struct of a barrier or a lane in the site file: its keys and its contacts."""
    fields = [
        (contact, PointText | list[PointText] | None if CONTACTS[contact].several else PointText | None, None)
        for contact in contacts_of(owner)
    ]
    return msgspec.defstruct(name, fields, bases=(keys,), module=__name__, frozen=True, forbid_unknown_fields=True)


BarrierDocument = with_contacts("BarrierDocument", BarrierKeys, "barrier")
LaneDocument = with_contacts("LaneDocument", LaneKeys, "lane")
