"""A Modbus wire, RTU or TCP, one request at a time; the one user of pymodbus (3.16, pinned).

pymodbus's framers and PDUs make requests and read replies. The port or socket is ours and belongs to the bus's own
thread, which waits in `select`: a request is on the wire in that very moment, and nothing is sent, repeated or opened
again behind our back. Of what comes only the frame counts that answers the request (unit, function, length, a write's
echo), so neither noise nor a frame of another master is ever taken for a reply.

One trap remains on a serial wire: a reply that comes after its time-out looks like the answer to the next request of
the same kind. So every time-out puts the wire in quarantine: wait as long again as the worst reply may take, go on
waiting while bytes still come (bounded), and drop them all. Over TCP the connection is closed instead.
"""

from __future__ import annotations

import itertools
import logging
import struct
import time
from collections.abc import Callable, Hashable
from typing import Any, Literal, Protocol

import msgspec
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from drivers.links.serial_port import Parity, SerialPort
from drivers.links.stream import Stream, TcpStream
from gateway.core.vocabulary.errors import BusSilentError, DeviceError

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # Each failure is reported once, by us.


class Answers(Protocol):
    """Tells the answer to a request from all else on the wire."""

    def opened(self) -> None:
        """The wire was opened anew."""

    def find(self, sent: bytes, received: bytes) -> bytes:
        """The frame that answers; empty when it has not come."""

    def seen(self, sent: bytes, received: bytes) -> str:
        """What came instead of an answer, in words; empty when nothing came."""


Tap = Callable[[Literal["in", "out"], bytes], None]

Request = ModbusPDU
"""A request as `read_request` and `write_request` make it."""
QUIET_MS = 20
"""A wire on which nothing came for this long is quiet."""
NOISE_LIMIT_MS = 1_000
"""A wire that never gets quiet is used again after this time; a babbling device must not stop the others."""
KNOWN_MAX = 64
"""Frames, and meanings of answers, that one wire remembers: a poll that repeats itself costs next to nothing."""
RECEIVED_MAX_BYTES = 4096
"""Of what comes for one request; the oldest bytes of more are dropped."""
REFUSALS = {
    1: "it does not know this function; is 'board' right?",
    2: "it has no such input or output; are 'board' and the start addresses right?",
    3: "it does not take this value; is 'board' right?",
    4: "it has an internal fault; look at the board",
    6: "it is busy",
    10: "the gateway has no path to it; check the gateway's settings",
    11: "the gateway got no answer from it; check its power, unit number and wiring",
}


class SerialWire(msgspec.Struct, frozen=True):
    """An RS-485 adapter with everything that hangs on it."""

    port: str
    baudrate: int = 9600
    parity: Parity = "none"

    def key(self) -> Hashable:
        """What makes it one wire."""
        return ("serial", self.port)

    def gap_s(self) -> float:
        """Silence between two frames: 3.5 characters, at least 1.75 ms (Modbus over Serial Line V1.02, 2.5.1.1)."""
        return max(3.5 * 11 / self.baudrate, 0.00175)


class TcpWire(msgspec.Struct, frozen=True):
    """A board, or a gateway to several, that speaks Modbus TCP."""

    host: str
    port: int = 502

    def key(self) -> Hashable:
        """What makes it one wire."""
        return ("tcp", f"{self.host}:{self.port}")

    def gap_s(self) -> float:
        """No silence is needed between two frames."""
        return 0.0


class RtuTcpWire(TcpWire, frozen=True):
    """A serial server that passes the bytes of an RS-485 line through TCP as they are."""


class _WriteWord(ModbusPDU):
    """Function 5 or 6 with the word as it is: pymodbus knows coils only as on and off, boards know more."""

    rtu_frame_size = 8

    def __init__(self, function: int, unit: int, address: int, word: int) -> None:
        super().__init__(dev_id=unit, address=address)
        self.function_code = function
        self._word = word

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self._word)


_READS = {
    1: ReadCoilsRequest,
    2: ReadDiscreteInputsRequest,
    3: ReadHoldingRegistersRequest,
    4: ReadInputRegistersRequest,
}


def read_request(function: int, unit: int, start: int, count: int) -> ModbusPDU:
    """Read coils (function 1), discrete inputs (2), holding registers (3) or input registers (4)."""
    return _READS[function](address=start, count=count, dev_id=unit)


def write_request(function: int, unit: int, address: int, word: int) -> ModbusPDU:
    """Write one coil (function 5; the raw word, 0xFF00 for on) or one register (6)."""
    return _WriteWord(function, unit, address, word)


class Pending(msgspec.Struct, frozen=True):
    """A request that is on the wire; its answer is still to come."""

    sent: bytes
    unit: int


class ModbusLink:
    """One wire. All methods but `wake` belong to one thread; one request runs at a time.

    A request is `begin` and `finish`: the first puts the frame on the wire in that very moment; the second waits for
    the answer. `ask` is both, with the silence kept before.
    """

    def __init__(self, wire: SerialWire | TcpWire, answers: Answers, connect_ms: int) -> None:
        self._wire = wire
        self._answers = answers
        self._stream = _stream_of(wire, connect_ms)
        self._is_rtu = isinstance(wire, SerialWire | RtuTcpWire)
        self._framer = (FramerRTU if self._is_rtu else FramerSocket)(DecodePDU(False))
        self._numbers = itertools.cycle(range(1, 0x1_0000))
        self._pending: Pending | None = None
        self._heard_s = 0.0
        self._built: dict[ModbusPDU, bytes] = {}
        """Requests for reading that may come again -> their frames; over TCP but for the number."""
        self._decoded: dict[bytes, Any] = {}
        """What the answers mean, by their PDU."""
        self.tap: Tap = lambda _way, _data: None
        """Takes each frame that is sent, each that answers it, and what came instead; must be quick."""

    def unit_of(self, frame: bytes) -> int:
        """The unit that a frame is for."""
        return frame[0 if self._is_rtu else 6]

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and `close`, a time-out over TCP, or the loss of the wire."""
        return self._stream.is_open

    @property
    def is_free(self) -> bool:
        """True when a request may begin at this moment: open, nothing under way, and silent for long enough."""
        return self.is_open and self._pending is None and self._gap_left_s() <= 0

    def open(self) -> None:
        """Open the wire anew; DeviceError says what to do."""
        self.close()
        self._stream.open()
        self._answers.opened()

    def close(self) -> None:
        """Close the wire; harmless when it is closed."""
        self._pending = None
        self._stream.close()

    def dispose(self) -> None:
        """Close everything, for good."""
        self.close()
        self._stream.dispose()

    def wake(self) -> None:
        """End a `wait`; thread-safe."""
        self._stream.wake()

    def wait(self, wait_s: float) -> None:
        """Sleep until then or until `wake`; drop unasked bytes; close a wire that is gone."""
        try:
            self._hear(wait_s)
        except DeviceError:
            self.close()

    def ask(self, request: ModbusPDU, timeout_ms: int) -> Any:
        """The answer to a request; DeviceError in words when there is none, or when the device refuses."""
        self.settle()
        return self.finish(self.begin(request), timeout_ms)

    def settle(self) -> None:
        """Keep the silence between two frames, also while unasked bytes come."""
        limit_s = time.monotonic() + NOISE_LIMIT_MS / 1000
        while (gap_s := self._gap_left_s()) > 0 and time.monotonic() < limit_s:
            time.sleep(gap_s)
            self._hear(0)

    def begin(self, request: ModbusPDU) -> Pending:
        """Put a request on the wire, once, now; what came before it is dropped."""
        while self._hear(0):
            pass
        sent = self._frame(request)
        self._pending = Pending(sent, request.dev_id)
        self.tap("out", sent)
        self._stream.write(sent)
        return self._pending

    def finish(self, pending: Pending, timeout_ms: int) -> Any:
        """Wait for the answer; after a time-out also for the quarantine to be over."""
        try:
            frame, received = self._answer(pending.sent, time.monotonic() + timeout_ms / 1000)
        finally:
            self._pending = None
        if not frame:
            if received:
                self.tap("in", received)
            self._quarantine(timeout_ms)
            raise BusSilentError(self._silent(pending, timeout_ms, received))
        self.tap("in", frame)
        reply = self._meaning(frame[1:-2] if self._is_rtu else frame[7:])
        if reply is None:
            raise DeviceError(f"unit {pending.unit} answers what cannot be read ({frame.hex(' ')}); check `board`")
        if reply.isError():
            code = int(getattr(reply, "exception_code", 0))
            raise DeviceError(f"unit {pending.unit} refuses (code {code}): {REFUSALS.get(code, 'see its manual')}")
        return reply

    def _frame(self, request: ModbusPDU) -> bytes:
        """The frame of a request, over TCP with the next number."""
        number = 0 if self._is_rtu else next(self._numbers)
        frame = self._built.get(request)
        if frame is None:
            request.transaction_id = number
            frame = self._framer.buildFrame(request)
            if request.function_code in _READS:
                _remember(self._built, request, frame)
            return frame
        return frame if self._is_rtu else number.to_bytes(2, "big") + frame[2:]

    def _meaning(self, pdu: bytes) -> Any:
        """The answer in a PDU; None when it cannot be read. The same object comes again, so it is only read."""
        reply = self._decoded.get(pdu)
        if reply is None:
            reply = self._framer.decoder.decode(pdu)
            _remember(self._decoded, pdu, reply)
        return reply

    def _answer(self, sent: bytes, until_s: float) -> tuple[bytes, bytes]:
        """The frame that answers until then, else what came instead."""
        received = b""
        while (left_s := until_s - time.monotonic()) > 0:
            if not (chunk := self._hear(left_s)):
                continue
            received = (received + chunk)[-RECEIVED_MAX_BYTES:]
            if frame := self._answers.find(sent, received):
                return frame, received
        return b"", received

    def _hear(self, wait_s: float) -> bytes:
        received = self._stream.read(wait_s)
        if received:
            self._heard_s = time.monotonic()
        return received

    def _gap_left_s(self) -> float:
        return self._heard_s + self._wire.gap_s() - time.monotonic()

    def _quarantine(self, worst_ms: int) -> None:
        """After a time-out: let nothing of the late reply survive."""
        if isinstance(self._wire, TcpWire) and not self._is_rtu:
            self.close()
            return
        until_s = time.monotonic() + worst_ms / 1000
        limit_s = until_s + NOISE_LIMIT_MS / 1000
        while (now_s := time.monotonic()) < min(max(until_s, self._heard_s + QUIET_MS / 1000), limit_s):
            self._hear(min(max(until_s, self._heard_s + QUIET_MS / 1000), limit_s) - now_s)

    def _silent(self, pending: Pending, timeout_ms: int, received: bytes) -> str:
        seen = self._answers.seen(pending.sent, received)
        rest = "baud rate and the wires A and B" if isinstance(self._wire, SerialWire) else "and the link type"
        return (
            f"unit {pending.unit} did not answer within {timeout_ms} ms;"
            f" {seen or f'check its power, unit number, {rest}'}"
        )


def _remember(known: dict[Any, Any], key: Any, value: Any) -> None:
    if len(known) >= KNOWN_MAX:
        known.clear()
    known[key] = value


def _stream_of(wire: SerialWire | TcpWire, connect_ms: int) -> Stream:
    if isinstance(wire, SerialWire):
        return SerialPort(wire.port, wire.baudrate, wire.parity)
    return TcpStream(wire.host, wire.port, connect_ms)
