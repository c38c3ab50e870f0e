"""Access as a subsystem: a read comes in, the lane that it is for is found, and a decision goes to that lane.

A reader of several lanes reads for the lane where a car waits, else for the one chosen on the booth's screen, else the
car is referred. Card and plate of one car give one decision; if they differ, the car is referred.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.core.access.barriers import AccessBarrier, AccessBarriers
from gateway.core.access.booth.chosen import ChosenLanes
from gateway.core.access.booth.pile import PileCards
from gateway.core.access.decider import Decider
from gateway.core.access.expiry import ExpiryWarnings, Warned
from gateway.core.access.pending import PendingCase, differ
from gateway.core.access.reads import ReadRules, Taken, is_bound, shown
from gateway.core.access.recent import CORRECTIONS, Recent
from gateway.core.alarms.faults import Faults
from gateway.core.charges.book import Book
from gateway.core.payments.bills import Bills
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Direction, Lane, Settings
from gateway.core.subsystem import Followers, Handlers, Subsystem
from gateway.core.vocabulary import events
from gateway.core.vocabulary.clock import SureClock
from gateway.core.vocabulary.events import Account, CredentialRead, DeviceRecord
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.reasons import Verdict
from gateway.core.vocabulary.rows import PassageEntered, PassageExited, PassageReversed, Row
from gateway.core.vocabulary.rows import read as read_row
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import CoreView


class UnappliedRow(msgspec.Struct, frozen=True):
    """A row about a passage, or about money, that the projections have not applied."""

    type: str
    wall_ns: int
    data: msgspec.Raw


class AccessMemory(msgspec.Struct, frozen=True):
    """`unapplied`: in order; empty but for a core that is rebuilt within a run."""

    warned: Warned = Warned()
    unapplied: list[UnappliedRow] = []


class Access(Subsystem):
    """All reads of a site; `recent`: the passages and corrections of this run."""

    def __init__(
        self,
        settings: Settings,
        memory: AccessMemory,
        barriers: AccessBarriers,
        clock: SureClock,
        faults: Faults,
        bills: Bills,
        book: Book,
        counts: Callable[[Turn, str, DeviceRecord], bool],
    ) -> None:
        """`counts`: journals a record of a device; False when it was taken before."""
        self._barriers = barriers
        self._bills = bills
        self._clock = clock
        self._faults = faults
        self._counts = counts
        self._reads = ReadRules()
        self._chosen = ChosenLanes()
        self._pile = PileCards()
        self._now_ns = 0
        self.recent = Recent()
        for row in memory.unapplied:
            known = read_row(row.type, row.data)
            self.recent.note(known, row.wall_ns)
            book.note(known, row.wall_ns)
        self._warnings = ExpiryWarnings(settings, memory.warned)
        self._set(settings)

    def _set(self, settings: Settings) -> None:
        self._settings = settings
        self._lanes = {lane.id: lane for lane in settings.lanes}
        self._decider = Decider(settings, self._barriers, self.recent, self._clock, self._faults, self._bills)

    def handlers(self) -> Handlers:
        """Events: reads, what booths' screens ask of them, and a person's open, which ends the reads of its car."""
        return {
            events.CredentialRead: self.credential_read,
            events.LaneChosen: self.lane_chosen,
            events.CardAwaited: self.card_awaited,
            events.CommandReceived: self.command_received,
            events.StayCommandReceived: self.stay_command_received,
            SettingsChanged: self.settings_changed,
        }

    def followers(self) -> Followers:
        """Rows of passages and corrections, so that the next decision of this turn counts them."""
        return dict.fromkeys((PassageEntered, PassageExited, PassageReversed, *CORRECTIONS), self.passed)

    def passed(self, turn: Turn, row: Row) -> None:
        """A car has come in or gone out, an inferred passage is taken back, or a person corrects who is inside."""
        self.recent.note(row, turn.now.wall_ns)

    def settings_changed(self, _turn: Turn, event: SettingsChanged) -> None:
        """Decide by the new settings; reads that wait at a lane that is made anew are forgotten, as at a start."""
        self._reads.forget(lane.id for lane in self._settings.lanes if lane.barrier in event.touched)
        self._set(event.settings)
        self._warnings.settings_changed(event.settings)

    def lane_chosen(self, turn: Turn, event: events.LaneChosen) -> None:
        """A booth's screen shows this lane."""
        self._chosen.choose(event.station, event.lane, turn.now.mono_ns)

    def card_awaited(self, turn: Turn, event: events.CardAwaited) -> None:
        """A booth's screen waits for a card from the pile, or waits no more."""
        self._pile.await_at(event.station, event.lane, event.by, turn.now.mono_ns)
        self._now_ns = turn.now.mono_ns
        turn.show()

    def view(self, shown: CoreView) -> CoreView:
        """The lanes, with the card from the pile that a screen waits for there."""
        waiting = {lane: card for lane in self._pile.lanes() if (card := self._pile.view(lane, self._now_ns))}
        if not waiting:
            return shown
        lanes = [msgspec.structs.replace(one, pile=waiting.get(one.id)) for one in shown.lanes]
        return msgspec.structs.replace(shown, lanes=tuple(lanes))

    def command_received(self, turn: Turn, event: events.CommandReceived) -> None:
        """A person has let the car in front pass: its first proof does not count for the next car."""
        if event.command in ("open", "emergency") and turn.is_done(event.request):
            self._reads.let_through(event.lane)

    def stay_command_received(self, turn: Turn, event: events.StayCommandReceived) -> None:
        """A person has let a car without a card pass: what was read of it does not count for the next car."""
        if event.verb == "release" and turn.is_done(event.request):
            self._reads.let_through(event.lane)

    def settle(self, turn: Turn) -> None:
        """Serve the reads that waited for their approach loop, now that it is occupied."""
        if not self._reads.waits:
            return
        now_ns = turn.now.mono_ns
        for lane_id in self._reads.waiting_lanes(now_ns):
            lane, barrier = self._lanes[lane_id], self._barriers.barrier_of(lane_id)
            barrier.forget_gone(turn, lane)
            if barrier.approach_of(lane) and not barrier.behind(lane, now_ns):
                for read in self._reads.occupied(lane, now_ns, barrier.arrived_ns.get(lane_id, 0)):
                    self._read_at(turn, lane, read)

    # ---- at which lane

    def credential_read(self, turn: Turn, event: CredentialRead) -> None:
        """A credential was presented, or is still seen."""
        if event.record is not None and not self._counts(turn, event.device, event.record):
            return
        lanes = [lane for lane in self._settings.lanes if event.device in (*lane.readers, *lane.cameras)]
        if not lanes and not event.again:
            turn.log("warning", f"{event.device} read a {event.kind}, but no lane has this reader")
        if self._pile.takes(lanes, event, turn.now.mono_ns):
            self._now_ns = turn.now.mono_ns
            turn.show()
            return
        if len(lanes) > 1 and not event.again:
            lanes = self.lanes_meant(turn, lanes, event)
        for lane in lanes:
            self._read_at(turn, lane, event)

    def lanes_meant(self, turn: Turn, lanes: list[Lane], event: CredentialRead) -> list[Lane]:
        """The lane of a shared reader: the one where a car waits, else the one chosen on the screen, else none.

        A tag or plate whose car is on no loop yet waits at each of them.
        """
        standing = [lane for lane in lanes if self._barrier(lane).approach_of(lane) is True]
        waiting = [lane for lane in standing if not self._barrier(lane).may_pass(lane)] or standing
        if len(waiting) == 1:
            return waiting
        if not standing and is_bound(event) and all(self._barrier(lane).approach_fitted(lane) for lane in lanes):
            return lanes
        chosen = self._chosen.among(lanes, turn.now.mono_ns)
        if chosen is not None:
            return [chosen]
        self._refer_unclear(turn, lanes, event)
        return []

    def _refer_unclear(self, turn: Turn, lanes: list[Lane], event: CredentialRead) -> None:
        """Refer one case at all of these lanes. A car that waits for a person by its own pass keeps its own case."""
        taken, decision = self._decider.lane_unclear(turn, Taken(event))
        first: PendingCase | None = None
        now_ns = turn.now.mono_ns
        unnamed = [lane for lane in lanes if not self._barrier(lane).is_named_otherwise(lane, taken.read, now_ns)]
        for lane in unnamed or lanes:
            case = self._barrier(lane).decided(turn, lane, taken, decision, shared=first)
            first = first or case

    def _barrier(self, lane: Lane) -> AccessBarrier:
        return self._barriers.barrier_of(lane.id)

    # ---- paid

    def paid(self, turn: Turn, account: Account, found: Pass | None, *, moves: bool) -> None:
        """Something was paid, waived or taken over for a visit: a car that waits for that alone may pass.

        `found`: the pass of the visit as it is now. `moves`: whether it may let a car pass at all. The sum that is
        shown follows in any case.
        """
        for lane in self._settings.lanes:
            if lane.direction is not Direction.EXIT:
                continue
            barrier = self._barrier(lane)
            barrier.forget_gone(turn, lane)
            waiting = barrier.unpaid(lane, account, found, turn.now.mono_ns)
            if waiting is None:
                continue
            taken, decision = self._decider.decide(turn, lane, waiting.taken)
            may_pass = moves and waiting.present and waiting.asked and decision.verdict is Verdict.GRANTED
            if may_pass:
                barrier.decided(turn, lane, taken, decision)
            elif decision.bill is not None:
                barrier.billed(turn, lane, decision)

    # ---- with which other proof

    def _read_at(self, turn: Turn, lane: Lane, event: CredentialRead) -> None:
        barrier, now_ns = self._barrier(lane), turn.now.mono_ns
        barrier.forget_gone(turn, lane)
        if lane.two_factor and barrier.let_in_already(turn, lane, shown(event), again=event.again):
            return
        if not lane.two_factor and barrier.is_of_passing(event, now_ns):
            return
        approach = barrier.approach_of(lane)
        occupied = approach is True if barrier.approach_fitted(lane) else None
        arrived_ns = barrier.arrived_ns.get(lane.id, 0)
        before = self._reads.first_of(lane)
        if before is not None and occupied and not barrier.has_shown(lane, before):
            self._reads.let_through(lane.id)  # another car has come to the loop
        behind = barrier.behind(lane, now_ns)
        if behind and event.kind == "plate" and self._reads.may_be_here(lane, event, now_ns, arrived_ns):
            self._doubt_unpaid(turn, barrier, lane, event)
        taken = self._reads.take(lane, event, occupied, now_ns, behind, arrived_ns)
        first = self._reads.first_of(lane)
        if taken is not None:
            self._decide_with_other_proof(turn, barrier, lane, taken)
        elif first is not None and first is not before and barrier.first_proof(turn, lane, first):
            self._reads.let_through(lane.id)

    def _decide_with_other_proof(self, turn: Turn, barrier: AccessBarrier, lane: Lane, taken: Taken) -> None:
        """Decide on card and plate of one car together."""
        read, now_ns = taken.read, turn.now.mono_ns
        other = None if taken.elsewhere or lane.two_factor else barrier.other_proof(lane, read, now_ns)
        if other is None:
            self._decide(turn, lane, taken)
        elif barrier.is_released(lane, now_ns) or not self._differ(turn, read, other):
            if not barrier.let_pass_already(turn, lane, read):
                self._decide(turn, lane, _of_one_car(read, other))
        else:
            barrier.withdraw_grant(turn, lane)
            card, plate = (other, read) if read.kind == "plate" else (read, other)
            self._decide(turn, lane, Taken(card, second=plate, mismatch=True))

    def _doubt_unpaid(self, turn: Turn, barrier: AccessBarrier, lane: Lane, plate: CredentialRead) -> None:
        """A late plate may be that of the car behind, or of the car in front, which a payment would let out.

        It lets no car pass here. If it differs from the card of a car that must pay and whose own plate was not read, a
        person compares.
        """
        card = None if lane.two_factor else barrier.other_proof(lane, plate, turn.now.mono_ns)
        if card is not None and barrier.pays_without_plate(lane) and self._differ(turn, plate, card):
            self._decide(turn, lane, Taken(card, second=plate, mismatch=True))

    def _differ(self, turn: Turn, read: CredentialRead, other: CredentialRead) -> bool:
        """Whether two proofs of one car contradict each other; two that cannot be compared are referred."""
        try:
            return differ(read, other)
        except Exception as error:
            self._faults.contain(turn, read, error)
            return True

    def _decide(self, turn: Turn, lane: Lane, taken: Taken) -> None:
        barrier = self._barrier(lane)
        barrier.second_came()
        taken, decision = self._decider.decide(turn, lane, taken)
        warn_day = self._warnings.due(decision, self._clock.wall_ns(turn.now))
        barrier.decided(turn, lane, taken, decision, warn_day)


def _of_one_car(read: CredentialRead, other: CredentialRead) -> Taken:
    """Decide on a card and a plate that agree: by the passes of both, else by that with a pass, or of a visitor."""
    common = {found.id for found in read.passes} & {found.id for found in other.passes}
    if common:
        passes = tuple(found for found in read.passes if found.id in common)
        return Taken(msgspec.structs.replace(read, passes=passes), second=other)
    if not read.passes and (other.passes or (other.expected and not read.expected)):
        return Taken(other, second=read)
    return Taken(read, second=other)
