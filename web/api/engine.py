"""Calls the engine for the API; its errors are GatehouseErrors, which become problems."""

from __future__ import annotations

from typing import Any

from gateway.control import Client
from web.live.snapshots import Snapshot
from web.platform.services import services

FRESH_MS = 5000


def ask(op: str, timeout_s: float = 5.0, **params: Any) -> Any:
    """The engine's result for one op; EngineUnreachableError becomes a 503."""
    return Client(services().socket).call(op, timeout_s=timeout_s, **params)


def state() -> Snapshot:
    """The present snapshot: the watched one while fresh, else a new one. EngineUnreachableError."""
    snapshot, age_ms = services().live.snapshot()
    if snapshot is not None and age_ms <= FRESH_MS:
        return snapshot
    asked: Snapshot = ask("state", timeout_s=2.0)
    return asked
