"""The points of a lane that have to be accepted, derived from the settings alone.

A lane has its own points, those of its barrier, and a power cycle of each board that they are wired to. A barrier that
two lanes share, or a board of several lanes, has each of its points once: one tick counts for all lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import msgspec

from gateway.core.settings.model import Barrier, Lane, Point, Settings
from gateway.core.vocabulary.rows import Basis

LOOPS = ("approach_loop", "safety_loop", "clear_loop")
"""Contacts on which a car is parked for their step."""
TRAVEL = {"opening_ms": "at_open", "closing_ms": "at_closed"}
"""A measured time of the arm, and the limit switch that tells its end."""
POWER_CYCLE = "power_cycle"
PARKED = "parked"
# Their value is part of the terminal, or changes nothing that could be tested at the lane.
_BARRIER_SETTINGS = (
    "control", "close_by", "external_open", "safety_by", "pulse_ms", "travel_time_ms", "auto_close_ms", "grant_ms",
)  # fmt: skip
_LIMITS = ("cycles", "relay_operations", "crashes_per_month", "travel_ms")
_SECRET_OPTIONS = frozenset({"key", "password", "pin", "token"})
_FNV_START, _FNV_PRIME, _FNV_BITS = 0xCBF29CE484222325, 0x100000001B3, 0xFFFFFFFFFFFFFFFF


class PointKind(StrEnum):
    """What kind of point it is."""

    STATUS = "status"
    MEASUREMENT = "measurement"
    SETTING = "setting"
    CONTROL = "control"
    STEP = "step"


class AcceptancePoint(msgspec.Struct, frozen=True):
    """One point. `name` is its key in the site file, without the number or the device of one of several (`part`).

    `lanes`: those it belongs to. `wired`: its terminal; `device`: the device that is tested, or that it is wired to.
    """

    id: str
    kind: PointKind
    name: str
    lanes: tuple[str, ...]
    basis: Basis
    part: str = ""
    wired: Point | None = None
    device: str = ""


def points_of(settings: Settings) -> dict[str, AcceptancePoint]:
    """All points of a site by id, in the order of the sheets: what shows itself first, settings last."""
    found: dict[str, AcceptancePoint] = {}
    for barrier in settings.barriers:
        lanes = tuple(lane for lane in settings.lanes if lane.barrier == barrier.id)
        if lanes:
            for point in _Maker(settings).whole(barrier, lanes):
                known = found.get(point.id)
                found[point.id] = point if known is None else _of_both(known, point)
    order = {kind: number for number, kind in enumerate(_ORDER)}
    return {point.id: point for point in sorted(found.values(), key=lambda one: order[one.kind])}


_ORDER = (PointKind.STATUS, PointKind.CONTROL, PointKind.MEASUREMENT, PointKind.STEP, PointKind.SETTING)


def of_lane(points: dict[str, AcceptancePoint], lane: str) -> tuple[AcceptancePoint, ...]:
    """The points of one lane, in order."""
    return tuple([point for point in points.values() if lane in point.lanes])


def difference(old: Basis, new: Basis) -> str | None:
    """Why a tick on one basis does not count on another, as a reason of `acceptance.lost`; None when it does."""
    if old.terminal != new.terminal:
        return "wiring"
    if old.normally != new.normally:
        return "polarity"
    if old.device != new.device:
        return "device"
    return "limit" if old.limit != new.limit else None


def _of_both(one: AcceptancePoint, other: AcceptancePoint) -> AcceptancePoint:
    """A point of several barriers: that of a board."""
    return msgspec.structs.replace(one, lanes=tuple(dict.fromkeys((*one.lanes, *other.lanes))))


class _Maker:
    """Makes the points of one barrier with its lanes."""

    def __init__(self, settings: Settings) -> None:
        self._devices = {device.id: device for device in settings.devices}

    def whole(self, barrier: Barrier, lanes: tuple[Lane, ...]) -> Iterator[AcceptancePoint]:
        """Every point of the barrier, of its lanes, and of the boards that these are wired to."""
        ids = tuple(lane.id for lane in lanes)
        home = f"barriers.{barrier.id}"
        yield from self._inputs(home, ids, barrier.inputs())
        yield from self._outputs(home, ids, barrier.outputs())
        yield from self._travel(home, ids, barrier)
        yield from self._parked(home, ids, barrier)
        yield from _settings(home, ids, _barrier_settings(barrier))
        for lane in lanes:
            own = f"lanes.{lane.id}"
            yield from self._inputs(own, (lane.id,), lane.inputs())
            yield from self._outputs(own, (lane.id,), lane.outputs())
            yield from self._fitted(own, lane)
            yield from _settings(own, (lane.id,), _lane_settings(lane))
            wired = (*barrier.inputs().values(), *barrier.outputs().values(), *lane.inputs().values())
            yield from self._boards(lane.id, (*wired, *lane.outputs().values()))

    def _inputs(self, home: str, lanes: tuple[str, ...], points: dict[str, Point]) -> Iterator[AcceptancePoint]:
        for key, point in points.items():
            yield self._wired(f"{home}.{key}", PointKind.STATUS, key, lanes, point, limit=f"{point.debounce_ms} ms")

    def _outputs(self, home: str, lanes: tuple[str, ...], points: dict[str, Point]) -> Iterator[AcceptancePoint]:
        for key, point in points.items():
            yield self._wired(f"{home}.{key}", PointKind.CONTROL, key, lanes, point)

    def _travel(self, home: str, lanes: tuple[str, ...], barrier: Barrier) -> Iterator[AcceptancePoint]:
        for name, contact in TRAVEL.items():
            point = getattr(barrier, contact)
            if point is not None:
                limit = f"{barrier.travel_time_ms} ms"
                yield self._wired(f"{home}.{name}", PointKind.MEASUREMENT, name, lanes, point, limit=limit)

    def _parked(self, home: str, lanes: tuple[str, ...], barrier: Barrier) -> Iterator[AcceptancePoint]:
        for key, point in barrier.inputs().items():
            if key.partition(".")[0] in LOOPS:
                yield self._wired(f"{home}.{PARKED}.{key}", PointKind.STEP, f"{PARKED}.{key}", lanes, point)

    def _fitted(self, home: str, lane: Lane) -> Iterator[AcceptancePoint]:
        """Readers and cameras report, displays show."""
        for name, kind, devices in (
            ("readers", PointKind.STATUS, lane.readers),
            ("cameras", PointKind.STATUS, lane.cameras),
            ("displays", PointKind.CONTROL, lane.displays),
        ):
            for device in devices:
                basis = Basis(terminal=device, device=self._fingerprint(device))
                yield AcceptancePoint(f"{home}.{name}.{device}", kind, name, (lane.id,), basis, device, device=device)

    def _boards(self, lane: str, points: Iterable[Point]) -> Iterator[AcceptancePoint]:
        for device in dict.fromkeys(point.device for point in points):
            basis = Basis(device=self._fingerprint(device))
            point_id = f"devices.{device}.{POWER_CYCLE}"
            yield AcceptancePoint(point_id, PointKind.STEP, POWER_CYCLE, (lane,), basis, device, device=device)

    def _wired(
        self, point_id: str, kind: PointKind, key: str, lanes: tuple[str, ...], point: Point, limit: str | None = None
    ) -> AcceptancePoint:
        name, part = _name_and_part(key)
        basis = Basis(point.point, point.normally, self._fingerprint(point.device), limit)
        return AcceptancePoint(point_id, kind, name, lanes, basis, part, point, point.device)

    def _fingerprint(self, device_id: str) -> str | None:
        """Driver and options of a device, secrets left out: two of the same print are set up alike."""
        device = self._devices.get(device_id)
        return None if device is None else f"{device.driver} {_digest(_plain(device.options))}"


def _name_and_part(key: str) -> tuple[str, str]:
    """`safety_loop.1` is the second of several; `lights.red` is a name."""
    base, _, last = key.rpartition(".")
    return (base, str(int(last) + 1)) if last.isdigit() else (key, "")


def _barrier_settings(barrier: Barrier) -> dict[str, Any]:
    found = {name: getattr(barrier, name) for name in _BARRIER_SETTINGS}
    found["safety"] = found.pop("safety_by")
    found["max_cycles_per_h"] = barrier.max_cycles_per_h
    limits = barrier.service_limits
    return found | {f"service_limits.{name}": getattr(limits, name) for name in _LIMITS}


def _lane_settings(lane: Lane) -> dict[str, Any]:
    """What is set of a lane; what was left at nothing is no point."""
    signals = lane.signals
    pulse_ms = signals.pulse_ms if signals.granted or signals.denied else None
    return {
        "direction": lane.direction.value,
        "two_factor": lane.two_factor or None,
        "free_flow": lane.free_flow or None,
        "signals.pulse_ms": pulse_ms,
    }


def _settings(home: str, lanes: tuple[str, ...], values: dict[str, Any]) -> Iterator[AcceptancePoint]:
    for name, value in values.items():
        if value is not None:
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            yield AcceptancePoint(f"{home}.{name}", PointKind.SETTING, name, lanes, Basis(limit=shown))


def _plain(value: Any) -> Any:
    """A value of an option without secrets."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if key not in _SECRET_OPTIONS}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _digest(value: Any) -> str:
    """A short print of a value (FNV-1a, 64 bits): it tells set-ups apart, it proves nothing."""
    found = _FNV_START
    for byte in msgspec.json.encode(value, order="deterministic"):
        found = ((found ^ byte) * _FNV_PRIME) & _FNV_BITS
    return f"{found:016x}"
