"""A simulated gate on the world's clock: the physical model, its board, and what the rules need to know of both.

What is true (`body`) and what the contacts say (`contacts`) are kept apart. The rules compare the product with the
truth, and excuse it only for what it could not know.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Protocol

from gateway.core.vocabulary import events as e
from gateway.physics import gate as physics
from gateway.physics.arm import LONG_AGO_NS, Arm
from gateway.physics.cars import Car, Layout
from gateway.physics.controller import ArmSpec, Terminal
from gateway.physics.traffic import Happening
from gateway.simulation.world.board import Board
from gateway.simulation.world.clock import NS_PER_MS, World

INPUTS = physics.Contacts._fields
LANE_INPUTS = ("exit_button", "fire")
"""Contacts of a lane and not of its barrier, fitted only where the lane's shape says `with`."""
OWN_CLOSE_MS = 6_000
LAYOUT = Layout(near=(-4.5, -2.0), start_m=-8.0, end_m=11.0)
"""The loops lie far enough apart that a car has left the near one before it comes to the far one."""


class Listener(Protocol):
    """Who hears of the cars that come from one side."""

    def happened(self, one: Happening) -> None:
        """A car of this side has done something."""


class Gate:
    """A barrier, with the number and the name of its (first) lane."""

    def __init__(self, world: World, number: int, shape: dict[str, Any], report: Callable[[e.Event], object]) -> None:
        self._world = world
        self.number = number
        self.shape = shape
        self.lane = f"lane{number}"
        self.without = frozenset((*shape.get("without", ()), *(() if shape.get("shared") else ("clear_loop",))))
        self.control = str(shape.get("control", "pulse"))
        closes = shape.get("close_by") == "barrier" or self.control == "step"
        self.body = physics.Gate(
            ArmSpec(
                travel_ms=int(shape["travel_ms"]),
                control=shape.get("control", "pulse"),
                own_safety=closes,
                auto_close_ms=OWN_CLOSE_MS if closes else None,
                stalls=True,
            ),
            LAYOUT,
            shared=bool(shape.get("shared")),
        )
        self.board = Board(world, self, report)
        self.device = self.board.device
        self.loops = self.body.loops
        self.listeners: dict[int, Listener] = {}
        self.rammed_ns = self.mains_ns = self.trouble_ns = LONG_AGO_NS
        self._wake_ns: int | None = None
        self._shown = self.body.contacts()

    # ---- what is true, and what the contacts say

    @property
    def arm(self) -> Arm:
        """The arm."""
        return self.body.arm

    @property
    def moves(self) -> bool:
        """True while the motor runs."""
        self.arm.settle(self._world.now_ns)
        return bool(self.arm.motor)

    @property
    def position(self) -> float:
        """Where the arm is, 0 closed and 1 open."""
        return self.arm.position(self._world.now_ns)

    @property
    def at_closed(self) -> bool:
        """True when the arm is down."""
        return self.arm.at_closed(self._world.now_ns)

    @property
    def powered(self) -> bool:
        """True while the controller has mains."""
        return self.body.controller.powered

    @property
    def occupied(self) -> bool:
        """True while a car is on the safety loop."""
        return self.body.occupied

    @property
    def stuck(self) -> bool:
        """True while a contact says something else than what is true."""
        return bool(self.body.wrong.shown)

    @property
    def pressed(self) -> bool:
        """True while a button or the fire contact is closed."""
        return bool(self.body.pressed.shown)

    def contacts(self) -> tuple[bool, ...]:
        """What the contacts say, in the order of `INPUTS`; some may be wrong."""
        return self._shown

    def troubled(self, within_ms: int) -> bool:
        """True when sensors or board are wrong, or were within that time: the product may not know the truth."""
        hurt = self.stuck or self.board.silent or self.board.late
        return hurt or self._world.now_ns - self.trouble_ns < within_ms * NS_PER_MS

    def trouble(self, until_ns: int = 0) -> None:
        """Something is wrong with sensors or board, now or until then: the product may not know the truth."""
        self.trouble_ns = max(self.trouble_ns, self._world.now_ns, until_ns)

    # ---- what happens to it

    def terminal(self, name: Terminal, active: bool) -> None:
        """A relay of the board closes a terminal of the controller, or opens it."""
        self.body.terminal(name, active, self._world.now_ns)
        self._changed()

    def fob(self) -> None:
        """A fob opens: the controller's remote control."""
        self.body.fob(self._world.now_ns)
        self._changed()

    def crank(self, up: bool) -> None:
        """A person turns the arm by hand, at the motor's speed."""
        self.body.crank(up, self._world.now_ns, slower=1)
        self._changed()

    def mains(self, on: bool) -> None:
        """The barrier's power goes or comes back."""
        self.trouble()
        if on:
            self.mains_ns = self._world.now_ns
        self.body.mains(on, self._world.now_ns)
        self._changed()

    def obstruct(self, for_ms: int) -> None:
        """Something blocks the arm for a while."""
        self.trouble()
        self.body.obstruct(self._world.now_ns)
        self._changed()
        self._world.after(for_ms, self._clear)

    def _clear(self) -> None:
        self.body.clear(self._world.now_ns)
        self._changed()

    def repair(self) -> None:
        """A new arm, put down."""
        self.trouble()
        self.body.repair(self._world.now_ns)
        self._changed()

    def press(self, contact: str, for_ms: int = physics.BUTTON_MS) -> None:
        """A button or the fire contact is closed for a while."""
        self.body.press(contact, self._world.now_ns, for_ms)
        self._changed()

    def stick(self, contact: str, value: bool, for_ms: int) -> None:
        """A contact shows the same value for a while, whatever is true."""
        self._show_wrong(contact, [(0, value), (for_ms, None)])

    def bounce(self, contact: str, times: int, chance: random.Random) -> None:
        """A contact bounces so many times."""
        value = bool(getattr(self.body.truth(), contact))
        at_ms, plan = 0, []
        for n in range(times):
            at_ms += chance.randint(5, 60)
            plan.append((at_ms, (n % 2 == 0) != value))
        self._show_wrong(contact, [*plan, (at_ms + 60, None)])

    def _show_wrong(self, contact: str, plan: list[tuple[int, bool | None]]) -> None:
        self.trouble()
        self.body.show_wrong(contact, plan, self._world.now_ns)
        self._world.after(plan[-1][0], self.trouble)
        self._changed()

    def enter(self, car: Car) -> None:
        """A car turns into its side of the road."""
        self.body.car(car, self._world.now_ns)
        self._changed()

    # ---- the world's clock

    def _changed(self) -> None:
        """Bring the physical model up to now, pass on what happened, and sleep until its next moment."""
        now_ns = self._world.now_ns
        happened = self.body.advance(now_ns)
        contacts = self.body.contacts()
        if contacts != self._shown:
            self._shown = contacts
            self.board.changed()
        for one in happened:
            self.listeners[one.car.side].happened(one)
        at_ns = self.body.next_ns
        if at_ns is not None and (self._wake_ns is None or at_ns < self._wake_ns):
            self._wake_ns = at_ns
            self._world.at(at_ns, lambda: self._wake(at_ns), physical=True)

    def _wake(self, at_ns: int) -> None:
        if at_ns == self._wake_ns:
            self._wake_ns = None
        self._changed()
