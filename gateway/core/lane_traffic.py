"""The traffic of a lane: loops, the passages they tell, and closing behind the last vehicle."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core import crossing
from gateway.core.barrier import ArmEvent, ArmState
from gateway.core.causes import Cause
from gateway.core.crossing import Crossed, CrossingEvent, Vehicle, Way
from gateway.core.grants import Grant
from gateway.core.lane_arm import LaneArm
from gateway.core.modes import Mode
from gateway.core.settings import Direction, Lane
from gateway.core.turn import NS_PER_MS, NS_PER_S, Turn, rfc3339

MERGE_MS = 700
LINGER_MS = 60_000
STUCK_SAFETY_MS = 300_000  # DoorKing 1830: a loop occupied for five minutes is an alarm
STUCK_APPROACH_MS = 900_000
VOID_MS = 60_000
QUESTION_MS = 60_000
CAME_OVER_APPROACH_MS = 3000


class LaneTraffic(LaneArm):
    """A lane that sees vehicles come and go."""

    beyond_seen_ns: int | None = None
    opening_unused = False
    """The arm has come up, and nobody is known to have passed since."""

    def passed_by_hand(self, turn: Turn, lane: Lane, by: str) -> None:
        """A person let a vehicle through that no grant and no loop knows of, and says so."""
        self._passage_row(turn, lane, None, "hand", "declared", by)

    def cross(self, event: CrossingEvent) -> None:
        """Do what the crossing's table says; the one place that changes it."""
        self.crossing = crossing.TABLE[self.crossing][event]

    def approach_changed(self, turn: Turn, value: bool) -> None:
        """The approach loop has become occupied or free."""
        self.cross(CrossingEvent.APPROACH_ON if value else CrossingEvent.APPROACH_OFF)
        self.approach_seen_ns = turn.now.mono_ns
        self._watch_loop(turn, "approach", value, STUCK_APPROACH_MS)
        if self.vehicle is not None and value:
            self.vehicle.approach_rose = True
        elif self.vehicle is not None:
            self.vehicle.approach_fell = True
        if not self.barrier.safety and not value and self.arm is ArmState.OPEN:
            self._passed(turn, measured=False)
        self.run_grants(turn)

    def safety_changed(self, turn: Turn, value: bool) -> None:
        """A safety input has become occupied, or one of them free."""
        if value:
            self._safety_on(turn)
        elif self.inputs.last("safety_loop") is False:
            turn.cancel(self.timer_name("linger"))
            self._watch_loop(turn, "safety", False, STUCK_SAFETY_MS)
            self.cleared_ns = turn.now.mono_ns
            turn.start(self.timer_name("merge"), MERGE_MS)

    def clear_changed(self, turn: Turn, value: bool) -> None:
        """The loop beyond the arm has become occupied or free."""
        if value:
            self.beyond_seen_ns = turn.now.mono_ns
        if value and self.vehicle is not None:
            self.vehicle.cleared_beyond = True

    def _watch_loop(self, turn: Turn, loop: str, occupied: bool, limit_ms: int) -> None:
        """A loop that stays occupied beyond reason is stuck, or somebody is."""
        if occupied:
            turn.start(self.timer_name(f"stuck:{loop}"), limit_ms)
        else:
            turn.cancel(self.timer_name(f"stuck:{loop}"))
            self.end_alarm(turn, f"stuck_{loop}")

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
        turn.cancel(self.timer_name("merge"))
        turn.cancel(self.timer_name("clear"))
        if self.vehicle is None:
            self.safety_rose_ns = turn.now.mono_ns
            turn.start(self.timer_name("linger"), LINGER_MS)
            self._watch_loop(turn, "safety", True, STUCK_SAFETY_MS)
            self.vehicle = self._comes_under(turn.now.mono_ns)
            self.bind()
        self.cross(CrossingEvent.SAFETY_ON)
        self.run_grants(turn)
        for motion in self.terminals.withdraw("close"):
            self.not_followed(turn, motion, "safety_occupied")
        self.arm_event(turn, ArmEvent.SAFETY)

    def _comes_under(self, now_ns: int) -> Vehicle:
        seen_ns = self.approach_seen_ns
        recent = seen_ns is not None and now_ns - seen_ns <= CAME_OVER_APPROACH_MS * NS_PER_MS
        beyond_ns = self.beyond_seen_ns
        beyond = beyond_ns is not None and now_ns - beyond_ns <= CAME_OVER_APPROACH_MS * NS_PER_MS
        return Vehicle(
            now_ns,
            came_from_beyond=self.inputs.value("clear_loop") is True or (beyond and not recent and not self.approach),
            came_over_approach=self.approach is True or recent,
            approach_fell=self.approach is False and recent,
            arm_was_closed=self.arm is ArmState.CLOSED,
        )

    def bind(self) -> None:
        """The vehicle under an arm that is not closed uses the head grant."""
        if self.vehicle is not None and self.bound is None and self.arm is not ArmState.CLOSED:
            self.bound = self.grants.head

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
        crossed = self._judge(vehicle)
        if vehicle.arm_was_closed and self.arm is ArmState.CLOSED:
            self._crossed_closed(turn, crossed)
        elif crossed.way is Way.FORWARD:
            self._passed(turn, measured=crossed.measured and vehicle.certain)
        else:
            self._reversed(turn, crossed)
        if not len(self.grants):
            self.start_clear(turn, since_ns=self.cleared_ns)

    def _judge(self, vehicle: Vehicle) -> Crossed:
        """Which way it went; over a shared barrier the other lane's forward is this one's wrong way."""
        crossed = crossing.judge(vehicle, self.approach, self.barrier.approach_loop is not None)
        lane = self.bound.lane if self.bound is not None else self.home
        if len(self.lanes) == 1 or crossed.way is Way.REVERSED:
            return crossed
        wrong = crossed.way is Way.WRONG_WAY
        if self.bound is None and wrong:
            other = next(one for one in self.lanes if one is not self.home)
            self.passing_lane = other
            return msgspec.structs.replace(crossed, way=Way.FORWARD)
        if lane is self.home:
            return crossed
        return msgspec.structs.replace(crossed, way=Way.FORWARD if wrong else Way.REVERSED)

    def _crossed_closed(self, turn: Turn, crossed: Crossed) -> None:
        """A vehicle crossed and *closed* never let go: limit switches sit on the shaft, the arm may be gone."""
        self.bound = None
        if self.barrier.at_closed is None and self.inputs.last("arm_detached") is False:
            self._was_open_after_all(turn, crossed)
            return
        if crossed.way is not Way.FORWARD or not crossed.measured or self.modes.strongest is not Mode.AUTO:
            return
        if self.inputs.fitted("arm_detached"):
            turn.log("warning", f"{self.home.id}: a vehicle crossed the closed arm and the detached contact is quiet")
            return
        self.notice = "arm_whole"
        turn.start(self.timer_name("question"), QUESTION_MS)

    def _was_open_after_all(self, turn: Turn, crossed: Crossed) -> None:
        """Without a closed switch the arm was only presumed down; it is whole and was crossed, so it is up."""
        self.enter(turn, ArmState.OPEN)
        self.opened_by = Cause.UNKNOWN
        self.row(turn, "opened", Cause.UNKNOWN, "", {"presumed": True})
        if crossed.way is Way.FORWARD:
            self._passed(turn, crossed.measured)

    def question_over(self, turn: Turn) -> None:
        """Nobody said that the arm is whole."""
        if self.notice == "arm_whole":
            self.notice = None
            self.crash(turn, "crossed_closed")

    def _reversed(self, turn: Turn, crossed: Crossed) -> None:
        """The vehicle went back; its grant waits at the head again."""
        grant, self.bound = self.bound, None
        data = {
            "lane": (grant.lane if grant else self.home).id,
            "visit": grant.visit.visit if grant and grant.visit else None,
            "pass": grant.pass_id if grant else None,
            "grant": grant.id if grant else None,
            "way": crossed.way.value,
        }
        turn.append("passage.reversed", f"lanes/{data['lane']}", data)
        self.run_grants(turn)

    def _passed(self, turn: Turn, measured: bool) -> None:
        """A vehicle has crossed: the record that everything else is for."""
        bound, self.bound = self.bound, None
        grant = self.grants.use(bound)
        lane = grant.lane if grant else self.passing_lane
        self.passing_lane = self.home
        method = grant.method if grant else self._ungranted_method()
        self._passage_row(turn, lane, grant, method, "measured" if measured else "inferred")
        if method == "tailgate":
            self._tailgated(turn, lane)
        if self.moving_cause is Cause.COMMANDED and self.modes.moves and grant is not None:
            self.crossed_unseen(turn)
        self._count_hold(turn)
        turn.cancel(self.timer_name("grant"))
        self.run_grants(turn)

    def _count_hold(self, turn: Turn) -> None:
        """A convoy's hold ends after its last vehicle."""
        if self.hold_left is None or Mode.HELD not in self.modes:
            return
        self.hold_left -= 1
        if self.hold_left <= 0:
            self.end_hold(turn, "gateway", "count")

    def end_hold(self, turn: Turn, by: str, reason: str) -> None:
        """The arm need not stay up any longer; it closes behind whoever is under it."""
        self.hold_left = None
        turn.cancel(self.timer_name("hold"))
        self.modes.happens("release")
        self.row(turn, "released", Cause.COMMANDED, by, {"reason": reason})
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
        self, turn: Turn, lane: Lane, grant: Grant | None, method: str, certainty: str, by: str | None = None
    ) -> None:
        entry = lane.direction is Direction.ENTRY
        known = grant.visit if grant and not entry else None
        data: dict[str, Any] = {
            "lane": lane.id,
            "visit": known.visit if known else self.ids.next("v"),
            "pass": grant.pass_id if grant else None,
            "plate": (grant.plate if grant else None) or (known.plate if known else None),
            "method": method,
            "certainty": certainty,
            "kind": grant.kind if grant else None,
            "credential": grant.credential if grant else None,
            "grant": grant.id if grant else None,
            "by": by if by else (grant.by if grant else None),
        }
        if not entry:
            entered_ns = known.entered_wall_ns if known else None
            data["entered_at"] = None if entered_ns is None else rfc3339(entered_ns)
            data["duration_s"] = None if entered_ns is None else (turn.now.wall_ns - entered_ns) // NS_PER_S
            data["charge"] = None
        what = "entered" if entry else "exited"
        turn.append(f"passage.{what}", f"lanes/{lane.id}", data)
        one_loop = bool(self.barrier.safety) and self.barrier.approach_loop is None
        self.inferred = None
        if one_loop and certainty == "inferred" and grant is not None:
            self.inferred = {**data, "mono_ns": turn.now.mono_ns}
        self.last_passage = {
            "at": turn.at,
            "type": what,
            "visit": data["visit"],
            "pass": data["pass"],
            "lane": lane.id,
        }
        turn.show()

    def presume_passed(self, turn: Turn) -> bool:
        """A lane without loops takes an opening that was granted for one passage; True when it was."""
        head = self.grants.head
        blind = not self.barrier.safety and self.barrier.approach_loop is None
        if head is None or not blind or not self.opening_unused:
            return False
        self.opening_unused = False
        self.grants.use(head)
        self._passage_row(turn, head.lane, head, head.method, "inferred")
        return True

    def _is_up(self, turn: Turn) -> None:
        self.opening_unused = True
        super()._is_up(turn)

    def do_leave_down(self, turn: Turn) -> None:
        """See `LaneArm`; whoever was let in has passed."""
        super().do_leave_down(turn)
        self.presume_passed(turn)

    def _is_down(self, turn: Turn) -> None:
        self.presume_passed(turn)
        self.opening_unused = False
        super()._is_down(turn)

    def grant_over(self, turn: Turn) -> None:
        """The head grant's vehicle did not come."""
        if self.grants.head is None or self.vehicle is not None or self.approach:
            return
        if not self.presume_passed(turn):
            self.grants.drop_head(turn, "time_over")
        self.run_grants(turn)
        if not len(self.grants):
            self.start_clear(turn)
        turn.show()
