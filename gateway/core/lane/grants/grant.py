"""A grant: one vehicle may pass once. Its state says what became of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.core.access.pending import PendingCase
from gateway.core.charges.bill import Bill, bill_then
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.rows import Charged, Credential, GrantUnused, LastGrant
from gateway.core.vocabulary.turn import NS_PER_MS, Turn, rfc3339
from gateway.core.vocabulary.views import WaitingGrant

BY_PERSON = ("operator", "remote", "emergency")
"""Reasons of grants that a person gave."""


class GrantState(StrEnum):
    """What became of a grant."""

    WAITING = "waiting"
    UNDER = "under"
    USED = "used"
    UNUSED = "unused"


class GrantEvent(StrEnum):
    """What happens to a grant: its vehicle comes under the arm, goes back, or passes; or nothing comes of it."""

    GOES_UNDER = "goes_under"
    GOES_BACK = "goes_back"
    PASSED = "passed"
    DROPPED = "dropped"


_W, _UNDER, _USED, _UNUSED = GrantState.WAITING, GrantState.UNDER, GrantState.USED, GrantState.UNUSED
_E = GrantEvent

TABLE: dict[GrantState, dict[GrantEvent, GrantState]] = {
    _W: {_E.GOES_UNDER: _UNDER, _E.PASSED: _USED, _E.DROPPED: _UNUSED},
    _UNDER: {_E.GOES_BACK: _W, _E.PASSED: _USED, _E.DROPPED: _UNUSED},
    _USED: {},
    _UNUSED: {},
}


class Grant(msgspec.Struct):
    """`credential` and `pass_id` are None for an operator's open; `second` is the other of two proofs.

    `expected`: the visit that an expected visitor begins. `bill`: at an exit, what the stay costs.
    `stood`: its vehicle stood on the loop in front when the grant was given; `gone`: that vehicle has left the loop and
    is not under the arm. `opened`: OPEN has gone out while it was at the head. `left_ms`: what is left of its time.
    """

    id: str
    lane: Lane
    reason: str
    by: str
    at: str
    pass_id: str | None = None
    kind: str | None = None
    credential: Credential | None = None
    second: Credential | None = None
    plate: str | None = None
    visit: OpenVisit | None = None
    left_ms: int | None = None
    given_ns: int = 0
    case: str | None = None
    expected: str | None = None
    by_button: bool = False
    stood: bool = False
    gone: bool = False
    running_since_ns: int | None = None
    opened: bool = False
    via: str = ""
    station: str | None = None
    bill: Bill | None = None
    state: GrantState = GrantState.WAITING

    @property
    def author(self) -> Author:
        """Who let the vehicle pass, and by which way they said so."""
        return Author(self.by, self.via, self.station)

    @property
    def method(self) -> str:
        """How the vehicle got in, as a passage says it."""
        return "manual" if self.reason in BY_PERSON or not self.credential else "automatic"

    def happens(self, event: GrantEvent) -> None:
        """Go on to the table's next state; a vehicle that is under the arm has not gone."""
        self.state = TABLE[self.state][event]
        self.gone = self.gone and self.state is not GrantState.UNDER

    def proved_by(self, credential: Credential) -> bool:
        """Whether this was shown for it."""
        return credential in (self.credential, self.second)

    def prove(self, second: Credential) -> None:
        """The other of two proofs was shown."""
        self.second = second

    def bind_to(self, case: PendingCase) -> None:
        """The grant is for the car of that case, and the car may pass by it."""
        case.granted_by(self.id)
        self.pass_id, self.kind, self.credential = case.pass_id, case.kind, case.credential
        self.plate, self.visit, self.case = case.plate, case.visit, case.id
        self.expected, self.bill = case.expected, case.bill

    def expect(self, visit: str, plate: str | None) -> None:
        """Its vehicle is that of a visitor; the passage begins the visit."""
        self.expected = visit
        self.plate = self.plate or plate

    def is_here(self, now_ns: int, *, stands: bool) -> None:
        """Its vehicle showed its proof again: it has not left, or has come back."""
        self.given_ns, self.stood, self.gone = now_ns, stands, False

    def note_gone(self, gone: bool) -> bool:
        """Whether its vehicle has left the loop; True when that is new."""
        changed, self.gone = self.gone != gone, gone
        return changed

    def called(self) -> None:
        """OPEN goes out for it: its time begins when the arm is up. That is so once."""
        if not self.opened:
            self.left_ms, self.opened = None, True

    def run(self, now_ns: int, grant_ms: int) -> int | None:
        """Let its time run; the milliseconds left when it began to run now."""
        if self.running_since_ns is not None:
            return None
        self.left_ms = grant_ms if self.left_ms is None else self.left_ms
        self.running_since_ns = now_ns
        return self.left_ms

    def pause(self, now_ns: int) -> bool:
        """Stop its time; True when it was running."""
        if self.running_since_ns is None:
            return False
        used_ms = (now_ns - self.running_since_ns) // NS_PER_MS
        self.left_ms, self.running_since_ns = max(0, (self.left_ms or 0) - used_ms), None
        return True

    def last_grant(self) -> LastGrant:
        """The grant as the lane's last one, in incident rows and on screens; nothing personal."""
        return LastGrant(self.at, self.pass_id, self.credential, self.reason, self.by)

    def view(self) -> WaitingGrant:
        """The grant while its vehicle has not passed, as screens show it; nothing personal."""
        return WaitingGrant(
            id=self.id,
            at=self.at,
            pass_=self.pass_id,
            credential=self.credential,
            reason=self.reason,
            by=self.by,
        )


class Left(msgspec.Struct, frozen=True, rename={"pass_id": "pass"}):
    """A grant that has no end in the journal when a run begins; `visit` is the stay that it would end."""

    grant: str
    lane: str
    given_wall_ns: int = 0
    pass_id: str | None = None
    kind: str | None = None
    credential: Credential | None = None
    reason: str = ""
    by: str = ""
    visit: OpenVisit | None = None
    expected: str | None = None
    charge: Charged | None = None

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
            plate=self.credential.value if self.credential and self.credential.kind == "plate" else None,
            visit=self.visit,
            expected=self.expected,
            bill=None if self.charge is None else bill_then(self.charge),
            opened=True,
        )

    def unused(self, turn: Turn) -> None:
        """No vehicle was seen to use it before the restart."""
        turn.append(GrantUnused(lane=self.lane, pass_=self.pass_id, grant=self.grant, reason="restart"))
