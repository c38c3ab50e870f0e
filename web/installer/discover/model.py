"""How far the search is, and what was found, as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

WIRE_KEYS = ("port", "link", "unit", "address", "device", "d0")
"""What tells one device of a driver from another."""


class Found(msgspec.Struct, frozen=True):
    """A device that was found. `number`: its place in the list; `known`: the device of the draft that it is."""

    number: int
    driver: str
    kind: str
    where: str
    speed: int
    heard: str
    sure: bool
    known: str


class View(msgspec.Struct, frozen=True):
    """The search: `none`, `running`, `done`, `ended`, `failed` or `offline`."""

    state: str
    detail: str = ""
    elapsed_ms: int = 0
    listen_s: float = 20.0
    places: tuple[dict[str, Any], ...] = ()
    found: tuple[Found, ...] = ()
    silent: tuple[dict[str, Any], ...] = ()
    used: tuple[dict[str, Any], ...] = ()


def view_of(told: Mapping[str, Any], site: Mapping[str, Any]) -> View:
    """The engine's state of a search beside the draft."""
    return View(
        told["state"],
        told.get("detail", ""),
        told.get("elapsed_ms", 0),
        told.get("listen_s", 20.0),
        tuple(told["places"]),
        tuple(_found(number, one, site) for number, one in enumerate(told["found"])),
        tuple({**one, "check": check_of(one)} for one in told["silent"]),
        tuple(told["used"]),
    )


def check_of(silent: Mapping[str, Any]) -> str:
    """What to check at a silent place, as the ending of a word's key."""
    if silent["tried"]["error"]:
        return "error"
    if silent["tried"]["noise"]:
        return "noise"
    return "port" if silent["where"].startswith("/") else "address"


def with_device(site: dict[str, Any], device: Mapping[str, Any]) -> dict[str, Any]:
    """The site file with a device that was found, under an id that is free."""
    devices = [*site.get("devices", [])]
    if not known_as(device, site):
        devices.append({**device, "id": free_id(str(device["id"]), site)})
    return {**site, "devices": devices}


def known_as(device: Mapping[str, Any], site: Mapping[str, Any]) -> str:
    """The id of the device of a site file that this is: the same driver at the same place; "" for none."""
    for one in site.get("devices", []):
        same = one.get("driver") == device["driver"]
        wired = any(key in device for key in WIRE_KEYS)
        if same and wired and all(_place(one.get(key)) == _place(device.get(key)) for key in WIRE_KEYS):
            return str(one.get("id", ""))
    return ""


def free_id(kind: str, site: Mapping[str, Any]) -> str:
    """`reader-1`, or the next that no device has."""
    taken = {one.get("id") for one in site.get("devices", [])}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{kind}-{n}") not in taken)


def _place(value: Any) -> Any:
    """A wire without its speed and its patience."""
    return {key: value.get(key) for key in ("type", "port", "host")} if isinstance(value, dict) else value


def _found(number: int, told: Mapping[str, Any], site: Mapping[str, Any]) -> Found:
    device = told["device"]
    link = device.get("link") or {}
    return Found(
        number,
        device["driver"],
        device["id"],
        told["where"],
        int(device.get("baudrate") or link.get("baudrate") or 0),
        told["heard"],
        told["sure"],
        known_as(device, site),
    )
