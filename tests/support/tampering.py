"""What someone with all rights on the machine may do to a journal's file, with nothing left that the chain shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw


def cut_tail(journal: Path, count: int) -> None:
    """Delete the last rows."""
    _run(journal, "DELETE FROM rows WHERE sequence > (SELECT max(sequence) FROM rows) - ?", count)


def erase(journal: Path, row: int) -> None:
    """Delete one row."""
    _run(journal, "DELETE FROM rows WHERE sequence = ?", row)


def change(journal: Path, row: int, before: str, after: str) -> None:
    """Change the text of one row and nothing else."""
    _run(journal, "UPDATE rows SET text = replace(text, ?, ?) WHERE sequence = ?", before, after, row)


def write_again(journal: Path, first: int, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change a row and chain it and all rows behind it anew, so that the chain is whole."""
    with closing(apsw.Connection(str(journal))) as db, db:
        before: bytes = db.execute("SELECT hash FROM rows WHERE sequence = ?", (first - 1,)).get or bytes(32)
        rows: Any = db.execute("SELECT sequence, text FROM rows WHERE sequence >= ? ORDER BY sequence", (first,))
        for sequence, text in rows.fetchall():
            event = json.loads(text)
            event["prevhash"] = before.hex()
            if sequence == first:
                edit(event)
            text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            before = hashlib.sha256(text.encode()).digest()
            db.execute("UPDATE rows SET text = ?, hash = ? WHERE sequence = ?", (text, before, sequence))


def _run(journal: Path, sql: str, *values: Any) -> None:
    with closing(apsw.Connection(str(journal))) as db:
        db.execute(sql, values)
