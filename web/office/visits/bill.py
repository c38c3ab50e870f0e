"""What a visit costs, as its page shows it: the sums, how they come about, and what was done about them."""

from __future__ import annotations

import msgspec

from gateway.core.money.sums import money
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.times import rfc3339
from gateway.core.vocabulary.views import ChargeLine, ChargeView, VisitView
from web.guard.pay.model import in_words
from web.guard.scene import METHODS
from web.office.moments import Moments
from web.platform.services import ask, services
from web.words.texts import Words

LINES_MAX = 60


class Sum(msgspec.Struct, frozen=True):
    """A sum with its name."""

    name: str
    value: str


class Act(msgspec.Struct, frozen=True):
    """Something that settled a part of the charge."""

    what: str
    by: str
    at: str


class Bill(msgspec.Struct, frozen=True):
    """`due`: in minor units, `field` the same as one types it. `known`: whether the engine has worked it out."""

    due: int = 0
    field: str = ""
    sums: tuple[Sum, ...] = ()
    lines: tuple[Sum, ...] = ()
    acts: tuple[Act, ...] = ()
    methods: tuple[tuple[str, str], ...] = ()
    validates: bool = False
    receipt: bool = False
    known: bool = True


def charge_of(visit: str) -> ChargeView:
    """What the visit costs now; GatehouseError."""
    return msgspec.convert(ask("visits.charge", visit=visit), ChargeView)


def bill_of(times: Moments, visit: VisitView) -> Bill | None:
    """The bill of a visit; None before it has begun, and where nothing is charged."""
    if visit.entered_at is None:
        return None
    try:
        charge = charge_of(visit.visit)
    except GatehouseError:
        return Bill(known=False)
    if charge.currency is None:
        return None
    said, code = times.said, charge.currency
    sums = [(name, getattr(charge, name)) for name in ("amount", "paid", "waived", "owed", "due")]
    return Bill(
        due=charge.due,
        field=money(charge.due, code),
        sums=tuple(
            Sum(said(f"office.money.{name}"), in_words(said, amount, code))
            for name, amount in sums
            if amount or name in ("amount", "due")
        ),
        lines=tuple(_line(times, one, code) for one in charge.lines[:LINES_MAX]),
        acts=tuple(_acts(times, visit.visit)),
        methods=tuple((one, said(f"office.money.method.{one}")) for one in methods()),
        receipt=bool(charge.paid),
        validates=visit.state == "inside" and bool(charge.due),
    )


def methods() -> tuple[str, ...]:
    """How is paid at this site."""
    return tuple(services().site.document().get("charging", {}).get("methods", METHODS))


def _line(times: Moments, line: ChargeLine, currency: str) -> Sum:
    what, start, end = line.what, times.told(line.from_), times.told(line.until)
    return Sum(times.said(f"pay.line.{what}", start=start, end=end), money(line.amount, currency))


def _acts(times: Moments, visit: str) -> list[Act]:
    return [
        Act(_how(times.said, one.how, one.amount, one.currency), one.by, times.told(rfc3339(one.wall_ns)))
        for one in services().readers.state().settlements(visit)
    ]


def _how(said: Words, how: str, amount: int, currency: str) -> str:
    return said(f"office.money.act.{how}", sum=in_words(said, amount, currency))
