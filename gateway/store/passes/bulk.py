"""An import of a pass list in a child process, so that it neither delays a decision nor grows the engine.

`import_file` starts `python -m gateway.store.passes.bulk`, which does the work and prints JSON lines: progress, and at
the end the result or the error. The list is read in a process of that one's own (`feed`). Both have bounds for memory,
processor time and files, so that no list harms the machine, and both end when their parent is gone. The caller holds
the directory's lock and lets nothing else write to the registry meanwhile.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.vocabulary.errors import GatehouseError, StorageError
from gateway.store.files import free_bytes
from gateway.store.passes.feed import Failed, Feed, be_modest
from gateway.store.passes.files.reading import BadRow, HowToRead
from gateway.store.passes.imports import Import, RemovesManyError
from gateway.store.passes.registry import ImportResult, PassRegistry

SPARE_BYTES = 32_000_000
"""An import leaves this much of the disk free, beside what it needs to end."""


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


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    rows: int = 0
    result: Imported | None = None
    failed: Failed | None = None


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
                raise line.failed.error(RemovesManyError)
            if progress is not None:
                progress(line.rows)
    raise StorageError(
        f"the import of {file.name} ended in the middle (exit code {child.returncode}); nothing was imported, try again"
    )


# ---- in the child ------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """The child: REGISTRY FILE OPTIONS, the last as JSON."""
    registry, file, options = arguments
    be_modest()
    try:
        result = _work(Path(registry), Path(file), msgspec.json.decode(options, type=ImportOptions))
    except (GatehouseError, MemoryError) as error:
        _say(_Line(failed=Failed.of(error, Path(file).name)))
        return 1
    _say(_Line(result=result))
    return 0


def _work(registry: Path, file: Path, options: ImportOptions) -> Imported:
    passes = PassRegistry(registry, writer=True)
    how = HowToRead(encoding=options.encoding, sheet=options.sheet, all_rows=options.dry_run)
    source = Feed(file, how)
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
        names=source.told.samples,
        notes=(*source.told.notes, *map(str, made[0].shared)),
        refused=source.told.bad_count,
        rows=source.told.bad,
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
