"""What people and central see of a visit."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.views.lane import View


class VisitView(View, frozen=True, kw_only=True, gc=False):
    """A stay of a vehicle, from its entry on."""

    visit: Annotated[str, says("id of the visit")]
    pass_: Annotated[str | None, says("id of the pass, null without one")] = field(name="pass")
    plate: Annotated[str | None, says("plate, null when none was read")]
    method: Annotated[str, one_of("how it came in", "automatic", "manual", "tailgate", "hand", "")]
    certainty: Annotated[str, one_of("how sure that is", "measured", "inferred", "declared", "")]
    lane: Annotated[str, says("the lane where it came in")]
    entered_at: Annotated[str, says("when it came in")]
    exit_lane: Annotated[str | None, says("the lane where it went out, null while it is inside, or unseen")]
    exited_at: Annotated[str | None, says("when it went out, null while it is inside")]
