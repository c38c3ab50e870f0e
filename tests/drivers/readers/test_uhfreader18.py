from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.base import Bus
from drivers.buses.asking import AskingBus
from drivers.readers import uhfreader18
from drivers.readers.uhfreader18 import frames
from drivers.readers.uhfreader18.sim import HEARTBEAT, SimUhfReader, UhfOnPty, UhfOnTcp
from gateway.core.vocabulary.errors import DeviceError
from gateway.core.vocabulary.events import CredentialRead, DeviceLost, DeviceRestored, OutputFailed
from tests.drivers.conftest import Running, wait_until

pytestmark = pytest.mark.real

PATIENT_MS = 3000
"""Where a reader answers: long enough that a busy machine is no silence."""
QUICK_MS = 100
"""Where a reader is silent on purpose and the end of its silence decides nothing."""
SURE_MS = 1000
"""Where some questions go unanswered and yet nobody may be lost by a busy machine."""
EPC = "E2000019910101231560ABCD"
OTHER = "300833B2DDD9014000000000"
Wire = UhfOnPty | UhfOnTcp


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of which nothing is known yet is taken for a quick one; tags that stay are not told again."""
    monkeypatch.setattr(uhfreader18, "DEFAULT_SCAN_MS", 50)
    monkeypatch.setattr(uhfreader18, "AGAIN_MS", 600_000)


@pytest.fixture(params=["serial", "tcp"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    """One reader, address 0, on each kind of wire."""
    made: Wire = UhfOnPty(tmp_path / "uhf") if request.param == "serial" else UhfOnTcp()
    with made as found:
        yield found


def link(wire: Wire, timeout_ms: int) -> dict[str, Any]:
    if isinstance(wire, UhfOnPty):
        return {"type": "serial", "port": wire.path, "timeout_ms": timeout_ms}
    return {"type": "tcp", "host": wire.host, "port": wire.port, "timeout_ms": timeout_ms}


def device(wire: Wire, name: str = "u", timeout_ms: int = PATIENT_MS, **options: Any) -> dict[str, Any]:
    return {"id": name, "driver": "uhfreader18", "link": link(wire, timeout_ms), "poll_ms": 20, **options}


def start(running: Running, wire: Wire, **options: Any) -> Bus:
    bus = running.start(device(wire, **options))
    running.reported.wait(DeviceRestored)
    return bus


def tags(running: Running, name: str = "u") -> list[str]:
    return [read.value for read in running.reported.of(CredentialRead, name)]


def polls(reader: SimUhfReader, count: int = 3) -> Callable[[], bool]:
    """That so many more inventories have been answered."""
    goal = reader.requests.count(frames.INVENTORY) + count
    return lambda: reader.requests.count(frames.INVENTORY) >= goal


# ---- tags ----------------------------------------------------------------------------------------------------------


def test_tags_in_the_field_are_one_credential_each(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    start(running, wire)
    reader.tags = [EPC, OTHER]
    running.reported.wait(CredentialRead, count=2)
    wait_until(polls(reader))
    assert running.reported.of(CredentialRead) == [
        CredentialRead("u", "card", EPC, 96, long_range=True),
        CredentialRead("u", "card", OTHER, 96, long_range=True),
    ]


def test_a_tag_that_was_away_long_enough_is_read_again(
    running: Running, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ns = 0
    monkeypatch.setattr(uhfreader18, "time", SimpleNamespace(monotonic_ns=lambda: now_ns))
    reader = wire.readers[0]
    start(running, wire, repeat_ms=5000)
    reader.tags = [EPC]
    running.reported.wait(CredentialRead)
    reader.tags = []
    wait_until(polls(reader))
    now_ns = 5_000_000_000
    reader.tags = [EPC]
    running.reported.wait(CredentialRead, count=2)
    assert tags(running) == [EPC, EPC]


def test_a_field_full_of_tags_comes_in_several_frames(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    start(running, wire)
    reader.tags = [f"{number:024X}" for number in range(30)]
    running.reported.wait(CredentialRead, count=30)
    wait_until(polls(reader))
    assert tags(running) == reader.tags


@pytest.mark.parametrize("mode", ["poll", "active"])
def test_tags_that_are_reported_unasked_are_read_in_both_modes(running: Running, wire: Wire, mode: str) -> None:
    start(running, wire, mode=mode)
    wire.readers[0].tags = [EPC]
    wire.report(times=5)
    wire.send_raw(HEARTBEAT)
    running.reported.wait(CredentialRead)
    wire.readers[0].tags = [OTHER]
    wire.report()
    running.reported.wait(CredentialRead, count=2)
    assert tags(running) == [EPC, OTHER]


def test_noise_and_half_frames_hide_no_tag(running: Running, wire: Wire) -> None:
    bus = start(running, wire, mode="active")
    reader = wire.readers[0]
    reader.tags = [EPC]
    whole = reader.report()[0]
    wire.send_raw(b"\xff\x00\x01noise" + whole[:9])
    wire.send_raw(bytes((*whole[:8], whole[8] ^ 1, *whole[9:])))
    wire.report()
    running.reported.wait(CredentialRead)
    assert tags(running) == [EPC]
    wait_until(lambda: bus.health()[0].errors)


def test_a_tag_that_stays_is_told_again_about_once_a_second_as_no_new_presentation(
    running: Running, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uhfreader18, "AGAIN_MS", 50)
    reader = wire.readers[0]
    start(running, wire)
    reader.tags = [EPC]
    running.reported.wait(CredentialRead, count=4)
    first, *others = running.reported.of(CredentialRead)
    assert first == CredentialRead("u", "card", EPC, 96, long_range=True)
    assert set(others) == {CredentialRead("u", "card", EPC, 96, long_range=True, again=True)}


# ---- settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["poll", "active"])
def test_the_power_is_set_at_the_start_and_kept_afterwards(running: Running, wire: Wire, mode: str) -> None:
    reader = wire.readers[0]
    start(running, wire, power=20, mode=mode)
    wait_until(lambda: reader.power == 20)
    wire.unplug()
    running.reported.wait(DeviceLost)
    wire.plug()
    running.reported.wait(DeviceRestored, count=2)
    wait_until(lambda: reader.requests.count(frames.INFO) > 1)
    assert reader.power_writes == 1  # It lies in an EEPROM.


def test_a_reader_that_knows_no_information_still_gets_its_power_and_is_polled(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    reader.faults.only_inventory = True
    start(running, wire, power=20, timeout_ms=SURE_MS)
    reader.tags = [EPC]
    running.reported.wait(CredentialRead)
    assert running.reported.of(DeviceLost) == []


def test_without_the_option_the_power_is_left_alone(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    start(running, wire)
    wait_until(polls(reader))
    assert (reader.power, reader.power_writes) == (30, 0)


def test_a_reader_that_refuses_its_power_says_so_and_goes_on(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    bus = start(running, wire)
    reader.faults.refuses = 0xF8
    assert "antenna" in running.reported.wait(DeviceLost).error
    reader.faults.refuses = 0
    running.reported.wait(DeviceRestored, count=2)
    wait_until(lambda: bus.health()[0].state == "online")


# ---- lost and back -------------------------------------------------------------------------------------------------


def test_a_reader_that_falls_silent_is_lost_and_comes_back_by_itself(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    bus = start(running, wire, timeout_ms=QUICK_MS)
    wait_until(polls(reader))
    reader.faults.deaf = True
    wait_until(lambda: bus.health()[0].state == "lost")
    assert "does not answer" in running.reported.of(DeviceLost)[-1].error
    reader.faults.deaf = False
    reader.tags = [EPC]
    running.reported.wait(DeviceRestored, count=2)
    running.reported.wait(CredentialRead)


def test_a_wire_that_is_pulled_and_put_back_needs_no_restart(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    start(running, wire)
    for turn in range(1, 3):
        wire.unplug()
        running.reported.wait(DeviceLost, count=turn)
        wire.plug()
        running.reported.wait(DeviceRestored, count=turn + 1)
        reader.tags = [f"{turn:024X}"]
        running.reported.wait(CredentialRead, count=turn)


def test_garbled_answers_are_told_from_none(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    reader.faults.garbled = True
    bus = running.start(device(wire, timeout_ms=QUICK_MS))
    running.reported.wait(DeviceLost)
    wait_until(lambda: "cannot be read" in bus.health()[0].last_error)
    assert running.reported.of(DeviceRestored) == []
    reader.faults.garbled = False
    running.reported.wait(DeviceRestored)


@pytest.mark.parametrize("fault", ["half", "garbled"])
def test_a_damaged_answer_now_and_then_loses_nobody(running: Running, wire: Wire, fault: str) -> None:
    reader = wire.readers[0]
    bus = start(running, wire, timeout_ms=SURE_MS)
    setattr(reader.faults, fault, True)
    wait_until(lambda: bus.health()[0].state == "stale")
    setattr(reader.faults, fault, False)
    reader.tags = [EPC]
    running.reported.wait(CredentialRead)
    wait_until(lambda: bus.health()[0].state == "online")
    assert running.reported.of(DeviceLost) == []


def test_a_reader_that_only_speaks_unasked_is_not_lost_by_its_silence(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    reader.faults.deaf = True
    bus = start(running, wire, mode="active", timeout_ms=QUICK_MS)
    assert bus.health()[0].state == "online"
    reader.tags = [EPC]
    wire.report()
    running.reported.wait(CredentialRead)


def test_a_polled_reader_that_only_speaks_unasked_is_in_the_wrong_mode(running: Running, wire: Wire) -> None:
    reader = wire.readers[0]
    reader.faults.deaf = True
    running.start(device(wire, timeout_ms=QUICK_MS))
    reader.tags = [EPC]
    wait_until(lambda: (wire.report(), running.reported.of(CredentialRead))[1])  # type: ignore[func-returns-value]
    assert "`mode`" in running.reported.wait(DeviceLost).error
    assert running.reported.of(DeviceRestored) == []


def test_a_connection_that_nobody_answers_on_is_made_anew(running: Running) -> None:
    mute = socket.create_server(("127.0.0.1", 0))
    calls = []
    mute.settimeout(60)
    address = {"type": "tcp", "host": "127.0.0.1", "port": mute.getsockname()[1], "timeout_ms": 20}
    running.start({"id": "u", "driver": "uhfreader18", "link": address, "mode": "poll", "poll_ms": 20})
    with mute:
        calls += [mute.accept()[0] for _ in range(2)]
    running.stop()
    for call in calls:
        call.close()


class Stuck:
    """A wire that opens and then fails whatever is done with it, until it is closed."""

    def __init__(self) -> None:
        self.is_open = False
        self.opened = 0

    def open(self) -> None:
        self.is_open = True
        self.opened += 1

    def read(self, wait_s: float | None = None) -> bytes:
        if self.is_open:
            raise DeviceError("it is gone")
        return b""

    def write(self, data: bytes) -> None:
        raise DeviceError("it takes no bytes")

    def wake(self) -> None: ...

    def close(self) -> None:
        self.is_open = False

    dispose = close


def test_a_wire_that_fails_in_every_way_never_ends_its_thread(running: Running) -> None:
    stuck, reported = Stuck(), running.reported
    reader = uhfreader18.UhfReader("u", uhfreader18.UhfReader18Options(uhfreader18.TcpLink("h")), lambda: 0)
    bus = AskingBus("u", stuck, frames.Decoder([0]), [reader], reported, quiet_ms=100, reconnects=True)
    thread = threading.Thread(target=bus.run)
    thread.start()
    wait_until(lambda: stuck.opened > 3)
    bus.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert [type(event) for event in reported.events] == [DeviceLost]


# ---- several on a wire ---------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> Iterator[UhfOnPty]:
    with UhfOnPty(tmp_path / "uhf", SimUhfReader(0), SimUhfReader(1)) as wire:
        yield wire


def test_two_readers_share_a_wire_and_are_told_apart(running: Running, two: UhfOnPty) -> None:
    running.start(device(two, "a"), device(two, "b", address=1))
    two.readers[0].tags, two.readers[1].tags = [EPC], [OTHER]
    running.reported.wait(CredentialRead, "a")
    running.reported.wait(CredentialRead, "b")
    assert (tags(running, "a"), tags(running, "b")) == ([EPC], [OTHER])


def test_a_dead_reader_leaves_the_other_its_polls(running: Running, two: UhfOnPty) -> None:
    two.readers[1].faults.deaf = True
    running.start(device(two, "a", SURE_MS), device(two, "b", SURE_MS, address=1))
    running.reported.wait(DeviceLost, "b")
    tries = two.readers[1].asked
    wait_until(polls(two.readers[0], 40))
    assert two.readers[1].asked - tries < 8
    assert running.reported.of(DeviceLost, "a") == []


def test_a_wire_that_babbles_is_survived(running: Running, two: UhfOnPty) -> None:
    running.start(device(two, "a", QUICK_MS), device(two, "b", QUICK_MS, address=1))
    running.reported.wait(DeviceRestored, "a")
    two.babble = True
    two.readers[0].tags = [EPC]
    running.reported.wait(CredentialRead, "a")
    two.babble = False
    two.readers[1].tags = [OTHER]
    running.reported.wait(CredentialRead, "b")


def test_a_reader_has_no_outputs(running: Running, wire: Wire) -> None:
    bus = start(running, wire)
    bus.pulse("u", 0, 500, True, 7)
    assert running.reported.wait(OutputFailed).token == 7
