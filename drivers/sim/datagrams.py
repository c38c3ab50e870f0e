"""A server of messages of one length, as datagrams or through connections that it ends behind each answer."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable
from typing import Any

TICK_S = 0.005
CALLERS_MAX = 32
JOB_S = 5.0


class DatagramServer:
    """One port; a context manager. `answers` is called in its thread for each message."""

    def __init__(self, answers: Callable[[bytes], list[bytes]], over: str, port: int, length: int) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.over = over
        self.ends_connections = True
        """False: a connection stays for further messages."""
        self._answers_to = answers
        self._length = length
        self._selector = selectors.DefaultSelector()
        self._server: socket.socket | None = None
        self._callers: dict[socket.socket, bytes] = {}
        self._jobs: list[Callable[[], None]] = []
        self._job_done = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="sim-datagrams")

    def __enter__(self) -> Any:
        self._plug()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._thread.join()
        self._unplug()
        self._selector.close()

    def plug(self) -> None:
        """The port is there again."""
        self._do(self._plug)

    def unplug(self) -> None:
        """The port is gone: what is sent to it is refused."""
        self._do(self._unplug)

    def _do(self, job: Callable[[], None]) -> None:
        with self._job_done:
            self._jobs.append(job)
            self._job_done.wait_for(lambda: not self._jobs, JOB_S)

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(TICK_S):
                key.data()
            with self._job_done:
                for job in self._jobs:
                    job()
                self._jobs.clear()
                self._job_done.notify_all()

    def _plug(self) -> None:
        self._unplug()
        if self.over == "udp":
            self._server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._server.bind((self.host, self.port))
        else:
            self._server = socket.create_server((self.host, self.port))
        self._server.setblocking(False)
        self.port = self._server.getsockname()[1]
        self._selector.register(
            self._server, selectors.EVENT_READ, self._datagram if self.over == "udp" else self._accept
        )

    def _unplug(self) -> None:
        for caller in list(self._callers):
            self._hang_up(caller)
        if self._server is not None:
            self._selector.unregister(self._server)
            self._server.close()
            self._server = None

    def _datagram(self) -> None:
        if self._server is None:
            return
        try:
            received, peer = self._server.recvfrom(2048)
            for answer in self._answers_to(received):
                self._server.sendto(answer, peer)
        except OSError:
            pass

    def _accept(self) -> None:
        if self._server is None:
            return
        caller, _ = self._server.accept()
        if len(self._callers) >= CALLERS_MAX:
            caller.close()
            return
        caller.setblocking(False)
        self._callers[caller] = b""
        self._selector.register(caller, selectors.EVENT_READ, lambda: self._readable(caller))

    def _hang_up(self, caller: socket.socket) -> None:
        if self._callers.pop(caller, None) is not None:
            self._selector.unregister(caller)
            caller.close()

    def _readable(self, caller: socket.socket) -> None:
        try:
            received = caller.recv(2048)
        except OSError:
            received = b""
        if not received:
            self._hang_up(caller)
            return
        whole = self._callers[caller] + received
        while len(whole) >= self._length and caller in self._callers:
            message, whole = whole[: self._length], whole[self._length :]
            self._reply(caller, self._answers_to(message))
        if caller in self._callers:
            self._callers[caller] = whole

    def _reply(self, caller: socket.socket, answers: list[bytes]) -> None:
        try:
            for answer in answers:
                caller.send(answer)
        except OSError:
            self._hang_up(caller)
            return
        if self.ends_connections:
            self._hang_up(caller)
