"""Vehicles that were let in at a lane and have not passed."""

from __future__ import annotations

import msgspec

from web.guard.lane.car import Car, credential_text
from web.guard.scene import Facts, Scene, named
from web.words.texts import plate_as_written


class Waits(msgspec.Struct, frozen=True):
    """`shown` and `by` are on the panel, `text` is on the button; `whole` when it has the panel's line to itself."""

    text: str
    shown: str
    by: str
    whole: bool
    at_ms: int | None


def waits(scene: Scene, lane: Facts, car: Car | None) -> Waits | None:
    """The vehicles that were let in, but for the one whose verdict is shown; None for none."""
    grants = [one for one in lane.get("waiting_grants") or [] if one.get("lane") in (None, lane["id"])]
    shown = lane.get("last_decision") if car is not None and not car.earlier else None
    others = [one for one in grants if shown is None or not _of_decision(one, shown)]
    if not others:
        return None
    first, more = others[0], len(others) - 1
    whole = car is None or car.earlier
    by = "" if first.get("by") in (None, "", "gateway") else named(first["by"])
    who = scene.said("waits.who", who=_who(scene, first)) + (f" +{more}" if more else "")
    return Waits(
        text=f"{who} · {by}" if by else who,
        shown=who if whole else scene.said("waits.brief", n=len(others)),
        by=by if whole else "",
        whole=whole,
        at_ms=scene.epoch_ms(first["at"]) if first.get("at") else None,
    )


def _who(scene: Scene, grant: Facts) -> str:
    """Who was let in: the plate, else what was read, else a vehicle."""
    pass_, credential = scene.pass_of(grant), grant.get("credential") or {}
    if credential.get("kind") == "plate":
        return plate_as_written(credential["value"])
    if pass_ and pass_.plates:
        return plate_as_written(pass_.plates[0])
    return credential_text(scene, credential) if credential else scene.said("waits.vehicle")


def _of_decision(grant: Facts, decision: Facts) -> bool:
    """Whether a grant is the one that a decision gave."""
    if decision.get("grant") is not None:
        return bool(grant.get("id") == decision["grant"])
    known = grant.get("credential") is not None and grant.get("credential") == decision.get("credential")
    return decision["verdict"] == "granted" and (known or grant.get("at") == decision.get("at"))
