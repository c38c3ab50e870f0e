"""The first answers to central's orders, so that a repeated `id` is answered again and nothing is done twice.

The engine remembers lane commands too, together with the movement; but a repeat that comes after the command has
expired must get the first answer as well, and pass changes are remembered nowhere else. Kept in `uplink.db`, durably,
the newest `KEPT` of them; used by the commander's thread over a connection of its own. What was done is answered so
whatever the disk says: an answer that it does not take is kept in memory.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from pathlib import Path

import apsw
import msgspec

from gateway.uplink.central.commands import Answer, LaneOrder, PassOrder

_log = logging.getLogger(__name__)
KEPT = 10_000
IN_MEMORY = 1_000


class Answers:
    """Answers by the id of the order; `path` is `uplink.db`, made by `cursors.Cursors` before."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        self._db.set_busy_timeout(2000)
        self._db.execute("PRAGMA synchronous = FULL")
        self._unwritten: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def find(self, order: LaneOrder | PassOrder) -> Answer | None:
        """The answer given before; a refusal when the same id came with other contents; None: it is new."""
        row = self._unwritten.get(order.id) or self._stored(order.id)
        if row is None:
            return None
        if row[0] != _digest(order):
            return Answer(order.id, "refused", "idempotency_conflict", "this id was used with other contents")
        return msgspec.json.decode(row[1], type=Answer)

    def keep(self, order: LaneOrder | PassOrder, answer: Answer) -> None:
        """Remember an answer and forget the oldest ones."""
        text = msgspec.json.encode(answer).decode()
        try:
            self._write(order.id, _digest(order), text)
        except apsw.Error as error:
            _log.warning("the answer to %s is kept in memory only (%s); free space on the disk", order.id, error)
            self._unwritten[order.id] = (_digest(order), text)
            if len(self._unwritten) > IN_MEMORY:
                self._unwritten.popitem(last=False)

    def _stored(self, order_id: str) -> tuple[str, str] | None:
        found = self._db.execute("SELECT digest, answer FROM answer WHERE id = ?", (order_id,)).fetchone()
        return None if found is None else (str(found[0]), str(found[1]))

    def _write(self, order_id: str, digest: str, text: str) -> None:
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO answer(id, digest, answer) VALUES (?, ?, ?)", (order_id, digest, text)
            )
            self._db.execute("DELETE FROM answer WHERE number <= (SELECT max(number) FROM answer) - ?", (KEPT,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _digest(order: LaneOrder | PassOrder) -> str:
    return hashlib.sha256(msgspec.json.encode(order)).hexdigest()
