"""The arm's events: its table is looked up, the state changes, and the row's action says what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

from gateway.core.lane.arm.arm import Guards
from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.turn import Turn

Actions = Mapping[str, Callable[[Turn], None]]


class ArmEvents:
    """Takes what happens to the arm; `act_by` names the actions."""

    def __init__(self, lane: LaneParts, guards: Guards) -> None:
        self._lane = lane
        self._guards = guards
        self._actions: Actions = {}

    def act_by(self, *actions: Actions) -> None:
        """These actions follow from the rows of the table."""
        self._actions = {name: act for some in actions for name, act in some.items()}

    @property
    def guards(self) -> Set[str]:
        """The guards that have a meaning."""
        return self._guards.keys()

    @property
    def actions(self) -> Set[str]:
        """The actions that have a meaning."""
        return self._actions.keys()

    def happens(self, turn: Turn, event: ArmEvent) -> None:
        """Look the event up in the arm's table and do what its row says."""
        arm = self._lane.arm
        row, changed = arm.happens(event, self._guards)
        if changed:
            turn.log("debug", f"{self._lane.wiring.barrier.id}: arm {arm.before.value} -> {arm.state.value}")
            if not arm.moving:
                self._lane.movement.rests()
            turn.show()
        if row.action != "note":
            self._actions[row.action](turn)
