"""A Modbus wire, RTU or TCP, one request at a time; the one user of pymodbus (3.16, pinned).

pymodbus's asynchronous client runs in the event loop of the bus's own thread (0.2 ms a call; the synchronous one
sleeps 2 to 9). It is kept from doing what it does by itself: requests go past its `execute`, whose default sends an
unanswered write four times, and it never reconnects behind our back. Every received byte passes a finder that lets
only the frame through that answers the request (unit, function, length, a write's echo), so neither noise nor a
stranger's frame is ever taken for a reply.

One trap remains on a serial wire: a reply that comes after its time-out looks like the answer to the next request of
the same kind. So every time-out puts the wire in quarantine: wait as long again as the worst reply may take, go on
waiting while bytes still come (bounded), and drop them all. Over TCP the connection is dropped instead.
"""

from __future__ import annotations

import asyncio
import logging
import os
import struct
import time
from collections.abc import Callable, Hashable
from typing import Any, Literal

import msgspec
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from drivers.links.serial_port import FAULTS, why_not_open
from gateway.core.vocabulary.errors import BusSilentError, DeviceError

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # Each failure is reported once, by us.

Find = Callable[[bytes, bytes], bytes]
"""(frame sent, bytes received) -> the frame that answers it, or nothing."""

Tap = Callable[[Literal["in", "out"], bytes], None]

Request = ModbusPDU
"""A request as `read_request` and `write_request` make it."""
LIBRARY_TIMEOUT_S = 60
"""Far above ours, which alone decides."""
QUIET_MS = 20
"""A wire on which nothing came for this long is quiet."""
NOISE_LIMIT_MS = 1_000
"""A wire that never gets quiet is used again after this time; a babbling device must not stop the others."""
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
    parity: Literal["none", "even", "odd"] = "none"

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

    reply: asyncio.Future[ModbusPDU]
    unit: int


class ModbusLink:
    """One wire. All methods belong to one event loop; one request runs at a time.

    A request is `begin` and `finish`: the first puts the frame on the wire in that very moment, so that an order does
    not wait for a turn of the loop; the second waits for the answer. `ask` is both, with the silence kept before.
    """

    def __init__(self, wire: SerialWire | TcpWire, find: Find, connect_ms: int) -> None:
        self._wire = wire
        self._find = find
        self._connect_s = connect_ms / 1000
        self._client: Any = None
        self._lost = False
        self._reply: asyncio.Future[ModbusPDU] | None = None
        self._sent = b""
        self._heard_s = 0.0
        self._unread = b""
        self.tap: Tap = lambda _way, _data: None
        """Takes each frame that is sent, each that answers it, and what came instead; must be quick."""

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and `close`, a time-out over TCP, or the loss of the wire."""
        return self._client is not None and not self._lost

    @property
    def is_free(self) -> bool:
        """True when a request may begin at this moment: open, nothing under way, and silent for long enough."""
        return self.is_open and self._reply is None and self._gap_left_s() <= 0

    def unit_of(self, frame: bytes) -> int:
        """The unit that a frame is for."""
        return frame[6 if isinstance(self._wire, TcpWire) else 0]

    async def open(self) -> None:
        """Open the wire anew; DeviceError says what to do."""
        self.close()
        self._lost = False
        client = self._make()
        try:
            opened = await asyncio.wait_for(client.connect(), self._connect_s)
        except (TimeoutError, *FAULTS):
            opened = False
        if not opened:
            client.close()
            raise DeviceError(self._unreachable())
        await asyncio.sleep(0)  # pymodbus attaches a port's reader in the next turn of the loop.
        if isinstance(self._wire, SerialWire):
            client.ctx.low_level_send = self._send_serial
        self._client = client

    def close(self) -> None:
        """Close the wire; harmless when it is closed."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.close()
            except FAULTS:
                pass  # A pulled adapter cannot be closed in good order.

    async def ask(self, request: ModbusPDU, timeout_ms: int) -> Any:
        """The answer to a request; DeviceError in words when there is none, or when the device refuses."""
        await self.settle()
        return await self.finish(self.begin(request), timeout_ms)

    async def settle(self) -> None:
        """Keep the silence between two frames."""
        gap_s = self._gap_left_s()
        if gap_s > 0:
            await asyncio.sleep(gap_s)

    def begin(self, request: ModbusPDU) -> Pending:
        """Put a request on the wire, once, now."""
        if not self.is_open:
            raise DeviceError(self._unreachable())
        manager = self._client.ctx
        self._reply = manager.response_future = asyncio.get_running_loop().create_future()
        request.transaction_id = manager.getNextTID()
        manager.pdu_send(request)
        return Pending(self._reply, request.dev_id)

    async def finish(self, pending: Pending, timeout_ms: int) -> Any:
        """Wait for the answer; after a time-out also for the quarantine to be over."""
        try:
            reply = await asyncio.wait_for(pending.reply, timeout_ms / 1000)
        except TimeoutError:
            self._reply, self._sent = None, b""
            if self._unread:
                self.tap("in", self._unread)
            await self._quarantine(timeout_ms)
            raise BusSilentError(self._silent(pending.unit, timeout_ms)) from None
        except ConnectionError:
            self.close()
            raise DeviceError(self._unreachable()) from None
        finally:
            self._reply, self._sent = None, b""
        if reply.isError():
            code = int(getattr(reply, "exception_code", 0))
            raise DeviceError(f"unit {pending.unit} refuses (code {code}): {REFUSALS.get(code, 'see its manual')}")
        return reply

    def _gap_left_s(self) -> float:
        return self._heard_s + self._wire.gap_s() - time.monotonic()

    async def _quarantine(self, worst_ms: int) -> None:
        """After a time-out: let nothing of the late reply survive."""
        if isinstance(self._wire, TcpWire):
            self.close()
            return
        await asyncio.sleep(worst_ms / 1000)
        limit_s = time.monotonic() + NOISE_LIMIT_MS / 1000
        while (now_s := time.monotonic()) < min(self._heard_s + QUIET_MS / 1000, limit_s):
            await asyncio.sleep(min(self._heard_s + QUIET_MS / 1000, limit_s) - now_s)
        if self._client is not None:
            self._client.ctx.recv_buffer = b""

    # ---- pymodbus's hooks ------------------------------------------------------------------------------------------

    def _make(self) -> Any:
        rest: dict[str, Any] = {
            "timeout": LIBRARY_TIMEOUT_S,
            "retries": 0,
            "reconnect_delay": 0,
            "trace_packet": self._packet,
            "trace_connect": self._connected,
        }
        if isinstance(self._wire, TcpWire):
            return AsyncModbusTcpClient(self._wire.host, port=self._wire.port, **rest)
        return AsyncModbusSerialClient(
            self._wire.port,
            framer=FramerType.RTU,
            baudrate=self._wire.baudrate,
            parity=self._wire.parity[0].upper(),
            **rest,
        )

    def _send_serial(self, data: bytes, addr: Any = None) -> None:  # noqa: ARG002
        """Write at once; pymodbus would wait for the next turn of the loop, and keeps the rest if there is one."""
        manager = self._client.ctx
        manager.recv_buffer = b""
        try:
            sent = os.write(manager.transport.sync_serial.fileno(), data)
        except BlockingIOError:
            sent = 0
        except (AttributeError, *FAULTS):
            self._connected(False)
            return
        if sent < len(data):
            manager.send(data[sent:])

    def _packet(self, sending: bool, data: bytes) -> bytes:
        if sending:
            self._sent, self._unread = data, b""
            self.tap("out", data)
            return data
        self._heard_s = time.monotonic()
        found = self._find(self._sent, data) if self._sent else b""
        self._unread = data
        if found:
            self._sent = self._unread = b""
            self.tap("in", found)
        return found

    def _connected(self, connected: bool) -> None:
        if connected:
            return
        self._lost = True
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(ConnectionError())

    # ---- words -----------------------------------------------------------------------------------------------------

    def _unreachable(self) -> str:
        if isinstance(self._wire, SerialWire):
            return why_not_open(self._wire.port)
        return (
            f"{self._wire.host}:{self._wire.port} takes no connection;"
            " check the board's power, its network cable and the address"
        )

    def _silent(self, unit: int, timeout_ms: int) -> str:
        return (
            f"unit {unit} did not answer within {timeout_ms} ms;"
            " check its power, unit number, baud rate and the wires A and B"
        )
