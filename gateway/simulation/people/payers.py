"""People pay at the exits: at once, in parts, twice, late, or not at all; a guard releases some, a leader waives."""

from __future__ import annotations

import random
from collections.abc import Callable

from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.rows import AccessReferred
from gateway.simulation.people.guards import Guards
from gateway.simulation.rules.cars.money import MoneyRules
from gateway.simulation.world.clock import World

_WAYS = (
    ("pays", 50.0), ("again", 10.0), ("two", 10.0), ("parts", 8.0), ("late", 6.0), ("owes", 6.0), ("waived", 4.0),
    ("nothing", 6.0),
)  # fmt: skip
LATE_NS = 90_000_000_000
"""How long ago a payment was made that a line has held up."""


class Payers:
    """Told of each sum that is asked for at an exit."""

    def __init__(
        self, world: World, report: Callable[[e.Event], bool], guards: Guards, rules: MoneyRules, seed: int
    ) -> None:
        self._world = world
        self._report = report
        self._guards = guards
        self._rules = rules
        self._chance = random.Random(f"payers {seed}")
        self._requests = 0

    def asked(self, row: AccessReferred, visit: str, due: int) -> None:
        """A car waits and must pay."""
        names, weights = zip(*_WAYS, strict=True)
        way = self._chance.choices(names, weights)[0]
        after_ms = self._chance.randint(1500, 18_000)
        soon_ms = after_ms + self._chance.choice((0, 40, 2000))
        key = self._key()
        match way:
            case "pays":
                self._pays(after_ms, key, visit, due)
            case "again":
                self._pays(after_ms, key, visit, due)
                self._pays(soon_ms, key, visit, due)
            case "two":
                self._pays(after_ms, key, visit, due)
                self._pays(soon_ms, self._key(), visit, due)
            case "parts":
                part = self._chance.randint(1, due)
                self._pays(after_ms, key, visit, part)
                if part < due:
                    self._pays(soon_ms, self._key(), visit, due - part)
            case "late":
                self._pays(after_ms, key, visit, due, made_ns=self._world.wall_ns() - LATE_NS)
            case "owes":
                self._world.after(
                    after_ms, lambda: self._guards.says(row.lane, "owe", reason="no money", case=row.case or "")
                )
            case "waived":
                self._world.after(after_ms, lambda: self._waives(key, visit))

    def _key(self) -> str:
        self._requests += 1
        return f"y{self._requests}"

    def _pays(self, after_ms: int, key: str, visit: str, amount: int, made_ns: int = 0) -> None:
        self._world.after(after_ms, lambda: self._pay(key, visit, amount, made_ns))

    def _pay(self, key: str, visit: str, amount: int, made_ns: int) -> None:
        self._requests += 1
        request = f"q{self._requests}"
        self._rules.asked(request, key, visit, amount)
        way = ("cash", "Wei", "guard") if not made_ns else ("external", "central", "mqtt")
        self._report(e.PaymentReceived(request, key, visit, amount, *way, made_wall_ns=made_ns))

    def _waives(self, key: str, visit: str) -> None:
        self._requests += 1
        self._report(e.ReductionReceived(f"q{self._requests}", key, visit, "Chen", "guard", "complaint", waives=True))
