"""The ops about lists of vehicles; the clerk's thread serves them.

An entry is a journal row; which vehicle is on a list follows from the projections. The answer comes when they have it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from gateway.core.vocabulary.errors import ListedError, NotFoundError, StorageError
from gateway.core.vocabulary.rows import ListedAdded, ListedRemoved, Row
from gateway.core.vocabulary.views import ListedView
from gateway.engine.listed.requests import ListedAdd, ListedRemove
from gateway.engine.socket.requests import Change, read
from gateway.store.listed.check import Entry, check_entry, said_of
from gateway.store.listed.table import ENTRIES_MAX


class Lists(Protocol):
    """The needed part of `State`."""

    def listed_entry(self, entry: str) -> ListedView | None:
        """The entry of that id."""

    def listed_count(self, now_ns: int) -> int:
        """How many entries the lists have together."""


class ListedOps:
    """Puts vehicles on a list, and takes them off."""

    def __init__(
        self,
        lists: Lists,
        journal: Callable[[Row], int | None],
        wall_ns: Callable[[], int],
        applied: Callable[[int | None], None],
        degraded: Callable[[], str],
    ) -> None:
        """As of `VisitOps`."""
        self._lists = lists
        self._journal = journal
        self._wall_ns = wall_ns
        self._applied = applied
        self._degraded = degraded
        self.ops: dict[str, Callable[[dict[str, Any]], Any]] = {
            "listed.add": self._add,
            "listed.remove": self._remove,
        }

    def _add(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(ListedAdd, params)
        self._must_be_kept()
        now_ns = self._wall_ns()
        found = _checked(asked.entries, now_ns)
        if self._lists.listed_count(now_ns) + len(found) > ENTRIES_MAX:
            raise ListedError(f"the lists hold at most {ENTRIES_MAX} vehicles together; take off those that are over")
        ids, sequence = [], None
        for number, entry in enumerate(found):
            ids.append(f"l{now_ns // 1_000_000:012x}-{number:03x}{secrets.token_hex(3)}")
            sequence = self._journal(ListedAdded(entry=ids[-1], **entry.fields(), **_who(asked, asked.station)))
        self._applied(sequence)
        return {"entries": ids}

    def _remove(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(ListedRemove, params)
        self._must_be_kept()
        if self._lists.listed_entry(asked.entry) is None:
            raise NotFoundError(f"no list of vehicles has an entry {asked.entry!r}")
        self._applied(self._journal(ListedRemoved(entry=asked.entry, **_who(asked, asked.station))))
        return {"entry": asked.entry}

    def _must_be_kept(self) -> None:
        """StorageError while the disk takes no rows: the gate would not know of this, though it was answered."""
        if wrong := self._degraded():
            raise StorageError(f"nothing about lists of vehicles can be kept ({wrong}); free space, then send it again")


def _checked(documents: Sequence[dict[str, Any]], now_ns: int) -> list[Entry]:
    """The entries; ListedError names the first that is wrong by its place among several."""
    found = []
    for number, document in enumerate(documents, 1):
        try:
            found.append(check_entry(said_of(document), now_ns))
        except ListedError as error:
            place = f"entry {number}: " if len(documents) > 1 else ""
            raise ListedError(f"{place}{error}") from None
    return found


def _who(asked: Change, station: str) -> dict[str, Any]:
    return {**asked.who, "station": station or None}
