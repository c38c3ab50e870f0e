"""The dissector of a driver: cuts frames out of what passes on a wire, hides secrets, and says what frames mean.

`cut` runs in the thread of the bus, only while it is watched, and its result is all that is kept. `explain` and
`cards` run where a person asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from drivers.dissect.meaning import Meaning, RawCard, number_of_bytes

Way = Literal["in", "out"]
HIDDEN = b"*"


class Dissector:
    """Takes chunks as they are; what comes close together is joined by the trace."""

    joins = True
    """True: a chunk that follows another of the same way within a moment is part of the same frame."""

    def cut(self, way: Way, chunk: bytes) -> Sequence[bytes]:  # noqa: ARG002
        """The whole frames by now, each without keys and secrets; an empty chunk says that time has passed."""
        return (chunk,) if chunk else ()

    def same(self, frame: bytes) -> bytes:
        """What makes two frames equal, so that an endless poll is counted and not listed."""
        return frame

    def explain(self, way: Way, frame: bytes) -> Meaning:  # noqa: ARG002
        """What a frame that `cut` gave means."""
        return number_of_bytes(frame)

    def cards(self, frame: bytes) -> Sequence[RawCard]:  # noqa: ARG002
        """The cards in a frame that came in, as they were sent."""
        return ()


SECRET_KINDS = ("pin", "qr")
"""Credentials that open for anybody who has read them."""


class HidingDissector(Dissector):
    """Of a wire on which PINs or QR codes pass: how many bytes came, and nothing else."""

    def cut(self, way: Way, chunk: bytes) -> Sequence[bytes]:
        return (HIDDEN * len(chunk),) if way == "in" and chunk else super().cut(way, chunk)

    def explain(self, way: Way, frame: bytes) -> Meaning:
        if way == "in":
            return Meaning("hidden", {"count": len(frame)})
        return super().explain(way, frame)
