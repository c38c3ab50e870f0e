"""Growing delays against PIN guessing that lock no guard out of their own booth.

Failures are counted per address and per operator. Three are free, then every failure doubles the wait, up to a limit.
During a wait no PIN is checked and nothing is counted, so a wait always ends. An address at which an operator has
signed in before has its own count for that operator: guesses from elsewhere delay other addresses, never the booth
where that guard works. Unknown names are counted on the address only, so that made-up names cannot fill the table.

A leader can lift the waits of an operator (`lifted_s`): failures up to then count no more, but for those of an address.

At a booth's own screen names are counted apart, so that one guard's wrong PINs never delay the next guard: each delays
the next try of that name there, by 1 to 60 s, and failures elsewhere do not count.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from gateway.core.vocabulary.errors import GatehouseError
from web.platform.webdb import WebDatabase

_log = logging.getLogger(__name__)

FREE_FAILURES = 3
FORGET_S = 900  # after a quarter of an hour without a failure, past its wait, the count starts again
KNOWN_S = 30 * 86400
ROWS_MAX = 1000
# Bounds of the waits. A four-digit PIN has 10,000 values: at one guess in 15 minutes half of them take 52 days.
WAIT_MAX_S = {"address": 60, "operator": 900, "pair": 300, "station": 60}
NO_NAME = "?"


class Lockout:
    """Counts failed sign-ins in `web.db` and returns the wait. Thread-safe."""

    def __init__(
        self,
        database: WebDatabase,
        now: Callable[[], float] = time.time,
        lifted_s: Callable[[str], float] = lambda _operator: 0.0,
    ) -> None:
        """`lifted_s`: when the lock-out of an operator was lifted last, as `now`; 0: never."""
        self._database = database
        self._now = now
        self._lifted_s = lifted_s

    def wait_s(self, operator: str | None, address: str, station: str = "") -> int:
        """Seconds until the next attempt counts; 0: now. `station`: the booth's own screen of the attempt."""
        now = int(self._now())
        lifted = self._lifted(operator)
        waits = [
            # A clock that was set back must not turn a wait of a minute into one of a year, nor at a booth into one
            # that begins anew at each look.
            0 if station and last > now else min(until - now, max(WAIT_MAX_S.values()))
            for key in self._keys(operator, address, station)
            for last, until in self._database.rows("SELECT last_s, until_s FROM lockout WHERE key=?", key)
            if key.startswith("address:") or last > lifted
        ]
        return max(0, *waits, 0)

    def locks_out(self, operator: str) -> bool:
        """Whether this operator must wait anywhere but at a booth's own screen."""
        now, lifted = int(self._now()), self._lifted(operator)
        found = self._database.rows(
            "SELECT last_s FROM lockout WHERE until_s>? AND (key=? OR substr(key, 1, ?)=?)",
            now,
            f"operator:{operator}",
            len(start := f"pair:{operator}|"),
            start,
        )
        return any(last > lifted for (last,) in found)

    def _lifted(self, operator: str | None) -> int:
        """The second of the last lift. One that lies ahead was before the clock was set back, and counts no more."""
        try:
            lifted = int(self._lifted_s(operator)) if operator is not None else 0
        except (GatehouseError, OSError) as error:
            _log.warning("lifted lock-outs are not known: %s", error)
            return 0
        return lifted if lifted <= self._now() else 0

    def failed(self, operator: str | None, address: str, station: str = "") -> None:
        """Count a wrong PIN, or a name that does not exist (`operator` None)."""
        lifted = self._lifted(operator)
        for key in self._keys(operator, address, station):
            self._count(key, 0 if key.startswith("address:") else lifted)
        self._trim()

    def succeeded(self, operator: str, address: str, station: str = "") -> None:
        """Delete this operator's failures and note the address."""
        now = int(self._now())
        # Before the transaction, which takes the lock once. An address keeps its count at a sign-in.
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

    def _count(self, key: str, lifted: int) -> None:
        now = int(self._now())
        found = self._database.rows("SELECT failures, last_s, until_s FROM lockout WHERE key=?", key)
        failures = 1
        if found and found[0][1] > lifted and now < max(found[0][1], found[0][2]) + FORGET_S:
            failures = found[0][0] + 1
        kind = key.partition(":")[0]
        over = failures - 1 if kind == "station" else failures - FREE_FAILURES
        counts = kind == "station" or over > 0
        wait = min(2 ** min(over, 16), WAIT_MAX_S[kind]) if counts else 0
        self._database.rows("INSERT OR REPLACE INTO lockout VALUES(?,?,?,?)", key, failures, now, now + wait)

    def _trim(self) -> None:
        """Keep both tables bounded: the oldest counts go first, operators' own counts last."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM lockout WHERE key IN (SELECT key FROM lockout"
                " ORDER BY key LIKE 'operator:%', last_s LIMIT max(0, (SELECT count(*) FROM lockout) - ?))",
                (ROWS_MAX,),
            )
            connection.execute(
                "DELETE FROM known WHERE (operator, address) IN"
                " (SELECT operator, address FROM known ORDER BY last_s LIMIT max(0, (SELECT count(*) FROM known) - ?))",
                (ROWS_MAX,),
            )
