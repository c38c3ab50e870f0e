"""How far each HTTP consumer has read: the cursor that it sent, which confirms everything up to there.

Kept in memory and written to `web.db` at most every half minute, so that a central system that pulls all day costs
the SD card nothing to speak of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from web.webdb import WebDatabase

WRITE_EVERY_S = 30
MAX_CONSUMERS = 200


class Consumers:
    """The confirmed sequence of each token. Thread-safe."""

    def __init__(self, database: WebDatabase, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._lock = threading.Lock()
        self._news: dict[str, int] = {}
        self._written_s = 0.0

    def confirmed(self, token: str, cursor: str, journal_id: str) -> None:
        """The holder of this token asks on behind `cursor`; one of another journal (or none) confirms nothing."""
        journal, _, digits = cursor.partition(".")
        if journal != journal_id:
            return
        sequence = int(digits)
        with self._lock:
            self._news[token] = sequence
            now = self._now()
            if 0 <= now - self._written_s < WRITE_EVERY_S:
                return
            self._written_s = now
        self.flush()

    def all(self) -> dict[str, int]:
        """The sequence that each token has confirmed."""
        stored = dict(self._database.rows("SELECT token, sequence FROM consumer"))
        with self._lock:
            return {**stored, **self._news}

    def flush(self) -> None:
        """Write what is only in memory."""
        with self._lock:
            news, self._news = self._news, {}
        if not news:
            return
        now = int(self._now())
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO consumer VALUES(?,?,?) ON CONFLICT DO UPDATE"
                " SET sequence=excluded.sequence, seen_s=excluded.seen_s",
                [(token, sequence, now) for token, sequence in news.items()],
            )
            connection.execute(
                "DELETE FROM consumer WHERE token IN"
                " (SELECT token FROM consumer ORDER BY seen_s DESC LIMIT -1 OFFSET ?)",
                (MAX_CONSUMERS,),
            )
