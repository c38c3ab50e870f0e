"""What stands against the wiring of a lane: each finding by code, with the terminals that it is about.

`gateway check` and the installer's page follow this list. A finding is `wrong` when the lane cannot work so, and `look`
when a person must look at the gate or at the plan. The site file's own checks refuse some of what is wrong here; those
are found here too, so that the form shows them at the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from gateway.core.settings.contacts import QUICK_MS, contact_of
from gateway.core.wiring.boards import Boards, devices_of
from gateway.core.wiring.terminals import terminal_of
from gateway.core.wiring.wires import Document, Wire, barrier_of, lane_of, lanes_of, wires_of

Level = Literal["wrong", "look"]


class Contradiction(msgspec.Struct, frozen=True):
    """One finding. `terminals`: where it is shown. `detail`: what its words name (point, device, other terminal)."""

    code: str
    level: Level
    terminals: tuple[str, ...] = ()
    detail: dict[str, str] = {}

    @property
    def words(self) -> str:
        """The finding in English, with what to do."""
        return WORDS[self.code].format(**{"terminal": ", ".join(self.terminals), **self.detail})


WORDS: dict[str, str] = {
    "no_barrier": "the lane names barrier {barrier}, which does not exist; write one, or choose another",
    "no_open": "no output opens the arm; choose the output that is wired to OPEN",
    "not_a_point": "{terminal} is {point!r}, which is no point; choose one from the list",
    "no_device": "{terminal} is at {point}, but there is no device {device}; add it, or choose another point",
    "no_point": "{terminal} is at {point}, but {device} has only {count}; choose another point",
    "wrong_side": "{terminal} needs an {side}, and {point} is none; choose another point",
    "one_output": "{terminal} are on one output ({point}); a pulse would do both, give each its own",
    "one_input": "{terminal} are on one input ({point}) with the same polarity; give each its own",
    "input_of_two": "{point} has more than one meaning ({terminal}, {others}); look whether that is meant",
    "close_without_safety": (
        "CLOSE is wired and no safety input is: nothing keeps the arm from coming down on a car, so the gateway"
        " never closes by itself; wire a safety loop, or set close_by to barrier or guard"
    ),
    "no_close": "close_by is gateway and no output closes the arm; wire CLOSE, or set close_by to barrier or guard",
    "close_unused": "{terminal} is wired and has no effect with control {control}; take the wire away, or set pulse",
    "step_closes": (
        "control is step, so the gateway cannot close, and close_by is gateway; set close_by to barrier or guard"
    ),
    "both_limits": (
        "{terminal} are both active now; the arm cannot be open and closed at once: swap the polarity of one, or look"
        " for a short"
    ),
    "no_limit": (
        "neither at_open nor at_closed is active now; if the arm rests at an end, the polarity of a switch is reversed"
        " or its wire is off"
    ),
    "active_now": (
        "{terminal} reads active now ({point}, normally {normally}); if nothing is there, change `normally` or look at"
        " its wire"
    ),
    "mains_off": "{terminal} says that mains is off now; if it is on, change `normally` or look at its wire",
    "silent": "{terminal} is at {point}, and {device} does not answer now",
    "slow": "{terminal} is debounced {most} ms at most, whatever is set ({set} ms)",
    "no_reader": "the lane has no reader and no camera: it opens by the guard and by remote command only",
    "not_a_reader": "{device} is among the readers of the lane and reads nothing; choose a reader or a camera",
    "reader_elsewhere": "{device} reads for lane {other} too; a read counts for the lane where a car waits",
}
"""The words of each finding, by code: what is wrong, and what to do."""

AT_REST_OFF = frozenset(
    {"approach_loop", "clear_loop", "safety_loop", "arm_detached", "fault", "hand", "exit_button", "fire", "panic"}
)
"""Contacts that are off while nothing happens at the gate."""


class _Lane(msgspec.Struct, frozen=True):
    """What the checks look at: one lane of a document, its barrier, wires, and the boards."""

    document: Document
    id: str
    lane: Document
    barrier: Document
    wires: tuple[Wire, ...]
    boards: Boards

    def on(self, key: str) -> list[Wire]:
        """The wires of one terminal of the barrier."""
        return [one for one in self.wires if terminal_of(one.terminal).name == f"barrier.{key}"]

    def habit(self, key: str, default: str) -> str:
        """A setting of the barrier that is a word."""
        return str(self.barrier.get(key, default))

    def active(self, wire: Wire) -> bool | None:
        """What the wire means now; None when that is not known."""
        place = wire.place
        board = self.boards.get(place.device) if place else None
        electrical = board.electrical(place) if board and place else None
        return None if electrical is None else wire.means(electrical)


def contradictions(document: Document, lane_id: str, boards: Boards) -> tuple[Contradiction, ...]:
    """All that stands against the wiring of a lane, what is wrong first."""
    lane = lane_of(document, lane_id)
    if lane is None:
        return ()
    barrier = barrier_of(document, lane)
    if barrier is None:
        return (Contradiction("no_barrier", "wrong", ("barrier.open",), {"barrier": str(lane.get("barrier"))}),)
    seen = _Lane(document, lane_id, lane, barrier, wires_of(document, lane_id), boards)
    found = [one for check in _CHECKS for one in check(seen)]
    return tuple(sorted(found, key=lambda one: one.level != "wrong"))


def _points(seen: _Lane) -> Iterator[Contradiction]:
    """Points that are none, of no device, of the wrong side, or beyond the end of the board."""
    known = {one["id"] for one in devices_of(seen.document)}
    for wire in seen.wires:
        place, side = wire.place, terminal_of(wire.terminal).side
        at = {"point": wire.point, "device": place.device if place else ""}
        if place is None:
            yield Contradiction("not_a_point", "wrong", (wire.terminal,), at)
        elif place.device not in known:
            yield Contradiction("no_device", "wrong", (wire.terminal,), at)
        elif place.side != side:
            yield Contradiction("wrong_side", "wrong", (wire.terminal,), {**at, "side": side})
        elif (board := seen.boards.get(place.device)) is not None and not board.has(place):
            count = board.inputs if side == "input" else board.outputs
            detail = {**at, "count": f"{count} {side}{'' if count == 1 else 's'}"}
            yield Contradiction("no_point", "wrong", (wire.terminal,), detail)


def _outputs(seen: _Lane) -> Iterator[Contradiction]:
    """Two meanings on one output, in this lane or in another one; only a siren serves several lanes."""
    yield from _twice(seen)
    for wire in _of_side(seen.wires, "output"):
        for other, theirs in _elsewhere(seen, wire):
            if not wire.terminal == theirs.terminal == "siren":
                yield Contradiction(
                    "one_output", "wrong", (wire.terminal, f"{other}: {theirs.terminal}"), {"point": wire.point}
                )


def _twice(seen: _Lane) -> Iterator[Contradiction]:
    by_point: dict[str, list[Wire]] = {}
    for wire in _of_side(seen.wires, "output"):
        by_point.setdefault(wire.point, []).append(wire)
    for point, wires in by_point.items():
        if len(wires) > 1:
            yield Contradiction("one_output", "wrong", tuple(one.terminal for one in wires), {"point": point})


def _inputs(seen: _Lane) -> Iterator[Contradiction]:
    """Two meanings on one input: contradicting for the arm's own contacts, else for a person to look at."""
    wires = _of_side(seen.wires, "input")
    for number, wire in enumerate(wires):
        for other in wires[number + 1 :]:
            if other.point == wire.point:
                yield from _one_input(wire, other)
        for lane_id, theirs in _elsewhere(seen, wire):
            if terminal_of(theirs.terminal).name != terminal_of(wire.terminal).name or _of_arm(wire):
                detail = {"point": wire.point, "others": f"{lane_id}: {theirs.terminal}"}
                yield Contradiction("input_of_two", "look", (wire.terminal,), detail)


def _one_input(wire: Wire, other: Wire) -> Iterator[Contradiction]:
    same = wire.normally == other.normally
    both = (wire.terminal, other.terminal)
    if same and (_of_arm(wire) or _of_arm(other) or terminal_of(wire.terminal) == terminal_of(other.terminal)):
        yield Contradiction("one_input", "wrong", both, {"point": wire.point})
    elif {terminal_of(one).name for one in both} != {"barrier.at_open", "barrier.at_closed"}:
        # A single switch may tell both ends of the arm, one of them inverted.
        yield Contradiction("input_of_two", "look", (wire.terminal,), {"point": wire.point, "others": other.terminal})


def _closing(seen: _Lane) -> Iterator[Contradiction]:
    """Who closes, and can they?"""
    control, by = seen.habit("control", "pulse"), seen.habit("close_by", "gateway")
    if not seen.on("open"):
        yield Contradiction("no_open", "wrong", ("barrier.open",))
    if control in ("hold", "step") and seen.on("close"):
        yield Contradiction("close_unused", "look", ("barrier.close",), {"control": control})
    if by != "gateway":
        return
    if control == "step":
        yield Contradiction("step_closes", "wrong", ("barrier.open",))
    elif control == "pulse" and not seen.on("close"):
        yield Contradiction("no_close", "look", ("barrier.close",))
    if control == "pulse" and seen.on("close") and _unguarded(seen):
        yield Contradiction("close_without_safety", "wrong", ("barrier.close", "barrier.safety_loop"))


def _unguarded(seen: _Lane) -> bool:
    return seen.habit("safety", "gateway") == "gateway" and not seen.on("safety_loop")


def _now(seen: _Lane) -> Iterator[Contradiction]:
    """What the inputs say now against what they should say while nothing happens."""
    for wire in _of_side(seen.wires, "input"):
        place = wire.place
        board = seen.boards.get(place.device) if place else None
        if board is not None and board.state in ("lost", "stale"):
            yield Contradiction("silent", "look", (wire.terminal,), {"point": wire.point, "device": board.id})
        key, active = terminal_of(wire.terminal).key, seen.active(wire)
        if active and key in AT_REST_OFF:
            yield Contradiction(
                "active_now", "look", (wire.terminal,), {"point": wire.point, "normally": wire.normally}
            )
        if active is False and key == "mains":
            yield Contradiction("mains_off", "look", (wire.terminal,), {"point": wire.point})


def _limits(seen: _Lane) -> Iterator[Contradiction]:
    ends = [seen.active(wire) for key in ("at_open", "at_closed") for wire in seen.on(key)[:1]]
    both = ("barrier.at_open", "barrier.at_closed")
    if len(ends) == len(both) and None not in ends:
        if all(ends):
            yield Contradiction("both_limits", "wrong", both)
        elif not any(ends):
            yield Contradiction("no_limit", "look", both)


def _debounce(seen: _Lane) -> Iterator[Contradiction]:
    for wire in _of_side(seen.wires, "input"):
        if contact_of(terminal_of(wire.terminal).key).quick and wire.debounce_ms > QUICK_MS:
            detail = {"most": str(QUICK_MS), "set": str(wire.debounce_ms)}
            yield Contradiction("slow", "look", (wire.terminal,), detail)


def _readers(seen: _Lane) -> Iterator[Contradiction]:
    readers, cameras = _names(seen.lane, "readers"), _names(seen.lane, "cameras")
    if not readers and not cameras:
        yield Contradiction("no_reader", "look", ("readers",))
    for device in readers:
        board = seen.boards.get(device)
        if board is not None and not board.reads:
            yield Contradiction("not_a_reader", "wrong", ("readers",), {"device": device})
        for other in lanes_of(seen.document):
            if other is not seen.lane and device in _names(other, "readers"):
                detail = {"device": device, "other": str(other.get("id"))}
                yield Contradiction("reader_elsewhere", "look", ("readers",), detail)


def _names(lane: Document, key: str) -> list[str]:
    found = lane.get(key)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list | tuple) else []


def _of_side(wires: tuple[Wire, ...], side: str) -> list[Wire]:
    return [one for one in wires if one.place is not None and terminal_of(one.terminal).side == side]


def _of_arm(wire: Wire) -> bool:
    terminal = terminal_of(wire.terminal)
    return terminal.side == "input" and contact_of(terminal.key).of_arm


def _elsewhere(seen: _Lane, wire: Wire) -> Iterator[tuple[str, Wire]]:
    """The wires of other lanes to the same point; those of a shared barrier are the same wires."""
    for other in lanes_of(seen.document):
        if other is seen.lane or not isinstance(other.get("id"), str):
            continue
        shared = barrier_of(seen.document, other) is seen.barrier
        for theirs in wires_of(seen.document, other["id"]):
            if theirs.point == wire.point and not (shared and terminal_of(theirs.terminal).of == "barrier"):
                yield other["id"], theirs


_CHECKS: tuple[Callable[[_Lane], Iterator[Contradiction]], ...] = (
    _points, _outputs, _inputs, _closing, _limits, _now, _debounce, _readers,
)  # fmt: skip
