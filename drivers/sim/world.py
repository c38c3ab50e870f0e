"""The physical model in real time: gates and cars wired to simulated boards and readers.

A thread brings the gates up to the clock, copies their contacts to the boards' inputs and holds the cars' cards to the
readers; a relay that a board switches reaches the gate's terminals in the same instant. What truly happened
(`movements`, `pulses`, `crossings`) is kept, to be compared with what the gateway has recorded.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import msgspec

from drivers.sim.board_model import SimBoard
from drivers.sim.reader import SimReader
from gateway.physics.arm import Movement
from gateway.physics.cars import Behaviour, Car
from gateway.physics.controller import ArmSpec, Pulse, Terminal
from gateway.physics.gate import Contacts, Gate
from gateway.physics.manners import PATIENCE_MS, Manner
from gateway.physics.traffic import Crossing

TICK_S = 0.005
CARD_HELD_NS = 500_000_000
CARD_EVERY_NS = 65_000_000
"""An RDM6300 repeats a card's frame about every 65 ms while it is in the field (ESPHome rdm6300)."""
LEAP_MAX_NS = 1_000_000_000
"""In a longer gap between two steps (a suspended machine) nothing happens at the gates."""


class Wiring(msgspec.Struct, frozen=True):
    """Which output is on which terminal, and which input on which contact; None is not fitted."""

    open: int = 0
    close: int | None = 1
    stop: int | None = 2
    siren: int | None = 3
    at_open: int | None = 0
    at_closed: int | None = 1
    safety_loop: int | None = 2
    approach_loop: int | None = 3
    arm_detached: int | None = 4
    mains: int | None = None
    exit_button: int | None = None
    fire: int | None = None
    clear_loop: int | None = None

    def terminal(self, output: int) -> Terminal | None:
        """The barrier's terminal that an output is wired to."""
        names: tuple[Terminal, ...] = ("open", "close", "stop")
        return next((name for name in names if getattr(self, name) == output), None)


class _HeldCard(msgspec.Struct):
    card: str
    until_ns: int
    next_ns: int


class SimLane:
    """One lane of the world: a gate, the board on its terminals, and the reader at its line."""

    def __init__(self, gate: Gate, board: SimBoard, reader: SimReader | None, wiring: Wiring) -> None:
        self.gate = gate
        self.board = board
        self.reader = reader
        self.wiring = wiring
        self._held: _HeldCard | None = None
        self._stepped_ns: int | None = None
        self._cars = 0

    def car(self, card: str | None, behaviour: Behaviour, now_ns: int, patience_ms: int) -> Car:
        """A car turns into the lane."""
        car = self._new_car(card, behaviour, patience_ms=patience_ms)
        self.gate.car(car, now_ns)
        return car

    def strike(self, shaft_slips: bool, now_ns: int) -> None:
        """A vehicle tears the arm off and stands under it for a while."""
        self.gate.strike(self._new_car(None, "chat", shaft_slips), now_ns)

    def _new_car(
        self, card: str | None, behaviour: Behaviour, drags: bool = False, patience_ms: int = PATIENCE_MS
    ) -> Car:
        self._cars += 1
        return Car(f"car-{self._cars}", behaviour, Manner(behaviour, patience_ms=patience_ms, drags=drags), card)

    def hold(self, card: str, now_ns: int) -> None:
        """A card is held to the reader for half a second."""
        self._held = _HeldCard(card, now_ns + CARD_HELD_NS, now_ns)

    def step(self, now_ns: int) -> None:
        """Bring the lane up to that moment."""
        if self._stepped_ns is not None and now_ns - self._stepped_ns > LEAP_MAX_NS:
            self.gate.skip(now_ns - self._stepped_ns)
        self._stepped_ns = now_ns
        for what, car, _ in self.gate.advance(now_ns):
            if what == "shows" and car.card is not None:
                self.hold(car.card, now_ns)
        self._show_contacts(self.gate.contacts())
        self._show_card(now_ns)

    def _show_contacts(self, contacts: Contacts) -> None:
        for name in Contacts._fields:
            number = getattr(self.wiring, name)
            if number is not None:
                self.board.set_input(number, getattr(contacts, name))

    def _show_card(self, now_ns: int) -> None:
        held = self._held
        if held is None or self.reader is None:
            return
        if now_ns >= held.next_ns:
            held.next_ns = now_ns + CARD_EVERY_NS
            self.reader.present(held.card)
        if now_ns >= held.until_ns:
            self._held = None


class World:
    """All simulated lanes of a site; a context manager. Every method is thread-safe."""

    def __init__(self) -> None:
        self.lanes: dict[str, SimLane] = {}
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="sim-world")

    def __enter__(self) -> World:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Let time pass."""
        self._thread.start()

    def stop(self) -> None:
        """Time stands still for good."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def add_lane(
        self,
        lane: str,
        board: SimBoard,
        reader: SimReader | None = None,
        wiring: Wiring | None = None,
        spec: ArmSpec | None = None,
    ) -> Gate:
        """Build a gate and wire it to a board and a reader."""
        built = SimLane(Gate(spec), board, reader, wiring or Wiring())
        with self._lock:
            self.lanes[lane] = built
            built.step(time.monotonic_ns())
        board.on_output = lambda output, active, now_ns: self._relay(built, output, active, now_ns)
        return built.gate

    # ---- what people and cars do -----------------------------------------------------------------------------------

    def car(
        self,
        lane: str,
        credential: str | None = None,
        behaviour: Behaviour = "through",
        patience_ms: int = PATIENCE_MS,
    ) -> str:
        """A car turns into the lane, with a card number or without; returns its name.

        `patience_ms`: how long it waits at the line for the arm.
        """
        with self._lock:
            return self.lanes[lane].car(credential, behaviour, time.monotonic_ns(), patience_ms).name

    def present(self, lane: str, card: str) -> None:
        """A person on foot holds a card to the reader."""
        with self._lock:
            self.lanes[lane].hold(card, time.monotonic_ns())

    def strike(self, lane: str, shaft_slips: bool = False) -> None:
        """A vehicle hits the arm and tears it off."""
        with self._lock:
            now_ns = time.monotonic_ns()
            self.lanes[lane].strike(shaft_slips, now_ns)
            self.lanes[lane].step(now_ns)

    def repair(self, lane: str) -> None:
        """A new arm is fitted."""
        self._act(lane, lambda gate, now_ns: gate.repair(now_ns))

    def fob(self, lane: str) -> None:
        """A person opens with the controller's own remote control."""
        self._act(lane, lambda gate, now_ns: gate.fob(now_ns))

    def crank(self, lane: str, up: bool = True) -> None:
        """A person turns the arm up or down by hand."""
        self._act(lane, lambda gate, now_ns: gate.crank(up, now_ns))

    def mains(self, lane: str, on: bool) -> None:
        """The barrier loses its mains, or gets it back."""
        self._act(lane, lambda gate, now_ns: gate.mains(on, now_ns))

    # ---- what is true ----------------------------------------------------------------------------------------------

    def contacts(self, lane: str) -> Contacts:
        """What the contacts of a gate say at this moment."""
        with self._lock:
            return self.lanes[lane].gate.contacts()

    def siren(self, lane: str) -> bool:
        """True while the lane's siren sounds."""
        found = self.lanes[lane]
        return found.wiring.siren is not None and found.board.outputs()[found.wiring.siren]

    def movements(self, lane: str) -> list[Movement]:
        """Every motion of the arm with its cause, oldest first."""
        with self._lock:
            return list(self.lanes[lane].gate.arm.movements)

    def pulses(self, lane: str) -> list[Pulse]:
        """Every time a terminal of the barrier was closed, oldest first."""
        with self._lock:
            return list(self.lanes[lane].gate.controller.pulses)

    def crossings(self, lane: str) -> list[Crossing]:
        """Every car that crossed, or turned round on the safety loop, oldest first."""
        with self._lock:
            return list(self.lanes[lane].gate.traffic.crossings)

    def empty(self, lane: str) -> bool:
        """True while no car is in the lane."""
        with self._lock:
            return not self.lanes[lane].gate.traffic.cars

    # ---- time ------------------------------------------------------------------------------------------------------

    def _act(self, lane: str, act: Any) -> None:
        with self._lock:
            now_ns = time.monotonic_ns()
            act(self.lanes[lane].gate, now_ns)
            self.lanes[lane].step(now_ns)

    def _relay(self, lane: SimLane, output: int, active: bool, now_ns: int) -> None:
        name = lane.wiring.terminal(output)
        if name is not None:
            with self._lock:
                lane.gate.terminal(name, active, now_ns)

    def _run(self) -> None:
        while not self._stopped.wait(TICK_S):
            with self._lock:
                now_ns = time.monotonic_ns()
                for lane in self.lanes.values():
                    lane.step(now_ns)
