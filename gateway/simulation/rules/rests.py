"""A stop of an arm at rest: `rest`."""

from __future__ import annotations

from gateway.physics.arm import NS_PER_MS
from gateway.simulation.rules.known import EXCUSED_MS, KNOWN_MS, Barrier, Known

STOPPED_MS = 100
PAUSED_MS = 10_000


class RestRules:
    """A stop at an arm that rests, and that nothing was asked of, is a pause of ten seconds."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def stops(self, lane_id: str) -> None:
        """A stop follows."""
        barrier = self._known.lanes[lane_id]
        gate, shown = barrier.gate, self._known.shown_lane(lane_id)
        if shown is None or shown.mode != "auto" or shown.interrupted or shown.requested or shown.grants:
            return
        if shown.notice:
            return  # it waits for a person already
        rests = shown.arm == "closed" and gate.at_closed and not gate.moves and not gate.arm.torn
        moved_ms = self._known.ago_ms(barrier.opened_ns)
        if rests and shown.state == "ready" and moved_ms > EXCUSED_MS and not gate.troubled(EXCUSED_MS):
            world = self._known.world
            said_ns = world.now_ns
            world.after(STOPPED_MS, lambda: self._paused(barrier, lane_id, said_ns))
            world.after(PAUSED_MS + KNOWN_MS, lambda: self._paused_enough(barrier, lane_id, said_ns))

    def _alone_since(self, barrier: Barrier, said_ns: int) -> bool:
        """True when nothing but that stop can have changed what a lane does."""
        return (
            not self._known.went_down_since(said_ns)
            and barrier.asked_ns <= said_ns
            and barrier.gate.trouble_ns < said_ns
        )

    def _paused(self, barrier: Barrier, lane_id: str, said_ns: int) -> None:
        shown = self._known.shown_lane(lane_id)
        if shown is None or not self._alone_since(barrier, said_ns):
            return
        if shown.interrupted:
            raise self._known.broken("rest", f"{lane_id} rested, was stopped, and waits for a person")
        if shown.pause is not None:
            barrier.paused_until_ns = said_ns + PAUSED_MS * NS_PER_MS

    def _paused_enough(self, barrier: Barrier, lane_id: str, said_ns: int) -> None:
        shown = self._known.shown_lane(lane_id)
        if shown is not None and self._alone_since(barrier, said_ns) and (shown.pause or shown.interrupted):
            raise self._known.broken("rest", f"{lane_id} was stopped {PAUSED_MS} ms ago, and is not ready yet")
