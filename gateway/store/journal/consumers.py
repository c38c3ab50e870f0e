"""The registered consumers of the journal and their confirmed rows, which retention waits for.

The processes that move the cursors own them (`uplink.db`, `web.db`); here they are only read. A central in the settings
is registered before its first row; what its broker has acknowledged counts for it until it has confirmed a row itself.
Others behind the broker are registered from their first confirmation, an HTTP consumer from its first pull until its
token is revoked or expired. An unreadable cursor counts as no confirmation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.core.settings.model import Settings
from gateway.store.settings.secrets import Tokens
from gateway.store.sqlite.database import peek

SCOPE = "events:read"
_LONG_AGO_NS = 0
"""Before any token's end."""


class Consumers:
    """All consumers; belongs to one thread."""

    def __init__(self, uplink: Path, web: Path, tokens: Tokens, settings: Settings) -> None:
        """`uplink` and `web` are the two databases; they may not exist yet."""
        self._uplink = uplink
        self._web = web
        self._tokens = tokens
        self.settings_changed(settings)

    def settings_changed(self, settings: Settings) -> None:
        """The central of these settings is the registered one; from any thread."""
        mqtt = settings.uplink.mqtt if settings.uplink else None
        self._central = mqtt.consumer if mqtt else ""

    def confirmed(self, journal_id: str, now_wall_ns: int | None) -> Mapping[str, int]:
        """The last confirmed row of each consumer in that journal, 0 for none; empty without consumers.

        `now_wall_ns` is None while the clock is not sure: then no token counts as expired.
        """
        found: dict[str, int] = {}
        if self._central:
            found.update(self._behind_brokers(journal_id))
        now_ns = _LONG_AGO_NS if now_wall_ns is None else now_wall_ns
        readers = {token.name for token in self._tokens.list() if token.allows(SCOPE) and not token.expired(now_ns)}
        rows = peek(self._web, "SELECT token, iif(journal = ?, sequence, 0) FROM consumer", journal_id)
        pulled: Iterable[tuple[str, int]] = dict.fromkeys(readers, 0).items() if rows is None else rows
        found.update({f"http:{name}": sequence for name, sequence in pulled if name in readers})
        return found

    def _behind_brokers(self, journal_id: str) -> dict[str, int]:
        found = dict(self._rows_of("confirmed", journal_id))
        if self._central not in found:
            cursors = self._rows_of("cursor", journal_id, "ORDER BY moved_wall_ns")
            # An earlier version named it after a broker; the uplink takes it over at its start (`Cursors.adopt`).
            earlier = [row for name, row in cursors if name.startswith("mqtt:")]
            found[self._central] = dict(cursors).get(self._central, earlier[-1] if earlier else 0)
        return {f"mqtt:{name}": row for name, row in found.items()}

    def _rows_of(self, table: str, journal_id: str, order: str = "") -> list[tuple[str, int]]:
        if not peek(self._uplink, "SELECT 1 FROM sqlite_schema WHERE name = ?", table):
            return []  # not there yet, of an earlier version, or unreadable
        rows = peek(self._uplink, f"SELECT consumer, iif(journal = ?, sequence, 0) FROM {table} {order}", journal_id)
        return [(str(name), int(row)) for name, row in rows or ()]
