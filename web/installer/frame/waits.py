"""A version of the settings that waits to be confirmed, on every page of the installer."""

from __future__ import annotations

import time

import msgspec

from gateway.store.settings.versions import Version
from gateway.store.times import parse_wall_ns
from web.installer.frame.draft import is_by

_NS = 1_000_000_000


class Wait(msgspec.Struct, frozen=True):
    """A version that waits to be confirmed. `mine`: by the person who looks, who alone can confirm it."""

    version: int
    by: str
    left_s: int
    mine: bool
    changes: tuple[str, ...]


def wait_of(pending: Version, operator: str) -> Wait:
    """The time that is left to confirm a version, in whole seconds."""
    left_ns = parse_wall_ns(pending.until) - time.time_ns() if pending.until else 0
    return Wait(pending.version, pending.by or "", max(0, left_ns // _NS), is_by(pending, operator), pending.changes)
