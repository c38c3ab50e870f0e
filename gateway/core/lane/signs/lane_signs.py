"""What people at a lane are shown, and the contacts that tell of trouble without moving anything."""

from __future__ import annotations

from gateway.core.access.reads import TWO_FACTOR_MS
from gateway.core.lane.arm.table import ArmState
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.signs.sign import Around
from gateway.core.lane.state import Notice
from gateway.core.lane.traffic.lane_traffic import LaneTraffic
from gateway.core.settings.model import Direction, Lane
from gateway.core.vocabulary.turn import Turn


class LaneSigns(LaneTraffic):
    """A lane that tells the people beside it how things are."""

    # ---- signs and lamps

    def update_signs(self, turn: Turn) -> None:
        """Bring displays, lamps and signals of these lanes up to date."""
        why = self.cannot_open or ""
        if why == "device_lost" and self.unheard:
            why = ""  # a run begins, and its boards have had no time to answer
        for lane in self.lanes:
            sign = self.signs[lane.id]
            if sign.rests(why):
                continue
            around = Around(
                cannot_open=why,
                occupied=self.approach_of(lane) is True,
                expected=self.grants.waits_for(lane),
                drive=sign.tells_to_drive and self._may_drive(lane),
                opening=self.terminals.asked("open"),
                measured=self.measured,
            )
            sign.update(turn, around)

    def _may_drive(self, lane: Lane) -> bool:
        """Green: the arm is measured open and nothing keeps it from staying so; of two lanes, for one alone."""
        up = self.arm is ArmState.OPEN and (self.barrier.at_open is None or self.if_at_open())
        stays = self.modes.moves and not self.interrupted and not self.terminals.asked("close")
        return up and stays and (len(self.lanes) == 1 or self._opened_for() is lane)

    def _opened_for(self) -> Lane | None:
        """The one lane of a shared barrier whose vehicles may drive now."""
        grant = self.bound or self.grants.head
        if grant is not None:
            return grant.lane
        if Mode.FIRE in self.modes:
            return next((lane for lane in self.lanes if lane.direction is Direction.EXIT), None)
        return self.held_for if Mode.HELD in self.modes else None

    # ---- two proofs

    def wait_for_second(self, turn: Turn, lane: Lane, credential: dict[str, str]) -> None:
        """The first of two proofs was read: say so until the other comes, or ten seconds are over."""
        self.notice = "second_factor"
        self.signs[lane.id].wait(turn, credential)
        turn.start(self.own_timer("second"), TWO_FACTOR_MS)

    def second_came(self) -> None:
        """Nobody waits for a second proof any longer."""
        if self.notice == "second_factor":
            self.notice = None

    # ---- contacts that tell of trouble

    @property
    def shown_notice(self) -> Notice | None:
        """What people are asked for: what a person must answer first, then what lasts."""
        if self.question:
            return "arm_whole"
        if self.notice is not None:
            return self.notice
        if self.inputs.value("fault"):
            return "controller_fault"
        return "cycles_high" if self.service.cycles_high else None

    def tell_standing(self, turn: Turn) -> None:
        """Take in what the contacts say that were not seen to change: at a start, and when a tag comes off."""
        for contact, value in self.inputs.each(*_TROUBLE):
            if value is not None:
                self.told(turn, contact, value)

    def lane_of(self, contact: str) -> Lane:
        """The lane that a contact belongs to; what is wired to the barrier belongs to its first lane."""
        name, _, suffix = contact.partition(".")
        if suffix:
            return next((lane for lane in self.lanes if lane.id == suffix), self.home)
        return next((lane for lane in self.lanes if name in lane.inputs()), self.home)

    def told(self, turn: Turn, contact: str, value: bool) -> None:
        """A contact that moves nothing has changed: an alarm begins or ends.

        A controller that reports a fault is a device that does not do its work, so its alarm is `device_lost`: it ends
        with the contact and is followed until it is mended. Under a tag people work at the barrier, and only their call
        for help is an alarm.
        """
        name, lane = contact.split(".")[0], self.lane_of(contact)
        kind, about, detail = _TROUBLE[name]
        key = f"lane:{lane.id}:{about}"
        if not value:
            self.alarms.return_(turn, key)
        elif name == "panic" or Mode.LOCKED not in self.modes:
            self.alarms.raise_(turn, kind, key, lane=lane.id, detail=detail)


# contact -> (alarm kind, what it is about, detail)
_TROUBLE: dict[str, tuple[str, str, dict[str, str]]] = {
    "fault": ("device_lost", "controller", {"reason": "controller_fault"}),
    "hand": ("tamper", "cabinet", {"reason": "cabinet_open"}),
    "panic": ("panic", "panic", {}),
}
