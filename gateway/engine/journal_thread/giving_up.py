"""Which rows are dropped when the disk fails and memory is full."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from gateway.core.vocabulary import rows
from gateway.engine.journal_thread.entries import LOST, Entry
from gateway.store.projections.table import KEPT_FOR_SAFETY

EXPENDABLE = frozenset(
    kind.type
    for kind in (
        rows.AccessDenied,
        rows.AccessReferred,
        rows.ClockChanged,
        rows.DeviceLost,
        rows.DeviceRestored,
        rows.GrantUnused,
        rows.PassExpiring,
        rows.UplinkLost,
        rows.UplinkRestored,
    )
)
"""Dropped first: no such row moved an arm, raised an alarm or let a vehicle pass."""
PRECIOUS = frozenset((*KEPT_FOR_SAFETY, rows.BarrierHeld.type, rows.BarrierReleased.type))
"""Dropped last: these say whether people may be at an arm, and whether it may move."""


def without(entries: Iterable[Entry], excess: int) -> deque[Entry]:
    """The rows without this many: the oldest expendable ones go first, the precious ones last."""
    kept = deque(entries)
    for fits in (EXPENDABLE.__contains__, lambda type_: type_ not in PRECIOUS, lambda _type: True):
        if excess:
            kept, excess = _given_up(kept, excess, fits)
    return kept


def _given_up(entries: Iterable[Entry], excess: int, fits: Callable[[str], bool]) -> tuple[deque[Entry], int]:
    """The rows without the oldest of these types, and how many more must go."""
    kept: deque[Entry] = deque()
    for entry in entries:
        if excess and fits(entry.row.type):
            excess -= 1
            entry.sequence = LOST
        else:
            kept.append(entry)
    return kept, excess
