"""Looks at the stores as they are, without changing them, and names what it finds (`table.Found`).

The journal is looked at where the engine builds on it: the file, its schema, its id, the last row, a place for the next
row, and whether others (the projections, a central) have rows that it no longer has, or other ones. A disk that is
full, read-only, held or failing is no damage.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path

import apsw
import msgspec

from gateway.core.vocabulary.errors import DamagedError, DataDirectoryError, GatehouseError
from gateway.store.journal.proof import KnownHead, known_heads
from gateway.store.recovery.table import Found
from gateway.store.sqlite.database import open_as_it_is
from gateway.store.sqlite.migrations import Schema, version_of
from gateway.store.sqlite.schemas import JOURNAL, REGISTRY

UNREADABLE = (apsw.Error, UnicodeDecodeError, TypeError, ValueError)
"""What reading a damaged file may raise."""
_BAD_READS = frozenset(
    (apsw.SQLITE_IOERR_READ, apsw.SQLITE_IOERR_SHORT_READ, apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_CORRUPTFS)
)
_HASH = (
    "SELECT lower(hex(hash)) FROM rows WHERE sequence = ? UNION ALL SELECT lasthash FROM gaps WHERE last = ? LIMIT 1"
)
_PROBE = "INSERT INTO rows(sequence, wall_ns, mono_ns, type, subject, hash, text) VALUES(?, 0, 0, '', '', x'', '')"


class Finding(msgspec.Struct, frozen=True):
    """What a look says: in a word, in words for people; of a journal its id and last row, where they can be read."""

    found: Found
    error: str = ""
    journal: str = ""
    last: int = 0


def look_at_journal(journal: Path, state: Path, uplink: Path, unreadable: str = "") -> Finding:
    """What is found of the journal. `unreadable`: the error that reading rows behind the projections gave."""
    heads = known_heads(state, uplink)
    finding = _look(journal, JOURNAL, partial(_end_of_journal, heads=heads))
    if finding.found is not Found.SOUND:
        return finding
    known = max((one.head.sequence for one in heads if one.journal == finding.journal), default=0)
    if known > finding.last:
        error = f"it ends at row {finding.last} and had {known}"
        return Finding(Found.ROWS_GONE, error, finding.journal, known)
    if unreadable:
        return Finding(Found.ROW_UNREADABLE, unreadable, finding.journal, finding.last)
    return finding


def look_at_registry(registry: Path) -> Finding:
    """What is found of the pass registry."""
    return _look(registry, REGISTRY, _ends_of_passes)


def found_of(error: GatehouseError) -> Found:
    """What an error that opening a store gave says of it."""
    if isinstance(error, DamagedError):
        return Found.DAMAGED
    return Found.NEWER if isinstance(error, DataDirectoryError) else Found.OUT_OF_REACH


def says_nothing(journal: Path) -> bool:
    """True when a journal was begun and holds no row, in whatever schema; False when that cannot be found out."""
    try:
        db = open_as_it_is(journal)
        try:
            if not db.execute("SELECT count(*) FROM sqlite_schema").get:
                return True
            ours = db.pragma("application_id") == JOURNAL.application_id
            return bool(ours and not db.execute("SELECT EXISTS(SELECT 1 FROM rows)").get)
        finally:
            db.close()
    except apsw.Error:
        return False


def no_journal(path: Path) -> str:
    """Why a file can be no journal, damaged or not; empty when it may be one."""
    if not path.is_file():
        return "it is a folder" if path.is_dir() else "there is no such file"
    try:
        with closing(apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READONLY)) as db:
            return "" if version_of(db, JOURNAL, path) else "it is empty"
    except DamagedError:
        return "it is a database of something else"
    except apsw.NotADBError:
        return "it is no database, or its first page is damaged"
    except (DataDirectoryError, *UNREADABLE):
        return ""


def _look(path: Path, schema: Schema, look: Callable[[apsw.Connection], Finding]) -> Finding:
    """What `look` finds in a database that Gatehouse made."""
    if not path.exists():
        return Finding(Found.MISSING, "it is missing")
    try:
        db = open_as_it_is(path)
        try:
            if version_of(db, schema, path) == 0:
                return Finding(Found.EMPTY, "it is empty")
            return look(db)
        finally:
            db.close()
    except DamagedError as error:
        return Finding(Found.FOREIGN, str(error))
    except DataDirectoryError as error:
        return Finding(Found.NEWER, str(error))
    except UNREADABLE as error:
        return Finding(Found.DAMAGED, _words(error)) if _is_damage(error) else Finding(Found.OUT_OF_REACH, str(error))


def _end_of_journal(db: apsw.Connection, heads: Sequence[KnownHead]) -> Finding:
    journal = db.execute("SELECT value FROM meta WHERE key = 'journal'").get
    if not journal:
        return Finding(Found.NO_ID, "it has no id")
    last = 0
    try:
        row = db.execute(
            "SELECT sequence, hash, CAST(text AS BLOB) FROM rows ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        if row is not None:
            last, digest, text = row
            if sha256(text).digest() != digest:
                error = f"the text of its last row, {last}, was changed"
                return Finding(Found.LAST_ROW_CHANGED, error, str(journal), last)
        if error := _rewritten(db, [one for one in heads if one.journal == journal]):
            return Finding(Found.ROWS_REWRITTEN, error, str(journal), last)
        _try_writing(db, last + 1)
    except UNREADABLE as error:
        if not _is_damage(error):
            raise
        return Finding(Found.DAMAGED, _words(error), str(journal), last)
    return Finding(Found.SOUND, "", str(journal), last)


def _rewritten(db: apsw.Connection, heads: Iterable[KnownHead]) -> str:
    """What is wrong when a row is not the one that others know; a row that is not there is not compared."""
    for one in sorted(heads, key=lambda one: one.head.sequence):
        sequence, known = one.head.sequence, one.head.hash
        found = db.execute(_HASH, (sequence, sequence)).get
        if known and found is not None and found != known:
            return (
                f"its row {sequence} is not the one that {one.by} had: it or a row before it was written again;"
                f" the head of the true one is {sequence}:{known}"
            )
    return ""


def _try_writing(db: apsw.Connection, sequence: int) -> None:
    """Raise when the next row would not find its place; nothing of it stays."""
    try:
        db.execute("BEGIN IMMEDIATE")
        db.execute(_PROBE, (sequence,))
    except apsw.Error as error:
        if _is_damage(error):
            raise
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _ends_of_passes(db: apsw.Connection) -> Finding:
    for order in ("ASC", "DESC"):
        db.execute(f"SELECT number, document FROM passes ORDER BY number {order} LIMIT 1").fetchall()
        db.execute(f"SELECT * FROM credentials ORDER BY kind {order}, low {order}, value {order} LIMIT 1").fetchall()
    return Finding(Found.SOUND)


def _is_damage(error: Exception) -> bool:
    """True when the file is damaged; False when the disk is full, read-only, held or failing."""
    if isinstance(error, apsw.IOError):
        return getattr(error, "extendedresult", 0) in _BAD_READS
    return isinstance(error, apsw.CorruptError | apsw.NotADBError | apsw.SQLError) or not isinstance(error, apsw.Error)


def _words(error: Exception) -> str:
    return f"it is damaged ({error})"
