"""What people and central see of a charge. Sums are in minor units."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.views.base import View


class ChargeLine(View, frozen=True, kw_only=True, gc=False):
    """One line of the explanation; a reduction is negative."""

    what: Annotated[str, one_of("what it is", "block", "cap", "day_cap", "validation", "percent")]
    from_: Annotated[str, says("from then on")] = field(name="from")
    until: Annotated[str, says("until then")]
    period: Annotated[str | None, says("id of the period, null outside of all")]
    amount: Annotated[int, says("the sum")]


class ChargeView(View, frozen=True, kw_only=True, gc=False):
    """What a stay costs; the lines add up to the amount, and there are none for a stay that is over long ago."""

    visit: Annotated[str, says("id of the visit")]
    amount: Annotated[int, says("the whole charge")]
    currency: Annotated[str | None, says("three letters such as CNY, null when no tariff holds for it")]
    minutes: Annotated[int, says("minutes of the stay")]
    lines: Annotated[tuple[ChargeLine, ...], says("how the amount comes about")]
    paid: Annotated[int, says("what was paid")]
    waived: Annotated[int, says("what was waived")]
    owed: Annotated[int, says("what the car was released with as owed")]
    due: Annotated[int, says("what must be paid before the car may leave, or is owed")]
    leave_by: Annotated[str | None, says("until when the car may leave by what was paid, null without a payment")]
    entered_at: Annotated[str | None, says("from when it is charged, null before the car has come in")]
    until_at: Annotated[str, says("the instant up to which it was worked out")] = field(name="until")
    tariff: Annotated[str | None, says("id of the tariff, null when none holds for it")]


class DebtView(View, frozen=True, kw_only=True, gc=False):
    """A sum that the car was released with at an earlier exit."""

    visit: Annotated[str, says("id of that visit")]
    amount: Annotated[int, says("what is owed of it")]
    currency: Annotated[str, says("three letters such as CNY")]
    since: Annotated[str, says("since when")]
