"""Passes that end soon, found by the index `passes_ending`: ids with the day in `valid_until`.

The index has the day as it is written, which an offset may move by one, so the range is wider and each pass found is
checked again. A text in another form, such as `20261130T180000Z`, is indexed as "" and always checked.
"""

from __future__ import annotations

from datetime import timedelta, tzinfo

import msgspec

from gateway.core.access.rules import Validity, days_left, validity
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.times import local_time

DAYS_MAX = 36_500
_SLACK_DAYS = 2
_DAY = (
    "CASE WHEN document ->> '$.valid_until' GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
    " THEN substr(document ->> '$.valid_until', 1, 10) ELSE '' END"
)
# Exactly as in the index: another form would read every pass.
ENDING = f"document ->> '$.valid_until' IS NOT NULL AND ({_DAY} BETWEEN ? AND ? OR {_DAY} = '')"
"""The condition on a pass, with the values of `EndsWithin.values`."""


class EndsWithin(msgspec.Struct, frozen=True):
    """The last valid day is at most `days` after today in `zone` (0: today), and the pass is not over at `wall_ns`."""

    days: int
    wall_ns: int
    zone: tzinfo

    def values(self) -> tuple[str, str]:
        """The values of `ENDING`."""
        today, slack = local_time(self.wall_ns, self.zone).date(), timedelta(days=_SLACK_DAYS)
        return (today - slack).isoformat(), (today + timedelta(days=self.days) + slack).isoformat()

    def holds(self, found: Pass) -> bool:
        """Whether this pass is one of them."""
        left = days_left(found, self.wall_ns, self.zone)
        return left is not None and left <= self.days and validity(found, self.wall_ns, self.zone) is not Validity.AFTER
