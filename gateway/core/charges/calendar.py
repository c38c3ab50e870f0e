"""Days that count as other weekdays: public holidays as Sunday, make-up workdays as Monday."""

from __future__ import annotations

from datetime import date

import msgspec

MONDAY, SUNDAY = 0, 6


class Calendar(msgspec.Struct, frozen=True):
    """The site's days; a day that is both is a workday, because the correction is the later word."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def weekday(self, day: date) -> int:
        """Monday 0 to Sunday 6."""
        if day in self.workdays:
            return MONDAY
        return SUNDAY if day in self.holidays else day.weekday()
