"""The road at a barrier, and one car's motion on it as a function of time.

The road is a line in metres, seen from the side that a car comes from. The arm is in the middle of the safety loop:

          near loop          line   safety loop            far loop (a shared barrier)
    ----[-3.5 .... -1.0]------|---[-0.3 ... 1.7]---------[2.4 .... 4.9]---->        arm at 0.7
                            -0.6

A car covers near and safety loop at once, so the order of the loops tells its direction. Where two lanes share a
barrier, the far loop of one is the near loop of the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from gateway.physics.manners import Manner

Behaviour = Literal["through", "back_off", "halfway", "tailgate", "chat", "ram", "e_bike"]
"""through: waits for the arm, drives through, and turns back when it stays closed; back_off: turns back although the
arm opens; halfway: turns back on the safety loop; tailgate: follows the car ahead through the open arm; chat: stays
under the arm for a while; ram: does not wait for the arm; e_bike: no loop sees it."""

Zone = Literal["near", "safety", "arm", "far"]
CLOSE_M = 0.0001
"""Nearer than this to the distance that it keeps, a car has closed up."""
State = Literal["comes", "waits", "reacts", "drives", "leaves"]
Stretch = tuple[float, float]


class Layout(msgspec.Struct, frozen=True):
    """Where things are on the road, in metres; a car's nose stops at `stop_m`."""

    near: Stretch = (-3.5, -1.0)
    safety: Stretch = (-0.3, 1.7)
    arm_m: float = 0.7
    stop_m: float = -0.6
    start_m: float = -6.0
    end_m: float = 10.0

    @property
    def far(self) -> Stretch:
        """The loop beyond the arm: the near loop of the other side."""
        return 2 * self.arm_m - self.near[1], 2 * self.arm_m - self.near[0]


class Leg(NamedTuple):
    """A stretch that a car drives evenly, if no car ahead slows it down."""

    to_m: float
    ns: int


class Edge(NamedTuple):
    """Where a car's nose is when the car comes into a zone, or when its tail leaves it."""

    nose_m: float
    zone: Zone
    enters: bool


class Car:
    """One vehicle: its driver's manner, and where it is. `side` 1 comes from the far side of a shared barrier."""

    def __init__(
        self,
        name: str,
        behaviour: Behaviour,
        manner: Manner,
        card: str | None = None,
        length_m: float = 4.5,
        side: Literal[0, 1] = 0,
    ) -> None:
        self.name = name
        self.behaviour = behaviour
        self.manner = manner
        self.card = card
        self.length_m = length_m
        self.side = side
        self.state: State = "comes"
        self.stood_ns: int | None = None
        """Since when it is on the near loop."""
        self.under = False
        """True from coming onto the safety loop on; False again when it has left that backwards."""
        self.began_ns = 0
        self.began_passable = False
        self.gap_before_ms = 0
        self.show_ns: int | None = None
        self.decide_ns: int | None = None
        """When its patience ends (`waits`) or it drives on (`reacts`)."""
        self.over: set[Zone] = set()
        self.legs: list[Leg] = []
        self._edges: list[Edge] = []
        self._passed = 0
        self._from_m = self._to_m = 0.0
        self._since_ns = self._until_ns = 0
        self._edge_ns: int | None = None
        self._leg_speed = 0.0
        self.held = False
        """True while a car ahead slows it down."""

    # ---- where it is

    def front(self, now_ns: int) -> float:
        """Where its nose is."""
        if now_ns >= self._until_ns:
            return self._to_m
        return self._from_m + (self._to_m - self._from_m) * (now_ns - self._since_ns) / (
            self._until_ns - self._since_ns
        )

    def rear(self, now_ns: int) -> float:
        """Where its tail is."""
        return self.front(now_ns) - self.length_m

    def speed(self, now_ns: int) -> float:
        """Metres a nanosecond; negative while it reverses."""
        moves = self._since_ns <= now_ns < self._until_ns
        return (self._to_m - self._from_m) / (self._until_ns - self._since_ns) if moves else 0.0

    def next_ns(self) -> int | None:
        """When it next comes to an edge, to the end of a leg, or to a decision."""
        moves = bool(self.legs) and (self._until_ns > self._since_ns or self._to_m == self.legs[0].to_m)
        return earliest(self._edge_ns, self._until_ns if moves else None, self.show_ns, self.decide_ns)

    def _find_edge(self) -> None:
        """When this motion brings it to its next edge."""
        way_m, self._edge_ns = self._to_m - self._from_m, None
        if way_m > 0 and self._passed < len(self._edges):
            nose_m = self._edges[self._passed].nose_m
            beyond = nose_m > self._to_m
        elif way_m < 0 and self._passed:
            nose_m = self._edges[self._passed - 1].nose_m
            beyond = nose_m < self._to_m
        else:
            return
        if not beyond:
            ns = self._until_ns - self._since_ns
            part = (nose_m - self._from_m) / way_m
            self._edge_ns = self._since_ns + min(ns, max(0, math.ceil(part * ns)))

    # ---- what it does

    def place(self, front_m: float, edges: Sequence[Edge], now_ns: int) -> list[Edge]:
        """Put it on the road; the edges that it has passed then."""
        self._edges = sorted(edges)
        self._from_m = self._to_m = front_m
        self._since_ns = self._until_ns = now_ns
        passed = [edge for edge in self._edges if edge.nose_m < front_m]
        self._passed = len(passed)
        return passed

    def pass_beside_far_loop(self) -> None:
        """Drive around the far loop, since a car is on it."""
        self._edges = [edge for edge in self._edges if edge.zone != "far"]
        self._find_edge()

    def drive(self, legs: Sequence[Leg], now_ns: int) -> None:
        """Begin these legs from where it is."""
        here = self.front(now_ns)
        self.legs = list(legs)
        self.held = False
        to_m, ns = legs[0] if legs else (here, 0)
        self._leg_speed = max(0.0, to_m - here) / ns if ns else 0.0
        self._begin(here, to_m, now_ns, now_ns + ns)

    def next_leg(self, now_ns: int) -> bool:
        """Begin the next leg when this one is over; False when it was the last one."""
        self.drive(self.legs[1:], now_ns)
        return bool(self.legs)

    def at_leg_end(self, now_ns: int) -> bool:
        """True when the leg is over."""
        return bool(self.legs) and now_ns >= self._until_ns and self._to_m == self.legs[0].to_m

    def crossed_edge(self, now_ns: int) -> tuple[Edge, bool] | None:
        """The next edge that it has come to by now, and whether forward."""
        if self._edge_ns is None or self._edge_ns > now_ns:
            return None
        forward = self._to_m >= self._from_m
        edge = self._edges[self._passed if forward else self._passed - 1]
        self._passed += 1 if forward else -1
        self._find_edge()
        return edge, forward

    def follow(self, ahead: Car, now_ns: int) -> None:
        """Keep the distance to the car ahead: close up to it at the leg's speed, then go at its speed."""
        if not self.legs or not self._leg_speed or ahead.state == "leaves":
            return
        here, goal_m, speed = self.front(now_ns), self.legs[0].to_m, self._leg_speed
        room_m = ahead.rear(now_ns) - self.manner.distance_m - here
        other = max(0.0, ahead.speed(now_ns))
        held = True
        if room_m < CLOSE_M:
            speed = min(speed, other)
        elif speed > other and (closed_up_m := here + room_m / (speed - other) * speed) < goal_m:
            goal_m = closed_up_m
        else:
            held = False
        if not held and not self.held:
            return
        self.held = held
        ns = math.ceil((goal_m - here) / speed) if speed else 0
        self._begin(here, goal_m if speed else here, now_ns, now_ns + ns)

    def skip(self, gap_ns: int) -> None:
        """Let that much time pass in which nothing happens."""
        self._since_ns += gap_ns
        self._until_ns += gap_ns
        self._edge_ns = None if self._edge_ns is None else self._edge_ns + gap_ns
        self.show_ns = None if self.show_ns is None else self.show_ns + gap_ns
        self.decide_ns = None if self.decide_ns is None else self.decide_ns + gap_ns

    def _begin(self, from_m: float, to_m: float, since_ns: int, until_ns: int) -> None:
        self._from_m, self._to_m, self._since_ns, self._until_ns = from_m, to_m, since_ns, until_ns
        self._find_edge()


def edges_of(layout: Layout, length_m: float, far: bool) -> list[Edge]:
    """Where a car of that length comes into the zones and leaves them; `far`: also over the far loop."""
    zones: list[tuple[Zone, Stretch]] = [("near", layout.near), ("safety", layout.safety)]
    if far:
        zones.append(("far", layout.far))
    edges = [Edge(layout.arm_m, "arm", True)]
    for zone, (begin_m, end_m) in zones:
        edges += Edge(begin_m, zone, True), Edge(end_m + length_m, zone, False)
    return sorted(edges)


def earliest(*moments_ns: int | None) -> int | None:
    """The first of the moments that there are."""
    first = None
    for one in moments_ns:
        if one is not None and (first is None or one < first):
            first = one
    return first
