"""Rows that the core waits for: each token is answered exactly once, as committed or delayed."""

from __future__ import annotations


class JournalWaits:
    """Tokens in the order of their appends, each with the same patience; belongs to the core thread."""

    def __init__(self, wait_ms: int) -> None:
        self._wait_ns = wait_ms * 1_000_000
        self._due_ns: dict[int, int] = {}

    def patience(self, wait_ms: int) -> None:
        """Wait so long for the rows from now on."""
        self._wait_ns = wait_ms * 1_000_000

    def __len__(self) -> int:
        return len(self._due_ns)

    def add(self, token: int, now_ns: int) -> None:
        """Wait for the row with this token."""
        self._due_ns[token] = now_ns + self._wait_ns

    def settle(self, token: int) -> bool:
        """End the wait for a token; False if it was answered before."""
        return self._due_ns.pop(token, None) is not None

    def clear(self) -> None:
        """End all waits."""
        self._due_ns.clear()

    def next_ns(self) -> int | None:
        """When the oldest wait expires."""
        return next(iter(self._due_ns.values())) if self._due_ns else None

    def expire(self, now_ns: int) -> list[int]:
        """Remove and return the tokens whose wait has expired."""
        expired = []
        for token, due_ns in self._due_ns.items():
            if due_ns > now_ns:
                break
            expired.append(token)
        for token in expired:
            del self._due_ns[token]
        return expired
