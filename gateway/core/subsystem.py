"""The one shape of every subsystem of the core, as the router sees it.

A subsystem declares the events that it handles, the rows that it follows, its kinds of timers, its memory of the last
run (a struct, decoded from the projections), and its part of the view. The router calls it for these and for nothing
else. A new subject is a folder with one such class, and a line in `site.subsystems`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from gateway.core.vocabulary.events import Event
from gateway.core.vocabulary.rows import Row
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import CoreView

Handlers = dict[type[Event], Callable[[Turn, Any], None]]
Followers = dict[type[Row], Callable[[Turn, Any], None]]
Timers = dict[str, Callable[[Turn, Timer], None]]
Part = TypeVar("Part", bound=msgspec.Struct)


class Memory:
    """The memory of the last run from the projections, by name; each subsystem decodes its own part."""

    def __init__(self, **documents: Any) -> None:
        self._documents = documents

    def part(self, kind: type[Part]) -> Part:
        """The memory that a subsystem declares; msgspec.ValidationError if the documents do not fit."""
        return msgspec.convert(self._documents, kind)

    def replaced(self, **documents: Any) -> Memory:
        """A copy with these changes."""
        return Memory(**{**self._documents, **documents})


class Subsystem:
    """Base of all subsystems; handles nothing."""

    def handlers(self) -> Handlers:
        """Event type -> method. Several subsystems may handle one event, in the order of `site.subsystems`."""
        return {}

    def followers(self) -> Followers:
        """Kind of row -> method for each such row of a turn, whatever subsystem wrote it."""
        return {}

    def timers(self) -> Timers:
        """Kind of a timer's owner -> method; each kind belongs to one subsystem."""
        return {}

    def settle(self, turn: Turn) -> None:
        """Called at the end of a turn, last subsystem first."""

    def view(self, shown: CoreView) -> CoreView:
        """What people see of the core, with its own keys filled in; nothing personal."""
        return shown
