"""Expiry warnings: at most one per pass and site-local day."""

from __future__ import annotations

import msgspec

from gateway.core.access.rules import Decision
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.passes import PassKind
from gateway.core.vocabulary.reasons import Verdict
from gateway.core.vocabulary.turn import local_day


class Warned(msgspec.Struct, frozen=True):
    """Passes with a warning on a site-local `day` (`2026-11-30`; empty: none yet)."""

    day: str = ""
    passes: list[str] = []


class ExpiryWarnings:
    """Passes with a warning today."""

    def __init__(self, settings: Settings, warned: Warned) -> None:
        self.settings_changed(settings)
        self._day = warned.day
        self._warned = set(warned.passes)

    def settings_changed(self, settings: Settings) -> None:
        """Warn so many days before the end, in the site's time zone."""
        self._days = settings.site.expiry_warning_days
        self._zone = settings.zone

    def due(self, decision: Decision, wall_ns: int) -> str | None:
        """The day, if this grant is the first of the day for a pass that ends soon; it counts as warned from now on."""
        found, left = decision.pass_, decision.days_left
        if decision.verdict is not Verdict.GRANTED or found is None or found.kind is not PassKind.MONTHLY:
            return None
        if left is None or not 0 <= left <= self._days:
            return None
        day = local_day(wall_ns, self._zone).isoformat()
        if day != self._day:
            self._day, self._warned = day, set()
        if found.id in self._warned:
            return None
        self._warned.add(found.id)
        return day
