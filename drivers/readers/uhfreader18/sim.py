"""Simulated UHFReader18 readers on true wires: several on one pseudo-terminal, or behind one TCP port.

Tags lie in a reader's field until they are taken out. A reader answers an inventory with all of them, in several frames
when they do not fit into one, and reports them unasked when told to (`report`). It can be deaf, silent, garbled, and
its wire can babble or be pulled.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from drivers.base import StandIn
from drivers.readers.uhfreader18 import frames
from drivers.readers.uhfreader18.frames import Response
from drivers.sim.board import RtuBoards, Send, TcpBoards
from gateway.core.vocabulary.errors import FrameError

TAGS_PER_FRAME = 8
HEARTBEAT = bytes.fromhex("560000000000")
"""What the network module of such readers sends now and then."""


class UhfFaults(msgspec.Struct):
    """What a reader does wrong just now; `half` cuts each answer in the middle."""

    deaf: bool = False
    garbled: bool = False
    half: bool = False
    refuses: int = 0
    only_inventory: bool = False


class SimUhfReader:
    """One reader; `requests` are the commands that it has carried out, `asked` counts those it was sent at all."""

    def __init__(self, address: int = 0, power: int = 30, scan_ms: int = 100) -> None:
        self.address = address
        self.power = power
        self.scan_ms = scan_ms
        self.tags: list[str] = []
        self.faults = UhfFaults()
        self.requests: list[int] = []
        self.asked = 0
        self.power_writes = 0

    def answer(self, command: int, data: bytes) -> list[bytes]:
        """The frames that answer a request."""
        self.asked += 1
        if self.faults.deaf or (self.faults.only_inventory and command != frames.INVENTORY):
            return []
        self.requests.append(command)
        if self.faults.refuses:
            return [self._spoiled(Response(self.address, command, self.faults.refuses))]
        return [self._spoiled(response) for response in self._carry_out(command, data)]

    def report(self) -> list[bytes]:
        """What the reader sends unasked: a frame for each tag."""
        return [self._spoiled(Response(self.address, frames.TAG, frames.OK, bytes.fromhex(tag))) for tag in self.tags]

    def _carry_out(self, command: int, data: bytes) -> list[Response]:
        if command == frames.INVENTORY:
            return self._inventory()
        if command == frames.INFO:
            told = bytes((2, 36, 9, 2, 0, 0, self.power, self.scan_ms // 100))
            return [Response(self.address, command, frames.OK, told)]
        if command == frames.POWER and len(data) == 1:
            self.power = data[0]
            self.power_writes += 1
            return [Response(self.address, command, frames.OK)]
        return [Response(self.address, frames.REFUSED, 0xFE)]

    def _inventory(self) -> list[Response]:
        if not self.tags:
            return [Response(self.address, frames.INVENTORY, frames.NO_TAG)]
        handfuls = [self.tags[at : at + TAGS_PER_FRAME] for at in range(0, len(self.tags), TAGS_PER_FRAME)]
        statuses = [frames.MORE] * (len(handfuls) - 1) + [frames.LAST]
        return [
            Response(self.address, frames.INVENTORY, status, frames.tags_data(handful))
            for status, handful in zip(statuses, handfuls, strict=True)
        ]

    def _spoiled(self, response: Response) -> bytes:
        frame = frames.encode_response(response)
        if self.faults.garbled:
            frame = bytes((*frame[:3], frame[3] ^ 0x55, *frame[4:]))
        return frame[: len(frame) // 2] if self.faults.half else frame


def _serve(readers: dict[int, SimUhfReader], received: bytes, send: Send) -> bytes:
    """Answer whole requests in what was received; what is left of it."""
    while received:
        size = received[0] + 1
        if len(received) < size:
            return received
        try:
            address, command, data = frames.decode_request(received[:size])
        except FrameError:
            received = received[1:]
            continue
        received = received[size:]
        if address in readers:
            for frame in readers[address].answer(command, data):
                send(frame)
    return received


class UhfOnPty(RtuBoards):
    """Readers on a pseudo-terminal at `path`; a context manager."""

    def __init__(self, path: str | Path, *readers: SimUhfReader) -> None:
        super().__init__(path, {})
        self.readers = {reader.address: reader for reader in readers or (SimUhfReader(),)}
        self._heard_s = 0.0

    def report(self, times: int = 1) -> None:
        """All readers report their tags unasked."""
        for reader in self.readers.values():
            self.send_raw(b"".join(reader.report()) * times)

    def send_raw(self, data: bytes) -> None:
        """Noise, half frames, anything."""
        self._do(lambda: self._port.send(data))

    def _readable(self) -> None:
        now_s = time.monotonic()
        if now_s - self._heard_s > frames.QUIET_MS / 1000:
            self._received = b""  # as a reader, which gives up what has begun and does not go on
        self._heard_s = now_s
        self._received = _serve(self.readers, self._received + self._port.receive(), self._port.send)


class UhfOnTcp(TcpBoards):
    """Readers behind a TCP port on `host` and `port`; a context manager."""

    def __init__(self, *readers: SimUhfReader, port: int = 0) -> None:
        super().__init__({}, port=port)
        self.readers = {reader.address: reader for reader in readers or (SimUhfReader(),)}

    def report(self, times: int = 1) -> None:
        """All readers report their tags unasked."""
        for reader in self.readers.values():
            self.send_raw(b"".join(reader.report()) * times)

    def send_raw(self, data: bytes) -> None:
        """Noise, half frames, anything, to everybody connected."""
        self._do(lambda: self._make_noise(data))

    def _serve(self, caller: socket.socket) -> None:
        def send(frame: bytes) -> None:
            self._send(caller, frame)

        left = _serve(self.readers, self._callers.get(caller, b""), send)
        if caller in self._callers:
            self._callers[caller] = left


POLL_MS = 20


def _stand_in(far: UhfOnPty | UhfOnTcp) -> StandIn:
    return StandIn({"link": far.link(), "poll_ms": POLL_MS}, far.plug, far.unplug, far.readers[0].tags.append)


@contextmanager
def on_serial(path: Path) -> Iterator[StandIn]:
    """A reader on a pseudo-terminal."""
    with UhfOnPty(path) as far:
        yield _stand_in(far)


@contextmanager
def on_tcp(path: Path) -> Iterator[StandIn]:  # noqa: ARG001
    """A reader behind a TCP port."""
    with UhfOnTcp() as far:
        yield _stand_in(far)
