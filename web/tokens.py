"""Bearer tokens for programs, as the store keeps them in `secrets/`; read again whenever the file
is another one.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.store.secrets import Token, Tokens

SCOPES = (
    "events:read",
    "passes:read",
    "passes:write",
    "state:read",
    "lanes:command",
    "alarms:write",
    "metrics",
)


class TokenFile:
    """Checks tokens against the file in `secrets/`. Thread-safe."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "tokens.json"
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: Tokens | None = None

    def check(self, secret: str) -> Token | None:
        """The token of that secret while it is neither revoked nor expired, else None."""
        return self._current().check(secret)

    def _current(self) -> Tokens:
        stamp = self._read_stamp()
        with self._lock:
            if self._tokens is None or stamp != self._stamp:
                from gateway.store.secrets import Tokens

                self._tokens, self._stamp = Tokens(self._path), stamp
            return self._tokens

    def _read_stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns
