"""The rules that no story may break, checked at every step of the product against the simulated truth.

Each rule has a number and a sentence; a broken one raises `Broken`. What the product could not know (a board that does
not answer, a stuck contact, an engine that is down) excuses it, and only that.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.simulation.rules.cars import CarRules
from gateway.simulation.story.holders import code_text, pass_id_of
from gateway.simulation.world.board import OUTPUTS, POLL_MS
from gateway.simulation.world.clock import NS_PER_MS, World
from gateway.simulation.world.gate import INPUTS, Gate
from gateway.simulation.world.side import Side

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box
    from gateway.simulation.world.road import Passage

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
    "decision": "nobody is let in by a card that is unknown, expired, blocked, not yet valid or reported lost",
    "unused": "a grant that nobody uses ends, and the arm is not opened for it again and again",
    "elsewhere": "a tag that is seen at a lane where no car stands opens nothing",
    "factors": "nobody enters a lane that asks for two proofs on one, or on two that do not belong together",
    "sides": "a grant of one side of a shared barrier is never used by a car of the other side",
    "interlock": "the two doors of a sally port are never opened together",
    "false": "no crash is alarmed where nothing was struck",
    "storage": "storage that fails is alarmed",
    "raise": "the core never raises but by a planted fault",
    "fault": "a fault in the core harms no other car: the next core knows what the last one knew, and serves who comes",
    "once": "a QR code that lets in once lets in once, also on a full disk",
    "released": "whom a person let pass is inside or outside by its own pass, and no other car's visit is ended by it",
    "plates": "a plate opens for the car that stands there, and a card that differs from it is for a person",
    "desk": "a read in the booth opens one lane at most: where a car waits, or the chosen one",
    "taps": "one car is let pass once, however often somebody taps or it is read",
    "rest": "a stop of an arm that rests pauses its lane for ten seconds, and leaves nobody waiting for a person",
}
WINDOW_MS = 2500
TOLD_APART_MS = 900
KNOWN_MS = 400
MERGED_MS = 1000
EXCUSED_MS = 3000
CAME_MS = 3500
"""A read counts for three seconds before and after its car stands on the approach loop, and contacts take a moment."""
WHOLE_MS = 60_000
"""A blow or a broken sensor may lead to a crash alarm for as long as the guard is asked whether the arm is whole."""
FACTORS_MS = 10_000
GRANT_MS = 600_000
"""A queue of three, each standing on its loop for as long as any driver chats, is over by then."""
STOPPED_MS = 100
PAUSED_MS = 10_000
DECLARED_MS = 62_000
"""A person says within a minute before that a car passes by hand."""
PERSON_CAUSES = ("operator", "remote", "emergency")
ROWS_KEPT = 400
_LEARNED = frozenset(
    (
        e.InputsRead, e.DeviceRestored, e.DeviceStale, e.DeviceLost, e.JournalCommitted, e.JournalDelayed,
        e.CommandReceived, e.StorageDegraded,
    )
)  # fmt: skip
"""What tells the rules something; most of what happens is a timer that has run out."""


class Broken(BaseException):
    """A rule was broken; `rule` is its name. No Exception, since those of the core are contained by the product."""

    def __init__(self, rule: str, what: str, at_ms: int) -> None:
        self.rule = rule
        self.what = what
        self.at_ms = at_ms
        super().__init__(f"{rule}: {RULES[rule]}. {what}")


class _Lane:
    """What the rules know of one barrier and the lanes that lead past it."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.known: tuple[bool, ...] | None = None
        self.fresh = False
        self.permits: dict[str, list[str]] = {"open": [], "close": []}
        self.stimulus = False
        self.grants: dict[str, tuple[int, str]] = {}
        self.mode_locked: bool | None = False  # None: what was said last was lost with the memory
        self.lock_changed_ns = -(10**18)
        self.passages: deque[tuple[int, str]] = deque(maxlen=ROWS_KEPT)
        self.declared: deque[tuple[int, str]] = deque(maxlen=ROWS_KEPT)
        self.reversals: deque[int] = deque(maxlen=ROWS_KEPT)
        self.alarmed: deque[tuple[int, str]] = deque(maxlen=ROWS_KEPT)
        self.silent_permits: dict[int, tuple[str, str]] = {}
        self.opened_ns = self.asked_ns = -(10**18)
        self.paused_until_ns = -(10**18)


class Rules:
    """Looks at everything; knows the truth from the gates."""

    def __init__(self, world: World, gates: list[Gate], sides: list[Side]) -> None:
        self._world = world
        self._by_device = {gate.device: _Lane(gate) for gate in gates}
        self._barriers = list(self._by_device.values())
        self._lanes = {side.lane: self._by_device[side.gate.device] for side in sides}
        self._sides = {side.lane: side for side in sides}
        self._up_since_ns: int | None = None
        self._acknowledged = 0
        self._hash = ""
        self._box: Box | None = None
        self._degraded_since_ns: int | None = None
        self._degraded_row = False
        self._entered = 0
        self._true_entered = 0
        self._inferred = 0
        self.admits: Callable[[dict[str, str]], bool] = lambda _credential: True
        self.cars = CarRules(world, sides, self.broken, self._troubled)
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
        degraded_ns, self._degraded_since_ns = self._degraded_since_ns, None
        for lane in self._barriers:
            if degraded_ns is not None and lane.lock_changed_ns >= degraded_ns - EXCUSED_MS * NS_PER_MS:
                lane.mode_locked = None
            lane.gate.trouble()
        self._forget()

    def core_replaced(self) -> None:
        """Another core begins within the run, and knows what is measured only when the boards have told."""
        self._up_since_ns = self._world.now_ns
        self.cars.replaced()
        self._forget()

    def _forget(self) -> None:
        for lane in self._barriers:
            lane.known, lane.fresh, lane.stimulus = None, False, False
            lane.permits = {"open": [], "close": []}
            lane.silent_permits.clear()

    def went_down_since(self, ns: int) -> bool:
        """Whether the engine is down, or has been since then; a core that was replaced then does not count."""
        return self._up_since_ns is None or self._up_since_ns > ns

    def died(self) -> None:
        """The engine is gone."""
        self._up_since_ns = None
        self.cars.died()
        for lane in self._barriers:
            lane.gate.trouble()

    def acknowledged(self, sequence: int, last_hash: str) -> None:
        """The recorder has said that rows up to here are durable."""
        self._acknowledged, self._hash = sequence, last_hash
        if self._box is not None and self._box.recorder is not None and not self._box.recorder.waiting:
            self.cars.durable()

    def delivered(self, cursor: int, kept: str, told: str) -> None:
        """Central compares the row that it has last with the journal's."""
        if kept != told:
            raise self.broken("lost", f"central has another row {cursor} than the journal")

    # ---- every step of the core

    def handled(self, event: e.Event, now: e.Now, todo: list[c.Command]) -> None:
        """The core has taken an event: look at what it asks for."""
        self.steps += 1
        if type(event) in _LEARNED:
            self._learn(event)
        for command in todo:
            if type(command) is c.Append:
                self._row(command, now)
            elif type(command) is c.PulseOutput:
                self._order(event, command.device, OUTPUTS[command.output])
            elif type(command) is c.SetOutput:
                self._switch(event, command)
        self.cars.handled(event)
        if self.steps % 512 == 0:
            self._bounds()

    def _learn(self, event: e.Event) -> None:
        kind = type(event)
        if kind is e.CommandReceived and event.lane in self._lanes:  # type: ignore[attr-defined]
            asked = self._lanes[event.lane]  # type: ignore[attr-defined]
            asked.asked_ns, asked.paused_until_ns = self._world.now_ns, 0
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
        elif kind is e.CommandReceived and event.command == "look" and event.lane in self._lanes:  # type: ignore[attr-defined]
            self._lanes[event.lane].stimulus = True  # type: ignore[attr-defined]
        elif kind is e.StorageDegraded:
            self._degraded_since_ns = self._world.now_ns
            self._degraded_row = False

    def _permit(self, token: int, delayed: bool) -> None:
        for lane in self._barriers:
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
        self.cars.row(row.type, data)
        if row.type == "barrier.commanded":
            self._commanded(lane, row)
        elif row.type == "access.granted":
            self._granted(self._sides[data["lane"]], data["credential"] if data["decided_by"] == "gateway" else None)
            lane.grants[data["grant"]] = now.mono_ns, data["lane"]
            lane.stimulus = True
            if len(lane.grants) > ROWS_KEPT:
                lane.grants.pop(next(iter(lane.grants)))
        elif row.type in ("barrier.held", "barrier.released") and data["by"]:
            lane.stimulus = True
        elif row.type in ("passage.entered", "passage.exited"):
            self._passage(lane, row, now)
        elif row.type == "passage.reversed":
            lane.reversals.append(now.mono_ns)
        elif row.type in ("barrier.locked", "barrier.unlocked"):
            lane.mode_locked, lane.lock_changed_ns = row.type == "barrier.locked", now.mono_ns
        elif row.type in ("alarm.raised", "alarm.refined"):
            lane.alarmed.append((now.mono_ns, data["kind"]))
            if row.type == "alarm.raised" and data["kind"] == "crash":
                self._crash_alarmed(lane)

    def _granted(self, side: Side, credential: dict[str, str] | None) -> None:
        """A credential was let in: it must be one that may, and its car must be there."""
        if credential is None:
            return
        if not self.admits(credential):
            raise self.broken("decision", f"{side.lane} let in {credential['kind']} {credential['value']}")
        if side.two_factor:
            self._proved(side, credential)
        gate = side.gate
        far = side.shape.get("long_range") and credential["kind"] == "card"
        if not far or side.near in gate.without or self._troubled(gate, CAME_MS):
            return
        gone_ms = (self._world.now_ns - gate.loops[side.near].left_ns) // NS_PER_MS
        if not gate.loops[side.near].cars and gone_ms > CAME_MS:
            raise self.broken("elsewhere", f"{side.lane} let in tag {credential['value']}, and no car is there")

    def _proved(self, side: Side, credential: dict[str, str]) -> None:
        """A lane that asks for card and plate has let somebody in: both were read here just now, of the same pass."""
        since_ns = self._world.now_ns - FACTORS_MS * NS_PER_MS
        lately = [(kind, value) for at_ns, kind, value in side.shown if at_ns >= since_ns]
        kind, value = credential["kind"], credential["value"]
        if kind == "plate" or (kind, code_text(int(value, 16)) if kind == "qr" else value) not in lately:
            raise self.broken("factors", f"{side.lane} let in {credential}, and no such card or code was shown")
        plates = {pass_id_of("plate", value) for kind, value in lately if kind == "plate"}
        if pass_id_of(kind, value) not in plates:
            raise self.broken("factors", f"{side.lane} let in {credential} without its car's plate; it saw {lately}")

    def _crash_alarmed(self, lane: _Lane) -> None:
        gate = lane.gate
        rammed_ms = (self._world.now_ns - gate.rammed_ns) // NS_PER_MS
        if not gate.arm.torn and rammed_ms > WHOLE_MS + EXCUSED_MS and not self._troubled(gate, WHOLE_MS + EXCUSED_MS):
            raise self.broken("false", f"{gate.lane}: a crash is alarmed, and the arm is whole")

    def _passage(self, lane: _Lane, row: c.Append, now: e.Now) -> None:
        self._entered += 1 if row.type == "passage.entered" else -1
        given_at = lane.grants.get(row.data["grant"] or "", (0, row.data["lane"]))[1]
        if given_at != row.data["lane"]:
            raise self.broken("sides", f"a car passed by {row.data['lane']} on a grant of {given_at}")
        if row.data["certainty"] == "declared":
            self.declared += 1
            lane.declared.append((now.mono_ns, row.data["lane"]))
        else:
            lane.passages.append((now.mono_ns, row.data["lane"]))
            self._inferred += "safety_loop" in lane.gate.without

    def _commanded(self, lane: _Lane, row: c.Append) -> None:
        data = row.data
        direction = "open" if data["command"] == "hold" else data["command"]
        if direction == "stop":
            return
        cause = data["cause"]
        if cause == "grant" and data["grant"] not in lane.grants:
            raise self.broken("open", f"{data} names a grant that was not journaled")
        if cause == "grant":
            self._opened_for(lane, data["grant"])
        if cause in PERSON_CAUSES and not data["by"]:
            raise self.broken("open", f"{data} names nobody")
        if cause in PERSON_CAUSES or cause == "fire":
            lane.stimulus = True
        lane.silent_permits[row.token] = (direction, cause)

    def _opened_for(self, lane: _Lane, grant: str) -> None:
        """An arm goes up for a grant: its car must be somewhere near."""
        age_ms = (self._world.now_ns - lane.grants[grant][0]) // NS_PER_MS
        if age_ms > GRANT_MS and not self._troubled(lane.gate, GRANT_MS):
            raise self.broken("unused", f"{lane.gate.lane} is opened for {grant}, given {age_ms} ms ago")

    # ---- orders

    def _switch(self, event: e.Event, command: c.SetOutput) -> None:
        name = OUTPUTS[command.output]
        lane = self._by_device[command.device]
        if lane.gate.control == "hold" and name == "open":
            self._order(event, command.device, "open" if command.active else "close")

    def _order(self, event: e.Event, device: str, direction: str) -> None:
        lane = self._by_device[device]
        if direction not in ("open", "close"):
            return
        if lane.gate.control == "step":
            direction = "open" if not lane.permits["close"] else "close"
        if isinstance(event, e.Started | e.DeviceRestored | e.DeviceLost) or not lane.stimulus:
            raise self.broken("start", f"{direction} on {lane.gate.lane} at {type(event).__name__}, asked by nobody")
        if not lane.permits[direction]:
            raise self.broken("open", f"{direction} on {lane.gate.lane} was sent without barrier.commanded")
        cause = lane.permits[direction].pop()
        if direction == "close":
            self._closes(lane, cause)
        else:
            lane.opened_ns = self._world.now_ns
            self._opens(lane, cause)

    def stops(self, lane_id: str) -> None:
        """Somebody is about to say stop; at an arm that rests, and that nothing was asked of, that is a pause."""
        lane = self._lanes[lane_id]
        gate, shown = lane.gate, self._shown_lane(lane_id)
        if shown is None or shown["mode"] != "auto" or shown["interrupted"] or shown["requested"] or shown["grants"]:
            return
        if shown["notice"]:
            return  # it waits for a person already
        moved_ms = (self._world.now_ns - lane.opened_ns) // NS_PER_MS
        rests = shown["arm"] == "closed" and gate.at_closed and not gate.moves and not gate.arm.torn
        if rests and shown["state"] == "ready" and moved_ms > EXCUSED_MS and not self._troubled(gate, EXCUSED_MS):
            said_ns = self._world.now_ns
            self._world.after(STOPPED_MS, lambda: self._paused(lane, lane_id, said_ns))
            self._world.after(PAUSED_MS + KNOWN_MS, lambda: self._paused_enough(lane, lane_id, said_ns))

    def _shown_lane(self, lane_id: str) -> dict[str, Any] | None:
        if self._box is None or self._up_since_ns is None:
            return None
        lanes: list[dict[str, Any]] = self._box.site.snapshot(self._box.clock.now())["lanes"]
        return next(lane for lane in lanes if lane["id"] == lane_id)

    def _alone_since(self, lane: _Lane, said_ns: int) -> bool:
        """Whether nothing but that stop can have changed what a lane does."""
        return not self.went_down_since(said_ns) and lane.asked_ns <= said_ns and lane.gate.trouble_ns < said_ns

    def _paused(self, lane: _Lane, lane_id: str, said_ns: int) -> None:
        shown = self._shown_lane(lane_id)
        if shown is None or not self._alone_since(lane, said_ns):
            return
        if shown["interrupted"]:
            raise self.broken("rest", f"{lane_id} rested, was stopped, and waits for a person")
        if shown["pause"] is not None:
            lane.paused_until_ns = said_ns + PAUSED_MS * NS_PER_MS

    def _paused_enough(self, lane: _Lane, lane_id: str, said_ns: int) -> None:
        shown = self._shown_lane(lane_id)
        if shown is not None and self._alone_since(lane, said_ns) and (shown["pause"] or shown["interrupted"]):
            raise self.broken("rest", f"{lane_id} was stopped {PAUSED_MS} ms ago, and is not ready yet")

    def _opens(self, lane: _Lane, cause: str) -> None:
        """For whom an arm goes up: not while it is paused, nor, of a sally port, while the other door is not shut."""
        if cause == "grant" and self._world.now_ns < lane.paused_until_ns - KNOWN_MS * NS_PER_MS:
            raise self.broken("rest", f"{lane.gate.lane} is opened by itself while it is paused")
        if not lane.gate.shape.get("sally_port") or cause in ("fire", "safety", "retry"):
            return
        index = INPUTS.index("at_closed")
        for other in self._barriers:
            gate = other.gate
            if other is lane or not gate.shape.get("sally_port") or "at_closed" in gate.without:
                continue
            left_ms = (self._world.now_ns - gate.arm.left_closed_ns) // NS_PER_MS
            if other.known is not None and other.fresh and not other.known[index] and left_ms > KNOWN_MS:
                raise self.broken("interlock", f"{lane.gate.lane} is opened ({cause}) while {gate.lane} is not shut")

    def _closes(self, lane: _Lane, cause: str) -> None:
        if cause == "not_followed" and lane.known is not None and lane.known[INPUTS.index("at_closed")]:
            return  # a held OPEN is let go of at an arm that never rose: nothing moves
        if "safety_loop" in lane.gate.without:
            if cause != "operator":
                raise self.broken("close", f"{lane.gate.lane} has no safety input and was closed by {cause}")
            return
        index = INPUTS.index("safety_loop")
        if lane.known is None or not lane.fresh or lane.known[index]:
            raise self.broken("close", f"{lane.gate.lane}: the safety loop was {self._told(lane)}")
        gate = lane.gate
        if gate.occupied and not self._troubled(gate, KNOWN_MS) and self._occupied_ms(gate) > KNOWN_MS:
            raise self.broken("close", f"{gate.lane}: a car has been under the arm for {self._occupied_ms(gate)} ms")

    def _told(self, lane: _Lane) -> str:
        return "unknown" if lane.known is None or not lane.fresh else "occupied"

    def _occupied_ms(self, gate: Gate) -> int:
        return (self._world.now_ns - gate.loops["safety_loop"].came_ns) // NS_PER_MS

    def _troubled(self, gate: Gate, within_ms: int) -> bool:
        return gate.troubled(within_ms)

    # ---- crossings and blows

    def crossed(self, passage: Passage) -> None:
        """A car has left the safety loop: see in a while what the journal says of it."""
        self.crossings += 1
        if passage.forward:
            self._true_entered += 1 if passage.side.entry else -1
        self._world.after(WINDOW_MS, lambda: self._recorded(passage))

    def _recorded(self, passage: Passage) -> None:
        side, gate, crossing = passage.side, passage.side.gate, passage.crossing
        lane = self._lanes[side.lane]
        if self._excuse(gate, passage):
            self.excused += 1
            self.cars.crossed(passage, plain=False)
            return
        since = itertools.takewhile(lambda row: row[0] > crossing.mono_ns, reversed(lane.passages))
        rows = sum(by == side.lane for _, by in since)
        want = 1 if passage.forward else 0
        if not rows and (declared_ns := self._was_declared(lane, passage)) is not None:
            self.cars.crossed(passage, plain=True, since_ns=declared_ns)
            return
        if rows != want:
            how = f"{passage.car.behaviour}, {'forward' if passage.forward else 'back'}, shown {passage.car.proofs}"
            raise self.broken("crossing", f"{side.lane}: {rows} passages for a car ({how}), {want} expected")
        self.cars.crossed(passage, plain=True)

    def _was_declared(self, lane: _Lane, passage: Passage) -> int | None:
        """When a person said before that this car passes by hand: then that is its passage."""
        since_ns = passage.crossing.mono_ns - DECLARED_MS * NS_PER_MS
        found = next((one for one in lane.declared if one[0] >= since_ns and one[1] == passage.side.lane), None)
        locked = lane.mode_locked is not False or lane.lock_changed_ns >= passage.crossing.began_ns
        if found is None or not locked or not passage.forward:
            return None
        lane.declared.remove(found)
        return found[0]

    def _excuse(self, gate: Gate, passage: Passage) -> bool:
        """What the product could not know of this crossing."""
        up_ns, crossing, loop = self._up_since_ns, passage.crossing, gate.loops["safety_loop"]
        down = up_ns is None or up_ns > crossing.began_ns - EXCUSED_MS * NS_PER_MS
        since_trouble_ns = crossing.began_ns - gate.trouble_ns
        troubled = gate.troubled(0) or since_trouble_ns < EXCUSED_MS * NS_PER_MS
        close_ns = crossing.mono_ns + TOLD_APART_MS * NS_PER_MS
        followed = any(crossing.mono_ns <= came_ns < close_ns for came_ns in loop.arrivals_ns)
        joined = crossing.began_ns <= loop.joined_ns <= crossing.mono_ns
        together = crossing.gap_before_ms < TOLD_APART_MS or followed or joined
        unseen = (not passage.forward and "approach_loop" in gate.without) or "safety_loop" in gate.without
        unseen = unseen or self._mixed(gate, passage)
        return down or troubled or together or unseen or not crossing.passable or gate.arm.torn

    def _mixed(self, gate: Gate, passage: Passage) -> bool:
        """Cars on either side of a shared arm whose loops, taken together, tell the same of either way."""
        far, crossing = gate.loops[passage.side.far], passage.crossing
        seen_with_it_ns = crossing.began_ns - 2 * POLL_MS * NS_PER_MS
        came = seen_with_it_ns < far.came_ns < crossing.mono_ns + MERGED_MS * NS_PER_MS
        until_ns = crossing.mono_ns + (0 if passage.forward else MERGED_MS * NS_PER_MS)
        left = seen_with_it_ns < far.left_ns < until_ns
        return passage.side.shares and ((came and not passage.forward) or left)

    def struck(self, gate: Gate) -> None:
        """An arm has been torn off: the control room must hear of it."""
        fitted = "arm_detached" not in gate.without
        began_ns = self._world.now_ns
        if fitted and self._lanes[gate.lane].mode_locked is False:
            self._world.after(WINDOW_MS, lambda: self._alarmed(gate, began_ns, ("crash",)))

    def forced(self, gate: Gate) -> None:
        """Somebody opened with a fob where that is not expected."""
        began_ns = self._world.now_ns
        self._world.after(WINDOW_MS, lambda: self._alarmed(gate, began_ns, ("forced", "crash")))

    def _alarmed(self, gate: Gate, began_ns: int, kinds: tuple[str, ...]) -> None:
        lane = self._lanes[gate.lane]
        up_ns = self._up_since_ns
        homing = self._world.now_ns - gate.mains_ns < (WHOLE_MS + EXCUSED_MS) * NS_PER_MS
        if "forced" in kinds and (homing or lane.mode_locked is not False):
            return  # power that has just come back moves arms, and at a tagged lane people work
        if up_ns is None or up_ns > began_ns - EXCUSED_MS * NS_PER_MS or self._troubled(gate, 2 * EXCUSED_MS):
            return
        if "forced" in kinds and 0 <= lane.opened_ns - began_ns < KNOWN_MS * NS_PER_MS:
            return  # the gateway opened for somebody before the contact told that the arm moves already
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
        box.compare()
        if box.central_cursor != box.journal.last_sequence:
            raise self.broken("lost", f"central has row {box.central_cursor} of {box.journal.last_sequence}")
        if off > self.excused + self.declared + self._inferred:
            raise self.broken("occupancy", f"off by {off} with {self.excused} crossings flagged")
