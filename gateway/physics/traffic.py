"""The cars at one barrier: what their drivers do next, and which loops they are on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from gateway.physics.arm import LONG_AGO_NS, NS_PER_MS, Arm
from gateway.physics.cars import Car, Edge, Layout, earliest, edges_of
from gateway.physics.loops import Loop

CARS_MAX = 50
CROSSINGS_KEPT = 100_000
QUEUE_GAP_M = 0.5


class Crossing(msgspec.Struct, frozen=True):
    """A car has left the safety loop: through the barrier, or back where it came from.

    `began_ns`: when it came onto the loop; `passable`: the arm was up then; `gap_before_ms`: since the crossing before.
    """

    began_ns: int
    mono_ns: int
    car: Car
    direction: Literal["through", "back"]
    passable: bool
    gap_before_ms: int


What = Literal["stands", "shows", "under", "off_line", "crossed", "tore", "gone"]


class Happening(NamedTuple):
    """Something that a car has done.

    `stands`: it has come onto the near loop; `shows`: it holds its card to the reader; `under`: it has come onto the
    safety loop; `off_line`: it has left the near loop, or would have if loops saw it; `crossed`: it has left the safety
    loop; `tore`: it has torn the arm off; `gone`: it has left the road.
    """

    what: What
    car: Car
    crossing: Crossing | None = None


class Traffic:
    """All cars, the first to arrive first; `shared`: cars come from both sides of the arm."""

    def __init__(self, layout: Layout, arm: Arm, loops: Mapping[str, Loop], shared: bool) -> None:
        self.layout = layout
        self.shared = shared
        self.cars: list[Car] = []
        self.crossings: deque[Crossing] = deque(maxlen=CROSSINGS_KEPT)
        self.last_off_ns = LONG_AGO_NS
        self._arm = arm
        self._loops = loops
        self._happened: list[Happening] = []

    # ---- arriving

    def add(self, car: Car, now_ns: int) -> bool:
        """A car turns into the road behind the others of its side; False when there is no room."""
        if len(self.cars) >= CARS_MAX:
            return False
        tail_m = min((one.rear(now_ns) for one in self.cars if one.side == car.side), default=self.layout.end_m)
        self._place(car, min(self.layout.start_m, tail_m - QUEUE_GAP_M), now_ns)
        self.cars.append(car)
        car.drive(car.manner.comes(car.front(now_ns), self.layout), now_ns)
        return True

    def add_under(self, car: Car, front_m: float, now_ns: int) -> None:
        """A car is under the arm all at once, ahead of the others."""
        self._place(car, front_m, now_ns)
        self.cars.insert(0, car)
        self._goes(car, now_ns)

    def _place(self, car: Car, front_m: float, now_ns: int) -> None:
        for edge in car.place(front_m, edges_of(self.layout, car.length_m, self.shared), now_ns):
            self._crosses(car, edge, True, now_ns)

    # ---- time

    def next_ns(self) -> int | None:
        """When a car does something next."""
        if len(self.cars) == 1:
            return self.cars[0].next_ns()
        return earliest(*[car.next_ns() for car in self.cars])

    def advance(self, now_ns: int) -> None:
        """Let the cars do what is due now."""
        for car in self.cars[:]:
            self._advance(car, now_ns)

    def take_happened(self) -> list[Happening]:
        """What cars have done since the last call."""
        happened, self._happened = self._happened, []
        return happened

    def look(self, now_ns: int) -> None:
        """Every driver looks at the arm, and at the car ahead."""
        for car in self.cars:
            if car.state == "waits" and self._is_free(car, now_ns):
                self._reacts(car, now_ns)
        if len(self.cars) < 2:
            return
        last: dict[int, Car] = {}
        for car in self.cars:
            ahead = last.get(car.side)
            if ahead is not None:
                car.follow(ahead, now_ns)
            last[car.side] = car

    def skip(self, gap_ns: int) -> None:
        """Let that much time pass in which nothing happens."""
        for car in self.cars:
            car.skip(gap_ns)

    def is_below_arm(self, now_ns: int) -> bool:
        """True while a car is under the arm itself."""
        arm_m = self.layout.arm_m
        return any(car.under and car.rear(now_ns) < arm_m <= car.front(now_ns) for car in self.cars)

    def _advance(self, car: Car, now_ns: int) -> None:
        self._moves(car, now_ns)
        if car.show_ns is not None and car.show_ns <= now_ns:
            car.show_ns = None
            self._tell("shows", car)
        if car.decide_ns is not None and car.decide_ns <= now_ns:
            car.decide_ns = None
            self._leaves(car, now_ns) if car.state == "waits" else self._decides(car, now_ns)
            self._moves(car, now_ns)  # onto the loop at once: the next driver to decide at this moment sees it there

    def _moves(self, car: Car, now_ns: int) -> None:
        while (crossed := car.crossed_edge(now_ns)) is not None or car.at_leg_end(now_ns):
            if crossed is not None:
                self._crosses(car, *crossed, now_ns)
            elif not car.next_leg(now_ns):
                self._legs_done(car, now_ns)

    def _legs_done(self, car: Car, now_ns: int) -> None:
        if car.state == "comes":
            self._at_line(car, now_ns)
        elif car.state == "drives" and car.behaviour == "halfway":
            self._leaves(car, now_ns)
        else:
            self._gone(car, now_ns)

    # ---- what drivers do

    def _at_line(self, car: Car, now_ns: int) -> None:
        if car.behaviour == "ram":
            self._reacts(car, now_ns)
            return
        if car.behaviour != "tailgate" or not self._arm.passable(now_ns):
            car.show_ns = now_ns + car.manner.shows_ms() * NS_PER_MS
        self._waits(car, now_ns)

    def _waits(self, car: Car, now_ns: int) -> None:
        car.state = "waits"
        car.decide_ns = now_ns + car.manner.patience_ms() * NS_PER_MS

    def _is_free(self, car: Car, now_ns: int) -> bool:
        """Whether the arm is up and, for a cautious driver, no car is under it."""
        return self._arm.passable(now_ns) and not (car.manner.cautious and self._loops["safety_loop"].cars)

    def _reacts(self, car: Car, now_ns: int) -> None:
        car.state = "reacts"
        car.decide_ns = now_ns + car.manner.reacts_ms() * NS_PER_MS

    def _decides(self, car: Car, now_ns: int) -> None:
        if car.behaviour == "back_off":
            self._leaves(car, now_ns)
        elif car.behaviour == "ram" or self._is_free(car, now_ns):
            self._goes(car, now_ns)
        else:
            self._waits(car, now_ns)

    def _goes(self, car: Car, now_ns: int) -> None:
        car.state = "drives"
        front_m = car.front(now_ns)
        if car.behaviour == "halfway":
            car.drive(car.manner.turns_round(front_m, self.layout), now_ns)
            return
        legs = car.manner.goes(front_m, self.layout)
        if self.shared and self._loops[_far(car)].cars:
            car.pass_beside_far_loop()
        car.drive(legs, now_ns)
        if not legs:
            self._gone(car, now_ns)

    def _leaves(self, car: Car, now_ns: int) -> None:
        car.state = "leaves"
        car.drive(car.manner.leaves(car.front(now_ns), self.layout), now_ns)

    def _gone(self, car: Car, now_ns: int) -> None:
        for edge in edges_of(self.layout, car.length_m, self.shared):
            if edge.zone in car.over and not edge.enters:
                self._crosses(car, edge, True, now_ns)
        self.cars.remove(car)
        self._tell("gone", car)

    # ---- loops

    def _crosses(self, car: Car, edge: Edge, forward: bool, now_ns: int) -> None:
        """A car comes into a zone or leaves it, forward or backward."""
        enters = edge.enters == forward
        (car.over.add if enters else car.over.discard)(edge.zone)
        if edge.zone == "near":
            self._near(car, enters, now_ns)
        elif car.behaviour == "e_bike":
            return
        elif edge.zone == "safety":
            self._safety(car, enters, forward, now_ns)
        elif edge.zone == "far":
            self._occupy(_far(car), enters, now_ns)
        elif enters and forward and self._arm.breaks(now_ns):
            self.tear(car, now_ns)

    def _near(self, car: Car, comes: bool, now_ns: int) -> None:
        if car.behaviour != "e_bike":
            self._occupy(_near(car), comes, now_ns)
            car.stood_ns = now_ns if comes else None
        self._tell("stands" if comes else "off_line", car)

    def _safety(self, car: Car, comes: bool, forward: bool, now_ns: int) -> None:
        if comes and forward:
            car.under, car.began_ns = True, now_ns
            car.began_passable = self._arm.passable(now_ns)
            car.gap_before_ms = (now_ns - self.last_off_ns) // NS_PER_MS
            self._tell("under", car)
        self._occupy("safety_loop", comes, now_ns)
        if comes:
            return
        self.last_off_ns, car.under = now_ns, forward
        crossing = Crossing(
            car.began_ns, now_ns, car, "through" if forward else "back", car.began_passable, car.gap_before_ms
        )
        self.crossings.append(crossing)
        self._happened.append(Happening("crossed", car, crossing))

    def _occupy(self, loop: str, comes: bool, now_ns: int) -> None:
        found = self._loops[loop]
        (found.on if comes else found.off)(now_ns)

    def tear(self, car: Car, now_ns: int) -> None:
        """This car tears the arm off."""
        self._arm.tear(car.manner.drags(), now_ns)
        self._tell("tore", car)

    def _tell(self, what: What, car: Car) -> None:
        self._happened.append(Happening(what, car))


def _near(car: Car) -> str:
    return "clear_loop" if car.side else "approach_loop"


def _far(car: Car) -> str:
    return "approach_loop" if car.side else "clear_loop"
