"""UHFReader18 frames (long-range UHF readers of many brands), both directions; pure.

    request   Len Adr Cmd        Data... CRClo CRChi
    response  Len Adr Cmd Status Data... CRClo CRChi

`Len` does not count itself. CRC-16: polynomial 0x8408 (reflected 0x1021), initial 0xFFFF, low byte first; a whole frame
with its CRC sums to 0. Source: UHFReader18 User's Manual V2.0.

Frames have no start byte. Where a byte might begin a frame (length, address and command fit each other), the decoder
waits for the rest; if that does not sum up, it goes on at the very next byte, so noise costs no frame behind it. How
long it waits is bounded by the length of a frame and by `quiet`, which the caller says when nothing came for
`QUIET_MS`. The heartbeat that network modules put in between (`56 00 00 00 00 00`) can begin no frame and is passed
over.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable

import msgspec

from gateway.core.vocabulary.errors import FrameError

REFUSED, INVENTORY, TAG, INFO, POWER = 0x00, 0x01, 0xEE, 0x21, 0x2F
OK, LAST, TIME_OVER, MORE, FULL = 0x00, 0x01, 0x02, 0x03, 0x04
NO_TAG = 0xFB
WITH_TAGS = frozenset((OK, LAST, TIME_OVER, MORE, FULL))
MIN_RESPONSE, FRAME_MAX_BYTES = 6, 256
ADDRESSES = range(255)
EVERY_READER = 0xFF
"""The address to which every reader answers (manual, 3)."""
QUIET_MS = 100
"""Bytes of a frame are at most 15 ms apart on a serial line (manual, 2); serial servers on a network add to that."""
TROUBLE = {
    0x14: "it cannot set its power; check `power`",
    0xF8: "it finds no antenna; check the antenna and its cable",
    0xF9: "it could not carry out the command; switch it off and on",
    0xFD: "it does not take the command's length; is it a UHFReader18?",
    0xFE: "it does not know the command; is it in another mode, or another reader?",
    0xFF: "it does not take the value; check `power`",
}

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Response(msgspec.Struct, frozen=True):
    """One frame of a reader."""

    address: int
    command: int
    status: int
    data: bytes = b""


class Info(msgspec.Struct, frozen=True):
    """What a reader says of itself: power in dBm (255: unknown) and the longest time of an inventory in ms."""

    version: str
    power: int
    scan_ms: int


def crc(data: bytes) -> int:
    """CRC-16 with polynomial 0x8408 and initial 0xFFFF (known as CRC-16/MCRF4XX)."""
    reflected = binascii.crc_hqx(data.translate(_REVERSED), 0xFFFF)
    return _REVERSED[reflected & 0xFF] << 8 | _REVERSED[reflected >> 8]


def _sealed(body: bytes) -> bytes:
    framed = bytes((len(body) + 2,)) + body
    return framed + crc(framed).to_bytes(2, "little")


def encode_request(address: int, command: int, data: bytes = b"") -> bytes:
    """A request to a reader."""
    if len(data) > FRAME_MAX_BYTES - 5:
        raise FrameError(f"a request has at most {FRAME_MAX_BYTES - 5} data bytes, not {len(data)}")
    return _sealed(bytes((address, command)) + data)


def encode_response(response: Response) -> bytes:
    """A reader's frame."""
    if len(response.data) > FRAME_MAX_BYTES - MIN_RESPONSE:
        raise FrameError(
            f"a response has at most {FRAME_MAX_BYTES - MIN_RESPONSE} data bytes, not {len(response.data)}"
        )
    return _sealed(bytes((response.address, response.command, response.status)) + response.data)


def decode_response(frame: bytes) -> Response:
    """One whole frame of a reader; FrameError says what is wrong with it."""
    if len(frame) < MIN_RESPONSE or frame[0] != len(frame) - 1:
        raise FrameError("length is wrong")
    if crc(frame):
        raise FrameError("checksum is wrong")
    return Response(frame[1], frame[2], frame[3], frame[4:-2])


def decode_request(frame: bytes) -> tuple[int, int, bytes]:
    """One whole request as (address, command, data); FrameError says what is wrong with it."""
    if len(frame) < MIN_RESPONSE - 1 or frame[0] != len(frame) - 1:
        raise FrameError("length is wrong")
    if crc(frame):
        raise FrameError("checksum is wrong")
    return frame[1], frame[2], frame[3:-2]


def tags_of(response: Response) -> list[str]:
    """The EPCs in a response, in upper-case hex; FrameError when its lists do not add up."""
    if response.status not in WITH_TAGS or not response.data:
        return []
    if response.command == TAG:
        return [response.data.hex().upper()]
    if response.command != INVENTORY:
        return []
    count, rest = response.data[0], response.data[1:]
    tags = []
    while rest:
        epc, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
        tags.append(epc.hex().upper())
    if count != len(tags) or tags_data(tags) != response.data:
        raise FrameError(f"says {count} tags, but its list does not hold them")
    return [tag for tag in tags if tag]


def epc(tag: str) -> bytes:
    """A tag's bytes from its hex digits; FrameError when they are none."""
    try:
        return bytes.fromhex(tag)
    except ValueError as error:
        raise FrameError(f"{tag!r} is no EPC; write hex digits") from error


def tags_data(tags: Iterable[str]) -> bytes:
    """The data of an inventory's answer: how many tags, then each with its length."""
    listed = [bytes.fromhex(tag) for tag in tags]
    return bytes((len(listed),)) + b"".join(bytes((len(epc),)) + epc for epc in listed)


def info_of(response: Response) -> Info:
    """What a reader says of itself; FrameError when the answer is too short."""
    if response.command != INFO or response.status != OK or len(response.data) < 8:
        raise FrameError("is no reader information")
    version, power, scan = response.data[:2], response.data[6], response.data[7]
    return Info(f"{version[0]}.{version[1]}", power, scan * 100)


def find_info(received: bytes) -> bytes:
    """The frame among the received bytes in which a reader says what it is; empty when it has not come."""
    for start in range(len(received) - MIN_RESPONSE + 1):
        frame = received[start : start + received[start] + 1]
        if len(frame) == received[start] + 1 >= MIN_RESPONSE and not crc(frame):
            try:
                info_of(decode_response(frame))
            except FrameError:
                continue
            return frame
    return b""


class Decoder:
    """Finds frames of the given readers in a stream of bytes; `rejected` counts those whose checksum was wrong."""

    def __init__(self, addresses: Iterable[int]) -> None:
        self.rejected = 0
        self._waiting = b""
        known = b"".join(re.escape(bytes((address,))) for address in sorted(set(addresses)))
        refused, power = b"\x05[%b]\x00\xfe" % known, b"\x05[%b]\x2f" % known
        self._begin = re.compile(b"%b|%b|[\x05-\xff][%b][\x01\x21\xee]" % (refused, power, known))

    def feed(self, received: bytes) -> list[Response]:
        """Take bytes as they come and return the frames that they complete."""
        return self._find(self._waiting + received, final=False)

    def quiet(self) -> list[Response]:
        """Nothing came for `QUIET_MS`: what has waited for its rest is given up, and frames behind it are found."""
        return self._find(self._waiting, final=True)

    def _find(self, waiting: bytes, final: bool) -> list[Response]:
        found: list[Response] = []
        start = 0
        while (begin := self._begin.search(waiting, start)) is not None:
            start = begin.start()
            frame = waiting[start : start + waiting[start] + 1]
            whole = len(frame) == waiting[start] + 1
            if whole and not crc(frame):
                found.append(decode_response(frame))
                start += len(frame)
            elif whole or final:
                self.rejected += 1
                start += 1
            else:
                break
        else:  # The first three bytes of a frame may be the last ones here.
            start = len(waiting) if final else max(start, len(waiting) - 3)
        self._waiting = waiting[start:]
        return found
