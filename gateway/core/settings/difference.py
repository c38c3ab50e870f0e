"""The difference of two settings: in words for people, and what it means for a gateway that runs.

`changes` compares two documents with their defaults filled in, so that a key that says the default changes nothing.
`touched` says which barriers a running core must make anew; the others go on as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from gateway.core.charges.charging import Charging, SiteDays
from gateway.core.charges.tariff import Tariff
from gateway.core.settings.contacts import CONTACTS
from gateway.core.settings.documents import BarrierDocument, LaneDocument
from gateway.core.settings.model import (
    Barrier,
    Building,
    Device,
    Gateway,
    Group,
    Interlock,
    Lane,
    Operator,
    Point,
    Purpose,
    RemoteOpen,
    Repairs,
    Settings,
    Site,
    Station,
    Uplink,
)

CHANGES_MAX = 100
"""Paths of one version that are kept and journaled."""
SECRET = "(secret)"
NEW_SECRET = "(new secret)"
_KEYED = {"devices": "id", "lanes": "id", "barriers": "id", "groups": "id", "operators": "name", "stations": "id",
          "tariffs": "id", "buildings": "id", "purposes": "id"}  # fmt: skip
_SECRETS = frozenset({"pin", "password"})
_DEVICE_SECRETS = _SECRETS | {"key"}
_POINT_KEYS = frozenset({"open", "stop", "close", "siren", *CONTACTS})
# What an installer wires; a change of anything else of a lane is one of its figures or names.
_LANE_WIRING = ("direction", "barrier", "readers", "cameras", "displays", "siren", "contacts", "lights", "signals")
_BARRIER_WIRING = ("open", "stop", "close", "contacts", "control", "safety_by")


class Change(msgspec.Struct, frozen=True):
    """One value that differs; None: it is not set. A secret is never shown."""

    path: str
    old: Any
    new: Any

    def words(self) -> str:
        """One line for people."""
        if self.old is None:
            return f"{self.path}: added {_text(self.new)}"
        if self.new is None:
            return f"{self.path}: removed (was {_text(self.old)})"
        return f"{self.path}: {_text(self.old)} -> {_text(self.new)}"


class Touched(msgspec.Struct, frozen=True):
    """What a change of settings touches in a gateway that runs.

    `devices`: added, removed or set up otherwise. `barriers`: to be made anew, or gone; `lanes`: theirs, before and
    after. `wiring`: whether something is wired otherwise. `web`: whether the web process must begin again.
    """

    devices: frozenset[str] = frozenset()
    barriers: frozenset[str] = frozenset()
    lanes: tuple[str, ...] = ()
    wiring: bool = False
    web: bool = False


# ---- in words ------------------------------------------------------------------------------------------------------


def changes(old: dict[str, Any], new: dict[str, Any]) -> tuple[Change, ...]:
    """All values that differ between two checked documents, in the order of the site file; empty: they mean the same.

    PINs and secrets count by their value and are shown as such.
    """
    before, after = canonical(old), canonical(new)
    return tuple(change for key in before for change in _differ(key, before[key], after[key]))


def paths(found: Collection[Change]) -> tuple[str, ...]:
    """The paths of a difference, bounded for the journal."""
    return tuple(change.path for change in found)[:CHANGES_MAX]


def canonical(document: dict[str, Any]) -> dict[str, Any]:
    """A checked document with every default written out and every value in one form."""
    return {
        "site": _plain(document["site"], Site),
        "gateway": _plain(document["gateway"], Gateway),
        "devices": [{"name": "", **device} for device in document.get("devices", [])],
        "lanes": [_lane(lane) for lane in document.get("lanes", [])],
        "barriers": [_barrier(barrier) for barrier in document.get("barriers", [])],
        "interlocks": _plain(document.get("interlocks", []), list[Interlock]),
        "groups": _plain(document.get("groups", []), list[Group]),
        "buildings": _plain(document.get("buildings", []), list[Building]),
        "purposes": _plain(document.get("purposes", []), list[Purpose]),
        "operators": [_operator(one) for one in document.get("operators", [])],
        "stations": _plain(document.get("stations", []), list[Station]),
        "tariffs": [_readable(tariff, Tariff) for tariff in document.get("tariffs", [])],
        "charging": _readable(document.get("charging", {}), Charging),
        "calendar": _readable(document["calendar"], SiteDays) if document.get("calendar") is not None else None,
        "uplink": _plain(document["uplink"], Uplink) if document.get("uplink") is not None else None,
        "remote_open": _plain(document.get("remote_open", {}), RemoteOpen),
        "repairs": _plain(document.get("repairs", {}), Repairs),
    }


def _plain(value: Any, kind: Any) -> Any:
    return msgspec.to_builtins(msgspec.convert(value, kind))


def _readable(value: Any, kind: Any) -> Any:
    """What an earlier version stored of charges, which looked at none of it, stays as it is where it is not right."""
    try:
        return _plain(value, kind)
    except msgspec.ValidationError:
        return value


def _operator(raw: dict[str, Any]) -> dict[str, Any]:
    """A person with one key for the PIN, whether it is hashed or not."""
    found = _plain(raw, Operator)
    hashed = found.pop("pin_hash")
    return {**found, "pin": hashed or found["pin"]}


def _lane(raw: dict[str, Any]) -> dict[str, Any]:
    lane = _points(_plain(raw, LaneDocument))
    lane["name"] = lane["name"] or lane["id"]
    if isinstance(lane["barrier"], dict):
        lane["barrier"] = _barrier({**lane["barrier"], "id": lane["id"]})
    return lane


def _barrier(raw: dict[str, Any]) -> dict[str, Any]:
    return _points(_plain(raw, BarrierDocument))


def _points(raw: dict[str, Any]) -> dict[str, Any]:
    """Points in one form: the text alone where nothing else is said, one contact without its list."""
    found = {key: _point(value) if key in _POINT_KEYS else value for key, value in raw.items()}
    for key in ("lights", "signals"):
        if key in found:
            found[key] = {name: value if name == "pulse_ms" else _point(value) for name, value in found[key].items()}
    return found


def _point(value: Any) -> Any:
    if isinstance(value, list | tuple):
        points = [_point(one) for one in value]
        return points[0] if len(points) == 1 else points or None
    if isinstance(value, dict) and msgspec.convert(value, Point) == Point(value["point"]):
        return value["point"]
    return value


def _differ(path: str, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _differ(f"{path}.{key}", old.get(key), new.get(key))
    elif path in _KEYED and all(isinstance(one, dict) and _KEYED[path] in one for one in (*old, *new)):
        yield from _keyed(path, old, new, _KEYED[path])
    elif old != new:
        yield Change(path, _shown(path, old, SECRET), _shown(path, new, NEW_SECRET))


def _keyed(path: str, old: list[Any], new: list[Any], key: str) -> Iterator[Change]:
    before = {str(one[key]): one for one in old}
    after = {str(one[key]): one for one in new}
    for name in dict.fromkeys((*before, *after)):
        yield from _differ(f"{path}.{name}", before.get(name), after.get(name))
    first, then = [one for one in before if one in after], [one for one in after if one in before]
    if first != then:
        yield Change(path, first, then)


def _shown(path: str, value: Any, secret: str) -> Any:
    """A value as people may see it: no secret, and nothing that is not set."""
    secrets = _DEVICE_SECRETS if path.startswith("devices.") else _SECRETS
    if isinstance(value, dict):
        shown = {key: _shown(f"{path}.{key}", one, SECRET) for key, one in value.items() if one not in (None, "", [])}
        return {key: one for key, one in shown.items() if one not in ({}, ())}
    if isinstance(value, list | tuple):
        return [_shown(path, one, secret) for one in value]
    return secret if value is not None and path.rpartition(".")[2] in secrets else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() and value else msgspec.json.encode(value).decode()


# ---- for a gateway that runs ---------------------------------------------------------------------------------------


def touched(old: Settings, new: Settings, devices: Collection[str] | None = None) -> Touched:
    """What must be made anew. `devices`: those whose bus begins anew, as drivers know it; None: those that differ."""
    changed = _changed_devices(old.devices, new.devices)
    both = changed if devices is None else frozenset(devices)
    barriers = {barrier for barrier in _barriers_of(old) | _barriers_of(new) if _is_touched(old, new, barrier, both)}
    barriers |= {barrier for barrier in _interlocked_otherwise(old, new) if barrier in _barriers_of(new)}
    lanes = dict.fromkeys(lane.id for lane in (*old.lanes, *new.lanes) if lane.barrier in barriers)
    wiring = bool(changed) or any(_is_wired_otherwise(old, new, barrier) for barrier in barriers)
    wiring = wiring or old.interlocks != new.interlocks
    return Touched(both, frozenset(barriers), tuple(lanes), wiring, old.gateway.http != new.gateway.http)


def boards_of(settings: Settings, barriers: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The boards that these barriers are wired to, and the readers and cameras of their lanes."""
    wholes = [_whole(settings, barrier) for barrier in barriers]
    boards = frozenset(point.device for whole in wholes for point in _wired_to_arm(whole[0]))
    readers = [device for _, lanes in wholes for lane in lanes for device in (*lane.readers, *lane.cameras)]
    return boards, frozenset(readers)


def _wired_to_arm(barrier: Barrier | None) -> Iterator[Point]:
    if barrier is not None:
        yield from barrier.inputs().values()
        yield from barrier.outputs().values()


def _changed_devices(old: tuple[Device, ...], new: tuple[Device, ...]) -> frozenset[str]:
    """The devices whose driver or options differ; another name touches nothing."""
    before, after = ({one.id: (one.driver, one.options) for one in devices} for devices in (old, new))
    return frozenset(one for one in before.keys() | after.keys() if before.get(one) != after.get(one))


def _barriers_of(settings: Settings) -> set[str]:
    """The barriers that a lane leads past."""
    return {lane.barrier for lane in settings.lanes}


def _whole(settings: Settings, barrier: str) -> tuple[Barrier | None, tuple[Lane, ...]]:
    """A barrier with its lanes."""
    lanes = tuple(lane for lane in settings.lanes if lane.barrier == barrier)
    return (settings.barrier(barrier) if lanes else None), lanes


def _is_touched(old: Settings, new: Settings, barrier: str, devices: frozenset[str]) -> bool:
    before, after = _whole(old, barrier), _whole(new, barrier)
    return before != after or any(point.device in devices for point in _points_of(*after))


def _points_of(barrier: Barrier | None, lanes: tuple[Lane, ...]) -> Iterator[Point]:
    for owner in (*((barrier,) if barrier else ()), *lanes):
        yield from owner.inputs().values()
        yield from owner.outputs().values()


def _interlocked_otherwise(old: Settings, new: Settings) -> set[str]:
    if old.interlocks == new.interlocks:
        return set()
    one_sided = set(old.interlocks) ^ set(new.interlocks)
    return {barrier for interlock in one_sided for barrier in interlock.barriers}


def _is_wired_otherwise(old: Settings, new: Settings, barrier: str) -> bool:
    (before, lanes), (after, lanes_after) = _whole(old, barrier), _whole(new, barrier)
    if before is None or after is None or len(lanes) != len(lanes_after):
        return True
    if any(getattr(before, key) != getattr(after, key) for key in _BARRIER_WIRING):
        return True
    pairs = zip(lanes, lanes_after, strict=True)
    return any(one.id != two.id or any(getattr(one, key) != getattr(two, key) for key in _LANE_WIRING)
               for one, two in pairs)  # fmt: skip
