"""A trial cycle of an arm: opened and closed by a person who watches it, measured from the edges of its contacts.

The gateway's own lane moves the arm (orders of a named person, with all its guards); here its times are read off the
inputs and held against the settings. Times are milliseconds of one clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from gateway.core.settings.model import Barrier, Point
from gateway.core.wiring.learning import Edge

Order = Literal["open", "close", "stop"]
ROUND_MS = 100
"""Proposed times are rounded up to this."""
SPARE_PERCENT = 10
"""A proposed travel time has this much to spare over the slowest measured movement."""
SLOW_ANSWER_MS = 1_200
"""An arm that lets go of *closed* later than this is close to the time after which a second pulse is sent."""
NEAR_PERCENT = 25
"""A travel time that is set within this much of the measured one is left as it is."""
TRIAL_MS = 180_000
"""A trial cycle ends by itself after this time."""


class Given(msgspec.Struct, frozen=True):
    """An order that was given in the trial."""

    order: Order
    at_ms: int


class Step(msgspec.Struct, frozen=True):
    """What happened in the trial, by code, and when; `took_ms`: since the order or the movement that it belongs to."""

    code: str
    at_ms: int
    took_ms: int | None = None


class Proposed(msgspec.Struct, frozen=True):
    """A setting of the barrier that the measured times speak for, with the value that is set now."""

    key: str
    now: int | str
    value: int | str


class Trial(msgspec.Struct, frozen=True):
    """A trial cycle so far. `next`: what the person is asked to do now; `findings`: codes of what is not right.

    `opened_ms`, `closed_ms`: the measured travel, from *closed* let go to *open* and back; None while not measured.
    `answer_ms`: from the order to the first movement. `car`: seen by a loop while the arm was up.
    """

    next: str
    steps: tuple[Step, ...] = ()
    findings: tuple[str, ...] = ()
    proposed: tuple[Proposed, ...] = ()
    answer_ms: int | None = None
    opened_ms: int | None = None
    closed_ms: int | None = None
    car: bool = False
    measured: bool = True

    @property
    def done(self) -> bool:
        """Whether the cycle is complete."""
        return self.next == "done"


class _Seen:
    """The meanings of one barrier's contacts over time, from electrical edges."""

    def __init__(self, barrier: Barrier, edges: Iterable[Edge], orders: Iterable[Given]) -> None:
        self.barrier = barrier
        self.orders = sorted(orders, key=lambda one: one.at_ms)
        self.began_ms = next((one.at_ms for one in self.orders if one.order == "open"), 0)
        self.edges = sorted((one for one in edges if one.at_ms >= self.began_ms), key=lambda one: one.at_ms)

    def changes(self, points: Iterable[Point], *, on: bool, after_ms: int = 0) -> Iterator[int]:
        """When one of these contacts came on, or went off."""
        by_point = {one.point: one for one in points}
        for edge in self.edges:
            point = by_point.get(edge.point)
            if point is not None and edge.at_ms >= after_ms and point.means(edge.on) == on:
                yield edge.at_ms

    def first(self, points: Iterable[Point], *, on: bool, after_ms: int = 0) -> int | None:
        """When that happened first after a moment."""
        return next(self.changes(points, on=on, after_ms=after_ms), None)

    def given(self, order: Order, after_ms: int = 0) -> int | None:
        """When that order was given first after a moment."""
        return next((one.at_ms for one in self.orders if one.order == order and one.at_ms >= after_ms), None)

    @property
    def at_open(self) -> tuple[Point, ...]:
        """The limit switch of the open arm, if there is one."""
        return self.barrier.contacts.get("at_open", ())

    @property
    def at_closed(self) -> tuple[Point, ...]:
        """The limit switch of the closed arm, if there is one."""
        return self.barrier.contacts.get("at_closed", ())


class _Cycle(msgspec.Struct, frozen=True):
    """The moments of one cycle; None for what has not happened, or cannot be seen."""

    asked_open: int
    left_closed: int | None
    at_open: int | None
    car_came: int | None
    car_gone: int | None
    asked_close: int | None
    left_open: int | None
    at_closed: int | None
    now_ms: int


def trial(
    barrier: Barrier, edges: Iterable[Edge], orders: Iterable[Given], now_ms: int, *, up_ms: int = 0, down_ms: int = 0
) -> Trial:
    """The trial so far. `up_ms`, `down_ms`: when a person said that the arm is up or down, where no switch tells it."""
    seen = _Seen(barrier, edges, orders)
    if not seen.orders or seen.given("open") is None:
        return Trial("open", measured=bool(seen.at_open or seen.at_closed))
    cycle = _cycle(seen, now_ms, up_ms, down_ms)
    opened = _between(cycle.left_closed if seen.at_closed else cycle.asked_open, cycle.at_open)
    closed = _between(cycle.left_open if seen.at_open else cycle.asked_close, cycle.at_closed)
    return Trial(
        next=_next(seen, cycle),
        steps=tuple(_steps(cycle)),
        findings=tuple(code for code, check in FINDINGS.items() if check(seen, cycle)),
        proposed=tuple(_proposed(seen, cycle, opened, closed)),
        answer_ms=_between(cycle.asked_open, cycle.left_closed),
        opened_ms=opened,
        closed_ms=closed,
        car=cycle.car_came is not None,
        measured=bool(seen.at_open and seen.at_closed),
    )


def _cycle(seen: _Seen, now_ms: int, up_ms: int, down_ms: int) -> _Cycle:
    began = seen.began_ms
    left_closed = seen.first(seen.at_closed, on=False, after_ms=began)
    at_open = seen.first(seen.at_open, on=True, after_ms=began) if seen.at_open else up_ms or None
    came = seen.first(seen.barrier.safety, on=True, after_ms=began)
    gone = seen.first(seen.barrier.safety, on=False, after_ms=came) if came is not None else None
    up = at_open if at_open is not None else now_ms + 1
    asked_close = seen.given("close", began)
    left_open = seen.first(seen.at_open, on=False, after_ms=up)
    down_from = left_open if left_open is not None else asked_close
    at_closed = _down(seen, down_from if down_from is not None else left_closed, down_ms)
    return _Cycle(began, left_closed, at_open, came, gone, asked_close, left_open, at_closed, now_ms)


def _down(seen: _Seen, after_ms: int | None, down_ms: int) -> int | None:
    if not seen.at_closed:
        return down_ms or None
    return seen.first(seen.at_closed, on=True, after_ms=after_ms) if after_ms is not None else None


def _between(start_ms: int | None, end_ms: int | None) -> int | None:
    return end_ms - start_ms if start_ms is not None and end_ms is not None and end_ms >= start_ms else None


def _next(seen: _Seen, cycle: _Cycle) -> str:
    if cycle.now_ms - cycle.asked_open > TRIAL_MS:
        return "over"
    if cycle.at_closed is not None:
        return "done"
    if cycle.at_open is None:
        return "rising" if seen.at_open else "say_up"
    if cycle.asked_close is None and cycle.left_open is None:
        return "wait_or_close" if seen.barrier.close_by == "barrier" else "close"
    return "lowering" if seen.at_closed else "say_down"


def _steps(cycle: _Cycle) -> Iterator[Step]:
    """What happened, in the order of time."""
    found = [
        Step("asked_open", cycle.asked_open),
        _step("left_closed", cycle.left_closed, cycle.asked_open),
        _step("at_open", cycle.at_open, cycle.asked_open),
        _step("car_came", cycle.car_came, cycle.asked_open),
        _step("car_gone", cycle.car_gone, cycle.car_came),
        _step("asked_close", cycle.asked_close, None),
        _step("left_open", cycle.left_open, cycle.asked_close),
        _step("at_closed", cycle.at_closed, cycle.left_open if cycle.left_open is not None else cycle.asked_close),
    ]
    yield from sorted((one for one in found if one is not None), key=lambda one: one.at_ms)


def _step(code: str, at_ms: int | None, since_ms: int | None) -> Step | None:
    return None if at_ms is None else Step(code, at_ms, _between(since_ms, at_ms))


# ---- what is not as it should be -------------------------------------------------------------------------------------


def _no_answer(seen: _Seen, cycle: _Cycle) -> bool:
    waited = cycle.now_ms - cycle.asked_open > 2 * seen.barrier.travel_time_ms
    return bool(seen.at_closed) and cycle.left_closed is None and cycle.at_open is None and waited


def _slow_answer(_seen: _Seen, cycle: _Cycle) -> bool:
    return (_between(cycle.asked_open, cycle.left_closed) or 0) > SLOW_ANSWER_MS


def _closed_stays(seen: _Seen, cycle: _Cycle) -> bool:
    return bool(seen.at_closed and seen.at_open) and cycle.at_open is not None and cycle.left_closed is None


def _not_up(seen: _Seen, cycle: _Cycle) -> bool:
    late = cycle.now_ms - cycle.asked_open > 2 * seen.barrier.travel_time_ms
    return bool(seen.at_open) and cycle.left_closed is not None and cycle.at_open is None and late


def _by_itself(seen: _Seen, cycle: _Cycle) -> bool:
    """It began to close with no order of the gateway: the barrier's own time runs."""
    gone = cycle.left_open is not None and (cycle.asked_close is None or cycle.left_open < cycle.asked_close)
    return gone and seen.barrier.close_by != "barrier"


def _stays_up(seen: _Seen, cycle: _Cycle) -> bool:
    late = cycle.asked_close is not None and cycle.now_ms - cycle.asked_close > 2 * seen.barrier.travel_time_ms
    return bool(seen.at_open) and cycle.left_open is None and cycle.at_closed is None and late


def _not_down(seen: _Seen, cycle: _Cycle) -> bool:
    late = cycle.left_open is not None and cycle.now_ms - cycle.left_open > 2 * seen.barrier.travel_time_ms
    return bool(seen.at_closed) and cycle.at_closed is None and late


def _limits_swapped(seen: _Seen, cycle: _Cycle) -> bool:
    """*Open* let go after the order to open: the two switches are the wrong way round."""
    early = seen.first(seen.at_open, on=False, after_ms=cycle.asked_open)
    return early is not None and cycle.left_closed is None and (cycle.at_open is None or early < cycle.at_open)


def _slow_up(seen: _Seen, cycle: _Cycle) -> bool:
    return _slower(seen, _between(cycle.left_closed, cycle.at_open))


def _slow_down(seen: _Seen, cycle: _Cycle) -> bool:
    return _slower(seen, _between(cycle.left_open, cycle.at_closed))


def _slower(seen: _Seen, took_ms: int | None) -> bool:
    return took_ms is not None and took_ms > seen.barrier.travel_time_ms * (100 + NEAR_PERCENT) // 100


FINDINGS: dict[str, Callable[[_Seen, _Cycle], bool]] = {
    "limits_swapped": _limits_swapped,
    "no_answer": _no_answer,
    "slow_answer": _slow_answer,
    "closed_stays": _closed_stays,
    "not_up": _not_up,
    "slow_up": _slow_up,
    "by_itself": _by_itself,
    "stays_up": _stays_up,
    "not_down": _not_down,
    "slow_down": _slow_down,
}
"""What a trial may find, by code."""


def _proposed(seen: _Seen, cycle: _Cycle, opened: int | None, closed: int | None) -> Iterator[Proposed]:
    """Settings that the measured times speak for."""
    slowest = max((took for took in (opened, closed) if took is not None), default=None)
    now = seen.barrier.travel_time_ms
    if slowest is not None and cycle.at_closed is not None:
        value = -(-slowest * (100 + SPARE_PERCENT) // (100 * ROUND_MS)) * ROUND_MS
        if abs(value - now) * 100 > now * NEAR_PERCENT:
            yield Proposed("travel_time_ms", now, max(value, 300))
    if _by_itself(seen, cycle):
        yield Proposed("close_by", seen.barrier.close_by, "barrier")
