"""The lane as access sees it (`access/barriers.py`): what is known of the car in front, and what was decided on it."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.access.barriers import WaitingUnpaid
from gateway.core.access.pending import PendingCase
from gateway.core.access.reads import Taken
from gateway.core.access.rules import Decision, LaneFitness
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people.admission import Admission
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.lane.people.reads import Reads
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.events import Account, CredentialRead
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.turn import Turn


class AccessDoor:
    """Gives what access asks to the page that answers."""

    def __init__(self, lane: LaneParts, cars: CarsInFront, admission: Admission, reads: Reads) -> None:
        self._lane = lane
        self._cars = cars
        self._admission = admission
        self._reads = reads

    @property
    def arrived_ns(self) -> Mapping[str, int]:
        """Lane id -> when the car on its loop came."""
        return self._lane.arrivals.by_lane

    def fitness(self) -> LaneFitness:
        """Whether it can open at all now."""
        return self._admission.fitness()

    def approach_of(self, lane: Lane) -> bool | None:
        """Whether the approach loop is occupied; None: unknown, or no loop."""
        return self._lane.detectors.approach_of(lane)

    def approach_fitted(self, lane: Lane) -> bool:
        """Whether a lane has an approach loop."""
        return self._lane.detectors.approach_fitted(lane)

    def behind(self, lane: Lane, now_ns: int) -> bool:
        """Whether a tag that is first seen now is that of a car behind the one in front."""
        return self._cars.behind(lane, now_ns)

    def may_pass(self, lane: Lane) -> bool:
        """Whether a vehicle was let pass at this lane and is not under the arm yet."""
        return bool(self._lane.grants.in_front(lane))

    def forget_gone(self, turn: Turn, lane: Lane) -> None:
        """End the case of a car that has gone, after its time."""
        self._cars.forget_gone(turn, lane)

    def is_named_otherwise(self, lane: Lane, read: CredentialRead, now_ns: int) -> bool:
        """Whether the car in front waits for a person by a pass that this read is not of."""
        return self._cars.is_named_otherwise(lane, read, now_ns)

    def is_of_passing(self, read: CredentialRead, now_ns: int) -> bool:
        """Whether a late plate is that of the vehicle which its card let in."""
        return self._cars.is_of_passing(read, now_ns)

    def is_released(self, lane: Lane, now_ns: int) -> bool:
        """Whether a person has let the car in front pass, and it has not passed yet."""
        return self._cars.is_released(lane, now_ns)

    def has_shown(self, lane: Lane, read: CredentialRead) -> bool:
        """Whether the car in front has shown this."""
        return self._cars.has_shown(lane, read)

    def other_proof(self, lane: Lane, read: CredentialRead, now_ns: int) -> CredentialRead | None:
        """The proof of the other kind that the car in front has shown."""
        return self._cars.other_proof(lane, read, now_ns)

    def let_in_already(self, turn: Turn, lane: Lane, credential: Credential, *, again: bool) -> bool:
        """Whether this credential let its car in, which is still here or just past the arm."""
        return self._reads.let_in_already(turn, lane, credential, again=again)

    def let_pass_already(self, turn: Turn, lane: Lane, read: CredentialRead) -> bool:
        """Whether the car in front may pass by its other proof; then this read is noted with it."""
        return self._reads.let_pass_already(turn, lane, read)

    def withdraw_grant(self, turn: Turn, lane: Lane) -> None:
        """The two proofs of the car in front differ: it waits, unless its arm goes up already."""
        self._reads.withdraw_grant(turn, lane)

    def first_proof(self, turn: Turn, lane: Lane, read: CredentialRead) -> bool:
        """The first of two proofs was read; True: a person has let its car pass already, and it is noted with that."""
        return self._reads.first_proof(turn, lane, read)

    def unpaid(self, lane: Lane, account: Account, found: Pass | None, now_ns: int) -> WaitingUnpaid | None:
        """The car in front if something is due for this visit of it; `found`: the pass of the visit as it is now."""
        return self._cars.unpaid(lane, account, found, now_ns)

    def pays_without_plate(self, lane: Lane) -> bool:
        """Whether a payment lets the car in front out, of which no plate was read."""
        return self._cars.pays_without_plate(lane)

    def billed(self, turn: Turn, lane: Lane, decision: Decision) -> None:
        """The bill of the car in front has changed, and it does not pass for that: it was decided on anew."""
        self._reads.billed(turn, lane, decision)

    def second_came(self) -> None:
        """A decision was made; no lane here waits for a second proof."""
        self._reads.second_proof()

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
        return self._reads.decided(turn, lane, taken, decision, warn_day, shared)
