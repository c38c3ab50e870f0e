"""Faults planted in the core, and what becomes of everybody else by them.

Now and then the core raises on a fact: before it has looked at it, when everything is changed already, or while it
decides on a read. The product puts another core in its place, as at a start. What the old one knew of tags, crashes,
interruptions and alarms the new one must know, and a lane where all was quiet serves its next car as if nothing had
been. (That nothing moves by it, the rule `start` sees.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.rows.access import AccessGranted, AccessGrantedByHand
from gateway.core.vocabulary.views import CoreView, LaneView
from gateway.simulation.world.clock import NS_PER_MS, World
from gateway.simulation.world.gate import Gate

if TYPE_CHECKING:
    from gateway.simulation.rules.rules import Rules
    from gateway.simulation.world.side import Side

PAUSE_MS = 61_000
"""Two faults within a minute end the process; a story plants no second one in that time."""
QUIET_MS = 5_000
"""A lane is quiet when nothing was wrong with it for so long."""
SPARED_MS = 300_000
"""The next car at a quiet lane is watched when it comes within this time."""
SERVED_MS = 2_500
PROVES_MORE = ("two_factor", "long_range", "camera")
"""At such lanes more than the card counts."""
NEVER_NS = -(10**18)
_ENDED_BY_A_START = ("storage_degraded", "clock_unsure", "uplink_lost", "device_lost", "fault")


class PlantedFault(Exception):
    """The core fails, since the story says so."""


class Faults:
    """Plants faults, and knows which lanes must not be harmed by them."""

    def __init__(self, world: World, rules: Rules, sides: list[Side]) -> None:
        self._world = world
        self._rules = rules
        self._sides = sides
        self._plain = {side.reader for side in sides if not any(side.shape.get(one) for one in PROVES_MORE)}
        self._how = ""
        self._facts = 0
        self._planted_ns = NEVER_NS
        self._before: CoreView | None = None
        self._spared: dict[str, int] = {}
        self._disturbed_ns: dict[str, int] = {}
        self._granted: deque[tuple[int, str, str]] = deque(maxlen=64)
        self._watched = 0
        self.surely: Callable[[str], bool] = lambda _card: False
        """Whether a card lets its owner in, whatever has happened."""
        self.met = 0

    # ---- planting

    def plant(self, after: int, how: str) -> None:
        """Let the core fail so many facts from now on: `before`, `changed` or `deciding`."""
        self._facts, self._how = after, how

    def due(self, event: e.Event) -> str:
        """How the core fails on this fact; empty: it does not."""
        if not self._how or type(event) is e.Started:
            return ""
        self._facts -= 1
        if self._facts >= 0 or self._world.now_ns - self._planted_ns < PAUSE_MS * NS_PER_MS:
            return ""
        if self._how == "deciding" and not (type(event) is e.CredentialRead and event.device in self._plain):
            return ""
        how, self._how = self._how, ""
        self._planted_ns = self._world.now_ns
        self.met += 1
        return how

    def poisoned(self, read: e.CredentialRead) -> e.CredentialRead:
        """The read with a pass that no decision can be made on."""
        self.disturbed(read.device)
        broken: Any = None
        passes: tuple[Pass, ...] = (broken,)
        return msgspec.structs.replace(read, passes=passes)

    # ---- what must not be harmed

    def failing(self, snapshot: CoreView) -> None:
        """The core is about to fail; `snapshot` is what it knows."""
        self._before = snapshot
        shown = {lane.id: lane for lane in snapshot.lanes}
        for side in self._sides:
            if self._is_quiet(side.gate, [lane for lane in shown.values() if lane.barrier == shown[side.lane].barrier]):
                self._spared[side.lane] = self._world.now_ns
            else:
                side.gate.trouble()

    def replaced(self, snapshot: CoreView) -> None:
        """Another core has begun: it must know what the failed one knew."""
        before, self._before = self._before, None
        if before is None:
            return
        for old, new in zip(before.lanes, snapshot.lanes, strict=True):
            self._still(old, new, "tagged", lambda lane: lane.tag is not None)
            self._still(old, new, "crashed", lambda lane: lane.mode in ("crashed", "locked"), old.mode == "crashed")
            self._still(old, new, "interrupted", lambda lane: lane.interrupted or lane.mode != "auto")
        known = {alarm.alarm for alarm in snapshot.alarms}
        gone = [one.alarm for one in before.alarms if one.kind not in _ENDED_BY_A_START]
        if not known.issuperset(gone):
            raise self._rules.broken("fault", f"alarms {sorted(set(gone) - known)} are not known any more")

    def _still(
        self, old: LaneView, new: LaneView, what: str, holds: Callable[[LaneView], bool], was: bool | None = None
    ) -> None:
        if (holds(old) if was is None else was) and not holds(new):
            raise self._rules.broken("fault", f"{old.id} was {what}, and is not any more")

    def _is_quiet(self, gate: Gate, shown: list[LaneView]) -> bool:
        """Whether a gate is empty, without an order and without a fault.

        A lane that is held waits for a person in the next core, also when its controller has closed the arm.
        """
        quiet = all(
            (lane.state, lane.mode) == ("ready", "auto")
            and not (lane.grants or lane.case or lane.requested or lane.notice)
            for lane in shown
        )
        still = gate.at_closed and not gate.moves and gate.powered and not gate.arm.torn
        well = not (gate.stuck or gate.board.silent or gate.board.late or gate.board.fail_next_output or gate.pressed)
        empty = not any(loop.cars for loop in gate.loops.values())
        return quiet and still and well and empty and self._since_ms(gate.trouble_ns) > QUIET_MS

    def disturbed(self, lane: str) -> None:
        """A person has asked something of a lane, or the fault is in the decision on a read there."""
        self._disturbed_ns[lane] = self._world.now_ns

    def presented(self, read: e.CredentialRead) -> None:
        """The first car at a lane that was spared: it must be let in like any other."""
        side = next((one for one in self._sides if one.reader == read.device), None)
        fault_ns = self._spared.pop(side.lane, None) if side is not None else None
        if side is None or fault_ns is None or self._since_ms(fault_ns) > SPARED_MS:
            return
        if read.device not in self._plain or side.shape.get("button_only") or not self.surely(read.value):
            return
        came_ns = self._world.now_ns
        self._watched += 1
        self._world.after(SERVED_MS, lambda: self._served(side, read.value, came_ns, fault_ns))

    def _served(self, side: Side, card: str, came_ns: int, fault_ns: int) -> None:
        self._watched -= 1
        if (side.lane, card) in [(lane, value) for at_ns, lane, value in self._granted if at_ns >= came_ns]:
            return
        gate = side.gate
        hurt_ns = max(gate.trouble_ns, gate.rammed_ns, gate.mains_ns, gate.arm.left_closed_ns)
        if self._rules.known.went_down_since(fault_ns) or gate.board.silent or gate.board.late or hurt_ns >= fault_ns:
            return
        if max(self._disturbed_ns.values(), default=NEVER_NS) >= fault_ns:
            return
        ago_ms = (came_ns - fault_ns) // NS_PER_MS
        raise self._rules.broken("fault", f"{side.lane}: card {card} was not let in, {ago_ms} ms after a fault")

    def handled(self, event: e.Event, todo: list[c.Command]) -> None:
        """What the core did; checked only while a rule waits for it."""
        if isinstance(event, e.CommandReceived | e.StayCommandReceived):
            self.disturbed(event.lane)
        if not self._watched:
            return
        for command in todo:
            row = command.row if type(command) is c.Append else None
            if isinstance(row, AccessGranted | AccessGrantedByHand) and row.credential is not None:
                self._granted.append((self._world.now_ns, row.lane, row.credential.value))

    def _since_ms(self, ns: int) -> int:
        return (self._world.now_ns - ns) // NS_PER_MS
