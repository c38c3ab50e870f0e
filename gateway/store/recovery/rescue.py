"""Is the journal sound at its end, and what is saved of one that is not before it is set aside.

A gate must open at two in the morning whatever a worn card has done to its records. So the engine's start looks at what
it is going to build on: the file, its schema, the last row, a place for the next one, and whether rows are gone that
others have had already (the projections, a central). Damage in the middle does not stop a gate and is left to
`gatehouse verify`. A damaged journal goes aside (`store.aside`), whole, and another one with an id of its own begins,
since no two events may ever share an id. What the old one still tells is brought into the projections first, row by
row as far as the chain holds; they carry over, and the first row of the new journal says what is known of lanes and
alarms, so that it stands for itself.

A disk that is full, read-only or held by somebody is no damage: that passes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from gateway.core.vocabulary.errors import DamagedError, JournalBrokenError
from gateway.store.journal.queries import last_gap
from gateway.store.journal.reader import StoredRow
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import CATCH_UP_ROWS, State
from gateway.store.projections.table import predecessor
from gateway.store.recovery import aside
from gateway.store.sqlite.database import open_as_it_is, peek
from gateway.store.sqlite.migrations import Schema, version_of
from gateway.store.sqlite.schemas import JOURNAL, NO_HASH, REGISTRY

log = logging.getLogger(__name__)

_BAD_READS = frozenset(
    (apsw.SQLITE_IOERR_READ, apsw.SQLITE_IOERR_SHORT_READ, apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_CORRUPTFS)
)
_MOST_BEHIND = 1000
_BROKEN = (apsw.Error, UnicodeDecodeError, TypeError, ValueError)
"""What reading a damaged file may raise."""
_PROBE = "INSERT INTO rows(sequence, wall_ns, mono_ns, type, subject, hash, text) VALUES(?, 0, 0, '', '', x'', '')"


_Found = TypeVar("_Found")


class Damage(msgspec.Struct, frozen=True):
    """What is wrong with a journal; its id, empty when that cannot be read; rows that are known to have been in it."""

    error: str
    journal: str = ""
    last: int = 0


class Loss(msgspec.Struct, frozen=True):
    """A journal that is going aside, and what is known of it.

    `last`: the last row that the projections have. `lanes`: whose last rows they do not have, None when it may be any.
    `blank`: nothing at all is known. `unsure`: nobody can tell whether more rows were there. `marks` and `alarms`: what
    stands of lanes and alarms.
    """

    error: str
    file: str
    journal: str
    last: int
    lanes: frozenset[str] | None
    blank: bool
    unsure: bool
    marks: list[dict[str, Any]]
    alarms: list[dict[str, Any]]


class _Behind(msgspec.Struct, frozen=True):
    """Rows that are there and cannot be applied: whose lanes they are about (None: any), and the last of them."""

    lanes: frozenset[str] | None
    last: int


class Place(msgspec.Struct, frozen=True):
    """The files that know of the journal's rows."""

    journal: Path
    state: Path
    uplink: Path


# ---- is it sound? ------------------------------------------------------------------------------------------------


def damage_of(place: Place, met: str = "") -> Damage | None:
    """What keeps the engine from building on its journal, if anything; `met` is what it has met elsewhere in it.

    Raises DataDirectoryError when the journal is of a newer version.
    """
    found = _looked_at(place.journal, JOURNAL, _end_of)
    if isinstance(found, str):
        return Damage(found)
    if found is None or found.error:
        return found
    known = _known_elsewhere(place, found.journal)
    if known > found.last:
        return Damage(f"it ends at row {found.last} and had {known}", found.journal, known)
    return Damage(met, found.journal, found.last) if met else None


def registry_damage(path: Path) -> str:
    """What keeps the engine from asking its pass registry, in words; empty for nothing."""
    found = _looked_at(path, REGISTRY, _ends_of_passes)
    return found if isinstance(found, str) else ""


def _looked_at(path: Path, schema: Schema, look: Callable[[apsw.Connection], _Found]) -> _Found | str | None:
    """What `look` finds in a database that is left as it is; words when it is damaged; None when it is out of reach."""
    if not path.exists():
        return "it is missing"
    try:
        db = open_as_it_is(path)
        try:
            if version_of(db, schema, path) == 0:
                return "it is empty"
            return look(db)
        finally:
            db.close()
    except DamagedError as error:
        return str(error)
    except _BROKEN as error:
        return _words(error) if _is_damage(error) else None


def _end_of(db: apsw.Connection) -> Damage:
    journal = db.execute("SELECT value FROM meta WHERE key = 'journal'").get
    if not journal:
        return Damage("it has no id")
    last = 0
    try:
        found = db.execute(
            "SELECT sequence, hash, CAST(text AS BLOB) FROM rows ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        if found is not None:
            last, digest, text = found
            if sha256(text).digest() != digest:
                return Damage(f"the text of its last row, {last}, was changed", str(journal), last)
        _try_writing(db, last + 1)
    except _BROKEN as error:
        if not _is_damage(error):
            raise
        return Damage(_words(error), str(journal), last)
    return Damage("", str(journal), last)


def _try_writing(db: apsw.Connection, sequence: int) -> None:
    """Whether the next row would find its place; nothing of it stays."""
    try:
        db.execute("BEGIN IMMEDIATE")
        db.execute(_PROBE, (sequence,))
    except apsw.Error as error:
        if _is_damage(error):
            raise
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _ends_of_passes(db: apsw.Connection) -> str:
    for order in ("ASC", "DESC"):
        db.execute(f"SELECT number, document FROM passes ORDER BY number {order} LIMIT 1").fetchall()
        db.execute(f"SELECT * FROM credentials ORDER BY kind {order}, low {order}, value {order} LIMIT 1").fetchall()
    return ""


def _is_damage(error: Exception) -> bool:
    """Whether the file is damaged; else the disk is full, read-only, or somebody holds it."""
    if isinstance(error, apsw.IOError):
        return getattr(error, "extendedresult", 0) in _BAD_READS
    return isinstance(error, apsw.CorruptError | apsw.NotADBError | apsw.SQLError) or not isinstance(error, apsw.Error)


def _words(error: Exception) -> str:
    return f"it is damaged ({error})"


def _known_elsewhere(place: Place, journal: str) -> int:
    """The last row of that journal that others have had, 0 when they do not know it."""
    told = peek(place.uplink, "SELECT consumer, sequence FROM cursor WHERE journal = ?", journal) or []
    meta = dict(peek(place.state, "SELECT key, value FROM meta WHERE key IN ('journal', 'sequence')") or [])
    applied = int(meta.get("sequence") or 0) if meta.get("journal") == journal else 0
    return max([applied, *(int(sequence) for _, sequence in told)])


# ---- setting aside -----------------------------------------------------------------------------------------------


def set_journal_aside(
    place: Place, damage: Damage, tell: Callable[[Loss], Iterable[Row]], source: str, boot_id: str, wall_ns: int
) -> Loss:
    """Save what can be known, and put a new journal in the place of the damaged one, begun with the rows of `tell`."""
    file = aside.aside_of(place.journal, wall_ns)
    loss = _saved(place, damage, file.name)
    journal = Journal.create(aside.making(file), source=source, boot_id=boot_id)
    try:
        journal.append(list(tell(loss)))
    finally:
        journal.close()
    aside.made(file)
    aside.swap(place.journal, file)
    log.error("journal.db cannot go on: %s. It is now %s, and another journal has begun", damage.error, file.name)
    return loss


def _saved(place: Place, damage: Damage, file: str) -> Loss:
    """Bring the projections on as far as the rows can be read, and say what is known then."""
    behind: _Behind | None = None

    def bring_on(state: State) -> None:
        nonlocal behind
        behind = _catch_up(place.journal, state, damage.journal) if damage.journal else None

    state = open_state(place.state, bring_on)
    try:
        return _known(state, damage, behind, file)
    finally:
        state.close()


def _known(state: State, damage: Damage, behind: _Behind | None, file: str) -> Loss:
    standing = state.standing()
    there = behind or _Behind(frozenset(), 0)
    gone = damage.last > max(state.sequence, there.last)
    return Loss(
        error=damage.error,
        file=file,
        journal=damage.journal or state.journal,
        last=state.sequence,
        lanes=None if gone else there.lanes,
        blank=state.sequence == 0,
        unsure=behind is None and not state.ended_well,
        marks=standing["marks"],
        alarms=standing["alarms"],
    )


def _catch_up(path: Path, state: State, journal: str) -> _Behind | None:
    """Apply the rows that follow and are whole; returns what stands behind them, None when that cannot be read."""
    try:
        db = open_as_it_is(path)
    except apsw.Error:
        return None
    try:
        if state.journal != journal:
            first = _whole_rows(db, 0, 1)
            state.follow(journal, predecessor(first[0]) if first else "")
        while rows := _whole_rows(db, state.sequence, CATCH_UP_ROWS):
            state.apply(rows)
        sql = "SELECT sequence, subject FROM rows WHERE sequence > ? ORDER BY sequence LIMIT ?"
        found: Any = db.execute(sql, (state.sequence, _MOST_BEHIND)).fetchall()
        if len(found) == _MOST_BEHIND:
            return _Behind(None, int(found[-1][0]))
        lanes = [str(subject).removeprefix("lanes/") for _, subject in found if str(subject).startswith("lanes/")]
        return _Behind(frozenset(lanes), max([int(sequence) for sequence, _ in found], default=0))
    except (*_BROKEN, JournalBrokenError):
        return None
    finally:
        db.close()


def _whole_rows(db: apsw.Connection, after: int, limit: int) -> list[StoredRow]:
    """The rows behind `after`, up to the first that is not as it was written."""
    gap = last_gap(db)
    at, previous = (gap.last, gap.lasthash) if after < gap.last else (after, "")
    found: Any = db.execute(
        "SELECT sequence, type, subject, wall_ns, CAST(text AS BLOB), hash FROM rows"
        " WHERE sequence > ? ORDER BY sequence LIMIT ?",
        (at, limit),
    )
    rows: list[StoredRow] = []
    try:
        for sequence, kind, subject, wall_ns, text, digest in found:
            told = msgspec.json.decode(text, type=_Chained)
            follows = sequence == at + 1 and told.prevhash == (previous or told.prevhash)
            if not follows or sha256(text).digest() != digest:
                break
            rows.append(StoredRow(sequence, kind, subject, wall_ns, text.decode()))
            at, previous = sequence, digest.hex()
    except _BROKEN as error:
        log.warning("rows behind %d of the old journal cannot be read: %s", at, error)
    return rows


class _Chained(msgspec.Struct, frozen=True, gc=False):
    prevhash: str = NO_HASH
    data: dict[str, Any] = {}


def open_state(path: Path, bring_on: Callable[[State], None]) -> State:
    """The projections for writing, brought on; a file that is damaged is set aside, and they are made from nothing."""
    try:
        return _brought_on(path, bring_on)
    except DamagedError as error:
        log.error("%s: it is set aside, and everything in it made again from the journal", error)
        aside.move(path, path.with_name(f"{path.name}.damaged"))
        return _brought_on(path, bring_on)


def _brought_on(path: Path, bring_on: Callable[[State], None]) -> State:
    if not path.exists():  # a WAL that was left behind belongs to no database
        for suffix in ("-wal", "-shm"):
            aside.beside(path, suffix).unlink(missing_ok=True)
    state = State(path, writer=True)
    try:
        state.memory()
        bring_on(state)
        state.memory()
    except BaseException:
        state.close()
        raise
    return state
