"""One turn of the core: the moment of an event, the commands that it leads to, and the ids of what begins in it."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from gateway.core.vocabulary.commands import Append, CancelTimer, Command, Log, Reply, Snapshot, StartTimer
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.rows import Row
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.times import NS_PER_MS, NS_PER_S, local_time, rfc3339

__all__ = ["NS_PER_MS", "NS_PER_S", "Ids", "Turn", "local_day", "rfc3339"]


def local_day(wall_ns: int, zone: ZoneInfo) -> datetime.date:
    """The site-local calendar day of a wall time in nanoseconds."""
    return local_time(wall_ns, zone).date()


class Ids:
    """Identifiers of one run: its prefix is unique (the sequence of the run's first row), the number counts."""

    __slots__ = ("_count", "_run")

    def __init__(self) -> None:
        self._run = "0"
        self._count = 0

    def begin(self, run: str) -> None:
        """A run begins."""
        self._run = run

    def next(self, letter: str) -> str:
        """The next identifier, for example `g812-3`."""
        self._count += 1
        return f"{letter}{self._run}-{self._count}"


class Turn:
    """Collects the commands of one event; `tokens` counts through all turns, so that each wait has its own number."""

    __slots__ = ("_at", "commands", "now", "shown", "tokens")

    def __init__(self, now: Now, tokens: int = 0) -> None:
        self.now = now
        self._at = ""
        self.commands: list[Command] = []
        self.tokens = tokens
        self.shown = False
        """Whether a shown state has changed in this turn."""

    def emit(self, command: Command) -> None:
        """Add a command; they are carried out in this order."""
        self.commands.append(command)

    def token(self) -> int:
        """A number for a wait, used once."""
        self.tokens += 1
        return self.tokens

    def append(self, row: Row, token: int = 0) -> None:
        """Write a row to the journal."""
        self.commands.append(Append(row, token))

    def start(self, timer: Timer, after_ms: int) -> None:
        """Start a timer, or start it again."""
        self.commands.append(StartTimer(timer, max(0, after_ms)))

    def cancel(self, timer: Timer) -> None:
        """Cancel a timer."""
        self.commands.append(CancelTimer(timer))

    def show(self) -> None:
        """Publish the state, once a turn."""
        if not self.shown:
            self.shown = True
            self.commands.append(Snapshot())

    def is_done(self, request: str) -> bool:
        """Whether the command of this request was carried out in this turn."""
        return any(isinstance(one, Reply) and one.request == request and one.status == "done" for one in self.commands)

    def log(self, level: str, message: str) -> None:
        """A line for the installer."""
        self.commands.append(Log(level, message))

    @property
    def at(self) -> str:
        """This moment as RFC 3339 UTC."""
        if not self._at:
            self._at = rfc3339(self.now.wall_ns)
        return self._at
