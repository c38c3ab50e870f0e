"""Simulated boards for the driver `modbus`: unit 1, a generic board, on a serial line or on TCP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.base import StandIn
from drivers.sim.board import RtuBoards, TcpBoards

POLL_MS = 10


@contextmanager
def on_serial(path: Path) -> Iterator[StandIn]:
    """A board on a pseudo-terminal."""
    with RtuBoards(path) as boards:
        yield StandIn({"link": boards.link(), "poll_ms": POLL_MS}, boards.plug, boards.unplug)


@contextmanager
def on_tcp(path: Path) -> Iterator[StandIn]:  # noqa: ARG001
    """A board on Modbus TCP."""
    with TcpBoards() as boards:
        yield StandIn({"link": boards.link(), "poll_ms": POLL_MS}, boards.plug, boards.unplug)
