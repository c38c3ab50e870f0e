"""Passes that end soon, found by the day in `valid_until` that their lines in `search` have.

That is the day as it is written, which an offset may move by one, so the range is wider and each pass found is checked
again. A text in another form, such as `20261130T180000Z`, is always checked.
"""

from __future__ import annotations

from datetime import timedelta, tzinfo

import msgspec

from gateway.core.access.rules import Validity, days_left, validity
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.times import local_time

DAYS_MAX = 36_500
_SLACK_DAYS = 2


class EndsWithin(msgspec.Struct, frozen=True):
    """The last valid day is at most `days` after today in `zone` (0: today), and the pass is not over at `wall_ns`."""

    days: int
    wall_ns: int
    zone: tzinfo

    def days_between(self) -> tuple[str, str]:
        """The days between which the end of such a pass is written."""
        today, slack = local_time(self.wall_ns, self.zone).date(), timedelta(days=_SLACK_DAYS)
        return (today - slack).isoformat(), (today + timedelta(days=self.days) + slack).isoformat()

    def holds(self, found: Pass) -> bool:
        """Whether this pass is one of them."""
        left = days_left(found, self.wall_ns, self.zone)
        return left is not None and left <= self.days and validity(found, self.wall_ns, self.zone) is not Validity.AFTER
