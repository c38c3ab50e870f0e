"""First answers to central's orders: a repeated `id` gets its first answer and does nothing twice.

The engine remembers lane commands with their movement. A repeat after the expiry must get the first answer too, and
changes of passes are remembered only here. The newest `KEPT_MAX` answers are durable in `uplink.db`; the commander's
thread has its own connection. An answer that the disk does not take is kept in memory.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from pathlib import Path

import apsw
import msgspec

from gateway.uplink.central.commands import Answer, Answered

_log = logging.getLogger(__name__)
KEPT_MAX = 10_000
MEMORY_MAX = 1_000


class Answers:
    """Answers by the id of the order. `path` is `uplink.db`, which `cursors.Cursors` has made."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        self._db.set_busy_timeout(2000)
        self._db.execute("PRAGMA synchronous = FULL")
        self._unwritten: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def find(self, order: Answered) -> Answer | None:
        """The first answer; a refusal if the id had other contents; None for a new order."""
        row = self._unwritten.get(order.id) or self._stored(order.id)
        if row is None:
            return None
        if row[0] != _digest(order):
            return Answer(order.id, "refused", "idempotency_conflict", "this id was used with other contents")
        return msgspec.json.decode(row[1], type=Answer)

    def keep(self, order: Answered, answer: Answer) -> None:
        """Store an answer and delete the oldest ones past the bound."""
        text = msgspec.json.encode(answer).decode()
        try:
            self._write(order.id, _digest(order), text)
        except apsw.Error as error:
            _log.warning("the answer to %s is kept in memory only (%s); free space on the disk", order.id, error)
            self._unwritten[order.id] = (_digest(order), text)
            if len(self._unwritten) > MEMORY_MAX:
                self._unwritten.popitem(last=False)

    def _stored(self, order_id: str) -> tuple[str, str] | None:
        found = self._db.execute("SELECT digest, answer FROM answer WHERE id = ?", (order_id,)).fetchone()
        return None if found is None else (str(found[0]), str(found[1]))

    def _write(self, order_id: str, digest: str, text: str) -> None:
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO answer(id, digest, answer) VALUES (?, ?, ?)", (order_id, digest, text)
            )
            self._db.execute("DELETE FROM answer WHERE number <= (SELECT max(number) FROM answer) - ?", (KEPT_MAX,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _digest(order: Answered) -> str:
    return hashlib.sha256(msgspec.json.encode(order)).hexdigest()
