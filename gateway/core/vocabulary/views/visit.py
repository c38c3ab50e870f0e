"""What people and central see of a visit."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.views.base import View


class VisitView(View, frozen=True, kw_only=True, gc=False):
    """A stay of a vehicle, or a visitor who is expected; `unit` and on: of one who was registered or announced."""

    visit: Annotated[str, says("id of the visit")]
    id: Annotated[str, says("the same id")]
    state: Annotated[str, one_of("how far it is", "expected", "cancelled", "inside", "ended")]
    pass_: Annotated[str | None, says("id of the pass, null without one")] = field(name="pass")
    plate: Annotated[str | None, says("plate, null when none is known")]
    method: Annotated[str, one_of("how it came in", "automatic", "manual", "tailgate", "hand", "")]
    certainty: Annotated[str, one_of("how sure that is", "measured", "inferred", "declared", "")]
    lane: Annotated[str | None, says("the lane where it came in, null before")]
    entered_at: Annotated[str | None, says("when it came in, null before")]
    exit_lane: Annotated[str | None, says("the lane where it went out, null while it is inside, or unseen")]
    exited_at: Annotated[str | None, says("when it went out, null while it is inside")]
    unit: Annotated[str | None, says("building and room that is visited")]
    purpose: Annotated[str | None, says("what for")]
    people: Annotated[int | None, says("how many people, null when not said")]
    card: Annotated[str | None, says("card from the pile, null without one")]
    from_: Annotated[str | None, says("lets in from then on")] = field(name="from")
    until: Annotated[str | None, says("lets in until then")]
    vehicle_class: Annotated[str | None, one_of("kind of the vehicle", "car", "motorcycle", "truck", "bus", None)]
    building: Annotated[str | None, says("id of the building that is visited, null when not said")]
    goods: Annotated[bool | None, says("whether it brings or fetches goods, null when not said")]
    by: Annotated[str | None, says("who registered or announced it")]
    paid: Annotated[int | None, says("what was paid for it, in minor units, null for nothing")] = None
    owed: Annotated[int | None, says("what is owed of it, in minor units, null for nothing")] = None
    kind: Annotated[
        str,
        one_of(
            "what it is counted as: `visitor` when registered or announced, else the kind of its pass at the entry",
            "monthly", "temporary", "staff", "visitor", "blocked", "unknown",
        ),
    ]  # fmt: skip
    shown: Annotated[
        str | None, one_of("what it showed, null for nothing or in early versions", "card", "plate", "qr", "pin", None)
    ]
    let_in_by: Annotated[str | None, says("the person who let it in, or who declared it")]
    stated: Annotated[str | None, says("the reason that this person gave")]
    ended: Annotated[
        str | None,
        one_of(
            "how it ended: `seen` leaving; `again`: seen again without that; `by_hand`: a person said that it has left",
            "seen", "again", "by_hand", None,
        ),
    ]  # fmt: skip
    ended_by: Annotated[str | None, says("the person who ended it by hand")]
    ended_reason: Annotated[str | None, says("the reason that this person gave")]
    hazardous: Annotated[bool, says("true: with a hazardous load, as was declared")] = False
    pictured_at: Annotated[str | None, says("when a picture of it was asked for, null when none was")] = None
    pictured_lane: Annotated[str | None, says("at which lane")] = None


class CountSet(View, frozen=True, kw_only=True, gc=False):
    """The last time that a person has set the number of cars inside."""

    correction: Annotated[str, says("id of the correction")]
    count: Annotated[int, says("how many cars were inside, as the person counted")]
    before: Annotated[int, says("how many were thought to be inside")]
    by: Annotated[str | None, says("who has counted")]
    reason: Annotated[str, says("why")]
    at: Annotated[str, says("when")]


class InsideView(View, frozen=True, kw_only=True, gc=False):
    """The cars inside. `count` differs from the visits, and from the sum of the kinds, by what a person has counted."""

    count: Annotated[int, says("how many cars are inside; the car park is full by this number")]
    visits: Annotated[int, says("how many visits have begun and not ended")]
    monthly: Annotated[int, says("of these with a monthly pass")]
    temporary: Annotated[int, says("with a temporary pass")]
    staff: Annotated[int, says("with a pass of the staff")]
    visitor: Annotated[int, says("of visitors who were registered or announced")]
    blocked: Annotated[int, says("with a blocked pass, let in by a person")]
    unknown: Annotated[int, says("without a pass and a name, or of a pass of an earlier version")]
    capacity: Annotated[int | None, says("how many cars the car park holds, null without a bound")]
    free: Annotated[int | None, says("how many places are free, null without a bound")]
    set: Annotated[CountSet | None, says("the last count that a person has set, null for none")]
    as_of: Annotated[str, says("the moment of this answer")]
