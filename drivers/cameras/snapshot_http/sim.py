"""A camera that serves pictures by HTTP, with Digest as cameras have it, and that can misbehave."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drivers.base import StandIn

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"
USERNAME, PASSWORD, REALM = "gate", "hush", "camera"
_PART = re.compile(r'(\w+)="?([^",]*)"?')
_PATIENCE_S = 10.0


class SnapshotCamera:
    """A server on the loopback interface; a context manager. The attributes may be changed at any time."""

    def __init__(self, picture: bytes = JPEG) -> None:
        self.picture = picture
        self.digest = True
        """Ask for Digest; False: the picture is for everybody."""
        self.nonce = "n1"
        """Another one makes answers to the one before stale."""
        self.answer: bytes | None = None
        """Sent instead of a picture, as it is."""
        self.pause_s = 0.0
        """Between the bytes of the answer; it never ends then."""
        self.asked = 0
        self._listener: socket.socket | None = None
        self.port = 0

    def __enter__(self) -> SnapshotCamera:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    @property
    def url(self) -> str:
        """The address of its picture."""
        return f"http://127.0.0.1:{self.port}/snap.jpg?channel=1"

    def plug(self) -> None:
        """It is on the network, at the same place."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True, name="sim-camera").start()

    def unplug(self) -> None:
        """It is gone."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), caller:
                caller.settimeout(_PATIENCE_S)
                self._answer(caller)

    def _answer(self, caller: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            chunk = caller.recv(4096)
            if not chunk:
                return
            request += chunk
        self.asked += 1
        for byte_or_all in self._pieces(self._reply(request.decode("latin-1"))):
            caller.sendall(byte_or_all)

    def _pieces(self, reply: bytes) -> Iterator[bytes]:
        if not self.pause_s:
            yield reply
            return
        for place in range(len(reply)):
            yield reply[place : place + 1]
            time.sleep(self.pause_s)

    def _reply(self, request: str) -> bytes:
        if self.digest and not self._may(request):
            asks = f'Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{self.nonce}", opaque="o"'
            return f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {asks}\r\nContent-Length: 0\r\n\r\n".encode()
        if self.answer is not None:
            return self.answer
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(self.picture)}\r\n\r\n"
        return head.encode() + self.picture

    def _may(self, request: str) -> bool:
        line = next((one for one in request.split("\r\n") if one.startswith("Authorization: Digest ")), "")
        told = dict(_PART.findall(line))
        if told.get("nonce") != self.nonce:
            return False
        key = _md5(f"{USERNAME}:{REALM}:{PASSWORD}")
        what = _md5(f"GET:{request.split(' ', 2)[1]}")
        return told.get("response") == _md5(f"{key}:{self.nonce}:{told['nc']}:{told['cnonce']}:auth:{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@contextmanager
def camera(path: Path) -> Iterator[StandIn]:  # noqa: ARG001
    """A camera that asks for a name and a password; it has no wire that is held open, so none that could be pulled."""
    with SnapshotCamera() as one:
        yield StandIn({"url": one.url, "username": USERNAME, "password": PASSWORD})
