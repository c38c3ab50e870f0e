"""The publisher takes the core's part as it is, and adds ages, devices and links."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from drivers.base import Health
from gateway.control.wire import encode
from gateway.core.settings.site_file import parse_settings
from gateway.core.site import Site
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.views import CoreView
from gateway.engine.socket.publisher import Publisher
from gateway.store.times import rfc3339
from tests.engine.conftest import FakeTime, S
from tests.support.engine import SITE

SETTINGS = parse_settings(SITE)


class Bench:
    """A publisher without its thread, a real core, and devices whose health a test sets."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.health: list[Health] = []
        self.sent: list[bytes] = []
        self.site = Site(SETTINGS)
        self.publisher = Publisher(
            SETTINGS,
            [],
            version="test",
            journal_id="j1",
            clock=self.time.clock(),
            recorder=SimpleNamespace(sequence=7, degraded=""),  # type: ignore[arg-type]
            health=lambda: self.health,
            broadcast=self.sent.append,
        )
        self.handle(e.Started("1", "test"))

    def handle(self, event: e.Event) -> CoreView:
        """What the core shows after that."""
        now = self.time.clock().now()
        self.site.handle(event, now)
        return self.site.snapshot()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_before_the_first_offer_there_are_no_lanes_and_no_alarms(bench: Bench) -> None:
    composed = bench.publisher.compose()
    assert (composed.lanes, composed.alarms, composed.journal.sequence) == ((), (), 7)


def test_the_newest_offer_counts_and_a_refresh_keeps_it(bench: Bench) -> None:
    bench.publisher.offer(CoreView())
    newest = bench.handle(e.TamperChanged("io", True))
    bench.publisher.offer(newest)
    bench.publisher.refresh()
    bench.publisher.settle()
    assert bench.publisher.compose().alarms is newest.alarms
    assert bench.publisher.has_alarm("tamper")
    assert not bench.publisher.has_alarm("crash")


def test_while_the_state_of_the_core_cannot_be_made_the_last_one_looks_as_old_as_it_is(bench: Bench) -> None:
    bench.publisher.offer(bench.handle(e.DeviceLost("io", "no answer")))
    bench.publisher.offer(None)
    failed_at = bench.time.clock().now().wall_ns
    for _ in range(2):
        bench.time.pass_ms(3000)
        bench.health = [Health("io", "online", 0, last_ok_mono_ns=bench.time.mono_ns)]
        bench.publisher.offer(None)
        bench.publisher.settle()
    old = bench.publisher.compose()
    assert old.as_of == rfc3339(failed_at)
    assert {(lane.measured_at, lane.age_ms) for lane in old.lanes} == {(rfc3339(failed_at), 6000)}
    bench.publisher.offer(bench.handle(e.DeviceStale("io")))
    bench.publisher.settle()
    good = bench.publisher.compose()
    assert good.as_of == rfc3339(bench.time.clock().now().wall_ns)
    assert {lane.age_ms for lane in good.lanes} == {0}


def test_a_lane_has_the_age_of_its_oldest_measurement(bench: Bench) -> None:
    core = bench.handle(e.DeviceLost("io", "no answer"))
    bench.publisher.offer(core)
    bench.publisher.settle()
    assert {lane.age_ms for lane in bench.publisher.compose().lanes} == {None}
    bench.health = [Health("io", "online", 0, last_ok_mono_ns=bench.time.mono_ns - 2 * S)]
    composed = bench.publisher.compose().lanes
    assert {lane.age_ms for lane in composed} == {2000}
    aged = [msgspec.structs.replace(lane, measured_at=None, age_ms=None) for lane in composed]
    assert aged == list(core.lanes)


def test_what_is_sent_is_what_was_composed(bench: Bench) -> None:
    lines: list[bytes] = []
    responder: Any = SimpleNamespace(watch=lines.append)
    bench.publisher.offer(bench.handle(e.TamperChanged("io", True)))
    bench.publisher.settle()
    bench.publisher.watch(responder)
    assert lines == [encode({"event": "state", "state": bench.publisher.compose()})]
