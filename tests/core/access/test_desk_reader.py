"""A reader that several lanes share: the car's lane gets the read, else the screen's, else a person decides."""

from __future__ import annotations

import msgspec
import pytest

from gateway.core.access.booth.chosen import CHOSEN_S
from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass
from tests.core.playbook import MONTHLY, TwoLanes, two_lanes

EXPIRED = msgspec.structs.replace(MONTHLY, valid_until="2020-12-31")


class Desk(TwoLanes):
    """An entry and an exit whose only reader lies on the desk."""

    def __init__(self, **second: object) -> None:
        document = two_lanes()
        for lane in document["lanes"]:
            lane["readers"] = ["reader-in"]
        barrier = document["lanes"][1]["barrier"]
        document["lanes"][1]["barrier"] = {k: v for k, v in {**barrier, **second}.items() if v is not None}
        super().__init__(document)

    def shows(self, found: tuple[Pass, ...] = (MONTHLY,)) -> list[tuple[str, str, str]]:
        self.forget()
        self.read(passes=found)
        return [(row.type, row.data["reason"], row.data["lane"]) for row in self.rows if row.type.startswith("access.")]

    def chooses(self, lane: str, station: str = "booth") -> None:
        self.happens(events.LaneChosen(station, lane))


def test_the_read_belongs_to_the_lane_that_has_a_car_waiting() -> None:
    play = Desk()
    play.set2(approach_loop=True)
    assert play.shows() == [("access.granted", "valid_pass", "out")]
    assert play.lane("in")["grants"] == 0


def test_a_car_that_was_let_pass_waits_no_more_for_a_card() -> None:
    play = Desk()
    play.set2(approach_loop=True)
    play.shows()
    play.set(approach_loop=True)
    other = Pass(id="p9", kind=MONTHLY.kind)
    assert play.shows((other,)) == [("access.granted", "valid_pass", "in")]


def test_with_cars_at_both_lanes_the_chosen_one_gets_it() -> None:
    play = Desk()
    play.set(approach_loop=True)
    play.set2(approach_loop=True)
    play.chooses("out")
    assert play.shows() == [("access.granted", "valid_pass", "out")]


def test_without_a_car_the_lane_chosen_on_the_screen_gets_it() -> None:
    play = Desk()
    play.chooses("in")
    assert play.shows() == [("access.granted", "valid_pass", "in")]


@pytest.mark.parametrize("why", ["nothing chosen", "chosen long ago", "two screens differ", "let go"])
def test_else_a_person_decides_and_no_arm_moves(why: str) -> None:
    play = Desk()
    if why != "nothing chosen":
        play.chooses("in")
    if why == "chosen long ago":
        play.advance(CHOSEN_S * 1000 + 100)
    if why == "two screens differ":
        play.chooses("out", "second booth")
    if why == "let go":
        play.chooses("")
    assert play.shows() == [("access.referred", "lane_unclear", "in")]
    assert play.pulses() == []
    cases = [play.lane(lane)["case"] for lane in ("in", "out")]
    assert cases[0]["id"] == cases[1]["id"]
    assert cases[0]["pass"] == "p1"


def test_the_car_is_released_at_one_lane_and_waits_no_longer_at_the_other() -> None:
    play = Desk()
    play.shows()
    play.person("open", lane="out", reason="resident_known")
    assert play.data("access.granted")["pass"] == "p1"
    assert [play.lane(lane)["case"] for lane in ("in", "out")] == [None, None]


def test_a_car_that_waits_by_its_own_pass_is_not_released_by_a_card_that_nobody_can_place() -> None:
    play = Desk()
    play.set2(approach_loop=True)
    play.shows((EXPIRED,))
    play.set(approach_loop=True)
    other = Pass(id="p9", kind=MONTHLY.kind)
    assert [reason for _, reason, _ in play.shows((other,))] == ["lane_unclear"]
    play.forget()
    play.person("open", lane="out", reason="papers_seen")
    assert play.data("case.released")["pass"] == EXPIRED.id
    play.person("open", lane="in", reason="papers_seen")
    assert play.data("case.released")["pass"] == "p9"


def test_a_tag_seen_by_a_shared_antenna_waits_for_the_loop_that_its_car_comes_to() -> None:
    play = Desk()
    play.tag("reader-in", "E280")
    assert play.types("access") == []
    play.set2(approach_loop=True)
    assert [(row.type, row.data["lane"]) for row in play.rows if row.type.startswith("access.")] == [
        ("access.granted", "out")
    ]


def test_a_lane_without_a_loop_gets_a_shared_antennas_tag_only_when_it_is_chosen() -> None:
    play = Desk(approach_loop=None)
    play.tag("reader-in", "E280")
    assert play.data("access.referred")["reason"] == "lane_unclear"
    play.chooses("out")
    play.tag("reader-in", "E281")
    assert play.data("access.granted")["lane"] == "out"
