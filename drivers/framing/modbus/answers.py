"""Which of the bytes on a Modbus wire answer a request, and in words what they are when none do; pure.

An adapter on a half-duplex line may hear what it sends itself. The acknowledgement of a write equals the write, so the
echo of a write would pass for it. A read tells: its echo is never its answer. So an echo that a read has shown is
taken out of what comes, until a read is answered without one.

Gateways to Modbus TCP may answer with a transaction number of their own. One request is under way at a time, what came
before it was dropped, and a time-out closes the connection: so another number is taken, until the gateway has answered
with ours twice in a row, which no chance explains. Units 0 and 255 mean the gateway itself, which may answer as any
unit.

Most polls are answered as the last time. What has answered a read is remembered, so that the same bytes are known at
once.
"""

from __future__ import annotations

from typing import Protocol

from drivers.framing import modbus
from gateway.core.vocabulary.errors import FrameError

SHOWN_BYTES = 24
SURE = 2
"""Answers with our number in a row after which another number is no answer."""
ANY_UNIT = (0, 255)
"""Units that mean whatever is at the end of the connection."""
KNOWN_MAX = 64
"""Reads of which the last answer is remembered."""
_HTTP = b"HTTP/"
_READS = (*modbus.BIT_READS, *modbus.REGISTER_READS)


class Answers(Protocol):
    """What comes on one wire; `opened` when the wire was opened anew."""

    def opened(self) -> None:
        """The wire was opened: nothing is known of what is at its end."""

    def find(self, sent: bytes, received: bytes) -> bytes:
        """The frame that answers; empty when it has not come."""

    def seen(self, sent: bytes, received: bytes) -> str:
        """What came instead of an answer, and what to do; empty when nothing came."""


class RtuAnswers:
    """A serial line, or RTU frames over TCP."""

    def __init__(self) -> None:
        self.echoes = False
        self._known: dict[bytes, bytes] = {}

    def opened(self) -> None:
        """An adapter that echoes is the same one after a replug, or the next read tells."""

    def find(self, sent: bytes, received: bytes) -> bytes:
        """See `Answers.find`."""
        if not self.echoes and received == self._known.get(sent):
            return received
        reads = sent[1] in _READS
        if reads and sent in received:
            self.echoes = True
        rest = received.replace(sent, b"", 1) if self.echoes else received
        found = modbus.find_rtu_reply(sent, rest)
        if found and reads and sent not in received:
            self.echoes = False
            _remember(self._known, sent, found)
        return found

    def seen(self, sent: bytes, received: bytes) -> str:
        """See `Answers.seen`."""
        rest = received.replace(sent, b"", 1)
        if rest != received and not rest:
            return (
                "the adapter hears what it sends itself (its echo is on), and nothing else came:"
                " check the board's power, unit number and baud rate, and the wires A and B"
            )
        return _other(rest, sent[0]) if rest else ""


class TcpAnswers:
    """Modbus TCP."""

    def __init__(self) -> None:
        self._numbered = 0
        self._known: dict[bytes, bytes] = {}

    def opened(self) -> None:
        """Another gateway may be at the other end."""
        self._numbered = 0

    def find(self, sent: bytes, received: bytes) -> bytes:
        """See `Answers.find`."""
        if received[2:] == self._known.get(sent[2:]) and received[:2] == sent[:2]:
            self._numbered += 1
            return received
        foreign = b""
        for frame in _frames(received):
            if not _fits(sent, frame):
                continue
            if frame[:2] == sent[:2]:
                self._numbered += 1
                if sent[7] in _READS:
                    _remember(self._known, sent[2:], frame[2:])
                return frame
            foreign = foreign or frame
        if not foreign or self._numbered >= SURE:
            return b""
        self._numbered = 0
        return foreign

    def seen(self, sent: bytes, received: bytes) -> str:
        """See `Answers.seen`."""
        if not received:
            return ""
        if modbus.holds_rtu_frame(received):
            return "it answers with RTU frames: choose the link type rtu-tcp"
        frames = list(_frames(received))
        if not frames:
            what = "a web server is there" if received.startswith(_HTTP) else f"no Modbus TCP came: {_hex(received)}"
            return f"{what}; check the address, the port and the link type"
        frame = frames[-1]
        if frame[6] != sent[6]:
            return f"unit {frame[6]} answered in its place: check `unit`"
        if frame[:2] != sent[:2]:
            return f"an answer to another request came: {_hex(frame)}; does another master use this gateway?"
        return f"an answer came that does not fit: {_hex(frame)}; check `board`"


def _remember(known: dict[bytes, bytes], asked: bytes, answer: bytes) -> None:
    if len(known) >= KNOWN_MAX:
        known.clear()
    known[asked] = answer


def _frames(received: bytes) -> list[bytes]:
    """The whole frames from the first byte on."""
    found, start = [], 0
    try:
        while (frame := modbus.split_tcp(received[start:])) is not None:
            found.append(received[start : start + frame[3]])
            start += frame[3]
    except FrameError:
        pass
    return found


def _fits(sent: bytes, frame: bytes) -> bool:
    """Whether a frame can be the answer, apart from its transaction number."""
    unit = frame[6] == sent[6] or sent[6] in ANY_UNIT
    return unit and modbus.is_answer(sent[7:], frame[7:])


def _other(received: bytes, unit: int) -> str:
    """Bytes on a serial line that are no answer of this unit."""
    if len(received) > 4 and modbus.holds_rtu_frame(received):
        if received[0] != unit:
            return f"unit {received[0]} answered in its place: check `unit`, and whether two boards have one number"
        return f"an answer came that does not fit: {_hex(received)}; check `board`"
    return f"bytes came that make no answer: {_hex(received)}; check the baud rate, the parity and the wires A and B"


def _hex(received: bytes) -> str:
    return received[:SHOWN_BYTES].hex(" ").upper() + (" ..." if len(received) > SHOWN_BYTES else "")
