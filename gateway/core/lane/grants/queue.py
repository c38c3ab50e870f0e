"""The queue of grants: first in, first out, at most three; and the time the head one has left.

The time of a grant runs only while it is at the head, the arm is up (or down, and nothing opens it yet) and no vehicle
is under it, and pauses while its vehicle stands on the approach loop: `GrantKeeper` says when it runs.
"""

from __future__ import annotations

from gateway.core.lane.grants.grant import Grant, GrantEvent, GrantState
from gateway.core.settings.model import Direction, Lane
from gateway.core.vocabulary.rows import Credential, GrantUnused, LastGrant
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Turn
from gateway.core.vocabulary.views import WaitingGrant

GRANTS_MAX = 3
SPENT_MS = 5000
"""A presentation ends by absence: what was shown for a vehicle that has passed is its own until unseen for so long."""


class GrantQueue:
    """The unused grants of one barrier; `before`: the last one of an earlier run, to be shown."""

    def __init__(self, timer: Timer, grant_ms: int, before: LastGrant | None) -> None:
        self._timer = timer
        self._grant_ms = grant_ms
        self._before = before
        self._waiting: list[Grant] = []
        self._last: Grant | None = None
        self._used: Grant | None = None
        self._used_ns = 0

    def __len__(self) -> int:
        return len(self._waiting)

    # ---- what is known

    @property
    def last(self) -> Grant | None:
        """The grant that was given last in this run."""
        return self._last

    @property
    def head(self) -> Grant | None:
        """The grant whose vehicle is next."""
        return self._waiting[0] if self._waiting else None

    @property
    def bound(self) -> Grant | None:
        """The grant whose vehicle is under the arm."""
        return next((grant for grant in self._waiting if grant.state is GrantState.UNDER), None)

    @property
    def full(self) -> bool:
        """True when the queue holds GRANTS_MAX grants."""
        return len(self._waiting) >= GRANTS_MAX

    def holds(self, credential: Credential) -> bool:
        """Whether this credential was granted and its vehicle has not passed yet."""
        return any(grant.proved_by(credential) for grant in self._waiting)

    def seen_behind(self, credential: Credential, now_ns: int) -> bool:
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

    def of(self, lane: Lane) -> list[Grant]:
        """All that were given at that lane."""
        return [grant for grant in self._waiting if grant.lane is lane]

    def in_front(self, lane: Lane) -> list[Grant]:
        """All of that lane whose vehicles are not under the arm."""
        return [grant for grant in self.of(lane) if grant.state is GrantState.WAITING]

    def first_of(self, lane: Lane) -> Grant | None:
        """The first that was given at that lane; two lanes may share a barrier."""
        return next(iter(self.of(lane)), None)

    def entering(self) -> list[Grant]:
        """All whose vehicles are about to come in."""
        return [grant for grant in self._waiting if grant.lane.direction is Direction.ENTRY]

    def views(self, lane: Lane) -> tuple[WaitingGrant, ...]:
        """All of that lane in order, as screens show them."""
        return tuple([grant.view() for grant in self.of(lane)])

    def last_granted(self) -> LastGrant | None:
        """The last grant of this run or an earlier one, in incident rows and on screens."""
        return self._last.last_grant() if self._last is not None else self._before

    # ---- what happens

    def add(self, grant: Grant) -> None:
        """Queue a grant."""
        self._waiting.append(grant)
        self._last = grant

    def take_up(self, grant: Grant) -> None:
        """Queue the grant of an earlier run whose vehicle is under the arm."""
        self._waiting.append(grant)
        grant.happens(GrantEvent.GOES_UNDER)

    def bind(self, lane: Lane | None) -> Grant | None:
        """A vehicle is under the arm: it uses the first grant of its lane; None: the lane is not known."""
        grant = self.head if lane is None else self.first_of(lane)
        if grant is not None:
            grant.happens(GrantEvent.GOES_UNDER)
        return grant

    def unbind(self) -> Grant | None:
        """The vehicle under the arm goes back, or has not used its grant; that grant waits again."""
        grant = self.bound
        if grant is not None:
            grant.happens(GrantEvent.GOES_BACK)
        return grant

    def use(self, turn: Turn, grant: Grant | None) -> Grant | None:
        """A vehicle has passed: take its grant out."""
        if grant is not None:
            self._take_out(turn, grant)
            grant.happens(GrantEvent.PASSED)
            self._used, self._used_ns = grant, turn.now.mono_ns
        return grant

    def call_head(self, turn: Turn) -> None:
        """The arm goes up for the head."""
        self.run(turn, runs=False)
        if self._waiting:
            self._waiting[0].called()

    def run(self, turn: Turn, runs: bool) -> None:
        """Let the head's time run, or pause it."""
        head = self.head
        if head is None:
            return
        if runs:
            left_ms = head.run(turn.now.mono_ns, self._grant_ms)
            if left_ms is not None:
                turn.start(self._timer, left_ms)
        elif head.pause(turn.now.mono_ns):
            turn.cancel(self._timer)

    def drop(self, turn: Turn, grant: Grant, why: str) -> None:
        """End the grant of one vehicle, which did not come or has gone."""
        self._take_out(turn, grant)
        grant.happens(GrantEvent.DROPPED)
        turn.append(GrantUnused(lane=grant.lane.id, pass_=grant.pass_id, grant=grant.id, reason=why))

    def drop_all(self, turn: Turn, why: str, *, but_under: bool = False) -> None:
        """End every grant; `but_under`: the vehicle under the arm has used its own."""
        kept = self.bound if but_under else None
        for grant in [one for one in self._waiting if one is not kept]:
            self.drop(turn, grant, why)

    def _take_out(self, turn: Turn, grant: Grant) -> None:
        """The time of a head stops before it is taken out: the timer is that of whichever grant is at the head."""
        if grant is self.head:
            self.run(turn, runs=False)
        self._waiting.remove(grant)
