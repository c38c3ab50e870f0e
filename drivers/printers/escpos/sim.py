"""Simulated ESC/POS printers on true wires: they keep what they print, run out of paper, stand open or are silent.

As a true one, a printer answers DLE EOT at once, also while it stands still; everything else waits until it can print.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from drivers.base import StandIn
from drivers.printers.escpos import frames
from drivers.printers.escpos.frames import Part
from drivers.sim.board import RtuBoards, TcpBoards

HELD_MAX_BYTES = 65_536
_STATE, _COVER, _STOPPED, _ERROR, _END = 0x12, 0x04, 0x20, 0x40, 0x60


class PrinterFaults(msgspec.Struct):
    """What a printer does wrong just now. `lines_left`: of its paper; None: enough. `silent`: switched off."""

    lines_left: int | None = None
    cover_open: bool = False
    jammed: bool = False
    silent: bool = False
    never_done: bool = False
    """It does not know GS r."""


class Sheet(msgspec.Struct):
    """One paper: its lines, those that are large, and its codes."""

    lines: list[str] = []
    large: list[str] = []
    codes: list[str] = []
    cut: bool = False


class SimPrinter:
    """One printer; `sheets` are the papers that were cut off or fed out."""

    def __init__(self, encoding: frames.Encoding = "gb18030") -> None:
        self.encoding: frames.Encoding = encoding
        self.faults = PrinterFaults()
        self.sheets: list[Sheet] = []
        self.received = b""
        """Everything that came, as it came."""
        self._held = b""
        self._sheet = Sheet()
        self._line = b""
        self._large = False
        self._code = ""

    @property
    def stands_still(self) -> bool:
        """Whether it prints nothing now."""
        return self.faults.cover_open or self.faults.jammed or self.faults.lines_left == 0

    def take(self, data: bytes) -> bytes:
        """Bytes on the wire; what it answers at once."""
        if self.faults.silent:
            return b""
        self.received = (self.received + data)[-HELD_MAX_BYTES:]
        answers, waiting = b"", b""
        for part in frames.parts(self._held + data):
            if frames.whole(part) and part.data.startswith(frames.DLE_EOT):
                answers += self._state(part.data[-1])
            else:
                waiting += part.data
        self._held = waiting[-HELD_MAX_BYTES:]
        return answers + self.go_on()

    def go_on(self) -> bytes:
        """Print what waits, as far as it can; what it answers."""
        answers, done = b"", 0
        for part in frames.parts(self._held):
            if self.stands_still or not frames.whole(part):
                break
            answers += self._print(part)
            done += len(part.data)
        self._held = self._held[done:]
        return answers

    def _state(self, what: int) -> bytes:
        faults, state = self.faults, _STATE
        if what == frames.OFFLINE:
            state |= _COVER * faults.cover_open | _STOPPED * (faults.lines_left == 0) | _ERROR * faults.jammed
        if what == frames.ROLL:
            state |= _END * (faults.lines_left == 0)
        return bytes((state,))

    def _print(self, part: Part) -> bytes:
        if not part.command:
            self._text(part.data)
            return b""
        if (code := frames.code_in(part)) is not None:
            self._code = code.decode("utf-8")
        elif part.data.startswith(frames.QR) and part.data.endswith(b"1Q0"):
            self._sheet.codes.append(self._code)
        elif part.data == frames.IS_PRINTED:
            return b"" if self.faults.never_done else b"\x00"
        elif part.data.startswith(b"\x1d!"):
            self._large = part.data[-1] != 0
        elif part.data in (frames.CUT, frames.FEED):
            self._end(part.data == frames.CUT)
        return b""

    def _text(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            text = frames.decode(line, self.encoding)
            self._sheet.lines.append(text)
            if self._large:
                self._sheet.large.append(text)
            if self.faults.lines_left:
                self.faults.lines_left -= 1

    def _end(self, cut: bool) -> None:
        self._sheet.cut = cut
        self.sheets.append(self._sheet)
        self._sheet, self._line = Sheet(), b""


class PrinterOnPty(RtuBoards):
    """A printer on a pseudo-terminal at `path`; a context manager."""

    def __init__(self, path: str | Path, printer: SimPrinter | None = None) -> None:
        super().__init__(path, {})
        self.printer = printer or SimPrinter()

    def go_on(self) -> None:
        """The paper is in again, or the cover closed."""
        self._do(lambda: self._port.send(self.printer.go_on()))

    def _readable(self) -> None:
        self._port.send(self.printer.take(self._port.receive()))


class PrinterOnTcp(TcpBoards):
    """A printer on the network, on `host` and `port`; a context manager."""

    def __init__(self, printer: SimPrinter | None = None, port: int = 0) -> None:
        super().__init__({}, port=port)
        self.printer = printer or SimPrinter()

    def hang_up(self) -> None:
        """End the connections, as printers do with idle ones."""
        self._do(self._hang_up_all)

    def _hang_up_all(self) -> None:
        for caller in list(self._callers):
            self._hang_up(caller)

    def _serve(self, caller: socket.socket) -> None:
        received = self._callers[caller]
        self._callers[caller] = b""
        self._send(caller, self.printer.take(received))


@contextmanager
def on_serial(path: Path) -> Iterator[StandIn]:
    """A printer on a pseudo-terminal."""
    with PrinterOnPty(path) as far:
        yield StandIn({"link": far.link()}, far.plug, far.unplug)


@contextmanager
def on_tcp(path: Path) -> Iterator[StandIn]:  # noqa: ARG001
    """A printer on the network."""
    with PrinterOnTcp() as far:
        yield StandIn({"link": far.link()}, far.plug, far.unplug)
