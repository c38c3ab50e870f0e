"""What every device on a wire owes: back without a restart, found by its path, told in words, and nothing left behind.

The adapter gets another number at each replug, as in the field; only its path stays. `GATEHOUSE_FLAPS=1000` tries
longer.
"""

from __future__ import annotations

import gc
import os
import pty
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drivers.base import Bus
from drivers.links import backoff
from drivers.readers import uhfreader18
from drivers.readers.uhfreader18.sim import UhfOnPty, UhfOnTcp
from drivers.sim.board import RtuBoards, TcpBoards
from drivers.sim.reader import SimReader
from drivers.sim.text_device import SimTextDevice
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored
from tests.drivers.conftest import Running, wait_until

pytestmark = pytest.mark.real
PATIENT_MS = 3000
KEY = bytes.fromhex("8f1c2b7e55a94d03c6e0917f3ab2d864")
FLAPS = int(os.environ.get("GATEHOUSE_FLAPS", "300"))
FEW_FLAPS = FLAPS // 3
"""Where each return costs a handshake."""


class Wire:
    """A device on a wire that can be pulled; `path` None where it hangs on the network."""

    def __init__(self, far: Any, **device: Any) -> None:
        self.unplug: Callable[[], None] = far.unplug
        self.plug: Callable[[], None] = far.plug
        self.device = {"id": "d", **device}
        link = device.get("link", {})
        self.path: str | None = device.get("port") or link.get("port") if link.get("type") != "tcp" else None


def tcp(far: TcpBoards) -> dict[str, Any]:
    return {"type": "tcp", "host": far.host, "port": far.port, "timeout_ms": PATIENT_MS}


def serial(far: RtuBoards) -> dict[str, Any]:
    return {"type": "serial", "port": far.path, "baudrate": 115_200, "timeout_ms": PATIENT_MS}


def make(kind: str, path: Path, stack: ExitStack) -> Wire:
    match kind:
        case "rdm6300":
            reader = SimReader(path)
            stack.callback(reader.close)
            return Wire(reader, driver=kind, port=reader.path)
        case "serial-text" | "serial-display":
            text = SimTextDevice(path)
            stack.callback(text.close)
            return Wire(text, driver=kind, port=text.path)
        case "modbus":
            rtu = stack.enter_context(RtuBoards(path))
            return Wire(rtu, driver="modbus", link=serial(rtu), poll_ms=10)
        case "modbus-tcp":
            boards = stack.enter_context(TcpBoards())
            return Wire(boards, driver="modbus", link=tcp(boards), poll_ms=10)
        case "uhfreader18":
            uhf = stack.enter_context(UhfOnPty(path))
            return Wire(uhf, driver=kind, link=serial(uhf), poll_ms=20)
        case "osdp":
            return osdp(path, stack)
        case _:
            uhf_tcp = stack.enter_context(UhfOnTcp())
            return Wire(uhf_tcp, driver="uhfreader18", link=tcp(uhf_tcp), poll_ms=20)


def osdp(path: Path, stack: ExitStack) -> Wire:
    pytest.importorskip("osdp_sys", reason="libosdp has no wheel for this machine")
    from tests.support.osdp_pd import OsdpLine, OsdpReader

    line = stack.enter_context(OsdpLine(path, OsdpReader(5, KEY)))
    return Wire(line, driver="osdp", port=line.path, address=5, key=KEY.hex())


ON_A_PORT = ["rdm6300", "serial-text", "serial-display", "modbus", "uhfreader18", "osdp"]
ALL = [*ON_A_PORT, "modbus-tcp", "uhfreader18-tcp"]


@pytest.fixture
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    with ExitStack() as stack:
        yield make(request.param, tmp_path / "adapter", stack)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wires are tried again without a pause."""
    monkeypatch.setattr(backoff, "REOPEN_FIRST_MS", 1)
    monkeypatch.setattr(backoff, "REOPEN_MOST_MS", 1)
    monkeypatch.setattr(uhfreader18, "DEFAULT_SCAN_MS", 50)


def is_in(bus: Bus, state: str) -> None:
    wait_until(lambda: bus.health()[0].state == state, state)


@pytest.mark.parametrize("wire", ON_A_PORT, indirect=True)
def test_an_adapter_that_comes_back_under_another_number_is_found_by_its_path(running: Running, wire: Wire) -> None:
    assert wire.path is not None
    bus = running.start(wire.device)
    is_in(bus, "online")
    number = os.path.realpath(wire.path)
    wire.unplug()
    is_in(bus, "lost")
    taken = pty.openpty()
    wire.plug()
    assert os.path.realpath(wire.path) != number
    running.reported.wait(DeviceRestored, count=2)
    for end in taken:
        os.close(end)


@pytest.mark.parametrize("wire", ALL, indirect=True)
def test_health_tells_the_state_the_last_error_in_words_and_both_counts(running: Running, wire: Wire) -> None:
    bus = running.start(wire.device)
    is_in(bus, "online")
    before = bus.health()[0]
    assert before.frames > 0
    assert before.last_ok_mono_ns is not None
    wire.unplug()
    lost = running.reported.wait(DeviceLost)
    wait_until(lambda: bus.health()[0].state == "lost")
    after = bus.health()[0]
    assert after.since_wall_ns >= before.since_wall_ns
    assert after.errors > before.errors
    for words in (lost.error, after.last_error):
        assert "; " in words or " check " in words, "says what to do"
    wire.plug()
    is_in(bus, "online")
    assert bus.health()[0].last_error, "what was wrong can still be read"


def handles() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("wire", ALL, indirect=True)
def test_a_device_that_flaps_leaves_no_thread_no_handle_and_no_memory_behind(running: Running, wire: Wire) -> None:
    bus = running.start(wire.device)
    is_in(bus, "online")

    def flap(times: int) -> None:
        for _ in range(times):
            wire.unplug()
            is_in(bus, "lost")
            wire.plug()
            is_in(bus, "online")
            running.reported.forget()

    flaps = FEW_FLAPS if wire.device["driver"] == "osdp" else FLAPS
    flap(flaps // 5)
    threads, open_handles, made = threading.active_count(), handles(), objects()
    flap(flaps - flaps // 5)
    wait_until(lambda: threading.active_count() <= threads and handles() <= open_handles, "threads and handles")
    assert (grown := objects() - made) < flaps // 3, f"{grown} objects more"
