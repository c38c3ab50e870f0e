"""The demo's line to central: a real broker behind a switch that cuts the TCP connection.

The gateway connects to the switch, spectators connect to the broker itself. `cut` resets every connection and refuses
new ones, like a pulled cable at the next router; `mend` listens again. The switch follows a small file, so that another
command can set it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

_LOOK_S = 0.2
_START_S = 20.0
_CHUNK = 1 << 16


def free_port() -> int:
    """A free TCP port."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Broker:
    """A mosquitto on a free port, without persistence."""

    def __init__(self, folder: Path, program: str) -> None:
        self.port = free_port()
        self._program = program
        self._config = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def program() -> str | None:
        """The path of mosquitto; None if it is not installed."""
        return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

    def start(self) -> None:
        """Start it and wait until it listens; OSError if it does not."""
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "persistence false", "log_type error"]
        if os.geteuid() == 0:
            lines.append("user root")  # a change of user would undo "die with the demo"
        self._config.write_text("\n".join(lines) + "\n")
        argv = [sys.executable, "-c", _EXEC, str(os.getpid()), self._program, "-c", str(self._config)]
        # Its own session, so that Ctrl-C ends it last and the gateway can still disconnect.
        with self._config.with_suffix(".log").open("wb") as log:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_S
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise OSError(f"{self._program} does not start: {self._config.with_suffix('.log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


# Executes the program, which then dies with the demo (prctl(2), PR_SET_PDEATHSIG = 1).
_EXEC = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15, 0, 0, 0);"
    "os.getppid() == int(sys.argv[1]) and os.execv(sys.argv[2], sys.argv[2:])"
)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


class Switch:
    """Forwards `port` to a target while its file says `on`."""

    def __init__(self, target: int, control: Path) -> None:
        self.port = free_port()
        self._target = target
        self._control = control
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo line", daemon=True)

    def start(self) -> None:
        """Forward, in a thread of its own."""
        set_line(self._control, True)
        self._thread.start()

    def stop(self) -> None:
        """Cut everything and end."""
        self._done.set()
        self._thread.join(2)

    def _run(self) -> None:
        asyncio.run(self._follow())

    async def _follow(self) -> None:
        while not self._done.is_set():
            wanted = line_is_on(self._control)
            if wanted and self._server is None:
                await self._mend()
            elif not wanted and self._server is not None:
                self._cut()
            await asyncio.sleep(_LOOK_S)
        self._cut()

    async def _mend(self) -> None:
        with contextlib.suppress(OSError):
            self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)

    def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        if self._server is None:  # cut while this connection was being made
            for one in (writer, far_writer):
                one.transport.abort()
            return
        self._open |= {writer, far_writer}
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            for one in (writer, far_writer):
                self._open.discard(one)
                one.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy bytes one way until either end is closed, then close the other too."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()


def set_line(control: Path, on: bool) -> None:
    """Set the switch of a demo, running or not."""
    control.write_text("on\n" if on else "off\n")


def line_is_on(control: Path) -> bool:
    """The state of the switch; on by default."""
    try:
        return control.read_text().strip() != "off"
    except OSError:
        return True
