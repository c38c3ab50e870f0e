"""Checks what is said of a release slip; errors name the field, the value and the remedy."""

from __future__ import annotations

from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET

from gateway.core.people.texts import wrong_text
from gateway.core.plates.plates import is_none, is_plate
from gateway.core.settings.explain import explain
from gateway.core.vocabulary.errors import SlipError
from gateway.store.passes.credentials import normal_plate
from gateway.store.times import parse_wall_ns, rfc3339
from gateway.store.visits.check import DAY_NS, end_of_day

DAYS_MAX = 31
"""A slip ends within so many days."""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a slip: the unit, the plate, or both; `until`: the end of the site's day unless given.

    `confirmed`: the owner has confirmed that another (`carrier` is `other`) carries the goods.
    """

    goods: str
    unit: str = ""
    plate: str | None = None
    until: str | None = None
    carrier: Literal["owner", "other"] = "owner"
    confirmed: bool = False
    asked_by: Literal["owner", "tenant", "family", "firm", "office"] | None = None


def said_of(document: dict[str, Any]) -> Said:
    """What a document says; SlipError names the key that does not fit."""
    try:
        return msgspec.convert(document, Said)
    except msgspec.ValidationError as error:
        path, words = explain(error, document, Said)
        raise SlipError(f"{path.removeprefix('.') or 'slip'} {words}") from None


def check_slip(said: Said, now_ns: int, zone: ZoneInfo) -> dict[str, Any]:
    """The fields of its row; SlipError for the first thing that is wrong."""
    if not said.goods.strip():
        raise SlipError("goods is empty; say what leaves")
    if not said.unit.strip() and not said.plate:
        raise SlipError("unit is empty; say where the goods leave, or the plate of the vehicle")
    for field in ("unit", "goods"):
        if wrong := wrong_text(getattr(said, field)):
            raise SlipError(f"{field} {wrong}")
    until_ns = _instant(said.until) if said.until is not None else end_of_day(now_ns, zone)
    if until_ns <= now_ns:
        raise SlipError(f"until is {rfc3339(until_ns)}, which has passed; give a later instant")
    if until_ns - now_ns > DAYS_MAX * DAY_NS:
        raise SlipError(f"until is {rfc3339(until_ns)}; give an instant at most {DAYS_MAX} days ahead")
    return {
        "unit": said.unit.strip(),
        "goods": said.goods.strip(),
        "plate": _plate(said.plate),
        "until": rfc3339(until_ns),
        "carrier": said.carrier,
        "confirmed": said.confirmed,
        "asked_by": said.asked_by or UNSET,
    }


def _plate(text: str | None) -> str | None:
    if not text:
        return None
    plate = normal_plate(text)
    if is_none(plate) or not is_plate(plate):
        raise SlipError(f"plate is {text[:40]!r}, which is no plate; leave it out for any vehicle")
    return plate


def _instant(text: str) -> int:
    try:
        return parse_wall_ns(text)
    except ValueError:
        raise SlipError(f"until is {text[:60]!r}; give an instant such as 2026-12-31T18:00:00+08:00") from None
