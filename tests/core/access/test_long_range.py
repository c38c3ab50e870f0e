"""Long-range reads of cars that roll up slowly: a tag seen again waits for its loop, but never for another car."""

from __future__ import annotations

import msgspec

from gateway.core.access.reads import ARRIVING_MS
from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.playbook import MONTHLY, TwoLanes


class Field(TwoLanes):
    """Two lanes whose readers see a tag for a while, telling so once a second."""

    def sees(self, device: str, seconds: int, found: Pass = MONTHLY, first: bool = True) -> None:
        for second in range(seconds):
            again = second > 0 or not first
            self.happens(events.CredentialRead(device, "card", "E280", 96, (found,), long_range=True, again=again))
            self.advance(1000)


def test_a_car_that_rolls_up_slowly_is_let_in_when_it_stands_on_the_loop() -> None:
    play = Field()
    play.sees("reader-in", 8)
    assert play.types("access") == []
    play.set(approach_loop=True)
    assert play.types("access") == ["access.granted"]


def test_one_presentation_is_one_decision_however_often_the_tag_is_seen_again() -> None:
    play = Field()
    play.set(approach_loop=True)
    play.sees("reader-in", 8)
    play.set(approach_loop=False)
    play.sees("reader-in", 3, first=False)
    play.set(approach_loop=True)
    assert play.types("access") == ["access.granted"]


def test_a_tag_that_flickers_counts_when_it_is_seen_again_on_the_loop() -> None:
    play = Field()
    play.sees("reader-in", 1)
    play.advance(3500)
    play.set(approach_loop=True)
    assert play.types("access") == []
    play.sees("reader-in", 1, first=False)
    assert play.types("access") == ["access.granted"]


def test_a_parked_cars_tag_opens_for_nobody() -> None:
    play = Field()
    play.sees("reader-in", ARRIVING_MS // 1000 + 3)
    play.set(approach_loop=True)
    play.sees("reader-in", 3, first=False)
    assert play.types("access") == []


def test_a_tag_seen_again_at_the_neighbour_lane_does_not_open_it_for_the_next_car() -> None:
    play = Field()
    play.tag("reader-out")
    play.set(approach_loop=True)
    play.tag("reader-in")
    for _ in range(6):
        play.sees("reader-in", 1, first=False)
        play.sees("reader-out", 1, first=False)
    play.set2(approach_loop=True)
    play.sees("reader-out", 3, first=False)
    assert play.types("access") == ["access.granted"]


def test_a_read_that_waits_is_decided_with_the_pass_as_it_is_by_then() -> None:
    play = Field()
    play.sees("reader-in", 2)
    play.sees("reader-in", 2, msgspec.structs.replace(MONTHLY, kind=PassKind.BLOCKED), first=False)
    play.set(approach_loop=True)
    assert play.data("access.denied")["reason"] == "blocked"


def test_a_sighting_of_a_tag_that_was_never_told_is_nothing() -> None:
    play = Field()
    play.set(approach_loop=True)
    play.sees("reader-in", 3, first=False)
    assert play.types("access") == []


def test_a_late_word_of_a_tag_is_no_word_of_where_it_is_now() -> None:
    play = Field()
    play.sees("reader-in", 1)
    play.advance(3000)
    late = events.CredentialRead("reader-in", "card", "E280", 96, (MONTHLY,), long_range=True, again=True, age_ms=4000)
    play.happens(late)
    play.set(approach_loop=True)
    assert play.types("access") == []
