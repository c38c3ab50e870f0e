"""Cars in a lane: where they are, what they do, and which loops they stand on; pure.

The lane is a line in metres. A car comes from the left, stops at the line before the arm, and leaves to the right:

        approach loop        stop   safety loop
    ----[-3.5 .... -1.0]-----|-0.6--[-0.3 ... 1.7]------->        arm at 0.7

One car covers both loops at once (the gap is 0.7 m), so the order of the loops tells its direction.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Behaviour = Literal["through", "back_off", "halfway", "tailgate", "chat", "ram"]
"""through: waits for the arm, drives through, and turns round when it stays closed; back_off: waits for the arm and
turns round all the same; halfway: turns round on the safety loop; tailgate: follows the car before it through the open
arm; chat: stops under the arm for a while; ram: does not wait for the arm."""

APPROACH = (-3.5, -1.0)
SAFETY = (-0.3, 1.7)
ARM_AT_M = 0.7
STOP_AT_M = -0.6
START_AT_M = -6.0
END_AT_M = 9.0
OPEN_ENOUGH = 0.9
HALFWAY_M = 0.4
CHAT_AT_M = 1.5
MAX_CARS = 50


class Car(msgspec.Struct):
    """One vehicle; `front_m` is its nose."""

    name: str
    card: str | None
    behaviour: Behaviour
    front_m: float = START_AT_M
    length_m: float = 4.5
    speed_m_s: float = 3.0
    patience_s: float = 8.0
    chat_s: float = 3.0
    backwards: bool = False
    at_line_s: float = 0.0
    has_stopped: bool = False
    under: bool = False

    @property
    def rear_m(self) -> float:
        """Where the car ends."""
        return self.front_m - self.length_m

    def covers(self, stretch: tuple[float, float]) -> bool:
        """True while any part of the car is over that stretch of road."""
        return self.front_m > stretch[0] and self.rear_m < stretch[1]

    def below(self) -> bool:
        """True while the car is under the arm line."""
        return self.rear_m < ARM_AT_M < self.front_m


class Crossing(msgspec.Struct, frozen=True):
    """A car has left the safety loop: forward through the lane, or back where it came from."""

    mono_ns: int
    car: str
    direction: Literal["through", "back"]


class Traffic:
    """All cars in one lane, the first to arrive first."""

    def __init__(self) -> None:
        self.cars: list[Car] = []
        self.crossings: list[Crossing] = []

    def add(self, car: Car) -> None:
        """A car turns into the lane behind the others."""
        if self.cars:
            car.front_m = min(car.front_m, self.cars[-1].rear_m - 0.5)
        if len(self.cars) < MAX_CARS:
            self.cars.append(car)

    def on(self, stretch: tuple[float, float]) -> bool:
        """True while any car is on that loop."""
        return any(car.covers(stretch) for car in self.cars)

    def below_arm(self) -> bool:
        """True while a car is under the arm line."""
        return any(car.below() for car in self.cars)

    def advance(self, now_ns: int, seconds: float, arm: float) -> list[Car]:
        """Let a few milliseconds pass with the arm at that position; the cars that have just reached the line."""
        arrived = []
        ahead: Car | None = None
        for car in self.cars:
            if self._step(car, ahead, seconds, arm):
                arrived.append(car)
            self._count(car, now_ns)
            ahead = car
        self.cars = [car for car in self.cars if START_AT_M - 20 < car.front_m < END_AT_M]
        return arrived

    def _step(self, car: Car, ahead: Car | None, seconds: float, arm: float) -> bool:
        if car.backwards:
            car.front_m -= car.speed_m_s * seconds
            if car.front_m < APPROACH[0]:
                car.front_m = -1_000.0  # gone
            return False
        goal = self._goal(car, seconds, arm)
        if ahead is not None and not ahead.backwards:
            goal = min(goal, ahead.rear_m - (0.4 if car.behaviour == "tailgate" else 1.0))
        car.front_m = max(car.front_m, min(car.front_m + car.speed_m_s * seconds, goal))
        arrives = not car.has_stopped and car.front_m >= STOP_AT_M - 0.01
        car.has_stopped = car.has_stopped or arrives
        return arrives

    def _goal(self, car: Car, seconds: float, arm: float) -> float:
        """How far the car may go just now; also makes it turn round."""
        if car.front_m > STOP_AT_M:
            return self._goal_beyond_line(car, seconds)
        if not car.has_stopped:
            return END_AT_M if car.behaviour in ("ram", "tailgate") and arm > OPEN_ENOUGH else STOP_AT_M
        car.at_line_s += seconds
        if car.behaviour == "ram":
            return END_AT_M
        if arm > OPEN_ENOUGH:
            car.backwards = car.behaviour == "back_off" and car.at_line_s > 1.0
            return STOP_AT_M if car.behaviour == "back_off" else END_AT_M
        car.backwards = car.at_line_s > car.patience_s
        return STOP_AT_M

    def _goal_beyond_line(self, car: Car, seconds: float) -> float:
        if car.behaviour == "halfway" and car.front_m >= HALFWAY_M:
            car.backwards = True
        if car.behaviour == "chat" and car.front_m >= CHAT_AT_M and car.chat_s > 0:
            car.chat_s -= seconds
            return car.front_m
        return END_AT_M + 1

    def _count(self, car: Car, now_ns: int) -> None:
        under = car.covers(SAFETY)
        if car.under and not under:
            direction: Literal["through", "back"] = "back" if car.backwards else "through"
            self.crossings.append(Crossing(now_ns, car.name, direction))
            del self.crossings[:-100_000]
        car.under = under
