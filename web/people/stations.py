"""The station of a request: a booth's own screen, at which a person is at the lanes.

With `stations` in the site file a browser is a station only with that station's key in a cookie, and from the station's
address if one is set. Without, a browser on this machine is the only station, for all lanes. A request through a proxy
may come from anywhere, so it is never from a station.
"""

from __future__ import annotations

from flask import Response, g, request

from gateway.core.settings.model import BOOTH, Station
from gateway.core.vocabulary.errors import GatehouseError
from web.front.peers import PROXIED, address, is_among, is_loopback
from web.platform.services import services

COOKIE = "gatehouse_station"
# As long as browsers keep a cookie; each page of the guard renews it.
KEPT_S = 400 * 86400


def current_station() -> Station | None:
    """The station of this request; None for any other browser."""
    if "station" not in g:
        g.station = _station()
    found: Station | None = g.station
    return found


def stands_at(station: Station | None, lane: str) -> bool:
    """Whether a person at this screen is at the lane."""
    return station is not None and station.stands_at(lane)


def is_proxied() -> bool:
    """Whether a proxy has forwarded this request."""
    return bool(request.environ.get(PROXIED, True))


def is_local() -> bool:
    """Whether the request is from a program on this machine, without a proxy."""
    return is_loopback(request.remote_addr or "") and not is_proxied()


def of_key(key: str) -> Station | None:
    """The station of this key; None for a wrong key or a wrong address."""
    try:
        held = services().station_keys.find(key) if key else None
    except (GatehouseError, OSError):
        held = None
    station = services().site.stations().get(held or "")
    return station if station is not None and not is_proxied() and _is_at(station) else None


def keep(answer: Response, key: str) -> Response:
    """Set the cookie with the key."""
    answer.set_cookie(COOKIE, key, max_age=KEPT_S, path="/", secure=request.is_secure, httponly=True, samesite="Strict")
    return answer


def renew(answer: Response) -> Response:
    """Renew the cookie of a station."""
    key = request.cookies.get(COOKIE, "")
    return keep(answer, key) if key and current_station() is not None else answer


def _station() -> Station | None:
    if not services().site.stations():
        return Station(BOOTH) if is_local() else None
    return of_key(request.cookies.get(COOKIE, ""))


def _is_at(station: Station) -> bool:
    return station.address is None or is_among(address(request.remote_addr or ""), (station.address,))
