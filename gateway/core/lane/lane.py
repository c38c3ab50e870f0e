"""A lane: its door for events, and what each of them leads to.

A `LaneMachine` is made per barrier; two lanes that share a barrier share its machine. Its *parts* (`parts.py`) own the
states; each changes by its own table alone and knows no other part. Its *pages* (in the rooms beside this file) own
nothing and say what follows from one part for the others; each page builds on those above it in `__init__` below. Rules
that hold throughout: nothing is sent before its row is durable or has waited long enough, and guards are looked at
again at that moment; no close while a safety input is occupied or not known to be free; what was half done when the
engine stopped waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from zoneinfo import ZoneInfo

from gateway.core.acceptance.touched import TouchedPoints
from gateway.core.alarms.desk import AlarmDesk
from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.contacts.changes import ContactChanges
from gateway.core.lane.contacts.fire_contact import FireContact
from gateway.core.lane.contacts.measuring import Measuring
from gateway.core.lane.contacts.stuck_loops import StuckLoops
from gateway.core.lane.contacts.trouble import TroubleContacts
from gateway.core.lane.contacts.unfitted import UnfittedContacts
from gateway.core.lane.grants.grant import Grant, Left
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.memory import LaneMemory
from gateway.core.lane.modes.crash import Crashes
from gateway.core.lane.modes.fire import Fires
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.modes.siren import SirenEvent
from gateway.core.lane.motion.arrivals import ArmArrivals
from gateway.core.lane.motion.commanded import CommandedMoves
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.motion.failures import ArmFailures
from gateway.core.lane.motion.guards import ArmGuards
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.motion.sending import Sending
from gateway.core.lane.motion.struck import StruckVehicles
from gateway.core.lane.motion.uncommanded import UncommandedMoves
from gateway.core.lane.motion.why import WhyItMoved
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people.admission import Admission
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.lane.people.commands import PersonsCommands
from gateway.core.lane.people.door import AccessDoor
from gateway.core.lane.people.reads import Reads
from gateway.core.lane.people.release import Release
from gateway.core.lane.people.resume import Resume
from gateway.core.lane.people.words import PersonsWords
from gateway.core.lane.rest import LaneRest
from gateway.core.lane.signs.signs import Signs
from gateway.core.lane.traffic.crossed_closed import CrossedClosed
from gateway.core.lane.traffic.loops import Loops
from gateway.core.lane.traffic.passages import ChargedVisits
from gateway.core.lane.traffic.passing import Passing
from gateway.core.lane.traffic.recorder import PassageRecorder
from gateway.core.lane.view import ShownLane
from gateway.core.settings.model import Barrier, Lane, Site
from gateway.core.vocabulary.authors import GATEWAY
from gateway.core.vocabulary.turn import Ids, Turn
from gateway.core.vocabulary.views import LaneView


class LaneMachine:
    """One barrier with the lanes that lead past it."""

    def __init__(
        self,
        barrier: Barrier,
        lanes: tuple[Lane, ...],
        desk: AlarmDesk,
        ids: Ids,
        memory: LaneMemory,
        site: Site,
        fires: Fires,
        touched: TouchedPoints,
        charged: ChargedVisits | None = None,
    ) -> None:
        self.parts = lane = LaneParts(barrier, lanes, desk, ids, memory, site, fires, charged)
        keeper = self._keeper = GrantKeeper(lane)
        orders = ArmOrders(lane)
        recorder = PassageRecorder(lane)
        crashes = Crashes(lane, orders)
        events = self.arm_events = ArmEvents(lane, ArmGuards(lane).by_name())
        moves = self._make_arm(lane, orders, recorder, crashes)
        resume = self._resume = Resume(lane, keeper, events)
        stuck = self._stuck = StuckLoops(lane)
        passing = self._passing = Passing(lane, keeper, recorder, events)
        crossed = self._crossed_closed = CrossedClosed(lane, passing, recorder, crashes, events)
        loops = self._loops = Loops(lane, keeper, orders, passing, crossed, stuck, events)
        trouble, fire = TroubleContacts(lane), FireContact(lane, orders)
        cars = self._cars = CarsInFront(lane)
        words, admission = PersonsWords(lane), Admission(lane, keeper, loops, events)
        self._reads = Reads(lane, keeper, orders, cars, admission, words)
        self.access = AccessDoor(lane, cars, admission, self._reads)
        release = Release(lane, orders, moves, cars, admission, words, recorder, resume)
        self.commands = PersonsCommands(
            lane, orders, passing, recorder, crashes, trouble, cars, words, release, resume, touched
        )
        self._fire = fire
        self._measuring = Measuring(lane, keeper, loops, stuck, crashes, trouble, fire, events)
        self._changes = ContactChanges(
            lane, keeper, orders, loops, crashes, self._failures, trouble, fire, release.pressed, events
        )
        self._signs = Signs(lane)
        self._rest, self._unfitted = LaneRest(lane, cars), UnfittedContacts(lane)
        self._shown = ShownLane(lane, cars, self.commands, memory)
        self._timers = self._make_timers()

    def _make_arm(
        self, lane: LaneParts, orders: ArmOrders, recorder: PassageRecorder, crashes: Crashes
    ) -> CommandedMoves:
        """The arm's events and what follows from them."""
        keeper, events = self._keeper, self.arm_events
        struck, why = StruckVehicles(lane), WhyItMoved(lane)
        self._sending = Sending(lane, keeper, events)
        moves = CommandedMoves(lane, keeper, orders, recorder, struck, events)
        arrivals = ArmArrivals(lane, keeper, orders, recorder, struck, why, events)
        self._failures = ArmFailures(lane, orders, why)
        self._uncommanded = UncommandedMoves(lane, moves, why, crashes, events)
        events.act_by(moves.actions(), arrivals.actions(), self._failures.actions(), self._uncommanded.actions())
        return moves

    def _make_timers(self) -> dict[str, Callable[[Turn, str], None]]:
        """What each timer's end leads to; the text is the contact, loop or lane that it is for."""
        lane, happens = self.parts, self.arm_events.happens
        return {
            "debounce": self._changes.settle,
            "answer": lambda turn, _of: happens(turn, ArmEvent.ANSWER_OVER),
            "travel": lambda turn, _of: happens(turn, ArmEvent.TRAVEL_OVER),
            "clear": lambda turn, _of: happens(turn, ArmEvent.CLEAR_OVER),
            "cause": lambda turn, _of: self._uncommanded.time_over(turn),
            "gap": lambda turn, _of: self._sending.gap_over(turn),
            "grant": lambda turn, _of: self._passing.grant_over(turn),
            "merge": lambda turn, _of: self._loops.merge_over(turn),
            "linger": lambda turn, _of: self._loops.lingers(turn),
            "question": lambda turn, _of: self._crossed_closed.question_over(turn),
            "stuck": self._stuck.time_over,
            "calm": self._changes.calm,
            "siren": lambda turn, _of: lane.siren.happens(turn, SirenEvent.TIME_OVER),
            "sign": lambda turn, of: lane.signs[of].time_over(turn),
            "lamp": lambda turn, _of: turn.show(),
            "left": lambda turn, of: self._keeper.note_gone(turn, lane.wiring.lane(of)),
            "case": lambda turn, of: self._case_over(turn, lane.wiring.lane(of)),
            "second": lambda turn, _of: self._reads.second_proof_missing(turn),
            "pause": lambda turn, _of: self._resume.pause_over(turn),
            "hold": lambda turn, _of: self._hold_over(turn),
        }

    # ---- what the site asks

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that lead past this barrier."""
        return self.parts.wiring.lanes

    @property
    def contact_devices(self) -> Set[str]:
        """The devices that its contacts hang on."""
        return self.parts.inputs.devices()

    @property
    def interrupted(self) -> bool:
        """Whether nothing moves by itself until a person decides."""
        return self.parts.interruption.active

    @property
    def paused(self) -> bool:
        """Whether nothing moves by itself for a moment."""
        return self.parts.pause.active

    @property
    def tagged(self) -> bool:
        """Whether the lane carries a tag."""
        return self.parts.tag.on

    @property
    def is_up_for_fire(self) -> bool:
        """Whether a fire contact opened the arm, and no person has ended that."""
        return Mode.FIRE in self.parts.modes and not self.parts.arm.closed

    @property
    def since(self) -> str | None:
        """Since when the state is as it is shown."""
        return self._shown.since

    def entering(self) -> list[Grant]:
        """The grants whose vehicles are about to come in."""
        return self.parts.grants.entering()

    def view(self, at: Lane) -> LaneView:
        """What people see of a lane; the engine adds how old the measurement is."""
        return self._shown.view(at)

    def interlock_with(self, others: Iterable[LaneMachine]) -> None:
        """This barrier must not be open together with any of the others."""
        self.parts.interlock.set(other.is_open_or_about_to_be for other in others)

    def moves_to(self, site: Site) -> None:
        """The site has another language or time zone."""
        zone = ZoneInfo(site.timezone)
        self.parts.service.moves_to(zone)
        for sign in self.parts.signs.values():
            sign.moves_to(site.locale, zone)

    def unrest(self, now_ns: int, *, moves_only: bool) -> tuple[Lane, str] | None:
        """Why these lanes cannot be made anew now: the lane and the reason."""
        return self._rest.unrest(now_ns, moves_only=moves_only)

    def is_open_or_about_to_be(self) -> bool:
        """What an interlocked barrier waits for."""
        return self.parts.open_or_about_to_be

    # ---- events

    def started(self, turn: Turn) -> None:
        """A run begins: an open question has its whole minute again."""
        self.parts.question.wait(turn)
        self._unfitted.end(turn)

    def expect(self, left: Left) -> None:
        """The one grant of an earlier run that a vehicle under the arm may be using."""
        self._measuring.expect(left)

    def inputs_read(self, turn: Turn, device: str, values: tuple[bool, ...]) -> None:
        """A reading of a device has come."""
        self._changes.read(turn, device, values)

    def device_stale(self, turn: Turn, device: str) -> None:
        """A poll went unanswered."""
        self._measuring.stale(turn, device)

    def device_lost(self, turn: Turn, device: str) -> None:
        """A device does not answer."""
        self._measuring.lost(turn, device)
        self._signs.device_lost(device)

    def device_restored(self, turn: Turn, device: str, values: tuple[bool, ...], outputs: tuple[bool, ...]) -> None:
        """A device answers: let go of what a killed gateway left on, measure, and set lamps anew. Nothing moves."""
        self.parts.terminals.let_go(turn, device, outputs)
        self.parts.siren.let_go(turn, device, outputs)
        self._measuring.restored(turn, device, values)
        self._signs.device_restored(turn, device, outputs)

    def committed(self, turn: Turn, token: int) -> bool:
        """The row of a movement is durable, or has waited long enough; False when it is of another barrier."""
        return self._sending.committed(turn, token)

    def output_done(self, token: int) -> None:
        """The device has taken an output command."""
        self._sending.done(token)

    def output_failed(self, turn: Turn, token: int, error: str) -> None:
        """The device did not take an output command."""
        self._sending.failed(turn, token, error)

    def timer(self, turn: Turn, name: str, of: str) -> None:
        """One of this lane's timers has fired; `of` is the contact, loop or lane that it is for."""
        self._timers[name](turn, of)

    def open_for_fire(self, turn: Turn) -> None:
        """There is fire at another lane."""
        self._fire.open(turn)

    def silence(self, turn: Turn) -> None:
        """A person knows of the crash."""
        self.parts.siren.happens(turn, SirenEvent.SILENCED)

    def end_case(self, case: str) -> None:
        """A car that may stand at several lanes was dealt with at another one."""
        self.parts.cases.end_by_id(case)

    # ---- at the end of a turn, and once a minute

    def serve_interlock(self, turn: Turn) -> bool:
        """Open for a grant that waited for another barrier to close; False when none waits."""
        lane = self.parts
        if not len(lane.grants) or not lane.arm.closed or lane.interlock.blocks:
            return False
        self._keeper.drop_gone(turn)
        self.arm_events.happens(turn, ArmEvent.GRANTED)
        return True

    def show(self, turn: Turn) -> None:
        """Something that people look at has changed."""
        self._shown.note_since(turn)
        self._signs.update(turn)

    def check_service(self, turn: Turn) -> None:
        """Compare the counters with their limits."""
        self.parts.service.check(turn)

    def _case_over(self, turn: Turn, at: Lane) -> None:
        """A car that stands on no loop may be gone."""
        self._cars.case_of(at, turn.now.mono_ns)
        turn.show()

    def _hold_over(self, turn: Turn) -> None:
        """A hold ends by its time; one that a close or a crash ended already does not."""
        if Mode.HELD in self.parts.modes:
            self._passing.end_hold(turn, GATEWAY, "time_over")
