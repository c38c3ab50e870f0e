"""A pass list read in a process of its own, beside the one that stores the passes: on two processors both work at once.

`Feed` starts `python -m gateway.store.passes.feed FILE HOW`, which reads the list and sends frames: passes, and at the
end what is to be said of the list. This process has bounds, opens nothing but the list, and ends with the one that
started it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from gateway.core.vocabulary.errors import DataDirectoryError, GatehouseError, PassError, StorageError
from gateway.store.passes.files.reading import BadRow, HowToRead, PassFile, PassFileError
from gateway.store.passes.rows import Batch, batches

MEMORY_MAX_BYTES = 400_000_000
"""Data of one process of an import; a list of a million passes as CSV takes a third of it."""
PROCESSOR_MAX_S = 900
FILES_MAX = 64
FILE_MAX_BYTES = 8_000_000_000
GARBAGE_LOOK = 100_000
"""Objects from one look for circles among them to the next: an import makes millions of objects and hardly a circle."""
PIPE_BYTES = 1 << 20
"""So that the reading process is a frame or two ahead; the most that Linux gives everybody."""

_NICE = 10
_LENGTH_BYTES = 4


class Failed(msgspec.Struct, frozen=True):
    """An error on its way to another process."""

    code: str
    message: str
    rows: tuple[BadRow, ...] = ()
    count: int = 0

    @classmethod
    def of(cls, error: Exception, name: str) -> Failed:
        """An error of ours, or too little memory."""
        if isinstance(error, PassFileError):
            return cls(error.code, name, error.rows, error.count)
        if isinstance(error, GatehouseError):
            return cls(error.code, str(error))
        words = "it needs more memory than an import has; save it as CSV UTF-8, or split it. Nothing was imported"
        return cls(PassFileError.code, f"{name}: {words}")

    def error(self, *more: type[GatehouseError]) -> GatehouseError:
        """The error that it was."""
        if self.count:
            return PassFileError(self.message, self.rows, self.count)
        kinds: tuple[type[GatehouseError], ...] = (PassError, StorageError, DataDirectoryError, *more)
        for kind in kinds:
            if kind.code == self.code:
                return kind(self.message)
        return GatehouseError(self.message, code=self.code)


class Told(msgspec.Struct, frozen=True):
    """What is to be said of a list that was read to its end."""

    samples: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bad: tuple[BadRow, ...] = ()
    bad_count: int = 0


class _Frame(msgspec.Struct, frozen=True, array_like=True):
    batch: Batch | None = None
    told: Told | None = None
    failed: Failed | None = None


class Feed:
    """The passes of a list by batches, to be read once; raises what `PassFile` raises. Afterwards `told` is set."""

    def __init__(self, path: Path, how: HowToRead) -> None:
        self._path = path
        self._command = [
            sys.executable,
            "-m",
            "gateway.store.passes.feed",
            str(path),
            msgspec.json.encode(how).decode(),
        ]
        self.told = Told()

    def __iter__(self) -> Iterator[Batch]:
        with subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, pipesize=PIPE_BYTES
        ) as child:
            assert child.stdout is not None
            try:
                yield from self._batches(child.stdout)
            finally:
                child.kill()

    def _batches(self, pipe: IO[bytes]) -> Iterator[Batch]:
        decode = msgspec.msgpack.Decoder(_Frame).decode
        while head := pipe.read(_LENGTH_BYTES):
            frame = decode(pipe.read(int.from_bytes(head, "big")))
            if frame.failed is not None:
                raise frame.failed.error()
            if frame.batch is None:
                self.told = frame.told or self.told
                return
            yield frame.batch
        raise PassError(f"{self._path.name} could not be read to its end: it takes too much memory or time; split it")


# ---- in the child ------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """The child: FILE HOW, the last as JSON."""
    path, how = arguments
    be_modest()
    try:
        _read(Path(path), msgspec.json.decode(how, type=HowToRead))
    except (GatehouseError, MemoryError) as error:
        _send(_Frame(failed=Failed.of(error, Path(path).name)))
        return 1
    return 0


def _read(path: Path, how: HowToRead) -> None:
    source = PassFile(path, how)
    for batch in batches(source):
        _send(_Frame(batch))
    _send(_Frame(told=Told(tuple(source.samples), tuple(source.notes), tuple(source.bad), source.bad_count)))


def _send(frame: _Frame) -> None:
    text = msgspec.msgpack.encode(frame)
    sys.stdout.buffer.write(len(text).to_bytes(_LENGTH_BYTES, "big") + text)
    sys.stdout.buffer.flush()


def be_modest() -> None:
    """Run at low priority and within bounds, and die with the process that started this one."""
    import ctypes
    import gc
    import os
    import resource
    import signal

    gc.set_threshold(GARBAGE_LOOK)
    os.nice(max(0, _NICE - os.nice(0)))
    for what, most in (
        (resource.RLIMIT_DATA, MEMORY_MAX_BYTES),
        (resource.RLIMIT_CPU, PROCESSOR_MAX_S),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_FSIZE, FILE_MAX_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (lowest, lowest))
    death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    ctypes.CDLL(None).prctl(death_signal, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
