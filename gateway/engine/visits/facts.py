"""What the core must know of a correction: looked up beside the core, which adds what happened since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import StorageError, VisitError
from gateway.core.vocabulary.events import ExpectedVisit, InsideFacts, OpenVisit, VisitCommandReceived
from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.credentials import CardBits
from gateway.store.visits.check import checked_plate


class Visits(Protocol):
    """The needed part of `State`."""

    def inside_facts(self, visit: str = "") -> InsideFacts:
        """What the projections know of the number of cars, and of that visit."""

    def open_visits(self, pass_id: str | None, credential: str | None = None) -> tuple[OpenVisit, ...]:
        """The open visits of a pass, or of a plate without one."""

    def expected(self, kind: str, value: str, card_bits: CardBits = "full") -> tuple[ExpectedVisit, ...]:
        """Who is expected, or inside, by a plate or the id of a visit."""


class Registry(Protocol):
    """The needed part of `PassRegistry`."""

    def find(self, kind: str, value: str, card_bits: CardBits = "full") -> tuple[Pass, ...]:
        """The passes that a plate belongs to."""


class CorrectionFacts:
    """Adds the facts to corrections; in the desk's thread. `degraded`: why the disk takes no rows, empty if it does."""

    def __init__(
        self,
        settings: Settings,
        visits: Visits,
        registry: Registry,
        wall_ns: Callable[[], int],
        degraded: Callable[[], str],
    ) -> None:
        self._visits = visits
        self._registry = registry
        self._wall_ns = wall_ns
        self._degraded = degraded
        self.settings_changed(settings)

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on; from any thread."""
        self._card_bits: CardBits = settings.site.card_bits

    def of(self, asked: VisitCommandReceived) -> VisitCommandReceived:
        """The correction with its facts; StorageError while the disk takes no rows, VisitError for a wrong plate."""
        if wrong := self._degraded():
            raise StorageError(f"no correction can be kept ({wrong}); free space, then send it again")
        return self._declared(asked) if asked.verb == "came" else _with(asked, self._visits.inside_facts(asked.visit))

    def _declared(self, asked: VisitCommandReceived) -> VisitCommandReceived:
        plate = checked_plate(asked.plate) or ""
        if not plate and not asked.visit:
            raise VisitError("say the plate of the car, or the visit of an expected visitor")
        passes = self._registry.find("plate", plate, self._card_bits) if plate else ()
        if plate and not asked.visit and not passes:
            asked = msgspec.structs.replace(asked, visit=self._visitor_with(plate))
        asked = msgspec.structs.replace(asked, plate=plate)
        facts = self._visits.inside_facts(asked.visit)
        expected = self._visits.expected("visit", asked.visit) if asked.visit else ()
        stays = [stay for one in passes for stay in self._visits.open_visits(one.id)]
        if plate and not passes:
            stays = list(self._visits.open_visits(None, plate))
        more = {"passes": passes, "stays": tuple(stays), "expected": expected[0] if expected else None}
        return _with(asked, msgspec.structs.replace(facts, **more))

    def _visitor_with(self, plate: str) -> str:
        """The visit of the visitor who may come by this plate now; empty for none."""
        now_ns = self._wall_ns()
        coming = (one for one in self._visits.expected("plate", plate, self._card_bits) if not one.entered)
        return next((one.visit for one in coming if one.from_ns <= now_ns < one.until_ns), "")


def _with(asked: VisitCommandReceived, facts: InsideFacts) -> VisitCommandReceived:
    return msgspec.structs.replace(asked, facts=facts)
