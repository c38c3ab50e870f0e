"""TLS in front of the connections: one thread that carries bytes between encrypted sockets and plain pairs.

Each encrypted connection gets one end of a socket pair in the server, so that deadlines and places hold for it from
its first byte, the handshake included. What is not TLS on this port is carried as it is; the border sends it on to
https, or serves a program on this machine. Buffers are bounded in both directions.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.core.vocabulary.errors import GatehouseError

_log = logging.getLogger(__name__)

HELD_MAX_BYTES = 64 * 1024
_STEP_BYTES = 16 * 1024
_HANDSHAKE = 0x16
_LINGER_S = 3.0
_POLL_S = 1.0
_WAITS = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


class CertificateError(GatehouseError):
    """A certificate or key that cannot be used."""

    code = "settings_invalid"


class Certificate:
    """The TLS settings with a certificate from files, which are read again when they change. Thread-safe."""

    def __init__(self, cert: Path, key: Path) -> None:
        self._cert, self._key = cert, key
        self._stamp = self._now()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._load()

    def refresh(self) -> None:
        """Read the files again if they have changed; new ones that cannot be used leave the certificate as it is."""
        stamp = self._now()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._load()
            _log.info("the certificate %s was read again", self._cert)
        except CertificateError as error:
            _log.error("%s; the one before stays in use", error)

    def _load(self) -> None:
        try:
            # A wrong pair must not leave half of it in the settings that are in use.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._cert, self._key, password="")
            self.context.load_cert_chain(self._cert, self._key, password="")
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
            raise CertificateError(
                f"gateway.http.tls: {self._cert} and {self._key} cannot be used ({words}); give a certificate in PEM"
                " and its own private key without a passphrase, both readable for the web process"
            ) from None

    def _now(self) -> tuple[Any, ...]:
        found = []
        for path in (self._cert, self._key):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_ino, status.st_size))
        return tuple(found)


class Tls:
    """The thread that encrypts."""

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate
        self._selector = selectors.DefaultSelector()
        self._new: deque[_Pipe] = deque()
        self._pipes: set[_Pipe] = set()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tls", daemon=True)
        self._thread.start()

    def carry(self, connection: socket.socket, plain: socket.socket, is_plain: Callable[[], None]) -> None:
        """Carry bytes between an encrypted connection and its plain end; `is_plain` is called if it is not TLS."""
        connection.setblocking(False)
        plain.setblocking(False)
        self._new.append(_Pipe(connection, plain, self.certificate.context, is_plain))
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"\0")

    def stop(self, within_s: float) -> None:
        """Send what is held and end."""
        self._stopping.set()
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"\0")
        self._thread.join(within_s)

    def _run(self) -> None:
        ends_s = 0.0
        while not self._stopping.is_set() or (self._pipes and time.monotonic() < ends_s):
            ready = self._selector.select(_POLL_S if not self._stopping.is_set() else 0.05)
            if self._stopping.is_set():
                ends_s = ends_s or time.monotonic() + 1.0
            for key, _ in ready:
                if isinstance(key.data, _Pipe):
                    self._turn(key.data)
                else:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_read, 4096)
            while self._new:
                pipe = self._new.popleft()
                self._pipes.add(pipe)
                self._turn(pipe)
            now_s = time.monotonic()
            for pipe in [one for one in self._pipes if one.ends_s is not None and one.ends_s < now_s]:
                self._close(pipe)
        for pipe in list(self._pipes):
            self._close(pipe)

    def _turn(self, pipe: _Pipe) -> None:
        if pipe not in self._pipes:
            return
        try:
            pipe.carry()
            done = pipe.done
        except OSError:
            done = True
        except Exception:
            _log.exception("a TLS connection failed")
            done = True
        if done:
            self._close(pipe)
        else:
            pipe.register(self._selector)

    def _close(self, pipe: _Pipe) -> None:
        self._pipes.discard(pipe)
        pipe.close(self._selector)


class _Pipe:
    """One connection: its encrypted socket, its plain end, and what is on the way between them."""

    def __init__(
        self, client: socket.socket, plain: socket.socket, context: ssl.SSLContext, is_plain: Callable[[], None]
    ) -> None:
        self._client: socket.socket = client
        self._plain = plain
        self._context = context
        self._is_plain = is_plain
        self._known = self._shaken = False
        self._wants_write = False
        self._inward, self._outward = bytearray(), bytearray()
        self._client_ended = self._plain_ended = self._said_end = False
        self.ends_s: float | None = None

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self._said_end and self._client_ended

    def carry(self) -> None:
        """Carry bytes as far as it goes without waiting; OSError when the connection is over."""
        self._wants_write = False
        if not self._shaken:
            self._watch_plain()
        if not self._known and not self._recognise():
            return
        if not self._shaken:
            try:
                self._client.do_handshake()  # type: ignore[attr-defined]
            except _WAITS as wait:
                self._wants_write = isinstance(wait, ssl.SSLWantWriteError)
                return
            self._shaken = True
        moved = True
        while moved:
            moved = self._read_client() | self._write_plain() | self._read_plain() | self._write_client()
        self._end()

    def register(self, selector: selectors.BaseSelector) -> None:
        """Wait for what can go on."""
        reads = not self._client_ended and len(self._inward) < HELD_MAX_BYTES
        _wait(selector, self._client, self, reads, self._wants_write or (self._shaken and bool(self._outward)))
        inward = self._shaken and not self._plain_ended and len(self._outward) < HELD_MAX_BYTES
        # Before the handshake is done, only its end is of interest: the server has given the connection up.
        _wait(selector, self._plain, self, inward or not self._shaken, bool(self._inward))

    def close(self, selector: selectors.BaseSelector) -> None:
        """Close both sockets."""
        for one in (self._client, self._plain):
            with contextlib.suppress(KeyError, ValueError):
                selector.unregister(one)
            with contextlib.suppress(OSError):
                one.close()

    def _recognise(self) -> bool:
        """Look at the first byte: TLS begins with a handshake record."""
        try:
            first = self._client.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        if not first:
            raise ConnectionResetError
        self._known = True
        if first[0] == _HANDSHAKE:
            self._client = self._context.wrap_socket(
                self._client, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
            )
        else:
            self._shaken = True
            self._is_plain()
        return True

    def _watch_plain(self) -> None:
        """OSError if the server has closed its end."""
        with contextlib.suppress(BlockingIOError):
            if not self._plain.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError

    def _read_client(self) -> bool:
        if self._client_ended or len(self._inward) >= HELD_MAX_BYTES:
            return False
        try:
            data = self._client.recv(_STEP_BYTES)
        except _WAITS:
            return False
        self._client_ended = not data
        self._inward += data
        return True

    def _write_plain(self) -> bool:
        if not self._inward:
            return False
        try:
            sent = self._plain.send(self._inward)
        except BlockingIOError:
            return False
        del self._inward[:sent]
        return sent > 0

    def _read_plain(self) -> bool:
        if self._plain_ended or len(self._outward) >= HELD_MAX_BYTES:
            return False
        try:
            data = self._plain.recv(_STEP_BYTES)
        except BlockingIOError:
            return False
        self._plain_ended = not data
        self._outward += data
        return True

    def _write_client(self) -> bool:
        if not self._outward:
            return False
        try:
            sent = self._client.send(self._outward)
        except _WAITS:
            return False
        del self._outward[:sent]
        return sent > 0

    def _end(self) -> None:
        """Pass an end on to the other side once all is sent."""
        if self._client_ended and not self._inward:
            with contextlib.suppress(OSError):
                self._plain.shutdown(socket.SHUT_WR)
        if self._plain_ended and not self._outward and not self._said_end:
            self._said_end = True
            self.ends_s = time.monotonic() + _LINGER_S
            with contextlib.suppress(OSError, ValueError):
                if isinstance(self._client, ssl.SSLSocket):
                    self._client.unwrap()
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_WR)


def _wait(selector: selectors.BaseSelector, one: socket.socket, pipe: _Pipe, reads: bool, writes: bool) -> None:
    events = (selectors.EVENT_READ if reads else 0) | (selectors.EVENT_WRITE if writes else 0)
    try:
        known = selector.get_key(one)
    except KeyError:
        if events:
            selector.register(one, events, pipe)
        return
    if not events:
        selector.unregister(one)
    elif known.events != events:
        selector.modify(one, events, pipe)
