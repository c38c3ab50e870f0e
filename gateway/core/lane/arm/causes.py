"""The causes of an uncommanded movement, and the table of their signatures.

Fobs, cranks and lost mains happen daily, so an uncommanded movement is not a crash. `search.py` collects what was seen;
`verdict` is one labelled table over that, tried from the top.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import msgspec

IMPACT_MS = 1000
FLICKER_MS = 1000
FLICKERS = 3
FLICKER_WINDOW_MS = 60_000


class Cause(StrEnum):
    """What moves an arm; `CRASH` is a verdict on a movement, the others are causes in the journal."""

    COMMANDED = "commanded"
    EXTERNAL = "external"
    OWN = "own"
    HAND = "hand"
    WIND = "wind"
    FORCED = "forced"
    UNKNOWN = "unknown"
    CRASH = "crash"


BENIGN = frozenset({Cause.EXTERNAL, Cause.OWN, Cause.HAND, Cause.WIND})


class Seen(msgspec.Struct, frozen=True):
    """What was seen of an uncommanded loss of *closed*, so far; times in milliseconds."""

    impact: bool = False
    power_window: bool = False
    opened_after_ms: int | None = None
    back_after_ms: int | None = None
    flickers: int = 0
    vehicle: bool = False
    by_hand: bool = False
    mains_off: bool = False
    travel_ms: int = 3000


class Verdict(NamedTuple):
    """A row of the table."""

    label: str
    fits: Callable[[Seen], bool]
    cause: Cause


def _opened_in_time(seen: Seen) -> bool:
    after = seen.opened_after_ms
    return after is not None and seen.travel_ms // 2 <= after <= 2 * seen.travel_ms and not seen.mains_off


def _flickered(seen: Seen) -> bool:
    return seen.back_after_ms is not None and seen.back_after_ms < FLICKER_MS and not seen.vehicle


# The final verdict: after the arm has come to a limit, or when twice the travel time is over.
VERDICTS: tuple[Verdict, ...] = (
    Verdict("a vehicle came in as closed was lost", lambda s: s.impact, Cause.CRASH),
    Verdict("mains came or went a moment ago", lambda s: s.power_window, Cause.OWN),
    Verdict("open in about its travel time, mains on", _opened_in_time, Cause.EXTERNAL),
    Verdict(
        "cabinet open or mains off, nobody under it", lambda s: (s.by_hand or s.mains_off) and not s.vehicle, Cause.HAND
    ),
    Verdict("flickered, again and again", lambda s: _flickered(s) and s.flickers >= FLICKERS, Cause.WIND),
    Verdict("flickered once", _flickered, Cause.UNKNOWN),
    Verdict(
        "late to open, nobody under it",
        lambda s: s.opened_after_ms is not None and s.opened_after_ms > 2 * s.travel_ms and not s.vehicle,
        Cause.HAND,
    ),
    Verdict("nothing explains it", lambda _s: True, Cause.FORCED),
)


def verdict(seen: Seen) -> Verdict:
    """The first row that fits; there is always one."""
    return next(row for row in VERDICTS if row.fits(seen))
