"""Runs several processes for a desk or a demo: started together, ended together.

A part that dies is started again after a pause that doubles up to half a minute. A part that exits with *wrong
settings* or *in use* (2, 3) ends all, since a restart cannot help. Parts stay in the supervisor's process group and die
with it: each asks the kernel for a SIGTERM at its parent's death (`die_with_parent`), and a SIGTERM without effect is
followed by the kernel's SIGALRM (`end_within`), so that even a hanging part of a killed supervisor ends. No part gets
real-time priority here; systemd gives that.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.core.vocabulary.errors import GatehouseError
from gateway.processes.ending import PARENT_VARIABLE, STOP_SIGNALS

STOP_WITHIN_S = 8.5
IMPATIENT_S = 1.0
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
STEADY_AFTER_S = 60.0
LOOK_S = 1.0
"""How often a part is looked at that was not wanted."""
LASTING_EXITS = (2, 3)


class SupervisorError(GatehouseError):
    """A part cannot run at all; `status` is its exit code."""

    code = "part_failed"

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True)
class Part:
    """One process: its name and its command; `wanted`: whether there is work for it now.

    A part that ends with exit 0 while it is not wanted is started when it is again.
    """

    name: str
    argv: Sequence[str]
    wanted: Callable[[], bool] = lambda: True


@dataclass
class _Child:
    """A part, its present process, and when it may be started again."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    retry_s: float = 0.0
    pause_s: float = field(default=BACKOFF_FIRST_S)


class Supervisor:
    """Runs parts until a stop; `say` gets a line for people about every death and restart."""

    def __init__(self, parts: Sequence[Part], say: Callable[[str], None]) -> None:
        self._children = [_Child(part) for part in parts]
        self._say = say
        self._stopping = False
        self._hurry = False
        self._asked_s = 0.0

    def run(self) -> None:
        """Start all parts and watch them; returns after a stop, raises SupervisorError."""
        with self._wakeups() as wake:
            try:
                while not self._stopping:
                    self._look()
                    self._wait(wake, self._pause_s())
            finally:
                self._end(wake)

    def stop(self) -> None:
        """End all parts; a second call more than `IMPATIENT_S` later kills the rest."""
        now = time.monotonic()
        if not self._asked_s:
            self._asked_s = now
        # One Ctrl-C may arrive twice: from the terminal and from a parent that forwards it.
        self._hurry = now - self._asked_s > IMPATIENT_S
        self._stopping = True

    @contextlib.contextmanager
    def _wakeups(self) -> Iterator[socket.socket]:
        """A socket that becomes readable at each signal; the old handlers are restored at the end."""
        receiver, sender = socket.socketpair()
        receiver.setblocking(False)
        sender.setblocking(False)
        before = {n: signal.getsignal(n) for n in (*STOP_SIGNALS, signal.SIGCHLD)}
        old_fd = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, lambda _n, _f: self.stop())
        signal.signal(signal.SIGCHLD, lambda _n, _f: None)
        try:
            yield receiver
        finally:
            signal.set_wakeup_fd(old_fd)
            for number, handler in before.items():
                signal.signal(number, handler)
            receiver.close()
            sender.close()

    def _look(self) -> None:
        for child in self._children:
            if child.process is None:
                if time.monotonic() >= child.retry_s and child.part.wanted():
                    self._start(child)
            elif (status := child.process.poll()) is not None:
                self._died(child, status)

    def _start(self, child: _Child) -> None:
        environment = {**os.environ, PARENT_VARIABLE: str(os.getpid())}
        child.process = subprocess.Popen(child.part.argv, stdin=subprocess.DEVNULL, env=environment)
        child.started_s = time.monotonic()

    def _died(self, child: _Child, status: int) -> None:
        name = child.part.name
        child.process = None
        if status in LASTING_EXITS and not self._stopping:
            self._stopping = True
            raise SupervisorError(f"{name} cannot run (exit {status}); what it said is above", status)
        now = time.monotonic()
        if status == 0 and not child.part.wanted():
            self._say(f"{name} has nothing to do")
            return
        if now - child.started_s >= STEADY_AFTER_S:
            child.pause_s = BACKOFF_FIRST_S
        child.retry_s = now + child.pause_s
        self._say(f"{name} ended ({_how(status)}); starting it again in {child.pause_s:g} s")
        child.pause_s = min(child.pause_s * 2, BACKOFF_MAX_S)

    def _pause_s(self) -> float:
        """The time until a restart is due; deaths and signals end the wait earlier."""
        now = time.monotonic()
        due = [
            max(child.retry_s, now + LOOK_S) if child.retry_s <= now else child.retry_s
            for child in self._children
            if child.process is None
        ]
        return max(0.0, min(due, default=now + 5.0) - now)

    @staticmethod
    def _wait(wake: socket.socket, seconds: float) -> None:
        select.select([wake], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            wake.recv(4096)

    def _end(self, wake: socket.socket) -> None:
        """SIGTERM to all; SIGKILL to the rest after `STOP_WITHIN_S` or a second signal."""
        deadline = time.monotonic() + STOP_WITHIN_S
        for child in self._alive():
            child.send_signal(signal.SIGTERM)
        while (left := self._alive()) and time.monotonic() < deadline and not self._hurry:
            self._wait(wake, min(0.2, max(0.0, deadline - time.monotonic())))
        for child in left:
            self._say(f"process {child.pid} did not end in time and is killed")
            child.kill()
        for child in left:
            child.wait()

    def _alive(self) -> list[subprocess.Popen[bytes]]:
        processes = [child.process for child in self._children]
        return [process for process in processes if process and process.poll() is None]


def _how(status: int) -> str:
    """An exit status in words: `exit 1` or `killed by SIGKILL`."""
    if status >= 0:
        return f"exit {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
