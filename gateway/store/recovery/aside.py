"""Sets an unusable database aside, whole and under its own name, and puts a new one in its place.

Nothing is destroyed, also by a power cut or kill at any moment. First the new database is finished, under the old one's
later name with `.next`. Then the old main file is moved (what is left is then no database), then its WAL, then the new
file. At a start `finish` completes an interrupted move. Each step is durable before the next one.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Literal

import apsw

from gateway.core.vocabulary.errors import DamagedError, GatehouseError
from gateway.store.files import sync_directory
from gateway.store.recovery.look import found_of
from gateway.store.recovery.table import Store, Treatment, treatment
from gateway.store.sqlite.database import open_writer, storage_errors
from gateway.store.sqlite.migrations import Schema
from gateway.store.times import NS_PER_S

log = logging.getLogger(__name__)

_WITH_IT = ("-wal", "-shm", "-journal")
_NEXT, _MAKING = ".next", ".making"


def beside(path: Path, suffix: str) -> Path:
    """The file that belongs to a database."""
    return path.with_name(path.name + suffix)


def aside_of(path: Path, wall_ns: int) -> Path:
    """A free file name such as `journal-damaged-20261122T020000Z.db`."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(wall_ns // NS_PER_S))
    found, number = path.with_name(f"{path.stem}-damaged-{stamp}.db"), 1
    while found.exists() or beside(found, _NEXT).exists():
        number += 1
        found = path.with_name(f"{path.stem}-damaged-{stamp}-{number}.db")
    return found


def open_or_begin(path: Path, schema: Schema, *, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> apsw.Connection:
    """Open a small side database; a damaged one is set aside, and an empty one made."""
    try:
        return _sound(path, schema, synchronous)
    except GatehouseError as error:
        if treatment(Store.SIDE, found_of(error)) is not Treatment.BEGIN_EMPTY:
            raise
        old = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
        move(path, old)
        log.warning("%s; it is now %s, and an empty one is begun", error, old.name)
        return _sound(path, schema, synchronous)


def _sound(path: Path, schema: Schema, synchronous: Literal["FULL", "NORMAL"]) -> apsw.Connection:
    db = open_writer(path, schema, synchronous=synchronous)
    try:
        with storage_errors(path):
            found = db.pragma("quick_check")
        if found != "ok":
            raise DamagedError(f"{path} is damaged ({found})")
    except BaseException:
        db.close()
        raise
    return db


def making(aside: Path) -> Path:
    """The path for the new database; leftovers of an interrupted attempt are deleted."""
    path = beside(aside, _MAKING)
    for suffix in ("", *_WITH_IT):
        beside(path, suffix).unlink(missing_ok=True)
    return path


def made(aside: Path) -> None:
    """Pack the finished and closed new database into one file, durably."""
    path = beside(aside, _MAKING)
    with storage_errors(path):
        db = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            db.pragma("synchronous", "FULL")
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            db.close()
    for suffix in _WITH_IT:
        beside(path, suffix).unlink(missing_ok=True)
    path.replace(beside(aside, _NEXT))
    sync_directory(path.parent)


def move(path: Path, aside: Path) -> None:
    """Rename a database with its WAL; an existing file of that name is replaced."""
    for suffix in ("", *_WITH_IT):
        if beside(path, suffix).exists():
            beside(path, suffix).replace(beside(aside, suffix))
        if not suffix:
            sync_directory(path.parent)
    sync_directory(path.parent)


def swap(path: Path, aside: Path) -> None:
    """Move the old database aside and the new one into its place."""
    move(path, aside)
    beside(aside, _NEXT).rename(path)
    sync_directory(path.parent)


def finish(path: Path) -> None:
    """Complete an interrupted move; delete the preparation of one that had not begun."""
    for fresh in sorted(path.parent.glob(f"{path.stem}-damaged-*.db{_NEXT}")):
        if path.exists():
            fresh.unlink()
        else:
            swap(path, fresh.with_name(fresh.name.removesuffix(_NEXT)))
    for left in path.parent.glob(f"{path.stem}-damaged-*.db{_MAKING}*"):
        left.unlink()
