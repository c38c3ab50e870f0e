"""Drops the oldest rows in one transaction and leaves a gap record, so that the chain still verifies."""

from __future__ import annotations

import apsw

from gateway.store.sqlite.schemas import BLOCK_ROWS

GAPS_MAX = 1_000
"""Gap records that are kept, the latest; each covers everything before it, so the last one would do."""


def drop_oldest(db: apsw.Connection, stop: int, when_ns: int, most: int) -> int:
    """Drop rows before `stop`, at most so many; returns how many. Raises apsw.Error within the transaction."""
    first = db.execute("SELECT min(sequence) FROM rows").get
    last = min(stop, first + most) - 1 if first is not None else 0
    if first is None or last < first:
        return 0
    db.execute("BEGIN IMMEDIATE")
    digest = db.execute("SELECT hash FROM rows WHERE sequence = ?", (last,)).get
    db.execute("DELETE FROM rows WHERE sequence <= ?", (last,))
    db.execute("DELETE FROM blocks WHERE block < ?", ((last + 1) // BLOCK_ROWS,))
    db.execute("DELETE FROM boots WHERE first < (SELECT max(first) FROM boots WHERE first <= ?)", (last + 1,))
    db.execute("DELETE FROM gaps WHERE wall_ns = ?", (when_ns,))
    db.execute("INSERT INTO gaps(last, lasthash, wall_ns) VALUES(?, ?, ?)", (last, digest.hex(), when_ns))
    db.execute(
        "DELETE FROM gaps WHERE last <= (SELECT last FROM gaps ORDER BY last DESC LIMIT 1 OFFSET ?)",
        (GAPS_MAX,),
    )
    db.execute("COMMIT")
    return int(last - first + 1)
