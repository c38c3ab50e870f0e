"""The client of the control socket: one connection per call, so threads can share it and it survives the engine."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from gateway.control.wire import LINE_MAX_BYTES, address, decode, decode_as, encode, error_from
from gateway.core.vocabulary.errors import EngineUnreachableError, RequestError

T = TypeVar("T")

# A snapshot of a large site or a list of tokens may be longer than the bound of a request.
_ANSWER_MAX_BYTES = 16 * LINE_MAX_BYTES
UNREADABLE = "the engine's snapshot cannot be read"
_numbers = itertools.count(1)


class Client:
    """The engine behind `run/engine.sock`. Thread-safe; no connection between calls."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def call(
        self,
        op: str,
        timeout_s: float = 5.0,
        on_progress: Callable[[dict[str, Any]], None] | None = None,
        **params: Any,
    ) -> Any:
        """The result of an op; raises the error of the engine's code, or EngineUnreachableError.

        `timeout_s` bounds the wait for each line; an op that reports progress may take longer in all.
        """
        number = next(_numbers)
        line = encode({**params, "id": number, "op": op})
        if len(line) > LINE_MAX_BYTES:
            raise RequestError(f"the request has {len(line)} bytes, at most {LINE_MAX_BYTES} are taken; split it")
        with self._connected(timeout_s) as lines:
            lines.send(line)
            while True:
                answer = decode(lines.receive())
                if "progress" in answer:
                    if on_progress is not None:
                        on_progress(answer["progress"])
                elif answer.get("ok"):
                    return answer.get("result")
                else:
                    raise error_from(answer.get("error") or {})

    def state(self, of: type[T], timeout_s: float = 5.0) -> T:
        """The present snapshot, decoded to that type; RequestError if it is not of it."""
        try:
            return msgspec.convert(self.call("state", timeout_s), of)
        except msgspec.ValidationError as error:
            raise RequestError(f"{UNREADABLE}: {error}") from None

    def watch(self, of: type[T], timeout_s: float = 5.0) -> Iterator[T]:
        """Snapshots at each change, at least one a second, until EngineUnreachableError or until it is closed.

        `of`: what each is decoded to; RequestError if one is not of that type.
        """
        decoder: msgspec.json.Decoder[_Watched[T]] = msgspec.json.Decoder(_Watched[of])  # type: ignore[valid-type]
        with self._connected(timeout_s) as lines:
            lines.send(encode({"id": next(_numbers), "op": "watch"}))
            while True:
                message = decode_as(decoder, lines.receive(), UNREADABLE)
                if message.state is not UNSET:
                    yield message.state
                elif message.error is not UNSET:
                    raise error_from(message.error)

    @contextmanager
    def _connected(self, timeout_s: float) -> Iterator[_Lines]:
        """A connection; every failure is EngineUnreachableError."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(timeout_s)
                with address(self._path) as where:
                    sock.connect(where)
                yield _Lines(sock, timeout_s)
        except TimeoutError:
            raise EngineUnreachableError(f"the engine did not answer within {timeout_s:g} s; look at its log") from None
        except OSError as error:
            raise EngineUnreachableError(
                f"no engine answers at {self._path} ({error.strerror or error}); is the engine running?"
            ) from None


class _Watched(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """A line of the engine to a client that watches; its first one has neither key."""

    state: T | UnsetType = UNSET
    error: dict[str, Any] | UnsetType = UNSET


class _Lines:
    """Lines over a connected socket; each may take `timeout_s`."""

    def __init__(self, sock: socket.socket, timeout_s: float) -> None:
        self._sock = sock
        self._timeout_s = timeout_s
        self._buffer = bytearray()

    def send(self, line: bytes) -> None:
        self._sock.sendall(line)

    def receive(self) -> bytearray:
        """The next line, without its end."""
        deadline = time.monotonic() + self._timeout_s
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > _ANSWER_MAX_BYTES:
                raise EngineUnreachableError("the engine's answer has no end; are both the same version?")
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            chunk = self._sock.recv(1 << 16)
            if not chunk:
                raise EngineUnreachableError("the engine closed the connection; it stops or was overrun")
            self._buffer += chunk
        line = self._buffer[:end]
        del self._buffer[: end + 1]
        return line
