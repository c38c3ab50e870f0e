"""A visitor who was registered for the car in front, as the command that lets it pass says."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

SHOWN_MAX = 100


class VisitorAtGate(msgspec.Struct, frozen=True):
    """`shown`: where to go, for the lane's display."""

    visit: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    plate: str | None = None
    shown: Annotated[str, msgspec.Meta(max_length=SHOWN_MAX)] = ""


def visitor_of(detail: dict[str, Any]) -> VisitorAtGate | None:
    """The visitor of a command; None without one, or where it cannot be read."""
    try:
        return msgspec.convert(detail["visitor"], VisitorAtGate)
    except (KeyError, msgspec.ValidationError):
        return None
