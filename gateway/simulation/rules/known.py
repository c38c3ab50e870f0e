"""What the rules know of the product: its inputs, its permits, and since when it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gateway.core.vocabulary.rows.base import Credential, LaneRow, Row
from gateway.core.vocabulary.views import LaneView
from gateway.physics.arm import LONG_AGO_NS, NS_PER_MS
from gateway.simulation.rules.table import Broken
from gateway.simulation.world.clock import World
from gateway.simulation.world.gate import Gate
from gateway.simulation.world.side import Side

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box

EXCUSED_MS = 3000
"""What is wrong with sensors, board or engine excuses what happens so soon after."""
KNOWN_MS = 400
"""The product knows of a change by then."""
ROWS_KEPT = 400

OnRow = Callable[["Barrier", Any, int], None]
"""A rule looks at a row of a barrier's lane that is appended at a moment (ns)."""


class Barrier:
    """What the rules know of one barrier and of the lanes that lead past it."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.known: tuple[bool, ...] | None = None
        """The contacts as last reported to the product."""
        self.fresh = False
        self.stimulus = False
        """True once something has happened that may move the arm."""
        self.comes_down = False
        """True once the product has seen the arm leave its upper limit: it may turn back for safety."""
        self.grants: dict[str, tuple[int, str]] = {}
        """When each grant was journaled (ns), and at which lane."""
        self.locked: bool | None = False
        """None: what was said last was lost with the memory."""
        self.lock_changed_ns = LONG_AGO_NS
        self.alarmed: deque[tuple[int, str]] = deque(maxlen=ROWS_KEPT)
        self.opened_ns = LONG_AGO_NS
        """When an order to open was sent last."""
        self.asked_ns = LONG_AGO_NS
        """When a person gave an order last."""
        self.paused_until_ns = LONG_AGO_NS

    def begin(self) -> None:
        """The product begins anew here and knows nothing."""
        self.known, self.fresh, self.stimulus, self.comes_down = None, False, False, False


class Known:
    """Shared by all rules."""

    def __init__(self, world: World, gates: Sequence[Gate], sides: Sequence[Side]) -> None:
        self.world = world
        self.by_device = {gate.device: Barrier(gate) for gate in gates}
        self.barriers = list(self.by_device.values())
        self.sides = {side.lane: side for side in sides}
        self.lanes = {side.lane: self.by_device[side.gate.device] for side in sides}
        self.up_since_ns: int | None = None
        self.settles = False
        """True while the product takes a payment, or what takes something off a charge."""
        self.box: Box | None = None
        self.admits: Callable[[Credential], bool] = lambda _credential: True

    def broken(self, rule: str, what: str) -> Broken:
        """The error to raise."""
        return Broken(rule, what, self.world.now_ms)

    def ago_ms(self, at_ns: int) -> int:
        """How long ago a moment is."""
        return (self.world.now_ns - at_ns) // NS_PER_MS

    def went_down_since(self, ns: int) -> bool:
        """True when the engine is down, or has been since then; a core that was replaced then does not count."""
        return self.up_since_ns is None or self.up_since_ns > ns

    def barrier_of(self, row: Row) -> Barrier | None:
        """The barrier that a row is about; None for a row about anything else."""
        lane = row.lane if isinstance(row, LaneRow) else getattr(row, "lane", None)
        return self.lanes.get(lane or "")

    def shown_lane(self, lane_id: str) -> LaneView | None:
        """What screens show of a lane; None while the engine is down."""
        if self.box is None or self.up_since_ns is None:
            return None
        return next(lane for lane in self.box.shown().lanes if lane.id == lane_id)

    def forget(self) -> None:
        """Another core begins: it knows nothing."""
        for barrier in self.barriers:
            barrier.begin()
