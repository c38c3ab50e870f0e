"""The queue of grants: its order and its bound, the vehicle under the arm, the one that has just passed, the time."""

from __future__ import annotations

import pytest

from gateway.core.lane.grants.grant import Grant, GrantState
from gateway.core.lane.grants.queue import GrantQueue
from gateway.core.vocabulary.rows import Credential, LastGrant
from gateway.core.vocabulary.turn import Turn
from tests.core.lane_parts.bench import IN, MS, OUT, TIMER, cancelled, grant, mono, rows, started, turn_at

CARD = Credential("card", "472288")
OTHER = Credential("card", "7")
BEFORE = LastGrant("long ago", "p0", Credential("card", "472288"), "pass", None)


def queue_of(*grants: Grant, before: LastGrant | None = None) -> GrantQueue:
    queue = GrantQueue(TIMER, 20_000, before)
    for one in grants:
        queue.add(one)
    return queue


def three() -> tuple[Grant, Grant, Grant]:
    """Two of the exit around one of the entry."""
    return grant("g1", OUT), grant("g2", IN, credential=CARD), grant("g3", OUT)


def test_an_empty_queue_knows_of_no_grant() -> None:
    queue = queue_of()
    assert (len(queue), queue.head, queue.last, queue.bound, queue.full) == (0, None, None, None, False)
    assert queue.first_of(IN) is None
    assert queue.bind(None) is None
    assert queue.unbind() is None
    assert queue.use(turn_at(), None) is None
    assert queue.last_granted() is None


@pytest.mark.parametrize(("count", "full"), [(1, False), (2, False), (3, True), (4, True)])
def test_a_queue_is_full_with_three(count: int, full: bool) -> None:
    queue = queue_of(*[grant(f"g{n}") for n in range(count)])
    assert len(queue) == count
    assert queue.full is full


def test_grants_stand_in_order_and_are_found_by_id_and_lane() -> None:
    g1, g2, g3 = three()
    queue = queue_of(g1, g2, g3)
    assert (queue.head, queue.last) == (g1, g3)
    assert queue.views(OUT) == (g1.view(), g3.view())
    assert queue.views(IN) == (g2.view(),)
    assert queue.of_id("g2") is g2
    assert queue.of_id("g9") is None
    assert queue.of(OUT) == [g1, g3]
    assert queue.first_of(IN) is g2
    assert queue.entering() == [g2]


def test_a_credential_is_held_until_its_vehicle_has_passed() -> None:
    queue = queue_of(*three())
    assert queue.holds(CARD)
    assert not queue.holds(OTHER)
    queue.use(turn_at(), queue.of_id("g2"))
    assert not queue.holds(CARD)


def test_a_vehicle_uses_the_first_grant_of_its_lane_or_the_head() -> None:
    g1, g2, g3 = three()
    queue = queue_of(g1, g2, g3)
    assert queue.bind(IN) is g2
    assert queue.bound is g2
    assert queue.in_front(IN) == []
    assert queue.in_front(OUT) == [g1, g3]
    assert queue.unbind() is g2
    assert queue.bound is None
    assert queue.in_front(IN) == [g2]
    assert queue.bind(None) is g1
    assert g1.state is GrantState.UNDER


def test_a_grant_of_an_earlier_run_is_taken_up_under_the_arm_and_is_not_the_last_one_given() -> None:
    queue, old = queue_of(), grant("g0")
    queue.take_up(old)
    assert queue.bound is old
    assert queue.head is old
    assert queue.last is None


def test_the_last_grant_is_that_of_an_earlier_run_until_one_is_given() -> None:
    queue = queue_of(before=BEFORE)
    assert queue.last_granted() == BEFORE
    queue.add(grant("g1"))
    assert queue.last_granted() == grant("g1").last_grant()


# ---- the vehicle that has just passed


def test_a_used_grant_is_out_of_the_queue() -> None:
    g1, g2, g3 = three()
    queue = queue_of(g1, g2, g3)
    assert queue.use(turn_at(), g2) is g2
    assert g2.state is GrantState.USED
    assert (queue.views(IN), queue.of(OUT)) == ((), [g1, g3])


@pytest.mark.parametrize(("after_ns", "lately"), [(0, True), (5000 * MS, True), (5000 * MS + 1, False)])
def test_a_vehicle_has_just_passed_for_five_seconds(after_ns: int, lately: bool) -> None:
    one = grant(credential=CARD)
    queue = queue_of(one)
    queue.use(turn_at(), one)
    assert queue.used_lately(mono(0) + after_ns) is (one if lately else None)
    assert queue.seen_behind(CARD, mono(0) + after_ns) is lately


def test_what_is_seen_again_and_again_stays_that_of_the_vehicle_that_passed() -> None:
    one = grant(credential=CARD)
    queue = queue_of(one)
    queue.use(turn_at(), one)
    assert [queue.seen_behind(CARD, mono(at)) for at in (4000, 8000, 12_000, 17_001)] == [True, True, True, False]


def test_another_card_is_not_that_of_the_vehicle_that_passed_and_prolongs_nothing() -> None:
    one = grant(credential=CARD)
    queue = queue_of(one)
    assert not queue.seen_behind(CARD, mono(0))
    queue.use(turn_at(), one)
    assert not queue.seen_behind(OTHER, mono(4000))
    assert not queue.seen_behind(CARD, mono(6000))


# ---- the time of the head


def test_the_time_of_the_head_alone_runs_and_pauses() -> None:
    g1, g2, _ = three()
    queue, runs, again, pauses, still = queue_of(g1, g2), turn_at(), turn_at(10), turn_at(3000), turn_at(4000)
    queue.run(runs, runs=True)
    assert started(runs) == [("test", 20_000)]
    queue.run(again, runs=True)
    assert again.commands == []
    queue.run(pauses, runs=False)
    assert cancelled(pauses) == ["test"]
    assert (g1.left_ms, g2.left_ms) == (17_000, None)
    queue.run(still, runs=False)
    assert still.commands == []


def test_a_head_without_any_time_left_still_starts_its_timer() -> None:
    queue, turn = queue_of(grant(left_ms=0)), turn_at()
    queue.run(turn, runs=True)
    assert started(turn) == [("test", 0)]


@pytest.mark.parametrize("runs", [True, False])
def test_an_empty_queue_has_no_timer(runs: bool) -> None:
    turn = turn_at()
    queue_of().run(turn, runs)
    assert turn.commands == []


def test_an_opening_pauses_the_head_and_gives_it_its_whole_time() -> None:
    one, turn = grant(), turn_at(3000)
    queue = queue_of(one, grant("g2"))
    queue.run(turn_at(), runs=True)
    queue.call_head(turn)
    assert cancelled(turn) == ["test"]
    assert (one.opened, one.left_ms, one.running_since_ns) == (True, None, None)
    assert not queue.of(IN)[1].opened


def test_an_opening_for_an_empty_queue_opens_for_none() -> None:
    turn = turn_at()
    queue_of().call_head(turn)
    assert turn.commands == []


REMOVALS = {
    "use": lambda queue, turn, one: queue.use(turn, one),
    "drop": lambda queue, turn, one: queue.drop(turn, one, "left"),
}


@pytest.mark.parametrize("how", REMOVALS)
def test_a_head_that_is_taken_out_takes_its_time_along_and_the_next_one_has_its_whole_time(how: str) -> None:
    g1, g2, _ = three()
    queue, turn, later = queue_of(g1, g2), turn_at(15_000), turn_at(16_000)
    queue.run(turn_at(), runs=True)
    REMOVALS[how](queue, turn, g1)
    assert cancelled(turn) == ["test"]
    assert (queue.head, g2.running_since_ns) == (g2, None)
    queue.run(later, runs=True)
    assert started(later) == [("test", 20_000)]


@pytest.mark.parametrize("how", REMOVALS)
def test_the_time_of_the_head_runs_on_when_another_grant_is_taken_out(how: str) -> None:
    g1, g2, _ = three()
    queue, turn = queue_of(g1, g2), turn_at(15_000)
    queue.run(turn_at(), runs=True)
    REMOVALS[how](queue, turn, g2)
    queue.run(turn, runs=True)
    assert (cancelled(turn), started(turn)) == ([], [])
    queue.run(turn, runs=False)
    assert (cancelled(turn), g1.left_ms) == (["test"], 5000)


def test_the_time_of_all_ends_with_them() -> None:
    queue, turn = queue_of(*three()), turn_at(15_000)
    queue.run(turn_at(), runs=True)
    queue.drop_all(turn, "stop")
    assert cancelled(turn) == ["test"]


# ---- ends without a vehicle


def unused(turn: Turn) -> list[tuple[str, str, str]]:
    return [(row.lane, row.grant, row.reason) for row in rows(turn)]


def test_one_grant_is_dropped_and_recorded() -> None:
    g1, g2, g3 = three()
    queue, turn = queue_of(g1, g2, g3), turn_at()
    queue.drop(turn, g2, "left")
    assert unused(turn) == [("in", "g2", "left")]
    assert g2.state is GrantState.UNUSED
    assert queue.of(OUT) == [g1, g3]
    queue.drop(turn, g1, "time_over")
    assert unused(turn)[1:] == [("out", "g1", "time_over")]
    assert queue.head is g3


@pytest.mark.parametrize(("but_under", "dropped"), [(False, ["g1", "g2", "g3"]), (True, ["g1", "g3"])])
def test_all_are_dropped_but_perhaps_that_of_the_vehicle_under_the_arm(but_under: bool, dropped: list[str]) -> None:
    queue, turn = queue_of(*three()), turn_at()
    queue.bind(IN)
    queue.drop_all(turn, "stop", but_under=but_under)
    assert [name for _, name, why in unused(turn) if why == "stop"] == dropped
    assert len(queue) == 3 - len(dropped)
    assert (queue.bound is not None) is but_under


def test_all_are_dropped_when_no_vehicle_is_under_the_arm() -> None:
    queue, turn = queue_of(*three()), turn_at()
    queue.drop_all(turn, "stop", but_under=True)
    assert len(unused(turn)) == 3
    assert len(queue) == 0
