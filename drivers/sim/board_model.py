"""What a simulated I/O board does with a request: its relays, inputs and pulse timers, and its faults; no wires.

Every board of `drivers/boards/layouts/` can be simulated, because the model reads the same data from the other side.
Relays are switched from the wire and inputs by the world behind the board; both may happen in different threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from drivers.boards.layout import Board
from drivers.framing import modbus as m
from gateway.core.vocabulary.errors import FrameError

TOGGLE = 0x5500
VERSION = 0x00C8
"""What a board says of its version: 2.00."""
WRITES_KEPT_MAX = 10_000

OnOutput = Callable[[int, bool, int], None]
"""(output, active, CLOCK_MONOTONIC ns) when a relay changes; must not block."""


class BoardFaults(msgspec.Struct):
    """What the board does wrong just now.

    `silent_from_write`: no reply from the next write on; `mute_writes`: none to writes; `withheld`: each reply waits
    for the wire's `release`.
    """

    silent: bool = False
    silent_from_write: bool = False
    mute_writes: bool = False
    withheld: bool = False
    deaf: bool = False
    late_ms: int = 0
    garbled: bool = False
    wrong_unit: bool = False
    wrong_function: bool = False
    wrong_count: bool = False

    def spoil(self, pdu: bytes) -> bytes:
        """The reply as it goes out: of the neighbouring function, or with a byte too many."""
        if self.wrong_function:
            pdu = bytes((pdu[0] ^ 0x03, *pdu[1:]))
        if self.wrong_count:
            pdu = bytes((pdu[0], pdu[1] + 1, *pdu[2:], 0))
        return pdu


class WriteSeen(msgspec.Struct, frozen=True):
    """A write as it came in, for tests that count them."""

    mono_ns: int
    function: int
    address: int
    values: tuple[int, ...]


class _Refused(Exception):
    """The request asks for what this board does not have."""

    def __init__(self, code: int) -> None:
        self.code = code


class SimBoard:
    """One board; `handle` is its Modbus side, `set_input` and `on_output` its terminals."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.faults = BoardFaults()
        self.writes: deque[WriteSeen] = deque(maxlen=WRITES_KEPT_MAX)
        self.requests = 0
        self.on_output: OnOutput = lambda _output, _active, _now_ns: None
        self._outputs = [False] * board.outputs.count
        self._inputs = [False] * board.inputs.count
        self._flash_ends: dict[int, tuple[int, bool]] = {}
        self._lock = threading.RLock()

    # ---- terminals -------------------------------------------------------------------------------------------------

    def outputs(self) -> tuple[bool, ...]:
        """The relays as they are."""
        return tuple(self._outputs)

    def inputs(self) -> tuple[bool, ...]:
        """The inputs as they are."""
        return tuple(self._inputs)

    def set_input(self, number: int, current: bool) -> None:
        """Let current flow in an input, or not."""
        self._inputs[number] = current

    def set_output(self, number: int, active: bool, now_ns: int) -> None:
        """Switch a relay, as the wire or a finger would."""
        with self._lock:
            self._flash_ends.pop(number, None)
            changed = self._outputs[number] != active
            self._outputs[number] = active
        if changed:
            self.on_output(number, active, now_ns)

    def tick(self, now_ns: int) -> None:
        """End the pulses that the board times itself."""
        for number, (end_ns, rest) in list(self._flash_ends.items()):
            if end_ns <= now_ns:
                self.set_output(number, rest, now_ns)

    # ---- the Modbus side -------------------------------------------------------------------------------------------

    def handle(self, pdu: bytes, now_ns: int) -> bytes:
        """The reply PDU to a request PDU."""
        self.requests += 1
        self.tick(now_ns)
        try:
            request = m.decode_request(pdu)
        except FrameError:
            return m.encode_reply(m.Refusal(pdu[0] & 0x7F, m.ILLEGAL_FUNCTION))
        try:
            return m.encode_reply(self._answer(request, now_ns))
        except _Refused as refused:
            return m.encode_reply(m.Refusal(request.function, refused.code))

    def _answer(self, request: m.Request, now_ns: int) -> m.Reply:
        match request:
            case m.Read(m.READ_INPUTS, address, count):
                inputs = self.board.inputs
                return m.Values(m.READ_INPUTS, _part(self._inputs, inputs.start, address, count))
            case m.Read(m.READ_COILS, address, count) if self._by("coil"):
                start = self.board.outputs.start
                return m.Values(m.READ_COILS, _part(self._outputs, start, address, count))
            case m.Read(m.READ_HOLDING, address, count) if self._is_identity(address, count):
                return m.Values(m.READ_HOLDING, (VERSION,) * count)
            case m.Read(m.READ_HOLDING, address, count) if self._by("register"):
                start = self.board.outputs.start
                return m.Values(m.READ_HOLDING, _part(self._outputs, start, address, count))
            case m.WriteOne(m.WRITE_COIL, address, value) if self._by("coil"):
                self._seen(now_ns, request.function, address, (value,))
                self._coil(address, value, now_ns)
                return request
            case m.WriteOne(m.WRITE_REGISTER, address, value) if self._by("register"):
                self._seen(now_ns, request.function, address, (value,))
                self._register(address, value, now_ns)
                return request
            case m.WriteMany(m.WRITE_COILS, address, values) if self._by("coil"):
                self._seen(now_ns, request.function, address, values)
                self._each(address, values, now_ns)
                return m.Written(request.function, address, len(values))
            case m.WriteMany(m.WRITE_REGISTERS, address, values) if self._by("register"):
                self._seen(now_ns, request.function, address, values)
                for place, value in enumerate(values):
                    self._register(address + place, value, now_ns)
                return m.Written(request.function, address, len(values))
        raise _Refused(m.ILLEGAL_FUNCTION)

    def _is_identity(self, address: int, count: int) -> bool:
        own = self.board.identity
        return own is not None and own.start <= address and address + count <= own.start + own.count

    def _by(self, access: str) -> bool:
        return self.board.outputs.access == access

    def _seen(self, now_ns: int, function: int, address: int, values: tuple[int, ...]) -> None:
        self.writes.append(WriteSeen(now_ns, function, address, values))

    def _number(self, address: int) -> int:
        number = address - self.board.outputs.start
        if not 0 <= number < len(self._outputs):
            raise _Refused(m.ILLEGAL_ADDRESS)
        return number

    def _coil(self, address: int, value: int, now_ns: int) -> None:
        flash = self.board.flash
        if flash is not None:
            for start, active in ((flash.on_start, True), (flash.off_start, False)):
                if start <= address < start + len(self._outputs):
                    self._flash(address - start, active, value * flash.step_ms, now_ns)
                    return
        number = self._number(address)
        if value not in (m.COIL_ON, m.COIL_OFF, TOGGLE):
            raise _Refused(m.ILLEGAL_VALUE)
        active = not self._outputs[number] if value == TOGGLE else value == m.COIL_ON
        self.set_output(number, active, now_ns)

    def _flash(self, number: int, active: bool, lasts_ms: int, now_ns: int) -> None:
        with self._lock:
            self.set_output(number, active, now_ns)
            self._flash_ends[number] = (now_ns + lasts_ms * 1_000_000, not active)

    def _register(self, address: int, value: int, now_ns: int) -> None:
        number = self._number(address)
        outputs = self.board.outputs
        if value not in (outputs.on, outputs.off):
            raise _Refused(m.ILLEGAL_VALUE)
        self.set_output(number, value == outputs.on, now_ns)

    def _each(self, address: int, values: Sequence[int], now_ns: int) -> None:
        numbers = [self._number(address + place) for place in range(len(values))]
        for number, value in zip(numbers, values, strict=True):
            self.set_output(number, bool(value), now_ns)


def _part(states: Sequence[bool], start: int, address: int, count: int) -> tuple[int, ...]:
    first = address - start
    if count < 1 or first < 0 or first + count > len(states):
        raise _Refused(m.ILLEGAL_ADDRESS)
    return tuple(int(state) for state in states[first : first + count])
