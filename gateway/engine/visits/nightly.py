"""Once a night: the visits that do not end are journaled, so that the office and central look after them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.core.settings.model import Settings, Site
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.rows import Row, VisitsOverstayed
from gateway.core.vocabulary.times import NS_PER_S, local_time, rfc3339
from gateway.core.vocabulary.views import InsideView, VisitView
from gateway.store.projections import visitors

NAMED_MAX = 100
"""So many visits are named in the row, the oldest; it must fit into one packet of any broker."""
LOOK_S = 60


class Visits(Protocol):
    """The needed part of `State`."""

    def stays(
        self, query: str = "", limit: int = 100, *, narrowed: visitors.Narrowed = visitors.ALL
    ) -> Sequence[VisitView]:
        """The cars inside, the oldest first."""

    def overstayed(self, site: Site, now_ns: int) -> int:
        """How many visits do not end."""

    def overstayed_day(self) -> str:
        """The last day that was journaled; empty for none."""

    def inside(self, capacity: int | None, now: str) -> InsideView:
        """How many cars are inside."""


class NightlyList:
    """Call `look` about once a second, in one thread."""

    def __init__(self, settings: Settings, visits: Visits, journal: Callable[[Row], int | None]) -> None:
        self._visits = visits
        self._journal = journal
        self._day = ""
        self._look_ns = 0
        self.settings_changed(settings)

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on; from any thread."""
        self._site, self._zone = settings.site, settings.zone

    def look(self, now: Now) -> None:
        """Journal the list of this day once its hour has come; a box that was off then does it when it is on again.

        Nothing is journaled before there is a first visit to be listed, and nothing while the clock is not sure.
        """
        if now.clock is ClockState.UNSET or now.mono_ns < self._look_ns:
            return
        self._look_ns = now.mono_ns + LOOK_S * NS_PER_S
        local = local_time(now.wall_ns, self._zone)
        day = local.date().isoformat()
        if local.hour < self._site.stays_listed_at or day <= self._day:
            return
        known = self._visits.overstayed_day()
        count = self._visits.overstayed(self._site, now.wall_ns)
        self._day = max(day, known)
        if day > known and (known or count):
            self._tell(day, count, now)

    def _tell(self, day: str, count: int, now: Now) -> None:
        narrowed = visitors.overstayed(self._site, now.wall_ns)
        oldest = self._visits.stays(limit=NAMED_MAX, narrowed=narrowed)
        row = VisitsOverstayed(
            day=day,
            count=count,
            visits=tuple(one.visit for one in oldest),
            inside=self._visits.inside(None, rfc3339(now.wall_ns)).count,
            by="gateway",
        )
        self._journal(row)
