"""Makes a backup of a data directory that may be in use.

The order makes it consistent without holding anything up: settings and secrets, then what follows the journal (the
cursors of web and uplink, the projections), then the journal, so that none of them is ahead of it; then the passes,
which are changed before their row is written, and the pictures, which are stored before theirs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import msgspec

from gateway.backup import chunks
from gateway.backup.databases import record_database, record_journal
from gateway.backup.files import files_of
from gateway.backup.records import About, Contents, Item, Recorder
from gateway.store.directory import DataDirectory
from gateway.store.files import new_file
from gateway.store.sqlite.migrations import Schema
from gateway.store.sqlite.schemas import REGISTRY, STATE

SESSIONS = frozenset({"session", "draft"})
"""Tables of `web.db` that stay behind."""
_READ_BYTES = 64 * 1024
Progress = Callable[[int, int], Any]


class Side(msgspec.Struct, frozen=True):
    """The schemas of the databases that uplink and web own."""

    uplink: Schema
    web: Schema


def take(
    directory: DataDirectory,
    about: About,
    side: Side,
    file: Path,
    *,
    passphrase: str = "",
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[Contents, int]:
    """Write the backup; returns what is in it and its size. BackupError, StorageError; then there is no file."""
    with new_file(file, force) as opened:
        return pour(directory, about, side, opened, passphrase, progress=progress)


def pour(
    directory: DataDirectory,
    about: About,
    side: Side,
    to: IO[bytes],
    passphrase: str,
    *,
    progress: Progress | None = None,
) -> tuple[Contents, int]:
    """Write the backup into what is open, from its first byte to its last; a reader finds one that is cut off."""
    total = sum(path.stat().st_size for path in _databases(directory)) // 1024
    writer = chunks.Writer(to, passphrase)
    out = Recorder(writer, about)

    def told() -> None:
        if progress is not None:
            progress(min(out.written // 1024, total), total)

    _record(out, directory, side, told)
    manifest = out.close()
    writer.close()
    return Contents(about, manifest), writer.size


def _databases(directory: DataDirectory) -> list[Path]:
    found = (directory.web, directory.uplink, directory.state, directory.journal, directory.registry)
    return [path for path in found if path.exists()]


def _record(out: Recorder, directory: DataDirectory, side: Side, told: Callable[[], None]) -> None:
    _record_files(out, directory.path, media=False, told=told)
    before = (
        ("web.db", directory.web, side.web, SESSIONS),
        ("uplink.db", directory.uplink, side.uplink, frozenset[str]()),
        ("state.db", directory.state, STATE, frozenset[str]()),
    )
    for name, path, schema, left_out in before:
        if path.exists():
            record_database(out, name, path, schema, left_out, told)
    record_journal(out, "journal.db", directory.journal, told)
    record_database(out, "registry.db", directory.registry, REGISTRY, told=told)
    _record_files(out, directory.path, media=True, told=told)


def _record_files(out: Recorder, data: Path, *, media: bool, told: Callable[[], None]) -> None:
    for name, path in files_of(data, media=media):
        try:
            opened = path.open("rb")
        except FileNotFoundError:
            continue  # it went since the folder was read
        with opened:
            out.item(Item(name, "file", mode=os.fstat(opened.fileno()).st_mode & 0o777))
            while content := opened.read(_READ_BYTES):
                out.data(content)
                told()
            out.end()
