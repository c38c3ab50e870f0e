from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.framing.em4100 import card_data, encode
from drivers.sim.reader import SimReader
from gateway.core.vocabulary.events import CredentialRead, DeviceLost, DeviceRestored, OutputFailed
from tests.drivers.conftest import Running, wait_until

CARD = "472288"
FRAME = encode(bytes.fromhex("01000734E0"))


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[SimReader]:
    found = SimReader(tmp_path / "reader", lambda card: encode(card_data(card)))
    yield found
    found.close()


def start(running: Running, reader: SimReader, **options: object) -> None:
    running.start({"id": "r", "driver": "rdm6300", "port": reader.path, **options})
    running.reported.wait(DeviceRestored)


def cards(running: Running) -> list[str]:
    return [read.value for read in running.reported.of(CredentialRead)]


@pytest.mark.real
def test_a_card_on_the_wire_is_one_credential_with_its_bits(running: Running, reader: SimReader) -> None:
    start(running, reader)
    reader.present(CARD, times=5)
    assert running.reported.wait(CredentialRead) == CredentialRead("r", "card", CARD, 32)
    reader.present("1")
    running.reported.wait(CredentialRead, count=2)
    assert cards(running) == [CARD, "1"]


@pytest.mark.real
def test_a_card_is_read_again_after_its_absence(running: Running, reader: SimReader) -> None:
    start(running, reader, repeat_ms=100)

    reader.present(CARD)
    running.reported.wait(CredentialRead)
    absent_until = time.monotonic() + 0.12
    wait_until(lambda: time.monotonic() > absent_until)
    reader.present(CARD)
    running.reported.wait(CredentialRead, count=2)
    assert cards(running) == [CARD, CARD]


@pytest.mark.real
def test_reversed_bytes_are_an_option(running: Running, reader: SimReader) -> None:
    start(running, reader, reverse_bytes=True)
    reader.present(CARD)
    assert running.reported.wait(CredentialRead).value == "14691335"


@pytest.mark.real
def test_noise_half_frames_and_wrong_checksums_do_not_hide_the_next_card(running: Running, reader: SimReader) -> None:
    start(running, reader)
    reader.send_raw(b"\x02\x02\x03noise\x00" + FRAME[:9])
    reader.faults.garbled = True
    reader.present("7")
    reader.faults.garbled = False
    reader.present(CARD)
    assert running.reported.wait(CredentialRead).value == CARD
    assert cards(running) == [CARD]


@pytest.mark.real
def test_rejected_frames_are_counted(running: Running, reader: SimReader) -> None:
    bus = running.start({"id": "r", "driver": "rdm6300", "port": reader.path})
    running.reported.wait(DeviceRestored)
    reader.faults.garbled = True
    reader.present(CARD, times=3)
    wait_until(lambda: bus.health()[0].errors == 3)
    assert cards(running) == []


@pytest.mark.real
def test_a_reader_of_another_make_is_told_by_what_it_sends(running: Running, reader: SimReader) -> None:
    bus = running.start({"id": "r", "driver": "rdm6300", "port": reader.path})
    running.reported.wait(DeviceRestored)
    reader.send_raw(bytes.fromhex("023035303032303742333236430D0A03"))
    wait_until(lambda: bus.health()[0].errors == 1)
    assert "02 30 35 30 30" in bus.health()[0].last_error
    assert "choose `protocol` id20" in bus.health()[0].last_error
    assert bus.health()[0].state == "online"


@pytest.mark.real
def test_half_a_frame_is_counted_when_the_line_falls_silent(running: Running, reader: SimReader) -> None:
    bus = running.start({"id": "r", "driver": "rdm6300", "port": reader.path})
    running.reported.wait(DeviceRestored)
    reader.send_raw(FRAME[:9])
    wait_until(lambda: bus.health()[0].errors == 1)
    reader.present(CARD)
    assert running.reported.wait(CredentialRead).value == CARD


@pytest.mark.real
def test_an_id20_protocol_and_all_forty_bits_are_options(running: Running, reader: SimReader) -> None:
    start(running, reader, protocol="id20", bits=40)
    reader.send_raw(encode(bytes.fromhex("5D6E455C6B"), b"\r\n\x03"))
    assert running.reported.wait(CredentialRead) == CredentialRead("r", "card", "401281997931", 40)


@pytest.mark.real
def test_an_adapter_pulled_out_and_put_back_needs_no_restart(running: Running, reader: SimReader) -> None:
    start(running, reader)
    for turn in range(1, 4):
        reader.unplug()
        lost = running.reported.wait(DeviceLost, count=turn)
        assert reader.path in lost.error
        assert "plug" in lost.error
        reader.plug()
        running.reported.wait(DeviceRestored, count=turn + 1)
        reader.present(str(turn))
        running.reported.wait(CredentialRead, count=turn)
    assert cards(running) == ["1", "2", "3"]


@pytest.mark.real
def test_a_port_that_is_missing_at_the_start_is_lost_and_taken_when_it_comes(
    running: Running, reader: SimReader
) -> None:
    reader.unplug()
    bus = running.start({"id": "r", "driver": "rdm6300", "port": reader.path})
    assert "is not there" in running.reported.wait(DeviceLost).error
    assert bus.health()[0].state == "lost"
    reader.plug()
    running.reported.wait(DeviceRestored)
    wait_until(lambda: bus.health()[0].state == "online")


@pytest.mark.real
def test_a_port_in_use_is_named_as_such(running: Running, reader: SimReader) -> None:
    start(running, reader)
    running.start({"id": "second", "driver": "rdm6300", "port": reader.path})
    assert "in use by another program" in running.reported.wait(DeviceLost, "second").error


@pytest.mark.real
def test_a_reader_has_no_outputs(running: Running, reader: SimReader) -> None:
    bus = running.start({"id": "r", "driver": "rdm6300", "port": reader.path})
    bus.pulse("r", 0, 500, True, 7)
    assert running.reported.wait(OutputFailed).token == 7


@pytest.mark.real
def test_a_bus_can_be_stopped_while_its_port_is_gone_and_stopped_twice(running: Running, reader: SimReader) -> None:
    reader.unplug()
    bus = running.start({"id": "r", "driver": "rdm6300", "port": reader.path})
    running.reported.wait(DeviceLost)
    running.stop()
    bus.stop()
