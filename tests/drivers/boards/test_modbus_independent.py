"""The modbus driver against servers that others wrote: pyModbusTCP over TCP, modbus_tk over a serial line."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from typing import Any, Protocol

import modbus_tk.defines
import modbus_tk.modbus_rtu
import pytest
import serial
from pyModbusTCP.server import ModbusServer

from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, InputsRead, OutputDone
from gateway.demo.line import free_port
from tests.drivers.conftest import Running, wait_until

pytestmark = pytest.mark.real
PATIENT_MS, QUICK_MS = 3000, 300
"""Where the server answers: a busy machine is no silence; and where it is silent on purpose."""


class Stranger(Protocol):
    """A foreign server with eight coils and eight inputs."""

    link: dict[str, Any]

    def set_input(self, number: int, value: bool) -> None: ...

    def coils(self) -> list[bool]: ...

    def set_coil(self, number: int, value: bool) -> None: ...


class PyModbusTcp:
    """pyModbusTCP's server on a free port."""

    def __init__(self) -> None:
        port = free_port()
        self.server = ModbusServer("127.0.0.1", port, no_block=True)
        self.server.start()
        self.link = {"type": "tcp", "host": "127.0.0.1", "port": port, "timeout_ms": PATIENT_MS}

    def set_input(self, number: int, value: bool) -> None:
        self.server.data_bank.set_discrete_inputs(number, [value])

    def set_coil(self, number: int, value: bool) -> None:
        self.server.data_bank.set_coils(number, [value])

    def coils(self) -> list[bool]:
        return list(self.server.data_bank.get_coils(0, 8))

    def close(self) -> None:
        self.server.stop()


class ModbusTkRtu:
    """modbus_tk's RTU server at the far end of a null-modem cable made of two pseudo-terminals."""

    def __init__(self, timeout_ms: int = PATIENT_MS) -> None:
        self._ends = [pty.openpty(), pty.openpty()]
        for _, near in self._ends:
            tty.setraw(near)
        self._stopping = False
        self._cable = threading.Thread(target=self._carry, daemon=True)
        self._cable.start()
        far = serial.Serial(os.ttyname(self._ends[1][1]), 115_200)
        self.server = modbus_tk.modbus_rtu.RtuServer(far)
        self.server.start()
        self._slave = self.server.add_slave(1)
        self._slave.add_block("coils", modbus_tk.defines.COILS, 0, 8)
        self._slave.add_block("inputs", modbus_tk.defines.DISCRETE_INPUTS, 0, 8)
        path = os.ttyname(self._ends[0][1])
        self.link = {"type": "serial", "port": path, "baudrate": 115_200, "timeout_ms": timeout_ms}

    def _carry(self) -> None:
        here, there = self._ends[0][0], self._ends[1][0]
        while not self._stopping:
            for ready in select.select([here, there], [], [], 0.05)[0]:
                os.write(there if ready == here else here, os.read(ready, 256))

    def set_input(self, number: int, value: bool) -> None:
        self._slave.set_values("inputs", number, [int(value)])

    def set_coil(self, number: int, value: bool) -> None:
        self._slave.set_values("coils", number, [int(value)])

    def coils(self) -> list[bool]:
        return [bool(value) for value in self._slave.get_values("coils", 0, 8)]

    def close(self) -> None:
        self.server.stop()
        self._stopping = True
        self._cable.join()
        for far, near in self._ends:
            os.close(far)
            os.close(near)


@pytest.fixture(params=[PyModbusTcp, ModbusTkRtu])
def stranger(request: pytest.FixtureRequest) -> Iterator[Stranger]:
    found = request.param()
    yield found
    found.close()


def device(stranger: Stranger, **options: Any) -> dict[str, Any]:
    return {"id": "io", "driver": "modbus", "link": stranger.link, "poll_ms": 20, **options}


def test_inputs_outputs_and_pulses_work_with_a_foreign_server(running: Running, stranger: Stranger) -> None:
    stranger.set_coil(6, True)
    stranger.set_input(2, True)
    bus = running.start(device(stranger))
    restored = running.reported.wait(DeviceRestored)
    assert restored.inputs == (False, False, True, False, False, False, False, False)
    assert restored.outputs == (False, False, False, False, False, False, True, False)
    stranger.set_input(4, True)
    wait_until(lambda: any(read.inputs[4] for read in running.reported.of(InputsRead)))
    bus.pulse("io", 0, 100, True, 1)
    running.reported.wait(OutputDone)
    wait_until(lambda: not stranger.coils()[0])
    bus.switch("io", 1, True, 2)
    running.reported.wait(OutputDone, count=2)
    assert stranger.coils()[:3] == [False, True, False]


def test_an_address_that_a_foreign_server_does_not_have_is_explained(running: Running) -> None:
    stranger = ModbusTkRtu()
    running.start(device(stranger, input_start=100))
    assert "refuses (code 2)" in running.reported.wait(DeviceLost).error
    running.stop()
    stranger.close()


def test_a_unit_that_a_foreign_server_does_not_have_is_silent(running: Running) -> None:
    stranger = ModbusTkRtu(QUICK_MS)
    running.start(device(stranger, unit=9))
    assert "unit 9 did not answer" in running.reported.wait(DeviceLost).error
    running.stop()
    stranger.close()
