"""The traffic of a lane: loops, the passages they tell, and closing behind the last vehicle."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.access.pending import PendingCase
from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.lane_arm import LaneArm
from gateway.core.lane.arm.table import ArmEvent, ArmState
from gateway.core.lane.grants.queue import Grant
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.traffic import crossing
from gateway.core.lane.traffic.crossing import Crossed, CrossingEvent, Vehicle, Way
from gateway.core.settings.model import Direction, Lane
from gateway.core.vocabulary.authors import GATEWAY, Author
from gateway.core.vocabulary.turn import NS_PER_MS, NS_PER_S, Turn, rfc3339

MERGE_MS = 700
LINGER_MS = 60_000
STUCK_MS = {"safety": 300_000, "approach": 900_000}
"""DoorKing 1830: a loop under the arm that is occupied for five minutes is an alarm."""
VOID_MS = 60_000
SAME_CROSSING_MS = 20_000
"""A person who says that a vehicle passed by hand means the one that the loops saw cross so long before."""
QUESTION_MS = 60_000
NO_OPENING_MS = 300_000
CAME_OVER_APPROACH_MS = 3000


class LaneTraffic(LaneArm):
    """A lane that sees vehicles come and go."""

    beyond_seen_ns: int | None = None
    _asked_of: Lane | None = None
    """The lane by which a vehicle crossed the closed arm, of which it is asked whether it is whole."""
    leaves_over_approach = False
    opening_unused = False
    """The arm has come up, and nobody is known to have passed since."""

    def passed_by_hand(self, turn: Turn, lane: Lane, author: Author, case: PendingCase | None, stated: str) -> None:
        """A person let a vehicle through that no grant and no loop knows of, and says so."""
        told = {**author.document(), "stated": stated or None}
        self._passage_row(turn, lane, None, "hand", "declared", case, told)
        self._declared_ns[lane.id] = turn.now.mono_ns

    def claim_crossing(self, lane: Lane, now_ns: int) -> bool:
        """Whether the loops have just seen a vehicle cross that a person let through, and no person has said so yet."""
        at_ns = self._crossed_ns.pop(lane.id, None)
        if at_ns is not None and self.approach_of(lane) is True and self.arrived_ns.get(lane.id, 0) > at_ns:
            return False  # another vehicle stands there: it is the one that is meant
        return at_ns is not None and now_ns - at_ns <= SAME_CROSSING_MS * NS_PER_MS

    def cross(self, event: CrossingEvent) -> None:
        """Do what the crossing's table says; the one place that changes it."""
        self.crossing = crossing.TABLE[self.crossing][event]

    def approach_changed(self, turn: Turn, value: bool) -> None:
        """The approach loop has become occupied or free."""
        self.cross(CrossingEvent.APPROACH_ON if value else CrossingEvent.APPROACH_OFF)
        leaves, self.leaves_over_approach = self.leaves_over_approach and not value, False
        self.approach_seen_ns = None if leaves else turn.now.mono_ns
        self.watch_loop(turn, "approach", value)
        if self.vehicle is not None and value:
            self.vehicle.approach_rose = True
        elif self.vehicle is not None and self._under():
            self.vehicle.approach_fell = True
        if not self.barrier.safety and not value and self.arm is ArmState.OPEN:
            self._passed(turn, False, self.home)
        self.run_grants(turn)

    def safety_changed(self, turn: Turn, value: bool) -> None:
        """A safety input has become occupied, or one of them free."""
        if value:
            self._safety_on(turn)
        elif self.inputs.last("safety_loop") is False:
            turn.cancel(self.own_timer("linger"))
            self.watch_loop(turn, "safety", False)
            if self.vehicle is not None and self.inputs.spark("safety_loop", self.vehicle.since_ns):
                self._was_nobody(turn)
                return
            self.cleared_ns = turn.now.mono_ns
            turn.start(self.own_timer("merge"), MERGE_MS)

    def clear_changed(self, turn: Turn, value: bool) -> None:
        """The loop beyond the arm has become occupied or free."""
        if value:
            self.beyond_seen_ns = turn.now.mono_ns
        if self.vehicle is not None:
            self.vehicle.cleared_beyond = self.vehicle.cleared_beyond or value
            self.vehicle.beyond_fell = self.vehicle.beyond_fell or (not value and self._under())
        self.run_grants(turn)

    def _under(self) -> bool:
        """The safety input is not free yet: what becomes free now, the vehicle under the arm has left."""
        return self.inputs.last("safety_loop") is not False

    def _was_nobody(self, turn: Turn) -> None:
        """The safety input was active for less than its debounce time: the arm stayed up for it, but nobody came."""
        self._return_case(self.bound.lane if self.bound is not None else self.home)
        self.vehicle = self.bound = None
        self.cross(CrossingEvent.SAFETY_OFF_WAITING if self.approach else CrossingEvent.SAFETY_OFF)
        self.run_grants(turn)
        if self.close_due and not len(self.grants):
            self.start_clear(turn)
        turn.show()

    def watch_loop(self, turn: Turn, loop: str, occupied: bool) -> None:
        """A loop that stays occupied beyond reason is stuck, or somebody is."""
        if occupied:
            turn.start(self.own_timer("stuck", loop), STUCK_MS[loop])
        else:
            turn.cancel(self.own_timer("stuck", loop))
            self.end_alarm(turn, f"stuck_{loop}")
            if loop == "approach" and self.notice == "approach_stuck":
                self.notice = None

    def unwatch_loops(self, turn: Turn, lost: set[str]) -> None:
        """What is not known any more is not occupied beyond reason."""
        for loop in STUCK_MS:
            if f"{loop}_loop" in lost:
                turn.cancel(self.own_timer("stuck", loop))

    def loop_stuck(self, turn: Turn, loop: str) -> None:
        """A loop has been occupied for too long: under the arm an alarm, in front of it a notice."""
        if loop == "safety":
            self.incident(turn, "stuck", {"reason": "safety_loop"})
            self.raise_alarm(turn, "stuck", "stuck_safety", {"reason": "safety_loop"})
        else:
            self.notice = "approach_stuck"
            turn.show()

    def lingers(self, turn: Turn) -> None:
        """Somebody has stood under the arm for a minute: the guard is told, the arm stays up."""
        if self.vehicle is not None:
            self.notice = "vehicle_under"
            turn.show()

    def _safety_on(self, turn: Turn) -> None:
        turn.cancel(self.own_timer("merge"))
        turn.cancel(self.own_timer("clear"))
        if self.vehicle is None:
            self.safety_rose_ns = turn.now.mono_ns
            turn.start(self.own_timer("linger"), LINGER_MS)
            self.watch_loop(turn, "safety", True)
            self.vehicle = self._comes_under(turn.now.mono_ns)
            self.crossing_case = None
            self.bind()
            self.vehicle.ungranted = self.bound is None and self.arm is not ArmState.CLOSED
            if self.bound is None:
                self.crossing_case = self._case_under(self.vehicle)
        self.cross(CrossingEvent.SAFETY_ON)
        self.run_grants(turn)
        for motion in self.terminals.withdraw("close"):
            self.not_followed(turn, motion, "safety_occupied")
        self.arm_event(turn, ArmEvent.SAFETY)

    def _case_under(self, vehicle: Vehicle) -> PendingCase | None:
        """The car that was read in front of the arm and goes under it without a grant."""
        lane = self._side(vehicle)
        if lane is None:
            return None
        return self.cases.goes_under(lane, self.loop_of(lane), vehicle.since_ns)

    def _comes_under(self, now_ns: int) -> Vehicle:
        recent = self._lately(self.approach_seen_ns, now_ns)
        beyond_is_taken = self.inputs.value("clear_loop") is True
        over_approach = self.approach is True or recent
        from_beyond = not over_approach and (beyond_is_taken or self._lately(self.beyond_seen_ns, now_ns))
        return Vehicle(
            now_ns,
            came_from_beyond=from_beyond,
            beyond_fell=from_beyond and not beyond_is_taken,
            beyond_was_taken=over_approach and beyond_is_taken,
            approach_was_free=self.approach is False,
            came_over_approach=over_approach,
            approach_fell=self.approach is False and recent,
            arm_was_closed=self.arm is ArmState.CLOSED,
        )

    def _lately(self, seen_ns: int | None, now_ns: int) -> bool:
        """Whether a loop changed a moment ago, and not for the vehicle that has left the safety loop since."""
        if seen_ns is None or now_ns - seen_ns > CAME_OVER_APPROACH_MS * NS_PER_MS:
            return False
        return self.cleared_ns is None or seen_ns > self.cleared_ns

    def bind(self) -> None:
        """The vehicle under an arm that is not closed uses the head grant of the side that it came from.

        One that came ungranted may be read while it still covers the loop in front of the arm; once that loop was free,
        what is read belongs to somebody behind it.
        """
        vehicle = self.vehicle
        if vehicle is None or self.bound is not None or self.arm is ArmState.CLOSED:
            return
        if not (vehicle.ungranted and self._left_its_loop(vehicle)):
            self.bound = self._grant_for(self._side(vehicle))
            if self.bound is not None:
                self.crossing_case = self.cases.end_of_grant(self.bound.id) or self.crossing_case

    def _side(self, vehicle: Vehicle) -> Lane | None:
        """The lane that a vehicle under a shared arm came by; None: the loops did not tell."""
        if len(self.lanes) == 1:
            return self.home
        if vehicle.came_over_approach:
            return None if vehicle.beyond_was_taken else self.home
        return self.other if vehicle.came_from_beyond else None

    def _grant_for(self, lane: Lane | None) -> Grant | None:
        return self.grants.head if lane is None else self.grants.first_of(lane)

    def merge_over(self, turn: Turn) -> None:
        """The safety loop has been free long enough: the vehicle has gone, one way or the other."""
        if self.inputs.last("safety_loop") is not False:
            return
        if self.notice == "vehicle_under":
            self.notice = None
        vehicle, self.vehicle = self.vehicle, None
        self.cross(CrossingEvent.SAFETY_OFF_WAITING if self.approach else CrossingEvent.SAFETY_OFF)
        turn.show()
        if vehicle is None:
            return
        crossed, lane = self._judge(vehicle)
        self._forget_leaving(vehicle, crossed, lane)
        if vehicle.arm_was_closed and self.arm is ArmState.CLOSED:
            self._crossed_closed(turn, crossed, lane)
        elif crossed.way is Way.FORWARD:
            behind = vehicle.ungranted and self._left_its_loop(vehicle)
            self._passed(turn, crossed.measured and vehicle.certain, lane, late=not behind)
        else:
            self._reversed(turn, crossed, lane)
        self.run_grants(turn)
        if not len(self.grants):
            self.start_clear(turn, since_ns=self.cleared_ns)

    def left_unseen(self, turn: Turn, vehicle: Vehicle) -> None:
        """A vehicle was under the arm when the loops were lost, and is not there now that they are back."""
        turn.cancel(self.own_timer("linger"))
        turn.cancel(self.own_timer("merge"))
        lane = self.bound.lane if self.bound is not None else self._side(vehicle) or self.home
        self._passed(turn, False, lane, late=False, watched=False)

    def _judge(self, vehicle: Vehicle) -> tuple[Crossed, Lane]:
        """Which way it went, and by which lane; over a shared barrier the other lane's forward is this one's wrong way.

        A grant of the side that it did not come from goes back to whom it was given.
        """
        came_by = self._side(vehicle)
        if self._outward(vehicle):
            crossed = crossing.judge(crossing.from_beyond(vehicle), self.inputs.value("clear_loop"), True)
        else:
            crossed = crossing.judge(vehicle, self.approach, self.barrier.approach_loop is not None)
        bound = self.bound.lane if self.bound is not None else came_by or self.home
        if len(self.lanes) == 1 or crossed.way is Way.REVERSED:
            return crossed, bound
        if crossed.way is Way.WRONG_WAY:
            went, crossed = self.other, msgspec.structs.replace(crossed, way=Way.FORWARD)
        else:
            went = (came_by or self.home) if crossed.measured else bound
        if self.bound is not None and went is not bound:
            self.bound = None
        return crossed, went

    def _outward(self, vehicle: Vehicle) -> bool:
        """Whether a vehicle came by the second lane of a shared barrier: its approach loop is the one beyond."""
        return len(self.lanes) > 1 and self._side(vehicle) is self.other

    def _left_its_loop(self, vehicle: Vehicle) -> bool:
        """Whether the loop that a vehicle came over was free since: what is read then belongs to somebody behind it."""
        return vehicle.beyond_fell if self._outward(vehicle) else vehicle.approach_fell

    def _forget_leaving(self, vehicle: Vehicle, crossed: Crossed, lane: Lane) -> None:
        """The loop that a vehicle leaves over tells nothing of where the next one comes from."""
        outward = crossed.way is Way.WRONG_WAY or (crossed.way is Way.FORWARD and lane is not self.home)
        if outward and vehicle.approach_rose:
            self.approach_seen_ns, self.leaves_over_approach = None, self.approach is True
        elif not outward and crossed.way is Way.FORWARD and vehicle.cleared_beyond:
            self.beyond_seen_ns = None

    def _crossed_closed(self, turn: Turn, crossed: Crossed, lane: Lane) -> None:
        """A vehicle crossed and *closed* never let go: limit switches sit on the shaft, the arm may be gone."""
        self.bound = None
        if self.barrier.at_closed is None and self.inputs.last("arm_detached") is False:
            self._was_open_after_all(turn, crossed, lane)
            return
        if not self.modes.moves:
            self._crossed_by_hand(turn, crossed, lane)
            return
        if crossed.way is not Way.FORWARD or not crossed.measured or self.modes.strongest is not Mode.AUTO:
            return
        if self.inputs.fitted("arm_detached"):
            turn.log("warning", f"{self.home.id}: a vehicle crossed the closed arm and the detached contact is quiet")
            self.notice = "crossed_closed"
        elif self._long_closed(turn):
            self.crash(turn, "crossed_closed")
            self._crossed_by_hand(turn, crossed, lane)
        else:
            self.question, self._asked_of = True, lane
            self.incident(turn, "stuck", {"reason": "crossed_closed", "asked": "arm_whole"})
            self.ask_on(turn)

    def _crossed_by_hand(self, turn: Turn, crossed: Crossed, lane: Lane) -> None:
        """On a tagged or crashed lane the arm is off, or people lift it past its switches: who crosses has passed."""
        if crossed.way is Way.FORWARD:
            self._passed(turn, crossed.measured, lane, late=False)
        elif crossed.way is Way.WRONG_WAY:
            self._reversed(turn, crossed, lane)

    def _long_closed(self, turn: Turn) -> bool:
        """No limit switch at all, and no opening in the last minutes: nobody can have been let in late."""
        return self.blind and turn.now.mono_ns - self.moved_ns > NO_OPENING_MS * NS_PER_MS

    def _was_open_after_all(self, turn: Turn, crossed: Crossed, lane: Lane) -> None:
        """Without a closed switch the arm was only presumed down; it is whole and was crossed, so it is up."""
        self.enter(turn, ArmState.OPEN)
        self.opened_by = Cause.UNKNOWN
        self.row(turn, "opened", Cause.UNKNOWN, "", {"presumed": True})
        if crossed.way is Way.FORWARD:
            self._passed(turn, crossed.measured, lane)

    def ask_on(self, turn: Turn) -> None:
        """A person who is asked whether the arm is whole has a minute, and after a restart a whole one again."""
        if self.question:
            turn.start(self.own_timer("question"), QUESTION_MS)

    def end_question(self, turn: Turn) -> None:
        """Nobody is asked any longer."""
        self.question = False
        turn.cancel(self.own_timer("question"))

    def question_over(self, turn: Turn) -> None:
        """Nobody said that the arm is whole."""
        if not self.question:
            return
        lane, self._asked_of = self._asked_of, None
        self.crash(turn, "crossed_closed")
        if lane is not None and not self._was_declared(lane, turn.now.mono_ns):
            self._passage_row(turn, lane, None, "hand", "measured")

    def _reversed(self, turn: Turn, crossed: Crossed, lane: Lane) -> None:
        """The vehicle went back; its grant waits at the head again."""
        grant, self.bound = self.bound, None
        self._return_case(lane)
        data = {
            "lane": (grant.lane if grant else lane).id,
            "visit": grant.visit.visit if grant and grant.visit else None,
            "pass": grant.pass_id if grant else None,
            "grant": grant.id if grant else None,
            "way": crossed.way.value,
        }
        turn.append("passage.reversed", f"lanes/{data['lane']}", data)
        self.run_grants(turn)

    def _return_case(self, lane: Lane) -> None:
        """The car that was under the arm stands in front of it again."""
        case, self.crossing_case = self.crossing_case, None
        if case is not None and self.approach_of(lane) is True:
            self.cases.begin(lane, case)

    def _passed(self, turn: Turn, measured: bool, lane: Lane, late: bool = True, watched: bool = True) -> None:
        """A vehicle has crossed: the record that everything else is for.

        `late`: with no grant bound to it, it may have used one that was given on its side after it came.
        `watched`: the switches could be read all the while, so that they tell something of themselves.
        """
        bound, self.bound = self.bound, None
        if bound is None and late:
            bound = self.grants.first_of(lane)
        grant = self.grants.use(bound, turn.now.mono_ns)
        if grant is not None:
            self.cases.end_of_grant(grant.id)
        method = grant.method if grant else self._ungranted_method()
        case, self.crossing_case = self.crossing_case, None
        if method == "hand":
            if self._was_declared(lane, turn.now.mono_ns):
                return
            self._crossed_ns[lane.id] = turn.now.mono_ns
        if grant is not None or method == "tailgate":
            case = None
        self._passage_row(turn, lane, grant, method, "measured" if measured else "inferred", case)
        if method == "tailgate":
            self._tailgated(turn, lane)
        if watched and self.moving_cause is Cause.COMMANDED and self.modes.moves and grant is not None:
            self.crossed_unseen(turn)
        self._count_hold(turn)
        turn.cancel(self.own_timer("grant"))
        self.run_grants(turn)

    def _was_declared(self, lane: Lane, now_ns: int) -> bool:
        """Whether a person has said already that this vehicle was let through by hand: it is one passage."""
        at_ns = self._declared_ns.pop(lane.id, None)
        return at_ns is not None and now_ns - at_ns <= VOID_MS * NS_PER_MS

    def _count_hold(self, turn: Turn) -> None:
        """A convoy's hold ends after its last vehicle."""
        if self.hold_left is None or Mode.HELD not in self.modes:
            return
        self.hold_left -= 1
        if self.hold_left <= 0:
            self.end_hold(turn, GATEWAY, "count")

    def end_hold(self, turn: Turn, author: Author, reason: str) -> None:
        """The arm need not stay up any longer; it closes behind whoever is under it."""
        self.hold_left = None
        turn.cancel(self.own_timer("hold"))
        self.modes.happens("release")
        self.person_row(turn, "released", author, {"reason": reason})
        if not len(self.grants) and self.vehicle is None:
            self.start_clear(turn)

    def void_inferred(self, turn: Turn, credential: dict[str, str]) -> None:
        """The car whose passage was only inferred is read outside again: it never went in."""
        last, self.inferred = self.inferred, None
        if last is None or last["credential"] != credential:
            return
        if turn.now.mono_ns - last["mono_ns"] > VOID_MS * NS_PER_MS:
            return
        data = {"lane": last["lane"], "visit": last["visit"], "pass": last["pass"], "grant": last["grant"]}
        turn.append("passage.reversed", f"lanes/{last['lane']}", {**data, "way": "read_again", "voids": last["visit"]})

    def _tailgated(self, turn: Turn, lane: Lane) -> None:
        behind = self.grants.last.pass_id if self.grants.last else None
        data = {"lane": lane.id, "visit": None, "pass": None, "behind": behind}
        turn.append("passage.tailgated", f"lanes/{lane.id}", data)
        self.raise_alarm(turn, "tailgating", "tailgating", {"behind": behind})
        self.end_alarm(turn, "tailgating")

    def _ungranted_method(self) -> str:
        """How somebody got in without a grant: by hand, because a person keeps the arm up, or behind another."""
        if not self.modes.moves:
            return "hand"
        by_somebody = self.opened_by is not Cause.COMMANDED
        if self.modes.stays_up or by_somebody or self.grants.last is None:
            return "manual"
        return "tailgate"

    def _passage_row(
        self,
        turn: Turn,
        lane: Lane,
        grant: Grant | None,
        method: str,
        certainty: str,
        case: PendingCase | None = None,
        told: dict[str, str | None] | None = None,
    ) -> None:
        """One passage: of the vehicle of a grant, of the car of a case, or of nobody known; `told`: by whom it is."""
        entry = lane.direction is Direction.ENTRY
        of = grant or case
        known = of.visit if of and not entry else None
        data: dict[str, Any] = {
            "lane": lane.id,
            "visit": known.visit if known else self.ids.next("v"),
            "pass": of.pass_id if of else None,
            "plate": (of.plate if of else None) or (known.plate if known else None),
            "method": method,
            "certainty": certainty,
            "kind": of.kind if of else None,
            "credential": of.credential if of else None,
            "grant": grant.id if grant else None,
            "by": grant.by if grant else None,
            "mark": self._mark(grant),
            **(told or {}),
        }
        if case is not None or (grant is not None and grant.case is not None):
            data["case"] = case.id if case is not None else grant and grant.case
        if not entry:
            entered_ns = known.entered_wall_ns if known else None
            data["entered_at"] = None if entered_ns is None else rfc3339(entered_ns)
            data["duration_s"] = _duration_s(entered_ns, turn.now.wall_ns)
            data["charge"] = None
        what = "entered" if entry else "exited"
        turn.append(f"passage.{what}", f"lanes/{lane.id}", data)
        one_loop = bool(self.barrier.safety) and self.barrier.approach_loop is None
        self.inferred = None
        if one_loop and certainty == "inferred" and grant is not None:
            self.inferred = {**data, "mono_ns": turn.now.mono_ns}
        self.last_passage[lane.id] = {
            "at": turn.at,
            "type": what,
            "visit": data["visit"],
            "pass": data["pass"],
            "lane": lane.id,
        }
        turn.show()

    def _mark(self, grant: Grant | None) -> str | None:
        """What whoever counts must know: an emergency vehicle is not counted, free flow counts without deciding."""
        if grant is not None and grant.reason == "emergency":
            return "emergency"
        flows = Mode.HELD in self.modes and self.hold is not None and self.hold["scheduled"]
        return "free_flow" if flows else None

    def presume_passed(self, turn: Turn) -> bool:
        """A lane without loops takes an opening that was granted for one passage; True when it was."""
        head = self.grants.head
        loops = bool(self.barrier.safety) or self.barrier.approach_loop is not None
        if head is None or loops or not self.opening_unused:
            return False
        self.opening_unused = False
        self.grants.use(head, turn.now.mono_ns)
        self.cases.end_of_grant(head.id)
        self._passage_row(turn, head.lane, head, head.method, "inferred")
        return True

    def _is_up(self, turn: Turn) -> None:
        self.opening_unused = True
        super()._is_up(turn)

    def do_leave_down(self, turn: Turn) -> None:
        """See `LaneArm`; whoever was let in through a lane without loops has passed."""
        self.presume_passed(turn)
        super().do_leave_down(turn)

    def _is_down(self, turn: Turn) -> None:
        self.presume_passed(turn)
        self.opening_unused = False
        super()._is_down(turn)

    def grant_over(self, turn: Turn) -> None:
        """The head grant's vehicle did not come."""
        head = self.grants.head
        if head is None or self.vehicle is not None or self.approach_of(head.lane):
            return
        if not self.presume_passed(turn):
            self.grants.drop_head(turn, "time_over")
        self.run_grants(turn)
        if not len(self.grants) and self.arm is ArmState.OPEN:
            self.start_clear(turn)
        turn.show()


def _duration_s(from_ns: int | None, to_ns: int) -> int | None:
    """How long a stay was; None when its beginning is not known, or lies ahead because the clock was stepped."""
    return (to_ns - from_ns) // NS_PER_S if from_ns is not None and from_ns <= to_ns else None
