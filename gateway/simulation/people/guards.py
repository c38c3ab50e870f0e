"""The people of the site: they give commands, mend what is broken, and decide about cars that were not let pass."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from gateway.core.access.pending import REFUSE_REASONS, RELEASE_REASONS
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.rows.acceptance import ENDS
from gateway.core.vocabulary.views import AlarmView
from gateway.simulation.world.cars import Car
from gateway.simulation.world.clock import World
from gateway.simulation.world.gate import Gate
from gateway.simulation.world.road import Road
from gateway.simulation.world.side import Side

CARES = 0.4
"""The share of refused cars for which a guard decides."""
LATE = 0.15
BY_HAND_MS = 12_000
"""An arm that was cranked up is let down again after so long."""
SCREENS = ("booth", "tablet")
ENDS_MISSING: dict[int, tuple[str, ...]] = {0: ("installer",), 1: (), 2: ()}
WAIVED = {2: "leader", 3: "emergency"}
_WORDS = ("open",) * 6 + ("refuse",) * 2 + ("seen_to", "passed")


class Guards:
    """`alarms` are those that are shown now, none without an engine; `stops` is called before a stop.

    `touched`: the points of a lane that keep its tag on, as its sheet shows them.
    """

    def __init__(
        self,
        world: World,
        gates: Sequence[Gate],
        roads: Mapping[str, Road],
        report: Callable[[e.Event], bool],
        alarms: Callable[[], Sequence[AlarmView]],
        stops: Callable[[str], None],
        touched: Callable[[str], Sequence[str]],
    ) -> None:
        self._world = world
        self._gates = gates
        self._roads = roads
        self._report = report
        self._alarms = alarms
        self._stops = stops
        self._touched = touched
        self._by_hand: set[str] = set()
        self._requests = 0

    # ---- commands

    def says(
        self, lane: str, command: str, via: str = "guard", in_s: int = 60, *, reason: str = "simulated",
        station: str = "", case: str = "",
    ) -> None:  # fmt: skip
        """A guard gives a lane a command."""
        self._requests += 1
        detail = self._ticks(lane) if command == "unlock" else {}
        if command == "stop" and in_s > 0:
            self._stops(lane)
        expires_ns = 0 if via == "guard" and in_s > 0 else self._world.wall_ns() + in_s * 1_000_000_000
        self._report(
            e.CommandReceived(
                f"p{self._requests}", lane, command, "Wei", via, reason, expires_ns, present=via == "guard",
                station=station, case=case, detail=detail,
            )
        )  # fmt: skip

    def _ticks(self, lane: str) -> dict[str, str]:
        """Both ends tick again what was touched under the tag; now and then one is missing, or a leader waives it."""
        number, names = self._requests, ENDS_MISSING.get(self._requests % 9, ENDS)
        for point in self._touched(lane):
            for end in names:
                self._requests += 1
                request = f"p{self._requests}"
                self._report(e.AcceptanceReceived(request, lane, "tick", end, f"{end} Wang", "browser", point))
        return {"waive": WAIVED[number % 9]} if number % 9 in WAIVED else {}

    def two_taps(self, side: Side, gap_ms: int) -> None:
        """Two people at two screens let the same car pass."""
        front = self._roads[side.lane].front
        if front is None or front.under:
            return
        for n, station in enumerate(SCREENS):
            self._world.after(
                n * gap_ms,
                lambda at=station: self.says(side.lane, "open", station=at, reason="resident_known"),  # type: ignore[misc]
            )

    # ---- cars that were not let pass

    def refused(self, side: Side, car: Car, case: str) -> None:
        """A car was denied or referred: a guard may decide, by its case or without it, perhaps late."""
        chance = car.chance
        if side.lane in self._by_hand:
            self._lift(side, car, case)
        elif chance.random() < CARES:
            command = chance.choice(_WORDS)
            after_ms = chance.randint(27_000, 60_000) if chance.random() < LATE else chance.randint(2000, 18_000)
            named = case if chance.random() < 0.6 else ""
            self._world.after(after_ms, lambda: self._decides(side, command, named, chance))

    def _decides(self, side: Side, command: str, case: str, chance: random.Random) -> None:
        if command == "passed" and not self._is_locked(side):
            command = "open"
        reasons = REFUSE_REASONS if command in ("refuse", "seen_to") else RELEASE_REASONS
        reason = chance.choice((*reasons, "", "came for the wedding"))
        self.says(side.lane, command, station=SCREENS[0], reason=reason, case=case)
        if chance.random() < 0.2:
            self._world.after(
                chance.randint(0, 1500),
                lambda: self.says(side.lane, command, station=SCREENS[1], reason=reason, case=case),
            )

    def _is_locked(self, side: Side) -> bool:
        return side.lane in self._by_hand or side.gate.arm.torn

    # ---- a lane that is out of use

    def out_of_use(self, side: Side, for_ms: int) -> None:
        """A lane is tagged, and cars are let through by hand."""
        if side.gate.arm.torn or side.shares or side.lane in self._by_hand:
            return
        self._by_hand.add(side.lane)
        self.says(side.lane, "lock", reason="the arm is being mended")
        self._world.after(for_ms, lambda: self._in_use(side))

    def _in_use(self, side: Side) -> None:
        self._by_hand.discard(side.lane)
        self.says(side.lane, "unlock", reason="mended")
        self.says(side.lane, "close")

    def _lift(self, side: Side, car: Car, case: str) -> None:
        """The arm is cranked up for the car in front, and a guard records it: before it goes, or after."""
        chance = car.chance
        named = case if chance.random() < 0.5 else ""
        lift_ms = chance.randint(3000, 8000)
        say_ms = lift_ms + chance.choice((-2000, 500, 9000))
        self._world.after(lift_ms, lambda: self._crank(side, car))
        self._world.after(say_ms, lambda: self._waves(side, car, named))

    def _crank(self, side: Side, car: Car) -> None:
        gate = side.gate
        if side.lane in self._by_hand and self._roads[side.lane].front is car and not gate.arm.torn:
            gate.crank(up=True)
            self._world.after(BY_HAND_MS, lambda: self._let_down(gate))

    def _let_down(self, gate: Gate) -> None:
        if gate.occupied:
            self._world.after(1000, lambda: self._let_down(gate))
        elif gate.lane in self._by_hand and not gate.arm.torn:
            gate.crank(up=False)

    def _waves(self, side: Side, car: Car, case: str) -> None:
        if (side.lane in self._by_hand and self._roads[side.lane].front is car) or car.under:
            self.says(side.lane, "passed", station=SCREENS[0], reason="resident_known", case=case)

    # ---- rounds and alarms

    def care(self, chance: random.Random, every_ms: tuple[int, int]) -> None:
        """A guard comes by every few minutes, mends faults, and handles the alarms."""
        self._world.after(chance.randint(*every_ms), lambda: self._care_now(chance, every_ms))

    def _care_now(self, chance: random.Random, every_ms: tuple[int, int]) -> None:
        for gate in self._gates:
            if gate.arm.torn and not gate.occupied:
                gate.repair()
            for command in ("unlock", "reset", "release", "look"):
                self.says(gate.lane, command)
            if not any(loop.cars for loop in gate.loops.values()):
                self.says(gate.lane, "close")
        for alarm in self._alarms():
            for verb in ("acknowledge", "close"):
                self._requests += 1
                self._report(e.AlarmCommandReceived(f"p{self._requests}", alarm.alarm, verb, "Wei", "seen", "real"))
        self.care(chance, every_ms)

    def alarm_key(self, verb: str, chance: random.Random) -> None:
        """A guard presses a button of an alarm that is shown, or of one that is long closed."""
        alarm = chance.choice([*(one.alarm for one in self._alarms()), "a0-0"])
        self._requests += 1
        until_ns = self._world.wall_ns() + chance.choice((-1, 600, 86_400)) * 1_000_000_000
        self._report(e.AlarmCommandReceived(f"p{self._requests}", alarm, verb, "Wei", "seen", "real", until_ns))
