"""Which points a fault or a repair puts in doubt: one literal table kind of row -> points.

A board that fell silent doubts itself and not each wire: its power cycle is tested again, and a wire by its own fault.
A device that was mended may be another one, so that all that is wired to it is tested again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gateway.core.acceptance.points import PARKED, POWER_CYCLE, TRAVEL, AcceptancePoint
from gateway.core.settings.contacts import CONTACTS
from gateway.core.settings.model import OUTPUTS
from gateway.core.vocabulary import rows

_ARM = frozenset({*(name for name, contact in CONTACTS.items() if contact.of_arm), *TRAVEL})
_STUCK = {
    "safety_loop": frozenset({"safety_loop"}),
    "closed_limit": frozenset({"at_closed"}),
    "open_limit": frozenset({"at_open"}),
    "both_limits": frozenset({"at_open", "at_closed"}),
    "crossed_closed": frozenset({"at_closed", "safety_loop"}),
}

_OF_ARM = frozenset({"crash", "struck_vehicle", "forced", "obstructed", "not_followed", "controller_fault"})
"""Repairs at the arm or its controller."""

Fits = Callable[[Any, AcceptancePoint], bool]


def _is_the_device(row: rows.DeviceLost, point: AcceptancePoint) -> bool:
    return point.device == row.device and (point.wired is None or point.name == POWER_CYCLE)


def _is_of_arm(row: rows.IncidentRow, point: AcceptancePoint) -> bool:
    return point.name in _ARM and _is_of_barrier(row.barrier, point)


def _is_stuck(row: rows.BarrierStuck, point: AcceptancePoint) -> bool:
    if point.wired is None or not (_is_of_barrier(row.barrier, point) or row.lane in point.lanes):
        return False
    if row.reason == "chatters":
        return point.wired.point == row.point
    return point.name in _STUCK.get(row.reason, frozenset())


def _is_of_barrier(barrier: str, point: AcceptancePoint) -> bool:
    return point.id.startswith(f"barriers.{barrier}.")


def _is_mended(row: rows.RepairReported, point: AcceptancePoint) -> bool:
    if row.device is not None:
        return point.device == row.device
    if row.lane not in point.lanes or point.wired is None:
        return False
    if row.kind in _OF_ARM:
        return point.name in _ARM or point.name in OUTPUTS
    contact = (row.what or "").partition(".")[0] if row.what is not rows.UNSET else ""
    named = contact or row.cause.rpartition(":")[2].partition(".")[0]
    return point.name in (named, f"{PARKED}.{named}")


_TABLE: dict[type[rows.Row], Fits] = {
    rows.DeviceLost: _is_the_device,
    rows.BarrierCrashed: _is_of_arm,
    rows.BarrierStruckVehicle: _is_of_arm,
    rows.BarrierStuck: _is_stuck,
    rows.RepairReported: _is_mended,
}


def doubted(row: rows.Row, points: Iterable[AcceptancePoint]) -> list[str]:
    """The ids of the points to be tested again after this row."""
    fits = _TABLE[type(row)]
    return [point.id for point in points if fits(row, point)]
