"""Importing a file of passes in a process of its own, at low priority.

A million rows keep an interpreter busy for many seconds and fill its memory; in the engine's process every decision
would wait for the interpreter lock meanwhile. The child reads the file, writes `registry.db` in one transaction and
tells on stdout, a JSON line each, how far it is and how it ended. When the engine dies it dies too; nothing is imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gateway.control.wire import encode, error_body, error_from
from gateway.core.errors import GatehouseError, RequestError
from gateway.engine.requests import PassesImport
from gateway.store.directory import DataDirectory
from gateway.store.registry import ImportResult, PassRegistry

NICE = 10
_PR_SET_PDEATHSIG = 1


class Importing:
    """The engine's side: starts the child and passes on what it tells."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def __call__(self, asked: PassesImport, progress: Callable[[int], None]) -> ImportResult:
        """All of the file's passes or none; blocks. PassError names the bad rows."""
        if not Path(asked.file).is_absolute():
            raise RequestError(f"file is {asked.file!r}; give an absolute path")
        command = [sys.executable, "-m", "gateway.engine.importing"]
        order = msgspec.json.encode({**msgspec.structs.asdict(asked), "data": str(self._data)})
        with subprocess.Popen([*command, order.decode()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for line in child.stdout:
                told = msgspec.json.decode(line)
                if "rows" in told:
                    progress(told["rows"])
                elif "error" in told:
                    raise error_from(told["error"])
                else:
                    return msgspec.convert(told["result"], ImportResult)
        raise GatehouseError("the import was cut off; nothing was imported, try again")


def main(order: str) -> int:
    """The child's side."""
    _die_with_parent()
    os.nice(NICE)
    asked = msgspec.json.decode(order)
    try:
        result = _import(asked)
    except GatehouseError as error:
        _tell(error=error_body(error))
        return 1
    except OSError as error:
        words = f"{asked['file']} cannot be read: {error.strerror}"
        _tell(error=error_body(RequestError(words)))
        return 1
    _tell(result=msgspec.structs.asdict(result))
    return 0


def _import(asked: dict[str, Any]) -> ImportResult:
    from gateway.store.passfile import read_passes

    registry = PassRegistry(DataDirectory(asked["data"]).registry, writer=True)
    with contextlib.closing(registry):
        return registry.import_passes(
            read_passes(Path(asked["file"])),
            asked["replace"],
            lambda rows: _tell(rows=rows),
            dry_run=asked["dry_run"],
        )


def _tell(**message: Any) -> None:
    sys.stdout.buffer.write(encode(message))
    sys.stdout.buffer.flush()


def _die_with_parent() -> None:
    """Get SIGKILL when the engine's importing thread ends, in whatever way (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
