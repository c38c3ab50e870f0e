"""Modbus requests and replies as bytes, for RTU and TCP; pure.

The simulated board speaks with it, and the true bus uses it to find the one reply that it waits for among whatever
else is on the wire: unit, function and length are known beforehand, so every offset can be tried and a checksum
decides. (Modbus Application Protocol V1.1b3; Modbus over Serial Line V1.02; Modbus Messaging on TCP/IP V1.0b.)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from gateway.core.vocabulary.errors import FrameError

READ_COILS, READ_INPUTS, READ_HOLDING, READ_INPUT_REGISTERS = 1, 2, 3, 4
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
BIT_READS = (READ_COILS, READ_INPUTS)
REGISTER_READS = (READ_HOLDING, READ_INPUT_REGISTERS)
SINGLE_WRITES = (WRITE_COIL, WRITE_REGISTER)
MANY_WRITES = (WRITE_COILS, WRITE_REGISTERS)
FUNCTIONS = frozenset((*BIT_READS, *REGISTER_READS, *SINGLE_WRITES, *MANY_WRITES))

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
COIL_ON, COIL_OFF = 0xFF00, 0x0000

RTU_MAX_BYTES = 256
PDU_MAX_BYTES = 253


class Read(msgspec.Struct, frozen=True):
    """Functions 1 to 4: read `count` bits or registers from `address`."""

    function: int
    address: int
    count: int


class WriteOne(msgspec.Struct, frozen=True):
    """Functions 5 and 6; the reply is the same again. `value` is the raw word (a coil: 0xFF00 or 0)."""

    function: int
    address: int
    value: int


class WriteMany(msgspec.Struct, frozen=True):
    """Functions 15 and 16; the values are 0 or 1 for coils."""

    function: int
    address: int
    values: tuple[int, ...]


class Values(msgspec.Struct, frozen=True):
    """The reply to a `Read`; bits are padded with zeros to whole bytes."""

    function: int
    values: tuple[int, ...]


class Written(msgspec.Struct, frozen=True):
    """The reply to a `WriteMany`."""

    function: int
    address: int
    count: int


class Refusal(msgspec.Struct, frozen=True):
    """An exception reply: the device has understood and says no."""

    function: int
    code: int


Request = Read | WriteOne | WriteMany
Reply = Values | WriteOne | Written | Refusal


def pack_bits(bits: Sequence[int]) -> bytes:
    """Eight bits a byte, the first in the lowest place."""
    packed = bytearray((len(bits) + 7) // 8)
    for number, bit in enumerate(bits):
        packed[number // 8] |= bool(bit) << number % 8
    return bytes(packed)


def unpack_bits(packed: bytes) -> tuple[int, ...]:
    """All bits of all bytes, lowest first."""
    return tuple(byte >> place & 1 for byte in packed for place in range(8))


def _words(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 2}H", packed)


# ---- requests ------------------------------------------------------------------------------------------------------


def encode_request(request: Request) -> bytes:
    """The PDU of a request."""
    match request:
        case Read(function, address, count):
            return struct.pack(">BHH", function, address, count)
        case WriteOne(function, address, value):
            return struct.pack(">BHH", function, address, value)
        case WriteMany(function, address, values):
            data = pack_bits(values) if function == WRITE_COILS else struct.pack(f">{len(values)}H", *values)
            return struct.pack(">BHHB", function, address, len(values), len(data)) + data


def decode_request(pdu: bytes) -> Request:
    """The request in a PDU; FrameError when it is none of the eight functions or malformed."""
    size = request_size(pdu)
    if not size or len(pdu) != size:
        raise FrameError(f"not a Modbus request: {pdu.hex(' ')}")
    function, address, word = struct.unpack_from(">BHH", pdu)
    if function in (*BIT_READS, *REGISTER_READS):
        return Read(function, address, word)
    if function in SINGLE_WRITES:
        return WriteOne(function, address, word)
    return WriteMany(function, address, _many_values(function, word, pdu[6:]))


def _many_values(function: int, count: int, data: bytes) -> tuple[int, ...]:
    values = unpack_bits(data)[:count] if function == WRITE_COILS else _words(data)
    wanted_bytes = (count + 7) // 8 if function == WRITE_COILS else count * 2
    if count == 0 or len(data) != wanted_bytes:
        raise FrameError("the count does not fit the data")
    return values


def request_size(start: bytes) -> int | None:
    """How long the request PDU that begins so is; 0 when more bytes are needed to tell, None for no function."""
    if not start:
        return 0
    if start[0] in (*BIT_READS, *REGISTER_READS, *SINGLE_WRITES):
        return 5
    if start[0] in MANY_WRITES:
        return 6 + start[5] if len(start) > 5 else 0
    return None


# ---- replies -------------------------------------------------------------------------------------------------------


def encode_reply(reply: Reply) -> bytes:
    """The PDU of a reply."""
    match reply:
        case Values(function, values):
            data = pack_bits(values) if function in BIT_READS else struct.pack(f">{len(values)}H", *values)
            return bytes((function, len(data))) + data
        case WriteOne(function, address, value):
            return struct.pack(">BHH", function, address, value)
        case Written(function, address, count):
            return struct.pack(">BHH", function, address, count)
        case Refusal(function, code):
            return bytes((function | 0x80, code))


def reply_size(request: bytes) -> int:
    """How long the PDU of the reply to this request PDU is when the device does not refuse."""
    function = request[0]
    count = int.from_bytes(request[3:5], "big")
    if function in BIT_READS:
        return 2 + (count + 7) // 8
    if function in REGISTER_READS:
        return 2 + 2 * count
    return 5


def is_answer(request: bytes, reply: bytes) -> bool:
    """True when a reply PDU can be the answer to a request PDU: function, length, and a write's echo."""
    if len(reply) == 2:
        return reply[0] == request[0] | 0x80
    if len(reply) != reply_size(request) or reply[0] != request[0]:
        return False
    if request[0] in (*BIT_READS, *REGISTER_READS):
        return reply[1] == len(reply) - 2
    return reply[1:5] == request[1:5]


# ---- RTU -----------------------------------------------------------------------------------------------------------


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_CRC = _crc_table()


def crc16(data: bytes) -> int:
    """CRC-16 with the reflected polynomial 0xA001 and initial value 0xFFFF; sent low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def encode_rtu(unit: int, pdu: bytes) -> bytes:
    """One RTU frame."""
    body = bytes((unit,)) + pdu
    return body + crc16(body).to_bytes(2, "little")


def decode_rtu(frame: bytes) -> tuple[int, bytes]:
    """Unit and PDU of one whole RTU frame."""
    if len(frame) < 4 or crc16(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
        raise FrameError(f"not an RTU frame: {frame.hex(' ')}")
    return frame[0], frame[1:-2]


def find_rtu_request(received: bytes) -> tuple[bytes, int]:
    """The first whole request frame in the bytes (empty: none yet) and how many bytes are done with."""
    for start in range(len(received)):
        size = request_size(received[start + 1 :])
        if size is None:
            continue
        frame = received[start : start + size + 3]
        if size and len(frame) == size + 3 and _sealed(frame):
            return frame, start + len(frame)
    return b"", max(0, len(received) - RTU_MAX_BYTES)


def find_rtu_reply(sent: bytes, received: bytes) -> bytes:
    """The frame among the received bytes that answers the frame sent; empty when it has not come.

    A frame to unit 0 is for whatever board is there, which may answer with its own number.
    """
    sizes = (reply_size(sent[1:-2]) + 3, 5)
    for start in range(len(received)):
        if sent[0] not in (received[start], 0):
            continue
        for size in sizes:
            frame = received[start : start + size]
            if len(frame) == size and is_answer(sent[1:-2], frame[1:-2]) and _sealed(frame):
                return frame
    return b""


def holds_rtu_frame(received: bytes) -> bool:
    """Whether the bytes, from their first on, are a request or a reply of any unit."""
    return any(_sealed(received[:size]) and received[1] & 0x7F in FUNCTIONS for size in range(5, len(received) + 1))


def _sealed(frame: bytes) -> bool:
    return crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little")


# ---- TCP -----------------------------------------------------------------------------------------------------------


def encode_tcp(transaction: int, unit: int, pdu: bytes) -> bytes:
    """One frame of Modbus TCP: the MBAP header and the PDU."""
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def split_tcp(received: bytes) -> tuple[int, int, bytes, int] | None:
    """Transaction, unit, PDU and size of the first frame; None while incomplete; FrameError for another protocol."""
    if len(received) < 7:
        return None
    transaction, protocol, length, unit = struct.unpack_from(">HHHB", received)
    if protocol != 0 or not 2 <= length <= PDU_MAX_BYTES + 1:
        raise FrameError("not a Modbus TCP frame")
    if len(received) < 6 + length:
        return None
    return transaction, unit, received[7 : 6 + length], 6 + length


def find_tcp_reply(sent: bytes, received: bytes) -> bytes:
    """The frame among the received ones that answers the frame sent (same transaction and unit), else empty."""
    start = 0
    while start < len(received):
        try:
            found = split_tcp(received[start:])
        except FrameError:
            return b""
        if found is None:
            return b""
        frame = received[start : start + found[3]]
        if frame[:2] == sent[:2] and frame[6] == sent[6] and is_answer(sent[7:], found[2]):
            return frame
        start += found[3]
    return b""
