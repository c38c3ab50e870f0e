"""Release slips for the guard's screen: those that hold now, and their use for the car at an exit."""

from __future__ import annotations

import time

import msgspec
from flask import Response, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, SlipConflictError
from gateway.core.vocabulary.views import LaneView, SlipView
from web.guard.orders.answers import answer, body_of
from web.guard.orders.lanes import confirmed_by_pin
from web.guard.orders.send import way
from web.guard.scene import refusal
from web.people import auth, stations
from web.platform import look
from web.platform.services import ask, services
from web.words.texts import Words, plate_as_written

SHOWN_MAX = 60
ANSWER_S = 3.0


class Slip(msgspec.Struct, frozen=True):
    """A slip in words, `goods` with the code on its paper; `fits`: it names the car at the lane; `why` it releases
    nothing, "" when it does.
    """

    slip: str
    title: str
    goods: str
    vehicle: str
    carrier: str
    fits: bool
    why: str


@auth.require_operator(Right.COMMAND)
def slips() -> Response:
    """The slips that have not ended; that of the car at the lane first, then those that release goods."""
    said, now_ns, state = look.said(), time.time_ns(), services().readers.state()
    lane = _lane(request.args.get("lane", ""))
    plate = lane.case.plate_read if lane is not None and lane.case is not None else None
    found = [one for kind in ("open", "unconfirmed") for one in state.slips(kind, "", now_ns, limit=SHOWN_MAX)]
    shown = sorted((_in_words(said, one, plate) for one in found), key=lambda one: (not one.fits, bool(one.why)))
    return Response(msgspec.json.encode({"items": shown[:SHOWN_MAX]}), content_type="application/json")


@auth.require_operator(Right.COMMAND)
def use_slip(slip: str) -> Response:
    """The guard has matched the goods and signs by PIN: the slip is used for the car that waits, once."""
    body, said = body_of(), look.said()
    lane = _lane(str(body.get("lane") or ""))
    if lane is None:
        return answer("refused", said("slip.no_lane"), 409, "unknown_lane")
    by = auth.signed_in().name
    if wrong := confirmed_by_pin("slip", by, str(body.get("pin") or "")):
        return wrong
    case = lane.case
    try:
        ask(
            "slips.use",
            timeout_s=ANSWER_S,
            slip=slip,
            lane=lane.id,
            case=case.id if case else "",
            credential=msgspec.to_builtins(case.credential) if case and case.credential else None,
            plate=(case.plate_read or "") if case else "",
            by=by,
            **way(stations.current_station()),
        )
    except SlipConflictError as error:
        return answer("refused", said("slip.refused", why=_why(said, slip, str(error))), 409, error.code)
    except GatehouseError as error:
        status = 503 if isinstance(error, EngineUnreachableError) else 409
        return answer("failed", said("slip.refused", why=refusal(said, error.code)), status, error.code)
    return answer("done", said("slip.done"))


def _why(said: Words, slip: str, otherwise: str) -> str:
    """Why a slip was refused, in the guard's language: by its state, else that it is of another vehicle."""
    found = services().readers.state().slip(slip, time.time_ns())
    state = found.state if found else ""
    return said.first(f"slip.why.{state}", "slip.why.vehicle", why=otherwise)


def _lane(lane: str) -> LaneView | None:
    snapshot, _ = services().live.snapshot()
    return next((one for one in snapshot.lanes if one.id == lane), None) if snapshot is not None else None


def _in_words(said: Words, slip: SlipView, plate: str | None) -> Slip:
    vehicle = plate_as_written(slip.plate) if slip.plate else said("slip.any_vehicle")
    return Slip(
        slip=slip.slip,
        title=slip.unit or vehicle,
        goods=f"{slip.code} · {slip.goods}",
        vehicle=vehicle if slip.unit else "",
        carrier=said(f"slip.carrier.{slip.carrier}"),
        fits=plate is not None and plate == slip.plate,
        why=said(f"slip.why.{slip.state}") if slip.state != "open" else "",
    )
