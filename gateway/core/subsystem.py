"""The one shape of every subject of the core: what the router knows of it.

A subsystem names the events that it handles, the rows that it follows, the kinds of timers that are its own, what it
must know of the last run (a struct, decoded from what the projections tell), and what it adds to the view. The router
calls it for those and for nothing else. A new subject is a folder with one such class, and a line in
`site.subsystems`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from gateway.core.vocabulary.commands import Append
from gateway.core.vocabulary.events import Event
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn

Handlers = dict[type[Event], Callable[[Turn, Any], None]]
Followers = dict[str, Callable[[Turn, Append], None]]
Timers = dict[str, Callable[[Turn, Timer], None]]
Part = TypeVar("Part", bound=msgspec.Struct)


class Memory:
    """What the projections tell of the last run, by name; each subsystem takes its own part of it, typed."""

    def __init__(self, **documents: Any) -> None:
        self._documents = documents

    def part(self, kind: type[Part]) -> Part:
        """What a subsystem declares that it must know; msgspec.ValidationError when the documents do not fit."""
        return msgspec.convert(self._documents, kind)

    def replaced(self, **documents: Any) -> Memory:
        """The same but for these."""
        return Memory(**{**self._documents, **documents})


class Subsystem:
    """Base of all subsystems; this one handles nothing."""

    def handlers(self) -> Handlers:
        """Event type -> method. Several subsystems may handle one event, in the order of `site.subsystems`."""
        return {}

    def followers(self) -> Followers:
        """Row type -> method that is called for each such row of a turn, whichever subsystem wrote it."""
        return {}

    def timers(self) -> Timers:
        """Kind of a timer's owner -> method; each kind belongs to one subsystem."""
        return {}

    def settle(self, turn: Turn) -> None:
        """What follows in the same turn, once the event was handled; last subsystem first."""

    def view(self) -> dict[str, Any]:
        """Its keys of the snapshot that people and central see; nothing personal."""
        return {}
