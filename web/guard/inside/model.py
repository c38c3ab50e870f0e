"""What the place *inside* shows, in words: the counts, the cars by age, one car with its line.

Names of holders are for those who may act at the lanes; they come from the passes at this moment and are kept nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from gateway.core.settings.model import Settings, Site
from gateway.core.vocabulary.events import Debt
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.times import local_time, wall_ns_of
from gateway.core.vocabulary.views import InsideView, VisitView
from web.guard.pay.model import in_words
from web.guard.scene import Scene
from web.visits.purposes import purpose_in_words
from web.words.texts import clock, plate_as_written
from web.words.times import instant, ms_since

KINDS = ("monthly", "temporary", "staff", "visitor", "unknown")
"""The kinds that are counted on the screen; a blocked pass that a person let in is among the unknown ones."""
HOUR_MS = 3_600_000
DAY_H = 24


class Tile(msgspec.Struct, frozen=True):
    """A number with its name; `kind` is what the list is narrowed to by it."""

    kind: str
    name: str
    number: int


class Row(msgspec.Struct, frozen=True):
    """A car in the list. `long`: it stays too long. `visit` is empty for a car that is not inside, by its `plate`.
    `owes`: it is what is owed of an earlier stay. `ticket`: the visit that a ticket can be printed for.
    """

    visit: str
    title: str
    what: str
    age: str
    long: bool = False
    plate: str = ""
    owes: bool = False
    ticket: str = ""


class Shown(msgspec.Struct, frozen=True):
    """The place: `count` and `free` in words, `seen`: the last correction of the number, for the next one."""

    count: str
    free: str
    full: bool
    cars: int
    seen: str
    set: str
    tiles: tuple[Tile, ...]
    rows: tuple[Row, ...]
    more: bool
    none: str


class Line(msgspec.Struct, frozen=True):
    """One car: its title and the lines about it; `inside`: whether its visit can be ended."""

    visit: str
    title: str
    lines: tuple[str, ...]
    inside: bool


def shown(
    scene: Scene, found: InsideView, overstayed: int, stays: Sequence[VisitView], others: Sequence[Row], site: Site,
    *, more: bool,
) -> Shown:  # fmt: skip
    """The whole place; `others` are rows of cars that are not inside."""
    said = scene.said
    numbers = {kind: getattr(found, kind) for kind in KINDS}
    numbers["unknown"] += found.blocked
    tiles = [Tile(kind, said(f"inside.kind.{kind}"), numbers[kind]) for kind in KINDS]
    tiles.append(Tile("long", said("inside.long"), overstayed))
    full = found.free == 0
    free = "" if found.free is None else said("inside.full" if full else "inside.free", n=found.free)
    last = found.set
    set_ = said("inside.set", n=last.count, by=last.by or "", time=_when(scene, last.at)) if last else ""
    return Shown(
        count=said("inside.count", n=found.count),
        free=free,
        full=full,
        cars=found.count,
        seen=last.correction if last else "",
        set=set_,
        tiles=tuple(tiles),
        rows=(*(_row(scene, one, site) for one in stays), *others),
        more=more,
        none=said("inside.none"),
    )


def line(scene: Scene, visit: VisitView, settings: Settings | None) -> Line:
    """One visit: who it is, when and where and by what it came in, who let it in, how it ended."""
    said, found = scene.said, scene.pass_of(visit.pass_)
    names = {one.id: one.name or one.id for one in settings.lanes} if settings else {}
    came = [said("inside.came", time=_when(scene, visit.entered_at), ago=_age(scene, visit))]
    if visit.lane:
        came.append(said("inside.at", lane=names.get(visit.lane, visit.lane)))
    if visit.certainty == "declared" and not visit.lane:
        came.append(said("inside.unseen"))
    elif visit.shown:
        came.append(said(f"inside.by.{visit.shown}"))
    lines = [_who(scene, visit, found), " · ".join(came)]
    if visit.let_in_by:
        by = said("inside.let_in" if visit.lane else "inside.declared", by=visit.let_in_by)
        lines.append(f"{by} · {_why(scene, visit.stated)}" if visit.stated else by)
    if found is not None and found.bay:
        lines.append(said("inside.bay", bay=found.bay))
    if visit.state == "ended":
        how = said("inside.ended_by", by=visit.ended_by) if visit.ended_by else ""
        how = how or said(f"inside.ended.{visit.ended or 'seen'}")
        why = _why(scene, visit.ended_reason) if visit.ended_reason else ""
        lines.append(" · ".join(one for one in (_when(scene, visit.exited_at), how, why) if one))
    return Line(visit.visit, _title(scene, visit), tuple(one for one in lines if one), visit.state == "inside")


def away(scene: Scene, found: Pass, plate: str) -> Row:
    """A car of a pass that is not inside, as far as it is known."""
    what = " · ".join(one for one in (found.holder, found.unit) if one)
    return Row("", plate_as_written(plate), what, scene.said("inside.away"), plate=plate)


def expected(scene: Scene, visit: VisitView) -> Row:
    """A visitor who has not come."""
    away = scene.said("inside.away")
    return Row("", _title(scene, visit), _visitor(scene, visit), away, plate=visit.plate or "", ticket=visit.id)


def owing(scene: Scene, debt: Debt, visit: VisitView) -> Row:
    """What is owed of a stay that is over."""
    day = scene.day(local_time(debt.since_ns, scene.place).date())
    since = scene.said("inside.owes.since", sum=in_words(scene.said, debt.amount, debt.currency), day=day)
    return Row(visit.id, _title(scene, visit), since, scene.said("inside.owes"), owes=True)


def _why(scene: Scene, reason: str) -> str:
    """A reason that was chosen, in words; one of a program as it is."""
    return scene.said.first(f"because.{reason}", f"inside.why.{reason}", "inside.said", said=reason)


def _row(scene: Scene, visit: VisitView, site: Site) -> Row:
    found = scene.pass_of(visit.pass_)
    hours = ms_since(visit.entered_at, scene.now) // HOUR_MS
    bound_h = site.stay_days * DAY_H if visit.kind in ("monthly", "staff") else site.stay_h
    too_long = hours >= bound_h or _is_late(scene, visit)
    who, ticket = _who(scene, visit, found), visit.id if visit.until else ""
    return Row(visit.visit, _title(scene, visit), who, _age(scene, visit), too_long, ticket=ticket)


def _is_late(scene: Scene, visit: VisitView) -> bool:
    """Whether it stays for longer than its purpose allows."""
    rule = next((one for one in scene.purposes if one.id == visit.purpose), None)
    until = instant(visit.until)
    return rule is not None and rule.stay_minutes is not None and until is not None and until < scene.now


def _who(scene: Scene, visit: VisitView, found: Pass | None) -> str:
    told = [found.holder, found.unit] if found is not None else [_visitor(scene, visit)]
    named = " · ".join(one for one in told if one)
    kind = visit.kind if visit.kind in KINDS else "unknown"
    return " · ".join(one for one in (scene.said(f"inside.kind.{kind}"), named) if one)


def _title(scene: Scene, visit: VisitView) -> str:
    return plate_as_written(visit.plate) if visit.plate else scene.said("inside.no_plate")


def _visitor(scene: Scene, visit: VisitView) -> str:
    """The unit and the purpose; one of a program is shown as it is."""
    purpose = purpose_in_words(scene.said, visit.purpose or "", scene.purposes)
    return " · ".join(one for one in (visit.unit, purpose) if one)


def _age(scene: Scene, visit: VisitView) -> str:
    """How long ago it came in."""
    minutes = ms_since(visit.entered_at, scene.now) // 60_000
    if minutes < 60:
        return scene.said("ago.minutes", n=minutes) if minutes else scene.said("ago.now")
    hours = minutes // 60
    return scene.said("ago.hours", n=hours) if hours < 2 * DAY_H else scene.said("ago.days", n=hours // DAY_H)


def _when(scene: Scene, text: str | None) -> str:
    """An instant as time of day, with the day when it is another."""
    when: datetime | None = instant(text)
    if when is None:
        return ""
    local, today = local_time(wall_ns_of(when), scene.place), scene.now.astimezone(scene.place).date()
    time = clock(local)
    return time if local.date() == today else f"{scene.said.day(local.date(), today)} {time}"
