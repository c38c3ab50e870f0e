"""A card from the pile, and the visitor whose car a person lets in."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.access.booth.pile import AWAITED_S, STATIONS_MAX, PileCards
from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.turn import NS_PER_S
from tests.core.access.test_visitors import read, visitor
from tests.core.lane.test_signs import fitted
from tests.core.playbook import Playbook

RESIDENT = Pass(id="p1", kind=PassKind.MONTHLY)


def waits(play: Playbook, lane: str = "in", station: str = "booth") -> None:
    play.happens(events.CardAwaited(station, lane, "Lin"))


def pile(play: Playbook) -> Any:
    found = play.lane("in")["pile"]
    return found and (found["card"], found["wrong"])


def test_the_next_unknown_card_is_kept_for_the_screen_and_decides_nothing() -> None:
    play = Playbook()
    waits(play)
    assert pile(play) == (None, None)
    read(play, value="4711")
    assert pile(play) == ("4711", None)
    assert play.types("access.denied") == play.types("access.granted") == []
    assert play.lane("in")["pile"]["station"] == "booth"


def test_a_card_that_waits_for_no_screen_is_decided_on() -> None:
    play = Playbook()
    waits(play)
    waits(play, lane="")
    assert pile(play) is None
    read(play, value="4711")
    assert play.data("access.denied")["reason"] == "unknown_credential"


def test_a_resident_goes_in_by_its_card_while_a_screen_waits() -> None:
    play = Playbook()
    waits(play)
    read(play, passes=(RESIDENT,))
    assert play.data("access.granted")["pass"] == "p1"
    assert pile(play) == (None, "known")


def test_a_card_that_is_out_with_another_visitor_is_not_taken() -> None:
    play = Playbook()
    waits(play)
    read(play, visitor(play))
    assert pile(play) == (None, "out")
    assert play.data("access.granted")["visit"] == "visit-1"


def test_the_last_card_counts_when_two_are_read() -> None:
    play = Playbook()
    waits(play)
    read(play, value="4711")
    play.advance(10_000)
    read(play, value="4712")
    assert pile(play) == ("4712", None)


def test_a_screen_that_has_gone_silent_waits_no_more() -> None:
    play = Playbook()
    waits(play)
    play.advance(AWAITED_S * 1000 + 1)
    read(play, value="4711")
    assert play.data("access.denied")["reason"] == "unknown_credential"


def test_a_screen_that_says_so_again_keeps_the_card() -> None:
    play = Playbook()
    waits(play)
    read(play, value="4711")
    play.advance(AWAITED_S * 500)
    waits(play)
    assert pile(play) == ("4711", None)


def test_a_plate_and_a_tag_seen_from_afar_are_no_card_from_the_pile() -> None:
    play = Playbook()
    waits(play)
    play.happens(events.CredentialRead("reader-in", "plate", "粤B12345"))
    assert pile(play) == (None, None)


def test_screens_that_wait_are_bounded() -> None:
    cards = PileCards()
    for number in range(STATIONS_MAX + 5):
        cards.await_at(f"s{number}", f"lane-{number}", "Lin", 0)
    assert len(cards.lanes()) == STATIONS_MAX
    assert cards.view("lane-0", NS_PER_S) is None


# ---- let in by a person who has registered it


def lets_in(play: Playbook, **who: Any) -> None:
    play.person("open", detail={"visitor": {"visit": "v-7", **who}})


def test_the_passage_of_a_car_that_was_registered_begins_its_visit() -> None:
    play = Playbook()
    lets_in(play, plate="粤B12345")
    granted = play.data("access.granted")
    assert (granted["visit"], granted["reason"]) == ("v-7", "operator")
    play.rise()
    play.drive_through()
    entered = play.data("passage.entered")
    assert (entered["visit"], entered["plate"], entered["by"]) == ("v-7", "粤B12345", "Lin")


def test_a_car_that_was_refused_is_let_in_with_its_visit_and_its_own_plate() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.happens(events.CredentialRead("reader-in", "plate", "粤B12345"))
    lets_in(play, plate="粤B99999")
    play.rise()
    play.drive_through()
    entered = play.data("passage.entered")
    assert (entered["visit"], entered["plate"]) == ("v-7", "粤B12345")


def test_a_car_that_a_person_had_opened_for_gets_its_visit() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.person("open")
    lets_in(play)
    assert len(play.types("access.granted")) == 1
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["visit"] == "v-7"


@pytest.mark.parametrize("wrong", [{"visit": 5}, {"visit": "a b"}, {}, "v-7", {"visit": "v", "shown": "x" * 101}])
def test_a_visitor_that_cannot_be_read_is_none(wrong: Any) -> None:
    play = Playbook()
    play.person("open", detail={"visitor": wrong})
    assert "visit" not in play.data("access.granted")


def words(play: Playbook) -> list[str]:
    """What the lane's display said, in order."""
    return [message["words"] for device, message in play.shown if device == "sign"]


def test_the_display_says_where_to_go_once_the_arm_is_up() -> None:
    play = Playbook(fitted())
    lets_in(play, shown="Building 3: left")
    assert "Building 3: left" not in words(play)
    play.rise()
    assert words(play)[-1] == "Building 3: left"
    play.drive_through()
    assert words(play)[-1] == "Welcome"


def test_an_announced_visitor_is_shown_the_way_too() -> None:
    play = Playbook(fitted())
    read(play, visitor(play, shown="Building 3: left"))
    assert "Building 3: left" not in words(play)
    play.rise()
    assert words(play)[-1] == "Building 3: left"
