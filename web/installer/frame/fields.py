"""The page and the field of a path in the site file."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
# A thing with a page of its own; other parts of the settings have a section each.
_OWN_PAGE = {"devices": "/installer/devices", "lanes": "/installer/lanes"}
_SECTIONS = {"operators": "people", "barriers": "lanes", "interlocks": "lanes"}


def address_of(path: str, site: Any) -> str:
    """Where the setting at a path is changed; lists are entered by number or by name."""
    steps = [name or int(number) for name, number in _STEP.findall(path)]
    first = str(steps[0]) if steps else ""
    mark = f"#{path}" if path else ""
    if first in _OWN_PAGE:
        thing = _id_of(site, steps)
        return f"{_OWN_PAGE[first]}/{thing}{mark}" if thing else f"{_OWN_PAGE[first]}"
    section = _SECTIONS.get(first, first)
    if section == "lanes":
        return "/installer/lanes"
    return f"/installer/settings/{section}{mark}" if section else "/installer/settings"


def _id_of(site: Any, steps: list[Any]) -> str:
    if len(steps) < 2 or isinstance(steps[1], str):
        return str(steps[1]) if len(steps) > 1 else ""
    things = site.get(steps[0]) if isinstance(site, dict) else None
    if not isinstance(things, list) or steps[1] >= len(things) or not isinstance(things[steps[1]], dict):
        return ""
    return str(things[steps[1]].get("id", ""))
