"""The view of this moment for one browser: its language, its station and who is signed in."""

from __future__ import annotations

from functools import partial

import msgspec

from gateway.core.settings.model import Station
from gateway.core.vocabulary.views import Snapshot
from web.guard.home.model import GuardView, blank_snapshot, guard_view
from web.guard.passbook import passbook
from web.guard.scene import COMMAND_ROLES, EXPIRY_WARNING_DAYS
from web.people import stations
from web.people.operators import Operator
from web.platform import look
from web.platform.pages import mono_ms
from web.platform.services import Services, services

# A view that was made before any news counts as this old, so that no button is on.
NEVER_MS = 10**9


def live_view() -> partial[GuardView]:
    """The view for this request's language, to be called with (snapshot, age in ms, operator) outside the request."""
    return partial(_render, services(), look.locale(), stations.current_station())


def _render(
    held: Services, locale: str, station: Station | None, snapshot: Snapshot | None, age_ms: int, operator: Operator
) -> GuardView:
    document = held.site.document()
    view = guard_view(
        blank_snapshot(document) if snapshot is None else snapshot,
        passbook(held),
        locale,
        look.aware_now(),
        age_ms=age_ms,
        role=operator.role,
        expiry_days=int(document.get("site", {}).get("expiry_warning_days", EXPIRY_WARNING_DAYS)),
        stands_at=partial(stations.stands_at, station),
        document=document,
    )
    acts = operator.role in COMMAND_ROLES
    age_ms = view.age_ms if snapshot is not None else NEVER_MS
    here = station.id if station and acts else ""
    return msgspec.structs.replace(view, age_ms=age_ms, mono_ms=mono_ms(), station=here)
