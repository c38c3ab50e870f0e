"""The counters with limits on the bench: to the millisecond where a playbook has whole minutes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from gateway.core.lane.arm.travel import Travel
from gateway.core.lane.service import Service, ServiceMemory
from tests.core.lane_parts.bench import barrier, turn_at

HOUR_MS = 3_600_000


def counters(**more: int) -> Service:
    return Service(barrier(**more), "in", ZoneInfo("Asia/Shanghai"), Travel(3000), ServiceMemory())


def test_an_opening_counts_for_an_hour_and_not_a_moment_longer() -> None:
    service = counters(max_cycles_per_h=1)
    for at_ms in (0, 10):
        service.happened(turn_at(at_ms), "barrier.opened")
    assert service.cycles_high
    service.check(turn_at(HOUR_MS + 9))
    assert service.cycles_high
    service.check(turn_at(HOUR_MS + 10))
    assert not service.cycles_high
