"""The confirmed row of each HTTP consumer: the cursor that it sent last.

A sequence counts only in its own journal. Kept in memory and written to `web.db` at most every half minute, to spare
the SD card.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gateway.store.journal.heads import Head
from gateway.store.journal.lineage import Lineage
from web.platform.webdb import WebDatabase

WRITE_EVERY_S = 30
CONSUMERS_MAX = 200


class Consumers:
    """The confirmed sequence of each token. Thread-safe."""

    def __init__(
        self,
        database: WebDatabase,
        now: Callable[[], float] = time.time,
        sign: Callable[[Head], Head] = lambda head: head,
    ) -> None:
        """`sign` signs the head of a confirmed row."""
        self._database = database
        self._now = now
        self._lock = threading.Lock()
        self._sign = sign
        self._news: dict[str, tuple[str, Head]] = {}
        self._written_s = 0.0

    def confirmed(self, token: str, cursor: str, lineage: Lineage, digest: str = "") -> None:
        """Note the `cursor` of a request and the hash of its row; one of a foreign journal (or none) confirms nothing.

        The hash is empty when the row is gone.
        """
        journal, _, digits = cursor.partition(".")
        if journal != lineage.journal and lineage.ancestor(journal) is None:
            return
        with self._lock:
            self._news[token] = lineage.journal, Head(lineage.confirmed(journal, int(digits)), digest)
            now = self._now()
            if 0 <= now - self._written_s < WRITE_EVERY_S:
                return
            self._written_s = now
        self.flush()

    def all(self, lineage: Lineage) -> dict[str, int]:
        """The sequence of that journal that each token has confirmed, 0 for none."""
        stored = self._database.rows("SELECT token, journal, sequence FROM consumer")
        with self._lock:
            news = {token: (journal, head.sequence) for token, (journal, head) in self._news.items()}
        known = {token: (journal, sequence) for token, journal, sequence in stored} | news
        return {token: lineage.confirmed(journal, sequence) for token, (journal, sequence) in known.items()}

    def flush(self) -> None:
        """Write the noted cursors."""
        with self._lock:
            news, self._news = self._news, {}
        if not news:
            return
        signed = [
            (token, journal, head, self._sign(head).text if head.hash else "")
            for token, (journal, head) in news.items()
        ]
        with self._database.transaction() as connection:
            # Later than all before, also if the clock was set back: the newest must not count as the oldest.
            last_s = connection.execute("SELECT max(seen_s) FROM consumer").get or 0
            seen_s = max(int(self._now()), last_s + 1)
            connection.executemany(
                "INSERT INTO consumer(token, sequence, seen_s, journal, head) VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE"
                " SET sequence=excluded.sequence, seen_s=excluded.seen_s, journal=excluded.journal, head=excluded.head",
                [(token, head.sequence, seen_s, journal, text) for token, journal, head, text in signed],
            )
            connection.execute(
                "DELETE FROM consumer WHERE token IN"
                " (SELECT token FROM consumer ORDER BY seen_s DESC LIMIT -1 OFFSET ?)",
                (CONSUMERS_MAX,),
            )
