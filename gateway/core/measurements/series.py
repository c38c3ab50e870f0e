"""The kinds of measurements, declared once: store, pages and words follow them.

A series is a kind and what it is of: `travel.open:in` is how long the arm of barrier `in` takes to open. Values are
whole numbers in the unit of their kind.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """A kind of measurement; `worse` is the direction that means wear, None for none.

    It is unusual when it is `worse` than in its own past by this `share` and by at least `least`, and at once beyond
    `limit`.
    """

    unit: str
    of: str
    worse: str | None = None
    share: float = 0.0
    least: int = 0
    limit: int | None = None


KINDS: dict[str, Kind] = {
    "travel.open": Kind("ms", "barrier", "up", 0.20, 300),
    "travel.close": Kind("ms", "barrier", "up", 0.20, 300),
    "loop": Kind("ms", "contact", "up", 0.50, 2_000),
    "errors": Kind("permille", "device", "up", 1.0, 5),
    "round_trip": Kind("us", "device", "up", 0.50, 5_000),
    "temperature": Kind("tenth_degree", "box", "up", 0.15, 50, 800),
    "voltage": Kind("mv", "box", "down", 0.03, 100),
    "under_voltage": Kind("permille", "box", "up", 1.0, 1, 0),
    "free": Kind("mb", "box", "down", 0.50, 500),
    "written": Kind("kb_per_h", "box", "up", 1.0, 20_000),
    "wear": Kind("percent", "box", None, limit=80),
}
BOX = "box"
"""What the series of the machine itself are of."""


class Series(NamedTuple):
    """One series."""

    kind: str
    of: str

    @property
    def name(self) -> str:
        """Its name in the store."""
        return f"{self.kind}:{self.of}"


def series_of(name: str) -> Series | None:
    """The series of a stored name; None for one of another version."""
    kind, _, of = name.partition(":")
    return Series(kind, of) if kind in KINDS and of else None


def contact(barrier: str, name: str) -> str:
    """What the series of a loop is of."""
    return f"{barrier}/{name}"
