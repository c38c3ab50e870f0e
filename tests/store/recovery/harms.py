"""Stores with rows and passes in a folder, and a harm for each finding that a look can give."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State
from gateway.store.recovery.table import Found
from tests.store.conftest import SOURCE, row
from tests.support.tampering import write_again

JOURNAL_ID = "testjournal1"
ROWS = 10
Harm = Callable[[Path], object]


def sql(path: Path, text: str) -> None:
    """Change a database as no Gatehouse does."""
    db = apsw.Connection(str(path))
    db.execute(text)
    db.close()


def noise(path: Path) -> None:
    """Every byte is overwritten."""
    path.write_bytes(b"\xa5" * path.stat().st_size)


def another(path: Path) -> None:
    """A database of something else."""
    path.unlink()
    sql(path, "CREATE TABLE things(x)")


OF_A_FILE: dict[Found, Harm] = {
    Found.SOUND: lambda _path: None,
    Found.MISSING: lambda path: path.unlink(),
    Found.EMPTY: lambda path: path.write_bytes(b""),
    Found.FOREIGN: another,
    Found.NEWER: lambda path: sql(path, "PRAGMA user_version = 99"),
    Found.DAMAGED: noise,
    Found.OUT_OF_REACH: lambda path: (path.unlink(), path.mkdir()),
}
OF_A_JOURNAL: dict[Found, Harm] = {
    **OF_A_FILE,
    Found.NO_ID: lambda path: sql(path, "DELETE FROM meta WHERE key = 'journal'"),
    Found.LAST_ROW_CHANGED: lambda path: sql(path, f"UPDATE rows SET text = text || ' ' WHERE sequence = {ROWS}"),
    Found.ROWS_GONE: lambda path: sql(path, "DELETE FROM rows WHERE sequence > 4"),
    Found.ROWS_REWRITTEN: lambda path: write_again(path, 4, lambda event: event["data"].update(lane="out")),
}


def make_stores(folder: Path) -> None:
    """Ten rows, of which the projections have all, and a pass; closed, without WAL."""
    journal = Journal.create(folder / "journal.db", JOURNAL_ID, SOURCE, "boot-1")
    journal.append([row(n) for n in range(ROWS)])
    journal.close()
    reader = JournalReader(folder / "journal.db")
    state = State(folder / "state.db", writer=True)
    state.catch_up(reader)
    state.close()
    reader.close()
    registry = PassRegistry(folder / "registry.db", writer=True)
    registry.put(Pass("p1", PassKind.MONTHLY, cards=("472288",)))
    registry.close()
    for name in ("journal", "state", "registry"):
        sql(folder / f"{name}.db", "PRAGMA wal_checkpoint(TRUNCATE)")
        for suffix in ("-wal", "-shm"):
            (folder / f"{name}.db{suffix}").unlink(missing_ok=True)


def acknowledge(uplink: Path) -> None:
    """Central has all rows."""
    with closing(JournalReader(uplink.with_name("journal.db"))) as reader:
        head = f"{ROWS}:{reader.hash_of(ROWS)}"
    sql(uplink, "CREATE TABLE cursor(consumer, journal, sequence, head)")
    sql(uplink, f"INSERT INTO cursor VALUES('mqtt', '{JOURNAL_ID}', {ROWS}, '{head}')")
