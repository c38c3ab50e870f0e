"""A real control server on a real socket, with a handler that a test scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.control import Client, Responder, Server

Handler = Callable[[str, dict[str, Any], Responder], None]


@contextmanager
def serving(path: Path, handler: Handler, **bounds: Any) -> Iterator[Server]:
    """A server that runs in a thread until the block ends."""
    server = Server(path, handler, **bounds)
    server.open()
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive()


def echo(op: str, params: dict[str, Any], respond: Responder) -> None:
    """Answers with what was asked."""
    respond.result({"op": op, **params})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.sock"


@pytest.fixture
def client(path: Path) -> Client:
    return Client(path)
