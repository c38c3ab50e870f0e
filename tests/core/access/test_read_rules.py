"""Which read counts at which lane, and with which other one: each bound from both sides."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.access.reads import PENDING_MAX, SEEN_MAX, ReadRules, Taken, is_bound, shown
from gateway.core.settings.model import Direction, Lane
from gateway.core.vocabulary.events import CredentialRead
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Credential

MS = 1_000_000
T = 100_000 * MS
NORTH = Lane("north", "north", Direction.ENTRY, "north")
SOUTH = Lane("south", "south", Direction.ENTRY, "south")
BOTH = Lane("both", "both", Direction.ENTRY, "both", two_factor=True)
ONE, TWO = Pass("p1", PassKind.MONTHLY), Pass("p2", PassKind.MONTHLY)


def tag(value: str = "E280", **more: Any) -> CredentialRead:
    return CredentialRead("uhf", "card", value, 96, long_range=True, **more)


def card(*passes: Pass, value: str = "472288") -> CredentialRead:
    return CredentialRead("reader", "card", value, 32, passes)


def plate(*passes: Pass, value: str = "A12345", **more: Any) -> CredentialRead:
    return CredentialRead("camera", "plate", value, passes=passes, **more)


@pytest.mark.parametrize(
    ("read", "bound"), [(tag(), True), (plate(), True), (card(), False), (CredentialRead("r", "qr", "x"), False)]
)
def test_a_tag_from_afar_and_a_plate_are_bound_to_the_loop(read: CredentialRead, bound: bool) -> None:
    assert is_bound(read) is bound


def test_what_was_read_is_named_by_kind_and_value() -> None:
    assert shown(plate(value="B1")) == Credential("plate", "B1")


def test_a_replaced_read_keeps_what_else_was_taken() -> None:
    taken = Taken(card(ONE), second=plate(), elsewhere=True, mismatch=True)
    other = taken.replaced(card(TWO))
    assert other == Taken(card(TWO), plate(), elsewhere=True, mismatch=True)


@pytest.mark.parametrize(
    ("read", "occupied", "behind", "counts"),
    [
        (card(), False, False, True),
        (card(), True, True, True),
        (tag(), True, False, True),
        (tag(), None, False, True),
        (tag(), False, False, False),
        (tag(), True, True, False),
        (tag(), None, True, False),
        (plate(), False, False, False),
        (plate(), True, False, True),
    ],
)
def test_a_read_counts_or_waits_by_its_loop(
    read: CredentialRead, occupied: bool | None, behind: bool, counts: bool
) -> None:
    rules = ReadRules()
    taken = rules.take(NORTH, read, occupied, T, behind)
    assert taken == (Taken(read) if counts else None)
    assert rules.waits is not counts


@pytest.mark.parametrize(("age_ms", "occupied", "counts"), [
    (3000, True, True), (3001, True, False), (9000, None, True),
])  # fmt: skip
def test_a_plate_seen_over_three_seconds_before_the_car_came_is_of_an_earlier_car(
    age_ms: int, occupied: bool | None, counts: bool
) -> None:
    taken = ReadRules().take(NORTH, plate(age_ms=age_ms), occupied, T, arrived_ns=T)
    assert (taken is not None) is counts


def test_an_old_card_that_needs_no_loop_counts_whenever_its_car_came() -> None:
    read = msgspec.structs.replace(card(), age_ms=9000)
    assert ReadRules().take(NORTH, read, True, T, arrived_ns=T) == Taken(read)


@pytest.mark.parametrize(("after_ms", "counts"), [(0, True), (3000, True), (3001, False)])
def test_a_waiting_read_counts_for_three_seconds(after_ms: int, counts: bool) -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    found = rules.occupied(NORTH, T + after_ms * MS)
    assert found == ([tag(age_ms=after_ms)] if counts else [])
    assert rules.waits is not counts


@pytest.mark.parametrize("again", [False, True])
def test_what_was_seen_behind_a_car_is_of_none_that_stands_there(again: bool) -> None:
    """Also once that car may pass, say by a payment; it counts for the next one."""
    rules = ReadRules()
    rules.take(NORTH, plate(), True, T + 5000 * MS, behind=True, arrived_ns=T)
    if again:
        assert rules.take(NORTH, plate(again=True), True, T + 6000 * MS, arrived_ns=T) is None
    assert rules.occupied(NORTH, T + 6000 * MS, T) == []
    assert [one.value for one in rules.occupied(NORTH, T + 7000 * MS, T + 6500 * MS)] == [plate().value]


def test_the_age_of_a_read_is_counted_from_when_it_was_seen() -> None:
    rules = ReadRules()
    rules.take(NORTH, plate(age_ms=1000), False, T)
    assert rules.waiting_lanes(T + 5000 * MS) == ["north"]
    assert rules.occupied(NORTH, T + 2000 * MS) == [plate(age_ms=3000)]


def test_a_read_of_a_camera_whose_clock_is_ahead_is_no_younger_than_now() -> None:
    rules = ReadRules()
    rules.take(NORTH, plate(age_ms=-500), False, T)
    assert rules.occupied(NORTH, T) == [plate(age_ms=0)]


def test_a_read_that_has_counted_waits_no_more() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    rules.occupied(NORTH, T)
    assert rules.occupied(NORTH, T) == []
    assert rules.waiting_lanes(T) == []


def test_a_read_that_was_too_old_waits_on_beside_one_that_counts() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag("OLD"), False, T)
    rules.take(NORTH, tag("NEW"), False, T + 3000 * MS)
    assert [one.value for one in rules.occupied(NORTH, T + 4000 * MS)] == ["NEW"]
    assert rules.waiting_lanes(T + 4000 * MS) == ["north"]


def test_reads_wait_for_the_loop_of_their_own_lane() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    rules.take(SOUTH, tag("B"), False, T)
    assert rules.occupied(NORTH, T) == [tag()]
    assert rules.waiting_lanes(T) == ["south"]


@pytest.mark.parametrize(("after_ms", "lanes"), [(6000, ["north"]), (6001, [])])
def test_a_waiting_read_is_kept_for_six_seconds(after_ms: int, lanes: list[str]) -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    assert rules.waiting_lanes(T + after_ms * MS) == lanes
    assert rules.waits is bool(lanes)


def test_of_too_many_waiting_reads_the_oldest_is_dropped() -> None:
    rules = ReadRules()
    for number in range(PENDING_MAX + 1):
        rules.take(NORTH, tag(str(number)), False, T)
    assert [one.value for one in rules.occupied(NORTH, T)] == [str(number) for number in range(1, PENDING_MAX + 1)]


# ---- seen again


def test_a_tag_seen_again_that_does_not_wait_is_nothing() -> None:
    assert ReadRules().take(NORTH, tag(again=True), True, T) is None


def test_a_tag_seen_again_on_the_loop_counts_once_and_as_a_first_read() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    assert rules.take(NORTH, tag(again=True), True, T + 5000 * MS) == Taken(tag())
    assert rules.waits is False
    assert rules.take(NORTH, tag(again=True), True, T + 6000 * MS) is None


def test_another_tag_seen_again_does_not_bring_the_one_that_waits() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag("A"), False, T)
    assert rules.take(NORTH, tag("B", again=True), True, T) is None
    assert rules.waits is True


@pytest.mark.parametrize(("occupied", "behind"), [(False, False), (True, True)])
def test_a_tag_seen_again_before_its_turn_waits_on_from_now(occupied: bool, behind: bool) -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    assert rules.take(NORTH, tag(again=True), occupied, T + 2000 * MS, behind) is None
    assert rules.occupied(NORTH, T + 5000 * MS) == [tag(age_ms=3000)]


def test_a_late_word_of_an_earlier_sighting_makes_a_waiting_read_no_older() -> None:
    rules = ReadRules()
    rules.take(NORTH, plate(), False, T)
    rules.take(NORTH, plate(again=True, age_ms=3000), False, T + 1000 * MS)
    assert [one.age_ms for one in rules.occupied(NORTH, T + 3000 * MS)] == [3000]


@pytest.mark.parametrize(("after_ms", "waits"), [(20_000, True), (20_001, False)])
def test_a_tag_in_the_field_for_over_twenty_seconds_is_of_a_parked_car(after_ms: int, waits: bool) -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    rules.take(NORTH, tag(again=True), False, T + after_ms * MS)
    assert rules.waits is waits


def test_a_tag_behind_a_refused_car_is_not_taken_for_parked() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    rules.take(NORTH, tag(again=True), True, T + 19_000 * MS, behind=True)
    assert rules.take(NORTH, tag(again=True), True, T + 39_000 * MS) == Taken(tag())


@pytest.mark.parametrize(("gap_ms", "counts"), [(3000, False), (3001, True)])
def test_a_tag_that_waits_and_was_just_served_at_another_lane_is_dropped(gap_ms: int, counts: bool) -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), False, T)
    rules.take(SOUTH, tag(), True, T)
    taken = rules.take(NORTH, tag(again=True), True, T + gap_ms * MS)
    assert (taken == Taken(tag())) is counts
    assert rules.waits is False


def test_a_tag_seen_again_where_it_counted_stays_of_that_lane() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), True, T)
    rules.take(NORTH, tag(again=True), True, T + 2000 * MS)
    assert rules.take(SOUTH, tag(), True, T + 5000 * MS) == Taken(tag(), elsewhere=True)


# ---- elsewhere


@pytest.mark.parametrize(("gap_ms", "elsewhere"), [(0, True), (3000, True), (3001, False)])
def test_a_tag_at_two_lanes_within_three_seconds_belongs_to_the_first(gap_ms: int, elsewhere: bool) -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), True, T)
    assert rules.take(SOUTH, tag(), True, T + gap_ms * MS) == Taken(tag(), elsewhere=elsewhere)


def test_a_tag_twice_at_one_lane_and_another_one_elsewhere_are_no_matter() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag("A"), True, T)
    assert rules.take(NORTH, tag("A"), True, T) == Taken(tag("A"))
    assert rules.take(SOUTH, tag("B"), True, T) == Taken(tag("B"))


def test_a_card_held_to_the_readers_of_two_lanes_counts_at_both() -> None:
    rules = ReadRules()
    rules.take(NORTH, card(), True, T)
    assert rules.take(SOUTH, card(), True, T) == Taken(card())


@pytest.mark.parametrize(("others", "elsewhere"), [(SEEN_MAX - 1, True), (SEEN_MAX, False)])
def test_a_bounded_number_of_tags_is_remembered(others: int, elsewhere: bool) -> None:
    rules = ReadRules()
    rules.take(NORTH, tag("first"), True, T)
    for number in range(others):
        rules.take(NORTH, tag(str(number)), True, T)
    taken = rules.take(SOUTH, tag("first"), True, T)
    assert taken is not None and taken.elsewhere is elsewhere


def test_a_tag_read_again_is_the_last_to_be_forgotten() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag("first"), True, T)
    rules.take(NORTH, tag("second"), True, T)
    rules.take(NORTH, tag("first"), True, T)
    for number in range(SEEN_MAX - 1):
        rules.take(NORTH, tag(str(number)), True, T)
    assert rules.take(SOUTH, tag("second"), True, T) == Taken(tag("second"))
    assert rules.take(SOUTH, tag("0"), True, T) == Taken(tag("0"), elsewhere=True)


# ---- two factors


@pytest.mark.parametrize("first", ["card", "plate"])
def test_a_card_and_a_plate_of_one_pass_make_one_read(first: str) -> None:
    rules = ReadRules()
    pair = [card(ONE, TWO), plate(TWO)]
    one, other = pair if first == "card" else pair[::-1]
    assert rules.take(BOTH, one, True, T) is None
    assert rules.take(BOTH, other, True, T + MS) == Taken(card(TWO), second=plate(TWO))


@pytest.mark.parametrize(("second", "passes"), [(plate(TWO), (ONE,)), (plate(), (ONE,)), (plate(ONE), ())])
def test_a_card_and_a_plate_of_no_common_pass_differ(second: CredentialRead, passes: tuple[Pass, ...]) -> None:
    rules = ReadRules()
    rules.take(BOTH, card(*passes), True, T)
    assert rules.take(BOTH, second, True, T) == Taken(card(*passes), second=second, mismatch=True)


@pytest.mark.parametrize(("gap_ms", "together"), [(10_000, True), (10_001, False)])
def test_two_proofs_within_ten_seconds_are_of_one_car(gap_ms: int, together: bool) -> None:
    rules = ReadRules()
    rules.take(BOTH, card(ONE), True, T)
    assert (rules.take(BOTH, plate(ONE), True, T + gap_ms * MS) is not None) is together


def test_a_late_second_proof_is_the_first_of_the_next_pair() -> None:
    rules = ReadRules()
    rules.take(BOTH, card(ONE), True, T)
    rules.take(BOTH, plate(TWO), True, T + 11_000 * MS)
    taken = rules.take(BOTH, card(TWO), True, T + 12_000 * MS)
    assert taken == Taken(card(TWO), second=plate(TWO))


@pytest.mark.parametrize(("one", "other"), [(card(ONE), card(ONE, value="2")), (plate(ONE), plate(ONE, value="B"))])
def test_two_proofs_of_one_kind_are_no_pair_and_the_later_one_counts(
    one: CredentialRead, other: CredentialRead
) -> None:
    rules = ReadRules()
    rules.take(BOTH, one, True, T)
    assert rules.take(BOTH, other, True, T) is None
    third = plate(ONE) if other.kind == "card" else card(ONE)
    taken = rules.take(BOTH, third, True, T)
    assert taken is not None and other in (taken.read, taken.second)


def test_a_pair_is_used_up_by_its_car() -> None:
    rules = ReadRules()
    rules.take(BOTH, card(ONE), True, T)
    rules.take(BOTH, plate(ONE), True, T)
    assert rules.take(BOTH, plate(ONE), True, T) is None


@pytest.mark.parametrize(("lane", "counts"), [("both", False), ("north", True)])
def test_the_first_proof_of_a_car_that_a_person_let_through_is_deleted(lane: str, counts: bool) -> None:
    rules = ReadRules()
    rules.take(BOTH, card(ONE), True, T)
    rules.let_through(lane)
    assert (rules.take(BOTH, plate(ONE), True, T) is not None) is counts


def test_a_tag_of_another_lane_is_told_before_the_second_proof_is_awaited() -> None:
    rules = ReadRules()
    rules.take(NORTH, tag(), True, T)
    assert rules.take(BOTH, tag(), True, T) == Taken(tag(), elsewhere=True)


def test_the_first_of_two_proofs_is_known_while_it_is_kept() -> None:
    rules, first, again = ReadRules(), card(ONE), card(ONE)
    assert rules.first_of(BOTH) is None
    rules.take(BOTH, tag(), False, T)
    assert rules.first_of(BOTH) is None
    rules.take(BOTH, first, True, T)
    assert rules.first_of(BOTH) is first
    rules.take(BOTH, again, True, T)
    assert rules.first_of(BOTH) is again
    assert rules.first_of(NORTH) is None
    rules.take(BOTH, plate(ONE), True, T)
    assert rules.first_of(BOTH) is None
