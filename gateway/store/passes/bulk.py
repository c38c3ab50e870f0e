"""An import of many passes in a child process, so that it neither delays a decision nor grows the engine.

`import_file` starts `python -m gateway.store.passes.bulk`, which does the work and prints JSON lines: progress, and at
the end the result or the error. The caller holds the directory's lock and lets nothing else write to the registry
meanwhile. The child ends when its parent is gone.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from gateway.core.vocabulary.errors import DataDirectoryError, GatehouseError, PassError, StorageError
from gateway.store.passes.files.reading import BadRow, PassFileError, read_passes
from gateway.store.passes.registry import ImportResult, PassRegistry

_NICE = 10


class _Failed(msgspec.Struct, frozen=True):
    code: str
    message: str
    rows: tuple[BadRow, ...] = ()
    count: int = 0


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    rows: int = 0
    result: ImportResult | None = None
    failed: _Failed | None = None


def import_file(
    registry: Path,
    file: Path,
    *,
    replace: bool = False,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Import a pass list from a child process; raises what `read_passes` and `import_passes` raise."""
    command = [sys.executable, "-m", "gateway.store.passes.bulk", str(registry), str(file)]
    command += ["--replace"] * replace + ["--dry-run"] * dry_run
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for text in child.stdout:
            line = msgspec.json.decode(text, type=_Line)
            if line.result is not None:
                return line.result
            if line.failed is not None:
                raise _error(file, line.failed)
            if progress is not None:
                progress(line.rows)
    raise StorageError(
        f"the import of {file.name} ended in the middle (exit code {child.returncode}); nothing was imported, try again"
    )


def main(arguments: list[str]) -> int:
    """The child: REGISTRY FILE [--replace] [--dry-run]."""
    registry, file, *options = arguments
    _be_modest()
    try:
        result = _work(Path(registry), Path(file), "--replace" in options, "--dry-run" in options)
    except PassFileError as error:
        _say(_Line(failed=_Failed(error.code, str(error), error.rows, error.count)))
        return 1
    except GatehouseError as error:
        _say(_Line(failed=_Failed(error.code, str(error))))
        return 1
    _say(_Line(result=result))
    return 0


def _work(registry: Path, file: Path, replace: bool, dry_run: bool) -> ImportResult:
    passes = PassRegistry(registry, writer=True)
    try:
        return passes.import_passes(read_passes(file), replace, lambda rows: _say(_Line(rows=rows)), dry_run=dry_run)
    finally:
        passes.close()


def _say(line: _Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _be_modest() -> None:
    """Run at low priority, and die with the engine."""
    import ctypes
    import os
    import signal

    os.nice(_NICE)
    death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    ctypes.CDLL(None).prctl(death_signal, signal.SIGKILL)


def _error(file: Path, failed: _Failed) -> GatehouseError:
    if failed.count:
        return PassFileError(file.name, failed.rows, failed.count)
    for kind in (PassError, StorageError, DataDirectoryError):
        if kind.code == failed.code:
            return kind(failed.message)
    return GatehouseError(failed.message, code=failed.code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
