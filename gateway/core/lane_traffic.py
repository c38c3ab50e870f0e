"""The traffic of a lane: loops, the passages they tell, and closing behind the last vehicle."""

from __future__ import annotations

from typing import Any

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
QUESTION_MS = 60_000
CAME_OVER_APPROACH_MS = 3000


class LaneTraffic(LaneArm):
    """A lane that sees vehicles come and go."""

    def cross(self, event: CrossingEvent) -> None:
        """Do what the crossing's table says; the one place that changes it."""
        self.crossing = crossing.TABLE[self.crossing][event]

    def approach_changed(self, turn: Turn, value: bool) -> None:
        """The approach loop has become occupied or free."""
        self.cross(CrossingEvent.APPROACH_ON if value else CrossingEvent.APPROACH_OFF)
        self.approach_seen_ns = turn.now.mono_ns
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
        elif self.safety is False:
            self.cleared_ns = turn.now.mono_ns
            turn.start(self.timer_name("merge"), MERGE_MS)

    def _safety_on(self, turn: Turn) -> None:
        turn.cancel(self.timer_name("merge"))
        turn.cancel(self.timer_name("clear"))
        if self.vehicle is None:
            self.safety_rose_ns = turn.now.mono_ns
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
        return Vehicle(
            now_ns,
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
        if self.safety is not False:
            return
        vehicle, self.vehicle = self.vehicle, None
        self.cross(CrossingEvent.SAFETY_OFF_WAITING if self.approach else CrossingEvent.SAFETY_OFF)
        turn.show()
        if vehicle is None:
            return
        crossed = crossing.judge(vehicle, self.approach, self.barrier.approach_loop is not None)
        if vehicle.arm_was_closed and self.arm is ArmState.CLOSED:
            self._crossed_closed(turn, crossed)
        elif crossed.way is Way.FORWARD:
            self._passed(turn, measured=crossed.measured and vehicle.certain)
        else:
            self._reversed(turn, crossed)
        if not len(self.grants):
            self.start_clear(turn, since_ns=self.cleared_ns)

    def _crossed_closed(self, turn: Turn, crossed: Crossed) -> None:
        """A vehicle crossed and *closed* never let go: limit switches sit on the shaft, the arm may be gone."""
        self.bound = None
        if crossed.way is not Way.FORWARD or not crossed.measured or self.modes.strongest is not Mode.AUTO:
            return
        if self.inputs.fitted("arm_detached"):
            turn.log("warning", f"{self.home.id}: a vehicle crossed the closed arm and the detached contact is quiet")
            return
        self.notice = "arm_whole"
        turn.start(self.timer_name("question"), QUESTION_MS)

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
        lane = grant.lane if grant else self.home
        method = grant.method if grant else self._ungranted_method()
        self._passage_row(turn, lane, grant, method, "measured" if measured else "inferred")
        if method == "tailgate":
            self._tailgated(turn, lane)
        turn.cancel(self.timer_name("grant"))
        self.run_grants(turn)

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

    def _passage_row(self, turn: Turn, lane: Lane, grant: Grant | None, method: str, certainty: str) -> None:
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
        }
        if not entry:
            entered_ns = known.entered_wall_ns if known else None
            data["entered_at"] = None if entered_ns is None else rfc3339(entered_ns)
            data["duration_s"] = None if entered_ns is None else (turn.now.wall_ns - entered_ns) // NS_PER_S
            data["charge"] = None
        what = "entered" if entry else "exited"
        turn.append(f"passage.{what}", f"lanes/{lane.id}", data)
        self.last_passage = {
            "at": turn.at,
            "type": what,
            "visit": data["visit"],
            "pass": data["pass"],
            "lane": lane.id,
        }
        turn.show()

    def grant_over(self, turn: Turn) -> None:
        """The head grant's vehicle did not come."""
        if self.grants.head is None or self.vehicle is not None or self.approach:
            return
        self.grants.drop_head(turn, "time_over")
        self.run_grants(turn)
        if not len(self.grants):
            self.start_clear(turn)
        turn.show()
