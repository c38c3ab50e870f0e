"""One part of a lane on the bench: a turn at a known moment, and the pieces of a site that a part is made of."""

from __future__ import annotations

from typing import Any

from gateway.core.lane.grants.grant import Grant
from gateway.core.settings.model import Barrier, Direction, Lane, Point
from gateway.core.vocabulary.commands import Append, CancelTimer, PulseOutput, SetOutput, StartTimer
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn

WALL_NS = 1_790_000_000_000_000_000  # 2026-09-21T14:13:20Z
MS = 1_000_000
TIMER = Timer("lane", "in", "test")
IN = Lane("in", "North in", Direction.ENTRY, "in")
OUT = Lane("out", "North out", Direction.EXIT, "in")


def turn_at(ms: int = 0, tokens: int = 0) -> Turn:
    """A turn so many milliseconds after the first one, wall time and monotonic time alike."""
    return Turn(Now(WALL_NS + ms * MS, 1_000_000_000 + ms * MS), tokens)


def mono(ms: int) -> int:
    """The monotonic time of that turn."""
    return 1_000_000_000 + ms * MS


def barrier(**more: Any) -> Barrier:
    """A barrier with OPEN, CLOSE and STOP on one board; keywords change it."""
    wired = {name: Point(f"io.output.{n}") for n, name in enumerate(("open", "close", "stop"))}
    return Barrier(**{"id": "in", **wired, **more})


def grant(name: str = "g1", lane: Lane = IN, **more: Any) -> Grant:
    """A grant that a pass was given."""
    return Grant(id=name, lane=lane, reason="pass", by="", at="then", **more)


def started(turn: Turn) -> list[tuple[str, int]]:
    """The timers that a turn starts, with their milliseconds."""
    return [(one.timer.name, one.after_ms) for one in turn.commands if isinstance(one, StartTimer)]


def cancelled(turn: Turn) -> list[str]:
    """The timers that a turn cancels."""
    return [one.timer.name for one in turn.commands if isinstance(one, CancelTimer)]


def pulses(turn: Turn) -> list[PulseOutput]:
    """The pulses that a turn gives."""
    return [one for one in turn.commands if isinstance(one, PulseOutput)]


def switched(turn: Turn) -> list[tuple[int, bool]]:
    """The outputs that a turn switches for good."""
    return [(one.output, one.active) for one in turn.commands if isinstance(one, SetOutput)]


def rows(turn: Turn) -> list[Any]:
    """The rows that a turn writes."""
    return [one.row for one in turn.commands if isinstance(one, Append)]
