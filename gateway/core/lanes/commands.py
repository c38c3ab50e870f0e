"""Commands to lanes: checked, carried out or refused with a code, and answered."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.lane.lane import LaneMachine
from gateway.core.lane.people.commands import WAIVERS
from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.settings.model import Direction, Lane, Settings
from gateway.core.vocabulary.authors import author_of
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.events import ClockState, CommandReceived
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.times import NS_PER_S, rfc3339
from gateway.core.vocabulary.turn import Turn

MUST_EXPIRE = ("http", "mqtt")
"""Commands by these ways need an expiry."""
EXPIRY_MAX_NS = 3600 * NS_PER_S
"""How far ahead an expiry may be, so that a command cannot move anything hours after it was given."""
CHECKED = ("number_on_file", "camera", "post")
"""Ways in which the identity of a person at the gate is checked from afar."""
_ABOUT_A_CAR = ("open", "owe", "passed", "refuse", "seen_to")


class LaneCommands:
    """Passes each command to its lane."""

    def __init__(self, settings: Settings, by_lane: Mapping[str, LaneMachine]) -> None:
        self._lanes = {lane.id: lane for lane in settings.lanes}
        self._by_lane = by_lane
        self._identity_required = settings.remote_open.identity == "required"
        self._owed_limit = settings.prices.charging.owed_limit

    def command(self, turn: Turn, event: CommandReceived) -> None:
        """Carry a command out or refuse it, and answer it."""
        refused = self.refusal(turn, event)
        if refused is not None:
            turn.emit(Reply(event.request, "refused", str(refused), _remedy(turn, refused)))
            turn.log("info", f"{event.command} on {event.lane} by {event.by} refused: {refused}")
            return
        machine, lane = self._by_lane[event.lane], self._lanes[event.lane]
        case = machine.commands.case_of(lane, turn.now.mono_ns)
        way = (author_of(event), not event.present, event.reason, event.detail)
        machine.commands.carry_out(turn, lane, event.command, *way, case_id=event.case)
        if case is not None and event.command in _ABOUT_A_CAR:
            self._end_elsewhere(case.id, machine)
        if event.command == "emergency":
            self._open_exits(turn, lane, event)
        turn.emit(Reply(event.request, "done"))

    def refusal(self, turn: Turn, event: CommandReceived) -> str | None:
        """The code of a refusal; None if the command is allowed."""
        if event.lane not in self._by_lane:
            return Refusal.UNKNOWN_LANE
        if event.command not in COMMANDS:
            return Refusal.UNKNOWN_COMMAND
        if not event.by:
            return Refusal.NAME_MISSING
        if event.via in MUST_EXPIRE and not event.expires_wall_ns:
            return Refusal.EXPIRY_MISSING
        if event.expires_mono_ns and turn.now.mono_ns >= event.expires_mono_ns:
            return Refusal.COMMAND_EXPIRED
        if event.expires_wall_ns:
            if turn.now.clock is ClockState.UNSET:
                return Refusal.CLOCK_UNSET
            if turn.now.wall_ns >= event.expires_wall_ns:
                return Refusal.COMMAND_EXPIRED
            if event.expires_wall_ns - turn.now.wall_ns > EXPIRY_MAX_NS:
                return Refusal.EXPIRY_TOO_FAR
        machine, lane = self._by_lane[event.lane], self._lanes[event.lane]
        machine.commands.forget_gone(turn, lane)
        refused = machine.commands.refusal(event.command, not event.present, lane)
        if refused is not None and not _is_waived(event, refused):
            return refused
        if self._lacks_identity(event):
            return Refusal.IDENTITY_NEEDED
        if event.command == "owe" and self._lacks_leader(event, machine.commands.due(lane, turn.now.mono_ns)):
            return Refusal.LEADER_NEEDED
        return machine.commands.case_refusal(lane, event.command, event.case, event.reason, turn.now.mono_ns)

    def _lacks_identity(self, event: CommandReceived) -> bool:
        """Whether the site requires a checked identity for this command, and it has none."""
        asked = self._identity_required and event.command in ("open", "owe") and not event.present
        return asked and event.detail.get("identity_checked") not in CHECKED

    def _lacks_leader(self, event: CommandReceived, due: int) -> bool:
        """Whether a sum is so high that a leader must agree, and none has."""
        above = self._owed_limit is not None and due > self._owed_limit
        return above and not event.detail.get("leader")

    def _end_elsewhere(self, case: str, at: LaneMachine) -> None:
        """The case of several lanes was dealt with at one of them."""
        for machine in self._by_lane.values():
            if machine is not at:
                machine.end_case(case)

    def _open_exits(self, turn: Turn, tapped: Lane, event: CommandReceived) -> None:
        """An emergency at an entry opens every exit as well, so that no vehicle blocks the way out."""
        for lane in self._lanes.values():
            machine = self._by_lane[lane.id]
            if lane.direction is not Direction.EXIT or lane.id == tapped.id or tapped.direction is Direction.EXIT:
                continue
            if machine.commands.refusal("emergency", False, lane) is None:
                machine.commands.carry_out(turn, lane, "emergency", author_of(event), False, event.reason, {})


def _is_waived(event: CommandReceived, refused: str) -> bool:
    """Whether a person takes a tag off though touched points are not ticked again; that needs their reason."""
    waived = event.detail.get("waive") in WAIVERS and bool(event.reason.strip())
    return refused == Refusal.POINTS_UNTICKED and waived


def _remedy(turn: Turn, refused: str) -> str:
    """What to send instead, in words; empty where the code says it."""
    if refused != Refusal.EXPIRY_TOO_FAR:
        return ""
    latest_ns = turn.now.wall_ns + EXPIRY_MAX_NS
    return f"expires_at is more than an hour ahead; give a time up to {rfc3339(latest_ns)}"
