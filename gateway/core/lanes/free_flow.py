"""Free flow: holds lanes open in weekly windows, such as rush hours. Checked once a minute."""

from __future__ import annotations

from collections.abc import Container, Mapping

from gateway.core.lane.lane import LaneMachine
from gateway.core.settings.model import Lane, Settings
from gateway.core.vocabulary.authors import SCHEDULE
from gateway.core.vocabulary.schedule import in_schedule
from gateway.core.vocabulary.turn import NS_PER_MS, Turn

STEP_MS = 60_000
"""A wall clock that differs more than this from the monotonic one since the last check was set."""


class FreeFlow:
    """Begins and ends holds by schedule; never because of a start or a set clock within a window."""

    def __init__(self, settings: Settings, by_lane: Mapping[str, LaneMachine]) -> None:
        self._flowing: dict[str, bool] = {}
        self._offset_ns: int | None = None
        self._moved = False
        self._set(settings, by_lane)

    def _set(self, settings: Settings, by_lane: Mapping[str, LaneMachine]) -> None:
        self._lanes = [lane for lane in settings.lanes if lane.free_flow]
        self._zone = settings.zone
        self._by_lane = by_lane

    def settings_changed(self, settings: Settings, by_lane: Mapping[str, LaneMachine], anew: Container[str]) -> None:
        """Other windows, or another zone, begin no hold before their next change; lanes `anew` are as at a start."""
        self._moved = self._moved or self._zone.key != settings.zone.key
        self._set(settings, by_lane)
        self._flowing = {lane: flows for lane, flows in self._flowing.items() if lane in by_lane and lane not in anew}

    def check(self, turn: Turn, wall_ns: int) -> None:
        """Compare each lane with its windows; `wall_ns` is the time of validity."""
        stepped = self._was_stepped(wall_ns, turn.now.mono_ns) or self._moved
        self._moved = False
        for lane in self._lanes:
            if self._by_lane[lane.id].paused:
                continue
            flows = in_schedule(lane.free_flow, wall_ns, self._zone)
            if flows != self._flowing.setdefault(lane.id, flows):
                self._flowing[lane.id] = flows
                if not (flows and stepped):
                    self._command(turn, lane, "hold" if flows else "release")

    def _was_stepped(self, wall_ns: int, mono_ns: int) -> bool:
        before, self._offset_ns = self._offset_ns, wall_ns - mono_ns
        return before is not None and abs(self._offset_ns - before) > STEP_MS * NS_PER_MS

    def _command(self, turn: Turn, lane: Lane, command: str) -> None:
        machine = self._by_lane[lane.id]
        refused = machine.commands.refusal(command, False, lane)
        if refused is not None or machine.interrupted:
            turn.log("warning", f"free flow of {lane.id}: {command} left out ({refused or 'interrupted'})")
            return
        machine.commands.carry_out(turn, lane, command, SCHEDULE, False, "free_flow", {})
