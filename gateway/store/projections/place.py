"""The place of a row in the journal, for the effects of rows on the projections."""

from __future__ import annotations

import msgspec


class Place(msgspec.Struct, frozen=True, gc=False):
    """The place and time of a row."""

    sequence: int
    wall_ns: int
