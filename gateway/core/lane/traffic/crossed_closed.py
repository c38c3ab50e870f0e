"""A vehicle crossed the closed arm: limit switches sit on the drive shaft, so the arm may be gone."""

from __future__ import annotations

from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.modes.crash import Crashes
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.traffic.passing import Passing
from gateway.core.lane.traffic.recorder import PassageRecorder
from gateway.core.lane.traffic.vehicle import Crossed, Way
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.rows import BarrierStuck
from gateway.core.vocabulary.turn import NS_PER_MS, Turn

NO_OPENING_MS = 300_000


class CrossedClosed:
    """Finds out whether the arm is whole: by its detached contact, by a person, or it is a crash."""

    def __init__(
        self,
        lane: LaneParts,
        passing: Passing,
        recorder: PassageRecorder,
        crashes: Crashes,
        events: ArmEvents,
    ) -> None:
        self._lane = lane
        self._passing = passing
        self._recorder = recorder
        self._crashes = crashes
        self._events = events

    def look(self, turn: Turn, crossed: Crossed, at: Lane) -> None:
        """A vehicle crossed and *closed* never let go."""
        lane = self._lane
        lane.grants.unbind()
        if not lane.limits.closed_fitted and lane.inputs.last("arm_detached") is False:
            self._was_open_after_all(turn, crossed, at)
            return
        if not lane.modes.moves:
            self._crossed_by_hand(turn, crossed, at)
            return
        if crossed.way is not Way.FORWARD or not crossed.measured or lane.modes.strongest is not Mode.AUTO:
            return
        if lane.inputs.fitted("arm_detached"):
            home = lane.wiring.home.id
            turn.log("warning", f"{home}: a vehicle crossed the closed arm and the detached contact is quiet")
            lane.notices.happens(NoticeEvent.CROSSED_CLOSED)
        elif self._long_closed(turn):
            self._crashes.crash(turn, "crossed_closed")
            self._crossed_by_hand(turn, crossed, at)
        else:
            lane.records.incident(turn, BarrierStuck, reason="crossed_closed", asked="arm_whole")
            lane.question.ask(turn, at)

    def question_over(self, turn: Turn) -> None:
        """No person has confirmed that the arm is whole."""
        lane = self._lane
        if not lane.question.asked:
            return
        at = lane.question.time_over()
        self._crashes.crash(turn, "crossed_closed")
        if at is not None and not lane.by_hand.take_declared(at, turn.now.mono_ns):
            self._recorder.record(turn, at, None, "hand", "measured")

    def _crossed_by_hand(self, turn: Turn, crossed: Crossed, at: Lane) -> None:
        """On a tagged or crashed lane the arm is off, or people lift it past its switches: a crossing is a passage."""
        if crossed.way is Way.FORWARD:
            self._passing.passed(turn, crossed.measured, at, late=False)
        elif crossed.way is Way.WRONG_WAY:
            self._passing.reversed(turn, crossed, at)

    def _long_closed(self, turn: Turn) -> bool:
        """No limit switch at all, and no opening in the last minutes: no vehicle can have been let in late."""
        lane = self._lane
        closed_ns = turn.now.mono_ns - lane.movement.since_ns
        return lane.wiring.without_limits and closed_ns > NO_OPENING_MS * NS_PER_MS

    def _was_open_after_all(self, turn: Turn, crossed: Crossed, at: Lane) -> None:
        """Without a closed switch the arm was only presumed down; it is whole and was crossed, so it is up."""
        self._events.happens(turn, ArmEvent.CROSSED_CLOSED)
        if crossed.way is Way.FORWARD:
            self._passing.passed(turn, crossed.measured, at)
