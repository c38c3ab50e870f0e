"""Who has registered as a consumer of the journal, and up to which row each has confirmed: retention waits for them.

Cursors belong to the processes that move them (`uplink.db`, `web.db`) and are only read here. A central that the
settings name is registered before it has taken a first row; an HTTP consumer from its first pull for as long as its
token may read events: until it is revoked or has expired. Who cannot be asked has confirmed nothing.
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


def central_name(host: str, port: int, gateway_id: str) -> str:
    """The name by which the cursor of an MQTT central goes."""
    return f"mqtt:{host}:{port}:{gateway_id}"


class Consumers:
    """All of them; safe to ask from one thread."""

    def __init__(self, uplink: Path, web: Path, tokens: Tokens, settings: Settings) -> None:
        """`uplink` and `web` are the two databases; they need not be there yet."""
        self._uplink = uplink
        self._web = web
        self._tokens = tokens
        mqtt = settings.uplink.mqtt if settings.uplink else None
        self._central = central_name(mqtt.host, mqtt.port, settings.gateway.id) if mqtt else ""

    def confirmed(self, journal_id: str, now_wall_ns: int | None) -> Mapping[str, int]:
        """The last row of that journal that each consumer has confirmed, 0 for none; empty when nobody has registered.

        `now_wall_ns` is None while the clock is not sure: then no token is taken for expired.
        """
        found: dict[str, int] = {}
        if self._central:
            rows = peek(self._uplink, "SELECT consumer, sequence FROM cursor WHERE journal = ?", journal_id)
            found[self._central] = {str(name): int(row) for name, row in rows or ()}.get(self._central, 0)
        now_ns = _LONG_AGO_NS if now_wall_ns is None else now_wall_ns
        readers = {token.name for token in self._tokens.list() if token.allows(SCOPE) and not token.expired(now_ns)}
        rows = peek(self._web, "SELECT token, iif(journal = ?, sequence, 0) FROM consumer", journal_id)
        pulled: Iterable[tuple[str, int]] = dict.fromkeys(readers, 0).items() if rows is None else rows
        found.update({f"http:{name}": sequence for name, sequence in pulled if name in readers})
        return found
