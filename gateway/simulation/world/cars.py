"""Cars of a story: what each one shows, and how its driver drives."""

from __future__ import annotations

import random
from typing import NamedTuple

from gateway.physics.arm import NS_PER_MS
from gateway.physics.cars import Behaviour, Layout, Leg
from gateway.physics.cars import Car as PhysicalCar
from gateway.physics.manners import HALFWAY_M, Manner
from gateway.simulation.world.side import Side

PATIENCE_MS = 25_000
RAMS_MS = 200
LENGTH_M = 4.5


class Proofs(NamedTuple):
    """What a car has to show: a card or a QR code, and the plate that a camera sees, so long after (before) the card.

    `plate` is what the camera makes of it; `telling` is how a camera that only adds to the card tells it.
    """

    card: str
    plate: str = ""
    plate_ms: int = 0
    code: str = ""
    telling: str = ""


class Told(NamedTuple):
    """What the gateway has read of a car at its lane: when, and when it was seen (ns)."""

    at_ns: int
    seen_ns: int
    kind: str
    value: str


class StoryManner(Manner):
    """A driver who throws dice: every duration is drawn when its turn comes. `at_once`: it is at the line already."""

    cautious = True

    def __init__(self, behaviour: Behaviour, chance: random.Random, shares: bool, at_once: bool = False) -> None:
        super().__init__(behaviour, patience_ms=PATIENCE_MS)
        self._chance = chance
        self._shares = shares
        self._at_once = at_once

    def comes(self, _front_m: float, layout: Layout) -> list[Leg]:
        """Onto the near loop, and at once up to the line."""
        ms = 0 if self._at_once else self._chance.randint(300, 2000)
        return [_leg(layout.near[0], ms), _leg(layout.stop_m, 0)]

    def shows_ms(self) -> int:
        """Up to one and a half seconds."""
        return self._chance.randint(200, 1500)

    def reacts_ms(self) -> int:
        """Up to one and a half seconds."""
        return RAMS_MS if self.behaviour == "ram" else self._chance.randint(300, 1500)

    def goes(self, _front_m: float, layout: Layout) -> list[Leg]:
        """Onto the safety loop at once, then leg by leg off each loop; an e-bike is gone at once."""
        if self.behaviour == "e_bike":
            return []
        chance = self._chance
        under_ms = stays_ms = 1500
        if self.behaviour != "ram":
            under_ms = chance.randint(900, 2500)
            stays_ms = chance.randint(20_000, 90_000) if self.behaviour == "chat" else chance.randint(300, 900)
        legs = [_leg(layout.safety[0], 0), _leg(layout.near[1] + LENGTH_M, under_ms)]
        off_m = layout.safety[1] + LENGTH_M
        if not self._shares or self.behaviour == "ram":
            return [*legs, _leg(off_m, stays_ms)]
        halves = _leg(layout.far[0], stays_ms // 2), _leg(off_m, stays_ms - stays_ms // 2)
        return [*legs, *halves, _leg(layout.far[1] + LENGTH_M, chance.randint(200, 1500))]

    def turns_round(self, _front_m: float, layout: Layout) -> list[Leg]:
        """Onto the safety loop, and off it backwards."""
        ms = self._chance.randint(800, 2500)
        return [_leg(layout.safety[0], 0), _leg(HALFWAY_M, ms // 2), _leg(layout.safety[0], ms - ms // 2)]

    def leaves(self, front_m: float, layout: Layout) -> list[Leg]:
        """From the line at once, from the safety loop after a while."""
        ms = self._chance.randint(1500, 4000) if front_m >= layout.safety[0] else 0
        return [_leg(layout.near[0], ms)]

    def drags(self) -> bool:
        """One in two."""
        return self._chance.random() < 0.5


def _leg(to_m: float, ms: int) -> Leg:
    return Leg(to_m, ms * NS_PER_MS)


class Car(PhysicalCar):
    """One car on its way past one lane, as it truly is; `identity` is the pass, code or number that it is known by."""

    def __init__(
        self,
        behaviour: Behaviour,
        proofs: Proofs,
        chance: random.Random,
        side: Side,
        identity: str = "",
        pass_id: str | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        manner = StoryManner(behaviour, chance, side.shares, at_once)
        super().__init__(identity, behaviour, manner, length_m=LENGTH_M, side=side.of_arm)
        self.proofs = proofs
        self.silent = not (proofs.card or proofs.plate or proofs.code)  # its driver has nothing to show
        self.chance = chance
        self.identity = identity
        self.pass_id = pass_id
        self.code = ""  # the name of its QR code
        self.alone = True  # no other car that is known by the same went anywhere meanwhile
        self.values: set[str] = set()
        self.handed: set[str] = set()  # what others showed that may be taken for its own
        self.told: list[Told] = []
        self.grants: list[str] = []
        self.refused = False
        self.released_by: str | None = None  # the grant by which a person let it pass
