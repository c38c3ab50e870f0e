"""The trace of a device: nothing unless watched, bounded always, equal frames counted."""

from __future__ import annotations

import pytest

from drivers import trace as trace_module
from drivers.dissect.dissector import Dissector
from drivers.trace import FRAME_MAX_BYTES, FRAMES_MAX, JOIN_NS, WATCHED_NS, Trace

NOW_NS = 5_000_000_000_000


class Clock:
    """Time that stands still until told."""

    def __init__(self) -> None:
        self.ns = NOW_NS

    def monotonic_ns(self) -> int:
        return self.ns

    def time_ns(self) -> int:
        return self.ns + 1_000_000_000_000_000_000


class Apart(Dissector):
    """Every chunk is a frame."""

    joins = False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(trace_module, "time", found)
    return found


@pytest.fixture
def watched(clock: Clock) -> Trace:
    found = Trace()
    found.watch(Apart())
    return found


def data(trace: Trace, after: int = 0) -> list[bytes]:
    return [frame.data for frame in trace.changed_after(after)]


def test_an_unwatched_trace_keeps_nothing(clock: Clock) -> None:
    trace = Trace()
    trace.heard(b"card")
    trace.sent(b"poll")
    trace.told(b"0101")
    assert trace.changed_after(0) == []
    assert not trace.on


def test_frames_have_way_and_times(clock: Clock, watched: Trace) -> None:
    watched.sent(b"poll")
    clock.ns += 1_000
    watched.heard(b"card")
    out, came = watched.changed_after(0)
    assert (out.way, out.data, out.mono_ns) == ("out", b"poll", NOW_NS)
    assert (came.way, came.data, came.mono_ns) == ("in", b"card", NOW_NS + 1_000)
    assert came.wall_ns == NOW_NS + 1_000 + 1_000_000_000_000_000_000


def test_only_what_changed_since_is_told_again(watched: Trace) -> None:
    watched.heard(b"one")
    change = watched.changed_after(0)[-1].change
    assert watched.changed_after(change) == []
    watched.heard(b"two")
    assert data(watched, change) == [b"two"]


def test_an_endless_poll_is_counted_and_not_listed(clock: Clock, watched: Trace) -> None:
    for _ in range(1_000):
        watched.sent(b"poll")
        watched.heard(b"0000")
        clock.ns += 10_000_000
    watched.heard(b"0100")
    assert data(watched) == [b"poll", b"0000", b"0100"]
    assert [frame.times for frame in watched.changed_after(0)] == [1_000, 1_000, 1]


def test_a_counted_frame_that_fell_out_is_listed_anew(watched: Trace) -> None:
    watched.sent(b"poll")
    for number in range(FRAMES_MAX):
        watched.heard(b"%d" % number)
    watched.sent(b"poll")
    assert data(watched)[-1] == b"poll"


def test_chunks_that_come_close_together_are_one_frame(clock: Clock) -> None:
    trace = Trace()
    trace.watch(Dissector())
    trace.heard(b"ab")
    clock.ns += JOIN_NS - 1
    trace.heard(b"cd")
    clock.ns += JOIN_NS
    trace.heard(b"ef")
    assert data(trace) == [b"abcd", b"ef"]


def test_frames_and_their_bytes_are_bounded(watched: Trace) -> None:
    for number in range(3 * FRAMES_MAX):
        watched.heard(b"%06d" % number + b"x" * 2 * FRAME_MAX_BYTES)
    kept = watched.changed_after(0)
    assert len(kept) == FRAMES_MAX
    assert {len(frame.data) for frame in kept} == {FRAME_MAX_BYTES}
    assert {frame.size for frame in kept} == {6 + 2 * FRAME_MAX_BYTES}


def test_joined_chunks_are_bounded_too(clock: Clock) -> None:
    trace = Trace()
    trace.watch(Dissector())
    for _ in range(1_000):
        trace.heard(b"x" * 100)
    frames = trace.changed_after(0)
    assert [(len(frame.data), frame.size) for frame in frames] == [(FRAME_MAX_BYTES, 100_000)]


def test_a_trace_that_nobody_looks_at_forgets(clock: Clock, watched: Trace) -> None:
    watched.heard(b"card")
    clock.ns += WATCHED_NS + 1
    watched.heard(b"later")
    assert (watched.on, watched.changed_after(0)) == (False, [])


def test_looking_again_goes_on_watching(clock: Clock, watched: Trace) -> None:
    watched.heard(b"card")
    clock.ns += WATCHED_NS - 1
    watched.watch(Apart())
    clock.ns += WATCHED_NS - 1
    watched.heard(b"later")
    assert data(watched) == [b"card", b"later"]
