"""Vehicles that were let in at a lane and have not passed."""

from __future__ import annotations

import msgspec

from gateway.core.vocabulary.views import LaneView, WaitingGrant
from web.guard.lane.car import Car, credential_text
from web.guard.scene import Scene, named
from web.words.texts import plate_as_written


class Waits(msgspec.Struct, frozen=True):
    """`shown` and `by` are on the panel, `text` is on the button; `whole` when it has the panel's line to itself."""

    text: str
    shown: str
    by: str
    whole: bool
    at_ms: int


def waits(scene: Scene, lane: LaneView, car: Car | None) -> Waits | None:
    """The vehicles that were let in, but for the one whose verdict is shown; None for none."""
    shown = lane.last_decision if car is not None and not car.earlier else None
    others = [one for one in lane.waiting_grants if shown is None or one.id != shown.grant]
    if not others:
        return None
    first, more = others[0], len(others) - 1
    whole = car is None or car.earlier
    by = "" if first.by in ("", "gateway") else named(first.by)
    who = scene.said("waits.who", who=_who(scene, first)) + (f" +{more}" if more else "")
    return Waits(
        text=f"{who} · {by}" if by else who,
        shown=who if whole else scene.said("waits.brief", n=len(others)),
        by=by if whole else "",
        whole=whole,
        at_ms=scene.epoch_ms(first.at),
    )


def _who(scene: Scene, grant: WaitingGrant) -> str:
    """Who was let in: the plate, else what was read, else a vehicle."""
    pass_, credential = scene.pass_of(grant.pass_), grant.credential
    if credential and credential.kind == "plate":
        return plate_as_written(credential.value)
    if pass_ and pass_.plates:
        return plate_as_written(pass_.plates[0])
    return credential_text(scene, credential) if credential else scene.said("waits.vehicle")
