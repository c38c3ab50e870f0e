"""Templates for usual barriers: how a controller is wired and set, without saying at which points of a board.

A template is data (`gateway.store.barriers`). Using one sets the habits of the barrier and proposes a point for each of
its terminals: those that are wired already keep theirs, the others get the next free points of a board.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gateway.core.settings.model import Strict
from gateway.core.wiring.boards import Boards
from gateway.core.wiring.copying import free_points
from gateway.core.wiring.terminals import TERMINALS, Side
from gateway.core.wiring.wires import Document, Wire, barrier_of, lane_of, rewired, wires_of

Text = dict[Literal["en", "zh_CN"], str]


class TemplateWire(Strict, frozen=True):
    """A terminal of the template. `at`: what the controller's manual calls it; `normally`: how its contact works.

    `optional`: proposed only when asked for, because not every such barrier has it.
    """

    terminal: str
    at: str = ""
    normally: Literal["open", "closed"] = "open"
    optional: bool = False
    note: Text = msgspec.field(default_factory=dict)


class Template(Strict, frozen=True):
    """A usual barrier. `source`: where its figures come from; `habits`: keys of the barrier as the site file has them.

    `check`: what to look at in the controller's own settings, so that it agrees with these.
    """

    name: str
    title: Text
    about: Text
    source: str
    habits: dict[str, Any]
    wires: tuple[TemplateWire, ...]
    check: Text = msgspec.field(default_factory=dict)
    make: str = ""
    order: int = 0

    def has(self, terminal: str) -> bool:
        """Whether the template names this terminal."""
        return any(one.terminal == terminal for one in self.wires)


class Proposal(msgspec.Struct, frozen=True):
    """The document after a template was used, and the terminals for which no point was left."""

    document: Document
    unplaced: tuple[str, ...]


def used(
    document: Document, lane_id: str, template: Template, boards: Boards, device: str = "", *, optional: bool = False
) -> Proposal:
    """The document with the template used for a lane. KeyError for an unknown lane.

    Wires of terminals that the template does not name stay as they are: nothing that was wired gets lost.
    """
    lane = lane_of(document, lane_id)
    if lane is None:
        raise KeyError(lane_id)
    here = {wire.terminal: wire for wire in wires_of(document, lane_id)}
    own = {wire.place.device for wire in here.values() if wire.place is not None}
    free: dict[Side, list[str]] = {
        "input": free_points(document, boards, "input", device, own),
        "output": free_points(document, boards, "output", device, own),
    }
    unplaced: list[str] = []
    for wanted in template.wires:
        if wanted.optional and not optional and wanted.terminal not in here:
            continue
        points = free[TERMINALS[wanted.terminal].side]
        known = here.get(wanted.terminal)
        if known is None and not points:
            unplaced.append(wanted.terminal)
        else:
            point = known.point if known is not None else points.pop(0)
            here[wanted.terminal] = Wire(wanted.terminal, point, wanted.normally)
    changed = rewired(document, lane_id, here.values())
    barrier = barrier_of(changed, lane_of(changed, lane_id) or {})
    if barrier is not None:
        barrier.update(template.habits)
    return Proposal(changed, tuple(unplaced))
