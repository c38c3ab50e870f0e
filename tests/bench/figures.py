"""What a benchmark says: figures, each a ratio against a bare floor that was measured in the same run.

A small machine drifts by a tenth to a third within an hour, so an absolute time alone says nothing. Floor and product
take turns, round by round, on a disk that has nothing left to write. A rate is the median of the rounds' ratios. A
percentile of a latency needs more samples than one round has, so the samples of all rounds are pooled on both sides
first (`Pool`). Median, minimum and maximum over the rounds are printed beside either. A figure that misses its target
is `short`; that is a result and no failure.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from tests.bench.disk import settle


@dataclass(frozen=True)
class Figure:
    """One result. `target` is `<=1.3` or `>=35`; `median`, `low` and `high` are taken over the rounds.

    `samples` is the size of the pool behind `value`, on its smaller side; 0: the value was not pooled.
    """

    name: str
    value: float
    unit: str
    target: str
    median: float
    low: float
    high: float
    rounds: int
    samples: int = 0
    note: str = ""

    @classmethod
    def of(cls, name: str, rounds: Sequence[float], target: str, *, unit: str = "x", note: str = "") -> Figure:
        """The median of what the rounds gave."""
        median = statistics.median(rounds)
        return cls(name, median, unit, target, median, min(rounds), max(rounds), len(rounds), note=note)

    @classmethod
    def pooled(cls, name: str, pool: Pool, percent: float, target: str, *, unit: str = "x", note: str = "") -> Figure:
        """A percentile over the samples of all rounds."""
        rounds = pool.rounds(percent)
        if pool.samples * (100 - percent) < 100:
            note = f"p{percent:g} of so few is the greatest; {note}"
        return cls(
            name, pool.figure(percent), unit, target,
            statistics.median(rounds), min(rounds), max(rounds), len(rounds), pool.samples, note,
        )  # fmt: skip

    @classmethod
    def average(
        cls, name: str, rounds: Sequence[tuple[float, float]], target: str, *, unit: str = "x", note: str = ""
    ) -> Figure:
        """What one costs on average over all rounds, each given as (cost of one, how many)."""
        count = sum(many for _, many in rounds)
        mean = sum(cost * many for cost, many in rounds) / count
        costs = [cost for cost, _ in rounds]
        median = statistics.median(costs)
        return cls(name, mean, unit, target, median, min(costs), max(costs), len(costs), note=note)

    @property
    def passed(self) -> bool:
        """Whether the target is met."""
        limit = float(self.target[2:])
        return self.value <= limit if self.target.startswith("<=") else self.value >= limit

    def line(self) -> str:
        """`name value unit target pass|short`, and behind it the rounds."""
        verdict = "pass" if self.passed else "short"
        pooled = f"{self.samples} samples pooled, " if self.samples else ""
        rounds = f"median {_short(self.median)}, {_short(self.low)} .. {_short(self.high)}, {self.rounds} rounds"
        figure = f"{self.name} {_short(self.value)} {self.unit} {self.target} {verdict}"
        return f"{figure}  [{pooled}{rounds}] {self.note}".rstrip()

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return {**asdict(self), "passed": self.passed}


def _short(value: float) -> str:
    """Three digits that count, and never an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


class Pool:
    """The samples of all rounds, kept by round: the product's, and the floor's where there is one."""

    def __init__(self) -> None:
        self._ours: list[list[float]] = []
        self._floor: list[list[float]] = []

    def add(self, ours: Sequence[float], floor: Sequence[float] = ()) -> None:
        """One round; ValueError for a round without samples, or with a floor where the others have none."""
        if not ours or (self._ours and bool(floor) != bool(self._floor)):
            raise ValueError("a round brings samples of the product, and all rounds or none bring some of the floor")
        self._ours.append(list(ours))
        if floor:
            self._floor.append(list(floor))

    @property
    def samples(self) -> int:
        """How many the product has given; a ratio stands on the smaller side."""
        ours, floor = sum(map(len, self._ours)), sum(map(len, self._floor))
        return min(ours, floor) if floor else ours

    def figure(self, percent: float) -> float:
        """The product's percentile over everything; against the floor's where there is a floor."""
        return _against(list(chain(*self._ours)), list(chain(*self._floor)), percent)

    def rounds(self, percent: float) -> list[float]:
        """The same round by round."""
        floors = self._floor or [[]] * len(self._ours)
        return [_against(ours, floor, percent) for ours, floor in zip(self._ours, floors, strict=True)]


def _against(ours: Sequence[float], floor: Sequence[float], percent: float) -> float:
    found = percentile(ours, percent)
    return found / percentile(floor, percent) if floor else found


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

    def share(self, full: int, quick: int) -> int:
        """How many samples each round takes, so that all rounds together have at least `full`."""
        return quick if self.quick else math.ceil(full / self.rounds)

    def folder(self, name: str) -> Path:
        """A fresh directory below `scratch`."""
        number = 0
        while (path := self.scratch / f"{name}-{number}").exists():
            number += 1
        path.mkdir()
        return path


def take_turns(plan: Plan, ours: Callable[[], float], floor: Callable[[], float], what: str) -> list[float]:
    """`ours / floor` of each round; who goes first alternates, so that drift hits both alike.

    Before each turn the disk is settled, so that nobody pays for what another one has left in memory.
    """
    ratios = []
    for number in range(plan.rounds):
        turns = [floor, ours] if number % 2 else [ours, floor]
        taken = {}
        for turn in turns:
            settle(plan.scratch)
            taken[turn] = turn()
        value, base = taken[ours], taken[floor]
        ratios.append(value / base)
        plan.say(f"  {what}: round {number + 1} of {plan.rounds}: {value:.6g} against {base:.6g}, {ratios[-1]:.3g} x")
    return ratios


def percentile(samples: Sequence[float], percent: float) -> float:
    """The value that `percent` of the samples do not exceed (nearest rank): one that was measured.

    Of fewer than 100 samples p99 is the greatest. ValueError when there are none.
    """
    if not samples:
        raise ValueError("there are no samples")
    ordered = sorted(samples)
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1]
