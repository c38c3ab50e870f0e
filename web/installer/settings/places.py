"""The address of the field of a path in the document, so that a fault or a difference leads to its field."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from web.installer.settings.sections import Section, section_at

_KEYS = {"devices": "id", "lanes": "id", "barriers": "id", "groups": "id", "stations": "id", "tariffs": "id",
         "operators": "name", "buildings": "id", "purposes": "id"}  # fmt: skip
_ENTRY = re.compile(r"(\w+)\[(\d+)\]")
_PAGES = {"devices": "/installer/settings/devices", "lanes": "/installer/lanes"}
_ELSEWHERE = {"barriers": "/installer/lanes", "operators": "/installer/settings/people"}
HOME = "/installer/settings"


def address_of(path: str, site: dict[str, Any]) -> str:
    """The page and the field of a path such as `devices[2].link.port` or `groups.12-3.places`."""
    exact = numbered(path, site)
    page = _entry(exact, site) or _form(exact)
    return f"{page}#{quote(exact, safe='.[]!:')}" if page else HOME


def owner_of(path: str, site: dict[str, Any]) -> str:
    """The name of the device, lane, barrier or tariff that a path is in, or its id; "" for other paths."""
    found = _ENTRY.match(numbered(path, site))
    if found is None or found[1] not in ("devices", "lanes", "barriers", "tariffs"):
        return ""
    entries, number = _objects(site.get(found[1])), int(found[2])
    entry = entries[number] if number < len(entries) else {}
    return str(entry.get("name") or entry.get("id") or "")


def numbered(path: str, site: dict[str, Any]) -> str:
    """The path with numbers in place of the names of entries; the same path where there is no such entry."""
    part, _, rest = path.partition(".")
    for number, entry in enumerate(_objects(site.get(part)) if part in _KEYS else ()):
        name = str(entry.get(_KEYS[part], ""))
        if rest == name or rest.startswith((f"{name}.", f"{name}[")):
            return f"{part}[{number}]{rest[len(name) :]}"
    return path


def _form(path: str) -> str:
    """The page of the section that has the path."""
    first, _, rest = path.partition(".")
    key = re.split(r"[.\[]", rest)[0]
    for section in section_at(path):
        if section.several or not section.keys or not key or key in section.keys:
            return section.address
    part = re.split(r"[.\[]", first)[0]
    return _ELSEWHERE.get(part) or _PAGES.get(part, "")


def _entry(path: str, site: dict[str, Any]) -> str:
    """The page of one entry of a list."""
    found = _ENTRY.match(path)
    if found is None:
        return ""
    part, number = found[1], int(found[2])
    if part in _PAGES:
        return _page_of(part, number, site)
    if part == "barriers":
        return _page_of_barrier(number, site)
    section: Section | None = next((one for one in section_at(part) if one.several), None)
    return f"{section.address}/{number}" if section is not None else ""


def _page_of(part: str, number: int, site: dict[str, Any]) -> str:
    entries = _objects(site.get(part))
    name = str(entries[number].get("id", "")) if number < len(entries) else ""
    return f"{_PAGES[part]}/{quote(name, safe='')}" if name else _PAGES[part]


def _page_of_barrier(number: int, site: dict[str, Any]) -> str:
    """The page of the first lane at a barrier that stands apart."""
    barriers = _objects(site.get("barriers"))
    name = barriers[number].get("id") if number < len(barriers) else None
    lanes = [one for one in _objects(site.get("lanes")) if name is not None and one.get("barrier") == name]
    return f"{_PAGES['lanes']}/{quote(str(lanes[0].get('id', '')), safe='')}" if lanes else _PAGES["lanes"]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []
