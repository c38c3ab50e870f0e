"""Release slips as the office's pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.core.vocabulary.views import SlipView
from web.office.moments import Moments
from web.words.texts import plate_as_written

TONES = {"open": "ok", "unconfirmed": "warn", "used": "", "cancelled": "", "expired": ""}


class Line(msgspec.Struct, frozen=True):
    """A slip in the list: `whose` the unit, the vehicle or both."""

    slip: str
    code: str
    goods: str
    whose: str
    until: str
    state: str
    tone: str


class Fact(msgspec.Struct, frozen=True):
    """Something that is known of a slip, with its name."""

    name: str
    value: str


class Step(msgspec.Struct, frozen=True):
    """Something that was done with it."""

    words: str
    by: str
    at: str
    more: str = ""


def line(times: Moments, slip: SlipView) -> Line:
    """One slip in the list."""
    said = times.said
    return Line(
        slip.slip,
        slip.code,
        slip.goods,
        whose(slip),
        said("office.slips.until", at=times.end(slip.until)),
        said(f"office.slips.state.{slip.state}"),
        TONES[slip.state],
    )


def whose(slip: SlipView) -> str:
    """Unit and vehicle."""
    return " · ".join(one for one in (slip.unit, plate_as_written(slip.plate) if slip.plate else "") if one)


def facts(times: Moments, slip: SlipView) -> list[Fact]:
    """What the slip says, as its page and its paper show it."""
    said = times.said
    vehicle = plate_as_written(slip.plate) if slip.plate else said("slip.any_vehicle")
    known = {
        "goods": slip.goods,
        "unit": slip.unit,
        "vehicle": vehicle,
        "until.label": times.end(slip.until),
        "carrier": said(f"office.slips.carrier.{slip.carrier}"),
        "asked_by": said(f"office.slips.asked.{slip.asked_by}") if slip.asked_by else "",
    }
    return [Fact(said(f"office.slips.{key}"), value) for key, value in known.items() if value]


def steps(times: Moments, slip: SlipView, lanes: Mapping[str, str]) -> list[Step]:
    """What was done with it, oldest first."""
    said = times.said
    found = [Step(said("office.slips.step.made"), slip.by or "", times.told(slip.at))]
    if slip.confirmed_by:
        found.append(Step(said("office.slips.step.confirmed"), slip.confirmed_by, ""))
    if slip.state == "used":
        lane = lanes.get(slip.lane or "", slip.lane or "")
        found.append(Step(said("office.slips.step.used"), slip.used_by or "", times.told(slip.used_at), lane))
    if slip.state == "cancelled":
        at = times.told(slip.cancelled_at)
        found.append(Step(said("office.slips.step.cancelled"), slip.cancelled_by or "", at, slip.reason or ""))
    return found


def asked_for(form: Mapping[str, str], times: Moments) -> dict[str, Any]:
    """What a form says of a slip, as the engine takes it."""
    given = {key: form.get(key, "").strip() for key in ("unit", "plate", "goods")}
    return {
        **{key: value for key, value in given.items() if value},
        "goods": given["goods"],
        "until": times.instant(form.get("until", "")),
        "carrier": form.get("carrier", "owner"),
        "confirmed": form.get("confirmed") == "yes",
        "asked_by": form.get("asked_by") or None,
    }
