"""One barrier with everything that is physical about it: arm, controller, loops, buttons, and the cars that come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.physics.arm import NS_PER_MS, Arm
from gateway.physics.cars import Car, Layout, earliest
from gateway.physics.controller import CRANK_SLOWER, ArmSpec, Controller, Terminal
from gateway.physics.loops import Loop, Overrides
from gateway.physics.traffic import Happening, Traffic

BUTTON_MS = 250
STRIKES_AT_M = 1.0
"""Where the nose of a vehicle is that has just torn the arm off."""


class Contacts(NamedTuple):
    """What the contacts say; True is the meaning of the name."""

    at_open: bool
    at_closed: bool
    safety_loop: bool
    approach_loop: bool
    arm_detached: bool
    mains: bool
    exit_button: bool
    fire: bool
    clear_loop: bool


class Gate:
    """A barrier. `shared`: two lanes lead past it, and cars come from both sides.

    Every act brings the gate up to its moment first; one that lies before `now_ns` happens at `now_ns`.
    """

    def __init__(self, spec: ArmSpec | None = None, layout: Layout | None = None, shared: bool = False) -> None:
        spec = spec or ArmSpec()
        self.arm = Arm(spec.travel_ms, spec.stalls)
        self.controller = Controller(spec, self.arm)
        self.loops = {name: Loop() for name in ("safety_loop", "approach_loop", "clear_loop")}
        self.traffic = Traffic(layout or Layout(), self.arm, self.loops, shared)
        self.wrong = Overrides()
        """Contacts that are stuck or bounce."""
        self.pressed = Overrides()
        """Buttons that are pressed, and the fire contact."""
        self.now_ns = 0
        self.next_ns: int | None = None
        """When something changes next."""

    # ---- time

    def advance(self, now_ns: int) -> list[Happening]:
        """Bring the gate up to a moment; what cars have done since the last call."""
        self._advance(now_ns)
        return self.traffic.take_happened()

    def skip(self, gap_ns: int) -> None:
        """Let that much time pass in which nothing happens: the machine was suspended."""
        for part in (self.arm, self.controller, self.traffic, self.wrong, self.pressed):
            part.skip(gap_ns)
        self._plan(self.now_ns + gap_ns)

    def _advance(self, now_ns: int) -> int:
        while self.next_ns is not None and self.next_ns <= now_ns:
            at_ns = self.now_ns = max(self.next_ns, self.now_ns)
            if self.arm.motor:
                self.arm.settle(at_ns)
            for contacts in (self.wrong, self.pressed):
                if contacts.next_ns is not None:
                    contacts.advance(at_ns)
            self.traffic.advance(at_ns)
            self._look(at_ns)
        self.now_ns = max(now_ns, self.now_ns)
        if self.arm.motor:
            self.arm.settle(self.now_ns)
        return self.now_ns

    def _look(self, now_ns: int) -> None:
        """What controller, arm and drivers do about what is so now."""
        self.controller.look(self.occupied, now_ns)
        if self.arm.motor < 0 and self.arm.touches(now_ns) and self.traffic.is_below_arm(now_ns):
            self.arm.touch(now_ns)
        self.traffic.look(now_ns)
        self._plan(now_ns)

    def _plan(self, now_ns: int) -> None:
        arm = self.arm
        self.next_ns = earliest(
            arm.next_ns(now_ns, arm.motor < 0 and self.traffic.is_below_arm(now_ns)) if arm.motor else None,
            self.controller.next_ns,
            self.traffic.next_ns(),
            self.wrong.next_ns,
            self.pressed.next_ns,
        )

    # ---- what is so

    @property
    def occupied(self) -> bool:
        """True while a car is on the safety loop."""
        return self.loops["safety_loop"].cars > 0

    def truth(self) -> Contacts:
        """What all contacts would say at `now_ns` if none was wrong."""
        pressed = self.pressed.shown
        return Contacts(
            self.arm.at_open(self.now_ns),
            self.arm.at_closed(self.now_ns),
            self.occupied,
            self.loops["approach_loop"].cars > 0,
            self.arm.torn,
            self.controller.powered,
            pressed.get("exit_button", False),
            pressed.get("fire", False),
            self.loops["clear_loop"].cars > 0,
        )

    def contacts(self) -> Contacts:
        """What all contacts say at `now_ns`."""
        truth, wrong = self.truth(), self.wrong.shown
        return truth._replace(**wrong) if wrong else truth

    # ---- what happens to it

    def terminal(self, name: Terminal, active: bool, now_ns: int) -> None:
        """A contact at the controller's terminals closes or opens."""
        now_ns = self._advance(now_ns)
        self.controller.terminal(name, active, self.occupied, now_ns)
        self._look(now_ns)

    def fob(self, now_ns: int) -> None:
        """A fob opens: the controller's own remote control."""
        now_ns = self._advance(now_ns)
        self.controller.fob(now_ns)
        self._look(now_ns)

    def crank(self, up: bool, now_ns: int, slower: int = CRANK_SLOWER) -> None:
        """A person turns the shaft by hand, this many times slower than the motor."""
        now_ns = self._advance(now_ns)
        self.controller.crank(up, now_ns, slower)
        self._look(now_ns)

    def mains(self, on: bool, now_ns: int) -> None:
        """The controller's power goes or comes back."""
        now_ns = self._advance(now_ns)
        self.controller.mains(on, now_ns)
        self._look(now_ns)

    def obstruct(self, now_ns: int) -> None:
        """Something blocks the arm where it is."""
        now_ns = self._advance(now_ns)
        self.arm.obstruct(now_ns)
        self._look(now_ns)

    def clear(self, now_ns: int) -> None:
        """The obstacle is gone."""
        now_ns = self._advance(now_ns)
        self.arm.clear(now_ns)
        self._look(now_ns)

    def repair(self, now_ns: int) -> None:
        """A new arm is fitted, and the shaft is put to closed."""
        now_ns = self._advance(now_ns)
        self.arm.repair(now_ns)
        self._look(now_ns)

    def press(self, button: str, now_ns: int, for_ms: int = BUTTON_MS) -> None:
        """A button, or the fire contact, is closed for a while."""
        now_ns = self._advance(now_ns)
        self.pressed.show(button, True, now_ns)
        self.pressed.show(button, None, now_ns + for_ms * NS_PER_MS)
        self._plan(now_ns)

    def show_wrong(self, contact: str, plan: Sequence[tuple[int, bool | None]], now_ns: int) -> None:
        """A contact shows these values, each after so many milliseconds, whatever is true; None: what is true."""
        now_ns = self._advance(now_ns)
        for after_ms, value in plan:
            self.wrong.show(contact, value, now_ns + after_ms * NS_PER_MS)
        self._plan(now_ns)

    def car(self, car: Car, now_ns: int) -> bool:
        """A car turns into the road; False when there is no room."""
        now_ns = self._advance(now_ns)
        added = self.traffic.add(car, now_ns)
        self._look(now_ns)
        return added

    def strike(self, car: Car, now_ns: int) -> None:
        """A car has torn the arm off all at once, and is under it."""
        now_ns = self._advance(now_ns)
        self.traffic.add_under(car, STRIKES_AT_M, now_ns)
        if not self.arm.torn:
            self.traffic.tear(car, now_ns)
        self._look(now_ns)
