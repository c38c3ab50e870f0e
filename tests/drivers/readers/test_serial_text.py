from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.framing.text_lines import LineDecoder
from drivers.sim.text_device import SimTextDevice
from gateway.core.vocabulary.events import CredentialRead, DeviceLost, DeviceRestored
from tests.drivers.conftest import Running, wait_until

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
