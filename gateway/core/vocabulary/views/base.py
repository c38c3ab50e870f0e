"""What all views have in common."""

from __future__ import annotations

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all views, whose writers give every key.

    A key that a later version adds is left out when an earlier one reads it; one that an earlier version does not know
    has its default.
    """
