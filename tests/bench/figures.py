"""What a benchmark says: figures, each a ratio against a bare floor that was measured in the same run.

A small machine drifts by a tenth to a third within an hour, so an absolute time alone says nothing. Floor and product
take turns, round by round, and the figure is the median of the rounds' ratios with the smallest and the largest beside
it. A figure that misses its target is `short`; that is a result and no failure.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One result. `target` is `<=1.3` or `>=35`; `low` and `high` are the extremes of the rounds."""

    name: str
    value: float
    unit: str
    target: str
    low: float
    high: float
    rounds: int
    note: str = ""

    @classmethod
    def of(cls, name: str, rounds: Sequence[float], target: str, *, unit: str = "x", note: str = "") -> Figure:
        """The median of what the rounds gave."""
        value = statistics.median(rounds)
        return cls(name, value, unit, target, min(rounds), max(rounds), len(rounds), note)

    @property
    def passed(self) -> bool:
        """Whether the target is met."""
        limit = float(self.target[2:])
        return self.value <= limit if self.target.startswith("<=") else self.value >= limit

    def line(self) -> str:
        """`name value unit target pass|short`, and behind it the extremes."""
        verdict = "pass" if self.passed else "short"
        extremes = f"[{self.low:.3g} .. {self.high:.3g}, {self.rounds} rounds]"
        return f"{self.name} {self.value:.3g} {self.unit} {self.target} {verdict}  {extremes} {self.note}".rstrip()

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "passed": self.passed,
            "low": self.low,
            "high": self.high,
            "rounds": self.rounds,
            "note": self.note,
        }


@dataclass(frozen=True)
class Plan:
    """How much to measure. `scratch` is an empty directory on a true disk; `quick` asks for tiny sizes."""

    scratch: Path
    rounds: int = 5
    quick: bool = False
    say: Callable[[str], None] = field(default=lambda text: print(text, file=sys.stderr, flush=True))

    def size(self, full: int, quick: int) -> int:
        """A size for a true measurement, or a tiny one that only shows that it can be made."""
        return quick if self.quick else full

    def folder(self, name: str) -> Path:
        """A fresh directory below `scratch`."""
        number = 0
        while (path := self.scratch / f"{name}-{number}").exists():
            number += 1
        path.mkdir()
        return path


def take_turns(plan: Plan, ours: Callable[[], float], floor: Callable[[], float], what: str) -> list[float]:
    """`ours / floor` of each round; who goes first alternates, so that drift hits both alike."""
    ratios = []
    for number in range(plan.rounds):
        if number % 2:
            base = floor()
            value = ours()
        else:
            value = ours()
            base = floor()
        ratios.append(value / base)
        plan.say(f"  {what}: round {number + 1} of {plan.rounds}: {value:.6g} against {base:.6g}, {ratios[-1]:.3g} x")
    return ratios


def percentile(samples: Sequence[float], percent: float) -> float:
    """The value that `percent` of the samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
