"""What people at a lane are shown: displays, lamps, a reader's own lamp and buzzer."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.lane.signs.sign import VERDICTS, words
from gateway.core.settings.model import Direction
from gateway.core.subsystem import Memory
from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason
from tests.core.playbook import MONTHLY, Playbook, site_document

LIGHTS = {"red": "io.output.4", "green": "io.output.5"}
SIGNALS = {"granted": "io.output.6", "denied": "io.output.7", "pulse_ms": 200}
EXPIRED = Pass(id="p2", kind=PassKind.MONTHLY, cards=("99",), valid_until="2020-01-31")


def fitted(**lane: Any) -> dict[str, Any]:
    """A site whose lane has a display, lamps and signals; keywords change the lane."""
    document = site_document()
    document["site"]["locale"] = "en"
    document["devices"].append({"id": "sign", "driver": "noop"})
    document["lanes"][0] |= {"displays": ["sign"], "lights": LIGHTS, "signals": SIGNALS, **lane}
    return document


def verdicts(play: Playbook, device: str = "sign") -> list[str]:
    """What a device was told to show, in order."""
    return [message["verdict"] for shown, message in play.shown if shown == device]


def lamps(play: Playbook) -> list[str]:
    return [name for _, name, _ in play.outputs if name.split("=")[0] in ("red", "green")]


def switches(play: Playbook) -> list[str]:
    return [name for _, name, _ in play.outputs]


class TestDisplays:
    def test_a_display_and_the_reader_are_idle_until_a_card_is_read_and_after_the_car_has_gone(self) -> None:
        play = Playbook(fitted())
        assert verdicts(play) == verdicts(play, "reader-in") == ["idle"]
        play.let_in()
        assert verdicts(play) == verdicts(play, "reader-in") == ["idle", "granted", "idle"]

    def test_a_grant_says_what_a_driver_may_know_and_nothing_personal(self) -> None:
        play = Playbook(fitted())
        play.read(passes=(Pass(id="p1", kind=PassKind.MONTHLY, holder="Wang", phone="138", unit="3-1202"),))
        message = play.shown[-1][1]
        assert message == {
            "verdict": "granted",
            "reason": "valid_pass",
            "lane": "North in",
            "plate": None,
            "card": "2288",
            "days_left": None,
            "words": "Welcome back",
            "time": "22:13",
        }

    def test_a_plate_is_shown_as_it_was_read(self) -> None:
        document = fitted(cameras=["camera"])
        document["devices"].append({"id": "camera", "driver": "noop"})
        play = Playbook(document)
        play.set(approach_loop=True)
        play.happens(events.CredentialRead("camera", "plate", "京A12345", 0, (MONTHLY,)))
        message = play.shown[-1][1]
        assert (message["plate"], message["card"], message["days_left"]) == ("京A12345", None, 466)

    def test_without_a_sure_clock_no_time_is_shown(self) -> None:
        play = Playbook(fitted())
        play.clock = events.ClockState.UNSET
        play.read()
        assert play.shown[-1][1]["time"] is None

    def test_a_refusal_is_shown_until_the_car_has_backed_off(self) -> None:
        play = Playbook(fitted())
        play.set(approach_loop=True)
        play.read(passes=(EXPIRED,))
        assert (play.shown[-1][1]["verdict"], play.shown[-1][1]["words"]) == ("denied", "Pass has expired")
        play.advance(2000)
        assert verdicts(play)[-1] == "denied"
        play.set(approach_loop=False)
        assert verdicts(play)[-1] == "idle"

    def test_a_refusal_before_the_loop_is_shown_for_ten_seconds(self) -> None:
        play = Playbook(fitted())
        play.read(passes=())
        play.advance(9_900)
        assert verdicts(play)[-1] == "denied"
        play.advance(200)
        assert verdicts(play)[-1] == "idle"

    def test_a_refused_car_that_shows_its_card_again_is_answered_again_and_journaled_once(self) -> None:
        play = Playbook(fitted())
        play.set(approach_loop=True)
        play.read(passes=())
        play.advance(20_000)
        play.read(passes=())
        assert verdicts(play) == ["idle", "denied", "idle", "denied"]
        assert play.types("access.denied") == ["access.denied"]
        assert play.pulses() == ["denied", "denied"]

    def test_a_granted_card_that_is_shown_again_is_told_so_again(self) -> None:
        play = Playbook(fitted())
        play.set(approach_loop=True)
        play.read()
        play.advance(1000)
        play.read()
        assert verdicts(play) == ["idle", "granted", "granted"]
        assert play.types("access.granted") == ["access.granted"]

    def test_a_grant_that_nobody_uses_goes_from_the_display(self) -> None:
        play = Playbook(fitted())
        play.read()
        play.rise()
        assert verdicts(play)[-1] == "granted"
        play.advance(20_100)
        assert play.types("grant.unused") == ["grant.unused"]
        assert verdicts(play)[-1] == "idle"

    def test_a_tagged_lane_says_so_and_is_idle_again_without_the_tag(self) -> None:
        play = Playbook(fitted())
        play.person("lock")
        assert (play.shown[-1][1]["verdict"], play.shown[-1][1]["reason"]) == ("locked", "lane_locked")
        play.person("unlock")
        assert verdicts(play)[-1] == "idle"

    def test_a_crash_takes_the_grant_from_the_display(self) -> None:
        play = Playbook(fitted())
        play.read()
        play.set(arm_detached=True)
        assert (play.shown[-1][1]["verdict"], play.shown[-1][1]["reason"]) == ("locked", "lane_crashed")

    def test_a_lane_that_was_tagged_before_the_restart_says_so_at_once(self) -> None:
        memory = Memory(lanes={"in": {"mode": "locked", "by": "Lin", "since": "", "reason": "oil"}})
        assert verdicts(Playbook(fitted(), memory)) == ["locked"]

    def test_the_first_of_two_proofs_asks_to_wait_and_stops_asking(self) -> None:
        play = Playbook(fitted(two_factor=True))
        play.read()
        assert (verdicts(play)[-1], play.lane()["notice"]) == ("wait", "second_factor")
        play.advance(10_100)
        assert (verdicts(play)[-1], play.lane()["notice"]) == ("idle", None)

    def test_a_tag_that_another_lane_has_is_no_news_here(self) -> None:
        document = fitted()
        out = {
            "id": "out",
            "direction": "exit",
            "readers": ["reader-out"],
            "barrier": {"open": "io2.output.0"},
            "displays": ["sign-out"],
        }
        document["lanes"].append(out)
        document["devices"] += [{"id": "io2", "driver": "noop"}, {"id": "sign-out", "driver": "noop"}]
        play = Playbook(document)
        play.set(approach_loop=True)
        play.read("E200", long_range=True)
        play.read("E200", device="reader-out", long_range=True)
        assert play.data("access.denied")["reason"] == "seen_elsewhere"
        assert verdicts(play, "sign-out") == ["idle"]

    def test_a_display_that_comes_back_is_told_what_holds_now(self) -> None:
        play = Playbook(fitted())
        play.person("lock")
        play.happens(events.DeviceLost("sign", "no answer"))
        play.happens(events.DeviceRestored("sign"))
        assert verdicts(play)[-2:] == ["locked", "locked"]

    @pytest.mark.parametrize("locale", ["en", "zh_CN"])
    @pytest.mark.parametrize("direction", list(Direction))
    def test_there_are_words_for_every_verdict_and_reason_that_a_display_can_write(
        self, locale: str, direction: Direction
    ) -> None:
        said = [words(verdict, reason, direction, locale) for verdict in VERDICTS for reason in ("", *Reason)]
        assert all(said)
        assert all(len(text.encode("gb2312")) <= 32 for text in said)


class TestLanesThatOpenForNobody:
    """What a lane that no card opens says first, and what it says again once it opens."""

    @staticmethod
    def shown(play: Playbook) -> tuple[str, str, str]:
        message = next(message for device, message in reversed(play.shown) if device == "sign")
        return message["verdict"], message["reason"], message["words"]

    def test_a_stopped_lane_sends_drivers_to_the_guard_until_a_person_decides(self) -> None:
        play = Playbook(fitted())
        play.read()
        play.set(at_closed=False)
        play.person("stop")
        assert self.shown(play) == ("locked", "stopped", "Please wait for the guard")
        play.person("open")
        assert self.shown(play)[0] == "granted"
        play.set(at_open=True)
        play.drive_through()
        assert self.shown(play)[0] == "idle"

    def test_a_lane_that_pauses_asks_to_wait_whoever_was_granted(self) -> None:
        play = Playbook(fitted())
        play.person("stop")
        assert self.shown(play) == ("wait", "paused", "Please wait")
        play.read()
        assert self.shown(play) == ("wait", "paused", "Please wait")
        play.advance(10_000)
        assert self.shown(play) == ("granted", "valid_pass", "Welcome back")

    def test_a_pause_with_nobody_there_ends_with_the_idle_sign(self) -> None:
        play = Playbook(fitted())
        play.person("stop")
        play.advance(10_000)
        assert verdicts(play) == ["idle", "wait", "idle"]

    def test_the_sign_of_a_granted_car_changes_to_the_guards_help_when_the_arm_does_not_answer(self) -> None:
        play = Playbook(fitted())
        play.set(approach_loop=True)
        play.read()
        assert self.shown(play)[0] == "granted"
        play.advance(3100)
        assert self.shown(play) == ("locked", "no_answer", "Please wait for the guard")
        assert play.lane()["cannot_open"] == "no_answer"

    def test_a_card_on_a_lane_that_did_not_answer_is_tried_and_welcomed_once_the_arm_moves(self) -> None:
        play = Playbook(fitted())
        play.read()
        play.advance(3100)
        play.read("7")
        assert play.pulses().count("open") == 3
        assert self.shown(play)[1] == "no_answer"
        play.set(at_closed=False)
        assert (self.shown(play)[0], play.lane()["cannot_open"], play.lane()["notice"]) == ("granted", None, None)

    def test_another_notice_does_not_hide_that_the_arm_did_not_answer(self) -> None:
        play = Playbook(fitted(two_factor=True))
        play.person("open")
        play.advance(3100)
        play.read()
        play.advance(11_000)
        assert play.lane()["cannot_open"] == "no_answer"
        assert self.shown(play)[1] == "no_answer"

    def test_a_lane_whose_board_is_away_says_so_and_welcomes_again(self) -> None:
        play = Playbook(fitted())
        play.happens(events.DeviceLost("io", "no answer"))
        assert self.shown(play) == ("locked", "device_lost", "Please wait for the guard")
        play.restored()
        assert self.shown(play)[0] == "idle"

    def test_a_board_that_never_answers_is_told_once_it_is_known_to_be_lost(self) -> None:
        play = Playbook(fitted(), start=False)
        assert verdicts(play) == ["idle"]
        assert play.lane()["cannot_open"] == "device_lost"
        play.happens(events.DeviceLost("io", "no answer"))
        assert self.shown(play)[1] == "device_lost"

    def test_the_board_of_the_switches_alone_keeps_the_lane_from_opening_too(self) -> None:
        document = fitted()
        document["devices"].append({"id": "io2", "driver": "noop"})
        document["lanes"][0]["barrier"]["at_closed"] = "io2.input.0"
        play = Playbook(document)
        play.happens(events.DeviceRestored("io2", (True,)))
        assert play.lane()["cannot_open"] is None
        play.happens(events.DeviceLost("io2", "no answer"))
        assert (play.lane()["cannot_open"], self.shown(play)[1]) == ("device_lost", "device_lost")

    def test_a_controller_that_reports_a_fault_opens_for_nobody(self) -> None:
        document = fitted()
        document["lanes"][0]["barrier"]["fault"] = "io.input.8"
        play = Playbook(document)
        play.set(fault=True)
        assert (play.lane()["cannot_open"], self.shown(play)[1]) == ("fault", "fault")
        play.set(fault=False)
        assert self.shown(play)[0] == "idle"

    def test_an_arm_that_stays_half_way_is_a_fault(self) -> None:
        play = Playbook(fitted())
        play.person("open")
        play.set(at_closed=False)
        play.advance(10_000)
        assert (play.lane()["cannot_open"], self.shown(play)[1]) == ("fault", "fault")

    def test_after_a_restart_in_the_middle_drivers_wait_for_the_guard(self) -> None:
        play = Playbook(fitted())
        play.read()
        again = play.restarted()
        assert (again.lane()["cannot_open"], self.shown(again)[1]) == ("interrupted", "interrupted")

    def test_a_refusal_is_told_on_such_a_lane_as_well(self) -> None:
        play = Playbook(fitted())
        play.set(at_closed=False)
        play.person("stop")
        play.read(passes=(EXPIRED,))
        assert self.shown(play)[0] in ("denied", "referred")
        play.advance(10_100)
        assert self.shown(play)[1] == "stopped"

    def test_the_strongest_reason_is_told(self) -> None:
        play = Playbook(fitted())
        play.set(at_closed=False)
        play.person("stop")
        play.set(arm_detached=True)
        assert play.lane()["cannot_open"] == "lane_crashed"
        play.person("lock")
        assert play.lane()["cannot_open"] == "lane_locked"


class TestGo:
    """No sign tells a driver to go before the arm is measured open."""

    GO = "Please drive on"

    def test_whom_a_person_lets_in_waits_until_the_arm_is_up(self) -> None:
        play = Playbook(fitted(lights={}))
        play.person("open")
        assert [message["words"] for device, message in play.shown if device == "sign"] == ["Welcome", "Please wait"]
        play.set(at_closed=False)
        play.advance(1900)
        assert play.shown[-1][1]["words"] == "Please wait"
        play.set(at_open=True)
        assert (play.shown[-1][1]["verdict"], play.shown[-1][1]["words"]) == ("granted", self.GO)

    def test_an_arm_that_goes_down_again_takes_the_word_back(self) -> None:
        play = Playbook(fitted())
        play.person("open")
        play.rise()
        assert play.shown[-1][1]["words"] == self.GO
        play.set(at_open=False)
        assert play.shown[-1][1]["words"] == "Please wait"

    def test_where_the_arm_is_up_already_they_may_go_at_once(self) -> None:
        play = Playbook(fitted())
        play.person("hold")
        play.rise()
        play.person("open")
        assert play.shown[-1][1]["words"] == self.GO


class TestLamps:
    def test_nothing_is_lit_before_the_barrier_was_measured(self) -> None:
        play = Playbook(fitted(), start=False)
        play.person("lock")
        assert lamps(play) == []
        play.restored()
        assert lamps(play) == ["green=off", "red=on"]

    def test_green_comes_with_the_measured_open_arm_and_goes_before_it_closes(self) -> None:
        play = Playbook(fitted())
        play.outputs.clear()
        play.set(approach_loop=True)
        play.read()
        play.set(at_closed=False)
        play.advance(1900)
        assert lamps(play) == []
        play.set(at_open=True)
        assert lamps(play) == ["red=off", "green=on"]
        play.journal_waits = True
        play.drive_through()
        play.advance(900)
        assert lamps(play) == ["red=off", "green=on", "green=off", "red=on"]
        assert play.pulses() == ["open", "granted"]
        play.commit()
        assert play.pulses() == ["open", "granted", "close"]

    @pytest.mark.parametrize("command", ["lock", "stop", "close"])
    def test_an_open_arm_that_somebody_keeps_from_being_used_is_red(self, command: str) -> None:
        play = Playbook(fitted())
        play.person("open")
        play.rise()
        assert lamps(play)[-1] == "green=on"
        play.person(command)
        assert lamps(play)[-1] == "red=on"

    def test_a_position_that_is_lost_is_red_once_the_lamps_can_be_reached(self) -> None:
        document = fitted()
        document["devices"].append({"id": "lamps", "driver": "noop"})
        document["lanes"][0]["lights"] = {"red": "lamps.output.4", "green": "lamps.output.5"}
        play = Playbook(document)
        assert lamps(play) == []
        play.happens(events.DeviceRestored("lamps", (), (False,) * 8))
        play.person("open")
        play.rise()
        assert lamps(play)[-1] == "green=on"
        play.happens(events.DeviceLost("io", "no answer"))
        assert lamps(play)[-2:] == ["green=off", "red=on"]

    def test_lamps_are_set_anew_when_their_board_comes_back(self) -> None:
        play = Playbook(fitted())
        play.happens(events.DeviceLost("io", "no answer"))
        play.outputs.clear()
        play.restored()
        assert lamps(play) == ["green=off", "red=on"]

    def test_a_lamp_that_was_not_switched_is_switched_again(self) -> None:
        play = Playbook(fitted(), start=False)
        todo = play.happens(events.DeviceRestored("io", tuple(play.electrical), (False,) * 8))
        token = next(one.token for one in todo if getattr(one, "output", None) == 4)  # type: ignore[attr-defined]
        play.outputs.clear()
        play.happens(events.OutputFailed("io", 4, token, "no answer"))
        assert lamps(play) == []
        play.advance(1000)
        assert lamps(play) == ["green=off", "red=on"]

    def test_of_two_lanes_past_one_barrier_only_one_is_green(self) -> None:
        document = fitted()
        document["barriers"] = [{"id": "shared", **document["lanes"][0]["barrier"]}]
        document["lanes"][0] |= {"barrier": "shared", "lights": {"green": "io.output.4"}, "signals": {}}
        document["lanes"].append(
            {"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": "shared"}
            | {"lights": {"green": "io.output.5"}}
        )
        play = Playbook(document)
        play.read(device="reader-out", value="7", passes=(Pass(id="p7", kind=PassKind.STAFF, cards=("7",)),))
        play.rise()
        assert [name for name in lamps(play) if name.endswith("=on")] == ["green=on"]

    def test_a_lamp_may_be_wired_the_other_way_round(self) -> None:
        play = Playbook(fitted(lights={"red": {"point": "io.output.4", "normally": "closed"}}))
        assert lamps(play) == ["red=off"]


class TestSignals:
    def test_a_grant_is_signalled_behind_the_order_to_open(self) -> None:
        play = Playbook(fitted())
        play.journal_waits = True
        play.read()
        assert play.pulses() == []
        play.commit()
        assert play.pulses() == ["open", "granted"]
        assert play.outputs[-1][2] == 200

    def test_a_grant_for_an_open_arm_is_signalled_at_once(self) -> None:
        play = Playbook(fitted())
        play.person("hold")
        play.rise()
        play.outputs.clear()
        play.read()
        assert play.pulses() == ["granted"]

    @pytest.mark.parametrize(("passes", "verdict"), [((), "denied"), ((EXPIRED,), "denied")])
    def test_a_refusal_is_signalled_too(self, passes: tuple[Pass, ...], verdict: str) -> None:
        play = Playbook(fitted())
        play.read(passes=passes)
        assert (play.types("access"), play.pulses()) == ([f"access.{verdict}"], ["denied"])

    def test_a_referral_is_no_grant(self) -> None:
        play = Playbook(fitted())
        play.person("lock")
        play.read()
        assert (play.types("access"), play.pulses()) == (["access.referred"], ["denied"])

    def test_a_signal_that_a_killed_gateway_left_on_is_let_go(self) -> None:
        play = Playbook(fitted(lights={}), start=False)
        play.happens(events.DeviceRestored("io", tuple(play.electrical), (False,) * 6 + (True, True)))
        assert switches(play) == ["granted=off", "denied=off"]
