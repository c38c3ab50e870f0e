"""Which rows the core waits for, so that each token is answered exactly once: committed or delayed."""

from __future__ import annotations


class JournalWaits:
    """Tokens in the order of their appends, each with the same patience; belongs to the core thread."""

    def __init__(self, wait_ms: int) -> None:
        self._wait_ns = wait_ms * 1_000_000
        self._due_ns: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._due_ns)

    def add(self, token: int, now_ns: int) -> None:
        """The row with this token is on its way to the disk."""
        self._due_ns[token] = now_ns + self._wait_ns

    def settle(self, token: int) -> bool:
        """Stop waiting for a token; False when its answer was given before."""
        return self._due_ns.pop(token, None) is not None

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._due_ns.clear()

    def next_ns(self) -> int | None:
        """When the patience for the oldest row ends."""
        return next(iter(self._due_ns.values())) if self._due_ns else None

    def expire(self, now_ns: int) -> list[int]:
        """Take out the tokens whose patience has ended."""
        expired = []
        for token, due_ns in self._due_ns.items():
            if due_ns > now_ns:
                break
            expired.append(token)
        for token in expired:
            del self._due_ns[token]
        return expired
