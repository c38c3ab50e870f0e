"""The clerk of the box: the product's ops about visitors, slips, lists of vehicles and drivers without a card.

In the engine they wait in a thread of their own for the disk; here the disk takes the row at once, or is late.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.core.payments.bills import CountryDays
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.events import StayCommandReceived
from gateway.core.vocabulary.rows.base import Row
from gateway.engine.identities.ops import IdentityOps
from gateway.engine.identities.requests import StayCommand
from gateway.engine.journal_thread.entries import Entry
from gateway.engine.listed.ops import ListedOps
from gateway.engine.slips.ops import SlipOps
from gateway.engine.socket.requests import read
from gateway.engine.visits.ops import VisitOps
from gateway.engine.visits.prices import Prices
from gateway.simulation.story.holders import codes
from gateway.store.identities.identities import Identities
from gateway.store.journal.writer import Row as Written

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box


class BoxClerk:
    """Lives as long as a run: what its ops remember is gone with it."""

    def __init__(self, box: Box, folder: Path, told: Callable[[Row], None]) -> None:
        """`told` hears of each row."""
        self._box = box
        self._told = told
        self._files = Identities(folder / "identities.db", folder / "identities.key")
        self._stays: dict[str, StayCommand] = {}
        self.kept = True
        """Whether the last row was durable when it was answered."""
        ways = (self._journal, lambda: box.clock.now().wall_ns, self._applied, lambda: self._degraded)
        state, (journal, wall_ns, applied, degraded) = box.state, ways
        prices = Prices(state, box.registry, CountryDays, wall_ns, lambda: None)
        visits = VisitOps(state, codes(folder), journal, wall_ns, applied, degraded, prices)
        slips, listed = SlipOps(state, *ways), ListedOps(state, *ways)
        self._identities = IdentityOps(
            self._files, lambda visit: bool(state.stay(visit)), journal, wall_ns, lambda: box.world.now_ns
        )
        for ops in (visits, slips, self._identities):
            ops.settings_changed(box.settings)
        self._ops = {**visits.ops, **slips.ops, **listed.ops, **self._identities.ops}

    def close(self) -> None:
        """The run is over."""
        self._files.close()

    @property
    def _degraded(self) -> str:
        recorder = self._box.recorder
        return recorder.degraded if recorder is not None else "the engine is down"

    def call(self, op: str, **params: Any) -> dict[str, Any] | None:
        """The answer of an op; None when it is refused."""
        try:
            answer: dict[str, Any] = self._ops[op](params)
        except GatehouseError:
            return None
        return answer

    def stay(self, **params: Any) -> StayCommandReceived | None:
        """What a person says of a car without a card, for the core; None when the check is not so far."""
        asked = read(StayCommand, params)
        try:
            self._identities.must_fit(asked)
        except GatehouseError:
            return None
        self._stays[asked.request] = asked
        return asked.event()

    def replied(self, reply: Reply) -> None:
        """The core has replied; a car that was released or refused ends the check of its driver."""
        asked = self._stays.pop(reply.request, None)
        if asked is not None and reply.status == "done":
            self._identities.ended(asked)

    def _journal(self, row: Row) -> int | None:
        box, sequences = self._box, list[int | None]()
        if box.recorder is None:
            return None
        made = Written.of(row, box.settings.gateway.id, box.clock.now())
        box.recorder.submit([Entry(made, done=sequences.append)])
        box.recorder.write_now()
        self.kept = bool(sequences and sequences[0])
        self._told(row)
        return sequences[0] if sequences else None

    def _applied(self, sequence: int | None) -> None:
        if sequence is not None:
            self._box.state.catch_up(self._box.reader)
