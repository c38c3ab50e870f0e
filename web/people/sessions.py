"""Sessions of people: a random token in a cookie, its SHA-256 in `web.db`, valid for a shift.

A session is tied to the operator's mark (role and PIN): when an installer changes either, or removes the operator,
the session is over. The token for forms is derived from the session's token, so nothing more is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from web.people.operators import Operator, SiteDocument
from web.platform.webdb import WebDatabase

SHIFT_S = 12 * 3600
SESSIONS_MAX = 200
CLOCK_LEEWAY_S = 3600


class Sessions:
    """Makes, finds and ends sessions. Thread-safe."""

    def __init__(self, database: WebDatabase, site: SiteDocument, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._site = site
        self._now = now

    def create(self, operator: Operator) -> str:
        """A new session for the shift (12 h); returns the token for the cookie."""
        token = secrets.token_urlsafe(32)
        now = int(self._now())
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM session WHERE expires_s<=? OR created_s>?", (now, now + CLOCK_LEEWAY_S))
            connection.execute(
                "INSERT INTO session VALUES(?,?,?,?,?)",
                (_key(token), operator.name, operator.mark, now, now + SHIFT_S),
            )
            connection.execute(
                "DELETE FROM session WHERE key IN (SELECT key FROM session ORDER BY created_s DESC LIMIT -1 OFFSET ?)",
                (SESSIONS_MAX,),
            )
        return token

    def find(self, token: str) -> Operator | None:
        """The operator of a valid session, else None."""
        found = self._database.rows("SELECT operator, mark, expires_s FROM session WHERE key=?", _key(token))
        # A session that ends more than a shift from now was made before the clock was set back.
        if not found or not 0 < found[0][2] - self._now() <= SHIFT_S + CLOCK_LEEWAY_S:
            return None
        operator = self._site.operators().get(found[0][0])
        return operator if operator is not None and operator.mark == found[0][1] else None

    def began_s(self, token: str) -> int:
        """When a session began, in seconds of the wall clock; now for one that is not there."""
        found = self._database.rows("SELECT created_s FROM session WHERE key=?", _key(token))
        return int(found[0][0] if found else self._now())

    def end(self, token: str) -> None:
        """End a session, also one that has ended."""
        self._database.rows("DELETE FROM session WHERE key=?", _key(token))


def form_token(session_token: str) -> str:
    """The token that every form and unsafe request of a session carries."""
    return hmac.new(session_token.encode(), b"gatehouse form", hashlib.sha256).hexdigest()


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
