"""How a driver drives: how far, how fast, how long each thing takes. `Manner` is steady; a subclass may throw dice."""

from __future__ import annotations

import itertools

from gateway.physics.arm import NS_PER_MS
from gateway.physics.cars import Behaviour, Layout, Leg

NS_PER_S = 1_000_000_000
HALFWAY_M = 0.4
CHAT_AT_M = 1.5
PATIENCE_MS = 8_000


class Manner:
    """A driver who drives evenly. Each method is asked once, when the thing begins, in the order in which they come."""

    cautious = False
    """True: it waits until no car is under the arm."""

    def __init__(
        self,
        behaviour: Behaviour = "through",
        speed_m_s: float = 3.0,
        patience_ms: int = PATIENCE_MS,
        chat_ms: int = 3_000,
        drags: bool = False,
    ) -> None:
        self.behaviour = behaviour
        self.distance_m = 0.4 if behaviour == "tailgate" else 1.0
        """How far it stays behind the car ahead."""
        self._speed_m_s = speed_m_s
        self._patience_ms = patience_ms
        self._chat_ms = chat_ms
        self._drags = drags

    def comes(self, front_m: float, layout: Layout) -> list[Leg]:
        """Up to the line."""
        return self._legs(front_m, layout.stop_m)

    def shows_ms(self) -> int:
        """How long it stands at the line before it shows its card."""
        return 0

    def patience_ms(self) -> int:
        """How long it waits at the line for the arm."""
        return self._patience_ms

    def reacts_ms(self) -> int:
        """How long after the arm is up it moves; one that rams: after it has come to the line."""
        return 1_000 if self.behaviour == "back_off" else 0

    def goes(self, front_m: float, layout: Layout) -> list[Leg]:
        """From the line, or from under the arm, through the barrier and off the last loop."""
        if self.behaviour == "chat":
            stands = Leg(CHAT_AT_M, self._chat_ms * NS_PER_MS)
            return [*self._legs(front_m, CHAT_AT_M), stands, *self._legs(CHAT_AT_M, layout.end_m)]
        return self._legs(front_m, layout.end_m)

    def turns_round(self, front_m: float, layout: Layout) -> list[Leg]:
        """From the line to the middle of the safety loop, and back off the loop."""
        return self._legs(front_m, HALFWAY_M, layout.safety[0])

    def leaves(self, front_m: float, layout: Layout) -> list[Leg]:
        """Backwards off the near loop."""
        return self._legs(front_m, layout.near[0])

    def drags(self) -> bool:
        """Whether it drags the shaft along when it tears the arm off."""
        return self._drags

    def _legs(self, *points_m: float) -> list[Leg]:
        return [
            Leg(to_m, int(abs(to_m - from_m) / self._speed_m_s * NS_PER_S))
            for from_m, to_m in itertools.pairwise(points_m)
        ]
