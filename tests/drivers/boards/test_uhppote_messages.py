"""Golden messages of real controllers, both ways, by the library and by the simulated controller."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from drivers.boards.uhppote import DRIVER, frames
from drivers.boards.uhppote.dissect import UhppoteDissector
from drivers.boards.uhppote.sim import SimController
from drivers.links.uhppote import messages
from gateway.core.vocabulary.errors import FrameError
from tests.drivers.conftest import golden_of

GOLDEN = golden_of("uhppote")
REQUESTS = [one for one in GOLDEN if one["direction"] == "request"]
RESPONSES = [one for one in GOLDEN if one["direction"] == "response"]


def name(one: dict[str, Any]) -> str:
    return f"{one['message']}-{one['bytes'][8:40]}"


def arguments(one: dict[str, Any]) -> list[Any]:
    given = list(one["of"])
    if one["message"] == "set_clock":
        given[1] = datetime.fromisoformat(given[1])
    if one["message"] == "set_door":
        given[1] = messages.DoorControl(*given[1])
    return given


@pytest.mark.parametrize("one", REQUESTS, ids=name)
def test_what_is_asked_has_the_bytes_that_controllers_take(one: dict[str, Any]) -> None:
    assert getattr(messages, one["message"])(*arguments(one)).hex() == one["bytes"]


@pytest.mark.parametrize("one", RESPONSES, ids=name)
def test_what_controllers_answer_is_read(one: dict[str, Any]) -> None:
    said = getattr(messages, one["message"])(bytes.fromhex(one["bytes"]))
    assert msgspec.json.decode(msgspec.json.encode(said)) == one["says"]


def test_the_simulated_controller_gives_the_bytes_of_a_real_one() -> None:
    """The status of a controller, byte for byte but for what nobody reads (sequence, special info, the tail)."""
    real = bytes.fromhex(next(one for one in RESPONSES if one["message"] == "status")["bytes"])
    sim = SimController(messages.serial_of(real))
    sim.doors[0].open = sim.doors[2].open = sim.doors[3].open = True
    sim.doors[2].pressed = sim.doors[3].pressed = True
    sim.doors[2].unlocked_until_s = 1e12
    sim.locked_by_force = True
    for _ in range(57):
        sim.add(1, 6, door=3, direction=1, card=6154410)
    sim.records[-1].at = datetime(2019, 4, 19, 17, 0, 9)
    sim.clock_ahead_s = (datetime(2019, 4, 20, 14, 37, 2) - datetime.now().replace(microsecond=0)).total_seconds()
    (answer,) = sim.answer(messages.ask_status(sim.serial))
    unread = {36, *range(39, 49), *range(54, 64)}
    assert [at for at in range(64) if at not in unread and answer[at] != real[at]] == []
    (record,) = sim.answer(messages.ask_record(sim.serial, 57))
    assert record[8:28] == real[8:28]


@pytest.mark.parametrize("one", REQUESTS, ids=name)
def test_the_simulated_controller_answers_every_golden_question(one: dict[str, Any]) -> None:
    sim = SimController(423187757)
    sim.add(1, 18, door=1, card=1)
    (answer,) = sim.answer(bytes.fromhex(one["bytes"]))
    assert messages.answers(bytes.fromhex(one["bytes"]), answer)
    assert messages.serial_of(answer) == 423187757


@pytest.mark.parametrize("reader", ["status", "record", "door_is", "door_set", "opened", "host_controls", "controller"])
@pytest.mark.parametrize("wrong", [b"", b"\x17", bytes(64), bytes(63), b"\x17\xff" + bytes(62), bytes(65)])
def test_what_is_no_answer_is_refused_in_words(reader: str, wrong: bytes) -> None:
    with pytest.raises(FrameError, match="no such answer of a UHPPOTE controller"):
        getattr(messages, reader)(wrong)


@pytest.mark.parametrize(
    ("shown", "value"),
    [(10058400, "6612000"), (6154410, "4052106"), (713536, "472288"), (25565535, "16777215"), (0, "0")],
)
def test_a_26_bit_card_has_the_number_that_other_readers_give_it(shown: int, value: str) -> None:
    assert frames.card_number(shown, "26") == frames.CardNumber(value, 24)
    assert frames.shown_number(value) == shown


@pytest.mark.parametrize("number", [70_000, 25_600_000, 4_294_967_295, 1_99_999])
def test_a_number_that_no_26_bit_card_has_is_kept_as_it_is(number: int) -> None:
    assert frames.card_number(number, "26") == frames.CardNumber(str(number), 0)
    assert frames.card_number(number, "raw").value == str(number)


@pytest.mark.parametrize("value", ["16777216", "", "E200", "-1"])
def test_a_number_that_no_26_bit_card_has_cannot_be_shown(value: str) -> None:
    with pytest.raises(FrameError, match="no number of a 26-bit card"):
        frames.shown_number(value)


def test_every_card_swipe_that_is_left_to_the_gateway_is_one() -> None:
    assert {frames.what(reason) for reason in frames.LEFT_TO_US} == set(frames.CARD_SWIPES)
    assert frames.what(99) == "other"


# ---- what a watched wire shows


def test_a_status_with_another_time_is_the_same_frame_on_the_wire() -> None:
    sim, dissector = SimController(), UhppoteDissector("26")
    (first,) = sim.answer(messages.ask_status(sim.serial))
    sim.clock_ahead_s = 86_461
    (second,) = sim.answer(messages.ask_status(sim.serial))
    assert first != second
    assert dissector.same(first) == dissector.same(second)
    sim.doors[0].open = True
    (third,) = sim.answer(messages.ask_status(sim.serial))
    assert dissector.same(third) != dissector.same(second)


def test_the_frames_of_a_wire_are_explained() -> None:
    sim = SimController()
    sim.doors[1].open = sim.doors[0].pressed = sim.fire = True
    sim.swipe(frames.shown_number("472288"))
    dissector = DRIVER.dissector(
        msgspec.convert({"link": {"type": "udp", "host": "h"}, "serial": 1, "door": 1}, DRIVER.Options)
    )
    (status,) = sim.answer(messages.ask_status(sim.serial))
    (record,) = sim.answer(messages.ask_record(sim.serial, 1))
    (who,) = sim.answer(messages.ask_everybody())
    told = [dissector.explain("in", frame).words for frame in (status, record, who, b"\x17")]
    assert told == [
        "inputs 0100100010, last card 472288", "card 472288, 24 bits", "says who it is",
        "broken frame: no message of a UHPPOTE controller",
    ]  # fmt: skip
    sent = (messages.ask_status(1), messages.ask_everybody(), messages.open_door(1, 3), messages.ask_door(1, 2), b"?")
    assert [dissector.explain("out", frame).words for frame in sent] == [
        "asks for news", "asks who is there", "output 3: on", "command 82", "1 bytes",
    ]  # fmt: skip
    assert [(card.bits, card.count) for card in dissector.cards(status)] == [(472288, 24)]
    assert dissector.cards(who) == dissector.cards(b"") == ()
