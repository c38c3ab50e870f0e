"""Summaries of 1,024 rows each: which types, which times.

They find a rare type among millions of rows without an index, which would slow each commit. A summary
is written once its block is full; the open block is kept in memory and read from its rows at a start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apsw

from gateway.store.journal.composing import Stored
from gateway.store.sqlite.schemas import BLOCK_ROWS

_FAR_NS = 1 << 62


class Block:
    """One block, and what it holds so far."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.types: set[str] = set()
        self.low_ns = _FAR_NS
        self.high_ns = -_FAR_NS

    @classmethod
    def load(cls, db: apsw.Connection, last_sequence: int) -> Block:
        """The open block of a journal, from its rows."""
        made = cls(last_sequence // BLOCK_ROWS)
        rows: Any = db.execute(
            "SELECT type, min(wall_ns), max(wall_ns) FROM rows WHERE sequence >= ? GROUP BY type",
            (made.number * BLOCK_ROWS,),
        )
        for kind, low_ns, high_ns in rows:
            made.types.add(kind)
            made.low_ns, made.high_ns = min(made.low_ns, low_ns), max(made.high_ns, high_ns)
        return made

    def add(self, made: Iterable[Stored]) -> None:
        """Take rows in."""
        for row in made:
            self.types.add(row[3])
            if row[1] < self.low_ns:
                self.low_ns = row[1]
            if row[1] > self.high_ns:
                self.high_ns = row[1]

    def filled_by(self, made: Iterable[Stored]) -> list[Block]:
        """This block and those behind it with the rows in them; only the last is still open."""
        blocks = [self._copy()]
        for row in made:
            if row[0] // BLOCK_ROWS > blocks[-1].number:
                blocks.append(Block(row[0] // BLOCK_ROWS))
            blocks[-1].add([row])
        return blocks

    def _copy(self) -> Block:
        made = Block(self.number)
        made.types, made.low_ns, made.high_ns = set(self.types), self.low_ns, self.high_ns
        return made

    def summary(self) -> tuple[Any, ...]:
        """Its row of the table `blocks`; `types` is ` a b c `."""
        return (self.number, f" {' '.join(sorted(self.types))} ", self.low_ns, self.high_ns)
