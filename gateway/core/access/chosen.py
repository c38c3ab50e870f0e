"""The lane that each booth's screen shows as the chosen one: where a read at the booth's own reader belongs."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.settings.model import Lane
from gateway.core.vocabulary.turn import NS_PER_S

CHOSEN_S = 60
"""A screen tells again every 20 s what it shows; one that has not told for so long is off."""
STATIONS_MAX = 64


class ChosenLanes:
    """By station, the lane and when it was told last."""

    def __init__(self) -> None:
        self._lanes: dict[str, tuple[str, int]] = {}

    def choose(self, station: str, lane: str, now_ns: int) -> None:
        """A station shows this lane; no lane: it shows none."""
        self._lanes.pop(station, None)
        if lane:
            self._lanes[station] = (lane, now_ns)
        while len(self._lanes) > STATIONS_MAX:
            self._lanes.pop(next(iter(self._lanes)))

    def among(self, lanes: Sequence[Lane], now_ns: int) -> Lane | None:
        """The one of these lanes that is chosen; None when none is, or two screens show different ones."""
        since_ns = now_ns - CHOSEN_S * NS_PER_S
        chosen = {lane for lane, at_ns in self._lanes.values() if at_ns >= since_ns}
        found = [lane for lane in lanes if lane.id in chosen]
        return found[0] if len(found) == 1 else None
