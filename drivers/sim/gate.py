"""One lane's gate: an arm, its loops and the cars that come; pure, with time as an argument.

`advance` brings the model up to a moment in small steps; nothing moves between two calls. The same calls with the same
times give the same story.
"""

from __future__ import annotations

import msgspec

from drivers.sim.arm import Arm, ArmSpec, Terminal
from drivers.sim.cars import APPROACH, SAFETY, Behaviour, Car, Crossing, Traffic

STEP_NS = 5_000_000
LONGEST_LEAP_NS = 1_000_000_000
"""A gap in time longer than this (a suspended machine) is not lived through."""


class Contacts(msgspec.Struct, frozen=True):
    """What the gate's contacts say; True is the meaning of the name."""

    at_open: bool
    at_closed: bool
    safety_loop: bool
    approach_loop: bool
    arm_detached: bool
    mains: bool


class Gate:
    """A barrier with its cars."""

    def __init__(self, spec: ArmSpec | None = None) -> None:
        self.arm = Arm(spec or ArmSpec())
        self.traffic = Traffic()
        self._now_ns: int | None = None
        self._cars = 0

    @property
    def crossings(self) -> list[Crossing]:
        """Every car that has left the safety loop, oldest first."""
        return self.traffic.crossings

    def contacts(self) -> Contacts:
        """All contacts at this moment."""
        return Contacts(
            at_open=self.arm.at_open,
            at_closed=self.arm.at_closed,
            safety_loop=self.traffic.on(SAFETY),
            approach_loop=self.traffic.on(APPROACH),
            arm_detached=self.arm.torn,
            mains=self.arm.powered,
        )

    def car(self, card: str | None = None, behaviour: Behaviour = "through") -> Car:
        """A car turns into the lane."""
        self._cars += 1
        car = Car(f"car-{self._cars}", card, behaviour)
        self.traffic.add(car)
        return car

    def terminal(self, name: Terminal, active: bool, now_ns: int) -> None:
        """A contact at the barrier's controller closes or opens."""
        self.arm.terminal(name, active, self.traffic.on(SAFETY), now_ns)

    def strike(self, now_ns: int, shaft_slips: bool = False) -> None:
        """A vehicle tears the arm off: it comes onto the safety loop and stands there for a while."""
        self._cars += 1
        car = Car(f"car-{self._cars}", None, "chat", front_m=1.0, has_stopped=True)
        self.traffic.cars.insert(0, car)
        self.arm.strike(shaft_slips, now_ns)

    def advance(self, now_ns: int) -> list[Car]:
        """Bring the model up to that moment; the cars that have just reached the line with their cards."""
        if self._now_ns is None or now_ns - self._now_ns > LONGEST_LEAP_NS:
            self._now_ns = now_ns
        arrived: list[Car] = []
        while now_ns > self._now_ns:
            step_ns = min(STEP_NS, now_ns - self._now_ns)
            self._now_ns += step_ns
            arrived += self._step(self._now_ns, step_ns / 1e9)
        return arrived

    def _step(self, now_ns: int, seconds: float) -> list[Car]:
        position = 1.0 if self.arm.torn else self.arm.position
        arrived = self.traffic.advance(now_ns, seconds, position)
        below = self.traffic.below_arm()
        if below and not self.arm.torn and self.arm.position < 0.3 and self.arm.motor <= 0:
            self.arm.strike(shaft_slips=False, now_ns=now_ns)
        self.arm.advance(now_ns, seconds, self.traffic.on(SAFETY), below)
        return arrived
