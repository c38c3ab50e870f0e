"""Days without a line to central: nothing is lost by it, and what waits does not grow beyond its bounds."""

from __future__ import annotations

import random

import pytest

from gateway.simulation.play import play
from gateway.simulation.run import lengths
from gateway.simulation.story.happenings import DAY_HOURS, MONTH_HOURS
from gateway.simulation.story.write import write_outage

pytestmark = pytest.mark.timeout(600)
WEEK_HOURS = 7 * DAY_HOURS


@pytest.mark.slow
def test_a_week_without_the_line_breaks_no_rule_and_all_of_it_is_handed_over_at_the_end() -> None:
    story = write_outage(random.SystemRandom().randrange(10**9), WEEK_HOURS)
    outages = [one.detail["for_ms"] for one in story.happenings if one.what == "uplink"]
    assert outages == [WEEK_HOURS * 3_600_000]
    found = play(story)
    assert found.broken is None, f"outage {story.seed}: {found.broken}"
    assert found.rows > 1_000


def test_a_long_run_has_months_without_the_line_between_its_days() -> None:
    found = list(lengths(5_000))
    assert sum(found) == 5_000
    assert found.count(MONTH_HOURS) == 2
    assert found[:10] == [DAY_HOURS] * 10
