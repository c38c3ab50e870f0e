"""Every simulated device is found on its wire by what it sends or answers, and no question moves anything."""

from __future__ import annotations

import binascii
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from drivers import registry
from drivers.base import StandIn
from drivers.boards.layout import known_boards, load_board
from drivers.discovery.places import Place
from drivers.discovery.search import Found, Silent, search
from drivers.framing import em4100
from drivers.readers.uhfreader18.sim import SimUhfReader, UhfOnPty, UhfOnTcp
from drivers.sim.board import RtuBoards, TcpBoards
from drivers.sim.board_model import SimBoard
from drivers.sim.pty_port import PtyDevice
from drivers.sim.text_device import SimTextDevice
from tests.drivers.walk import KEY, OURS, SAMPLE, SIMULATED
from tests.variants import first_and

LISTEN_S = 6.0
SHORT_S = 0.4
SENDING = [
    case
    for case, (name, _) in SIMULATED.items()
    if OURS[name].hears_at and (case.endswith("-serial")) and name != "uhfreader18"
]
EPC = "E2000017221101441890ABCD"


def found_at(*places: Place, listen_s: float = SHORT_S, **more: Any) -> tuple[list[Found], list[Silent]]:
    return search(places, lambda _words: None, listen_s=listen_s, **more)


@contextmanager
def presenting(present: Any, value: str) -> Iterator[None]:
    """Hold a credential to a reader again and again, as a person does until something happens."""
    over = threading.Event()

    def hold() -> None:
        while not over.wait(0.1):
            present(value)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def is_entry(found: Found, near: dict[str, Any] | None = None) -> bool:
    """Whether a found device can stand in a site file as it is, and names the wire."""
    document = {key: value for key, value in found.device.items() if key not in ("id", "driver")}
    driver = registry.find(found.device["driver"])
    options = msgspec.convert(document, driver.Options)
    return driver.check(options) is None and (near is None or near.items() <= found.device.items())


# ---- readers that send by themselves


@pytest.mark.parametrize("case", SENDING)
def test_each_reader_is_found_by_a_card(case: str, tmp_path: Path) -> None:
    name, simulate = SIMULATED[case]
    with simulate(tmp_path / "port") as far, presenting(far.present, SAMPLE):
        began_s = time.monotonic()
        [found], silent = found_at(Place(port=str(tmp_path / "port")), listen_s=LISTEN_S)
    assert silent == []
    assert found.device["driver"] == name and found.sure
    assert found.device["id"] == "reader-1" and SAMPLE in found.heard
    assert is_entry(found, {"port": str(tmp_path / "port")})
    assert time.monotonic() - began_s < LISTEN_S


@pytest.mark.parametrize(
    ("sent", "driver", "options", "sure"),
    [
        (em4100.encode(bytes.fromhex("01000734E0")), "rdm6300", {}, True),
        (bytes.fromhex("02 30353030323037423332 3643 0D0A03"), "id20la", {}, True),
        (b"472288\r\n", "serial-text", {"kind": "card"}, True),
        (b"000734E0\r\n", "serial-text", {"kind": "card", "radix": 16}, True),
        ("京A12345\r\n".encode(), "serial-text", {"kind": "plate"}, False),
        (b"https://visit.example/a7\r\n", "serial-text", {"kind": "qr"}, False),
        (b"\x02000734E0D3\r\n\x03", "serial-text", {"kind": "card", "radix": 16}, False),
        (b"\xff\x01 472288\r\n472288\r\n", "serial-text", {"kind": "card"}, False),
    ],
)
def test_bytes_are_told_apart(tmp_path: Path, sent: bytes, driver: str, options: dict[str, Any], sure: bool) -> None:
    device = PtyDevice(tmp_path / "port")
    with presenting(device.send_raw, sent):  # type: ignore[arg-type]
        [found], _ = found_at(Place(port=device.path), listen_s=1.0)
    device.close()
    assert (found.device["driver"], found.sure) == (driver, sure)
    assert options.items() <= found.device.items()
    assert is_entry(found)


def test_a_frame_that_comes_in_pieces_is_one(tmp_path: Path) -> None:
    device = PtyDevice(tmp_path / "port")
    frame = em4100.encode(em4100.card_data(SAMPLE), b"\r\n\x03")

    def slowly(_value: str) -> None:
        for at in range(len(frame)):
            device.send_raw(frame[at : at + 1])
            time.sleep(0.002)

    with presenting(slowly, SAMPLE):
        [found], _ = found_at(Place(port=device.path), listen_s=LISTEN_S)
    device.close()
    assert found.device["driver"] == "id20la"


# ---- long-range readers


@contextmanager
def uhf(wire: str, path: Path, *readers: SimUhfReader) -> Iterator[tuple[Any, Place]]:
    if wire == "serial":
        with UhfOnPty(path, *readers) as far:
            yield far, Place(port=str(path))
    else:
        with UhfOnTcp(*readers) as far:
            yield far, Place(host=far.host, tcp_port=far.port)


@pytest.mark.parametrize("wire", ["serial", "tcp"])
def test_a_long_range_reader_answers_who_it_is(wire: str, tmp_path: Path) -> None:
    reader = SimUhfReader(0)
    with uhf(wire, tmp_path / "port", reader) as (_, place):
        [found], silent = found_at(place)
    assert silent == [] and found.sure and is_entry(found)
    assert (found.device["driver"], found.device["address"]) == ("uhfreader18", 0)
    assert found.device["link"]["type"] == wire
    assert reader.power_writes == 0


@pytest.mark.parametrize("wire", ["serial", "tcp"])
def test_a_long_range_reader_that_tells_tags_is_in_scan_mode(wire: str, tmp_path: Path) -> None:
    reader = SimUhfReader(5)
    reader.tags.append(EPC)
    with uhf(wire, tmp_path / "port", reader) as (far, place), presenting(lambda _: far.report(), EPC):
        [found], _ = found_at(place, listen_s=LISTEN_S)
    assert (found.device["address"], found.device["mode"]) == (5, "active")
    assert EPC in found.heard and found.sure and is_entry(found)


# ---- OSDP


@pytest.mark.parametrize("secure", first_and(True, False))
def test_osdp_readers_answer_who_they_are(tmp_path: Path, secure: bool) -> None:
    pytest.importorskip("osdp_sys", reason="libosdp has no wheel for this machine")
    from tests.support.osdp_pd import OsdpLine, OsdpReader

    readers = [OsdpReader(2, KEY if secure else None), OsdpReader(5, KEY if secure else None)]
    with OsdpLine(tmp_path / "port", *readers):
        found, silent = found_at(Place(port=str(tmp_path / "port")))
    assert silent == []
    assert [(one.device["driver"], one.device["address"]) for one in found] == [("osdp", 2), ("osdp", 5)]
    keys = {one.device["key"] for one in found}
    assert len(keys) == 2 and KEY.hex() not in keys
    assert all(is_entry(one) and one.sure and "install-mode" in one.heard for one in found)
    assert [reader.commands for reader in readers] == [[], []]


ALL = b"\xff\x53\xff\x23\x00\x05\x45"
"""The begin of two answers at once, which no checksum fits."""


def identity(address: int) -> bytes:
    """A reader's answer: maker 123456, model 1, serial number 7 (OSDP 2.2, osdp_PDID)."""
    head = bytes((0x53, 0x80 | address, 20, 0, 0x04, 0x45))
    body = head + bytes.fromhex("123456 01 01 07000000 010203")
    return body + binascii.crc_hqx(body, 0x1D0F).to_bytes(2, "little")


class PlayedLine:
    """A line where the answers come as they are said here, by the address that is asked."""

    over: Literal["serial"] = "serial"
    units = ()

    def __init__(self, answers: dict[int, bytes], *, echo: bool = False) -> None:
        self._answers = answers
        self._echo = echo

    def ask(self, request: bytes, find: Callable[[bytes], bytes] | None = None) -> bytes:
        received = (request if self._echo else b"") + self._answers.get(request[1], b"")
        return received if find is None else find(received)


@pytest.mark.parametrize(
    "answers",
    [
        {0x7F: ALL, 2: identity(2), 5: identity(5)},
        {0x7F: identity(0x7F), 0: identity(0x7F), 2: identity(0x7F) + identity(2), 5: identity(2) + identity(5)},
    ],
    ids=["collided", "late"],
)
def test_answers_of_several_readers_to_one_question_do_not_mislead(answers: dict[int, bytes]) -> None:
    found = registry.find("osdp").ask_who(PlayedLine(answers))
    assert [one.options["address"] for one in found] == [2, 5]


def test_a_line_that_hears_itself_alone_has_no_reader() -> None:
    assert not registry.find("osdp").ask_who(PlayedLine({}, echo=True))
    assert [
        one.options["address"]
        for one in registry.find("osdp").ask_who(PlayedLine({0x7F: ALL, 3: identity(3)}, echo=True))
    ] == [3]


# ---- boards


@contextmanager
def boards(wire: str, path: Path, units: dict[int, SimBoard]) -> Iterator[Place]:
    if wire == "serial":
        with RtuBoards(path, units):
            yield Place(port=str(path))
    else:
        with TcpBoards(units) as far:
            yield Place(host=far.host, tcp_port=far.port)


@pytest.mark.parametrize("wire", ["serial", "tcp"])
@pytest.mark.parametrize("name", known_boards())
def test_each_board_is_found_by_reads_alone(wire: str, name: str, tmp_path: Path) -> None:
    board = SimBoard(load_board(name))
    with boards(wire, tmp_path / "port", {1: board}) as place:
        [found], silent = found_at(place, units=(1,))
    assert silent == []
    assert (found.device["driver"], found.device["board"], found.device["unit"]) == ("modbus", name, 1)
    assert found.sure == (name != "generic") and found.device["id"] == "io-1"
    assert is_entry(found)
    assert list(board.writes) == [] and not any(board.outputs())


@pytest.mark.parametrize(("outputs", "inputs"), [(4, 4), (16, 16), (8, 0), (1, 2), (32, 32)])
def test_a_board_that_is_not_known_is_generic_with_its_points(tmp_path: Path, outputs: int, inputs: int) -> None:
    generic = load_board("generic")
    layout = msgspec.structs.replace(
        generic,
        outputs=msgspec.structs.replace(generic.outputs, count=outputs),
        inputs=msgspec.structs.replace(generic.inputs, count=inputs),
    )
    with boards("tcp", tmp_path, {1: SimBoard(layout)}) as place:
        [found], _ = found_at(place, units=(1,))
    assert (found.device["board"], found.sure) == ("generic", False)
    shown = (found.device["outputs"], found.device["inputs"])
    assert shown == ((8, 8) if outputs == 32 else (outputs, inputs))


def test_several_units_of_one_line_are_found_and_others_are_not_asked(tmp_path: Path) -> None:
    units = {unit: SimBoard(load_board("generic")) for unit in (1, 3, 17)}
    with boards("serial", tmp_path / "port", units) as place:
        found, _ = found_at(place)
        assert [(one.device["unit"], one.device["id"]) for one in found] == [(1, "io-1"), (3, "io-2")]
        assert units[17].requests == 0
        more, _ = found_at(place, units=(17,), taken=("io-1", "io-2"))
    assert [(one.device["unit"], one.device["id"]) for one in more] == [(17, "io-3")]


# ---- nothing there


def test_a_port_that_says_nothing_is_named_with_what_was_tried(tmp_path: Path) -> None:
    device = SimTextDevice(tmp_path / "port")
    found, [silent] = found_at(Place(port=device.path), listen_s=0.2, answer_ms=20)
    asked = device.shown()
    device.close()
    assert found == [] and silent.where == device.path
    assert "nothing in 0.2 s" in silent.heard and "no answer" in silent.heard and "9600" in silent.heard
    assert asked, "it was not asked"


def test_bytes_that_no_driver_knows_are_shown(tmp_path: Path) -> None:
    device = PtyDevice(tmp_path / "port")
    with presenting(device.send_raw, bytes((0xAA, 0x55)) * 3):  # type: ignore[arg-type]
        found, [silent] = found_at(Place(port=device.path), listen_s=0.6, answer_ms=20)
    device.close()
    assert found == [] and "AA 55 AA 55" in silent.heard


def test_a_port_that_is_not_there_or_in_use_is_said(tmp_path: Path) -> None:
    _, [gone] = found_at(Place(port=str(tmp_path / "none")))
    assert "is not there" in gone.heard
    device = PtyDevice(tmp_path / "port")
    with ExitStack() as stack:
        from drivers.links.serial_port import SerialPort

        other = SerialPort(device.path, 9_600)
        other.open()
        stack.callback(other.dispose)
        _, [used] = found_at(Place(port=device.path))
    device.close()
    assert "in use by another program" in used.heard


def test_an_address_that_takes_no_connection_is_said() -> None:
    with TcpBoards() as far:
        place = Place(host=far.host, tcp_port=far.port)
    _, [silent] = found_at(place)
    assert "takes no connection" in silent.heard


def test_places_are_searched_at_the_same_time(tmp_path: Path) -> None:
    with ExitStack() as stack:
        far: list[StandIn] = []
        for number in range(4):
            _, simulate = SIMULATED["rdm6300-serial"]
            far.append(stack.enter_context(simulate(tmp_path / f"port{number}")))
        for one in far:
            stack.enter_context(presenting(one.present, SAMPLE))
        found, _ = found_at(*(Place(port=str(tmp_path / f"port{n}")) for n in range(4)), listen_s=LISTEN_S)
    assert [one.device["id"] for one in found] == ["reader-1", "reader-2", "reader-3", "reader-4"]


def test_a_driver_that_fails_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_received: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(registry.find("rdm6300"), "recognise", fails)
    device = PtyDevice(tmp_path / "port")
    with presenting(device.send_raw, b"x"):  # type: ignore[arg-type]
        _, [silent] = found_at(Place(port=device.path))
    device.close()
    assert "a driver failed (ZeroDivisionError" in silent.heard
