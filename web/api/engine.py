"""The engine's snapshot for the API; its errors are GatehouseErrors, which become problems."""

from __future__ import annotations

from gateway.control import Client
from gateway.core.vocabulary.errors import EngineUnreachableError, RequestError
from gateway.core.vocabulary.views import Snapshot
from web.platform.services import services

FRESH_MS = 5000


def state() -> Snapshot:
    """The present snapshot: the watched one while fresh, else a new one.

    EngineUnreachableError, also for a snapshot that cannot be read.
    """
    snapshot, age_ms = services().live.snapshot()
    if snapshot is not None and age_ms <= FRESH_MS:
        return snapshot
    try:
        return Client(services().socket).state(Snapshot, timeout_s=2.0)
    except RequestError as error:
        raise EngineUnreachableError(f"{error}; restart engine and web, so that both are of one version") from None
