"""What can be picked in a field that takes ids: lanes, barriers, time zones, boards, ports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.core.forms.sheets import Catalogue
from web.setup.page import offered

Offers = Callable[[str], list[tuple[str, str]]]
"""The ids and names of a part of the document."""


def offers(site: dict[str, Any], catalogue: Catalogue | None = None) -> Offers:
    """What the working draft and this machine have to be picked."""
    known = catalogue or Catalogue()

    def of(part: str) -> list[tuple[str, str]]:
        match part:
            case "zones":
                return [(zone, zone.replace("_", " ")) for zone in offered()]
            case "boards":
                return [(name, f"{title} ({name})") for name, title in known.boards.items()]
            case "ports":
                return [(port, port) for port in known.ports]
            case "barriers":
                return _barriers(site)
        return _named(site.get(part))

    return of


def _named(entries: Any) -> list[tuple[str, str]]:
    found = [one for one in entries or [] if isinstance(one, dict) and isinstance(one.get("id"), str)]
    return [(one["id"], one.get("name") or one["id"]) for one in found]


def _barriers(site: dict[str, Any]) -> list[tuple[str, str]]:
    """Those that stand apart, and those that are written with their lanes."""
    lanes = [lane for lane in site.get("lanes") or [] if isinstance(lane, dict)]
    inline = [lane for lane in lanes if isinstance(lane.get("barrier"), dict)]
    return _named(site.get("barriers")) + _named(inline)
