"""The car in front of a lane: what a person does with it is bound to it, and card and plate of it are one decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.access.pending import CASE_MS, REFUSE_REASONS, RELEASE_REASONS
from gateway.core.lanes.memory import LanesMemory
from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.estate import Estate, car
from tests.core.playbook import MONTHLY, Playbook, TwoLanes, site_document

EXPIRED = msgspec.structs.replace(MONTHLY, valid_until="2020-12-31")
CAR_B = Pass(id="p2", kind=PassKind.MONTHLY, cards=("7",), plates=("京B77777",))
NO_PLATES = msgspec.structs.replace(MONTHLY, plates=())


def with_camera(**barrier: Any) -> Playbook:
    document = site_document(**barrier)
    document["devices"].append({"id": "camera", "driver": "noop"})
    document["lanes"][0]["cameras"] = ["camera"]
    return Playbook(document)


def plate(play: Playbook, value: str, *passes: Pass, **more: Any) -> None:
    play.happens(events.CredentialRead("camera", "plate", value, 0, passes, **more))


def last_decision(play: Playbook) -> tuple[str, str, str | None]:
    row = next(row for row in reversed(play.rows) if row.type.startswith("access."))
    return row.type, row.data["reason"], row.data["pass"]


# ---- what a person does is about the car that waits ------------------------------------------------------------------


def test_a_release_lets_in_the_car_that_was_refused_with_its_pass() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    case = play.lane()["case"]
    assert (case["pass"], case["verdict"], case["reason"], case["missing"]) == ("p1", "denied", "expired", ["word"])
    play.person("open", reason="resident_known", case=case["id"], station="booth")
    granted, released = play.data("access.granted"), play.data("case.released")
    assert (granted["pass"], granted["credential"]["value"], granted["reason"]) == ("p1", "472288", "operator")
    assert (released["case"], released["pass"], released["reason"]) == (case["id"], "p1", "resident_known")
    assert (released["by"], released["via"], released["station"]) == ("Lin", "guard", "booth")
    assert play.lane()["case"] is None
    play.rise()
    play.drive_through()
    entered = play.data("passage.entered")
    assert (entered["pass"], entered["method"], entered["case"]) == ("p1", "manual", case["id"])


def test_the_released_car_is_inside_the_next_morning(tmp_path: Path) -> None:
    with Estate(tmp_path, (car(0), car(1)), {"anti_passback": "hard"}) as play:
        play.comes_in("car0")
        play.arrives("car0")
        assert play.said() == ("access.denied", "already_inside", "car0")
        play.person("open", reason="papers_seen")
        play.drives_in()
        play.goes_out("car0")
        assert play.said() == ("access.granted", "valid_pass", "car0")
        play.comes_in("car0")


@pytest.mark.parametrize("late", [False, True])
def test_a_car_inside_that_is_released_by_its_plate_and_leaves_is_outside(tmp_path: Path, late: bool) -> None:
    one = msgspec.structs.replace(car(0), plates=("京A12345",))
    with Estate(tmp_path, (one,), {"anti_passback": "soft"}) as play:
        play.comes_in("car0")
        play.late = late
        play.advance(10_000)
        play.set(approach_loop=True)
        play.happens(play.lookups.enrich(events.CredentialRead("reader-in", "plate", "京A12345")))
        assert play.said() == ("access.referred", "already_inside", "car0")
        play.person("open", lane="in", reason="resident_known")
        play.drives_in()
        play.goes_out("car0")
        play.arrives("car0")
        assert play.said() == ("access.granted", "valid_pass", "car0")


def test_a_release_at_the_exit_ends_the_visit_of_that_car_and_of_no_other(tmp_path: Path) -> None:
    with Estate(tmp_path, (car(0), car(1))) as play:
        play.person("open", reason="a guest of 4-201")
        play.drives_in()
        play.comes_in("car0")
        stay = play.data("passage.entered")["visit"]
        ended = msgspec.structs.replace(play.passes["car0"], valid_until="2020-12-31")
        play.registry.put(ended, None)
        play.passes["car0"] = ended
        play.set2(approach_loop=True)
        play.arrives("car0", "reader-out")
        assert play.said() == ("access.referred", "expired", "car0")
        play.person("open", lane="out", reason="papers_seen")
        play.set2(at_closed=False)
        play.drives_out()
        assert play.data("passage.exited")["visit"] == stay
        assert [visit.visit for visit in play.projections.open_visits("car0")] == []
        assert len(play.projections.visits()) == 1


def test_a_car_of_no_pass_is_released_by_what_it_showed() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read("99", ())
    play.person("open", reason="visitor of 4-201")
    granted = play.data("access.granted")
    assert (granted["pass"], granted["credential"], granted["stated"]) == (
        None, {"kind": "card", "value": "99"}, "visitor of 4-201",
    )  # fmt: skip


def test_an_open_for_nobody_that_was_read_names_nobody() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.person("open")
    granted = play.data("access.granted")
    assert (granted["pass"], granted["credential"], granted["case"]) == (None, None, None)
    assert play.types("case") == []


def test_an_emergency_is_not_the_car_that_waits() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    play.person("emergency")
    assert play.data("access.granted")["pass"] is None


def test_a_car_that_has_gone_is_not_released() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    case = play.lane()["case"]["id"]
    play.set(approach_loop=False)
    play.set(approach_loop=True)
    assert play.person("open", case=case).reason == "case_over"
    play.read("7", (msgspec.structs.replace(CAR_B, valid_until="2020-01-01"),))
    assert play.person("open", case=case).reason == "case_over"
    assert play.pulses() == []
    assert play.person("open").status == "done"
    assert play.data("access.granted")["pass"] == "p2"


@pytest.mark.parametrize("command", ["refuse", "seen_to"])
def test_a_car_is_turned_away_with_a_reason_on_record(command: str) -> None:
    play = Playbook()
    play.set(approach_loop=True)
    assert play.person(command, reason="not_known").reason == "no_case"
    play.read(passes=(EXPIRED,))
    assert play.person(command, reason="  ").reason == "reason_missing"
    assert play.lane()["allowed"][command] is None
    assert play.person(command, reason="not_known").status == "done"
    row = play.data("case.refused" if command == "refuse" else "case.reported")
    assert (row["lane"], row["pass"], row["reason"], row["by"]) == ("in", "p1", "not_known", "Lin")
    assert row["to"] == ("leader" if command == "refuse" else None)
    assert play.lane()["case"] is None
    assert play.lane()["last_decision"]["handled"]["by"] == "Lin"
    assert play.person(command, reason="not_known").reason == "no_case"


def test_a_refused_car_that_is_read_again_is_told_once() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    play.person("refuse", reason="papers_missing")
    play.advance(6000)
    play.read(passes=(EXPIRED,))
    assert play.types("access") == ["access.denied"]
    assert play.types("case") == ["case.refused", "case.reported"]


def test_a_refused_car_does_not_pass_by_the_same_card_and_passes_by_another_one() -> None:
    """Its pass was made longer after a person had refused it: that is for a person, too."""
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    play.person("refuse", reason="papers_missing")
    play.advance(6000)
    play.read(passes=(MONTHLY,))
    assert play.pulses() == []
    assert play.shown[-1][1]["verdict"] == "referred"
    play.read("99", passes=(msgspec.structs.replace(MONTHLY, id="p9", cards=("99",)),))
    assert play.pulses() == ["open"]


def test_a_person_who_thinks_better_of_it_releases_the_same_car() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    play.person("refuse", reason="papers_missing")
    play.person("open", reason="papers_seen")
    assert play.data("access.granted")["pass"] == "p1"
    assert play.types("case") == ["case.refused", "case.reported", "case.released"]


def test_passed_by_hand_is_the_car_that_was_read() -> None:
    play = Playbook()
    play.person("lock", reason="new arm")
    play.set(approach_loop=True)
    play.read()
    assert play.data("access.referred")["reason"] == "lane_locked"
    play.person("passed", reason="resident_known")
    entered = play.data("passage.entered")
    assert (entered["pass"], entered["plate"], entered["method"], entered["by"]) == ("p1", "京A12345", "hand", "Lin")
    assert (entered["stated"], entered["certainty"]) == ("resident_known", "declared")
    assert play.lane()["case"] is None


def test_what_was_said_to_have_passed_by_hand_and_is_seen_to_cross_is_one_passage() -> None:
    play = Playbook()
    play.set(at_closed=False)
    play.set(at_open=True)
    play.person("lock", reason="new arm")
    play.set(approach_loop=True)
    play.read()
    play.person("passed", reason="resident_known")
    play.drive_through()
    assert len(play.types("passage.entered")) == 1
    play.advance(5000)
    play.drive_through()
    assert len(play.types("passage.entered")) == 2


def test_who_let_a_car_through_that_the_loops_saw_is_told_of_that_passage() -> None:
    play = Playbook()
    play.set(at_closed=False)
    play.set(at_open=True)
    play.person("lock", reason="new arm")
    play.set(approach_loop=True)
    play.read()
    play.drive_through()
    entered = play.data("passage.entered")
    assert (entered["pass"], entered["method"], entered["certainty"]) == ("p1", "hand", "measured")
    play.person("passed", reason="resident_known")
    assert len(play.types("passage.entered")) == 1
    assert play.data("case.released")["by"] == "Lin"


def test_a_car_that_leaves_its_loop_before_it_comes_under_the_arm_is_the_one_that_was_read() -> None:
    play = Playbook()
    play.set(at_closed=False)
    play.set(at_open=True)
    play.person("lock", reason="new arm")
    play.set(approach_loop=True)
    play.read()
    play.set(approach_loop=False)
    play.advance(1000)
    play.set(safety_loop=True)
    play.advance(500)
    play.set(safety_loop=False)
    play.advance(700)
    assert play.data("passage.entered")["pass"] == "p1"


def test_who_was_let_out_by_the_exit_button_is_the_car_that_waits() -> None:
    document = site_document(approach_loop="io.input.3")
    document["lanes"][0] |= {"direction": "exit", "exit_button": "io.input.9"}
    play = Playbook(document)
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    play.set(panic=True)
    granted = play.data("access.granted")
    assert (granted["pass"], granted["decided_by"]) == ("p1", "exit button")


def test_a_card_that_was_shown_on_foot_is_not_the_next_car() -> None:
    play = Playbook()
    play.read(passes=(EXPIRED,))
    play.advance(22_000)
    assert play.lane()["case"] is None
    play.set(approach_loop=True)
    play.person("open", reason="visitor of 4-201")
    assert play.data("access.granted")["pass"] is None


def test_a_stranger_on_foot_and_the_resident_who_drives_up_are_two_cases() -> None:
    play = Playbook()
    play.read("99", ())
    stranger = play.data("access.denied")["case"]
    play.advance(8000)
    play.set(approach_loop=True)
    play.read()
    assert play.data("access.granted")["case"] != stranger


def test_who_waves_a_car_through_while_it_stands_there_means_that_car_and_not_the_one_that_crashed() -> None:
    play = Playbook()
    play.set(at_closed=False)
    play.set(at_open=True)
    play.set(arm_detached=True)
    play.drive_through()
    play.set(approach_loop=True)
    play.read()
    play.person("passed", reason="resident_known")
    assert play.data("passage.entered")["pass"] == "p1"
    play.drive_through()
    assert [row.data["pass"] for row in play.rows if row.type == "passage.entered"] == [None, "p1"]


def test_a_car_whose_grant_a_stop_took_is_let_in_by_its_pass_when_the_guard_opens() -> None:
    play = Playbook()
    play.person("stop")
    play.set(approach_loop=True)
    play.read()
    play.person("stop")
    assert play.data("grant.unused")["reason"] == "stop"
    assert (play.lane()["case"]["pass"], play.lane()["case"]["missing"]) == ("p1", ["word"])
    play.advance(11_000)
    play.person("open", reason="resident_known")
    assert play.data("access.granted")["pass"] == "p1"


@pytest.mark.parametrize("found", [(), (CAR_B,)], ids=["a stranger", "another resident"])
def test_the_grant_of_a_car_that_backed_off_is_over_when_another_one_is_read(found: tuple[Pass, ...]) -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(approach_loop=False)
    play.advance(6000)
    play.set(approach_loop=True)
    play.read("7", found)
    assert (play.data("grant.unused")["pass"], play.data("grant.unused")["reason"]) == ("p1", "left")
    play.drive_through()
    assert play.data("passage.entered")["pass"] == ("p2" if found else None)


def test_an_arm_that_is_up_for_a_car_that_backed_off_closes_before_the_refused_one_behind() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(approach_loop=False)
    play.advance(6000)
    play.set(approach_loop=True)
    play.read("7", ())
    play.advance(2000)
    assert play.pulses() == ["open", "close"]


def test_a_car_that_backs_off_and_comes_again_keeps_its_grant() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(approach_loop=False)
    play.advance(6000)
    play.set(approach_loop=True)
    play.read()
    assert play.types("grant") == []


def test_a_card_that_was_granted_and_is_read_again_is_no_car_that_waits() -> None:
    play = Playbook(site_document(approach_loop=None))
    play.read()
    play.advance(30_000)
    play.read()
    assert play.lane()["case"] is None or play.lane()["case"]["verdict"] is not None


def test_a_case_ends_where_no_loop_tells() -> None:
    play = with_camera(approach_loop=None)
    play.read(passes=(EXPIRED,))
    assert play.lane()["case"]["pass"] == "p1"
    play.advance(CASE_MS + 100)
    play.person("open", reason="test")
    assert play.data("access.granted")["pass"] is None


def test_a_car_that_waits_is_known_after_a_restart_while_it_stands_there() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    case = play.lane()["case"]
    again = play.restarted()
    assert again.lane()["case"] == {**case, "plate_read": None}
    assert again.lane()["last_decision"]["present"]
    again.person("open", reason="papers_seen", case=case["id"])
    assert again.data("access.granted")["pass"] == "p1"


@pytest.mark.parametrize("why", ["gone", "long ago", "clock unset"])
def test_a_car_that_may_be_another_is_nobody_after_a_restart(why: str) -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    contacts = {"approach_loop": False} if why == "gone" else {}
    clock = events.ClockState.UNSET if why == "clock unset" else events.ClockState.SYNCED
    again = play.restarted(after_ms=CASE_MS + 1 if why == "long ago" else 3000, clock=clock, **contacts)
    assert again.lane()["case"] is None
    again.person("open")
    assert again.data("access.granted")["pass"] is None


def test_the_visit_of_a_car_that_waits_at_the_exit_is_known_after_a_restart(tmp_path: Path) -> None:
    with Estate(tmp_path, (car(0),)) as play:
        play.comes_in("car0")
        (latest,) = play.memory().part(LanesMemory).latest.values()
        assert latest["decision"]["visit"]["visit"] == play.data("passage.entered")["visit"]


def test_every_reason_has_words_in_both_languages() -> None:
    for locale in ("en", "zh_CN"):
        words = msgspec.json.decode(Path(f"web/words/{locale}/cars.json").read_bytes())
        for reason in RELEASE_REASONS:
            assert f"because.{reason}" in words, reason
        for reason in REFUSE_REASONS:
            assert f"because.{reason}" in words, reason


# ---- whose verdict it is ---------------------------------------------------------------------------------------------


def test_the_verdict_is_present_while_its_car_is() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    assert play.lane()["last_decision"]["present"]
    play.rise()
    play.advance(500)
    play.set(safety_loop=True)
    assert play.lane()["last_decision"]["present"]
    play.set(approach_loop=False)
    play.set(safety_loop=False)
    play.advance(700)
    assert not play.lane()["last_decision"]["present"]
    play.set(approach_loop=True)
    assert not play.lane()["last_decision"]["present"]


def test_the_verdict_of_a_refused_car_goes_with_it() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    assert play.lane()["last_decision"]["present"]
    play.set(approach_loop=False)
    assert not play.lane()["last_decision"]["present"]


def test_the_verdict_is_over_when_its_car_has_backed_off_or_another_one_comes() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(approach_loop=False)
    assert play.lane()["last_decision"]["present"]
    play.set(approach_loop=True)
    assert not play.lane()["last_decision"]["present"]
    again = Playbook()
    again.set(approach_loop=True)
    again.read()
    again.rise()
    again.set(approach_loop=False)
    again.advance(3100)
    assert not again.lane()["last_decision"]["present"]
    again.set(approach_loop=True)
    again.read()
    assert again.lane()["last_decision"]["present"]


def test_a_car_that_seemed_gone_and_is_under_the_arm_after_all_is_present() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(approach_loop=False)
    play.advance(3100)
    assert not play.lane()["last_decision"]["present"]
    play.set(safety_loop=True)
    assert play.lane()["last_decision"]["present"]


def test_the_verdict_of_a_grant_that_nobody_used_is_over_with_it() -> None:
    play = Playbook()
    play.read()
    play.rise()
    play.advance(21_000)
    assert play.types("grant") == ["grant.unused"]
    assert not play.lane()["last_decision"]["present"]


# ---- card and plate of one car ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["card", "plate"])
def test_card_and_plate_of_one_pass_are_one_grant(first: str) -> None:
    play = with_camera()
    play.set(approach_loop=True)
    shows = [lambda: play.read(), lambda: plate(play, "京A12345", MONTHLY)]
    for show in shows if first == "card" else shows[::-1]:
        show()
        play.advance(400)
    assert play.types("access") == ["access.granted"]
    assert play.lane()["grants"] == 1


def test_a_car_that_was_under_the_arm_and_backs_is_still_one_car() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.advance(1000)
    play.set(safety_loop=False)
    play.advance(1000)
    assert play.types("passage") == ["passage.reversed"]
    plate(play, "京A12345", MONTHLY)
    assert play.types("access") == ["access.granted"]
    assert play.lane()["grants"] == 1


def test_without_an_approach_loop_card_and_plate_a_moment_apart_are_one_car() -> None:
    play = with_camera(approach_loop=None)
    play.read()
    play.advance(400)
    plate(play, "京A12345", MONTHLY)
    assert play.types("access") == ["access.granted"]


def test_card_and_plate_that_differ_are_referred_and_the_grant_is_withdrawn() -> None:
    play = with_camera()
    play.journal_waits = True
    play.set(approach_loop=True)
    play.read()
    plate(play, "京B77777", CAR_B)
    assert last_decision(play) == ("access.referred", "plate_mismatch", "p1")
    assert play.data("access.referred")["plate_read"] == "京B77777"
    assert play.types("access.granted") == ["access.granted"]
    assert play.data("grant.unused")["reason"] == "plate_mismatch"
    assert play.lane()["grants"] == 0
    play.journal_waits = False
    while play.uncommitted:
        play.happens(events.JournalCommitted(play.uncommitted.pop(0)))
    assert play.pulses() == []
    assert play.lane()["case"]["plates_differ"]


def test_the_plate_first_and_a_card_that_differs_are_referred() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    plate(play, "京C00001")
    assert last_decision(play) == ("access.denied", "unknown_credential", None)
    play.read()
    assert last_decision(play) == ("access.referred", "plate_mismatch", "p1")
    assert play.pulses() == []


@pytest.mark.parametrize(("plates", "wanted"), [("京B77777", "plate_mismatch"), ("京A12345", "valid_pass")])
def test_a_card_that_let_a_car_in_on_the_barriers_other_side_counts_for_the_plate_of_who_shows_it_here(
    plates: str, wanted: str
) -> None:
    """A copied card at both sides of one barrier at once: the second car may not pass on by another's plate."""
    document = site_document(clear_loop="io.input.6", arm_detached=None)
    document["barriers"] = [{"id": "north", **document["lanes"][0].pop("barrier")}]
    document["lanes"][0] |= {"barrier": "north", "cameras": ["camera"]}
    document["lanes"].append({"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": "north"})
    document["devices"].append({"id": "camera", "driver": "noop"})
    play = Playbook(document)
    play.electrical[6] = True
    play.set(approach_loop=True)
    play.read(device="reader-out")
    play.read()
    assert play.types("access") == ["access.granted"]
    plate(play, plates, CAR_B if plates in CAR_B.plates else MONTHLY)
    assert last_decision(play)[1] == wanted


def test_a_plate_that_its_camera_misread_is_no_difference() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    plate(play, "京A12348")
    play.read()
    assert last_decision(play) == ("access.granted", "valid_pass", "p1")


def test_a_pass_without_plates_cannot_differ() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    plate(play, "京C00001")
    play.read(passes=(NO_PLATES,))
    assert last_decision(play) == ("access.granted", "valid_pass", "p1")
    plate(play, "京C00001")
    assert play.types("access") == ["access.denied", "access.granted"]


def test_a_plate_opens_for_a_car_whose_card_nobody_holds() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    play.read("99", ())
    plate(play, "京A12345", MONTHLY)
    assert last_decision(play) == ("access.granted", "valid_pass", "p1")


def test_an_expired_card_and_its_unregistered_plate_are_one_refusal() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    play.read(passes=(msgspec.structs.replace(EXPIRED, plates=()),))
    plate(play, "京C00001")
    assert play.types("access") == ["access.denied"]


def test_a_difference_that_a_person_has_judged_stays_judged() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    plate(play, "京C00001")
    play.read()
    play.person("open", reason="other_car_of_household")
    plate(play, "京C00001")
    play.read()
    assert play.types("access") == ["access.denied", "access.referred", "access.granted"]
    play.rise()
    play.drive_through()
    assert (play.data("passage.entered")["pass"], play.data("passage.entered")["plate"]) == ("p1", "京C00001")


def test_a_difference_that_shows_when_the_arm_goes_up_is_referred_all_the_same() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    play.read()
    play.set(at_closed=False)
    plate(play, "京B77777", CAR_B)
    plate(play, "京B77777", CAR_B)
    assert play.types("access") == ["access.granted", "access.referred"]
    assert play.lane()["case"]["plates_differ"]
    play.person("open", reason="other_car_of_household")
    assert play.types("access") == ["access.granted", "access.referred"]
    assert play.data("case.released")["pass"] == "p1"


def test_the_tag_of_another_lane_is_nobodys_case_here() -> None:
    play = TwoLanes()
    play.set2(approach_loop=True)
    play.tag("reader-out", "E280")
    play.set(approach_loop=True)
    play.read("99", ())
    case = play.lane()["case"]
    play.tag("reader-in", "E280")
    assert play.data("access.denied")["reason"] == "seen_elsewhere"
    assert play.lane()["case"] == case
    play.person("open", reason="papers_seen")
    assert play.data("access.granted")["credential"]["value"] == "99"


def test_a_plate_from_before_that_is_seen_again_now_is_of_the_car_here() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    play.advance(2000)
    plate(play, "京A12345", MONTHLY, age_ms=5500)
    assert play.types("access") == []
    plate(play, "京A12345", MONTHLY, again=True)
    assert play.types("access") == ["access.granted"]


def test_the_next_car_has_a_plate_of_its_own() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    plate(play, "京B77777", CAR_B)
    assert play.types("access") == ["access.granted", "access.granted"]


def test_what_an_e_bike_showed_that_no_loop_saw_is_not_of_the_car_behind_it() -> None:
    play = with_camera()
    play.read(passes=(EXPIRED,))
    play.advance(30_000)
    play.set(approach_loop=True)
    plate(play, "京B77777", CAR_B)
    assert last_decision(play) == ("access.granted", "valid_pass", "p2")


def test_a_card_that_was_shown_while_the_car_rolled_up_is_its_own() -> None:
    play = with_camera()
    play.read()
    play.rise()
    play.advance(4000)
    play.set(approach_loop=True)
    plate(play, "京A12345", MONTHLY)
    assert play.types("access") == ["access.granted"]


def test_the_plate_of_a_car_that_passes_by_its_card_is_not_of_the_car_behind_it() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    plate(play, "京A12345", MONTHLY)
    play.set(approach_loop=False)
    play.advance(500)
    play.set(approach_loop=True)
    play.set(safety_loop=False)
    plate(play, "京A12345", MONTHLY)
    play.advance(2000)
    plate(play, "京A12345", MONTHLY)
    assert play.types("access") == ["access.granted"]
    assert play.lane()["grants"] == 0
    play.advance(10_000)
    plate(play, "京A12345", MONTHLY)
    assert play.types("access") == ["access.granted", "access.granted"]


# ---- a plate is bound to its car -------------------------------------------------------------------------------------


def test_a_plate_with_the_loop_empty_opens_for_nobody() -> None:
    play = with_camera()
    plate(play, "京A12345", MONTHLY)
    play.advance(60_000)
    assert play.pulses() == []
    assert play.types("access") == []


def test_a_plate_counts_when_its_car_comes_to_the_loop_within_three_seconds() -> None:
    play = with_camera()
    plate(play, "京A12345", MONTHLY)
    play.advance(2500)
    play.set(approach_loop=True)
    assert last_decision(play) == ("access.granted", "valid_pass", "p1")


def test_a_plate_told_late_opens_not_for_the_next_car() -> None:
    play = with_camera()
    plate(play, "京A12345", MONTHLY)
    play.advance(4000)
    play.set(approach_loop=True)
    assert play.types("access") == []


def test_a_plate_that_was_seen_before_the_car_on_the_loop_came_is_not_its_own() -> None:
    play = with_camera()
    play.set(approach_loop=True)
    play.advance(2000)
    plate(play, "京A12345", MONTHLY, age_ms=9000)
    assert play.types("access") == []
    play.advance(30_000)
    plate(play, "京A12345", MONTHLY, age_ms=9000)
    assert play.types("access") == ["access.granted"]


def test_a_plate_seen_by_the_cameras_of_two_lanes_is_one_car() -> None:
    document = site_document()
    document["devices"] += [{"id": name, "driver": "noop"} for name in ("camera", "camera2", "io2")]
    barrier = {key: value.replace("io.", "io2.") for key, value in document["lanes"][0]["barrier"].items()}
    document["lanes"][0]["cameras"] = ["camera"]
    document["lanes"].append({"id": "in2", "direction": "entry", "cameras": ["camera2"], "barrier": barrier})
    play = Playbook(document)
    second = list(play.electrical)
    play.happens(events.DeviceRestored("io2", tuple(second)))
    play.set(approach_loop=True)
    plate(play, "京A12345", MONTHLY)
    second[3] = True
    play.happens(events.InputsRead("io2", tuple(second)))
    play.advance(40)
    play.happens(events.CredentialRead("camera2", "plate", "京A12345", 0, (MONTHLY,)))
    assert [row.data["reason"] for row in play.rows if row.type.startswith("access.")] == [
        "valid_pass",
        "seen_elsewhere",
    ]


def beside() -> tuple[Playbook, list[bool]]:
    """Two lanes, each with a camera; the second one's contacts."""
    document = site_document()
    document["devices"] += [{"id": name, "driver": "noop"} for name in ("camera", "camera2", "io2")]
    barrier = {key: value.replace("io.", "io2.") for key, value in document["lanes"][0]["barrier"].items()}
    document["lanes"][0]["cameras"] = ["camera"]
    document["lanes"].append({"id": "in2", "direction": "entry", "cameras": ["camera2"], "barrier": barrier})
    play = Playbook(document)
    second = list(play.electrical)
    play.happens(events.DeviceRestored("io2", tuple(second)))
    second[3] = True
    play.happens(events.InputsRead("io2", tuple(second)))
    play.advance(40)
    return play, second


def test_a_plate_of_the_car_at_the_next_lane_changes_nothing_for_the_one_in_front() -> None:
    play, _ = beside()
    play.set(approach_loop=True)
    play.read(passes=(EXPIRED,))
    case = play.lane()["case"]
    play.happens(events.CredentialRead("camera2", "plate", "京B77777", 0, (CAR_B,)))
    plate(play, "京B77777", CAR_B)
    assert last_decision(play) == ("access.denied", "seen_elsewhere", "p2")
    assert play.lane()["case"] == case
    play.person("open", reason="papers_seen")
    assert last_decision(play) == ("access.granted", "operator", "p1")


def test_a_plate_of_the_car_at_the_next_lane_differs_from_no_card_here() -> None:
    play, _ = beside()
    play.set(approach_loop=True)
    play.happens(events.CredentialRead("camera2", "plate", "京B77777", 0, (CAR_B,)))
    plate(play, "京B77777", CAR_B)
    assert last_decision(play) == ("access.denied", "seen_elsewhere", "p2")
    play.read()
    assert last_decision(play) == ("access.granted", "valid_pass", "p1")


def test_a_plate_of_the_car_at_the_next_lane_does_not_wait_for_the_next_car_here() -> None:
    play, _ = beside()
    play.happens(events.CredentialRead("camera2", "plate", "京B77777", 0, (CAR_B,)))
    play.advance(2000)
    plate(play, "京B77777", CAR_B)
    play.advance(1500)
    play.set(approach_loop=True)
    assert last_decision(play) == ("access.denied", "seen_elsewhere", "p2")
    assert play.types("access") == ["access.granted", "access.denied"]


def test_a_car_whose_arm_did_not_follow_is_released_by_its_own_pass() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.advance(10_000)
    assert play.types("grant") == ["grant.unused"]
    play.person("open", reason="resident_known")
    assert last_decision(play) == ("access.granted", "operator", "p1")
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["pass"] == "p1"


def test_a_car_that_is_presumed_to_have_passed_is_not_the_one_a_person_opens_for_next() -> None:
    play = Playbook(site_document(approach_loop=None, safety_loop=None))
    play.read()
    play.rise()
    play.advance(30_000)
    play.lower()
    assert play.types("passage") == ["passage.entered"]
    play.person("open", reason="visitor_expected")
    assert last_decision(play) == ("access.granted", "operator", None)


# ---- one car, one grant by hand --------------------------------------------------------------------------------------


def test_a_second_tap_for_the_car_on_the_loop_is_the_same_grant() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    assert play.person("open", by="Lin").status == "done"
    play.advance(8)
    assert play.person("open", by="Wei").status == "done"
    play.rise()
    play.advance(9000)
    assert play.person("open", by="Lin").status == "done"
    assert play.types("access") == ["access.granted"]
    assert [(one["by"], one["reason"]) for one in play.lane()["waiting_grants"]] == [("Lin", "operator")]


def test_a_tap_for_a_car_that_its_card_let_in_is_the_same_grant() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.person("open")
    assert play.types("access") == ["access.granted"]
    assert play.lane()["grants"] == 1


def test_a_card_that_is_shown_after_the_tap_is_of_the_same_grant() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.person("open", by="Lin")
    play.read()
    assert play.lane()["grants"] == 1
    assert (play.data("case.released")["pass"], play.data("case.released")["by"]) == ("p1", "Lin")
    play.rise()
    play.drive_through()
    assert (play.data("passage.entered")["pass"], play.data("passage.entered")["method"]) == ("p1", "manual")
    assert play.types("access") == ["access.granted"]


def test_a_card_that_is_refused_after_the_tap_is_of_the_same_grant_and_on_record() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.person("open", by="Lin")
    play.read(passes=(EXPIRED,))
    play.person("open", by="Wei")
    assert play.types("access") == ["access.granted", "access.denied"]
    assert play.lane()["grants"] == 1
    assert play.lane()["case"] is None
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["pass"] == "p1"


def test_the_next_car_on_the_loop_gets_a_grant_of_its_own() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.person("open")
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.set(approach_loop=True)
    play.person("open")
    assert play.types("access") == ["access.granted", "access.granted"]


def test_a_tap_while_the_tail_of_the_car_under_the_arm_is_on_its_loop_is_the_same_grant() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    assert play.person("open").status == "done"
    assert play.types("access") == ["access.granted"]


def test_a_car_that_was_opened_for_and_then_shows_its_card_has_one_grant_with_its_pass() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.person("open")
    play.read()
    assert len(play.lane()["waiting_grants"]) == 1
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["pass"] == "p1"


def test_where_no_loop_tells_two_screens_a_moment_apart_are_one_tap() -> None:
    play = Playbook(site_document(approach_loop=None))
    play.person("open", by="Lin")
    play.advance(8)
    play.person("open", by="Wei")
    assert play.lane()["grants"] == 1
    play.rise()
    play.advance(3000)
    play.person("open", by="Wei")
    assert play.lane()["grants"] == 2


# ---- who asked, and from where ---------------------------------------------------------------------------------------


def test_a_remote_open_says_how_the_identity_was_checked_and_by_which_way_it_came() -> None:
    play = Playbook()
    later = play.wall_ns + 10**10
    play.person("open", via="mqtt", by="Zhao", expires_wall_ns=later, detail={"identity_checked": "number_on_file"})
    granted = play.data("access.granted")
    assert (granted["reason"], granted["identity_checked"], granted["via"]) == ("remote", "number_on_file", "mqtt")


@pytest.mark.parametrize(("command", "code"), [("look", "on_the_spot_only"), ("emergency", "on_the_spot_only")])
def test_a_page_elsewhere_does_not_stand_at_the_lane(command: str, code: str) -> None:
    play = Playbook()
    assert play.person(command, via="browser").reason == code
    assert play.person(command, via="guard", station="booth", present=True).status == "done"


def test_a_tag_comes_off_only_on_the_spot() -> None:
    play = Playbook()
    play.person("lock", reason="new arm")
    assert play.person("unlock", via="browser").reason == "lane_locked"
    assert play.person("unlock").status == "done"


def test_an_order_from_a_screen_is_not_carried_out_late() -> None:
    play = Playbook()
    pressed = play.mono_ns
    play.advance(2000)
    assert play.person("open", expires_mono_ns=pressed + 2_000_000_000).reason == "command_expired"
    assert play.person("open", expires_mono_ns=play.mono_ns + 1).status == "done"
