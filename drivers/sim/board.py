"""Simulated boards on true wires: a Modbus RTU slave on a pseudo-terminal, or a Modbus TCP server.

One `BoardServer` is one wire with any number of boards on it, told apart by unit number, in one thread. Faults are
set on each board (`board.faults`) or on the wire (`unplug`, `babble`).
"""

from __future__ import annotations

import heapq
import itertools
import random
import selectors
import socket
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from drivers.boards.layout import load_board
from drivers.framing import modbus
from drivers.sim.board_model import SimBoard
from drivers.sim.pty_port import PtyPort
from gateway.core.vocabulary.errors import FrameError

TICK_S = 0.005
RECEIVED_MAX_BYTES = 4096
WRITES = (*modbus.SINGLE_WRITES, *modbus.MANY_WRITES)
PATIENT_MS = 3_000
"""Time for an answer that no busy machine takes up."""
Send = Callable[[bytes], None]


class BoardServer:
    """One wire with boards on it; a context manager."""

    def __init__(self, boards: dict[int, SimBoard] | None = None) -> None:
        self.boards = boards if boards is not None else {1: SimBoard(load_board("generic"))}
        self.babble = False
        self._later: list[tuple[int, int, Send, bytes]] = []
        self._withheld: list[tuple[Send, bytes]] = []
        self._count = itertools.count()
        self._selector = selectors.DefaultSelector()
        self._jobs: list[Callable[[], None]] = []
        self._job_done = threading.Condition()
        self._stopping = False
        self._noise = random.Random(1)
        self._thread = threading.Thread(target=self._run, daemon=True, name="sim-boards")

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Plug the wire in and serve in a thread."""
        self._plug()
        self._thread.start()

    def stop(self) -> None:
        """Unplug and end the thread."""
        self._stopping = True
        self._thread.join()
        self._unplug()
        self._selector.close()

    def unplug(self) -> None:
        """The wire is gone: the port disappears, connections break and are refused."""
        self._do(self._unplug)

    def plug(self) -> None:
        """The wire is back at the same place."""
        self._do(self._plug)

    def release(self) -> None:
        """Send the replies that were withheld."""
        self._do(self._release)

    # ---- the thread ------------------------------------------------------------------------------------------------

    def _do(self, job: Callable[[], None]) -> None:
        with self._job_done:
            self._jobs.append(job)
            self._job_done.wait_for(lambda: not self._jobs, 5)

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(TICK_S):
                key.data()
            self._do_jobs()
            now_ns = time.monotonic_ns()
            for board in self.boards.values():
                board.tick(now_ns)
            while self._later and self._later[0][0] <= now_ns:
                _, _, send, data = heapq.heappop(self._later)
                send(data)
            if self.babble:
                self._make_noise(self._noise.randbytes(8))

    def _do_jobs(self) -> None:
        with self._job_done:
            for job in self._jobs:
                job()
            self._jobs.clear()
            self._job_done.notify_all()

    def _answer(self, unit: int, pdu: bytes, seal: Callable[[int, bytes], bytes], send: Send) -> None:
        board = self.boards.get(unit)
        if board is None or board.faults.deaf:
            return
        now_ns = time.monotonic_ns()
        reply = seal(unit + board.faults.wrong_unit, board.faults.spoil(board.handle(pdu, now_ns)))
        if board.faults.silent_from_write and pdu[0] in WRITES:
            board.faults.silent = True
        if board.faults.silent or (board.faults.mute_writes and pdu[0] in WRITES):
            return
        if board.faults.garbled:
            reply = bytes((*reply[:-1], reply[-1] ^ 0x55))
        if board.faults.withheld:
            self._withheld.append((send, reply))
        elif board.faults.late_ms:
            due_ns = now_ns + board.faults.late_ms * 1_000_000
            heapq.heappush(self._later, (due_ns, next(self._count), send, reply))
        else:
            send(reply)

    def _release(self) -> None:
        for send, reply in self._withheld:
            send(reply)
        self._withheld.clear()

    @abstractmethod
    def _plug(self) -> None: ...

    @abstractmethod
    def _unplug(self) -> None: ...

    @abstractmethod
    def _make_noise(self, noise: bytes) -> None: ...


class RtuBoards(BoardServer):
    """Modbus RTU slaves on a pseudo-terminal at `path`."""

    def __init__(self, path: str | Path, boards: dict[int, SimBoard] | None = None) -> None:
        super().__init__(boards)
        self._port = PtyPort(path)
        self._received = b""
        self.echoes = False
        """The adapter hears what it sends itself."""

    @property
    def path(self) -> str:
        """Where the near end is opened."""
        return str(self._port.path)

    def link(self, timeout_ms: int = PATIENT_MS) -> dict[str, Any]:
        """The `link` of a device here."""
        return {"type": "serial", "port": self.path, "baudrate": 115_200, "timeout_ms": timeout_ms}

    def _plug(self) -> None:
        self._unplug()
        self._port.plug()
        self._received = b""
        self._selector.register(self._port, selectors.EVENT_READ, self._readable)

    def _unplug(self) -> None:
        if self._port.plugged:
            self._selector.unregister(self._port)
            self._port.unplug()

    def _make_noise(self, noise: bytes) -> None:
        self._port.send(noise)

    def _readable(self) -> None:
        received = self._port.receive()
        if self.echoes:
            self._port.send(received)
        self._received += received
        while True:
            frame, used = modbus.find_rtu_request(self._received)
            self._received = self._received[used:]
            if not frame:
                return
            unit, pdu = modbus.decode_rtu(frame)
            self._answer(unit, pdu, modbus.encode_rtu, self._port.send)


class TcpBoards(BoardServer):
    """A Modbus TCP server on `host` and `port` (0: a free one, which `port` then tells)."""

    def __init__(self, boards: dict[int, SimBoard] | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(boards)
        self.host = host
        self.port = port
        self.renumbers = False
        """The gateway answers with transaction numbers of its own."""
        self.passes_rtu = False
        """A serial server: RTU frames as they are."""
        self._listener: socket.socket | None = None
        self._callers: dict[socket.socket, bytes] = {}

    def link(self, timeout_ms: int = PATIENT_MS) -> dict[str, Any]:
        """The `link` of a device here, once the server has started."""
        return {"type": "tcp", "host": self.host, "port": self.port, "timeout_ms": timeout_ms}

    def _plug(self) -> None:
        self._unplug()
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _unplug(self) -> None:
        for caller in list(self._callers):
            self._hang_up(caller)
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None

    def _make_noise(self, noise: bytes) -> None:
        for caller in list(self._callers):
            self._send(caller, noise)

    def _accept(self) -> None:
        if self._listener is None:
            return
        caller, _ = self._listener.accept()
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller.setblocking(False)
        self._callers[caller] = b""
        self._selector.register(caller, selectors.EVENT_READ, lambda: self._readable(caller))

    def _hang_up(self, caller: socket.socket) -> None:
        if self._callers.pop(caller, None) is not None:
            self._selector.unregister(caller)
            caller.close()

    def _send(self, caller: socket.socket, data: bytes) -> None:
        try:
            caller.send(data)
        except OSError:
            self._hang_up(caller)

    def _readable(self, caller: socket.socket) -> None:
        try:
            received = caller.recv(RECEIVED_MAX_BYTES)
        except OSError:
            received = b""
        if not received:
            self._hang_up(caller)
            return
        self._callers[caller] += received
        try:
            self._serve(caller)
        except FrameError:
            self._hang_up(caller)

    def _serve(self, caller: socket.socket) -> None:
        if self.passes_rtu:
            self._serve_rtu(caller)
            return
        while (found := modbus.split_tcp(self._callers.get(caller, b""))) is not None:
            transaction, unit, pdu, used = found
            self._callers[caller] = self._callers[caller][used:]
            number = 2 if self.renumbers else transaction
            self._answer(unit, pdu, partial(modbus.encode_tcp, number), partial(self._send, caller))

    def _serve_rtu(self, caller: socket.socket) -> None:
        while True:
            frame, used = modbus.find_rtu_request(self._callers.get(caller, b""))
            self._callers[caller] = self._callers.get(caller, b"")[used:]
            if not frame:
                return
            unit, pdu = modbus.decode_rtu(frame)
            self._answer(unit, pdu, modbus.encode_rtu, partial(self._send, caller))
