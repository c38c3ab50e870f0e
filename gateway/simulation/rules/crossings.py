"""Cars that cross: `crossing`, `sides` and `occupancy`."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from typing import Protocol

from gateway.core.vocabulary.rows.base import Row
from gateway.core.vocabulary.rows.passage import PassageEntered, PassageExited, PassageRow
from gateway.physics.arm import NS_PER_MS
from gateway.simulation.rules.known import EXCUSED_MS, ROWS_KEPT, Barrier, Known, OnRow
from gateway.simulation.world.board import POLL_MS
from gateway.simulation.world.gate import Gate
from gateway.simulation.world.road import Passage

WINDOW_MS = 2500
"""A crossing is recorded by then."""
TOLD_APART_MS = 900
MERGED_MS = 1000
DECLARED_MS = 62_000
"""A person says within a minute before that a car passes by hand."""


class Judged(Protocol):
    """Receives the outcome of a crossing."""

    def crossed(self, passage: Passage, plain: bool, since_ns: int | None = None) -> None:
        """`plain`: the product could see it, and has recorded it as it should."""


class CrossingRules:
    """Each crossing that the sensors can tell apart has one row."""

    def __init__(self, known: Known, cars: Judged) -> None:
        self._known = known
        self._cars = cars
        self._passages: dict[Barrier, deque[tuple[int, str]]] = self._deques()
        self._declared: dict[Barrier, deque[tuple[int, str]]] = self._deques()
        self._entered = self._true_entered = self._inferred = 0
        self.crossings = self.excused = self.declared = 0

    def _deques(self) -> dict[Barrier, deque[tuple[int, str]]]:
        return {barrier: deque(maxlen=ROWS_KEPT) for barrier in self._known.barriers}

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at."""
        return {PassageEntered: self._passed, PassageExited: self._passed}

    def _passed(self, barrier: Barrier, row: PassageRow, now_ns: int) -> None:
        self._entered += 1 if isinstance(row, PassageEntered) else -1
        given_at = barrier.grants.get(row.grant or "", (0, row.lane))[1]
        if given_at != row.lane:
            raise self._known.broken("sides", f"a car passed by {row.lane} on a grant of {given_at}")
        if row.certainty == "declared":
            self.declared += 1
            self._declared[barrier].append((now_ns, row.lane))
        else:
            self._passages[barrier].append((now_ns, row.lane))
            self._inferred += "safety_loop" in barrier.gate.without

    def crossed(self, passage: Passage) -> None:
        """A car has left the safety loop: see in a while what the journal says of it."""
        self.crossings += 1
        if passage.forward:
            self._true_entered += 1 if passage.side.entry else -1
        self._known.world.after(WINDOW_MS, lambda: self._recorded(passage))

    def _recorded(self, passage: Passage) -> None:
        side, crossing = passage.side, passage.crossing
        if any(excuse(side.gate, passage) for excuse in self._excuses()):
            self.excused += 1
            self._cars.crossed(passage, plain=False)
            return
        passages = reversed(self._passages[self._known.lanes[side.lane]])
        since = itertools.takewhile(lambda row: row[0] > crossing.mono_ns, passages)
        rows = sum(by == side.lane for _, by in since)
        want = 1 if passage.forward else 0
        if not rows and (declared_ns := self._was_declared(passage)) is not None:
            self._cars.crossed(passage, plain=True, since_ns=declared_ns)
            return
        if rows != want:
            how = f"{passage.car.behaviour}, {'forward' if passage.forward else 'back'}, shown {passage.car.proofs}"
            raise self._known.broken("crossing", f"{side.lane}: {rows} passages for a car ({how}), {want} expected")
        self._cars.crossed(passage, plain=True)

    def _was_declared(self, passage: Passage) -> int | None:
        """When a person said before that this car passes by hand: then that is its passage."""
        barrier = self._known.lanes[passage.side.lane]
        declared = self._declared[barrier]
        since_ns = passage.crossing.mono_ns - DECLARED_MS * NS_PER_MS
        found = next((one for one in declared if one[0] >= since_ns and one[1] == passage.side.lane), None)
        locked = barrier.locked is not False or barrier.lock_changed_ns >= passage.crossing.began_ns
        if found is None or not locked or not passage.forward:
            return None
        declared.remove(found)
        return found[0]

    # ---- what the product could not know of a crossing

    def _excuses(self) -> tuple[Callable[[Gate, Passage], bool], ...]:
        return self._was_down, _was_troubled, _was_together, _was_unseen, _was_mixed, _was_impassable

    def _was_down(self, _gate: Gate, passage: Passage) -> bool:
        return self._known.went_down_since(passage.crossing.began_ns - EXCUSED_MS * NS_PER_MS)

    def ends(self) -> None:
        """The story is over: the count of cars inside is that of the rows, but for what was excused."""
        off = abs(self._entered - self._true_entered)
        if off > self.excused + self.declared + self._inferred:
            raise self._known.broken("occupancy", f"off by {off} with {self.excused} crossings flagged")


def _was_troubled(gate: Gate, passage: Passage) -> bool:
    return gate.troubled(0) or passage.crossing.began_ns - gate.trouble_ns < EXCUSED_MS * NS_PER_MS


def _was_together(gate: Gate, passage: Passage) -> bool:
    """Another car was on the loop with it, or so soon before or after that no loop tells them apart."""
    crossing, loop = passage.crossing, gate.loops["safety_loop"]
    close_ns = crossing.mono_ns + TOLD_APART_MS * NS_PER_MS
    followed = any(crossing.mono_ns <= came_ns < close_ns for came_ns in loop.arrivals_ns)
    joined = crossing.began_ns <= loop.joined_ns <= crossing.mono_ns
    return crossing.gap_before_ms < TOLD_APART_MS or followed or joined


def _was_unseen(gate: Gate, passage: Passage) -> bool:
    return "safety_loop" in gate.without or (not passage.forward and "approach_loop" in gate.without)


def _was_impassable(gate: Gate, passage: Passage) -> bool:
    return not passage.crossing.passable or gate.arm.torn


def _was_mixed(gate: Gate, passage: Passage) -> bool:
    """Cars on either side of a shared arm whose loops, taken together, tell the same of either way."""
    far, crossing = gate.loops[passage.side.far], passage.crossing
    seen_with_it_ns = crossing.began_ns - 2 * POLL_MS * NS_PER_MS
    came = seen_with_it_ns < far.came_ns < crossing.mono_ns + MERGED_MS * NS_PER_MS
    until_ns = crossing.mono_ns + (0 if passage.forward else MERGED_MS * NS_PER_MS)
    left = seen_with_it_ns < far.left_ns < until_ns
    return passage.side.shares and ((came and not passage.forward) or left)
