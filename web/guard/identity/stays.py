"""The cars inside, found by part of a plate, a card or a unit, or by the time of entry: which one leaves now?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

import msgspec

from gateway.core.plates.plates import normalise
from gateway.core.vocabulary.times import local_time, wall_ns_of
from gateway.core.vocabulary.views import VisitView
from gateway.store.projections.state import State
from web.guard.scene import Lookup
from web.words.texts import Words, clock, plate_as_written
from web.words.times import instant

SHOWN_MAX = 30
LOOKED_MAX = 10_000
_PAGE = 1_000


class Stay(msgspec.Struct, frozen=True):
    """A car inside, in words: its plate or what it showed, and its unit with the day and time of entry."""

    visit: str
    title: str
    detail: str


def stays(state: State, query: str, lookup: Lookup, said: Words, zone: tzinfo) -> list[Stay]:
    """The cars inside that fit a query, those that came last first; all for an empty one."""
    wanted = normalise(query) if query else ""
    found = []
    for one in _inside(state):
        unit = _unit(one, lookup)
        entered = moment(one.entered_at, zone)
        texts = (normalise(one.plate or ""), one.card or "", normalise(unit), entered[-5:].replace(":", ""))
        if not wanted or any(wanted in text for text in texts):
            found.append((one.entered_at or "", _stay(one, unit, entered, said)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)[:SHOWN_MAX]]


def stay_of(state: State, visit: str, lookup: Lookup, said: Words, zone: tzinfo) -> Stay | None:
    """One visit in the same words; None when it is not known."""
    one = state.visit(visit)
    return None if one is None else _stay(one, _unit(one, lookup), moment(one.entered_at, zone), said)


def _inside(state: State) -> Iterator[VisitView]:
    after, looked = "", 0
    while looked < LOOKED_MAX:
        page = state.visits("inside", "", after, _PAGE)
        yield from page
        looked += len(page)
        if len(page) < _PAGE:
            return
        after = page[-1].id


def _unit(one: VisitView, lookup: Lookup) -> str:
    found = lookup(one.pass_) if one.pass_ else None
    return one.unit or (found.unit if found else "") or ""


def moment(text: str | None, zone: tzinfo) -> str:
    """Day and time in site time, such as `11-30 08:15`."""
    when = instant(text)
    if when is None:
        return ""
    local = local_time(wall_ns_of(when), zone)
    return f"{local:%m-%d} {clock(local)}"


def _stay(one: VisitView, unit: str, entered: str, said: Words) -> Stay:
    plate = plate_as_written(one.plate) if one.plate else ""
    title = plate or (said("identity.card", card=one.card) if one.card else said("identity.no_plate"))
    return Stay(one.id, title, " · ".join(text for text in (unit, said("identity.entered", at=entered)) if text))
