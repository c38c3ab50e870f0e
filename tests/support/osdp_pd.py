"""Readers on an OSDP line: libosdp's own peripheral side on a pseudo-terminal, in a thread.

The other end of the driver under test is thereby the library's own idea of a reader, with its own secure channel, its
own install mode and its own time-outs.
"""

from __future__ import annotations

import ctypes
import select
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import osdp_sys

from drivers.links.osdp_panel import address_of
from drivers.readers.osdp.frames import card_bits
from drivers.sim.pty_port import PtyPort
from tests.support.waiting import PATIENCE_S

TURN_S = 0.005
CAPABILITIES = (
    osdp_sys.CAP_READER_LED_CONTROL,
    osdp_sys.CAP_READER_AUDIBLE_OUTPUT,
    osdp_sys.CAP_CARD_DATA_FORMAT,
)
_keep = ctypes.pythonapi.Py_IncRef
_keep.argtypes = [ctypes.py_object]


class OsdpReader:
    """One reader. `key` None: as it leaves the factory, ready to be given one; `secure`: nothing in plain text."""

    def __init__(
        self,
        address: int,
        key: bytes | None,
        *,
        secure: bool = True,
        capabilities: tuple[int, ...] = CAPABILITIES,
    ) -> None:
        self.address = address
        self.key = key
        self.silent = False
        self.refuses: set[int] = set()
        self.tamper = 0
        self.commands: list[dict[str, Any]] = []
        self.turns = 0
        self.unheard = 0
        self._secure = secure and key is not None
        self._capabilities = capabilities
        self._line = _Tap()
        self._waiting: list[dict[str, Any]] = []
        self._device: Any = None
        self.power_up()

    @property
    def given_key(self) -> bytes | None:
        """The last key that it was given over the line."""
        keys = [one["data"] for one in self.commands if one["command"] == osdp_sys.CMD_KEYSET]
        return keys[-1] if keys else None

    def of(self, kind: int) -> list[dict[str, Any]]:
        """All commands of a kind so far."""
        return [one for one in self.commands if one["command"] == kind]

    def power_up(self) -> None:
        """Begin, or begin again: whatever session stood is forgotten."""
        osdp_sys.set_loglevel(osdp_sys.LOG_EMERG)
        info = {
            "name": f"reader-{self.address}",
            "address": self.address,
            "flags": osdp_sys.FLAG_ENFORCE_SECURE if self._secure else 0,
            "scbk": self.key,
            "channel": self._line,
            "version": 1,
            "model": 1,
            "vendor_code": 0x123456,
            "serial_number": self.address,
            "firmware_version": 0x010203,
        }
        levels = [{"function_code": code, "compliance_level": 1, "num_items": 1} for code in self._capabilities]
        device = osdp_sys.PeripheralDevice(info, capabilities=levels)
        device.set_command_callback(self._command)
        self._device = device

    def present(self, frame: str) -> None:
        """Hold a card to it: a string of 0 and 1."""
        data, length = card_bits(frame)
        kind = osdp_sys.CARD_FMT_RAW_WIEGAND
        self._say(event=osdp_sys.EVENT_CARDREAD, reader_no=0, format=kind, direction=0, length=length, data=data)

    def press(self, keys: bytes) -> None:
        """Press keys: digits, 0x0D for enter, 0x7F for clear."""
        self._say(event=osdp_sys.EVENT_KEYPRESS, reader_no=0, data=keys)

    def open_housing(self, tamper: int = 1) -> None:
        """Unscrew it (or close it again)."""
        self.tamper = tamper
        self._say(event=osdp_sys.EVENT_STATUS, type=osdp_sys.STATUS_REPORT_LOCAL, report=bytes((tamper, 0)))

    def _say(self, **event: Any) -> None:
        self._waiting.append(event)

    def turn(self, received: bytes, send: Callable[[bytes], None]) -> None:
        """Take what came on the line and answer; `unheard` counts the packets that a silent one was sent."""
        self.turns += 1
        if self.silent:
            self._line.received.clear()
            self.unheard += address_of(received) == self.address
            return
        self._line.received += received
        self._line.send = send
        while self._waiting:
            assert self._device.submit_event(self._waiting.pop(0))
        self._device.refresh()

    def _command(self, command: dict[str, Any]) -> tuple[int, Any]:
        _keep(None)  # libosdp 3.2.9 lets go once too often of what is returned here beside the number.
        self.commands.append(command)
        if command["command"] in self.refuses:
            return -1, None
        if command["command"] == osdp_sys.CMD_KEYSET:
            self.key, self._secure = command["data"], True
        return 0, None


class _Tap:
    """One reader's ear and voice on the line."""

    def __init__(self) -> None:
        self.id = 0
        self.received = bytearray()
        self.send: Callable[[bytes], None] = lambda _packet: None

    def read(self, most: int) -> bytes:
        taken = bytes(self.received[:most])
        del self.received[:most]
        return taken

    def write(self, packet: bytes) -> int:
        self.send(bytes(packet))
        return len(packet)

    def flush(self) -> None:
        self.received.clear()


class OsdpLine:
    """A line with readers at `path`; `cut` is a wire that is cut, `port` the adapter, for the line's own thread."""

    def __init__(self, path: str | Path, *readers: OsdpReader) -> None:
        self.path = str(path)
        self.readers = readers
        self.cut = False
        self.heard = 0
        self.port = PtyPort(path)
        self._jobs: list[Callable[[], None]] = []
        self._job_done = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> OsdpLine:
        self.port.plug()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()
        self.port.unplug()

    def babble(self, noise: bytes) -> None:
        """Put noise on the line."""
        self._do(lambda: self.port.send(noise))

    def unplug(self) -> None:
        """Pull the adapter out."""
        self._do(self.port.unplug)

    def plug(self) -> None:
        """Put it back: the same path, another terminal."""
        self._do(self.port.plug)

    def _do(self, job: Callable[[], None]) -> None:
        """Have the line's own thread do it, which alone holds the terminal."""
        with self._job_done:
            self._jobs.append(job)
            assert self._job_done.wait_for(lambda: not self._jobs, PATIENCE_S)

    def _do_jobs(self) -> None:
        with self._job_done:
            for job in self._jobs:
                job()
            self._jobs.clear()
            self._job_done.notify_all()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._do_jobs()
            received = b""
            if self.port.plugged and select.select([self.port.fileno()], [], [], TURN_S)[0]:
                received = self.port.receive()
            elif not self.port.plugged:
                self._stopping.wait(TURN_S)
            if self.cut:
                continue
            self.heard += len(received)
            for reader in self.readers:
                reader.turn(received, self.port.send)
