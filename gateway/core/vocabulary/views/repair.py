"""What people and central see of repair orders."""

from __future__ import annotations

from typing import Annotated

from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.rows.repairs import (
    AboutDevice,
    AboutLane,
    AlarmId,
    ArrivedAt,
    AssignedTo,
    ChangedAt,
    Count,
    Limits,
    MendBy,
    OnSiteBy,
    OpenedAt,
    RepairId,
    RepairKind,
    RepairState,
    ReportedBy,
    Urgency,
)
from gateway.core.vocabulary.views.base import View


class RepairView(View, frozen=True, kw_only=True, gc=False):
    """A repair order."""

    repair: RepairId
    kind: RepairKind
    urgency: Urgency
    state: RepairState
    lane: AboutLane = None
    device: AboutDevice = None
    alarm: AlarmId = None
    opened_at: OpenedAt
    as_of: ChangedAt
    on_site_by: OnSiteBy
    mend_by: MendBy
    count: Count = 1
    assigned_to: AssignedTo = None
    arrived_at: ArrivedAt = None
    reported_by: ReportedBy = None
    limits: Limits = ()
    overdue: Annotated[
        str | None, one_of("what is late now: to be on site, or to mend; null for nothing", "on_site", "mend", None)
    ] = None


def overdue(state: str, on_site_by: str, mend_by: str, now: str) -> str | None:
    """What of a repair order is late at `now`; times are RFC 3339 UTC, so they compare as texts."""
    if state in ("open", "assigned", "on_site") and now > mend_by:
        return "mend"
    return "on_site" if state in ("open", "assigned") and now > on_site_by else None


class RepairsView(View, frozen=True, kw_only=True, gc=False):
    """How many repair orders are open: for a handover, and for the screens."""

    open: Annotated[int, says("repair orders that are not confirmed")] = 0
    urgent: Annotated[int, says("those of them that are urgent")] = 0
    reported: Annotated[int, says("those of them that wait to be confirmed")] = 0
    mend_by: Annotated[str | None, says("the earliest of their due times, null for none")] = None
