"""What a lane knows, and the few things that all its parts do: ask for a movement, write a row, raise an alarm.

The lane stands in six storeys, each in a file and each building only on those below: this state, `lane_arm` (the
arm's guards and actions and why it moved), `lane_traffic` (loops, passages, closing behind a vehicle), `lane_signs`
(what people at the lane are shown, and the contacts that only tell), `lane_orders` (what people ask: reads, the exit
button, a person's commands) and `lane` (what enters from devices: their coming and going, contacts, timers).
"""

from __future__ import annotations

from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.access.pending import Cases, PendingCase
from gateway.core.alarms.desk import Alarm, AlarmDesk
from gateway.core.lane.arm.causes import Cause, Movement
from gateway.core.lane.arm.table import ArmState, measured
from gateway.core.lane.arm.terminals import Motion, Terminals
from gateway.core.lane.arm.travel import Travel
from gateway.core.lane.contacts.inputs import Inputs, points_of
from gateway.core.lane.grants.queue import Grant, GrantQueue, Left
from gateway.core.lane.modes.modes import Mode, Modes
from gateway.core.lane.service import Service, ServiceMemory
from gateway.core.lane.signs.sign import Feedback
from gateway.core.lane.traffic.crossing import CrossingState, Vehicle
from gateway.core.settings.model import Barrier, Lane, Site
from gateway.core.vocabulary.authors import NOBODY, Author
from gateway.core.vocabulary.commands import SetOutput
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Turn, rfc3339

SIREN_MS = 180_000
CALLS = ("fire", "panic", "duress")
"""Alarms by which somebody calls for help; no tag keeps them back."""
PAUSE_MS = 10_000
"""How long nothing moves by itself after a stop of an arm that rested."""
MOVING = (ArmState.RISING, ArmState.LOWERING)
Notice = Literal[
    "arm_whole", "no_answer", "close_aborted", "vehicle_under", "approach_stuck", "second_factor",
    "controller_fault", "cycles_high", "crossed_closed",
]  # fmt: skip
"""What a lane asks of the people beside it; `docs/reference.md` has the words."""


class Ids:
    """Identifiers of one run: its prefix is unique (the sequence of the run's first row), the number counts."""

    def __init__(self) -> None:
        self.run = "0"
        self._count = 0

    def next(self, letter: str) -> str:
        """The next identifier, for example `g812-3`."""
        self._count += 1
        return f"{letter}{self.run}-{self._count}"


class LaneMemory(msgspec.Struct, frozen=True):
    """What outlives a restart: strong modes, the tag, and whether something waits for a person or was asked of one.

    `since`: word for a state, or notice -> when it began, as far as the journal knows. `latest`: lane id -> its last
    `decision`, `grant` and `passage`.
    """

    crashed: bool = False
    tag: dict[str, Any] | None = None
    interrupted: bool = False
    question: bool = False
    since: dict[str, str] = {}
    latest: dict[str, dict[str, dict[str, Any]]] = {}
    service: ServiceMemory = ServiceMemory()


class Since:
    """Since when something has been as it is shown; `known` is what an earlier run has left."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = known
        self._shown: str | None = None
        self.at: str | None = None

    def show(self, what: str | None, turn: Turn) -> None:
        """This is how it is now."""
        if what == self._shown:
            return
        self._shown, self.at = what, self._known.get(what or "") or turn.at
        if what not in self._known:
            self._known = {}


class LaneState:
    """One barrier with the lanes that lead past it: everything that is known of them."""

    def __init__(
        self,
        barrier: Barrier,
        lanes: tuple[Lane, ...],
        alarms: AlarmDesk,
        ids: Ids,
        memory: LaneMemory,
        site: Site,
    ) -> None:
        self.barrier = barrier
        self.lanes = lanes
        self.home = lanes[0]
        self.interlocked_with: tuple[LaneState, ...] = ()
        # Barriers whose fire contact is on; all machines of a site share the set.
        self.fires: set[str] = set()
        self.inputs = Inputs(barrier.id, points_of(barrier, lanes))
        self.terminals = Terminals(barrier)
        self.grants = GrantQueue(self.own_timer("grant"), barrier.grant_ms)
        self.travel = Travel(barrier.travel_time_ms)
        zone = ZoneInfo(site.timezone)
        self.service = Service(barrier, self.home.id, zone, self.travel, memory.service)
        self.signs = {lane.id: Feedback(lane, self.own_timer("sign", lane.id), site.locale, zone) for lane in lanes}
        self.modes = Modes()
        self.arm = ArmState.UNKNOWN
        self.left = ArmState.UNKNOWN
        self.measured = False
        self.crossing = CrossingState.UNSURE if barrier.safety else CrossingState.EMPTY
        self.tag: dict[str, Any] | None = memory.tag
        self.interrupted = memory.interrupted
        # A person stopped an arm that rested: nothing moves by itself for a moment.
        self.pause: dict[str, str] | None = None
        self.notice: Notice | None = None
        # OPEN was sent, and the arm did not follow.
        self.no_answer = False
        # What each lane shows of its last car; what an earlier run has left is shown, and nothing follows from it.
        self.last_decision = _left(memory, "decision", before_restart=True)
        self._stays = {lane: last.pop("visit", None) for lane, last in self.last_decision.items()}
        self.last_passage = _left(memory, "passage")
        self._granted_before = max(_left(memory, "grant").values(), key=lambda grant: str(grant["at"]), default=None)
        self.away: set[str] = self.devices()
        # Devices that have not been heard of yet in this run, neither that they answer nor that they are lost.
        self.unheard: set[str] = self.devices()
        self._unmeasured: set[str] = set()
        self.ids = ids
        self.alarms = alarms
        # A vehicle on the safety loop, and the grant it uses.
        self.vehicle: Vehicle | None = None
        self.bound: Grant | None = None
        # The one grant of an earlier run that a vehicle under the arm may be using.
        self.left_grant: Left | None = None
        self.safety_rose_ns: int | None = None
        self.approach_seen_ns: int | None = None
        self.arrived_ns: dict[str, int] = {}
        self.cases = Cases()
        # The case of the car that is under the arm.
        self.crossing_case: PendingCase | None = None
        # When a person said, and when the loops saw, that a vehicle passed by hand.
        self._declared_ns: dict[str, int] = {}
        self._crossed_ns: dict[str, int] = {}
        self.cleared_ns: int | None = None
        # Whether traffic or a person has given a reason to close; a restart or a returning device never does.
        self.close_due = False
        # The movement under way: why, by whom, since when, and what opened the arm last.
        self.moving_cause = Cause.COMMANDED
        self.mover = NOBODY
        # The order that was sent and that the arm has not been seen to follow yet.
        self.order: Motion | None = None
        self.moved_ns = 0
        # The way of a movement that began at the other end, so that its travel time is one; else empty.
        self.whole_way = ""
        self.opened_by = Cause.COMMANDED
        self.retries = 0
        self.aborts = 0
        self.movement: Movement | None = None
        # A movement whose command counts no longer is only watched; OPEN was sent to an arm that went down.
        self.void = False
        self.turning_back = False
        self.flickers: list[int] = []
        # The alarm that the last flickers are told by.
        self.flicker_alarm = ""
        self.power_ns: int | None = None
        # A lane held open by a person may have an end and a count; what was last counted without certainty.
        self.hold: dict[str, Any] | None = None
        self.hold_left: int | None = None
        self.held_for = self.home
        self.inferred: dict[str, Any] | None = None
        self.open_unseen = 0
        # A vehicle crossed the closed arm and nobody has said yet that the arm is whole.
        self.question = memory.question
        self._siren_on = False
        # What people were last shown, and since when; how old it was already when this run began.
        self.state_since = Since(memory.since)
        self.notice_since = Since(memory.since)
        if memory.crashed:
            self.modes.happens("crash")
        if memory.tag:
            self.modes.happens("tag")

    # ---- what is known

    @property
    def last_grant(self) -> dict[str, Any] | None:
        """Whom this barrier opened for last, in this run or an earlier one."""
        last = self.grants.last
        return last.document() if last is not None else self._granted_before

    @property
    def safety(self) -> bool | None:
        """True occupied, False known to be free, None unknown or not fitted."""
        return self.inputs.value("safety_loop")

    @property
    def safety_in_doubt(self) -> bool:
        """A safety input is fitted and not known to be free."""
        return bool(self.barrier.safety) and self.safety is not False

    @property
    def approach(self) -> bool | None:
        """True occupied, False free, None unknown or not fitted."""
        return self.inputs.value("approach_loop")

    @property
    def other(self) -> Lane:
        """The second lane of a shared barrier; of a barrier of one lane that lane."""
        return next((lane for lane in self.lanes if lane is not self.home), self.home)

    @property
    def seen(self) -> ArmState:
        """Where the arm is for people: an arm that was told to move has not moved while its limit switch says yes."""
        at_open, at_closed = self.inputs.last("at_open") is True, self.inputs.last("at_closed") is True
        if self.arm is ArmState.UNKNOWN or at_open == at_closed:
            return self.arm
        return ArmState.OPEN if at_open else ArmState.CLOSED

    @property
    def rests_at(self) -> ArmState:
        """The arm as orders take it: one that was told to move counts as moving, one that was stopped as measured."""
        return self.arm if self.arm in MOVING else self.seen

    @property
    def requested(self) -> Motion | None:
        """What the arm was asked for and is not seen to do yet; one more pulse for it is no other order."""
        waiting = self.terminals.requested
        if waiting is None or waiting.cause == "retry":
            return self.order or waiting
        return waiting

    @property
    def at_rest(self) -> bool:
        """The arm is down, nothing was asked of it, and no person is waited for: there is nothing that a stop stops."""
        asked = self.terminals.asked("open") or self.terminals.asked("close") or self.terminals.underway("open")
        waits = self.interrupted or self.question or self.modes.stays_up
        return self.arm is ArmState.CLOSED and not asked and not waits

    @property
    def cannot_open(self) -> str | None:
        """Why no card opens these lanes now, as a code; None when one does."""
        if not self.modes.moves:
            return "lane_locked" if Mode.LOCKED in self.modes else "lane_crashed"
        position_lost = self.arm is ArmState.UNKNOWN and bool(self.away & self.inputs.devices())
        if self.terminals.device("open") in self.away or position_lost:
            return "device_lost"
        if self.interrupted or self.arm is ArmState.STOPPED:
            return "stopped" if self.arm is ArmState.STOPPED else "interrupted"
        if self.arm in (ArmState.BETWEEN, ArmState.UNKNOWN) or self.inputs.value("fault"):
            return "fault"
        if self.no_answer:
            return "no_answer"
        return "paused" if self.pause is not None else None

    @property
    def blind(self) -> bool:
        """Whether there is no limit switch at all."""
        return self.barrier.at_open is None and self.barrier.at_closed is None

    def approach_of(self, lane: Lane) -> bool | None:
        """The loop in front of a lane: for the second lane of a shared barrier the one beyond the arm."""
        return self.approach if lane is self.home else self.inputs.value("clear_loop")

    def approach_fitted(self, lane: Lane) -> bool:
        """Whether a lane has a loop in front of the arm."""
        return self.inputs.fitted("approach_loop" if lane is self.home else "clear_loop")

    def loop_of(self, lane: Lane) -> bool | None:
        """Whether the loop in front of a lane is occupied; None where there is none, or it cannot be read."""
        return self.approach_of(lane) if self.approach_fitted(lane) else None

    @property
    def interlocked(self) -> bool:
        """Another barrier that must not be open together with this one is open, or about to be."""
        return any(other.arm is not ArmState.CLOSED or other.terminals.asked("open") for other in self.interlocked_with)

    def devices(self) -> set[str]:
        """Every device that this barrier hangs on."""
        return {*self.inputs.devices(), *(point.device for point in self.barrier.outputs().values())}

    def measured_arm(self) -> ArmState:
        """Where the limit switches say that the arm is."""
        return measured(
            self.inputs.last("at_open"),
            self.inputs.last("at_closed"),
            self.barrier.at_open is not None,
            self.barrier.at_closed is not None,
        )

    def standing_arm(self) -> ArmState:
        """Where an arm that is not expected to move any more is: without a switch that tells, nobody knows."""
        presumed = self.barrier.at_closed is None and not self.inputs.last("at_open")
        return self.arm if presumed and self.arm is ArmState.CLOSED else self._measured_or_unknown(presumed)

    def _measured_or_unknown(self, presumed: bool) -> ArmState:
        return ArmState.UNKNOWN if presumed else self.measured_arm()

    def own_timer(self, name: str, of: str = "") -> Timer:
        """One of this barrier's timers."""
        return Timer("lane", self.barrier.id, name, of)

    # ---- movements

    def ask(
        self, turn: Turn, command: str, cause: str, author: Author, grant: Grant | None, lane: Lane | None = None
    ) -> None:
        """Record that the arm shall move; it is sent when that row is durable."""
        motion = Motion(command, cause, author, grant.id if grant else None, turn.at, self.interrupted)
        self.terminals.ask(turn, (lane or self.home).id, motion)
        self.service.happened(turn, "commanded")

    def enter(self, turn: Turn, state: ArmState) -> None:
        """The arm is in another state; nothing else changes it."""
        if state is not self.arm:
            self.left = self.arm
            turn.log("debug", f"{self.barrier.id}: arm {self.arm.value} -> {state.value}")
            self.arm = state
            self.void = self.void and state in MOVING
            turn.show()

    def end_travel(self, turn: Turn) -> None:
        """The movement under way is over, one way or another."""
        for timer in ("answer", "travel"):
            turn.cancel(self.own_timer(timer))
        self.retries = 0
        self.void = False
        self.order = None

    def resume(self, turn: Turn) -> None:
        """A person decides: nothing waits for one any more, and no pause keeps the arm."""
        self.interrupted = False
        self.end_pause(turn)

    def pause_motion(self, turn: Turn, author: Author) -> None:
        """Nothing moves by itself for ten seconds from now."""
        until = rfc3339(turn.now.wall_ns + PAUSE_MS * NS_PER_MS)
        self.pause = {"by": author.by, "since": turn.at, "until": until}
        turn.start(self.own_timer("pause"), PAUSE_MS)
        turn.show()

    def end_pause(self, turn: Turn) -> None:
        """The arm may move again; what waited is not looked at here."""
        self.pause = None
        turn.cancel(self.own_timer("pause"))

    def void_expectations(self, turn: Turn) -> None:
        """Nothing that was asked for or waited for counts any longer; an arm that moves is watched until it rests."""
        self.close_due = False
        self.end_travel(turn)
        turn.cancel(self.own_timer("clear"))
        self.call_off(turn, "open", "close")
        if self.arm in MOVING:
            self.void = True
            turn.start(self.own_timer("travel"), self.travel.limit_ms("up"))

    def has_left(self, grant: Grant) -> bool:
        """Whether the vehicle of a grant has left the loop that it stood on, and is not under the arm."""
        if not grant.stood or grant is self.bound:
            return False
        came_ns = self.arrived_ns.get(grant.lane.id, 0)
        return self.approach_of(grant.lane) is False or came_ns > grant.given_ns

    def drop_left(self, turn: Turn) -> None:
        """The arm could not open for a while: it does not open now for a vehicle that has gone meanwhile."""
        for grant in [one for lane in self.lanes for one in self.grants.of(lane) if self.has_left(one)]:
            self.grants.drop(turn, grant, "left")

    def note_left(self, turn: Turn, lane: Lane) -> None:
        """The loop in front of a lane was left a while ago, or another vehicle has come to it."""
        for grant in self.grants.of(lane):
            if grant.left != self.has_left(grant):
                grant.left = not grant.left
                turn.show()

    def call_off(self, turn: Turn, *directions: str) -> None:
        """What was asked for in these directions and has not reached the barrier yet is not wanted any longer."""
        for direction in directions:
            self.terminals.take_back(turn, direction)
            for motion in self.terminals.withdraw(direction):
                self.not_followed(turn, motion, "no_longer_wanted")

    def drop_grants(self, turn: Turn, why: str) -> None:
        """Nobody may pass any longer."""
        self.grants.drop_all(turn, why)
        self.bound = None

    def drop_waiting(self, turn: Turn, why: str) -> None:
        """Nobody may pass any longer, but for whoever was seen under the arm: they have used their grant."""
        self.bound = self.bound if self.vehicle is not None else None
        self.grants.drop_all(turn, why, self.bound)

    def run_grants(self, turn: Turn) -> None:
        """The head's time runs while nobody is under the arm and its own vehicle is not on the loop in front of it.

        That is while the arm is up, and while it rests elsewhere and nothing opens it: somebody who waits for another
        barrier, or for a person to decide, may have gone away.
        """
        head = self.grants.head
        moves = self.arm in (ArmState.RISING, ArmState.LOWERING) or self.terminals.asked("open")
        still = self.arm is ArmState.OPEN or not moves
        waits = head is not None and bool(self.approach_of(head.lane))
        self.grants.run(turn, still and self.vehicle is None and not waits and self.pause is None)

    def start_clear(self, turn: Turn, since_ns: int | None = None) -> None:
        """Close after `auto_close_ms`, counted from the moment the safety input cleared."""
        self.close_due = True
        used_ms = 0 if since_ns is None else (turn.now.mono_ns - since_ns) // NS_PER_MS
        turn.start(self.own_timer("clear"), self.barrier.auto_close_ms - used_ms)

    def let_go(self, turn: Turn, device: str, outputs: tuple[bool, ...]) -> None:
        """A board reads back its outputs: let go of what a killed gateway left on. That moves nothing."""
        self.terminals.let_go(turn, device, outputs)
        for lane in self.lanes:
            if lane.siren is not None and not self._siren_on and lane.siren.left_on(device, outputs):
                turn.emit(SetOutput(device, lane.siren.index, lane.siren.means(False)))

    def siren(self, turn: Turn, on: bool) -> None:
        """Sound the sirens of these lanes, for three minutes at most, or silence them."""
        if self._siren_on == on:
            return
        self._siren_on = on
        for lane in self.lanes:
            if lane.siren is not None:
                turn.emit(SetOutput(lane.siren.device, lane.siren.index, lane.siren.means(on)))
        if on:
            turn.start(self.own_timer("siren"), SIREN_MS)

    # ---- records

    def row(self, turn: Turn, what: str, cause: Cause, by: str = "", more: dict[str, Any] | None = None) -> None:
        """A `barrier.` row on something measured or set."""
        data: dict[str, Any] = {
            "lane": self.home.id,
            "barrier": self.barrier.id,
            "cause": cause.value,
            "by": by or None,
        }
        turn.append(f"barrier.{what}", f"lanes/{self.home.id}", {**data, **(more or {})})
        self.service.happened(turn, what)
        turn.show()

    def person_row(self, turn: Turn, what: str, author: Author, more: dict[str, Any] | None = None) -> None:
        """A `barrier.` row on what a person, or the gateway in their place, did: who, and by which way."""
        self.row(turn, what, Cause.COMMANDED, more={**author.document(), **(more or {})})

    def incident(self, turn: Turn, what: str, more: dict[str, Any] | None = None) -> None:
        """A `barrier.` row on something that went wrong, with all that an incident report needs.

        With `interrupted` nothing moves by itself any more until a person decides.
        """
        data: dict[str, Any] = {
            "lane": self.home.id,
            "barrier": self.barrier.id,
            "points": self.inputs.picture(),
            "last_grant": self.last_grant,
            "media": [],
        }
        if self.tag is not None:
            data["under_tag"] = True
        turn.append(f"barrier.{what}", f"lanes/{self.home.id}", {**data, **(more or {})})
        self.service.happened(turn, what)
        turn.show()

    def not_followed(self, turn: Turn, motion: Motion, why: str) -> None:
        """A commanded movement did not happen, and never will."""
        self.incident(turn, "not_followed", {"command": motion.command, "reason": why, "by": motion.author.by})

    def raise_alarm(
        self, turn: Turn, kind: str, about: str, detail: dict[str, Any] | None = None, of: str | None = None
    ) -> Alarm:
        """Raise an alarm on this lane; `about` names its cause, so that it is found again.

        `of`: the alarm on the same movement, as `AlarmDesk.raise_` has it. What happens under a tag, but for calls for
        help, waits out of service until it comes off.
        """
        tagged = None if self.tag is None or kind in CALLS else str(self.tag.get("reason") or "")
        key, lane = self.alarm_key(about), self.home.id
        return self.alarms.raise_(turn, kind, key, lane=lane, detail=detail, of=of, tagged=tagged)

    def alarms_out_of_service(self, turn: Turn) -> None:
        """Under a tag people work here: alarms of these lanes wait until it comes off."""
        tag = self.tag or {}
        for lane in self.lanes:
            self.alarms.take_out(turn, lane.id, str(tag.get("by") or ""), str(tag.get("reason") or ""))

    def end_alarm(self, turn: Turn, about: str) -> None:
        """The cause of an alarm on this lane is over."""
        self.alarms.return_(turn, self.alarm_key(about))

    def alarm_key(self, about: str) -> str:
        """The key that an alarm on this lane is found by."""
        return f"lane:{self.home.id}:{about}"

    # ---- crash

    def crash(self, turn: Turn, sign: str) -> None:
        """The arm was struck: lock the lane, sound the siren, tell the control room.

        It is one crash until somebody resets it. Under a tag people work at the arm: it is recorded, and the lane is
        locked once the tag comes off, but nothing sounds.
        """
        movement, self.movement = self.movement, None
        self.question = False
        turn.cancel(self.own_timer("cause"))
        again = Mode.CRASHED in self.modes
        self.modes.happens("crash")
        judged = movement.alarm if movement is not None else ""
        detail = {"sign": sign, "arm": self.arm.value}
        self.raise_alarm(turn, "crash", "motion", detail, of=None if again else judged)
        if not again:
            self.incident(turn, "crashed", {"cause": Cause.FORCED.value, "sign": sign})
            self.drop_grants(turn, "crashed")
            self.siren(turn, self.tag is None)
        self.void_expectations(turn)
        turn.log("error", f"{self.home.id}: crash ({sign}); the lane is locked until a named person resets it")


def _left(memory: LaneMemory, what: str, **more: Any) -> dict[str, dict[str, Any]]:
    """What an earlier run has left of a kind, by lane."""
    return {lane: {**latest[what], **more} for lane, latest in memory.latest.items() if what in latest}
