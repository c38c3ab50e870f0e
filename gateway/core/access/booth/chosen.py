"""The lane that is chosen on each booth's screen: a read at the booth's desk reader belongs there."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.settings.model import Lane
from gateway.core.vocabulary.turn import NS_PER_S

CHOSEN_S = 60
"""A screen repeats its choice every 20 s; without news for this long it is off."""
STATIONS_MAX = 64


class ChosenLanes:
    """The chosen lane of each station, and when it was last reported."""

    def __init__(self) -> None:
        self._lanes: dict[str, tuple[str, int]] = {}

    def choose(self, station: str, lane: str, now_ns: int) -> None:
        """Note the choice of a station; an empty lane: none."""
        self._lanes.pop(station, None)
        if lane:
            self._lanes[station] = (lane, now_ns)
        while len(self._lanes) > STATIONS_MAX:
            self._lanes.pop(next(iter(self._lanes)))

    def among(self, lanes: Sequence[Lane], now_ns: int) -> Lane | None:
        """The chosen one of these lanes; None if none is, or if two screens show different ones."""
        since_ns = now_ns - CHOSEN_S * NS_PER_S
        chosen = {lane for lane, at_ns in self._lanes.values() if at_ns >= since_ns}
        found = [lane for lane in lanes if lane.id in chosen]
        return found[0] if len(found) == 1 else None
