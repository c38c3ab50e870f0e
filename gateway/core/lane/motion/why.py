"""Why did it move? What follows from the search for a cause: one alarm for a movement, refined by its verdict."""

from __future__ import annotations

from gateway.core.alarms.desk import Alarm
from gateway.core.lane.arm.causes import BENIGN, Cause, Seen
from gateway.core.lane.arm.search import Contacts
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.rows import BarrierForced
from gateway.core.vocabulary.turn import Turn


class WhyItMoved:
    """Concludes the search for a cause, and keeps its alarm."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def seen(self, turn: Turn, *, opened: bool = False, back: bool = False) -> Seen:
        """What speaks for one cause or another; `opened`: the arm is up, `back`: *closed* is back."""
        lane = self._lane
        contacts = Contacts(
            vehicle=lane.detectors.occupied,
            by_hand=lane.inputs.last("hand") is True,
            mains_off=lane.inputs.fitted("mains") and lane.inputs.last("mains") is False,
        )
        travel_ms, rose_ns = lane.travel.expected_ms("up"), lane.crossing.safety_rose_ns
        return lane.search.seen(turn.now.mono_ns, contacts, travel_ms, rose_ns, opened=opened, back=back)

    def struck(self) -> bool:
        """A vehicle came into the safety loop within a second of *closed* being lost, either way."""
        return self._lane.search.struck(self._lane.crossing.safety_rose_ns)

    def arrived(self, turn: Turn) -> Cause:
        """The cause of the movement that has brought the arm up."""
        lane = self._lane
        if lane.search.active:
            return self.conclude(turn, self.seen(turn, opened=True))
        return Cause.EXTERNAL if lane.movement.cause is Cause.UNKNOWN else lane.movement.cause

    def conclude(self, turn: Turn, seen: Seen, known: Cause | None = None) -> Cause:
        """Find the final cause of an uncommanded movement, refine its alarm and, if it was forced, report that."""
        lane = self._lane
        turn.cancel(lane.wiring.timer("cause"))
        cause, waiting = lane.search.conclude(seen, known)
        lane.movement.explained(cause)
        if cause is Cause.FORCED:
            lane.records.incident(turn, BarrierForced, cause=cause.value)
        alarm = lane.desk.get(waiting)
        if alarm is not None:
            self._refine(turn, alarm, cause)
        elif cause is Cause.FORCED:
            self.alarm_forced(turn)
        return cause

    def alarm_forced(self, turn: Turn) -> None:
        """Nothing explains a movement that was not alarmed before; a crashed lane has its alarm already."""
        if Mode.CRASHED not in self._lane.modes:
            self._lane.alarms.raise_(turn, "forced", "motion", {"verdict": Cause.FORCED.value}, of="")

    def alarm_unexplained(self, turn: Turn) -> None:
        """Alarm before the verdict, unless something speaks for a harmless one already, or the lane is crashed."""
        seen = self.seen(turn)
        excused = seen.power_window or seen.by_hand or seen.mains_off
        if not excused and Mode.CRASHED not in self._lane.modes:
            self._lane.search.alarmed(self._lane.alarms.raise_(turn, "forced", "motion", of="").alarm)

    def _refine(self, turn: Turn, alarm: Alarm, cause: Cause) -> None:
        """The verdict on the movement that an alarm waits for; one like an earlier unseen one is counted with it."""
        search, desk = self._lane.search, self._lane.desk
        earlier = None if cause is Cause.FORCED else desk.alike(alarm, cause.value)
        if cause is Cause.WIND and earlier is None:
            shaken = desk.alike(alarm, Cause.UNKNOWN.value)
            earlier = shaken if shaken is not None and shaken.alarm == search.flicker_alarm else None
        if earlier is None:
            desk.refine(turn, alarm, verdict=cause.value, benign=cause in BENIGN)
        else:
            desk.fold(turn, alarm, earlier, verdict=cause.value, benign=cause in BENIGN)
        told = earlier or alarm
        if cause is Cause.WIND:
            desk.same_wind(turn, told)
        if cause in (Cause.WIND, Cause.UNKNOWN):
            search.told_by(told.alarm)
