"""New settings on their way into the core: waited for until the touched lanes are at rest, then taken in one turn.

The settings thread makes a `Changeover` and puts it into the inbox; the core thread looks at it after each event, and
takes it or, at its end, gives it up. `Restarted` follows when the buses that had to begin anew have ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec

from gateway.core.settings.difference import Touched
from gateway.core.settings.exchange import Unrest
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.rows import Who

GATEWAY: Who = {"by": "gateway", "via": None}


class Changeover:
    """One change on its way; made in the settings thread, carried out in the core thread."""

    def __init__(
        self,
        settings: Settings,
        touched: Touched,
        until_ns: int,
        *,
        take: Callable[[], None] | None = None,
        moves_only_from_ns: int | None = None,
        always: bool = False,
        losing: frozenset[str] = frozenset(),
        who: Who = GATEWAY,
    ) -> None:
        """`until_ns`: when to give up (CLOCK_MONOTONIC); `take` None: only wait for rest; else what the shell does when
        the core has taken the settings, in the core thread.

        From `moves_only_from_ns` on only what moves is waited for. `always`: at the end take them all the same.
        `losing`: lanes that must carry no mark, since their arm would lose it. `who`: whose change it is.
        """
        self.settings = settings
        self.touched = touched
        self.until_ns = until_ns
        self.take = take
        self._moves_only_from_ns = moves_only_from_ns
        self.always = always
        self.losing = losing
        self.who = who
        self.unrest: tuple[Unrest, ...] = ()
        """What it waits for, for people."""
        self.failure = ""
        self.refusal = ""
        """Why it is not taken, where waiting does not help; for people."""
        self.done = threading.Event()
        """Set when it is taken, given up (`unrest`, `refusal`) or has failed (`failure`)."""
        self.taken = False

    def moves_only(self, now_ns: int) -> bool:
        """Whether only what moves is waited for by now."""
        return self._moves_only_from_ns is not None and now_ns >= self._moves_only_from_ns

    def wait(self, patience_s: float) -> bool:
        """Wait for its end; False if that has not come."""
        return self.done.wait(patience_s)

    def ended(
        self, *, taken: bool = False, unrest: Sequence[Unrest] = (), failure: str = "", refusal: str = ""
    ) -> None:
        """It is over."""
        self.taken, self.unrest, self.failure, self.refusal = taken, tuple(unrest), failure, refusal
        self.done.set()


class Restarted(msgspec.Struct, frozen=True):
    """The buses of these devices have ended: what comes now is of the new ones, which `give` makes reachable."""

    devices: frozenset[str]
    give: Callable[[], None]
