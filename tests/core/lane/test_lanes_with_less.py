"""Lanes with fewer sensors, other controllers, two factors, holds with an end, and inputs that misbehave."""

from __future__ import annotations

import pytest

from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.playbook import MONTHLY, Playbook, TwoLanes, site_document, two_lanes


def test_without_limit_switches_the_arm_is_presumed_after_its_travel_time() -> None:
    play = Playbook(site_document(at_open=None, at_closed=None))
    play.read()
    assert play.lane()["arm"] == "rising"
    play.advance(6000)
    assert play.lane()["arm"] == "open"
    assert play.data("barrier.opened")["presumed"] is True
    play.drive_through()
    play.advance(900)
    assert play.pulses() == ["open", "close"]
    play.advance(6000)
    assert play.lane()["arm"] == "closed"


def test_with_only_the_closed_switch_open_is_presumed_and_closing_can_be_obstructed() -> None:
    play = Playbook(site_document(at_open=None))
    play.read()
    play.set(at_closed=False)
    play.advance(6000)
    assert play.lane()["arm"] == "open"
    play.drive_through()
    play.advance(900)
    play.advance(12_100)
    assert play.pulses() == ["open", "close", "close"]
    assert play.data("alarm.raised")["kind"] == "obstructed"


def test_with_one_loop_a_read_outside_within_a_minute_voids_the_inferred_passage() -> None:
    play = Playbook(site_document(approach_loop=None))
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.advance(700)
    visit = play.data("passage.entered")["visit"]
    play.advance(30_000)
    play.read()
    assert play.data("passage.reversed")["voids"] == visit


def test_an_exit_button_lets_one_vehicle_out() -> None:
    document = site_document()
    document["lanes"][0] |= {"direction": "exit", "readers": [], "exit_button": "io.input.6"}
    play = Playbook(document)
    play.electrical[6] = True
    play.happens(events.InputsRead("io", tuple(play.electrical)))
    play.advance(40)
    assert play.data("access.granted")["decided_by"] == "exit button"
    assert play.pulses() == ["open"]


def test_a_button_pressed_for_fifty_milliseconds_is_seen() -> None:
    document = site_document()
    document["lanes"][0]["exit_button"] = {"point": "io.input.6", "debounce_ms": 300}
    play = Playbook(document)
    for value, ms in ((True, 50), (False, 50)):
        play.electrical[6] = value
        play.happens(events.InputsRead("io", tuple(play.electrical)))
        play.advance(ms)
    assert play.pulses() == ["open"]


def test_a_step_controller_is_pressed_only_from_measured_closed() -> None:
    play = Playbook(site_document(control="step", close=None))
    play.read()
    play.set(at_closed=False)
    assert play.person("open").reason == "arm_between"
    assert play.person("close").reason == "no_close_output"
    play.advance(1920)
    play.set(at_open=True)
    play.drive_through()
    play.advance(900)
    play.set(at_open=False)
    play.set(safety_loop=True)
    play.advance(5000)
    assert play.pulses() == ["open"]
    play.set(safety_loop=False)
    play.advance(1000)
    play.set(at_closed=True)
    play.read("7")
    assert play.pulses() == ["open", "open"]


def test_an_arm_that_closes_by_itself_is_not_opened_again_and_again_for_a_car_that_has_gone() -> None:
    play = Playbook(site_document(control="step", close=None))
    play.set(approach_loop=True)
    play.read()
    play.set(approach_loop=False)
    for _ in range(10):
        if play.types("grant"):
            break
        play.rise()
        play.advance(6000)
        play.lower()
    assert play.data("grant.unused")["reason"] == "time_over"
    assert play.pulses() == ["open"] * 3


def test_two_lanes_share_one_barrier_and_each_vehicle_counts_in_its_own_direction() -> None:
    document = site_document(clear_loop="io.input.6", arm_detached=None)
    document["barriers"] = [{"id": "north", **document["lanes"][0].pop("barrier")}]
    document["lanes"][0]["barrier"] = "north"
    document["lanes"].append({"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": "north"})
    play = Playbook(document)

    def loops(approach: bool, safety: bool, clear: bool) -> None:
        play.electrical[6] = clear
        play.set(approach_loop=approach, safety_loop=safety)
        play.advance(300)

    play.read(device="reader-out")
    assert play.data("barrier.commanded")["lane"] == "out"
    play.rise()
    for approach, safety, clear in ((False, False, True), (False, True, True), (False, True, False),
                                    (True, True, False), (True, False, False)):  # fmt: skip
        loops(approach, safety, clear)
    play.advance(800)
    assert (play.data("passage.exited")["lane"], play.data("passage.exited")["pass"]) == ("out", "p1")
    loops(False, False, False)
    play.advance(2000)
    play.lower()
    play.read()
    play.rise()
    for approach, safety, clear in ((True, False, False), (True, True, False), (False, True, True),
                                    (False, False, True), (False, False, False)):  # fmt: skip
        loops(approach, safety, clear)
    play.advance(800)
    assert play.data("passage.entered")["lane"] == "in"
    assert play.types("passage") == ["passage.exited", "passage.entered"]


def test_a_wrong_way_drive_through_an_entry_is_recorded_as_such() -> None:
    play = Playbook()
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=True)
    play.set(safety_loop=False)
    play.advance(800)
    assert play.data("passage.reversed")["way"] == "wrong_way"
    assert play.types("passage.entered") == []


def two_factor() -> Playbook:
    document = site_document()
    document["lanes"][0] |= {"two_factor": True, "readers": ["reader-in", "reader-out"]}
    return Playbook(document)


def plate(play: Playbook, value: str, passes: tuple[Pass, ...]) -> None:
    play.happens(events.CredentialRead("reader-out", "plate", value, 0, passes))


def test_two_factors_of_one_pass_open_in_either_order() -> None:
    play = two_factor()
    play.set(approach_loop=True)
    play.read()
    assert play.types("access") == []
    assert play.lane()["notice"] == "second_factor"
    plate(play, "京A12345", (MONTHLY,))
    assert play.data("access.granted")["credential"]["kind"] == "card"
    again = two_factor()
    again.set(approach_loop=True)
    plate(again, "京A12345", (MONTHLY,))
    again.read()
    assert again.types("access") == ["access.granted"]


def test_a_first_proof_asks_for_the_second_while_a_tag_waits_for_its_loop_at_another_lane() -> None:
    document = two_lanes()
    document["lanes"][0]["two_factor"] = True
    play = TwoLanes(document)
    play.tag("reader-out", found=CAR_B)
    play.set(approach_loop=True)
    play.read()
    assert play.lane()["notice"] == "second_factor"
    assert play.lane()["case"]["credential"] == {"kind": "card", "value": "472288"}


def test_a_tag_that_waits_for_its_loop_is_no_first_proof_until_it_counts() -> None:
    play = two_factor()
    play.read(long_range=True)
    assert (play.lane()["notice"], play.lane()["case"]) == (None, None)
    play.set(approach_loop=True)
    assert play.lane()["notice"] == "second_factor"


def test_a_tag_that_is_too_old_asks_for_the_second_proof_when_it_is_seen_again_on_the_loop() -> None:
    play = two_factor()
    play.read(long_range=True)
    play.advance(3500)
    play.set(approach_loop=True)
    assert play.lane()["notice"] is None
    play.read(long_range=True, again=True)
    assert play.lane()["notice"] == "second_factor"
    play.advance(9900)
    play.read(long_range=True, again=True)
    play.advance(200)
    assert play.lane()["notice"] is None


def test_a_card_with_somebody_elses_plate_is_referred() -> None:
    play = two_factor()
    play.set(approach_loop=True)
    play.read()
    plate(play, "京B77777", (Pass(id="p2", kind=PassKind.MONTHLY),))
    assert play.data("access.referred")["reason"] == "plate_mismatch"
    assert play.pulses() == []


def test_a_second_factor_after_ten_seconds_comes_too_late() -> None:
    play = two_factor()
    play.set(approach_loop=True)
    play.read()
    play.advance(10_100)
    plate(play, "京A12345", (MONTHLY,))
    assert play.types("access") == []


CAR_B = Pass(id="p2", kind=PassKind.MONTHLY, cards=("7",), plates=("京B77777",))
HOUSEHOLD = Pass(id="p3", kind=PassKind.MONTHLY, cards=("31", "32"), plates=("京C00001", "京C00002"))


def let_in_by_both(play: Playbook, card: str = "472288", number: str = "京A12345", pass_: Pass = MONTHLY) -> None:
    """The car on the loop shows its card, its plate is read, and the arm goes up."""
    play.set(approach_loop=True)
    play.read(card, (pass_,))
    plate(play, number, (pass_,))
    assert play.data("access.granted")["pass"] == pass_.id
    play.rise()


def reasons(play: Playbook) -> list[str]:
    return [row.data["reason"] for row in play.rows if row.type.startswith("access")]


@pytest.mark.parametrize("repeated", ["card", "plate"])
@pytest.mark.parametrize("first", ["card", "plate"])
@pytest.mark.parametrize("when", ["open", "under", "gone"])
def test_a_proof_that_is_read_again_while_its_car_is_there_does_not_meet_the_next_car(
    repeated: str, first: str, when: str
) -> None:
    play = two_factor()
    let_in_by_both(play)
    play.advance(6000)
    if when == "under":
        play.set(safety_loop=True)
    elif when == "gone":
        play.drive_through()
    play.read() if repeated == "card" else plate(play, "京A12345", (MONTHLY,))
    assert play.lane()["notice"] is None
    if when == "under":
        play.set(approach_loop=False)
        play.set(safety_loop=False)
        play.advance(700)
    play.set(approach_loop=True)
    shows = [lambda: play.read("7", (CAR_B,)), lambda: plate(play, "京B77777", (CAR_B,))]
    for show in shows if first == "card" else shows[::-1]:
        play.advance(500)
        show()
    assert reasons(play) == ["valid_pass", "valid_pass"]


@pytest.mark.parametrize("when", ["open", "gone"])
def test_a_card_that_let_a_car_in_proves_nothing_for_the_next_plate_of_its_household(when: str) -> None:
    play = two_factor()
    let_in_by_both(play, "31", "京C00001", HOUSEHOLD)
    play.advance(6000)
    if when == "gone":
        play.drive_through()
    for _ in range(3):
        play.read("31", (HOUSEHOLD,))
        plate(play, "京C00002", (HOUSEHOLD,))
        play.advance(3000)
    assert play.types("access") == ["access.granted"]


def test_a_repeated_card_is_answered_at_the_lane_and_not_in_the_journal() -> None:
    document = site_document()
    document["lanes"][0] |= {"two_factor": True, "readers": ["reader-in", "reader-out"]}
    play = Playbook(document)
    let_in_by_both(play)
    play.shown.clear()
    rows = len(play.rows)
    play.read()
    assert {message["verdict"] for _, message in play.shown} == {"granted"}
    play.read(long_range=True, again=True)
    assert len(play.rows) == rows


def test_proofs_whose_grant_was_called_off_count_anew_at_once() -> None:
    play = two_factor()
    let_in_by_both(play)
    play.person("close")
    play.lower()
    play.read()
    assert play.lane()["notice"] == "second_factor"
    plate(play, "京A12345", (MONTHLY,))
    assert reasons(play) == ["valid_pass", "valid_pass"]


def test_a_card_counts_anew_once_it_was_unseen_for_five_seconds_behind_its_car() -> None:
    play = two_factor()
    let_in_by_both(play)
    play.drive_through()
    play.advance(4000)
    play.read()
    play.advance(4000)
    play.read()
    assert play.lane()["notice"] is None
    play.advance(5100)
    play.read()
    assert play.lane()["notice"] == "second_factor"


def test_a_car_whose_passage_was_only_inferred_may_show_both_again_at_once() -> None:
    document = site_document(approach_loop=None)
    document["lanes"][0] |= {"two_factor": True, "readers": ["reader-in", "reader-out"]}
    play = Playbook(document)
    play.read()
    plate(play, "京A12345", (MONTHLY,))
    play.rise()
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.advance(800)
    play.read()
    plate(play, "京A12345", (MONTHLY,))
    assert play.types("passage") == ["passage.entered", "passage.reversed"]


@pytest.mark.parametrize("command", ["open", "emergency"])
def test_what_a_car_showed_that_a_person_let_in_does_not_meet_the_next_car(command: str) -> None:
    play = two_factor()
    play.set(approach_loop=True)
    play.read()
    play.person(command)
    play.rise()
    play.drive_through()
    play.set(approach_loop=True)
    plate(play, "京B77777", (CAR_B,))
    play.read("7", (CAR_B,))
    assert "plate_mismatch" not in reasons(play)
    assert play.data("access.granted")["pass"] == "p2"


def test_a_first_proof_ends_when_another_car_comes_to_the_loop() -> None:
    play = two_factor()
    play.set(approach_loop=True)
    play.read()
    play.set(approach_loop=False)
    play.advance(3500)
    play.set(approach_loop=True)
    plate(play, "京B77777", (CAR_B,))
    play.read("7", (CAR_B,))
    assert play.types("access") == ["access.granted"]
    assert play.data("access.granted")["pass"] == "p2"


def test_a_card_that_is_shown_before_its_car_is_on_the_loop_meets_the_plate_of_that_car() -> None:
    play = two_factor()
    play.read()
    play.advance(3000)
    play.set(approach_loop=True)
    plate(play, "京A12345", (MONTHLY,))
    assert reasons(play) == ["valid_pass"]


def test_a_card_that_is_shown_between_loop_and_arm_meets_the_plate_that_was_read_on_the_loop() -> None:
    play = two_factor()
    play.set(approach_loop=True)
    plate(play, "京A12345", (MONTHLY,))
    play.set(approach_loop=False)
    play.advance(2000)
    play.read()
    assert reasons(play) == ["valid_pass"]


@pytest.mark.parametrize("first", ["card", "plate"])
def test_what_a_car_shows_first_after_a_persons_open_is_of_that_grant(first: str) -> None:
    play = two_factor()
    play.set(approach_loop=True)
    play.person("open", station="booth")
    shows = [play.read, lambda: plate(play, "京A12345", (MONTHLY,))]
    for show in shows if first == "card" else shows[::-1]:
        play.advance(300)
        play.shown.clear()
        show()
        assert {message["verdict"] for _, message in play.shown} == {"granted"}
        assert (play.lane()["notice"], play.lane()["case"], play.lane()["grants"]) == (None, None, 1)
        play.person("open", station="tablet")
    assert play.types("access") == ["access.granted"]
    assert play.data("case.released")["pass"] == "p1"
    play.rise()
    play.drive_through()
    entered = play.data("passage.entered")
    assert (entered["pass"], entered["plate"], entered["method"]) == ("p1", "京A12345", "manual")


def test_a_car_of_two_proofs_that_a_person_lets_out_by_the_first_ends_its_stay() -> None:
    document = site_document()
    document["lanes"][0] |= {"two_factor": True, "direction": "exit"}
    play = Playbook(document)
    play.set(approach_loop=True)
    stay = events.OpenVisit("v7", "p1", "京A12345", play.wall_ns - 60 * 10**9)
    play.read(visits=(stay,))
    play.person("open", station="booth")
    play.rise()
    play.drive_through()
    left = play.data("passage.exited")
    assert (left["pass"], left["visit"], left["duration_s"] >= 60) == ("p1", "v7", True)


@pytest.mark.parametrize(("detail", "cars", "wait_ms"), [({"count": 2}, 2, 900), ({"minutes": 1}, 0, 60_000)])
def test_a_convoys_hold_ends_by_its_count_or_its_time(detail: dict[str, int], cars: int, wait_ms: int) -> None:
    play = Playbook()
    play.person("hold", detail=detail)
    play.rise()
    for _ in range(cars):
        play.drive_through()
    play.advance(wait_ms)
    assert play.data("barrier.released")["by"] == "gateway"
    assert play.pulses() == ["open", "close"]


def test_the_running_end_of_a_hold_is_shown_and_nothing_once_it_is_over() -> None:
    play = Playbook()
    assert play.lane()["hold"] is None
    play.person("hold", detail={"minutes": 15, "count": 2})
    play.rise()
    shown, row = play.lane()["hold"], play.data("barrier.held")
    assert (shown["by"], shown["until"], shown["left"]) == (row["by"], row["until"], 2)
    assert shown["since"] < shown["until"]
    play.drive_through()
    assert play.lane()["hold"]["left"] == 1
    play.person("release")
    assert play.lane()["hold"] is None


def test_the_clock_of_a_hold_that_a_close_ended_does_not_end_the_next_one() -> None:
    play = Playbook()
    play.person("hold", detail={"minutes": 1})
    play.rise()
    play.person("close")
    play.person("hold")
    play.advance(120_000)
    assert play.lane()["hold"]["until"] is None
    assert play.types("barrier.released") == []


def test_a_detector_whose_power_returned_is_not_believed_until_a_full_on_and_off() -> None:
    play = Playbook(site_document(mains="io.input.5"))
    play.person("hold")
    play.rise()
    play.set(mains=False)
    play.set(mains=True)
    assert play.person("close").reason == "safety_unknown"
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    assert play.person("close").status == "done"


def test_a_guard_who_has_looked_makes_a_detector_believed() -> None:
    play = Playbook(site_document(mains="io.input.5"))
    play.person("hold")
    play.rise()
    play.set(mains=False)
    play.set(mains=True)
    play.person("look")
    assert play.person("close").status == "done"


def test_an_input_that_chatters_is_a_fault_with_a_name_and_counts_as_active() -> None:
    play = Playbook()
    for _ in range(30):
        play.set(settle_ms=15, approach_loop=not play.electrical[3])
    assert play.data("alarm.raised")["kind"] == "stuck"
    assert play.data("barrier.stuck")["point"] == "io.input.3"
    assert play.lane()["approach"] is True
    play.set(approach_loop=False)
    play.advance(61_000)
    assert play.alarms()[0]["state"] == "returned-unacknowledged"


def test_vehicles_that_cross_while_closed_never_lets_go_mean_a_failed_switch() -> None:
    play = Playbook(site_document(arm_detached=None))
    play.read()
    play.read("7", (CAR_B,))
    play.drive_through()
    assert play.data("barrier.stuck")["reason"] == "closed_limit"
    assert play.data("grant.unused")["reason"] == "limit_fault"
    assert (play.lane()["grants"], play.lane()["interrupted"]) == (0, True)
    assert play.lane()["mode"] == "auto"


def test_an_approach_loop_occupied_for_a_quarter_of_an_hour_is_a_notice_and_no_alarm() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.advance(900_000)
    assert play.lane()["notice"] == "approach_stuck"
    assert play.alarms() == []


def test_an_arm_that_struck_a_vehicle_reports_it_and_does_not_lock() -> None:
    play = Playbook()
    play.read()
    play.rise()
    play.drive_through()
    play.advance(900)
    play.set(at_open=False)
    play.set(settle_ms=0, safety_loop=True)
    movement = play.machine().parts.movement
    movement.explained(movement.opened_by)
    play.set(at_open=True)
    assert play.lane()["mode"] == "auto"
    assert play.types("barrier")[-1] == "barrier.opened"
