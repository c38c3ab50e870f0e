"""A third lane of the demo that stands at the gate and is in no setting: a reader and a board, left to be discovered.

While the gateway searches, a person holds a card to the reader. A car comes now and then, so that a loop can be learnt
by driving over it; once the lane is set up, its card opens it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drivers.sim.site import SimSite
from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError

LANE = "side"
LOOK_EVERY_S = 0.5
CAR_EVERY_S = 20.0


class Unwired:
    """The lane, its wires and its visitors."""

    def __init__(self, folder: Path, card: str) -> None:
        """`card`: what is held to the reader; of a resident, so that it opens the lane once that is set up."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._card = card
        self._site = SimSite(folder, {LANE: "entry"}, wire="rtu")
        self._look_s = self._car_s = 0.0

    def start(self) -> None:
        """Serve the wires."""
        self._site.start()

    def stop(self) -> None:
        """End everything."""
        self._site.stop()

    def turn(self, now_s: float, client: Client) -> None:
        """Called a few times a second."""
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_EVERY_S
            if _searches(client):
                self._site.readers[LANE].present(self._card, 3)
        if now_s >= self._car_s and self._site.world.empty(LANE):
            self._car_s = now_s + CAR_EVERY_S
            self._site.world.car(LANE, self._card)

    def words(self) -> str:
        """What is left to be discovered, for the greeting."""
        return "a reader and a board of a third lane, which no setting has yet"


def _searches(client: Client) -> bool:
    try:
        told: dict[str, Any] = client.call("discover.state", timeout_s=2.0)
    except GatehouseError:
        return False
    return bool(told["state"] == "running")
