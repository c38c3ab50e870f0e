"""The rules that no story may break, checked at every step of the product against the simulated truth.

Each rule has a number and a sentence; a broken one raises `Broken`. What the product could not know (a board that does
not answer, a stuck contact, an engine that is down) excuses it, and only that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core import commands as c
from gateway.core import events as e
from gateway.simulation.gate import INPUTS, OUTPUTS, Gate
from gateway.simulation.world import NS_PER_MS, World

if TYPE_CHECKING:
    from gateway.simulation.box import Box
    from gateway.simulation.cars import Crossing

RULES = {
    "open": "no open without a journaled grant or a named person (with storage dead: one held in memory)",
    "close": "no close on an occupied safety loop, or one whose state is not known",
    "start": "no movement from a start, a reconnect or a stale command",
    "crossing": "every crossing that the fitted sensors can tell apart is recorded exactly once",
    "crash": "every crash and every forced arm is alarmed",
    "lost": "no acknowledged row is lost, and the chain holds",
    "occupancy": "occupancy equals truth, or is flagged",
    "bounds": "no queue grows without bound",
    "alarms": "every alarm ends or is still shown",
    "storage": "storage that fails is alarmed",
    "raise": "the core never raises",
}
WINDOW_MS = 2500
TOLD_APART_MS = 900
KNOWN_MS = 400
EXCUSED_MS = 3000
PERSON_CAUSES = ("operator", "remote", "emergency")
ROWS_KEPT = 400


class Broken(Exception):
    """A rule was broken; `rule` is its name."""

    def __init__(self, rule: str, what: str, at_ms: int) -> None:
        self.rule = rule
        self.what = what
        self.at_ms = at_ms
        super().__init__(f"{rule}: {RULES[rule]}. {what}")


class _Lane:
    """What the rules know of one lane."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.known: tuple[bool, ...] | None = None
        self.fresh = False
        self.permits: dict[str, list[str]] = {"open": [], "close": []}
        self.stimulus = False
        self.grants: dict[str, None] = {}
        self.mode_locked = False
        self.passages: list[int] = []
        self.reversals: list[int] = []
        self.alarmed: list[tuple[int, str]] = []
        self.silent_permits: dict[int, tuple[str, str]] = {}


class Rules:
    """Looks at everything; knows the truth from the gates."""

    def __init__(self, world: World, gates: list[Gate]) -> None:
        self._world = world
        self._lanes = {gate.lane: _Lane(gate) for gate in gates}
        self._by_device = {gate.device: self._lanes[gate.lane] for gate in gates}
        self._up_since_ns: int | None = None
        self._acknowledged = 0
        self._hash = ""
        self._box: Box | None = None
        self._degraded_since_ns: int | None = None
        self._degraded_row = False
        self._entered = 0
        self._true_entered = 0
        self.crossings = 0
        self.excused = 0
        self.declared = 0
        self.steps = 0

    def broken(self, rule: str, what: str) -> Broken:
        """The error to raise."""
        return Broken(rule, what, self._world.now_ms)

    # ---- life of the engine

    def starts(self, last_sequence: int, box: Box) -> None:
        """A run begins with what is on the disk."""
        self._box = box
        if last_sequence < self._acknowledged:
            raise self.broken("lost", f"row {self._acknowledged} was acknowledged, the journal ends at {last_sequence}")
        if self._acknowledged and box.reader.hash_of(self._acknowledged) != self._hash:
            raise self.broken("lost", f"row {self._acknowledged} is another one than was acknowledged")
        self._up_since_ns = self._world.now_ns
        self._degraded_since_ns = None
        for lane in self._lanes.values():
            lane.known, lane.fresh, lane.stimulus = None, False, False
            lane.permits = {"open": [], "close": []}
            lane.silent_permits.clear()
            lane.gate.trouble()

    def died(self) -> None:
        """The engine is gone."""
        self._up_since_ns = None
        for lane in self._lanes.values():
            lane.gate.trouble()

    def acknowledged(self, sequence: int, last_hash: str) -> None:
        """The recorder has said that rows up to here are durable."""
        self._acknowledged, self._hash = sequence, last_hash

    def delivered(self, cursor: int, kept: str, told: str) -> None:
        """Central compares the row that it has last with the journal's."""
        if kept != told:
            raise self.broken("lost", f"central has another row {cursor} than the journal")

    # ---- every step of the core

    def handled(self, event: e.Event, now: e.Now, todo: list[c.Command]) -> None:
        """The core has taken an event: look at what it asks for."""
        self.steps += 1
        self._learn(event)
        for command in todo:
            if type(command) is c.Append:
                self._row(command, now)
            elif type(command) is c.PulseOutput:
                self._order(event, command.device, OUTPUTS[command.output])
            elif type(command) is c.SetOutput:
                self._switch(event, command)
        if self.steps % 512 == 0:
            self._bounds()

    def _learn(self, event: e.Event) -> None:
        kind = type(event)
        if kind is e.InputsRead or kind is e.DeviceRestored:
            lane = self._by_device.get(event.device)  # type: ignore[attr-defined]
            if lane is not None:
                index = INPUTS.index("safety_loop")
                if kind is e.InputsRead and lane.known and lane.known[index] != event.inputs[index]:  # type: ignore[attr-defined]
                    lane.stimulus = True
                lane.known, lane.fresh = event.inputs, True  # type: ignore[attr-defined]
        elif kind is e.DeviceStale or kind is e.DeviceLost:
            lane = self._by_device.get(event.device)  # type: ignore[attr-defined]
            if lane is not None:
                lane.fresh = False
        elif kind is e.JournalCommitted or kind is e.JournalDelayed:
            self._permit(event.token, kind is e.JournalDelayed)  # type: ignore[attr-defined]
        elif kind is e.StorageDegraded:
            self._degraded_since_ns = self._world.now_ns
            self._degraded_row = False

    def _permit(self, token: int, delayed: bool) -> None:
        for lane in self._lanes.values():
            found = lane.silent_permits.pop(token, None)
            if found is not None:
                direction, cause = found
                lane.permits[direction].append(cause)
                del lane.permits[direction][:-8]
                if delayed:
                    self._expect_alarm_for_storage()

    def _expect_alarm_for_storage(self) -> None:
        """With a row only in memory the control room must hear of it, once that is more than a hiccup."""
        if self._degraded_since_ns is not None and not self._degraded_row:
            raise self.broken("storage", "rows wait in memory and storage.degraded was not recorded")

    def _row(self, row: c.Append, now: e.Now) -> None:
        data = row.data
        lane = self._lanes.get(data.get("lane") or "")
        if row.type == "storage.degraded":
            self._degraded_row = True
        if lane is None:
            return
        if row.type == "barrier.commanded":
            self._commanded(lane, row)
        elif row.type == "access.granted":
            lane.grants[data["grant"]] = None
            lane.stimulus = True
            if len(lane.grants) > ROWS_KEPT:
                lane.grants.pop(next(iter(lane.grants)))
        elif row.type in ("passage.entered", "passage.exited"):
            self._passage(lane, row, now)
        elif row.type == "passage.reversed":
            lane.reversals = [*lane.reversals[-ROWS_KEPT:], now.mono_ns]
        elif row.type in ("barrier.locked", "barrier.unlocked"):
            lane.mode_locked = row.type == "barrier.locked"
        elif row.type in ("alarm.raised", "alarm.refined"):
            lane.alarmed = [*lane.alarmed[-ROWS_KEPT:], (now.mono_ns, data["kind"])]

    def _passage(self, lane: _Lane, row: c.Append, now: e.Now) -> None:
        self._entered += 1 if row.type == "passage.entered" else -1
        if row.data["certainty"] == "declared":
            self.declared += 1
        else:
            lane.passages = [*lane.passages[-ROWS_KEPT:], now.mono_ns]

    def _commanded(self, lane: _Lane, row: c.Append) -> None:
        data = row.data
        direction = "open" if data["command"] == "hold" else data["command"]
        if direction == "stop":
            return
        cause = data["cause"]
        if cause == "grant" and data["grant"] not in lane.grants:
            raise self.broken("open", f"{data} names a grant that was not journaled")
        if cause in PERSON_CAUSES and not data["by"]:
            raise self.broken("open", f"{data} names nobody")
        if cause in PERSON_CAUSES or cause == "fire":
            lane.stimulus = True
        lane.silent_permits[row.token] = (direction, cause)

    # ---- orders

    def _switch(self, event: e.Event, command: c.SetOutput) -> None:
        name = OUTPUTS[command.output]
        lane = self._by_device[command.device]
        if lane.gate.shape.get("control") == "hold" and name == "open":
            self._order(event, command.device, "open" if command.active else "close")

    def _order(self, event: e.Event, device: str, direction: str) -> None:
        lane = self._by_device[device]
        if direction not in ("open", "close"):
            return
        if isinstance(event, e.Started | e.DeviceRestored | e.DeviceLost) or not lane.stimulus:
            raise self.broken("start", f"{direction} on {lane.gate.lane} at {type(event).__name__}, asked by nobody")
        if not lane.permits[direction]:
            raise self.broken("open", f"{direction} on {lane.gate.lane} was sent without barrier.commanded")
        lane.permits[direction].pop(0)
        if direction == "close":
            self._closes(lane)

    def _closes(self, lane: _Lane) -> None:
        index = INPUTS.index("safety_loop")
        if lane.known is None or not lane.fresh or lane.known[index]:
            raise self.broken("close", f"{lane.gate.lane}: the safety loop was {self._told(lane)}")
        gate = lane.gate
        if gate.on["safety_loop"] and not self._troubled(gate, KNOWN_MS) and self._occupied_ms(gate) > KNOWN_MS:
            raise self.broken("close", f"{gate.lane}: a car has been under the arm for {self._occupied_ms(gate)} ms")

    def _told(self, lane: _Lane) -> str:
        return "unknown" if lane.known is None or not lane.fresh else "occupied"

    def _occupied_ms(self, gate: Gate) -> int:
        return (self._world.now_ns - gate.occupied_since_ns) // NS_PER_MS

    def _troubled(self, gate: Gate, within_ms: int) -> bool:
        return bool(gate.stuck) or gate.silent or self._world.now_ns - gate.trouble_ns < within_ms * NS_PER_MS

    # ---- crossings and blows

    def crossed(self, gate: Gate, crossing: Crossing) -> None:
        """A car has left the safety loop: see in a while what the journal says of it."""
        self.crossings += 1
        if crossing.forward:
            self._true_entered += 1 if gate.shape["direction"] == "entry" else -1
        self._world.after(WINDOW_MS, lambda: self._recorded(gate, crossing))

    def _recorded(self, gate: Gate, crossing: Crossing) -> None:
        lane = self._lanes[gate.lane]
        if self._excuse(gate, crossing):
            self.excused += 1
            return
        until_ns = crossing.at_ns + WINDOW_MS * NS_PER_MS
        rows = sum(crossing.at_ns < at <= until_ns for at in lane.passages)
        want = 1 if crossing.forward else 0
        if rows != want:
            how = f"{crossing.kind}, {'forward' if crossing.forward else 'back'}, card {crossing.read}"
            raise self.broken("crossing", f"{gate.lane}: {rows} passages for a car ({how}), {want} expected")

    def _excuse(self, gate: Gate, crossing: Crossing) -> bool:
        """What the product could not know of this crossing."""
        up_ns = self._up_since_ns
        down = up_ns is None or up_ns > crossing.began_ns - EXCUSED_MS * NS_PER_MS
        since_trouble_ns = crossing.began_ns - gate.trouble_ns
        troubled = bool(gate.stuck) or gate.silent or since_trouble_ns < EXCUSED_MS * NS_PER_MS
        together = crossing.gap_before_ms < TOLD_APART_MS or gate.occupied_since_ns > crossing.at_ns
        blind = not crossing.forward and "approach_loop" in gate.shape.get("without", ())
        return down or troubled or together or blind or not crossing.arm_was_passable or gate.arm.torn

    def struck(self, gate: Gate) -> None:
        """An arm has been torn off: the control room must hear of it."""
        fitted = "arm_detached" not in gate.shape.get("without", ())
        began_ns = self._world.now_ns
        if fitted and not self._lanes[gate.lane].mode_locked:
            self._world.after(WINDOW_MS, lambda: self._alarmed(gate, began_ns, ("crash",)))

    def forced(self, gate: Gate) -> None:
        """Somebody opened with a fob where that is not expected."""
        began_ns = self._world.now_ns
        self._world.after(WINDOW_MS, lambda: self._alarmed(gate, began_ns, ("forced", "crash")))

    def _alarmed(self, gate: Gate, began_ns: int, kinds: tuple[str, ...]) -> None:
        lane = self._lanes[gate.lane]
        up_ns = self._up_since_ns
        if up_ns is None or up_ns > began_ns - EXCUSED_MS * NS_PER_MS or self._troubled(gate, 2 * EXCUSED_MS):
            return
        if self._shown(gate.lane, kinds) or any(at >= began_ns and kind in kinds for at, kind in lane.alarmed):
            return
        raise self.broken("crash", f"{gate.lane}: no alarm of {kinds} within {WINDOW_MS} ms")

    def _shown(self, lane: str, kinds: tuple[str, ...]) -> bool:
        """Whether such an alarm is on the screens already."""
        assert self._box is not None
        alarms = self._box.site.snapshot(self._box.clock.now())["alarms"]
        return any(alarm["lane"] == lane and alarm["kind"] in kinds for alarm in alarms)

    # ---- now and then, and at the end

    def _bounds(self) -> None:
        box = self._box
        if box is None or box.recorder is None:
            return
        sizes = {
            "inbox": (len(box.inbox.items), 500),
            "timers": (len(box.loop.timers), 200),
            "waits": (len(box.loop.waits), 200),
            "recorder": (box.recorder.waiting, 10_500),
            "alarms": (len(box.site.snapshot(box.clock.now())["alarms"]), 60),
        }
        for name, (size, bound) in sizes.items():
            if size > bound:
                raise self.broken("bounds", f"{name} holds {size}, the bound is {bound}")

    def ends(self, box: Box) -> None:
        """The story is over and everything has been written: compare what is left with the truth."""
        box.state.catch_up(box.reader)
        box.reader.verify()
        shown = {alarm["alarm"] for alarm in box.site.snapshot(box.clock.now())["alarms"]}
        kept = {alarm["alarm"] for alarm in box.state.alarms()}
        if shown != kept:
            raise self.broken("alarms", f"shown {sorted(shown - kept)} only, journaled {sorted(kept - shown)} only")
        off = abs(self._entered - self._true_entered)
        if off > self.excused + self.declared:
            raise self.broken("occupancy", f"off by {off} with {self.excused} crossings flagged")
