"""The journals that a journal goes on from after restores, and where a position in one of them is in this one.

A restore keeps the rows of the backup with their bytes, so with the ids of the journal that wrote them; sequence and
chain go on under a new id, behind a row `journal.restored`. A journal may have been restored several times.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

KEY = "ancestors"
"""The key in the journal's table `meta`."""


class Ancestor(msgspec.Struct, frozen=True, gc=False):
    """A journal that was restored: its id, its last row that was in the backup, and the hash of that row."""

    journal: str
    last: int
    head: str


class Lineage(msgspec.Struct, frozen=True):
    """A journal's id, and the ids that its older rows have, oldest first."""

    journal: str
    ancestors: tuple[Ancestor, ...] = ()

    @classmethod
    def of(cls, meta: Mapping[str, str]) -> Lineage:
        """As the table `meta` has it."""
        text = meta.get(KEY)
        return cls(meta.get("journal", ""), msgspec.json.decode(text, type=tuple[Ancestor, ...]) if text else ())

    def restored_as(self, journal: str, last: int, head: str) -> Lineage:
        """The lineage of the journal that goes on behind `last`."""
        return Lineage(journal, (*self.ancestors, Ancestor(self.journal, last, head)))

    def meta(self) -> list[tuple[str, str]]:
        """The rows of the table `meta`."""
        return [("journal", self.journal), (KEY, msgspec.json.encode(self.ancestors).decode())]

    def id_of(self, sequence: int) -> str:
        """The id of the journal that has written a row."""
        return next((one.journal for one in self.ancestors if sequence <= one.last), self.journal)

    def ancestor(self, journal: str) -> Ancestor | None:
        """The ancestor of that id."""
        return next((one for one in self.ancestors if one.journal == journal), None)

    def ended_before(self, sequence: int) -> Ancestor | None:
        """The ancestor behind whose last row this sequence comes next."""
        return next((one for one in reversed(self.ancestors) if one.last == sequence - 1), None)

    def confirmed(self, journal: str, sequence: int) -> int:
        """The row of this journal up to which a consumer at that position has everything, 0 for none."""
        if journal == self.journal:
            return sequence
        found = self.ancestor(journal)
        return 0 if found is None else min(sequence, found.last)
