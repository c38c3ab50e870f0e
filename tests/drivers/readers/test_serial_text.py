from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.framing.text_lines import LineDecoder
from drivers.sim.text_device import SimTextDevice
from gateway.core.vocabulary.events import CredentialRead, DeviceLost, DeviceRestored
from tests.drivers.conftest import Running, wait_until
from tests.drivers.walk import OURS, device, listener

pytestmark = pytest.mark.real


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[SimTextDevice]:
    found = SimTextDevice(tmp_path / "scanner")
    yield found
    found.close()


def start(running: Running, scanner: SimTextDevice, **options: object) -> None:
    running.start({"id": "s", "driver": "serial-text", "port": scanner.path, **options})
    running.reported.wait(DeviceRestored)


def values(running: Running) -> list[str]:
    return [read.value for read in running.reported.of(CredentialRead)]


def test_a_code_before_the_scanner_is_one_credential(running: Running, scanner: SimTextDevice) -> None:
    start(running, scanner, kind="qr", pattern="^QR:(?P<value>.+)$")
    for _ in range(5):
        scanner.scan("QR:GH1.token")
    scanner.scan("QR:other")
    running.reported.wait(CredentialRead, count=2)
    assert running.reported.of(CredentialRead) == [
        CredentialRead("s", "qr", "GH1.token"),
        CredentialRead("s", "qr", "other"),
    ]


def test_a_converter_that_writes_hex_gives_decimal_card_numbers(running: Running, scanner: SimTextDevice) -> None:
    start(running, scanner, radix=16)
    scanner.scan("000734E0", end="\r")
    assert running.reported.wait(CredentialRead) == CredentialRead("s", "card", "472288", 32)


def test_garbage_without_an_end_does_not_hide_the_next_line(running: Running, scanner: SimTextDevice) -> None:
    start(running, scanner)
    scanner.send_raw(bytes(range(1, 256)) * 10)
    scanner.send_raw(b"12\xff34\r\n")
    scanner.scan("472288")
    running.reported.wait(CredentialRead)
    assert values(running) == ["472288"]


def test_a_plate_that_says_there_is_none_is_counted_and_no_credential(running: Running, scanner: SimTextDevice) -> None:
    bus = running.start({"id": "s", "driver": "serial-text", "port": scanner.path, "kind": "plate"})
    running.reported.wait(DeviceRestored)
    for text in ("noplate", "无牌车", "京A12345"):
        scanner.scan(text)
    running.reported.wait(CredentialRead)
    assert values(running) == ["京A12345"]
    assert bus.health()[0].errors == 2


def test_damaged_lines_are_counted(running: Running, scanner: SimTextDevice) -> None:
    bus = running.start({"id": "s", "driver": "serial-text", "port": scanner.path, "pattern": "^A(?P<value>[0-9]+)$"})
    running.reported.wait(DeviceRestored)
    scanner.scan("B12")
    scanner.send_raw(b"A\xff1\r\n")
    wait_until(lambda: bus.health()[0].errors == 2)
    assert values(running) == []


def test_half_a_line_before_a_cut_never_becomes_a_number() -> None:
    lines = LineDecoder()
    assert lines.feed(b"4722") == []
    lines.interrupted()
    assert lines.feed(b"88\r\n99\r\n") == ["99"]


def test_an_adapter_pulled_out_and_put_back_needs_no_restart(running: Running, scanner: SimTextDevice) -> None:
    start(running, scanner)
    scanner.send_raw(b"4722")
    scanner.unplug()
    running.reported.wait(DeviceLost)
    scanner.plug()
    running.reported.wait(DeviceRestored, count=2)
    scanner.send_raw(b"\r\n")
    scanner.scan("88")
    running.reported.wait(CredentialRead)
    assert values(running)[-1] == "88"


def test_a_line_that_stops_halfway_is_no_part_of_the_next_number(running: Running, scanner: SimTextDevice) -> None:
    bus = running.start({"id": "s", "driver": "serial-text", "port": scanner.path, "idle_ms": 100})
    running.reported.wait(DeviceRestored)
    scanner.send_raw(b"12345")
    wait_until(lambda: bus.health()[0].errors == 1)
    assert "stopped halfway" in bus.health()[0].last_error
    scanner.scan("472288")
    running.reported.wait(CredentialRead)
    assert values(running) == ["472288"]


def test_the_silence_is_told_by_the_clock_where_nobody_waits_for_it() -> None:
    now_ns = 0
    found = listener("serial-text", lambda: now_ns)
    assert found is not None
    assert found.feed(b"12345") == (0, [])
    now_ns = 2_000_000_000
    assert [read.value for read in found.feed(b"472288\r\n")[1]] == ["472288"]  # type: ignore[attr-defined]
    assert found.rejected == 1


def test_a_process_that_was_held_up_does_not_cut_a_line(running: Running) -> None:
    now_ns = 0
    found = listener("serial-text", lambda: now_ns)
    assert found is not None
    found.feed(b"4722")
    assert found.quiet_ns == 1_000_000_000
    now_ns = 5_000_000_000
    assert [read.value for read in found.feed(b"88\r\n")[1]] == ["472288"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "line", "says"),
    [
        ({"format": "3+5"}, b"25702000\r\n", "three digits of a facility"),
        ({}, b"47-22\r\n", "no card number of radix 10"),
        ({"pattern": "^C(?P<value>[0-9]+)$"}, b"472288\r\n", "'472288' does not fit `pattern`"),
        ({"kind": "pin", "pattern": "^P(?P<value>[0-9]+)$"}, b"2468\r\n", "of 4 characters does not fit"),
        ({}, b"\xff\xfe\r\n", "no line of plain text"),
    ],
)
def test_why_a_line_does_not_count_is_said_and_no_secret_is(options: dict[str, str], line: bytes, says: str) -> None:
    found = listener("serial-text", **options)
    assert found is not None
    assert (found.feed(line), found.rejected) == ((0, []), 1)
    assert says in found.words


def test_a_printed_format_is_for_decimal_cards() -> None:
    fault = OURS["serial-text"].check(device("serial-text", format="3+5", radix=16).options)
    assert fault is not None and fault[0] == "format"
