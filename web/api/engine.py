"""The engine's snapshot for the API; its errors are GatehouseErrors, which become problems."""

from __future__ import annotations

from web.live.snapshots import Snapshot
from web.platform.services import ask, services

FRESH_MS = 5000


def state() -> Snapshot:
    """The present snapshot: the watched one while fresh, else a new one. EngineUnreachableError."""
    snapshot, age_ms = services().live.snapshot()
    if snapshot is not None and age_ms <= FRESH_MS:
        return snapshot
    asked: Snapshot = ask("state", timeout_s=2.0)
    return asked
