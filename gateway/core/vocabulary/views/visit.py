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
