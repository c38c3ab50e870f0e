"""What people and central see of a release slip."""

from __future__ import annotations

from typing import Annotated

from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.rows.lists.slips import ASKERS
from gateway.core.vocabulary.views.base import View


class SlipView(View, frozen=True, kw_only=True, gc=False):
    """A release slip; `lane` to `used_by`: of one that was used, `cancelled_at` and on: of one that was cancelled."""

    slip: Annotated[str, says("id of the slip")]
    code: Annotated[str, says("what is printed on it, and said on the telephone; part of the id")] = ""
    state: Annotated[str, one_of("how far it is", "open", "unconfirmed", "used", "cancelled", "expired")]
    unit: Annotated[str, says("building and room that the goods leave, empty where the plate is enough")]
    goods: Annotated[str, says("the goods, in words")]
    plate: Annotated[str | None, says("plate of the vehicle, null for any")] = None
    until: Annotated[str, says("until then")]
    carrier: Annotated[str, one_of("who carries the goods", "owner", "other")]
    confirmed_by: Annotated[str | None, says("who took the owner's word, null before that, or when none is needed")] = (
        None
    )
    asked_by: Annotated[str | None, one_of("who asked for it, null when not said", *ASKERS, None)] = None
    by: Annotated[str | None, says("who registered it")] = None
    at: Annotated[str | None, says("when it was registered, null for those of early versions")] = None
    lane: Annotated[str | None, says("the lane where it was used")] = None
    case: Annotated[str | None, says("the car that it was used for")] = None
    visit: Annotated[str | None, says("the visit that this exit ends")] = None
    used_at: Annotated[str | None, says("when it was used")] = None
    used_by: Annotated[str | None, says("who matched and signed it")] = None
    cancelled_at: Annotated[str | None, says("when it was cancelled")] = None
    cancelled_by: Annotated[str | None, says("who cancelled it")] = None
    reason: Annotated[str | None, says("why it was cancelled, null when not said")] = None
