"""How long an arm takes, learned from commanded movements: a slow arm is waited for, a lame one is noticed."""

from __future__ import annotations

LEARN_FROM = 3
KEPT = 20
SHORTEST_MS = 100


class Travel:
    """The travel times of one arm, up and down, in milliseconds."""

    def __init__(self, set_ms: int) -> None:
        self._set_ms = set_ms
        self._seen: dict[str, list[int]] = {"up": [], "down": []}

    def learn(self, way: str, took_ms: int) -> None:
        """Remember how long a commanded movement took; the last twenty count."""
        seen = self._seen[way]
        seen.append(took_ms)
        del seen[:-KEPT]

    def expected_ms(self, way: str) -> int:
        """The median of what was measured, from three cycles on; until then the set value."""
        seen = self._seen[way]
        if len(seen) < LEARN_FROM:
            return self._set_ms
        return max(sorted(seen)[len(seen) // 2], SHORTEST_MS)

    def slowest_ms(self) -> int | None:
        """The median of the slower way; None until one way was measured three times."""
        known = [self.expected_ms(way) for way, seen in self._seen.items() if len(seen) >= LEARN_FROM]
        return max(known, default=None)

    def limit_ms(self, way: str) -> int:
        """When a movement has taken too long: twice what is expected."""
        return 2 * self.expected_ms(way)
