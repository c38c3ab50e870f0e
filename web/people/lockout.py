"""Growing delays against PIN guessing that shut nobody out where they work.

Failures are counted per address and per operator. Three are free, then every failure doubles the wait, up to a limit.
While a wait runs no PIN is looked at and nothing is counted, so a wait always ends. An address at which an operator
has signed in before has a count of its own for that operator: somebody who guesses from elsewhere makes other
addresses wait, never the booth where that guard works every day. Names that do not exist are counted on the address
alone, so that made-up names cannot fill the table.

At a booth's own screen names are counted apart, so that one guard's wrong PINs never keep the next one out: each
makes the next try of that name there wait, from 1 to 60 s, and what happens elsewhere does not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from web.platform.webdb import WebDatabase

FREE_FAILURES = 3
FORGET_S = 900  # quarter of an hour without a failure, past its wait, and the count starts again
KNOWN_S = 30 * 86400
MAX_ROWS = 1000
# Longest waits in seconds. A four-digit PIN has 10,000 values: at one guess in 15 minutes half of them take 52 days.
MAX_WAIT_S = {"address": 60, "operator": 900, "pair": 300, "station": 60}
NO_NAME = "?"


class Lockout:
    """Counts failed sign-ins in `web.db` and says how long to wait. Thread-safe."""

    def __init__(self, database: WebDatabase, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def wait_s(self, operator: str | None, address: str, station: str = "") -> int:
        """Seconds until the next attempt is looked at; 0: now. `station`: the booth's own screen where it is made."""
        now = int(self._now())
        waits = [
            # A clock that was set back must not turn a wait of a minute into one of a year, nor at a booth into one
            # that begins anew at each look.
            0 if station and last > now else min(until - now, max(MAX_WAIT_S.values()))
            for key in self._keys(operator, address, station)
            for last, until in self._database.rows("SELECT last_s, until_s FROM lockout WHERE key=?", key)
        ]
        return max(0, *waits, 0)

    def failed(self, operator: str | None, address: str, station: str = "") -> None:
        """Count a wrong PIN, or a name that does not exist (`operator` None)."""
        for key in self._keys(operator, address, station):
            self._count(key)
        self._trim()

    def succeeded(self, operator: str, address: str, station: str = "") -> None:
        """Forget this operator's failures and remember where the operator works."""
        now = int(self._now())
        # Before the transaction: the database's lock is taken once. An address keeps its count, whoever signs in there.
        keys = [key for key in self._keys(operator, address, station) if not key.startswith("address:")]
        with self._database.transaction() as connection:
            for key in keys:
                connection.execute("DELETE FROM lockout WHERE key=?", (key,))
            connection.execute(
                "INSERT INTO known VALUES(?,?,?) ON CONFLICT DO UPDATE SET last_s=excluded.last_s",
                (operator, address, now),
            )

    def knows(self, address: str) -> bool:
        """Whether any operator has signed in at this address in the last 30 days."""
        since_s = int(self._now()) - KNOWN_S
        sql = "SELECT 1 FROM known WHERE address=? AND last_s>? LIMIT 1"
        return bool(self._database.rows(sql, address, since_s))

    def _keys(self, operator: str | None, address: str, station: str) -> list[str]:
        if station:
            return [f"station:{station}|{operator or NO_NAME}"]
        keys = [f"address:{address}"]
        if operator is None:
            return keys
        known = self._database.rows(
            "SELECT 1 FROM known WHERE operator=? AND address=? AND last_s>?",
            operator,
            address,
            int(self._now()) - KNOWN_S,
        )
        return [*keys, f"pair:{operator}|{address}" if known else f"operator:{operator}"]

    def _count(self, key: str) -> None:
        now = int(self._now())
        found = self._database.rows("SELECT failures, last_s, until_s FROM lockout WHERE key=?", key)
        failures = 1
        if found and now < max(found[0][1], found[0][2]) + FORGET_S:
            failures = found[0][0] + 1
        kind = key.partition(":")[0]
        over = failures - 1 if kind == "station" else failures - FREE_FAILURES
        counts = kind == "station" or over > 0
        wait = min(2 ** min(over, 16), MAX_WAIT_S[kind]) if counts else 0
        self._database.rows("INSERT OR REPLACE INTO lockout VALUES(?,?,?,?)", key, failures, now, now + wait)

    def _trim(self) -> None:
        """Keep both tables bounded: what was touched longest ago goes first, operators' own counts last."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM lockout WHERE key IN (SELECT key FROM lockout"
                " ORDER BY key LIKE 'operator:%', last_s LIMIT max(0, (SELECT count(*) FROM lockout) - ?))",
                (MAX_ROWS,),
            )
            connection.execute(
                "DELETE FROM known WHERE (operator, address) IN"
                " (SELECT operator, address FROM known ORDER BY last_s LIMIT max(0, (SELECT count(*) FROM known) - ?))",
                (MAX_ROWS,),
            )
