"""A controller on its true wire: doors, orders, records taken once, and whatever it may answer instead."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from drivers import registry
from drivers.base import Bus
from drivers.boards.uhppote import DRIVER, bus, frames
from drivers.boards.uhppote.sim import PATIENT_MS, SERIAL, ControllerOnNetwork, Faults, SimController
from drivers.links.uhppote.wire import ControllerLink
from gateway.core.vocabulary.errors import BusSilentError, DeviceError
from gateway.core.vocabulary.events import (
    ClockShown,
    CredentialRead,
    DeviceConfigured,
    DeviceLost,
    DeviceRecorded,
    DeviceRestored,
    DeviceStale,
    InputsRead,
    OutputDone,
    OutputFailed,
    RecordsFound,
    RecordsMissed,
)
from tests.drivers.conftest import Running, wait_until
from tests.drivers.test_registry import configure, problems

pytestmark = pytest.mark.real
CARD = frames.shown_number("472288")
OTHER_CARD = frames.shown_number("3012345")


@pytest.fixture(params=["udp", "tcp"])
def far(request: pytest.FixtureRequest) -> Iterator[ControllerOnNetwork]:
    with ControllerOnNetwork(over=request.param) as found:
        yield found


@pytest.fixture
def udp() -> Iterator[ControllerOnNetwork]:
    with ControllerOnNetwork() as found:
        yield found


def door(far: ControllerOnNetwork, number: int = 1, **more: Any) -> dict[str, Any]:
    timeout_ms = more.pop("timeout_ms", PATIENT_MS)
    return {
        "id": f"door-{number}", "driver": "uhppote", "link": far.link(timeout_ms), "serial": SERIAL, "door": number,
        "poll_ms": 20, **more,
    }  # fmt: skip


def sim_of(far: ControllerOnNetwork) -> SimController:
    return far.controllers[0]


def begun(running: Running, *devices: dict[str, Any], after: int | None = None) -> Bus:
    """The bus in contact, with its records asked for as the core does."""
    running.takes_records = False
    found = running.start(*devices)
    last = running.reported.wait(RecordsFound).last
    found.take_records(devices[0]["id"], last if after is None else after)
    return found


def recorded(running: Running) -> list[tuple[int, str, bool]]:
    """Index, what and late of all records so far, in order."""
    told = [event for event in running.reported.events if isinstance(event, CredentialRead | DeviceRecorded)]
    return [(one.record.index, one.record.what, one.record.late) for one in told if one.record is not None]


# ---- state


def test_a_door_tells_its_contact_its_button_and_the_contacts_of_the_controller(
    running: Running, far: ControllerOnNetwork
) -> None:
    sim = sim_of(far)
    sim.doors[1].open = True
    running.start(door(far, 2))
    first = running.reported.wait(DeviceRestored)
    assert (first.device, first.inputs, first.outputs) == ("door-2", (True, False, False, False), (False,))
    sim.doors[1].pressed = True
    assert running.reported.wait(InputsRead).inputs == (True, True, False, False)
    sim.fire = True
    assert running.reported.wait(InputsRead, count=2).inputs == (True, True, True, False)
    sim.locked_by_force = True
    assert running.reported.wait(InputsRead, count=3).inputs == (True, True, True, True)


def test_the_doors_of_a_controller_share_one_bus_and_one_question(running: Running, udp: ControllerOnNetwork) -> None:
    found = running.start(door(udp, 1), door(udp, 4))
    assert found.devices == ("door-1", "door-4")
    running.reported.wait(DeviceRestored, "door-4")
    sim_of(udp).doors[3].open = True
    running.reported.wait(InputsRead, "door-4")
    assert running.reported.of(InputsRead, "door-1") == []


def test_two_controllers_at_one_address_are_told_apart_by_their_serial_numbers(running: Running) -> None:
    with ControllerOnNetwork(SimController(201020304), SimController(303986753)) as far:
        for serial in (201020304, 303986753):
            running.start({**door(far), "id": f"d{serial}", "serial": serial})
        far.controllers[1].doors[0].open = True
        assert running.reported.wait(DeviceRestored, "d201020304").inputs[0] is False
        wait_until(lambda: running.reported.of(InputsRead) or running.reported.of(DeviceRestored, "d303986753"))
        far.controllers[0].doors[0].pressed = True
        assert running.reported.wait(InputsRead, "d201020304").inputs == (False, True, False, False)


# ---- orders


def test_a_pulse_unlocks_the_door_once_and_the_controller_locks_it_again(
    running: Running, far: ControllerOnNetwork
) -> None:
    found = running.start(door(far))
    running.reported.wait(DeviceRestored)
    found.pulse("door-1", 0, 500, token=7)
    assert running.reported.wait(OutputDone).token == 7
    assert (sim_of(far).doors[0].openings, sim_of(far).unlocked(1)) == (1, True)
    assert sim_of(far).asked.count(frames.OPEN_DOOR) == 1


def test_a_door_is_kept_unlocked_and_given_back_to_the_gateway(running: Running, udp: ControllerOnNetwork) -> None:
    sim, found = sim_of(udp), running.start(door(udp))
    running.reported.wait(DeviceRestored)
    found.switch("door-1", 0, True, token=1)
    assert running.reported.wait(OutputDone).token == 1
    assert (sim.doors[0].mode, sim.doors[0].delay_s, found.level("door-1", 0)) == (1, 3, True)
    found.switch("door-1", 0, False, token=2)
    assert running.reported.wait(OutputDone, count=2).token == 2
    assert (sim.doors[0].mode, sim.doors[0].delay_s, found.level("door-1", 0)) == (3, 3, False)


def test_a_start_a_loss_a_return_and_a_stop_unlock_nothing(running: Running, udp: ControllerOnNetwork) -> None:
    found = running.start(door(udp), door(udp, 2))
    running.reported.wait(DeviceRestored, "door-2")
    udp.unplug()
    running.reported.wait(DeviceLost, "door-2")
    found.pulse("door-1", 0, 500, token=3)
    assert "check its power" in running.reported.wait(OutputFailed).error
    udp.plug()
    running.reported.wait(DeviceRestored, "door-2", count=2)
    time.sleep(0.1)
    running.stop()
    assert frames.OPEN_DOOR not in sim_of(udp).asked
    assert frames.SET_DOOR not in sim_of(udp).asked


def test_an_order_whose_answer_is_lost_is_not_sent_again_and_the_relay_says_that_it_was_followed(
    running: Running, far: ControllerOnNetwork
) -> None:
    found = running.start(door(far, timeout_ms=400))
    running.reported.wait(DeviceRestored)
    sim_of(far).faults.mute = (frames.OPEN_DOOR,)
    found.pulse("door-1", 0, 500, token=4)
    assert running.reported.wait(OutputDone).token == 4
    assert sim_of(far).asked.count(frames.OPEN_DOOR) == 1
    assert running.reported.of(OutputFailed) == []


def test_an_order_that_never_arrived_fails_and_is_not_sent_again(running: Running, udp: ControllerOnNetwork) -> None:
    found = running.start(door(udp, timeout_ms=400))
    running.reported.wait(DeviceRestored)
    sim_of(udp).faults.ignores = (frames.OPEN_DOOR,)
    found.pulse("door-1", 0, 500, token=5)
    failed = running.reported.wait(OutputFailed)
    assert (failed.token, "does not answer" in failed.error) == (5, True)
    sim_of(udp).faults.ignores = ()
    time.sleep(0.3)
    assert sim_of(udp).doors[0].openings == 0


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda sim: setattr(sim.faults, "refuses", True), "refuses to unlock"),
        (lambda sim: setattr(sim.faults, "stuck", True), "door 1 stayed locked; look at interlocks"),
        (lambda sim: setattr(sim.doors[0], "mode", 2), "door 1 stayed locked; it is set to always closed"),
    ],
)
def test_an_order_that_the_door_does_not_follow_fails_in_words(
    running: Running, udp: ControllerOnNetwork, monkeypatch: pytest.MonkeyPatch, spoil: Any, says: str
) -> None:
    monkeypatch.setattr(bus, "FOLLOWS_MS", 60)
    found = running.start(door(udp))
    running.reported.wait(DeviceRestored)
    spoil(sim_of(udp))
    found.pulse("door-1", 0, 500, token=6)
    assert says in running.reported.wait(OutputFailed).error


@pytest.mark.parametrize(
    ("device", "output", "active", "says"),
    [
        ("door-9", 0, True, "no device 'door-9'"),
        ("door-1", 1, True, "has no output 1"),
        ("door-1", 0, False, "takes no pulse that locks"),
    ],
)
def test_an_order_that_no_door_can_take_is_refused(
    running: Running, udp: ControllerOnNetwork, device: str, output: int, active: bool, says: str
) -> None:
    found = running.start(door(udp))
    running.reported.wait(DeviceRestored)
    found.pulse(device, output, 500, active, 1)
    assert says in running.reported.wait(OutputFailed).error
    assert frames.OPEN_DOOR not in sim_of(udp).asked


# ---- what is set in the controller


def test_a_contact_says_who_decides_and_sets_the_delay_only_where_it_differs(
    running: Running, udp: ControllerOnNetwork
) -> None:
    sim = sim_of(udp)
    sim.doors[1].delay_s = 7
    running.start(door(udp, 1), door(udp, 2, delay_s=7), door(udp, 3, delay_s=9))
    wait_until(lambda: running.reported.of(DeviceConfigured, "door-1"))
    assert (sim.host_decides, [one.delay_s for one in sim.doors], sim.doors[2].mode) == (True, [3, 7, 9, 3], 3)
    told = [(one.device, one.what, one.value, one.before) for one in running.reported.of(DeviceConfigured)]
    assert told == [("door-3", "delay", "9", "3"), ("door-1", "decides", "gateway", "")]
    udp.unplug()
    running.reported.wait(DeviceLost)
    sim.host_decides = False
    udp.plug()
    wait_until(lambda: sim.host_decides, "said anew")
    time.sleep(0.1)
    assert len(running.reported.of(DeviceConfigured)) == 2


def test_a_trial_without_a_core_changes_nothing(running: Running, udp: ControllerOnNetwork) -> None:
    """As `gatehouse check` does it."""
    running.takes_records = False
    running.start(door(udp, delay_s=9))
    running.reported.wait(RecordsFound)
    time.sleep(0.2)
    running.stop()
    assert set(sim_of(udp).asked) == {frames.STATUS, frames.GET_DOOR}
    assert (sim_of(udp).host_decides, sim_of(udp).doors[0].delay_s) == (False, 3)


def test_a_controller_whose_firmware_takes_no_host_control_is_named_and_its_doors_work(
    running: Running, udp: ControllerOnNetwork
) -> None:
    sim_of(udp).faults.ignores = (frames.HOST_CONTROL,)
    found = running.start(door(udp, timeout_ms=400))
    running.reported.wait(DeviceRestored)
    wait_until(lambda: "its own list decides; update its firmware" in found.health()[0].last_error)
    found.pulse("door-1", 0, 500, token=1)
    running.reported.wait(OutputDone)
    assert running.reported.of(DeviceConfigured) == []
    assert running.reported.of(DeviceLost) == []


def test_a_controller_that_decides_by_its_own_list_is_only_recorded(running: Running, udp: ControllerOnNetwork) -> None:
    sim = sim_of(udp)
    sim.cards, sim.host_decides = {CARD}, True
    begun(running, door(udp, decides="controller"))
    wait_until(lambda: not sim.host_decides)
    assert sim.swipe(CARD)
    sim.swipe(OTHER_CARD)
    wait_until(lambda: len(recorded(running)) == 2)
    assert recorded(running) == [(1, "card_let_in", False), (2, "card_refused", False)]
    assert running.reported.of(CredentialRead) == []


def test_a_controller_that_was_started_anew_is_set_up_again(running: Running, udp: ControllerOnNetwork) -> None:
    begun(running, door(udp))
    wait_until(lambda: sim_of(udp).host_decides)
    sim_of(udp).host_decides = False
    sim_of(udp).add(3, 28)
    wait_until(lambda: sim_of(udp).host_decides)
    wait_until(lambda: recorded(running) == [(1, "power_on", False)])


def test_a_door_that_is_not_controlled_is_named(running: Running, udp: ControllerOnNetwork) -> None:
    sim_of(udp).doors[0].mode = 1
    found = running.start(door(udp))
    running.reported.wait(DeviceRestored)
    assert "the door is set to always open in the controller" in found.health()[0].last_error


def test_the_clock_is_shown_and_set_when_the_core_wants_it(running: Running, udp: ControllerOnNetwork) -> None:
    sim_of(udp).clock_ahead_s = -400_000
    found = running.start(door(udp))
    shown = running.reported.wait(ClockShown).shows
    found.set_clock("door-1", 3_600)
    set_ = wait_until(lambda: [one for one in running.reported.of(DeviceConfigured) if one.what == "clock"])[0]
    assert set_.before[:13] == shown[:13]
    assert abs(time.time() + 3_600 - _epoch(sim_of(udp).clock.isoformat())) < 5
    assert _epoch(set_.value) - _epoch(set_.before) > 300_000


def _epoch(iso: str) -> float:
    from datetime import UTC, datetime

    return datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp()


# ---- cards and records


def test_a_card_is_read_once_with_its_number_and_its_record(running: Running, far: ControllerOnNetwork) -> None:
    begun(running, door(far))
    sim_of(far).swipe(CARD)
    read = running.reported.wait(CredentialRead)
    assert (read.device, read.kind, read.value, read.bits) == ("door-1", "card", "472288", 24)
    assert read.record is not None
    assert (read.record.controller, read.record.index, read.record.what, read.record.code) == (
        str(SERIAL), 1, "card_refused", 18,
    )  # fmt: skip
    time.sleep(0.2)
    assert len(running.reported.of(CredentialRead)) == 1


def test_a_card_at_another_door_or_reader_is_of_that_device_alone(running: Running, udp: ControllerOnNetwork) -> None:
    begun(
        running,
        door(udp, 1, reader="in"),
        {**door(udp, 1, reader="out"), "id": "door-1-out"},
        door(udp, 2, format="raw"),
    )
    sim = sim_of(udp)
    sim.swipe(CARD, 1, 2)
    assert running.reported.wait(CredentialRead).device == "door-1-out"
    sim.swipe(OTHER_CARD, 1, 1)
    assert running.reported.wait(CredentialRead, count=2).device == "door-1"
    sim.swipe(CARD, 2)
    third = running.reported.wait(CredentialRead, count=3)
    assert (third.device, third.value) == ("door-2", "713536")
    sim.swipe(CARD, 3)
    unowned = running.reported.wait(DeviceRecorded)
    assert (unowned.device, unowned.record.door, unowned.record.what) == ("door-1", 3, "card_refused")


def test_a_card_that_is_held_on_is_one_presentation(running: Running, udp: ControllerOnNetwork) -> None:
    begun(running, door(udp))
    for _ in range(3):
        sim_of(udp).swipe(CARD)
    wait_until(lambda: len(recorded(running)) == 3)
    assert len(running.reported.of(CredentialRead)) == 1
    assert [index for index, _, _ in recorded(running)] == [1, 2, 3]


@pytest.mark.parametrize("reason", [7, 8, 9, 10, 11, 12, 13, 15])
def test_a_card_that_a_rule_of_the_controller_refuses_opens_nothing(
    running: Running, udp: ControllerOnNetwork, reason: int
) -> None:
    found = begun(running, door(udp))
    sim_of(udp).add(1, reason, 1, 1, CARD)
    assert running.reported.wait(DeviceRecorded).record.code == reason
    assert running.reported.of(CredentialRead) == []
    assert f"a rule of its own (reason {reason})" in found.health()[0].last_error


def test_a_card_that_the_controller_let_in_by_itself_is_decided_on_and_said(
    running: Running, udp: ControllerOnNetwork
) -> None:
    found = begun(running, door(udp))
    sim_of(udp).add(2, 1, 1, 1, CARD, granted=True)
    read = running.reported.wait(CredentialRead)
    assert read.record is not None
    assert read.record.what == "card_let_in"
    assert "delete the cards in the controller" in found.health()[0].last_error


def test_what_else_is_recorded_is_told_in_order(running: Running, udp: ControllerOnNetwork) -> None:
    begun(running, door(udp))
    sim = sim_of(udp)
    sim.press()
    sim.move(1, True)
    sim.move(1, False)
    for reason in (25, 34, 37, 38, 39, 44, 99):
        sim.add(2, reason, 1)
    wait_until(lambda: len(recorded(running)) == 10)
    assert [what for _, what, _ in recorded(running)] == [
        "button", "door_opened", "door_closed", "passcode", "threat", "left_open", "forced_open", "fire", "remote_open",
        "other",
    ]  # fmt: skip
    assert all(one.record.card == "" for one in running.reported.of(DeviceRecorded))


def test_what_was_recorded_before_a_start_is_late_and_no_card_of_it_is_read(
    running: Running, udp: ControllerOnNetwork
) -> None:
    sim = sim_of(udp)
    for _ in range(5):
        sim.swipe(CARD)
    begun(running, door(udp), after=2)
    wait_until(lambda: len(recorded(running)) == 3)
    sim.swipe(OTHER_CARD)
    running.reported.wait(CredentialRead)
    assert recorded(running) == [
        (3, "card_refused", True), (4, "card_refused", True), (5, "card_refused", True), (6, "card_refused", False),
    ]  # fmt: skip


def test_what_was_recorded_while_the_line_was_lost_is_taken_once_and_late(
    running: Running, far: ControllerOnNetwork
) -> None:
    found = begun(running, door(far))
    sim_of(far).swipe(CARD)
    running.reported.wait(CredentialRead)
    far.unplug()
    running.reported.wait(DeviceLost)
    sim_of(far).swipe(OTHER_CARD)
    sim_of(far).swipe(CARD)
    far.plug()
    assert running.reported.wait(RecordsFound, count=2).last == 3
    found.take_records("door-1", 1)
    wait_until(lambda: len(recorded(running)) == 3)
    assert recorded(running)[1:] == [(2, "card_refused", True), (3, "card_refused", True)]
    assert len(running.reported.of(CredentialRead)) == 1


def test_a_card_behind_one_lost_datagram_still_opens(running: Running, udp: ControllerOnNetwork) -> None:
    begun(running, door(udp, timeout_ms=400))
    sim_of(udp).faults.deaf = True
    running.reported.wait(DeviceStale)
    sim_of(udp).swipe(CARD)
    sim_of(udp).faults.deaf = False
    read = running.reported.wait(CredentialRead)
    assert read.record is not None
    assert not read.record.late


def test_records_that_newer_ones_have_replaced_are_a_gap_that_is_said(running: Running) -> None:
    with ControllerOnNetwork(SimController(size=16)) as far:
        for _ in range(40):
            sim_of(far).swipe(CARD)
        oldest = sim_of(far).records[0].index
        begun(running, door(far), after=3)
        missed = running.reported.wait(RecordsMissed)
        assert (missed.controller, missed.first, missed.last, missed.reason) == (
            str(SERIAL), 4, oldest - 1, "overwritten",
        )  # fmt: skip
        wait_until(lambda: len(recorded(running)) == 41 - oldest)
        assert [index for index, _, _ in recorded(running)] == list(range(oldest, 41))


def test_more_records_than_are_fetched_are_a_gap_that_is_said(
    running: Running, udp: ControllerOnNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "RECORDS_MAX", 10)
    for _ in range(30):
        sim_of(udp).swipe(CARD)
    begun(running, door(udp), after=0)
    missed = running.reported.wait(RecordsMissed)
    assert (missed.first, missed.last, missed.reason) == (1, 20, "too_many")
    wait_until(lambda: len(recorded(running)) == 10)


def test_a_list_that_was_emptied_is_told_to_the_core(running: Running, udp: ControllerOnNetwork) -> None:
    for _ in range(5):
        sim_of(udp).swipe(CARD)
    found = begun(running, door(udp))
    sim_of(udp).records.clear()
    assert running.reported.wait(RecordsFound, count=2).last == 0
    found.take_records("door-1", 0)
    sim_of(udp).swipe(CARD)
    wait_until(lambda: recorded(running) == [(1, "card_refused", False)])


def test_a_core_that_knows_nothing_is_told_anew(running: Running, udp: ControllerOnNetwork) -> None:
    found = running.start(door(udp), door(udp, 2))
    running.reported.wait(DeviceRestored, "door-2")
    assert found.tell_anew(["door-2"])
    running.reported.wait(DeviceRestored, "door-2", count=2)
    running.reported.wait(RecordsFound, count=2)
    assert len(running.reported.of(DeviceRestored, "door-1")) == 1


# ---- whatever comes instead of an answer


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"deaf": True}, f"controller {SERIAL} does not answer"),
        ({"wrong_serial": 1}, f"controller {SERIAL + 1} answers at"),
        ({"wrong_function": 2}, f"controller {SERIAL} does not answer"),
        ({"short": True}, "is no answer of a UHPPOTE controller; check `host` and `port`"),
        ({"spoil": lambda _: bytes(64)}, f"controller {SERIAL} does not answer"),
        ({"spoil": lambda whole: whole + b"\0"}, "UHPPOTE controller"),
    ],
    ids=["deaf", "serial", "function", "short", "zeros", "long"],
)
def test_a_wrong_answer_is_none_and_the_words_say_what_to_do(
    running: Running, far: ControllerOnNetwork, fault: dict[str, Any], says: str
) -> None:
    if far.over == "tcp" and says == "UHPPOTE controller":
        pytest.skip("a stream has no length of its own: 64 of the 65 bytes are the answer")
    found = running.start(door(far, timeout_ms=400))
    running.reported.wait(DeviceRestored)
    for key, value in fault.items():
        setattr(sim_of(far).faults, key, value)
    running.reported.wait(DeviceLost)
    wait_until(lambda: says in found.health()[0].last_error, says)
    sim_of(far).faults = Faults()
    running.reported.wait(DeviceRestored, count=2)


def test_answers_that_come_twice_or_late_are_never_taken_for_others(running: Running, udp: ControllerOnNetwork) -> None:
    found = begun(running, door(udp, timeout_ms=400))
    sim = sim_of(udp)
    sim.faults.twice = True
    for number in range(5):
        sim.swipe(frames.shown_number(str(1000 + number)))
    found.pulse("door-1", 0, 500, token=1)
    running.reported.wait(OutputDone)
    wait_until(lambda: len(recorded(running)) == 6)
    assert [index for index, _, _ in recorded(running)] == [1, 2, 3, 4, 5, 6]
    assert [one.value for one in running.reported.of(CredentialRead)] == ["1000", "1001", "1002", "1003", "1004"]
    sim.faults.twice, sim.faults.late = False, True
    wait_until(lambda: found.health()[0].state in ("stale", "lost"))
    sim.faults.late = False
    wait_until(lambda: found.health()[0].state == "online")
    assert sim.doors[0].openings == 1


def test_noise_on_the_way_moves_nothing_and_is_counted(running: Running, udp: ControllerOnNetwork) -> None:
    found = begun(running, door(udp, timeout_ms=400))
    noise = iter(range(10_000))
    sim_of(udp).faults.spoil = lambda whole: bytes((next(noise) * 37 + at * at) % 256 for at in range(64))
    running.reported.wait(DeviceLost)
    sim_of(udp).faults.spoil = None
    running.reported.wait(DeviceRestored, count=2)
    assert found.health()[0].errors > 0
    assert running.reported.of(CredentialRead) == []


@pytest.mark.parametrize("over", ["udp", "tcp"])
def test_an_address_where_nothing_listens_is_named(running: Running, over: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    link = {"type": over, "host": "127.0.0.1", "port": port, "timeout_ms": 50}
    running.start({"id": "d", "driver": "uhppote", "link": link, "serial": SERIAL, "door": 1})
    assert f"nothing at 127.0.0.1:{port} takes questions" in running.reported.wait(DeviceLost).error


def test_a_host_that_has_no_address_is_named() -> None:
    link = ControllerLink("udp", "no-such-host.invalid", 60_000, SERIAL, 50)
    with pytest.raises(DeviceError, match="check its power, its network cable and `host`"):
        link.open()
    link.dispose()


@pytest.mark.parametrize("ends", [True, False])
def test_each_question_over_tcp_has_a_connection_of_its_own(ends: bool) -> None:
    """A controller ends it behind its answer, at a moment that is not known: no question may be lost by that."""
    with ControllerOnNetwork(over="tcp") as far:
        far.ends_connections = ends
        link = ControllerLink("tcp", far.host, far.port, SERIAL, PATIENT_MS)
        for _ in range(300):
            link.ask(frames.message(frames.STATUS, SERIAL))
        assert sim_of(far).asked.count(frames.STATUS) == 300
        link.dispose()


@pytest.mark.parametrize("over", ["udp", "tcp"])
def test_an_answer_that_comes_late_is_not_the_answer_to_the_next_question(over: str) -> None:
    with ControllerOnNetwork(over=over) as far:
        far.ends_connections = False
        sim_of(far).faults.ignores = (frames.STATUS,)
        link = ControllerLink("tcp" if over == "tcp" else "udp", far.host, far.port, SERIAL, 100)
        with pytest.raises(BusSilentError):
            link.ask(frames.message(frames.STATUS, SERIAL))
        sim_of(far).faults.ignores = ()
        sim_of(far).faults.late = True
        with pytest.raises(BusSilentError):
            link.ask(frames.message(frames.GET_DOOR, SERIAL, bytes((1,))))
        sim_of(far).faults.late = False
        answer = link.ask(frames.message(frames.GET_DOOR, SERIAL, bytes((2,))))
        assert answer[8] == 2
        link.dispose()


# ---- settings


UDP = {"type": "udp", "host": "10.0.0.9"}
DOOR: dict[str, Any] = {"driver": "uhppote", "link": UDP, "serial": SERIAL, "door": 1}


def test_defaults_need_no_word_but_where_the_controller_is() -> None:
    (config,) = configure({"id": "d", **DOOR})
    options = config.options
    assert (options.link.port, options.decides, options.reader, options.delay_s, options.format) == (
        60_000, "gateway", "both", None, "26",
    )  # fmt: skip
    assert DRIVER.points(options) == (4, 1)


@pytest.mark.parametrize(
    ("first", "second", "path", "message"),
    [
        ({}, {}, "door", "is 1, which another device of this controller has already"),
        ({"reader": "in"}, {"reader": "in"}, "door", "is 1, which another"),
        ({"reader": "in"}, {"reader": "both"}, "door", "is 1, which another"),
        ({"reader": "in", "delay_s": 3}, {"reader": "out"}, "delay_s", "differs from the other reader"),
        ({}, {"door": 2, "decides": "controller"}, "decides", "differs from another door"),
        ({}, {"door": 2, "link": {**UDP, "timeout_ms": 100}}, "link", "make them equal"),
        ({}, {"door": 2, "link": {**UDP, "host": "10.0.0.8"}}, "serial", f"is {SERIAL}, which another device"),
        ({}, {"door": 2, "link": {**UDP, "type": "tcp"}}, "serial", f"is {SERIAL}, which another device"),
    ],
)
def test_doors_that_contradict_each_other_are_refused(
    first: dict[str, Any], second: dict[str, Any], path: str, message: str
) -> None:
    found = problems({"id": "a", **DOOR, **first}, {"id": "b", **DOOR, **second})
    assert found[0][0] == f"devices[1].{path}"
    assert message in found[0][1]


@pytest.mark.parametrize(
    ("wrong", "path", "message"),
    [
        ({"door": 5}, "door", "is 5; give a number from 1 to 4"),
        ({"serial": 0}, "serial", "is 0; give a number from 1 to 4294967294"),
        ({"serial": "405419896"}, "serial", "give a whole number"),
        ({"delay_s": 0}, "delay_s", "is 0; give a number from 1 to 255"),
        ({"link": {"type": "serial", "port": "/dev/x"}}, "link.type", 'use one of "udp", "tcp"'),
        ({"link": {"type": "udp"}}, "link.host", "is missing"),
        ({"decides": "nobody"}, "decides", "use one of"),
    ],
)
def test_a_wrong_option_is_named_by_path_and_remedy(wrong: dict[str, Any], path: str, message: str) -> None:
    found = problems({"id": "d", **DOOR, **wrong})
    assert [place for place, _ in found] == [f"devices[0].{path}"]
    assert message in found[0][1]


def test_both_readers_of_a_door_and_all_doors_of_a_controller_are_one_bus() -> None:
    configs = configure(
        {"id": "a", **DOOR, "reader": "in"}, {"id": "b", **DOOR, "reader": "out"}, {"id": "c", **DOOR, "door": 3},
        {"id": "d", **DOOR, "serial": 201020304},
    )  # fmt: skip
    assert [one.devices for one in registry.open_buses(configs, lambda _: None)] == [("a", "b", "c"), ("d",)]


def test_the_library_is_loaded_only_where_such_a_device_is() -> None:
    import subprocess
    import sys

    loaded = "import sys; from drivers import registry; registry.find('uhppote'); print('uhppoted' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout == "False\n"
    )
