"""Types of control requests about lists of vehicles."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from gateway.engine.socket.requests import Change, Word

ADDED_MAX = 1_000
"""Entries of one request."""


class ListedAdd(Change, frozen=True, kw_only=True):
    """listed.add: every entry is checked before the first is added"""

    entries: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=ADDED_MAX)]
    station: Word = ""


class ListedRemove(Change, frozen=True, kw_only=True):
    """listed.remove"""

    entry: Word
    station: Word = ""
