"""The I/O board of a simulated gate, event by event: it is polled, may be silent or late, and carries out orders.

Between what is true at the gate and what the gateway knows lie the poll, stuck and bouncing inputs, and a board that
does not answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.core.vocabulary import events as e
from gateway.physics.controller import Terminal
from gateway.simulation.world.clock import NS_PER_MS, World

if TYPE_CHECKING:
    from gateway.simulation.world.gate import Gate

OUTPUTS = ("open", "close", "stop", "siren")
TERMINALS: tuple[Terminal | None, ...] = ("open", "close", "stop", None)
POLL_MS = 50
BUS_MS = 5
SILENT_MS = 500
LOST_AFTER = 3
LOST_WORDS = "no answer within 500 ms; check its power and wiring"


class Board:
    """The board of one gate; `report` takes what it tells the gateway."""

    def __init__(self, world: World, gate: Gate, report: Callable[[e.Event], object]) -> None:
        self._world = world
        self._gate = gate
        self.report = report
        self.device = f"io{gate.number}"
        self.session = 0
        self.outputs = [False] * len(OUTPUTS)
        self.fail_next_output = False
        self._reported: tuple[bool, ...] | None = None
        self._polls = False
        self._anew = False
        self._failures = 0
        self._told_ns = 0
        self._silent_until_ns = 0
        self._late_until_ns = 0
        self._late_ms = 0

    # ---- its connection

    @property
    def silent(self) -> bool:
        """True while the board does not answer."""
        return self._world.now_ns < self._silent_until_ns

    def connect(self) -> None:
        """A new engine opens the board, and reads it for the first time 30 ms later."""
        self.session += 1
        self._reported = None
        self._anew = False
        self._failures = 0
        self._first(self.session)

    def disconnect(self) -> None:
        """The engine is gone. Outputs that the board does not time stay as they are."""
        self.session += 1
        self._reported = None

    def tell_anew(self) -> None:
        """A new core asks: the next answer reports everything; a board that is lost is reported at once."""
        if self._reported is None and self._failures >= LOST_AFTER:
            self.report(e.DeviceLost(self.device, LOST_WORDS))
            return
        self._anew = True
        self.changed()

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
        self._reported = self._gate.contacts()
        self.report(e.DeviceRestored(self.device, self._reported, tuple(self.outputs)))
        self.changed()

    def _missed(self, session: int) -> None:
        """A poll without an answer."""
        self._failures += 1
        if self._failures == 1 and self._reported is not None:
            self.report(e.DeviceStale(self.device))
        if self._failures == LOST_AFTER:
            self._reported = None
            self.report(e.DeviceLost(self.device, LOST_WORDS))
        self._world.after(SILENT_MS, lambda: self._again(session))

    def _again(self, session: int) -> None:
        if session != self.session:
            return
        if self.silent:
            self._missed(session)
        elif self._reported is None or self._anew:
            self._failures = 0
            self._restored()
        else:
            self._failures = 0
            self._reported = self._gate.contacts()
            self.report(e.InputsRead(self.device, self._reported))

    def changed(self) -> None:
        """A contact may have changed: the next poll tells."""
        if self._polls or self._reported is None:
            return
        self._polls = True
        session = self.session
        into_ms = self._world.now_ms % POLL_MS
        self._world.after(POLL_MS - into_ms, lambda: self._poll(session))

    def _poll(self, session: int) -> None:
        self._polls = False
        if session != self.session or self._reported is None or self._failures:
            return
        if self.silent:
            self._world.after(SILENT_MS, lambda: self._missed(session) if session == self.session else None)
            self._failures = 0
            return
        if self._anew:
            self._restored()
            return
        now = self._gate.contacts()
        if now != self._reported:
            self._reported = now
            self._tell(e.InputsRead(self.device, now), session)

    def _tell(self, event: e.Event, session: int) -> None:
        """Deliver an answer, perhaps late; answers keep their order."""
        late_ns = self._late_ms * NS_PER_MS if self._world.now_ns < self._late_until_ns else 0
        self._told_ns = max(self._told_ns, self._world.now_ns + late_ns)
        if self._told_ns <= self._world.now_ns:
            self.report(event)
            return
        self._world.at(self._told_ns, lambda: self.report(event) if session == self.session else None)

    def answer_late(self, by_ms: int, for_ms: int) -> None:
        """For a while the board answers late, but before the driver gives up."""
        self._gate.trouble()
        self._late_ms = by_ms
        self._late_until_ns = self._world.now_ns + for_ms * NS_PER_MS
        self._world.at(self._late_until_ns + by_ms * NS_PER_MS, self._gate.trouble)

    @property
    def late(self) -> bool:
        """True while the gateway may know less than the last poll."""
        return self._world.now_ns < self._late_until_ns + self._late_ms * NS_PER_MS

    def silence(self, for_ms: int) -> None:
        """The board does not answer for a while."""
        self._silent_until_ns = max(self._silent_until_ns, self._world.now_ns + for_ms * NS_PER_MS)
        self._gate.trouble(self._silent_until_ns)  # also at the very moment at which it answers again
        session = self.session
        if self._reported is not None and not self._failures:
            self._world.after(SILENT_MS, lambda: self._notice(session))

    def _notice(self, session: int) -> None:
        """The first poll of the silence has had no answer."""
        if session == self.session and self.silent and self._reported is not None and not self._failures:
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
        self._gate.trouble()
        self.report(e.OutputFailed(self.device, output, token, "the board did not answer the write"))
        return True

    def _pulse(self, output: int, duration_ms: int, token: int, session: int) -> None:
        if self._refused(output, token, session):
            return
        self._tell(e.OutputDone(self.device, output, token), session)
        self._drive(output, True)
        self._world.after(duration_ms, lambda: self._end_pulse(output))

    def _end_pulse(self, output: int) -> None:
        self.outputs[output] = False
        if self._gate.control == "hold":  # other controllers do nothing when a contact opens
            self._drive(output, False)

    def _switch(self, output: int, active: bool, token: int, session: int) -> None:
        if self._refused(output, token, session):
            return
        self._tell(e.OutputDone(self.device, output, token), session)
        self.outputs[output] = active
        self._drive(output, active)

    def _drive(self, output: int, active: bool) -> None:
        """Let the relay of an output reach its terminal."""
        terminal = TERMINALS[output]
        if terminal is not None:
            self._gate.terminal(terminal, active)
