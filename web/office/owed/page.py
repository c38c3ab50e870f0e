"""The sums that cars were released with as owed, the latest first, with what is owed in all."""

from __future__ import annotations

import msgspec
from flask import Response

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.events import Debt
from gateway.core.vocabulary.times import rfc3339
from web.guard.pay.model import in_words
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.office.listing import PAGE, listing
from web.office.moments import Moments, moments
from web.platform.services import services
from web.words.texts import plate_as_written

PATH = "/office/owed"
SHEETS = ("office/parts.css",)


class Line(msgspec.Struct, frozen=True):
    """A debt in the list."""

    visit: str
    title: str
    where: str
    since: str
    amount: str


@door(Right.COLLECT)
def owed() -> Response:
    """All that is owed."""
    times, asked, state = moments(), listing(("",)), services().readers.state()
    found = state.owed(asked.query, PAGE + 1, asked.number * PAGE)
    sums = [(in_words(times.said, amount, code), count) for code, amount, count in state.owed_in_all()]
    return installer_page(
        "office/owed/page.html",
        place="owed",
        sheets=SHEETS,
        lines=[_line(times, one) for one in found[:PAGE]],
        sums=sums,
        state="",
        q=asked.query,
        number=asked.number,
        more=len(found) > PAGE,
    )


def _line(times: Moments, debt: Debt) -> Line:
    said, visit = times.said, services().readers.state().visit(debt.visit)
    card = said("office.visits.card", card=debt.credential) if debt.credential else said("office.visits.no_plate")
    return Line(
        debt.visit,
        plate_as_written(debt.plate) if debt.plate else card,
        (visit.unit or "") if visit else "",
        said("office.owed.since", at=times.told(rfc3339(debt.since_ns))),
        in_words(said, debt.amount, debt.currency),
    )


ROUTES = (("GET", PATH, owed),)
