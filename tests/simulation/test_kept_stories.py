"""Stories that once broke a rule, made short: the rule knew too little, or the product was wrong."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.simulation.play import play
from gateway.simulation.story.happenings import Happening, Story
from gateway.simulation.story.write import write

HOUR_S, MINUTE_S = 3600, 60


def at(hours: int, minutes: int, seconds: float, what: str, lane: int, seed: int = 0, **detail: Any) -> Happening:
    """A happening at a time of the story."""
    return Happening(round((hours * HOUR_S + minutes * MINUTE_S + seconds) * 1000), what, lane, detail, seed)


def kept(seed: int, hours: int, *happenings: Happening, troubles: float = 1.0) -> Story:
    """The site and the guards of a written story, with these happenings alone."""
    story = write(seed, hours, troubles=troubles)
    return msgspec.structs.replace(story, happenings=happenings)


def test_an_arm_that_its_barrier_lowers_after_a_kill_turns_back_for_its_safety_loop() -> None:
    """The loop is stuck, so that nothing changes after the start but the arm."""
    story = kept(
        301000903,
        1,
        at(0, 44, 43.847, "stuck_input", 1, 2227051118, input="safety_loop", value=True, for_ms=212_057),
        at(0, 45, 35.573, "car", 1, 2240125047, behaviour="through", card="shared", who=96, plate="right"),
        at(0, 45, 39.303, "kill", 2, 3559823316, for_ms=400, network_ms=10_800_000),
    )
    assert play(story).broken is None


def test_a_held_lane_whose_controller_has_closed_the_arm_waits_for_a_person_in_the_next_core() -> None:
    """The car that comes then is referred, and that is no harm by the fault."""
    story = kept(
        22,
        1,
        at(0, 20, 13.385, "person", 1, 1269527606, command="hold", via="guard"),
        at(0, 21, 33.396, "core_fault", 3, 3948019176, after=3, how="changed"),
        at(0, 21, 43.963, "car", 2, 2221836606, behaviour="through", card="shared", who=107, plate="none"),
        at(0, 22, 16.671, "car", 1, 3032523560, behaviour="e_bike", card="right", who=123, plate="none"),
        troubles=6.0,
    )
    assert play(story).broken is None


def test_two_taps_at_a_lane_of_two_proofs_are_one_grant_though_a_plate_is_read_in_between() -> None:
    two_proofs = {"two_factor": True, "long_range": False, "button_only": False}
    story = kept(
        67,
        1,
        at(0, 10, 7.768, "car", 3, 4008647498, behaviour="through", card="unknown", who=197, plate="right"),
        at(0, 10, 9.983, "two_taps", 3, 162605697, gap_ms=300),
        troubles=6.0,
    )
    lanes = tuple({**lane, **two_proofs} for lane in story.lanes)
    assert play(msgspec.structs.replace(story, lanes=lanes)).broken is None


def test_a_card_that_a_car_shows_after_it_has_gone_counts_beside_the_next_car() -> None:
    """It follows a car out through the raised arm, and its driver holds the card to the reader once more."""
    story = kept(
        4711014277,
        6,
        at(5, 2, 0.165, "car", 1, 2306416582, behaviour="through", card="right", who=96, plate="right"),
        at(5, 2, 0.757, "car", 0, 3339237003, behaviour="through", card="right", who=175, plate="late"),
        at(5, 2, 2.392, "car", 0, 357922193, behaviour="through", card="right", who=193, plate="right"),
    )
    assert play(story).broken is None


def test_an_arm_that_came_down_while_its_board_was_silent_is_not_opened_again_once_that_is_back() -> None:
    """The core is replaced while the arm goes down; OPEN is lost with the board, and there is nothing under the arm."""
    story = kept(
        25,
        6,
        at(4, 52, 7.383, "car", 0, 1489860405, behaviour="through", card="right", who=42, plate="right"),
        at(4, 52, 10.988, "disk_stalls", 2, 4044691218, for_ms=6000),
        at(4, 57, 21.659, "board_silent", 3, 2793177323, for_ms=30_000),
        at(5, 1, 25.436, "reader_repeats", 3, 1447645785, who=9),
        at(5, 1, 33.807, "core_fault", 2, 3041853164, after=53, how="changed"),
        at(5, 1, 54.849, "car", 3, 47190833, behaviour="through", card="right", who=109, plate="right"),
        at(5, 2, 9.061, "board_blip", 3, 2721065235),
        troubles=12.0,
    )
    assert play(story).broken is None
