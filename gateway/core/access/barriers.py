"""The interface of access to barriers and lanes. `lane` imports access, never the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from gateway.core.access.pending import PendingCase
from gateway.core.access.places import Expected
from gateway.core.access.reads import Taken
from gateway.core.access.rules import Decision, LaneFitness
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.events import Account, CredentialRead
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.turn import Turn


class WaitingUnpaid(msgspec.Struct, frozen=True):
    """A car in front whose stay something is due for: what it has shown.

    `asked`: that alone is why it waits, and no person has refused it. `present`: it is still there, by its loop or by a
    read a moment ago.
    """

    taken: Taken
    asked: bool
    present: bool


class AccessBarrier(Protocol):
    """One barrier with its lanes."""

    @property
    def arrived_ns(self) -> Mapping[str, int]:
        """Lane id -> when the car on its loop came."""

    def fitness(self) -> LaneFitness:
        """Whether it can open at all now."""

    def approach_of(self, lane: Lane) -> bool | None:
        """Whether the approach loop is occupied; None: unknown, or no loop."""

    def approach_fitted(self, lane: Lane) -> bool:
        """Whether a lane has an approach loop."""

    def behind(self, lane: Lane, now_ns: int) -> bool:
        """Whether a tag that is first seen now is that of a car behind the one in front."""

    def may_pass(self, lane: Lane) -> bool:
        """Whether a vehicle was let pass at this lane and is not under the arm yet."""

    def forget_gone(self, turn: Turn, lane: Lane) -> None:
        """End the case of a car that has gone, after its time."""

    def is_named_otherwise(self, lane: Lane, read: CredentialRead, now_ns: int) -> bool:
        """Whether the car in front waits for a person by a pass that this read is not of."""

    def is_of_passing(self, read: CredentialRead, now_ns: int) -> bool:
        """Whether a late plate is that of the vehicle which its card let in."""

    def is_released(self, lane: Lane, now_ns: int) -> bool:
        """Whether a person has let the car in front pass, and it has not passed yet."""

    def has_shown(self, lane: Lane, read: CredentialRead) -> bool:
        """Whether the car in front has shown this."""

    def other_proof(self, lane: Lane, read: CredentialRead, now_ns: int) -> CredentialRead | None:
        """The proof of the other kind that the car in front has shown."""

    def let_in_already(self, turn: Turn, lane: Lane, credential: Credential, *, again: bool) -> bool:
        """Whether this credential let its car in, which is still here or just past the arm."""

    def let_pass_already(self, turn: Turn, lane: Lane, read: CredentialRead) -> bool:
        """Whether the car in front may pass by its other proof; then this read is noted with it."""

    def withdraw_grant(self, turn: Turn, lane: Lane) -> None:
        """The two proofs of the car in front differ: it waits, unless its arm goes up already."""

    def first_proof(self, turn: Turn, lane: Lane, read: CredentialRead) -> bool:
        """The first of two proofs was read; True: a person has let its car pass already, and it is noted with that."""

    def unpaid(self, lane: Lane, account: Account, found: Pass | None, now_ns: int) -> WaitingUnpaid | None:
        """The car in front if something is due for this visit of it; `found`: the pass of the visit as it is now."""

    def pays_without_plate(self, lane: Lane) -> bool:
        """Whether a payment lets the car in front out, of which no plate was read."""

    def billed(self, turn: Turn, lane: Lane, decision: Decision) -> None:
        """The bill of the car in front has changed, and it does not pass for that: it was decided on anew."""

    def second_came(self) -> None:
        """A decision was made; no lane here waits for a second proof."""

    def decided(
        self,
        turn: Turn,
        lane: Lane,
        taken: Taken,
        decision: Decision,
        warn_day: str | None = None,
        shared: PendingCase | None = None,
    ) -> PendingCase:
        """A read was decided on. `warn_day`: day of the first expiry warning; `shared`: a case of several lanes."""


class AccessBarriers(Protocol):
    """All barriers of a site."""

    def barrier_of(self, lane: str) -> AccessBarrier:
        """The barrier of a lane."""

    def expected(self) -> list[Expected]:
        """Vehicles that were granted at an entry and have not come in yet."""
