"""Grants: who may pass, first in, first out, at most three; and the time the head one has left.

The time of a grant runs only while it is at the head, the arm is up (or down, and nothing opens it yet) and nobody is
under it, and pauses while its vehicle stands on the approach loop: the lane says when it runs.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from gateway.core.settings.model import Direction, Lane
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Turn, rfc3339

GRANTS_MAX = 3
BY_PERSON = ("operator", "remote", "emergency")
"""Reasons of grants that a person gave."""
SPENT_MS = 5000
"""A presentation ends by absence: what was shown for a vehicle that has passed is its own until unseen for so long."""


class Grant(msgspec.Struct):
    """A vehicle may pass once; `credential` and `pass_id` are None for an operator's open.

    `second` is the other of two proofs, where a lane asks for both.
    """

    id: str
    lane: Lane
    reason: str
    by: str
    at: str
    pass_id: str | None = None
    kind: str | None = None
    credential: dict[str, str] | None = None
    second: dict[str, str] | None = None
    plate: str | None = None
    visit: OpenVisit | None = None
    left_ms: int | None = None
    given_ns: int = 0
    case: str | None = None
    by_button: bool = False
    stood: bool = False
    """Its vehicle stood on the loop in front when it was given."""
    left: bool = False
    """Its vehicle has left that loop, and is not under the arm."""
    running_since_ns: int | None = None
    opened: bool = False
    """OPEN has gone out while it was at the head."""
    via: str = ""
    station: str | None = None

    @property
    def author(self) -> Author:
        """Who let the vehicle pass, and by which way they said so."""
        return Author(self.by, self.via, self.station)

    @property
    def method(self) -> str:
        """How the vehicle got in, as a passage says it."""
        return "manual" if self.reason in BY_PERSON or not self.credential else "automatic"

    def proved_by(self, credential: dict[str, str]) -> bool:
        """Whether this was shown for it."""
        return credential in (self.credential, self.second)

    def document(self) -> dict[str, Any]:
        """The grant as screens and incident records know it; nothing personal."""
        return {
            "at": self.at,
            "pass": self.pass_id,
            "credential": self.credential,
            "reason": self.reason,
            "by": self.by,
        }


class Left(msgspec.Struct, frozen=True, rename={"pass_id": "pass"}):
    """A grant that has no end in the journal when a run begins; `visit` is the stay that it would end."""

    grant: str
    lane: str
    given_wall_ns: int = 0
    pass_id: str | None = None
    kind: str | None = None
    credential: dict[str, str] | None = None
    reason: str = ""
    by: str = ""
    visit: OpenVisit | None = None

    def again(self, lane: Lane) -> Grant:
        """The same grant, once more."""
        return Grant(
            id=self.grant,
            lane=lane,
            reason=self.reason,
            by=self.by,
            at=rfc3339(self.given_wall_ns),
            pass_id=self.pass_id,
            kind=self.kind,
            credential=self.credential,
            plate=self.credential["value"] if self.credential and self.credential["kind"] == "plate" else None,
            visit=self.visit,
            opened=True,
        )

    def unused(self, turn: Turn) -> None:
        """Nobody was seen to use it before the restart."""
        data = {"lane": self.lane, "pass": self.pass_id, "grant": self.grant, "reason": "restart"}
        turn.append("grant.unused", f"lanes/{self.lane}", data)


class GrantQueue:
    """The grants of one barrier that nobody has used yet."""

    def __init__(self, timer: Timer, grant_ms: int) -> None:
        self._timer = timer
        self._grant_ms = grant_ms
        self._waiting: deque[Grant] = deque()
        self.last: Grant | None = None
        self._used: Grant | None = None
        self._used_ns = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def head(self) -> Grant | None:
        """The one whose vehicle is next."""
        return self._waiting[0] if self._waiting else None

    @property
    def full(self) -> bool:
        """Whether another one would be one too many."""
        return len(self._waiting) >= GRANTS_MAX

    def holds(self, credential: dict[str, str]) -> bool:
        """Whether this credential was granted and has not passed yet."""
        return any(grant.proved_by(credential) for grant in self._waiting)

    def seen_behind(self, credential: dict[str, str], now_ns: int) -> bool:
        """Whether what is seen now was shown for the vehicle that has just passed, and was never gone since."""
        lately = now_ns - self._used_ns <= SPENT_MS * NS_PER_MS
        if self._used is None or not lately or not self._used.proved_by(credential):
            return False
        self._used_ns = now_ns
        return True

    def used_lately(self, now_ns: int) -> Grant | None:
        """The grant of the vehicle that has just passed."""
        return self._used if now_ns - self._used_ns <= SPENT_MS * NS_PER_MS else None

    def of_id(self, grant_id: str | None) -> Grant | None:
        """The grant of that id while its vehicle has not passed."""
        return next((grant for grant in self._waiting if grant.id == grant_id), None)

    def documents(self) -> list[dict[str, Any]]:
        """All that nobody has used yet, in order, as screens know them."""
        return [{"id": grant.id, **grant.document()} for grant in self._waiting]

    def drop(self, turn: Turn, grant: Grant, why: str) -> None:
        """One vehicle may not pass any longer."""
        self._waiting.remove(grant)
        self._unused(turn, grant, why)

    def waits_for(self, lane: Lane) -> bool:
        """Whether somebody was let in at this lane and has not passed yet."""
        return any(grant.lane is lane for grant in self._waiting)

    def add(self, grant: Grant) -> None:
        """Queue a grant."""
        self._waiting.append(grant)
        self.last = grant

    def take_up(self, grant: Grant) -> None:
        """Queue a grant of an earlier run; nobody who comes without one follows its vehicle."""
        self._waiting.append(grant)

    def first_of(self, lane: Lane) -> Grant | None:
        """The first that was given at that lane; two lanes may share a barrier."""
        return next((grant for grant in self._waiting if grant.lane is lane), None)

    def entering(self) -> list[Grant]:
        """All whose vehicles are about to come in."""
        return [grant for grant in self._waiting if grant.lane.direction is Direction.ENTRY]

    def of(self, lane: Lane) -> list[Grant]:
        """All that were given at that lane."""
        return [grant for grant in self._waiting if grant.lane is lane]

    def restart(self, turn: Turn) -> None:
        """The arm goes up for the head: its time begins anew when it is up.

        That is so once: behind an arm that closes by itself and is opened again its time goes on, or never ended.
        """
        self.run(turn, runs=False)
        head = self.head
        if head is not None and not head.opened:
            head.left_ms, head.opened = None, True

    def use(self, grant: Grant | None, now_ns: int) -> Grant | None:
        """A vehicle has passed: take its grant out."""
        if grant is not None:
            self._used, self._used_ns = grant, now_ns
        if grant is not None and grant in self._waiting:
            self._waiting.remove(grant)
        return grant

    def run(self, turn: Turn, runs: bool) -> None:
        """Let the head's time run, or pause it."""
        head = self.head
        if head is None:
            turn.cancel(self._timer)
        elif runs and head.running_since_ns is None:
            head.left_ms = self._grant_ms if head.left_ms is None else head.left_ms
            head.running_since_ns = turn.now.mono_ns
            turn.start(self._timer, head.left_ms)
        elif not runs and head.running_since_ns is not None:
            used_ms = (turn.now.mono_ns - head.running_since_ns) // NS_PER_MS
            head.left_ms, head.running_since_ns = max(0, (head.left_ms or 0) - used_ms), None
            turn.cancel(self._timer)

    def drop_head(self, turn: Turn, why: str) -> None:
        """The head's vehicle did not come."""
        self._unused(turn, self._waiting.popleft(), why)

    def drop_all(self, turn: Turn, why: str, keep: Grant | None = None) -> None:
        """Nobody may pass any longer, but for whoever is passing (`keep`); every grant is recorded as unused."""
        turn.cancel(self._timer)
        waiting, self._waiting = self._waiting, deque(grant for grant in self._waiting if grant is keep)
        for grant in waiting:
            if grant is not keep:
                self._unused(turn, grant, why)

    def _unused(self, turn: Turn, grant: Grant, why: str) -> None:
        data = {"lane": grant.lane.id, "pass": grant.pass_id, "grant": grant.id, "reason": why}
        turn.append("grant.unused", f"lanes/{grant.lane.id}", data)
