"""What names a device or a tariff by its id, and how it follows when that id changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_LISTS = ("readers", "cameras", "displays")
_SINGLE = "printer"
_SIDES = ("input", "output")


def uses_of(site: dict[str, Any], device: str) -> list[str]:
    """The paths that name a device or one of its points: `lanes.in.readers`, `lanes.in.barrier.open`."""
    return sorted({path for path, _, _ in _places(site, device)})


def rename_device(site: dict[str, Any], old: str, new: str) -> None:
    """Change a site file so that what used a device by its old id uses it by the new one."""
    for _, owner, key in list(_places(site, old)):
        owner[key] = new + owner[key][len(old) :]


def rename_tariff(site: dict[str, Any], old: str, new: str) -> None:
    """Change a site file so that the rules which named a tariff by its old id name it by the new one."""
    charging = site.get("charging")
    for rule in _objects(charging.get("rules") if isinstance(charging, dict) else None):
        if rule.get("tariff") == old:
            rule["tariff"] = new


def _places(site: dict[str, Any], device: str) -> Iterator[tuple[str, Any, Any]]:
    """Each text that names the device: its path, and the object or list with the key that holds it."""
    for part in ("lanes", "barriers", "stations"):
        for entry in _objects(site.get(part)):
            yield from _inside(entry, f"{part}.{entry.get('id', '')}", device)


def _inside(owner: dict[str, Any], path: str, device: str) -> Iterator[tuple[str, Any, Any]]:
    for key, value in owner.items():
        if key in _LISTS and isinstance(value, list):
            yield from ((f"{path}.{key}", value, n) for n, one in enumerate(value) if one == device)
        elif isinstance(value, list):
            yield from _in_list(value, f"{path}.{key}", device)
        elif isinstance(value, dict):
            yield from _inside(value, f"{path}.{key}", device)
        elif (key == _SINGLE and value == device) or _is_point_of(value, device):
            yield (path if key == "point" else f"{path}.{key}"), owner, key


def _in_list(values: list[Any], path: str, device: str) -> Iterator[tuple[str, Any, Any]]:
    for number, one in enumerate(values):
        if isinstance(one, dict):
            yield from _inside(one, path, device)
        elif _is_point_of(one, device):
            yield path, values, number


def _is_point_of(value: Any, device: str) -> bool:
    return isinstance(value, str) and value.startswith(tuple(f"{device}.{side}." for side in _SIDES))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
