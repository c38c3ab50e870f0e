"""Checks what is said of a visitor, for screens, HTTP and MQTT; errors name the field, the value and the remedy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET

from gateway.core.people.texts import wrong_text
from gateway.core.plates.plates import is_none, is_plate
from gateway.core.vocabulary.errors import VisitError
from gateway.core.vocabulary.times import NS_PER_S
from gateway.store.passes.codes import DAYS_MAX
from gateway.store.passes.credentials import normal_card, normal_plate
from gateway.store.times import local_time, parse_wall_ns, rfc3339, wall_ns_of

PEOPLE_MAX = 200
DAY_NS = 86_400 * NS_PER_S
_UNTIL_MAX_NS = DAYS_MAX * DAY_NS

VehicleClass = Literal["car", "motorcycle", "truck", "bus"]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """What is said of a visitor. `from_`: now unless given; `until`: the end of the site's day unless given."""

    plate: str | None = None
    card: str | None = None
    unit: str = ""
    purpose: str = ""
    people: Annotated[int, msgspec.Meta(ge=1, le=PEOPLE_MAX)] | None = None
    from_: str | None = None
    until: str | None = None
    vehicle_class: VehicleClass = "car"
    building: str | None = None
    goods: bool | None = None
    hazardous: bool = False


class Visitor(msgspec.Struct, frozen=True):
    """A visitor after the check: credentials in normal form, instants in nanoseconds."""

    plate: str | None
    card: str | None
    unit: str
    purpose: str
    people: int | None
    from_ns: int
    until_ns: int
    vehicle_class: str
    building: str | None
    goods: bool | None
    hazardous: bool = False

    def fields(self) -> dict[str, Any]:
        """The fields of its row."""
        return {
            "unit": self.unit,
            "purpose": self.purpose,
            "people": self.people,
            "plate": self.plate,
            "card": self.card,
            "from_": rfc3339(self.from_ns),
            "until": rfc3339(self.until_ns),
            "vehicle_class": self.vehicle_class,
            "building": UNSET if self.building is None else self.building,
            "goods": UNSET if self.goods is None else self.goods,
            "hazardous": self.hazardous or UNSET,
        }


def check_visitor(said: Said, now_ns: int, zone: ZoneInfo, stay_minutes: int | None = None) -> Visitor:
    """The visitor; VisitError for the first thing that is wrong. `stay_minutes`: how long it lets in unless given, to
    the end of the day where there is no such rule.
    """
    for field in ("unit", "purpose"):
        if wrong := wrong_text(getattr(said, field)):
            raise VisitError(f"{field} {wrong}")
    from_ns = _instant("from", said.from_) if said.from_ is not None else now_ns
    begins_ns = max(from_ns, now_ns)
    ends_ns = end_of_day(begins_ns, zone) if stay_minutes is None else begins_ns + stay_minutes * 60 * NS_PER_S
    until_ns = _instant("until", said.until) if said.until is not None else ends_ns
    if until_ns <= from_ns:
        raise VisitError(f"until is {rfc3339(until_ns)}, which is not after from ({rfc3339(from_ns)})")
    if until_ns <= now_ns:
        raise VisitError(f"until is {rfc3339(until_ns)}, which has passed; give a later instant")
    if until_ns - now_ns > _UNTIL_MAX_NS:
        raise VisitError(f"until is {rfc3339(until_ns)}; give an instant at most {DAYS_MAX} days ahead")
    return Visitor(
        checked_plate(said.plate),
        _card(said.card),
        said.unit,
        said.purpose,
        said.people,
        from_ns,
        until_ns,
        said.vehicle_class,
        said.building or None,
        said.goods,
        said.hazardous,
    )


def end_of_day(wall_ns: int, zone: ZoneInfo) -> int:
    """The site's next midnight."""
    day = local_time(wall_ns, zone).date() + timedelta(days=1)
    return wall_ns_of(datetime(day.year, day.month, day.day, tzinfo=zone))


def _instant(field: str, text: str) -> int:
    try:
        found = parse_wall_ns(text)
        if found < 0:
            raise ValueError("before 1970, which no column of nanoseconds need hold")
        return found
    except ValueError:
        raise VisitError(f"{field} is {text[:60]!r}; give an instant such as 2026-11-30T18:00:00+08:00") from None


def checked_plate(text: str | None) -> str | None:
    """A plate in normal form, None for none; VisitError."""
    if not text:
        return None
    plate = normal_plate(text)
    if is_none(plate) or not is_plate(plate):
        raise VisitError(f"plate is {text[:40]!r}, which is no plate; leave it out for a vehicle without one")
    return plate


def _card(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return normal_card(text)
    except ValueError:
        raise VisitError(f"card is {text[:40]!r}; give the card's number in decimal, or an EPC in hex") from None
