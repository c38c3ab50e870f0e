"""The first answers to central's orders, so that a repeated `id` is answered again and nothing is done twice.

The engine remembers lane commands too, together with the movement; but a repeat that comes after the command has
expired must get the first answer as well, and pass changes are remembered nowhere else. Kept in `uplink.db`, durably,
the newest `KEPT` of them; used by the commander's thread over a connection of its own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import apsw
import msgspec

from gateway.uplink.commands import Answer, LaneOrder, PassOrder

KEPT = 10_000


class Answers:
    """Answers by the id of the order; `path` is `uplink.db`, made by `cursors.Cursors` before."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        self._db.set_busy_timeout(2000)
        self._db.execute("PRAGMA synchronous = FULL")

    def find(self, order: LaneOrder | PassOrder) -> Answer | None:
        """The answer given before; a refusal when the same id came with other contents; None: it is new."""
        row = self._db.execute("SELECT digest, answer FROM answer WHERE id = ?", (order.id,)).fetchone()
        if row is None:
            return None
        if row[0] != _digest(order):
            return Answer(order.id, "refused", "idempotency_conflict", "this id was used with other contents")
        return msgspec.json.decode(row[1], type=Answer)

    def keep(self, order: LaneOrder | PassOrder, answer: Answer) -> None:
        """Remember an answer and forget the oldest ones."""
        text = msgspec.json.encode(answer).decode()
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO answer(id, digest, answer) VALUES (?, ?, ?)",
                (order.id, _digest(order), text),
            )
            self._db.execute("DELETE FROM answer WHERE number <= (SELECT max(number) FROM answer) - ?", (KEPT,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _digest(order: LaneOrder | PassOrder) -> str:
    return hashlib.sha256(msgspec.json.encode(order)).hexdigest()
