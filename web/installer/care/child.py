"""Runs a command of Gatehouse as a child of low priority, so that its memory and its work are not the web's."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

CHUNK_BYTES = 64 * 1024
NICE = 19
WORDS_MAX = 300


class ChildError(Exception):
    """The command failed; the message is its own last line."""


def run(data: Path, arguments: Sequence[str], timeout_s: float) -> None:
    """Run a command to its end; ChildError."""
    child = _start(data, arguments)
    try:
        _, errors = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise ChildError(f"it took longer than {timeout_s:.0f} s") from None
    if child.returncode:
        raise ChildError(_last_line(errors))


def output(data: Path, arguments: Sequence[str], line: str) -> Iterator[bytes]:
    """What a command writes to stdout, once it has begun; `line` goes to its stdin.

    ChildError before the first byte if it fails at once. A failure later ends the output with an error, so that the
    reader sees it is cut off.
    """
    child = _start(data, arguments)
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(f"{line}\n".encode())
        child.stdin.close()
    first = child.stdout.read1(CHUNK_BYTES)  # type: ignore[attr-defined]
    if not first:
        _end(child)
    return _rest(child, child.stdout, first)


def _rest(child: subprocess.Popen[bytes], stdout: IO[bytes], first: bytes) -> Iterator[bytes]:
    try:
        while first:
            yield first
            first = stdout.read(CHUNK_BYTES)
        _end(child)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        stdout.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Wait for the end; ChildError for a bad one."""
    errors = child.stderr.read() if child.stderr is not None else b""
    if child.wait():
        raise ChildError(_last_line(errors))


def _start(data: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gateway", *arguments, "--data", str(data)]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, close_fds=True)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.pid, NICE)
    return child


def _last_line(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return (lines[-1] if lines else "no reason was given")[:WORDS_MAX]
