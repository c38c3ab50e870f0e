"""The clock's quality, and how a step is told from the passing of time."""

from __future__ import annotations

from pathlib import Path

from gateway.core.vocabulary.events import ClockChanged, ClockState
from gateway.engine.clock import boot_id, kernel_synchronised
from tests.engine.conftest import FakeTime, S


def test_a_synchronised_kernel_is_synced(time_: FakeTime) -> None:
    assert time_.clock().now().clock is ClockState.SYNCED


def test_a_clock_that_was_never_sure_is_unset(time_: FakeTime) -> None:
    time_.synced = False
    assert time_.clock().state is ClockState.UNSET


def test_a_clock_that_was_sure_earlier_in_this_boot_holds_over(time_: FakeTime) -> None:
    time_.synced = False
    assert time_.clock(was_synced=True).state is ClockState.HOLDOVER


def test_a_trusted_clock_is_synced_whatever_the_kernel_says(time_: FakeTime) -> None:
    time_.synced = False
    assert time_.clock(trusted=True).state is ClockState.SYNCED


def test_losing_synchronisation_is_told_once(time_: FakeTime) -> None:
    clock = time_.clock()
    time_.synced = False
    assert clock.check() == ClockChanged(ClockState.HOLDOVER, 0)
    assert clock.check() is None


def test_time_going_by_is_no_step(time_: FakeTime) -> None:
    clock = time_.clock()
    time_.pass_ms(86_400_000)
    assert clock.check() is None


def test_a_step_is_told_once_with_its_size(time_: FakeTime) -> None:
    clock = time_.clock()
    time_.wall_ns -= 90 * 86_400 * S
    assert clock.check() == ClockChanged(ClockState.SYNCED, -90 * 86_400 * S)
    assert clock.check() is None


def test_a_clock_that_becomes_sure_tells_how_far_it_was_off(time_: FakeTime) -> None:
    time_.synced = False
    clock = time_.clock()
    time_.synced = True
    time_.wall_ns += 7 * S
    assert clock.check() == ClockChanged(ClockState.SYNCED, 7 * S)


def test_now_carries_both_times(time_: FakeTime) -> None:
    now = time_.clock().now()
    assert (now.wall_ns, now.mono_ns) == (time_.wall_ns, time_.mono_ns)


def test_the_kernel_can_be_asked() -> None:
    assert kernel_synchronised() in (True, False)


def test_the_boot_has_an_id_that_stays() -> None:
    assert len(boot_id()) == 36
    assert boot_id() == boot_id()


def test_a_system_without_boot_ids_gets_one_for_this_run(tmp_path: Path) -> None:
    missing = tmp_path / "boot_id"
    assert boot_id(missing) != boot_id(missing)
