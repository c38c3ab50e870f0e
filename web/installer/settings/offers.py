"""What can be picked in a field that takes ids: lanes, barriers, time zones, boards, ports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.core.forms.sheets import Catalogue
from gateway.core.settings.model import PURPOSES
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.platform.problems import Problem
from web.platform.services import ask
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
            case "purposes" if not site.get(part):
                return [(one.id, one.id) for one in PURPOSES]
            case "printers":
                return _printers(site, catalogue or ask_catalogue())
        return _named(site.get(part))

    return of


def ask_catalogue() -> Catalogue:
    """What the engine knows of drivers; Problem 503 while it does not answer."""
    try:
        found: Catalogue = msgspec.convert(ask("driver.list", timeout_s=10.0), Catalogue)
    except EngineUnreachableError:
        raise Problem(503, "engine_unreachable", "The engine does not answer; it knows the drivers.") from None
    except (GatehouseError, msgspec.ValidationError) as error:
        raise Problem(503, "busy", f"The drivers cannot be listed: {error}") from None
    return found


def _printers(site: dict[str, Any], known: Catalogue) -> list[tuple[str, str]]:
    """The devices whose driver prints."""
    prints = {sheet.name for sheet in known.drivers if sheet.prints}
    return _named([one for one in site.get("devices") or [] if isinstance(one, dict) and one.get("driver") in prints])


def _named(entries: Any) -> list[tuple[str, str]]:
    found = [one for one in entries or [] if isinstance(one, dict) and isinstance(one.get("id"), str)]
    return [(one["id"], one.get("name") or one["id"]) for one in found]


def _barriers(site: dict[str, Any]) -> list[tuple[str, str]]:
    """Those that stand apart, and those that are written with their lanes."""
    lanes = [lane for lane in site.get("lanes") or [] if isinstance(lane, dict)]
    inline = [lane for lane in lanes if isinstance(lane.get("barrier"), dict)]
    return _named(site.get("barriers")) + _named(inline)
