"""What a car must pay at an exit, or has paid: the sum, how it comes about, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from gateway.core.money.sums import money
from gateway.core.papers.receipt import runs
from gateway.core.vocabulary.times import local_time, wall_ns_of
from gateway.core.vocabulary.views import Case, ChargeLine, ChargeView, DebtView, LaneView, LastDecision
from web.guard.orders.may import why_not
from web.guard.scene import Scene, refusal
from web.words.texts import Words, clock, plate_as_written
from web.words.times import instant

ROWS_MAX = 5
"""Lines of the explanation that fit on the smallest screen."""
HOUR = 60


class Row(msgspec.Struct, frozen=True):
    """A line of the explanation: what for, how often, and its sum."""

    text: str
    each: str
    sum: str


class Owed(msgspec.Struct, frozen=True):
    """A sum from an earlier visit."""

    visit: str
    text: str
    amount: int


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: `due`, or `settled` once nothing is. `amount`: what is due, in minor units, as the payment names it.

    `why` cash is off, "" while it is on.
    """

    visit: str
    state: str
    plate: str
    amount: int
    sum: str
    stay: str
    rows: list[Row]
    paid: str
    leave: str
    by_code: str
    owed: list[Owed]
    why: str


class Pay(Charge, frozen=True, kw_only=True):
    """Of a car at a lane. `why_owe` the release as owed is off, "" while it is on; `leader`: it needs a leader."""

    case: str
    why_owe: str
    leader: bool


def pay(scene: Scene, lane: LaneView) -> Pay | None:
    """What the car at a lane must pay, or what was paid for it; None where nothing is charged."""
    waiting, asked = lane.case, charge_of(lane.case)
    if waiting is not None and asked is not None and "payment" in waiting.missing:
        return _pay(scene, lane, asked, debts_of(waiting), waiting.id)
    decision, charge = lane.last_decision, charge_of(lane.last_decision)
    if decision is None or charge is None or not decision.present:
        return None
    settled = not charge.due and bool(charge.paid or charge.waived or charge.owed)
    return _pay(scene, lane, charge, debts_of(decision), "") if settled else None


def debt(scene: Scene, charge: ChargeView, plate: str | None) -> Charge:
    """What is owed of a stay that is over; with its day, which may be long ago."""
    when = instant(charge.entered_at)
    day = scene.day(local_time(wall_ns_of(when), scene.place).date()) if when else ""
    settled = msgspec.structs.replace(charge, owed=0)
    return Charge(
        visit=charge.visit,
        state="due" if charge.due else "settled",
        plate=plate_as_written(plate) if plate else "",
        amount=charge.due,
        sum=in_words(scene.said, charge.due, charge.currency),
        stay=" · ".join([one for one in (day, _stay(scene, charge)) if one]),
        rows=_rows(scene, charge),
        paid=_paid(scene, settled),
        leave="",
        by_code=_by_code(scene, "debt"),
        owed=[],
        why=_no_cash(scene),
    )


def charge_of(shown: Case | LastDecision | None) -> ChargeView | None:
    """What a car is charged; None for none, and where no tariff holds."""
    return None if shown is None or shown.charge is UNSET else shown.charge


def debts_of(shown: Case | LastDecision) -> tuple[DebtView, ...]:
    """What a car owes from earlier visits."""
    return () if shown.debts is UNSET else shown.debts


def _pay(scene: Scene, lane: LaneView, charge: ChargeView, debts: Sequence[DebtView], case: str) -> Pay:
    owe = why_not(scene, lane, "owe")
    return Pay(
        visit=charge.visit,
        case=case,
        state="due" if case else "settled",
        plate=_plate(lane),
        amount=charge.due,
        sum=in_words(scene.said, charge.due, charge.currency),
        stay=_stay(scene, charge),
        rows=_rows(scene, charge),
        paid=_paid(scene, charge),
        leave=scene.said("pay.leave_by", time=scene.time(charge.leave_by)) if charge.leave_by else "",
        by_code=_by_code(scene, "car"),
        owed=[_owed(scene, one) for one in debts],
        why=_no_cash(scene),
        why_owe=refusal(scene.said, owe) if owe else "",
        leader=scene.owed_limit is not None and charge.due > scene.owed_limit,
    )


def _no_cash(scene: Scene) -> str:
    """Why no cash is taken here; "" where it is."""
    off = "role" if not scene.may_act else "method_not_taken" if "cash" not in scene.methods else ""
    return refusal(scene.said, off) if off else ""


def in_words(said: Words, amount: int, currency: str | None) -> str:
    """A sum with its currency."""
    code = currency or ""
    unit = said(f"pay.currency.{code}") if f"pay.currency.{code}" in said else code
    return said("pay.sum", sum=money(amount, code), unit=unit)


def owes(scene: Scene, debts: Sequence[DebtView]) -> str:
    """What a car owes from earlier visits, on its line; "" for nothing."""
    sums: dict[str, int] = {}
    for one in debts:
        sums[one.currency] = sums.get(one.currency, 0) + one.amount
    return (
        scene.said("pay.owes", sum=scene.said.listed([in_words(scene.said, n, code) for code, n in sums.items()]))
        if sums
        else ""
    )


def _plate(lane: LaneView) -> str:
    """The plate of the car, read or shown."""
    shown = [one.credential for one in (lane.case, lane.last_decision) if one is not None and one.credential]
    plates = [lane.case.plate_read if lane.case else None, *(one.value for one in shown if one.kind == "plate")]
    return next((plate_as_written(one) for one in plates if one), "")


def _stay(scene: Scene, charge: ChargeView) -> str:
    hours, minutes = divmod(charge.minutes, HOUR)
    lasted = scene.said("pay.hours" if hours else "pay.minutes", hours=hours, minutes=minutes)
    return scene.said("pay.stay", entered=_moment(scene, charge.entered_at, charge.until_at), lasted=lasted)


def _moment(scene: Scene, text: str | None, beside: str) -> str:
    """A time of day, with its day where that is another than that of the time beside it."""
    when, other = instant(text), instant(beside)
    if when is None or other is None:
        return ""
    local, there = (local_time(wall_ns_of(one), scene.place) for one in (when, other))
    return clock(local) if local.date() == there.date() else f"{local:%m-%d} {clock(local)}"


def _rows(scene: Scene, charge: ChargeView) -> list[Row]:
    """The explanation: equal lines that follow each other are one; what does not fit is one at the end."""
    grouped = runs(charge.lines)
    if len(grouped) > ROWS_MAX:
        grouped = [*grouped[: ROWS_MAX - 1], [one for same in grouped[ROWS_MAX - 1 :] for one in same]]
        return [*(_row(scene, same, charge) for same in grouped[:-1]), _rest(scene, grouped[-1], charge)]
    return [_row(scene, same, charge) for same in grouped]


def _row(scene: Scene, same: Sequence[ChargeLine], charge: ChargeView) -> Row:
    code, first, last = charge.currency or "", same[0], same[-1]
    start, end = _moment(scene, first.from_, charge.until_at), _moment(scene, last.until, charge.until_at)
    day, _, hour = end.rpartition(" ")
    span = {"start": start, "end": hour if start.startswith(f"{day} ") else end}
    each = f"{len(same)} × {money(first.amount, code)}" if len(same) > 1 else ""
    return Row(scene.said(f"pay.line.{first.what}", **span), each, money(sum(one.amount for one in same), code))


def _rest(scene: Scene, lines: Sequence[ChargeLine], charge: ChargeView) -> Row:
    total = money(sum(one.amount for one in lines), charge.currency or "")
    return Row(scene.said("pay.line.more", n=len(lines)), "", total)


def _paid(scene: Scene, charge: ChargeView) -> str:
    sums = (("paid", charge.paid), ("waived", charge.waived), ("owed", charge.owed))
    said = [
        scene.said(f"pay.was.{how}", sum=in_words(scene.said, amount, charge.currency))
        for how, amount in sums
        if amount
    ]
    return scene.said.listed(said)


def _by_code(scene: Scene, what: str) -> str:
    """What to do with a person who pays for a car, or a debt, by code; "" where the site takes none."""
    if not {"qr", "external"} & set(scene.methods):
        return ""
    return scene.said(f"pay.by_code.{what}.{'wait' if scene.central else 'away'}")


def _owed(scene: Scene, debt: DebtView) -> Owed:
    when = instant(debt.since)
    day = scene.day(local_time(wall_ns_of(when), scene.place).date()) if when else ""
    text = scene.said("pay.owed", sum=in_words(scene.said, debt.amount, debt.currency), day=day)
    return Owed(debt.visit, text, debt.amount)
