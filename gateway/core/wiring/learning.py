"""Learning an input: *drive over the loop now*, *turn the key switch now*. Which input moved, and how is it wired?

A lesson begins with the state of all inputs at rest. A person then makes one thing happen at the gate; the edges that
come in tell which input it is, whether its contact is closed or open at rest, and what else moved at the same time.
Nothing is written and nothing is pulsed: the finding is a proposal that a person takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Literal

import msgspec

from gateway.core.wiring.terminals import terminal_of
from gateway.core.wiring.wires import Wire

LESSON_MS = 60_000
"""A lesson ends by itself after this time."""
CALM_MS = 1_500
"""After this time without an edge what has moved counts as done."""
BOUNCE_MS = 80
"""Two edges of one input within this time are no car and no hand, but a contact that bounces."""
BOUNCES_MAX = 4
"""More bounces than this in one lesson are a bad contact."""
EDGES_MAX = 2_000
"""Edges of a lesson that are kept; beyond that an input chatters."""


class Edge(msgspec.Struct, frozen=True):
    """One change of an input: the point, its electrical state from then on, and when."""

    point: str
    on: bool
    at_ms: int


class Verdict(StrEnum):
    """What a lesson has found."""

    WAITING = "waiting"
    LEARNED = "learned"
    STUCK = "stuck"
    BOUNCED = "bounced"
    SEVERAL = "several"
    NOTHING = "nothing"
    ACTIVE_BEFORE = "active_before"
    SILENT = "silent"


class Moved(msgspec.Struct, frozen=True):
    """One input that moved. `rest`: its electrical state before; `back`: it is there again; `times`: whole movements.

    `normally`: the polarity that this terminal needs, found from rest. `bounces`: edges that came too fast for a
    movement. `first_ms`: its first edge, from the start of the lesson. `held_ms`: how long it was away from rest.
    """

    point: str
    normally: Literal["open", "closed"]
    rest: bool
    back: bool
    times: int
    bounces: int
    first_ms: int
    held_ms: int


class Finding(msgspec.Struct, frozen=True):
    """The state of a lesson: its verdict, the input that is proposed, and the others that moved too.

    `known`: inputs that moved as well and are other terminals, so that nothing speaks for them.

    `done`: nothing more is to be expected; `age_ms`: since the start.
    """

    verdict: Verdict
    chosen: Moved | None = None
    others: tuple[Moved, ...] = ()
    known: tuple[Moved, ...] = ()
    done: bool = False
    age_ms: int = 0
    left_ms: int = 0

    @property
    def takeable(self) -> bool:
        """Whether there is an input to take, though perhaps with a word of warning."""
        return self.chosen is not None


STAYS = frozenset({"at_open", "at_closed", "mains", "hand", "fault", "fire", "arm_detached"})
"""Contacts that may rightly stay away from rest: a switch of a position or of a state, not of a passing car."""
COMES_LATER = frozenset({"at_open", "safety_loop", "clear_loop"})
"""Contacts to which a car or the arm comes after another one: before *open* the arm leaves *closed*."""
ON_AT_REST = frozenset({"mains", "at_closed"})
"""Contacts whose meaning is true while nothing happens and the arm is down: their polarity is the other way round."""


def finding(
    terminal: str,
    rest: Mapping[str, bool],
    edges: Iterable[Edge],
    began_ms: int,
    now_ms: int,
    wired: Wire | None = None,
    taken: Collection[str] = (),
) -> Finding:
    """What a lesson for a terminal has found so far.

    `rest`: the electrical state of every known input at the start; empty when no board answers. `edges`:
    the changes since, in the order of time. `wired`: the wire that the terminal has now, preferred when several moved.
    `taken`: points of other terminals.
    """
    age = max(0, now_ms - began_ms)
    left = max(0, LESSON_MS - age)
    if not rest:
        return Finding(Verdict.SILENT, done=True, age_ms=age, left_ms=left)
    contact = terminal_of(terminal).key
    since = [edge for edge in edges if edge.at_ms >= began_ms and edge.point in rest][:EDGES_MAX]
    moved = _moved(contact, rest, since, began_ms, now_ms)
    if not moved:
        verdict = Verdict.WAITING if left else Verdict.NOTHING
        return Finding(verdict, done=not left, age_ms=age, left_ms=left)
    moved.sort(key=lambda one: _rank(one, contact, wired, taken), reverse=True)
    known = tuple(one for one in moved[1:] if one.point in taken)
    others = tuple(one for one in moved[1:] if one.point not in taken)
    calm = not left or now_ms - max(edge.at_ms for edge in since) >= CALM_MS
    verdict = _verdict(moved[0], others, contact, wired, calm=calm)
    done = calm and verdict is not Verdict.WAITING and (verdict is not Verdict.STUCK or not left)
    return Finding(verdict, moved[0], others, known, done, age, left)


def _moved(contact: str, rest: Mapping[str, bool], edges: list[Edge], began_ms: int, now_ms: int) -> list[Moved]:
    by_point: dict[str, list[Edge]] = {}
    for edge in edges:
        by_point.setdefault(edge.point, []).append(edge)
    found = [_of(contact, point, rest[point], each, began_ms, now_ms) for point, each in by_point.items()]
    return [one for one in found if one is not None]


def _of(contact: str, point: str, rest: bool, edges: list[Edge], began_ms: int, now_ms: int) -> Moved | None:
    """The movements of one input; None when its edges change nothing."""
    changes = _changes(rest, edges)
    if not changes:
        return None
    gaps = [after.at_ms - before.at_ms for before, after in pairwise(changes)]
    ends = [*(edge.at_ms for edge in changes[1:]), now_ms]
    held = sum(end - edge.at_ms for edge, end in zip(changes, ends, strict=True) if edge.on != rest)
    bounces = sum(gap < BOUNCE_MS for gap in gaps)
    away = sum(edge.on != rest for edge in changes)
    return Moved(
        point,
        normally="closed" if rest != (contact in ON_AT_REST) else "open",
        rest=rest,
        back=changes[-1].on == rest,
        times=max(1, away - (bounces + 1) // 2),
        bounces=bounces,
        first_ms=changes[0].at_ms - began_ms,
        held_ms=held,
    )


def _changes(rest: bool, edges: list[Edge]) -> list[Edge]:
    """The edges that change something: a repeated state is none."""
    state, found = rest, []
    for edge in edges:
        if edge.on != state:
            found.append(edge)
            state = edge.on
    return found


def _rank(moved: Moved, contact: str, wired: Wire | None, taken: Collection[str]) -> tuple[bool, bool, bool, bool, int]:
    """Which of several inputs is meant: the wired one, one of no other terminal, one that behaves as this contact does.

    Of equal ones it is the first, or the last where a car or the arm comes to another contact before.
    """
    own = wired is not None and moved.point == wired.point
    first = moved.first_ms if contact in COMES_LATER else -moved.first_ms
    return own, moved.point not in taken, moved.bounces <= BOUNCES_MAX, moved.back or contact in STAYS, first


def _verdict(chosen: Moved, others: tuple[Moved, ...], contact: str, wired: Wire | None, *, calm: bool) -> Verdict:
    if chosen.bounces > BOUNCES_MAX:
        return Verdict.BOUNCED
    if not chosen.back and contact not in STAYS:
        return Verdict.STUCK if calm else Verdict.WAITING
    if wired is not None and wired.point == chosen.point and wired.normally != chosen.normally:
        return Verdict.ACTIVE_BEFORE
    return Verdict.SEVERAL if others else Verdict.LEARNED


ASKS: dict[str, str] = {
    "approach_loop": "drive_over",
    "clear_loop": "drive_over",
    "safety_loop": "drive_over",
    "exit_button": "press",
    "panic": "press",
    "hand": "turn",
    "fire": "turn",
    "mains": "switch_off",
    "arm_detached": "swing_off",
    "at_open": "move_arm",
    "at_closed": "move_arm",
    "fault": "make_fault",
}
"""What the person is asked to do for each contact, as the ending of a word's key."""
