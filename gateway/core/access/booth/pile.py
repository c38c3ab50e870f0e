"""A card from the pile: a booth's screen waits for it, and the next unknown card at its lane is for the visitor.

Such a card opens nothing, with or without the screen that waits, so no car can come in by it unseen. A card of a pass
or of another visitor is decided on as ever, and the screen is shown that it is none from the pile.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gateway.core.settings.model import Lane
from gateway.core.vocabulary.events import CredentialRead
from gateway.core.vocabulary.turn import NS_PER_S
from gateway.core.vocabulary.views import PileCard

AWAITED_S = 60
"""A screen repeats that it waits every 20 s; without news for this long it is off."""
STATIONS_MAX = 64


class _Awaited(msgspec.Struct):
    """What a station waits for, until then; `card` once it was read, `wrong` why another one is not from the pile."""

    station: str
    lane: str
    by: str
    until_ns: int = 0
    card: str | None = None
    wrong: str | None = None


class PileCards:
    """The screens that wait for a card, by station."""

    def __init__(self) -> None:
        self._awaited: dict[str, _Awaited] = {}

    def await_at(self, station: str, lane: str, by: str, now_ns: int) -> None:
        """A screen waits at a lane, or goes on waiting; an empty lane: it waits no more."""
        before = self._awaited.pop(station, None)
        if not lane:
            return
        same = before is not None and before.lane == lane and before.until_ns > now_ns
        kept = before if same and before is not None else _Awaited(station, lane, by)
        kept.until_ns = now_ns + AWAITED_S * NS_PER_S
        self._awaited[station] = kept
        while len(self._awaited) > STATIONS_MAX:
            self._awaited.pop(next(iter(self._awaited)))

    def takes(self, lanes: Sequence[Lane], read: CredentialRead, now_ns: int) -> bool:
        """Whether the read is the card that a screen at one of these lanes waits for; then it is kept for it."""
        if read.kind != "card" or read.again or read.long_range or read.fault:
            return False
        found = self._waiting({lane.id for lane in lanes}, now_ns)
        if found is None:
            return False
        found.wrong = "known" if read.passes else "out" if read.expected else None
        if found.wrong is None:
            found.card = read.value
        return found.wrong is None

    def view(self, lane: str, now_ns: int) -> PileCard | None:
        """What a screen that waits at a lane sees; None while none waits."""
        found = self._waiting({lane}, now_ns)
        return PileCard(station=found.station, by=found.by, card=found.card, wrong=found.wrong) if found else None

    def lanes(self) -> set[str]:
        """The lanes at which a screen waits, or has waited a moment ago."""
        return {one.lane for one in self._awaited.values()}

    def _waiting(self, lanes: set[str], now_ns: int) -> _Awaited | None:
        """The newest that waits at one of these lanes."""
        waiting = [one for one in self._awaited.values() if one.lane in lanes and one.until_ns > now_ns]
        return waiting[-1] if waiting else None
