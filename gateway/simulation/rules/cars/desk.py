"""`desk`: a read in the booth opens one lane at most."""

from __future__ import annotations

from gateway.physics.arm import LONG_AGO_NS
from gateway.simulation.rules.cars.known import CarsKnown

CHOSEN_MS = 60_000


class DeskRule:
    """Knows which lane is chosen on the booth's screen."""

    def __init__(self, known: CarsKnown) -> None:
        self._known = known
        self._at_desk = [side for side in known.all.sides.values() if side.shape.get("desk")]
        self._chosen: tuple[str, int] = ("", LONG_AGO_NS)

    def chosen(self, lane: str) -> None:
        """The booth's screen shows this lane as the chosen one."""
        self._chosen = lane, self._known.all.world.now_ns

    def shown(self, card: str) -> None:
        """A card is read in the booth; if the guard has chosen the wrong lane, it counts for the car at that lane."""
        for side in self._at_desk:
            front = self._known.roads[side.lane].front
            if front is not None:
                front.handed.add(card)

    def opened(self, lanes: list[str]) -> None:
        """A card that was read in the booth opens the lane where a car waits, else the chosen one."""
        broken = self._known.all.broken
        if len(lanes) > 1:
            raise broken("desk", f"one read in the booth opened {' and '.join(lanes)}")
        lane = lanes[0]
        standing = [side.lane for side in self._at_desk if self._known.front(side) is not None]
        empty = [side.lane for side in self._at_desk if self._known.empty(side)]
        lately = self._known.all.ago_ms(self._chosen[1]) <= CHOSEN_MS
        chosen = self._chosen[0] if lately else ""
        known = len(standing) + len(empty) == len(self._at_desk)
        if known and len(standing) == 1 and lane not in standing:
            raise broken("desk", f"a read in the booth opened {lane}, and the car waits at {standing[0]}")
        if known and not standing and lane != chosen:
            raise broken("desk", f"a read in the booth opened {lane}, and {chosen or 'no lane'} is chosen")
        waits = any(one.lane == chosen for one in self._known.given.values())
        both = len(standing) == len(self._at_desk)
        if both and chosen in standing and lane != chosen and not waits:
            raise broken("desk", f"a read in the booth opened {lane}, and {chosen} is chosen")
