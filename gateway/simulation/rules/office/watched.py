"""`watched`: the control room hears of a watched vehicle. (That its driver notices nothing, the core's twin sees.)"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary.rows import AlarmRaised, PassageEntered, PassageExited, Row, WatchSeen
from gateway.core.vocabulary.rows.base import Credential
from gateway.physics.arm import LONG_AGO_NS, NS_PER_MS
from gateway.simulation.rules.known import Barrier, Known, OnRow
from gateway.simulation.story.holders import pass_of

LATELY_MS = 300_000
"""A car was read at its lane within this time before it passes."""


class WatchRules:
    """Knows the watch list as the office was answered, and of which vehicles the control room has heard."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._entries: dict[str, tuple[Credential, int]] = {}
        self._told: dict[tuple[str, str], int] = {}

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at."""
        return {WatchSeen: self._seen, PassageEntered: self._passed, PassageExited: self._passed}

    def watches(self, entry: str, credential: Credential) -> None:
        """An entry is on the list."""
        self._entries[entry] = credential, self._known.world.now_ns

    def forgets(self, entry: str) -> None:
        """An entry is taken off the list."""
        self._entries.pop(entry, None)

    def handled(self, todo: Sequence[c.Command]) -> None:
        """With its row comes its alarm."""
        rows = [one.row for one in todo if type(one) is c.Append]
        seen = [row.lane for row in rows if isinstance(row, WatchSeen)]
        alarmed = [row.lane for row in rows if isinstance(row, AlarmRaised) and row.kind == "watched"]
        if seen != alarmed:
            raise self._known.broken("watched", f"seen at {seen}, alarmed at {alarmed}")

    def _seen(self, _barrier: Barrier, row: WatchSeen, now_ns: int) -> None:
        self._told[(row.lane, row.entry)] = now_ns

    def _passed(self, barrier: Barrier, row: PassageEntered | PassageExited, now_ns: int) -> None:
        """A car that was read passes: if it is watched, the control room has heard of it at this lane."""
        since_ns = now_ns - LATELY_MS * NS_PER_MS
        if row.credential is None or self._known.went_down_since(since_ns) or barrier.gate.troubled(0):
            return
        for entry, (watched, at_ns) in self._entries.items():
            if at_ns > since_ns or watched not in _shown_by(row):
                continue
            if self._told.get((row.lane, entry), LONG_AGO_NS) < since_ns:
                what = f"{row.lane}: {row.credential} passes, and nobody was told of {watched}"
                raise self._known.broken("watched", what)


def _shown_by(row: PassageEntered | PassageExited) -> list[Credential]:
    """What the car of a row is known by: what was read, and the card and plate of its pass."""
    assert row.credential is not None
    found = [row.credential]
    if row.pass_ is not None and row.credential.kind != "qr":
        family, _, who = row.pass_.partition("-")
        known = pass_of(family, int(who), lost=False)
        found += [Credential("card", card) for card in known.cards] + [Credential("plate", one) for one in known.plates]
    return found
