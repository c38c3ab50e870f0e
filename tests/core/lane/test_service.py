"""Counters with limits: due once, shown until it is over, and never in anybody's way."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.subsystem import Memory
from tests.core.playbook import START_WALL_NS, Playbook, site_document

DAY_MS = 86_400_000


def limited(**limits: int) -> dict[str, Any]:
    return site_document(service_limits=limits)


def due(play: Playbook) -> list[tuple[str, int, int]]:
    return [(one["what"], one["limit"], one["count"]) for one in play.lane()["service_due"]]


def crash(play: Playbook) -> None:
    """The arm is struck, mended and reset."""
    play.set(arm_detached=True)
    play.set(arm_detached=False)
    play.person("reset")


class TestTravelTimes:
    def test_a_whole_movement_says_how_long_it_took(self) -> None:
        play = Playbook()
        play.let_in()
        # From the pulse to the settled switch; this arm began to fall 100 ms after its pulse, as `let_in` has it.
        assert play.data("barrier.opened")["travel_ms"] == 1990
        assert play.data("barrier.closed")["travel_ms"] == 2100

    def test_an_arm_that_turns_back_has_no_travel_time(self) -> None:
        play = Playbook()
        play.set(approach_loop=True)
        play.read()
        play.rise()
        play.drive_through()
        play.advance(900)
        play.set(at_open=False)
        play.advance(500)
        play.set(safety_loop=True)
        play.advance(500)
        play.set(at_open=True)
        assert "travel_ms" not in play.data("barrier.opened")

    def test_a_presumed_position_has_no_travel_time(self) -> None:
        play = Playbook(site_document(at_open=None, at_closed=None))
        play.read()
        play.advance(6000)
        assert play.data("barrier.opened")["presumed"] is True
        assert "travel_ms" not in play.data("barrier.opened")

    def test_an_opening_by_a_fob_is_measured_from_the_switch_that_let_go(self) -> None:
        play = Playbook(site_document(external_open="expected"))
        play.rise()
        opened = play.data("barrier.opened")
        assert opened["cause"] == "external"
        assert 1900 < opened["travel_ms"] < 2100

    def test_what_was_measured_in_part_is_not_learned(self) -> None:
        play = Playbook(limited(travel_ms=2500))
        for _ in range(3):
            play.person("open")
            play.set(at_closed=False)
            play.advance(500)
            play.person("stop")
            play.person("open")
            play.advance(300)
            play.set(at_open=True)
            play.person("close")
            play.lower()
        assert due(play) == []
        assert all("travel_ms" not in row.data for row in play.rows if row.type == "barrier.opened")


class TestLimits:
    def test_a_limit_that_is_passed_is_told_once_and_shown(self) -> None:
        play = Playbook(limited(cycles=2))
        for _ in range(4):
            play.let_in()
        assert play.types("service") == ["service.due"]
        assert play.data("service.due") == {
            "lane": "in", "barrier": "in", "what": "cycles", "limit": 2, "count": 3,
        }  # fmt: skip
        assert due(play) == [("cycles", 2, 3)]

    def test_orders_to_the_relays_are_counted(self) -> None:
        play = Playbook(limited(relay_operations=3))
        play.let_in()
        assert due(play) == []
        play.let_in()
        assert due(play) == [("relay_operations", 3, 4)]

    def test_counts_and_what_was_told_outlive_a_restart(self) -> None:
        told = {"what": "cycles", "limit": 10, "count": 11, "since": "2026-09-01T00:00:00.000Z"}
        memory = Memory(service={"in": {"cycles": 11, "relay_operations": 30, "due": [told]}})
        play = Playbook(limited(cycles=10, relay_operations=31), memory)
        play.let_in()
        assert [row.data["what"] for row in play.rows if row.type == "service.due"] == ["relay_operations"]
        assert [one["what"] for one in play.lane()["service_due"]] == ["cycles", "relay_operations"]

    @pytest.mark.parametrize("limits", [{"cycles": 20}, {}])
    def test_a_higher_limit_or_none_ends_it(self, limits: dict[str, int]) -> None:
        told = {"what": "cycles", "limit": 10, "count": 11, "since": "2026-09-01T00:00:00.000Z"}
        play = Playbook(limited(**limits), Memory(service={"in": {"cycles": 11, "due": [told]}}))
        assert play.types("service") == ["service.over"]
        assert due(play) == []

    def test_a_limit_passed_at_the_start_is_told_at_the_start(self) -> None:
        play = Playbook(limited(cycles=10), Memory(service={"in": {"cycles": 11}}))
        assert due(play) == [("cycles", 10, 11)]

    def test_crashes_are_counted_by_the_sites_month(self) -> None:
        # In Shanghai it is 22:13 on 21 September.
        day_ns = DAY_MS * 1_000_000
        before = [START_WALL_NS - 25 * day_ns, START_WALL_NS - 2 * day_ns]
        play = Playbook(limited(crashes_per_month=1), Memory(service={"in": {"crashes": before}}))
        assert due(play) == []
        crash(play)
        assert due(play) == [("crashes_per_month", 1, 2)]
        play.advance(10 * DAY_MS)
        assert play.types("service") == ["service.due", "service.over"]
        assert due(play) == []

    def test_a_slow_arm_is_due_until_it_is_quick_again(self) -> None:
        play = Playbook(limited(travel_ms=2500))
        for _ in range(3):
            play.person("open")
            play.rise(2800)
            play.person("close")
            play.lower(2000)
        assert [(one["what"], one["limit"]) for one in play.lane()["service_due"]] == [("travel_ms", 2500)]
        for _ in range(4):
            play.person("open")
            play.rise(2000)
            play.person("close")
            play.lower(2000)
        assert play.types("service") == ["service.due", "service.over"]

    def test_too_many_cycles_an_hour_are_a_notice_and_trap_nobody(self) -> None:
        play = Playbook(site_document(max_cycles_per_h=3))
        for _ in range(5):
            play.let_in()
        assert play.lane()["notice"] == "cycles_high"
        assert play.types("service") == ["service.due"]
        assert play.types("passage.entered") == ["passage.entered"] * 5
        play.advance(DAY_MS // 24 + 120_000)
        assert play.lane()["notice"] is None
        assert play.types("service") == ["service.due", "service.over"]

    def test_without_limits_nothing_is_ever_due(self) -> None:
        play = Playbook()
        for _ in range(5):
            play.let_in()
        assert play.types("service") == []
        assert due(play) == []
