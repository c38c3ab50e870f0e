"""An import of a pass list in a child process, so that it neither delays a decision nor grows the engine.

`import_file` starts `python -m gateway.store.passes.bulk`, which does the work and prints JSON lines: progress, and at
the end the result or the error. The child has bounds for its memory, processor time and files, so that no list harms
the machine, and it ends when its parent is gone. The caller holds the directory's lock and lets nothing else write to
the registry meanwhile.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.vocabulary.errors import DataDirectoryError, GatehouseError, PassError, StorageError
from gateway.store.files import free_bytes
from gateway.store.passes.files.reading import BadRow, HowToRead, PassFile, PassFileError
from gateway.store.passes.imports import Import, RemovesManyError
from gateway.store.passes.registry import ImportResult, PassRegistry

MEMORY_MAX_BYTES = 400_000_000
"""Data of the child; a list of a million passes as CSV takes a third of it."""
PROCESSOR_MAX_S = 900
FILES_MAX = 64
FILE_MAX_BYTES = 8_000_000_000
SPARE_BYTES = 32_000_000
"""An import leaves this much of the disk free, beside what it needs to end."""

_NICE = 10


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of an import.

    `replace` removes the passes that the list does not name; `remove_many` is the extra word without which that may be
    a tenth of them at most. `encoding` and `sheet`: of the file, "" to find them.
    """

    replace: bool = False
    dry_run: bool = False
    remove_many: bool = False
    encoding: str = ""
    sheet: str = ""


class Imported(ImportResult, frozen=True):
    """The result of an import: also how many passes there were before, a few names, and what is worth a look.

    `refused` rows are only in a dry run; `rows` are the first of them.
    """

    before: int = 0
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: int = 0
    rows: tuple[BadRow, ...] = ()

    def figures(self) -> dict[str, Any]:
        """What the journal gets: nothing personal."""
        return {name: getattr(self, name) for name in ImportResult.__struct_fields__}


class _Failed(msgspec.Struct, frozen=True):
    code: str
    message: str
    rows: tuple[BadRow, ...] = ()
    count: int = 0


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    rows: int = 0
    result: Imported | None = None
    failed: _Failed | None = None


def import_file(
    registry: Path,
    file: Path,
    options: ImportOptions | None = None,
    *,
    progress: Callable[[int], None] | None = None,
    dry_run: bool = False,
) -> Imported:
    """Import a pass list from a child process; raises what `PassFile` and `import_passes` raise."""
    asked = msgspec.json.encode(options or ImportOptions(dry_run=dry_run)).decode()
    command = [sys.executable, "-m", "gateway.store.passes.bulk", str(registry), str(file), asked]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
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


# ---- in the child ------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """The child: REGISTRY FILE OPTIONS, the last as JSON."""
    registry, file, options = arguments
    _be_modest()
    try:
        result = _work(Path(registry), Path(file), msgspec.json.decode(options, type=ImportOptions))
    except PassFileError as error:
        return _fail(_Failed(error.code, str(error), error.rows, error.count))
    except GatehouseError as error:
        return _fail(_Failed(error.code, str(error)))
    except MemoryError:
        words = "it needs more memory than an import has; save it as CSV UTF-8, or split it. Nothing was imported"
        return _fail(_Failed(PassFileError.code, f"{Path(file).name}: {words}"))
    _say(_Line(result=result))
    return 0


def _work(registry: Path, file: Path, options: ImportOptions) -> Imported:
    passes = PassRegistry(registry, writer=True)
    how = HowToRead(encoding=options.encoding, sheet=options.sheet, all_rows=options.dry_run)
    source = PassFile(file, how)
    made: list[Import] = []

    def run(one: Import) -> ImportResult:
        made.append(one)
        return one.run(source, options.replace, options.dry_run, options.remove_many)

    def told(rows: int) -> None:
        _leave_room(registry)
        _say(_Line(rows=rows))

    try:
        result = passes.importing(run, told)
    finally:
        passes.close()
    return Imported(
        **msgspec.structs.asdict(result),
        before=made[0].before,
        names=tuple(source.samples),
        notes=(*source.notes, *map(str, made[0].shared)),
        refused=source.bad_count,
        rows=tuple(source.bad),
    )


def _leave_room(registry: Path) -> None:
    """StorageError before the disk is so full that the journal suffers: what is in the WAL is written once more."""
    wal = registry.with_name(f"{registry.name}-wal")
    needed = SPARE_BYTES + (wal.stat().st_size if wal.exists() else 0)
    free = free_bytes(registry)
    if free is not None and free < needed:
        raise StorageError(f"the disk has only {free // 1_000_000} MB left; nothing was imported, free some space")


def _say(line: _Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _fail(failed: _Failed) -> int:
    _say(_Line(failed=failed))
    return 1


def _be_modest() -> None:
    """Run at low priority and within bounds, and die with the engine."""
    import ctypes
    import os
    import resource
    import signal

    os.nice(_NICE)
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


def _error(file: Path, failed: _Failed) -> GatehouseError:
    if failed.count:
        return PassFileError(file.name, failed.rows, failed.count)
    for kind in (PassError, StorageError, DataDirectoryError, RemovesManyError):
        if kind.code == failed.code:
            return kind(failed.message)
    return GatehouseError(failed.message, code=failed.code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
