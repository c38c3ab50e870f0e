"""A visitor as the office's forms and pages have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.settings.model import Building
from gateway.core.vocabulary.views import VisitView
from web.guard.visitor.model import CLASSES, unit_text
from web.office.moments import Moments
from web.platform.services import services
from web.visits.purposes import purpose_in_words, purposes
from web.words.texts import Words, plate_as_written
from web.words.times import instant

TONES = {"expected": "info", "missed": "", "inside": "ok", "ended": "", "cancelled": ""}
FIELDS = ("plate", "building", "room", "purpose", "people", "from", "until", "vehicle_class")


class Line(msgspec.Struct, frozen=True):
    """A visitor in a list."""

    visit: str
    title: str
    where: str
    when: str
    state: str
    tone: str


class Fact(msgspec.Struct, frozen=True):
    """Something that is known of a visit, with its name."""

    name: str
    value: str


class Options(msgspec.Struct, frozen=True):
    """What the fields of a visitor's form offer: pairs of value and words."""

    buildings: list[tuple[str, str]]
    purposes: list[tuple[str, str]]
    classes: list[tuple[str, str]]


def state_of(times: Moments, visit: VisitView) -> str:
    """How far it is; a visitor whose time is over has not come."""
    until = instant(visit.until)
    return "missed" if visit.state == "expected" and until is not None and until <= times.now else visit.state


def line(times: Moments, visit: VisitView) -> Line:
    """One visitor in the list."""
    said, state = times.said, state_of(times, visit)
    about = (visit.unit or "", purpose_in_words(said, visit.purpose or "", purposes()))
    return Line(
        visit.visit,
        title(said, visit),
        " · ".join(one for one in about if one),
        when(times, visit),
        said(f"office.visits.state.{state}"),
        TONES[state],
    )


def title(said: Words, visit: VisitView) -> str:
    """What one calls it: its plate, else its card."""
    if visit.plate:
        return plate_as_written(visit.plate)
    return said("office.visits.card", card=visit.card) if visit.card else said("office.visits.no_plate")


def when(times: Moments, visit: VisitView) -> str:
    """From when to when, or when it came and left."""
    said = times.said
    if visit.exited_at:
        return said("office.visits.left", at=times.told(visit.exited_at))
    if visit.entered_at:
        return said("office.visits.came", at=times.told(visit.entered_at))
    return said("office.visits.between", start=times.told(visit.from_), end=times.end(visit.until))


def facts(times: Moments, visit: VisitView, lanes: Mapping[str, str]) -> list[Fact]:
    """What is known of a visit."""
    said = times.said
    loads = [said(f"office.visits.{one}") for one in ("goods", "hazardous") if getattr(visit, one)]
    named = [(visit.lane, visit.entered_at), (visit.exit_lane, visit.exited_at)]
    came, left = (
        " · ".join(one for one in (times.told(at), lanes.get(lane or "", lane or "")) if one) for lane, at in named
    )
    known = {
        "where": visit.unit or "",
        "purpose": purpose_in_words(said, visit.purpose or "", purposes()),
        "people": str(visit.people or ""),
        "vehicle": said(f"vehicle.{visit.vehicle_class}") if visit.vehicle_class else "",
        "loads": said.listed(loads),
        "time": said("office.visits.between", start=times.told(visit.from_), end=times.end(visit.until))
        if visit.until
        else "",
        "came_in": came,
        "left_at": left,
        "by": visit.by or "",
        "let_in": visit.let_in_by or "",
    }
    return [Fact(said(f"office.visits.{key}"), value) for key, value in known.items() if value]


def buildings() -> list[Building]:
    """The buildings of the site."""
    return msgspec.convert(services().site.document().get("buildings", []), list[Building])


def options(said: Words, purpose: str = "") -> Options:
    """What can be chosen; a purpose of another program stays to be chosen."""
    known = purposes()
    codes = list(dict.fromkeys([*(one.id for one in known), *([purpose] if purpose else [])]))
    return Options(
        [("", said("office.visits.no_building")), *((one.id, one.name or one.id) for one in buildings())],
        [(one, purpose_in_words(said, one, known)) for one in codes],
        [(one, said(f"vehicle.{one}")) for one in CLASSES],
    )


def asked_for(form: Mapping[str, str], times: Moments, known: Sequence[Building]) -> dict[str, Any]:
    """What a form says of a visitor, as the engine takes it."""
    building = next((one for one in known if one.id == form.get("building")), None)
    people = form.get("people", "").strip()
    room = form.get("room", "").strip()
    return {
        "plate": form.get("plate", "").strip() or None,
        "unit": unit_text(building, room) if building else room,
        "building": building.id if building else None,
        "purpose": form.get("purpose", "").strip(),
        "people": int(people) if people.isascii() and people.isdigit() else people or None,
        "from": times.instant(form.get("from", "")),
        "until": times.instant(form.get("until", "")),
        "vehicle_class": form.get("vehicle_class", "car"),
        "goods": form.get("goods") == "yes",
        "hazardous": form.get("hazardous") == "yes",
    }


def as_form(times: Moments, visit: VisitView, known: Sequence[Building]) -> dict[str, str]:
    """A visitor as the values of the form that corrects it."""
    building = next((one for one in known if one.id == visit.building), None)
    unit = visit.unit or ""
    return {
        "plate": visit.plate or "",
        "building": building.id if building else "",
        "room": unit.removeprefix(building.name or building.id).strip() if building else unit,
        "purpose": visit.purpose or "",
        "people": str(visit.people or ""),
        "from": times.field(visit.from_),
        "until": times.field(visit.until),
        "vehicle_class": visit.vehicle_class or "car",
        "goods": "yes" if visit.goods else "",
        "hazardous": "yes" if visit.hazardous else "",
    }


def as_shown(text: str) -> dict[str, str]:
    """The values that a form was shown with, as it sends them back; empty for none."""
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError:
        return {}


def changed(before: Mapping[str, str], form: Mapping[str, str], asked: dict[str, Any]) -> dict[str, Any]:
    """Of what was asked for the things that differ from before: a field that was not touched changes nothing."""
    fields = {"unit": ("room", "building"), "building": ("building",)}
    touched = {
        key for key in asked if any(form.get(one, "").strip() != before.get(one, "") for one in fields.get(key, (key,)))
    }
    return {key: value for key, value in asked.items() if key in touched}


def wrong_field(error: Exception) -> str:
    """The field that an error of the engine is about; `plate` where it names none."""
    field = str(error).partition(" ")[0]
    return {"unit": "room"}.get(field, field if field in FIELDS else "plate")
