"""A simulated gate: a barrier, a board with its faults, and loops with cars on them, event by event.

What is true (`arm`, `occupied`) and what the board says (`inputs`) are kept apart: between them lie the poll, stuck and
chattering inputs, and a board that does not answer. The rules compare the product with the truth, and excuse it only
for what it could not have known.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from gateway.core.vocabulary import events as e
from gateway.simulation.arm import Arm, Controller
from gateway.simulation.world import NS_PER_MS, World

INPUTS = (
    "at_open", "at_closed", "safety_loop", "approach_loop", "arm_detached", "mains", "exit_button", "fire",
    "clear_loop",
)  # fmt: skip
LANE_INPUTS = ("exit_button", "fire")
"""What belongs to the lane and not to its barrier, and is fitted only where the lane's shape says `with`."""
OUTPUTS = ("open", "close", "stop", "siren")
POLL_MS = 50
BUS_MS = 5
SILENT_MS = 500
LOST_AFTER = 3
BUTTON_MS = 250


class Gate:
    """A barrier's hardware: arm, loops and board; `number` and `lane` are those of its (first) lane."""

    def __init__(self, world: World, number: int, shape: dict[str, Any], report: Callable[[e.Event], object]) -> None:
        self._world = world
        self.number = number
        self.shape = shape
        self.device = f"io{number}"
        self.lane = f"lane{number}"
        self.report = report
        alone = () if shape.get("shared") else ("clear_loop",)
        self.without = frozenset((*shape.get("without", ()), *alone))
        self.control = str(shape.get("control", "pulse"))
        self.on: dict[str, int] = {"safety_loop": 0, "approach_loop": 0, "clear_loop": 0}
        self.pressed: dict[str, bool] = dict.fromkeys(LANE_INPUTS, False)
        self.arm = Arm(world, int(shape["travel_ms"]), self.touch)
        closes = shape.get("close_by") == "barrier" or self.control == "step"
        self.controller = Controller(world, self.arm, self.control, closes, lambda: self.on["safety_loop"] > 0)
        self.occupied_since_ns = 0
        self.came_under_ns: deque[int] = deque(maxlen=8)
        self.came_ns = dict.fromkeys(self.on, -(10**18))
        self.left_ns = dict.fromkeys(self.on, -(10**18))
        self.rammed_ns = self.mains_ns = self.last_off_ns = self.joined_ns = -(10**18)
        self.stuck: dict[str, bool] = {}
        self.silent_until_ns = 0
        self.late_until_ns = 0
        self.late_ms = 0
        self.fail_next_output = False
        self.outputs = [False] * len(OUTPUTS)
        self.watching = False
        self.pulses = 0
        self.reported: tuple[bool, ...] | None = None
        self.reported_at_ns = 0
        self.trouble_ns = -(10**18)
        self._pending = False
        self._anew = False
        self._failures = 0
        self.session = 0
        self._told_ns = 0
        self._watchers: list[Callable[[], None]] = []

    # ---- what is true, and what the contacts say

    def truth(self) -> dict[str, bool]:
        """What is the case, in the order of `INPUTS`."""
        return {
            "at_open": self.arm.at_open,
            "at_closed": self.arm.at_closed,
            "safety_loop": self.on["safety_loop"] > 0,
            "approach_loop": self.on["approach_loop"] > 0,
            "arm_detached": self.arm.torn,
            "mains": self.arm.powered,
            **self.pressed,
            "clear_loop": self.on["clear_loop"] > 0,
        }

    def contacts(self) -> tuple[bool, ...]:
        """What the contacts say, in the order of `INPUTS`; some may be stuck."""
        truth = self.truth()
        truth.update(self.stuck)
        return tuple(truth.values())

    def occupy(self, loop: str, by: int) -> None:
        """A car comes onto a loop (1) or leaves it (-1)."""
        if loop == "safety_loop" and by > 0 and not self.on[loop]:
            self.occupied_since_ns = self._world.now_ns
            self.came_under_ns.append(self._world.now_ns)
        elif loop == "safety_loop" and by > 0:
            self.joined_ns = self._world.now_ns  # who rams does not look whether somebody is under the arm
        if by > 0 and not self.on[loop]:
            self.came_ns[loop] = self._world.now_ns
        if by < 0:
            self.left_ns[loop] = self._world.now_ns
        self.on[loop] += by
        self.touch()

    def press(self, contact: str, for_ms: int = BUTTON_MS) -> None:
        """A button or a contact of the lane is closed for a while."""
        self._hold(contact, True)
        self._world.after(for_ms, lambda: self._hold(contact, False))

    def _hold(self, contact: str, value: bool) -> None:
        self.pressed[contact] = value
        self.touch()

    def trouble(self) -> None:
        """Something is wrong with this lane's sensors or board: the product may not know the truth for a while."""
        self.trouble_ns = self._world.now_ns

    # ---- the board

    @property
    def silent(self) -> bool:
        """Whether the board answers nobody now."""
        return self._world.now_ns < self.silent_until_ns

    def connect(self) -> None:
        """A new engine opens the board: after a moment it reads it for the first time."""
        self.session += 1
        self.reported = None
        self._anew = False
        self._failures = 0
        self._first(self.session)

    def disconnect(self) -> None:
        """The engine is gone; outputs that the board does not time stay as they are until it is back."""
        self.session += 1
        self.reported = None

    def tell_anew(self) -> None:
        """A core that knows nothing asks: at the next answer everything is told, or at once that there is none."""
        if self.reported is None and self._failures >= LOST_AFTER:
            self.report(e.DeviceLost(self.device, "no answer within 500 ms; check its power and wiring"))
            return
        self._anew = True
        self._next_poll()

    def _first(self, session: int) -> None:
        def answers() -> None:
            if session != self.session:
                return
            if self.silent:
                self._missed(session)
                return
            self._failures = 0
            self._restored()

        self._world.after(30, answers)

    def _restored(self) -> None:
        self._anew = False
        self.reported = self.contacts()
        self.reported_at_ns = self._world.now_ns
        self.report(e.DeviceRestored(self.device, self.reported, tuple(self.outputs)))
        self._next_poll()

    def _missed(self, session: int) -> None:
        """A poll without an answer."""
        self._failures += 1
        if self._failures == 1 and self.reported is not None:
            self.report(e.DeviceStale(self.device))
        if self._failures == LOST_AFTER:
            self.reported = None
            self.report(e.DeviceLost(self.device, "no answer within 500 ms; check its power and wiring"))
        self._world.after(SILENT_MS, lambda: self._again(session))

    def _again(self, session: int) -> None:
        if session != self.session:
            return
        if self.silent:
            self._missed(session)
        elif self.reported is None or self._anew:
            self._failures = 0
            self._restored()
        else:
            self._failures = 0
            self.reported = self.contacts()
            self.reported_at_ns = self._world.now_ns
            self.report(e.InputsRead(self.device, self.reported))

    def touch(self) -> None:
        """Something may have changed: the controller sees it, and the next poll tells."""
        self.controller.changed()
        for watcher in self._watchers[:]:
            watcher()
        self._next_poll()

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call back on every change of what is true; returns how to stop that."""
        self._watchers.append(watcher)

        def stop() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return stop

    def _next_poll(self) -> None:
        if self._pending or self.reported is None:
            return
        self._pending = True
        session = self.session
        into_ms = self._world.now_ms % POLL_MS
        self._world.after(POLL_MS - into_ms, lambda: self._poll(session))

    def _poll(self, session: int) -> None:
        self._pending = False
        if session != self.session or self.reported is None or self._failures:
            return
        if self.silent:
            self._world.after(SILENT_MS, lambda: self._missed(session) if session == self.session else None)
            self._failures = 0
            self.reported_at_ns = min(self.reported_at_ns, self._world.now_ns)
            return
        if self._anew:
            self._restored()
            return
        now = self.contacts()
        self.reported_at_ns = self._world.now_ns
        if now != self.reported:
            self.reported = now
            self._tell(e.InputsRead(self.device, now), session)

    def _tell(self, event: e.Event, session: int) -> None:
        """What the board has answered reaches the gateway, perhaps late; answers never overtake one another."""
        late_ns = self.late_ms * NS_PER_MS if self._world.now_ns < self.late_until_ns else 0
        self._told_ns = max(self._told_ns, self._world.now_ns + late_ns)
        if self._told_ns <= self._world.now_ns:
            self.report(event)
            return
        self._world.at(self._told_ns, lambda: self.report(event) if session == self.session else None)

    def answer_late(self, by_ms: int, for_ms: int) -> None:
        """The board answers, each time a good while after it was asked and before anybody gives it up."""
        self.trouble()
        self.late_ms = by_ms
        self.late_until_ns = self._world.now_ns + for_ms * NS_PER_MS
        self._world.at(self.late_until_ns + by_ms * NS_PER_MS, self.trouble)

    @property
    def late(self) -> bool:
        """Whether what the gateway knows is older than a poll."""
        return self._world.now_ns < self.late_until_ns + self.late_ms * NS_PER_MS

    def silence(self, for_ms: int) -> None:
        """The board answers nobody for a while."""
        self.trouble()
        self.silent_until_ns = max(self.silent_until_ns, self._world.now_ns + for_ms * NS_PER_MS)
        session = self.session
        if self.reported is not None and not self._failures:
            self._world.after(SILENT_MS, lambda: self._notice(session))
        self._world.at(self.silent_until_ns + NS_PER_MS, self.trouble)

    def _notice(self, session: int) -> None:
        """The next poll after the silence began has had no answer."""
        if session == self.session and self.silent and self.reported is not None and not self._failures:
            self._missed(session)

    # ---- orders from the bus

    def pulse(self, output: int, duration_ms: int, token: int) -> None:
        """The engine orders a pulse."""
        session = self.session
        self._world.after(BUS_MS, lambda: self._pulse(output, duration_ms, token, session))

    def switch(self, output: int, active: bool, token: int) -> None:
        """The engine orders an output on or off."""
        session = self.session
        self._world.after(BUS_MS, lambda: self._switch(output, active, token, session))

    def _refused(self, output: int, token: int, session: int) -> bool:
        if session != self.session:
            return True
        if not self.silent and not self.fail_next_output:
            return False
        self.fail_next_output = False
        self.trouble()
        self.report(e.OutputFailed(self.device, output, token, "the board did not answer the write"))
        return True

    def _pulse(self, output: int, duration_ms: int, token: int, session: int) -> None:
        if self._refused(output, token, session):
            return
        self.pulses += 1
        self._tell(e.OutputDone(self.device, output, token), session)
        self.controller.terminal(OUTPUTS[output])
        if self.control != "hold":
            self._world.after(duration_ms, lambda: self._set(output, False))

    def _switch(self, output: int, active: bool, token: int, session: int) -> None:
        if self._refused(output, token, session):
            return
        self._tell(e.OutputDone(self.device, output, token), session)
        self._set(output, active)
        if active:
            self.pulses += 1
        if OUTPUTS[output] == "open" and self.control == "hold":
            self.controller.terminal("open" if active else "close")
        elif active:
            self.controller.terminal(OUTPUTS[output])

    def _set(self, output: int, active: bool) -> None:
        self.outputs[output] = active

    def chatter(self, name: str, times: int, chance: random.Random) -> None:
        """A contact bounces for a while."""
        self.trouble()
        value = self.truth()[name]
        at_ms = 0
        for n in range(times):
            at_ms += chance.randint(5, 60)
            self._world.after(at_ms, lambda v=(n % 2 == 0) != value: self._stick(name, v))  # type: ignore[misc]
        self._world.after(at_ms + 60, lambda: self.unstick(name))

    def _stick(self, name: str, value: bool) -> None:
        self.stuck[name] = value
        self.touch()

    def stick(self, name: str, value: bool, for_ms: int) -> None:
        """A contact says the same whatever happens."""
        self.trouble()
        self._stick(name, value)
        self._world.after(for_ms, lambda: self.unstick(name))

    def unstick(self, name: str) -> None:
        """The contact tells the truth again."""
        self.stuck.pop(name, None)
        self.trouble()
        self.touch()
