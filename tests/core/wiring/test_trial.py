"""A trial cycle: what the contacts tell of an arm that is opened and closed, against the settings."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.settings.model import Barrier
from gateway.core.settings.site_file import parse_settings
from gateway.core.wiring.learning import Edge
from gateway.core.wiring.trial import FINDINGS, SLOW_ANSWER_MS, TRIAL_MS, Given, Proposed, Trial, trial
from tests.core.wiring.site import site

NAMES = {"open": 0, "closed": 1, "safety": 2}
T0 = 50_000


def barrier(**keys: Any) -> Barrier:
    return parse_settings(site(**keys)).barriers[0]


def edges(*told: tuple[str, bool, int]) -> list[Edge]:
    return [Edge(f"io.input.{NAMES[name]}", on, T0 + at_ms) for name, on, at_ms in told]


def orders(opened: int = 0, closed: int | None = None) -> list[Given]:
    return [Given("open", T0 + opened), *([Given("close", T0 + closed)] if closed is not None else [])]


UP = (("closed", False, 300), ("open", True, 2500))
DOWN = (("open", False, 6200), ("closed", True, 8600))


def run(*told: tuple[str, bool, int], closed: int | None = None, now: int = 60_000, **keys: Any) -> Trial:
    return trial(barrier(**keys), edges(*told), orders(closed=closed), T0 + now)


def test_a_whole_cycle_is_measured_from_switch_to_switch() -> None:
    found = run(*UP, *DOWN, closed=6000)
    assert (found.answer_ms, found.opened_ms, found.closed_ms) == (300, 2200, 2400)
    assert (found.done, found.findings, found.proposed) == (True, (), ())
    assert [one.code for one in found.steps] == [
        "asked_open", "left_closed", "at_open", "asked_close", "left_open", "at_closed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "closed", "wanted"),
    [
        ((), None, "rising"),
        (UP[:1], None, "rising"),
        (UP, None, "close"),
        (UP, 6000, "lowering"),
        ((*UP, *DOWN[:1]), 6000, "lowering"),
        ((*UP, *DOWN), 6000, "done"),
    ],
)
def test_each_step_says_what_comes_next(told: tuple[Any, ...], closed: int | None, wanted: str) -> None:
    assert run(*told, closed=closed, now=6500).next == wanted


def test_before_the_order_the_trial_asks_for_it() -> None:
    assert trial(barrier(), [], [], T0).next == "open"


def test_a_trial_that_is_left_alone_ends() -> None:
    assert run(*UP, now=TRIAL_MS + 1).next == "over"


def test_a_barrier_that_closes_by_itself_is_waited_for() -> None:
    assert run(*UP, now=3000, close_by="barrier").next == "wait_or_close"
    found = run(*UP, *DOWN, close_by="barrier")
    assert (found.done, found.findings) == (True, ())


def test_a_barrier_that_closes_by_itself_against_its_settings_is_found() -> None:
    found = run(*UP, *DOWN)
    assert found.findings == ("by_itself",)
    assert found.proposed == (Proposed("close_by", "gateway", "barrier"),)


def test_a_car_under_the_arm_is_told_with_its_time() -> None:
    found = run(*UP, ("safety", True, 3000), ("safety", False, 4500), *DOWN, closed=6000)
    assert found.car
    assert [(one.code, one.took_ms) for one in found.steps if one.code.startswith("car")] == [
        ("car_came", 3000),
        ("car_gone", 1500),
    ]
    assert not run(*UP, *DOWN, closed=6000).car


def test_a_travel_time_that_is_far_off_is_proposed_with_something_to_spare() -> None:
    slow = run(
        ("closed", False, 300), ("open", True, 6300), ("open", False, 10_100), ("closed", True, 15_100), closed=10_000
    )
    assert slow.proposed == (Proposed("travel_time_ms", 3000, 6600),)
    assert set(slow.findings) == {"slow_up", "slow_down"}
    quick = run(
        ("closed", False, 100), ("open", True, 1000), ("open", False, 3100), ("closed", True, 4000), closed=3000
    )
    assert quick.proposed == (Proposed("travel_time_ms", 3000, 1000),)


FOUND: list[tuple[str, tuple[Any, ...], int | None]] = [
    ("no_answer", (), None),
    ("slow_answer", (("closed", False, SLOW_ANSWER_MS + 1), ("open", True, 3000)), None),
    ("closed_stays", (("open", True, 2500),), None),
    ("not_up", (("closed", False, 300),), None),
    ("limits_swapped", (("open", False, 300),), None),
    ("stays_up", UP, 4000),
    ("not_down", (*UP, ("open", False, 6200)), 6000),
]


@pytest.mark.parametrize(("code", "told", "closed"), FOUND)
def test_what_is_not_right_is_found(code: str, told: tuple[Any, ...], closed: int | None) -> None:
    assert code in run(*told, closed=closed).findings


def test_every_finding_is_found_by_some_trial() -> None:
    assert set(FINDINGS) == {code for code, _, _ in FOUND} | {"by_itself", "slow_up", "slow_down"}


def test_an_arm_is_given_time_before_it_is_blamed() -> None:
    assert run(now=5900).findings == ()
    assert run(*UP[:1], now=5900).findings == ()


def test_without_switches_a_person_says_when_the_arm_is_up_and_down() -> None:
    unmeasured = barrier(at_open=None, at_closed=None)
    assert trial(unmeasured, [], orders(), T0 + 100).next == "say_up"
    up = trial(unmeasured, [], orders(), T0 + 2900, up_ms=T0 + 2800)
    assert (up.next, up.opened_ms, up.measured) == ("close", 2800, False)
    down = trial(unmeasured, [], orders(closed=6000), T0 + 9000, up_ms=T0 + 2800, down_ms=T0 + 8900)
    assert (down.next, down.closed_ms) == ("done", 2900)


def test_with_the_closed_limit_alone_the_way_down_is_measured_from_the_order() -> None:
    one = barrier(at_open=None)
    told = edges(("closed", False, 300), ("closed", True, 9000))
    found = trial(one, told, orders(closed=6000), T0 + 9500, up_ms=T0 + 2900)
    assert (found.next, found.opened_ms, found.closed_ms) == ("done", 2600, 3000)


def test_switches_that_are_normally_closed_are_read_by_their_meaning() -> None:
    keys: Any = {"at_open": {"point": "io.input.0", "normally": "closed"}}
    told = [("open", not on, at) if name == "open" else (name, on, at) for name, on, at in (*UP, *DOWN)]
    found = run(*told, closed=6000, **keys)
    assert (found.opened_ms, found.closed_ms, found.done) == (2200, 2400, True)


def test_edges_of_before_the_order_do_not_count() -> None:
    before = [Edge("io.input.1", True, T0 - 10), Edge("io.input.0", True, T0 - 5)]
    assert trial(barrier(), before, orders(), T0 + 100).next == "rising"
