"""Repair orders as their pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from gateway.core.repairs.kinds import Urgency
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.rows.repairs import URGENCIES
from gateway.core.vocabulary.views import RepairView
from web.people.operators import Operator
from web.words.texts import Words, clock
from web.words.times import instant

TONES = {"open": "bad", "assigned": "warn", "on_site": "warn", "reported": "info", "confirmed": "ok"}
URGENCY_TONES = {"urgent": "bad", "normal": "warn", "planned": ""}
_DAY_H, _TWO_DAYS_H, _HOUR_S = 24, 48, 3600


class Due(msgspec.Struct, frozen=True):
    """A due time: `at` in the site's time, `away` how far it is, `late` when it has passed."""

    what: str
    at: str
    away: str
    late: bool


class Line(msgspec.Struct, frozen=True):
    """One order in the list."""

    repair: str
    title: str
    about: str
    urgency: str
    state: str
    urgency_tone: str
    state_tone: str
    due: Due | None
    count: int
    assigned_to: str


class Step(msgspec.Struct, frozen=True):
    """One step of its life."""

    words: str
    at: str
    by: str
    note: str


class Speaker:
    """What is said about repair orders in one language and time zone; `document` is the site file."""

    def __init__(self, said: Words, zone: tzinfo, now: datetime, document: Mapping[str, Any]) -> None:
        self._said = said
        self._zone = zone
        self._now = now.astimezone(zone)
        self._names = {
            (kind, one["id"]): one.get("name") or one["id"]
            for kind in ("lanes", "devices")
            for one in document.get(kind, [])
        }

    def line(self, order: RepairView, what: str = "") -> Line:
        """One order in the list."""
        return Line(
            order.repair,
            self.title(order, what),
            self.about(order),
            self._said(f"installer.repairs.urgency.{order.urgency}"),
            self._said(f"installer.repairs.state.{order.state}"),
            URGENCY_TONES[order.urgency],
            TONES[order.state],
            self.next_due(order),
            order.count,
            order.assigned_to or "",
        )

    def title(self, order: RepairView, what: str = "") -> str:
        """What is wrong; of one that was opened by hand: as the person said it."""
        if order.kind == "finding" and what:
            return what
        kind = self._said(f"installer.repairs.kind.{order.kind}")
        if not what or order.kind in ("not_followed", "forced"):
            return kind
        return f"{kind}: {self._said.first(f'installer.repairs.what.{what}', f'alarm.{what}', f'contact.{what}', what)}"

    def about(self, order: RepairView) -> str:
        """The device or lane by its name."""
        found = (("devices", order.device), ("lanes", order.lane))
        names = [self._names.get((kind, one), one) for kind, one in found if one]
        return self._said.listed(names) or self._said("installer.repairs.about.site")

    def next_due(self, order: RepairView) -> Due | None:
        """What is due next; None once it is reported mended."""
        if order.state in ("reported", "confirmed"):
            return None
        return self._due("mend", order.mend_by) if order.arrived_at else self._earlier(order)

    def dues(self, order: RepairView) -> list[Due]:
        """Both due times of an open order."""
        return [self._due("on_site", order.on_site_by), self._due("mend", order.mend_by)]

    def moment(self, text: str | None) -> str:
        """An instant in the site's time."""
        local = self._local(text)
        return f"{self._said.day(local.date(), self._now.date())} {clock(local)}" if local else text or ""

    def life(self, steps: Sequence[Mapping[str, Any]]) -> list[Step]:
        """What was done about it, oldest first."""
        return [self._step(one) for one in steps]

    def _earlier(self, order: RepairView) -> Due:
        """The first due time that is still ahead, else the last."""
        mend, on_site = self._due("mend", order.mend_by), self._due("on_site", order.on_site_by)
        return mend if mend.late else on_site

    def _due(self, what: str, text: str) -> Due:
        local = self._local(text)
        hours = (local - self._now).total_seconds() / _HOUR_S if local else 0.0
        return Due(self._said(f"installer.repairs.due.{what}"), self.moment(text), self._away(hours), hours < 0)

    def _away(self, hours: float) -> str:
        key = "late" if hours < 0 else "in"
        far = abs(hours)
        unit, number = ("days", far / _DAY_H) if far >= _TWO_DAYS_H else ("hours", far)
        if far < 1:
            unit, number = "minutes", far * 60
        return self._said(f"installer.repairs.{key}.{unit}", n=int(number))

    def _local(self, text: str | None) -> datetime | None:
        when = instant(text)
        return when.astimezone(self._zone) if when else None

    def _step(self, step: Mapping[str, Any]) -> Step:
        by = str(step.get("by") or "")
        key = f"installer.repairs.step.{step['type']}"
        words = self._said(key, to=step.get("assigned_to") or "", n=step.get("count") or 1)
        name = self._said("installer.repairs.by.gateway") if by == "gateway" else by
        return Step(words, self.moment(step.get("at")), name, str(step.get("note") or ""))


def in_order(orders: Sequence[RepairView]) -> list[RepairView]:
    """The overdue ones first, then by urgency and due time."""
    rank = {urgency: number for number, urgency in enumerate(URGENCIES)}
    return sorted(orders, key=lambda one: (one.overdue is None, rank.get(one.urgency, len(rank)), one.mend_by))


class Choices(msgspec.Struct, frozen=True):
    """What the viewer may do with an order, and why not more. `assign`: whom it can be given to."""

    take: bool = False
    assign: tuple[str, ...] = ()
    arrive: bool = False
    report: bool = False
    confirm: bool = False
    reject: bool = False
    acknowledge: bool = False
    why: str = ""


def choices(order: RepairView, viewer: Operator, operators: Mapping[str, Operator]) -> Choices:
    """The buttons of one order for its viewer; what the engine would refuse is not offered, and it says why."""
    if order.state == "confirmed" or Right.REPAIR not in viewer.role.rights:
        return Choices(why="" if order.state == "confirmed" else "look")
    others = tuple(sorted(name for name, one in operators.items() if Right.REPAIR in one.role.rights))
    limit_open = any(change.acknowledged_by is None for change in order.limits)
    acknowledge = limit_open and Right.ACKNOWLEDGE_LIMIT in viewer.role.rights
    if order.state != "reported":
        return Choices(
            take=order.assigned_to != viewer.name,
            assign=tuple(name for name in others if name not in (viewer.name, order.assigned_to)),
            arrive=order.state != "on_site",
            report=True,
            acknowledge=acknowledge,
        )
    own = viewer.name.casefold() == (order.reported_by or "").casefold()
    awaited = limit_open and any(Right.ACKNOWLEDGE_LIMIT in one.role.rights for one in operators.values())
    why = "same_name" if own else "limit" if awaited else ""
    return Choices(confirm=not why, reject=True, acknowledge=acknowledge, why=why)


def urgencies() -> tuple[str, ...]:
    """The urgency classes, the most urgent first."""
    return tuple(Urgency)
