from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Bus
from drivers.buses.edges import NOISY_AFTER
from drivers.framing.wiegand import key_frame, parse_format
from drivers.links import gpio_edges
from drivers.readers.wiegand.sim import SimWiegand
from gateway.core.vocabulary.errors import DeviceError
from gateway.core.vocabulary.events import CredentialRead, DeviceLost, DeviceRestored, OutputFailed
from tests.drivers.conftest import Running, wait_until

CARD = 472288


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimWiegand]:
    found = SimWiegand()
    monkeypatch.setattr(gpio_edges, "open_lines", lambda request, names: found.handle)
    yield found


def start(running: Running, **options: object) -> Bus:
    bus = running.start({"id": "w", "driver": "wiegand", "d0": 17, "d1": 18, **options})
    running.reported.wait(DeviceRestored)
    return bus


def reads(running: Running) -> list[tuple[str, str]]:
    return [(read.kind, read.value) for read in running.reported.of(CredentialRead)]


def test_a_card_on_the_wires_is_one_credential_with_its_bits(running: Running, reader: SimWiegand) -> None:
    start(running)
    reader.present(CARD, times=4)
    assert running.reported.wait(CredentialRead) == CredentialRead("w", "card", "472288", 24)
    reader.present(1)
    running.reported.wait(CredentialRead, count=2)
    assert reads(running) == [("card", "472288"), ("card", "1")]


def test_a_pin_is_collected_from_keys_and_ends_with_a_hash_or_a_pause(running: Running, reader: SimWiegand) -> None:
    start(running, pin_ms=500)
    reader.type("1*2468#")
    assert running.reported.wait(CredentialRead) == CredentialRead("w", "pin", "2468")
    reader.type("1357", length=8)
    running.reported.wait(CredentialRead, count=2)
    reader.type("2468#")
    running.reported.wait(CredentialRead, count=3)
    assert reads(running) == [("pin", "2468"), ("pin", "1357"), ("pin", "2468")]


def test_noise_is_counted_and_hides_no_card(running: Running, reader: SimWiegand) -> None:
    bus = start(running)
    for length in range(17, 25):
        reader.send(("10" * 12)[:length])
    reader.present(CARD)
    running.reported.wait(CredentialRead)
    wait_until(lambda: bus.health()[0].errors == 8)
    assert reads(running) == [("card", "472288")]


def test_lines_with_nothing_but_noise_say_what_to_do(running: Running, reader: SimWiegand) -> None:
    bus = start(running)
    for _ in range(NOISY_AFTER):
        reader.send("10101")
    wait_until(lambda: "converter" in bus.health()[0].last_error)
    assert bus.health()[0].state == "online"


def test_a_babbling_line_is_survived_and_the_next_card_is_read(running: Running, reader: SimWiegand) -> None:
    bus = start(running)
    reader.babble(1000)
    wait_until(lambda: bus.health()[0].errors)
    reader.present(CARD)
    running.reported.wait(CredentialRead)
    assert reads(running) == [("card", "472288")]


def test_edges_that_the_kernel_dropped_make_no_card(running: Running, reader: SimWiegand) -> None:
    bus = start(running)
    reader.present(1)
    running.reported.wait(CredentialRead)
    reader.send("1000001110011", lose=0)
    reader.send("0100111000001", lose=3)
    wait_until(lambda: bus.health()[0].errors)
    reader.present(CARD)
    running.reported.wait(CredentialRead, count=2)
    assert reads(running) == [("card", "1"), ("card", "472288")]


def test_a_format_of_the_site_file_is_read(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = f"P{'F' * 16}{'N' * 19}P E{'X' * 18}{'.' * 18} {'.' * 18}{'X' * 18}O"
    reader = SimWiegand(layout=layout)
    monkeypatch.setattr(gpio_edges, "open_lines", lambda request, names: reader.handle)
    start(running, format=layout)
    reader.present(524290)
    assert running.reported.wait(CredentialRead) == CredentialRead("w", "card", "524290", 35)


def test_lines_that_cannot_be_had_are_a_lost_device_with_words(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, tries = SimWiegand(), []

    def open_lines(request: bytes, names: str) -> int:
        tries.append(names)
        if len(tries) < 2:
            raise DeviceError(f"{names}: in use by another device or program")
        return reader.handle

    monkeypatch.setattr(gpio_edges, "open_lines", open_lines)
    running.start({"id": "w", "driver": "wiegand", "d0": 17, "d1": 18})
    assert "GPIO17 and GPIO18: in use" in running.reported.wait(DeviceLost).error
    running.reported.wait(DeviceRestored)
    reader.present(CARD)
    running.reported.wait(CredentialRead)


def test_lines_that_go_and_come_back_need_no_restart_and_join_no_halves(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel numbers the edges anew, and what was being typed when the lines went is void."""
    before, after = SimWiegand(), SimWiegand()
    handles = iter((before.handle, after.handle))
    monkeypatch.setattr(gpio_edges, "open_lines", lambda request, names: next(handles))
    start(running, pin_ms=30_000)
    before.present(1)
    running.reported.wait(CredentialRead)
    before.type("12")
    before.close()
    assert "GPIO chip is gone" in running.reported.wait(DeviceLost).error
    running.reported.wait(DeviceRestored, count=2)
    after.present(CARD)
    after.type("34#")
    running.reported.wait(CredentialRead, count=3)
    assert reads(running) == [("card", "1"), ("card", "472288"), ("pin", "34")]


def test_a_reader_has_no_outputs_and_its_bus_stops(running: Running, reader: SimWiegand) -> None:
    bus = start(running)
    bus.pulse("w", 0, 500, True, 7)
    assert running.reported.wait(OutputFailed).token == 7
    running.stop()


# ---- D0 and D1 swapped ---------------------------------------------------------------------------------------------


def swapped(frame: str) -> str:
    return frame.translate(str.maketrans("01", "10"))


def test_a_card_that_fits_only_inverted_says_that_the_wires_are_swapped(running: Running, reader: SimWiegand) -> None:
    bus = start(running)
    reader.send("0100111010100101111001011110111000")
    wait_until(lambda: bus.health()[0].errors == 1)
    assert "D0 and D1 are swapped" in bus.health()[0].last_error
    reader.send(swapped(parse_format("26")[0].frame(CARD)))
    wait_until(lambda: bus.health()[0].errors == 2)
    assert reads(running) == []


@pytest.mark.parametrize("first", ["card", "key"])
def test_keys_of_swapped_wires_are_no_pin(running: Running, reader: SimWiegand, first: str) -> None:
    bus = start(running, pin_ms=500)
    reader.send(swapped(parse_format("26")[0].frame(CARD) if first == "card" else key_frame("2")))
    for key in "6789#":
        reader.send(swapped(key_frame(key)))
    wait_until(lambda: bus.health()[0].errors == 6)
    assert "D0 and D1 are swapped" in bus.health()[0].last_error
    reader.present(CARD)
    running.reported.wait(CredentialRead)
    reader.type("*6789#")
    running.reported.wait(CredentialRead, count=2)
    assert reads(running) == [("card", str(CARD)), ("pin", "6789")]


def test_a_damaged_key_makes_no_other_pin(running: Running, reader: SimWiegand) -> None:
    bus = start(running)
    reader.type("24")
    reader.send("01100")
    reader.type("68#")
    reader.type("1357#")
    running.reported.wait(CredentialRead)
    assert reads(running) == [("pin", "1357")]
    assert bus.health()[0].errors == 1
    assert "a frame of 5 bits fits no format" in bus.health()[0].last_error


@given(st.sampled_from(["26", "34", "35", "37", "48"]), st.integers(0, 2**24 - 1))
def test_no_frame_fits_both_ways(name: str, number: int) -> None:
    layout = parse_format(name)[0]
    assert not layout.fits(int(swapped(layout.frame(number)), 2))
