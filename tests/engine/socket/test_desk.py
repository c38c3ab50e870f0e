"""Commands at the desk: asked once, answered to all who asked, remembered, refused in words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.errors import BusyError, GatehouseError, NotFoundError, RequestError, StorageError
from gateway.core.vocabulary.events import (
    AlarmCommandReceived,
    CommandReceived,
    DeviceStale,
    RepairCommandReceived,
)
from gateway.core.vocabulary.views import AlarmView, RepairView
from gateway.engine.core_thread.inbox import REQUESTS_MAX, Inbox
from gateway.engine.socket.answers import RECENT_MAX, Answers
from gateway.engine.socket.desk import JOINED_MAX, PATIENCE_S, Desk
from gateway.store.projections.state import State
from tests.engine.conftest import until
from tests.support.engine import SITE


class Asker:
    """Stands for a client: keeps what it was answered."""

    def __init__(self) -> None:
        self.answers: list[Any] = []

    def result(self, value: Any) -> None:
        self.answers.append(value)

    def error(self, error: GatehouseError) -> None:
        self.answers.append(error)

    def one(self) -> Any:
        until(lambda: self.answers)
        return self.answers[-1]


class Booth:
    """A desk that runs, with a core that replies when a test says so."""

    def __init__(self, path: Path) -> None:
        self.inbox = Inbox(pytest.fail)
        self.path = path
        self.degraded = False
        self.open()

    def open(self) -> None:
        self.state = State(self.path, writer=True)
        answers = Answers(self.state, lambda: self.degraded)
        self.desk = Desk(parse_settings(SITE), self.inbox, answers, lambda asked: asked)
        self.thread = threading.Thread(target=self.desk.run)
        self.thread.start()

    def close(self) -> None:
        self.desk.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()
        self.state.close()

    def ask(self, request: str = "r1", **params: Any) -> Asker:
        asked = {"request": request, "lane": "in", "command": "open", "by": "Lin", "via": "http"}
        asker = Asker()
        self.desk.lane_command({**asked, **params}, asker)  # type: ignore[arg-type]
        return asker

    def ask_alarm(self, request: str = "r1", **params: Any) -> Asker:
        asked = {"request": request, "alarm": "a1", "verb": "acknowledge", "by": "Lin"}
        asker = Asker()
        self.desk.alarm_command({**asked, **params}, asker)  # type: ignore[arg-type]
        return asker

    def ask_repair(self, request: str = "r1", **params: Any) -> Asker:
        asked = {"request": request, "repair": "r1-1", "verb": "report", "by": "Han", "via": "browser"}
        asker = Asker()
        self.desk.repair_command({**asked, **params}, asker)  # type: ignore[arg-type]
        return asker

    def event(self) -> Any:
        """What reaches the core."""
        return self.inbox.take(20)

    def reply(self, *reply: str, alarm: AlarmView | None = None, repair: RepairView | None = None) -> None:
        self.desk.replied(Reply(*reply, alarm=alarm, repair=repair))

    def restart(self) -> None:
        self.close()
        self.open()


@pytest.fixture
def booth(tmp_path: Path) -> Iterator[Booth]:
    booth = Booth(tmp_path / "state.db")
    yield booth
    booth.close()


CRASH = {
    "alarm": "a1", "kind": "crash", "priority": 1, "lane": "in", "device": None, "raised_at": "then", "as_of": "now",
    "acknowledged_by": None, "detail": {"sign": "arm_detached"}, "active": True,
}  # fmt: skip


def crash(state: str) -> AlarmView:
    return msgspec.convert({**CRASH, "state": state}, AlarmView)


DONE = {"id": "r1", "status": "done", "reason": "", "detail": ""}


def test_a_command_reaches_the_core_and_its_reply_the_asker(booth: Booth) -> None:
    asker = booth.ask(reason="ambulance", expires_at="2026-11-30T08:00:00Z", detail={"x": 1})
    event = booth.event()
    assert isinstance(event, CommandReceived)
    assert (event.request, event.lane, event.command) == ("r1", "in", "open")
    assert (event.by, event.via, event.reason, event.detail) == ("Lin", "http", "ambulance", {"x": 1})
    assert event.expires_wall_ns == 1_796_025_600 * 10**9
    booth.reply("r1", "done")
    assert asker.one() == DONE


def test_a_refusal_is_an_answer_with_its_reason(booth: Booth) -> None:
    asker = booth.ask()
    booth.event()
    booth.reply("r1", "refused", "lane_locked", "the lane is locked by Lin")
    assert asker.one() == {
        "id": "r1",
        "status": "refused",
        "reason": "lane_locked",
        "detail": "the lane is locked by Lin",
    }


@pytest.mark.parametrize("via", ["http", "guard"])
def test_a_repeat_gets_the_first_answer_and_nothing_reaches_the_core(booth: Booth, via: str) -> None:
    booth.ask(via=via)
    booth.event()
    booth.reply("r1", "done")
    assert booth.ask(via=via).one() == DONE
    assert len(booth.inbox) == 0


def test_a_repeat_after_a_restart_gets_the_first_answer(booth: Booth) -> None:
    first = booth.ask()
    booth.event()
    booth.reply("r1", "done")
    first.one()
    booth.restart()
    assert booth.ask().one() == DONE
    assert len(booth.inbox) == 0


def test_a_request_cut_off_by_a_restart_is_never_carried_out_again(booth: Booth) -> None:
    booth.ask()
    booth.event()
    booth.restart()
    answer = booth.ask().one()
    assert (answer["status"], answer["reason"]) == ("refused", "interrupted")
    assert len(booth.inbox) == 0


def test_two_who_ask_the_same_at_once_get_one_decision(booth: Booth) -> None:
    first = booth.ask()
    booth.event()
    second = booth.ask()
    booth.ask("r2")
    assert booth.event().request == "r2"
    booth.reply("r1", "done")
    assert first.one() == second.one() == DONE


@pytest.mark.parametrize("answered", [True, False])
def test_a_key_used_for_another_body_is_a_conflict(booth: Booth, answered: bool) -> None:
    first = booth.ask()
    booth.event()
    if answered:
        booth.reply("r1", "done")
        first.one()
    conflict = booth.ask(command="close").one()
    assert conflict.code == "idempotency_conflict"
    assert len(booth.inbox) == 0


def test_a_key_used_for_another_body_is_a_conflict_after_a_restart_too(booth: Booth) -> None:
    booth.ask()
    booth.event()
    booth.restart()
    assert booth.ask(lane="out").one().code == "idempotency_conflict"


def test_a_failing_disk_stops_no_command(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise StorageError("full")

    monkeypatch.setattr(booth.state, "begin", fail)
    monkeypatch.setattr(booth.state, "finish", fail)
    asker = booth.ask()
    booth.event()
    booth.reply("r1", "done")
    assert asker.one() == DONE
    assert booth.ask().one() == DONE


def test_while_storage_is_degraded_the_disk_is_not_touched(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    booth.degraded = True
    monkeypatch.setattr(booth.state, "begin", pytest.fail)
    monkeypatch.setattr(booth.state, "finish", pytest.fail)
    asker = booth.ask()
    booth.event()
    booth.reply("r1", "done")
    assert asker.one() == DONE


def test_a_tap_in_the_booth_does_not_wait_for_the_disk(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booth.state, "begin", pytest.fail)
    asker = booth.ask(via="guard")
    booth.event()
    booth.reply("r1", "done")
    assert asker.one() == DONE


def test_answers_in_memory_are_bounded(booth: Booth) -> None:
    answers = Answers(booth.state, lambda: True)
    for number in range(RECENT_MAX + 50):
        answers.finish(f"r{number}", "d", {}, on_disk=False)
    assert len(answers._recent) == RECENT_MAX
    assert answers.begin(f"r{RECENT_MAX}", "d", on_disk=False) == {}


def test_an_unknown_lane_is_not_found_and_not_remembered(booth: Booth) -> None:
    with pytest.raises(NotFoundError, match="'nowhere'"):
        booth.ask(lane="nowhere")
    booth.ask()
    assert booth.event().lane == "in"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"via": "carrier pigeon"}, "via"),
        ({"request": ""}, "request"),
        ({"expires_at": "tomorrow"}, "expires_at is 'tomorrow'"),
        ({"expires_at": "2026-11-30T08:00:00"}, "expires_at"),
        ({"colour": "red"}, "colour"),
        ({"by": 7}, "by"),
    ],
)
def test_a_malformed_command_says_what_is_wrong(booth: Booth, params: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        booth.ask(**params)
    assert len(booth.inbox) == 0


def test_a_core_with_too_much_to_do_says_so_and_the_key_stays_free(booth: Booth) -> None:
    for _ in range(REQUESTS_MAX):
        booth.inbox.put(DeviceStale("io"))
    assert isinstance(booth.ask().one(), BusyError)
    for _ in range(REQUESTS_MAX):
        booth.inbox.take(0)
    booth.ask()
    assert booth.event().request == "r1"


def test_an_alarm_command_is_answered_with_the_alarm_as_it_is_now(booth: Booth) -> None:
    asker = booth.ask_alarm(finding="real", until="2026-11-30T08:00:00Z")
    event = booth.event()
    assert isinstance(event, AlarmCommandReceived)
    assert (event.finding, event.until_wall_ns) == ("real", 1_796_025_600 * 10**9)
    booth.reply("r1", "done", alarm=crash("acknowledged"))
    assert asker.one() == {**CRASH, "state": "acknowledged"}


@pytest.mark.parametrize(("reason", "code"), [("not_found", "not_found"), ("alarm_shelved", "refused")])
def test_a_refused_alarm_command_is_an_error_and_so_is_its_repeat(booth: Booth, reason: str, code: str) -> None:
    asker = booth.ask_alarm()
    booth.event()
    booth.reply("r1", "refused", reason, "that cannot be done")
    for answer in (asker.one(), booth.ask_alarm().one()):
        assert (answer.code, str(answer)) == (code, "that cannot be done")


def test_a_request_that_the_core_forgot_is_answered_as_failed(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    asker = booth.ask()
    booth.event()
    monkeypatch.setattr("gateway.engine.socket.desk.PATIENCE_S", -1.0)
    assert "did not decide" in str(asker.one())


def test_what_the_core_has_forgotten_is_answered_though_others_go_on_asking(booth: Booth) -> None:
    now_s = [1e12]
    booth.desk._mono_s = lambda: now_s[0]
    forgotten = booth.ask("r1")
    booth.event()
    for number in range(2, 50):
        now_s[0] += PATIENCE_S / 20
        booth.ask(f"r{number}")
        booth.event()
        booth.reply(f"r{number}", "done")
    assert isinstance(forgotten.one(), GatehouseError)


def test_how_many_wait_for_one_answer_is_bounded(booth: Booth) -> None:
    askers = [booth.ask() for _ in range(JOINED_MAX + 1)]
    assert isinstance(askers[-1].one(), BusyError)
    booth.event()
    booth.reply("r1", "done")
    assert all(asker.one() == DONE for asker in askers[:-1])


@pytest.mark.parametrize("key", ["reason", "by", "command", "lane"])
def test_what_is_journaled_of_a_request_is_bounded_whoever_asks(booth: Booth, key: str) -> None:
    with pytest.raises(RequestError, match=r"lane\.command"):
        booth.ask(**{key: "x" * 501})


# ---- who stands there


@pytest.mark.parametrize(
    ("asked", "present"),
    [
        ({"via": "guard", "station": "booth", "present": True}, True),
        ({"via": "guard", "station": "booth", "present": False}, False),
        ({"via": "browser", "present": False}, False),
        ({"via": "browser"}, False),
        ({"via": "http"}, False),
        ({"via": "mqtt"}, False),
        ({"via": "guard"}, True),
        ({"via": "cli"}, True),
    ],
)
def test_the_core_is_told_whether_whoever_asks_stands_there(booth: Booth, asked: dict[str, Any], present: bool) -> None:
    booth.ask(**asked)
    event = booth.event()
    assert (event.present, event.station) == (present, asked.get("station", ""))


def test_until_when_an_order_counts_and_which_car_it_is_about_reach_the_core(booth: Booth) -> None:
    booth.ask(via="guard", expires_mono_ns=17, case="c4")
    event = booth.event()
    assert (event.expires_mono_ns, event.case) == (17, "c4")


def test_the_same_press_sent_again_is_one_order_and_about_another_car_it_is_not(booth: Booth) -> None:
    booth.ask("r1", via="guard", expires_mono_ns=17, case="c4")
    booth.event()
    again = booth.ask("r1", via="guard", expires_mono_ns=99, case="c4", station="booth")
    other = booth.ask("r1", via="guard", expires_mono_ns=17, case="c5")
    assert isinstance(other.one(), GatehouseError)
    booth.reply("r1", "done")
    assert again.one()["status"] == "done"


# ---- repair orders


def test_a_command_about_a_repair_is_answered_with_the_order_as_it_is_then(booth: Booth) -> None:
    asker = booth.ask_repair(note="plug cleaned")
    event = booth.event()
    assert isinstance(event, RepairCommandReceived)
    assert (event.repair, event.verb, event.by, event.note) == ("r1-1", "report", "Han", "plug cleaned")
    order = RepairView(
        repair="r1-1", kind="stuck", urgency="urgent", state="reported", opened_at="then", as_of="now",
        on_site_by="soon", mend_by="later",
    )  # fmt: skip
    booth.reply("r1", "done", repair=order)
    assert asker.one() == msgspec.to_builtins(order)
    assert booth.ask_repair(note="plug cleaned").one() == msgspec.to_builtins(order)


@pytest.mark.parametrize("code", ["repair_same_name", "not_found"])
def test_a_refusal_about_a_repair_keeps_its_code(booth: Booth, code: str) -> None:
    asker = booth.ask_repair(verb="confirm")
    booth.event()
    booth.reply("r1", "refused", code, "another person must confirm it")
    assert isinstance(asker.one(), GatehouseError)
    assert (asker.one().code, str(asker.one())) == (code, "another person must confirm it")


def test_a_note_about_a_repair_holds_no_telephone_number(booth: Booth) -> None:
    with pytest.raises(RequestError, match="note"):
        booth.ask_repair(note="call 13800138000")
