"""The signs of all lanes of a barrier, brought up to date with what the lane is doing."""

from __future__ import annotations

from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.signs.sign import Around
from gateway.core.settings.model import Direction, Lane
from gateway.core.vocabulary.turn import Turn


class Signs:
    """Displays, lamps and signals at each lane."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def update(self, turn: Turn) -> None:
        """Bring displays, lamps and signals of these lanes up to date."""
        lane = self._lane
        why = lane.cannot_open or ""
        if why == "device_lost" and lane.boards.unheard:
            why = ""  # a run begins, and its boards have had no time to answer
        for one in lane.wiring.lanes:
            sign = lane.signs[one.id]
            if sign.rests(why):
                continue
            around = Around(
                cannot_open=why,
                occupied=lane.detectors.approach_of(one) is True,
                expected=bool(lane.grants.of(one)),
                drive=sign.tells_to_drive and self.may_drive(one),
                opening=lane.terminals.asked("open"),
                measured=lane.boards.measured,
            )
            sign.update(turn, around)

    def may_drive(self, at: Lane) -> bool:
        """Green: the arm is measured open and nothing keeps it from staying so; of two lanes, for one alone."""
        lane = self._lane
        up = lane.arm.open and (not lane.limits.open_fitted or lane.limits.at_open)
        stays = lane.modes.moves and not lane.interruption.active and not lane.terminals.asked("close")
        return up and stays and (not lane.wiring.shared or self._opened_for() is at)

    def _opened_for(self) -> Lane | None:
        """The one lane of a shared barrier whose vehicles may drive now."""
        lane = self._lane
        grant = lane.grants.bound or lane.grants.head
        if grant is not None:
            return grant.lane
        if Mode.FIRE in lane.modes:
            return next((one for one in lane.wiring.lanes if one.direction is Direction.EXIT), None)
        return lane.hold.lane if Mode.HELD in lane.modes else None

    # ---- their boards

    def device_lost(self, device: str) -> None:
        """A display or the board of a lamp is gone."""
        for sign in self._lane.signs.values():
            sign.device_lost(device)

    def device_restored(self, turn: Turn, device: str, outputs: tuple[bool, ...]) -> None:
        """A display or the board of a lamp answers."""
        for sign in self._lane.signs.values():
            sign.device_restored(turn, device, outputs)
