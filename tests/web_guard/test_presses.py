"""When a button was touched, and until when that counts, also in a process that hung and when it is sent again."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary.errors import RequestError
from web.live.heart import BEAT_S, STILL_S, Heart
from web.live.presses import AHEAD_MS, COUNTS_MS, KEPT_MAX, Presses, TooLateError

MS = 1_000_000
COUNTS_NS = COUNTS_MS * MS


class Machine:
    """CLOCK_MONOTONIC that a test moves, and a process that beats or hangs."""

    def __init__(self) -> None:
        self.now_ns = 50_000 * MS
        self.heart = Heart(lambda: self.now_ns / 1e9)
        self.presses = Presses(self.heart, lambda: self.now_ns)

    @property
    def now_ms(self) -> int:
        return self.now_ns // MS

    def hang(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds / BEAT_S)):
            self.now_ns += int(BEAT_S * 1e9)
            self.heart.beat()


@pytest.fixture
def machine() -> Machine:
    machine = Machine()
    machine.heart.beat()
    return machine


def test_an_order_counts_for_two_seconds_from_the_touch(machine: Machine) -> None:
    pressed = machine.now_ms - 500
    assert machine.presses.counts_until_ns("r1", pressed) == pressed * MS + COUNTS_NS


@pytest.mark.parametrize("age_ms", [COUNTS_MS, COUNTS_MS + 1, 12_000, 40_000])
def test_an_older_one_does_not(machine: Machine, age_ms: int) -> None:
    with pytest.raises(TooLateError):
        machine.presses.counts_until_ns("r1", machine.now_ms - age_ms)


def test_a_page_that_is_a_little_ahead_does_not_make_its_order_count_longer(machine: Machine) -> None:
    assert machine.presses.counts_until_ns("r1", machine.now_ms + AHEAD_MS) == machine.now_ns + COUNTS_NS


@pytest.mark.parametrize("ahead_ms", [AHEAD_MS + 1, 90_000, 10**12])
def test_a_touch_that_has_not_happened_yet_does_not_count(machine: Machine, ahead_ms: int) -> None:
    with pytest.raises(TooLateError):
        machine.presses.counts_until_ns("r1", machine.now_ms + ahead_ms)


def test_a_repeat_keeps_the_time_of_the_first_whatever_it_says(machine: Machine) -> None:
    first = machine.presses.counts_until_ns("r1", machine.now_ms)
    machine.run(1)
    assert machine.presses.counts_until_ns("r1", machine.now_ms) == first
    assert machine.presses.counts_until_ns("r1", None) == first
    machine.run(1.25)
    with pytest.raises(TooLateError):
        machine.presses.counts_until_ns("r1", machine.now_ms)
    assert machine.presses.counts_until_ns("r2", machine.now_ms) == machine.now_ns + COUNTS_NS


def test_one_without_a_time_was_touched_when_it_came(machine: Machine) -> None:
    machine.run(60)
    assert machine.presses.counts_until_ns("r1", None) == machine.now_ns + COUNTS_NS


def test_after_a_process_has_hung_one_without_a_time_may_be_old_and_one_with_it_is_known(machine: Machine) -> None:
    machine.run(10)
    machine.hang(STILL_S + 1)
    with pytest.raises(TooLateError):
        machine.presses.counts_until_ns("r1", None)
    machine.heart.beat()
    with pytest.raises(TooLateError):
        machine.presses.counts_until_ns("r2", "")
    assert machine.presses.counts_until_ns("r3", machine.now_ms - 100)
    machine.run(STILL_S + BEAT_S)
    assert machine.presses.counts_until_ns("r4", None)


def test_a_short_stall_is_no_hanging(machine: Machine) -> None:
    machine.run(10)
    machine.hang(1.9)
    assert machine.presses.counts_until_ns("r1", None)


@pytest.mark.parametrize("given", ["soon", "nan", "inf", [], {}, True, "1e400"])
def test_what_is_no_time_is_refused_in_words(machine: Machine, given: Any) -> None:
    with pytest.raises(RequestError, match="pressed_ms"):
        machine.presses.counts_until_ns("r1", given)


def test_a_form_may_send_it_as_text(machine: Machine) -> None:
    assert machine.presses.counts_until_ns("r1", str(machine.now_ms)) == machine.now_ns + COUNTS_NS


def test_first_times_are_kept_of_so_many_orders_and_no_more(machine: Machine) -> None:
    for number in range(KEPT_MAX + 50):
        machine.presses.counts_until_ns(f"r{number}", machine.now_ms)
    assert len(machine.presses._first) == KEPT_MAX
