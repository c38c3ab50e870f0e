"""An order for a lane on its way to the engine.

It carries the id that the press got on the screen, so that a double tap or a repeated request moves an arm once, and
the time at which it ends, so that none is carried out late. The engine gets the true way of the order: a booth's own
screen that stands at the lane, or a page elsewhere.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.settings.model import Station
from web.people import stations
from web.platform.services import ask, services

# A little longer than the order counts: by then the engine has answered, or will refuse it.
ANSWER_MORE_S = 0.5


class Order(msgspec.Struct, frozen=True):
    """What a screen asks of a lane; `until_ns` (CLOCK_MONOTONIC) is when it ends."""

    lane: str
    command: str
    by: str
    request: str
    until_ns: int
    reason: str = ""
    detail: dict[str, Any] = {}
    case: str = ""


def send(order: Order) -> dict[str, Any]:
    """The engine's answer; EngineUnreachableError or another GatehouseError."""
    station = stations.current_station()
    return dict(
        ask(
            "lane.command",
            timeout_s=services().presses.left_s(order.until_ns) + ANSWER_MORE_S,
            request=f"guard-{order.request}",
            lane=order.lane,
            command=order.command,
            by=order.by,
            **way(station),
            present=stations.stands_at(station, order.lane),
            reason=order.reason,
            expires_at=None,
            expires_mono_ns=order.until_ns,
            detail=order.detail,
            case=order.case,
        )
    )


def way(station: Station | None) -> dict[str, str]:
    """The way of an order from this browser."""
    if station is None:
        return {"via": "browser", "station": ""}
    return {"via": "guard", "station": station.id}
