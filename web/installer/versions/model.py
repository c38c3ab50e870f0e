"""The versions as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import msgspec

from gateway.store.settings.versions import GATEWAY, Version
from web.platform.look import aware_now
from web.words.texts import Words, clock
from web.words.times import instant

_OBJECTS = ("site", "gateway", "uplink", "remote_open", "repairs", "charging", "calendar")
_LISTS = (
    "devices",
    "lanes",
    "barriers",
    "interlocks",
    "operators",
    "stations",
    "groups",
    "tariffs",
    "buildings",
    "purposes",
)
_TONES = {"confirmed": "", "pending": "warn", "rolled_back": "bad"}


class Shown(msgspec.Struct, frozen=True):
    """One version. `by` is empty for the gateway's own. `holds`: this one runs; `can_return`: the way back is open."""

    version: int
    at: str
    by: str
    via: str
    state: str
    tone: str
    changes: tuple[str, ...]
    reason: str
    restores: int
    holds: bool
    can_return: bool


def history(versions: Sequence[Version], holds: int, zone: tzinfo, said: Words) -> list[Shown]:
    """The newest first, with times of the site."""
    return [_shown(one, holds, zone, said) for one in reversed(versions)]


def is_site_file(document: Any) -> bool:
    """Whether a document has the outer shape of a site file; the check names what is wrong within."""
    if not isinstance(document, dict):
        return False
    wholes = [document[key] for key in _OBJECTS if document.get(key) is not None]
    lists = [document[key] for key in _LISTS if document.get(key) is not None]
    return all(isinstance(one, dict) for one in wholes) and all(
        isinstance(one, list) and all(isinstance(thing, dict) for thing in one) for one in lists
    )


def with_people(document: dict[str, Any], running: dict[str, Any]) -> dict[str, Any]:
    """An imported site file with the operators that it leaves out: a file adds and changes people, and removes none."""
    sent = document.get("operators") or []
    names = {one.get("name") for one in sent}
    kept = [one for one in running.get("operators", []) if one["name"] not in names]
    return {**document, "operators": [*kept, *sent]} if kept or sent else document


def _shown(version: Version, holds: int, zone: tzinfo, said: Words) -> Shown:
    when = instant(version.at)
    local = when.astimezone(zone) if when else None
    day = said.day(local.date(), aware_now().astimezone(zone).date()) if local else ""
    return Shown(
        version.version,
        f"{day} {clock(local)}" if local else version.at,
        "" if (version.by, version.via) == (GATEWAY, None) else version.by or "",
        version.via or "",
        version.state,
        "ok" if version.version == holds and version.state == "confirmed" else _TONES[version.state],
        version.changes,
        version.reason,
        version.restores,
        version.version == holds,
        version.version != holds and version.state == "confirmed",
    )
