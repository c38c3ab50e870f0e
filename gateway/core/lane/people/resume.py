"""A person decides, or a pause is over: the arm may move again."""

from __future__ import annotations

from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.interruption import InterruptionEvent
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.turn import Turn


class Resume:
    """Ends interruptions and pauses."""

    def __init__(self, lane: LaneParts, keeper: GrantKeeper, events: ArmEvents) -> None:
        self._lane = lane
        self._keeper = keeper
        self._events = events

    def person_decides(self, turn: Turn) -> None:
        """End the interruption and the pause: a person has decided."""
        self._lane.interruption.happens(InterruptionEvent.PERSON_DECIDES)
        self._lane.pause.end(turn)

    def pause_over(self, turn: Turn) -> None:
        """The arm may move by itself: a vehicle that waits is served, and an arm that is up closes."""
        lane = self._lane
        lane.pause.time_over()
        self._keeper.drop_gone(turn)
        if len(lane.grants):
            self._events.happens(turn, ArmEvent.GRANTED)
        elif lane.closing.due and lane.arm.open and lane.crossing.vehicle is None:
            lane.closing.start(turn)
        self._keeper.run(turn)
        turn.show()
