"""The decision table of a start: what is found of each store, and what is done about it.

Each finding of a store is in exactly one row (a test walks all combinations). Damage in the middle of the journal is
not looked for, since a start must not take longer for a long journal: such a journal is sound at its end, and
`gatehouse verify` finds the bad row. A journal that was written again has other hashes up to its end: one row for each
head that others know shows it, before new rows and new heads cover it up.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Store(StrEnum):
    """What a start needs. `side` are the files that a process can do without: `uplink.db` and `web.db`."""

    DISK = "disk"
    JOURNAL = "journal.db"
    STATE = "state.db"
    REGISTRY = "registry.db"
    SIDE = "uplink.db, web.db"


class Found(StrEnum):
    """What a look at a store says."""

    SOUND = "sound"
    MISSING = "missing"
    EMPTY = "empty"
    FOREIGN = "another database"
    NEWER = "of a newer version"
    DAMAGED = "pages, header or schema damaged"
    NO_ID = "no journal id"
    LAST_ROW_CHANGED = "last row changed"
    ROWS_GONE = "ends before rows that others have"
    ROWS_REWRITTEN = "a row that others have is another one"
    ROW_UNREADABLE = "a row that the projections lack is unreadable"
    OUT_OF_REACH = "disk full, read-only, held or failing"
    ROOM = "room"
    FULL = "full, the reserve is there"
    FULL_WITHOUT_RESERVE = "full, no reserve"


class Treatment(StrEnum):
    """What is done."""

    OPEN = "open it"
    TRY = "open it; an error ends the start, which is tried again"
    REFUSE = "leave it alone and do not start"
    BEGIN = "set it aside if it is there, begin another journal with what is known"
    MAKE_AGAIN = "set it aside, make it again from the journal"
    SALVAGE = "set it aside if it is there, go on with the passes that can be read"
    BEGIN_EMPTY = "set it aside, begin an empty one"
    GIVE_UP = "delete the reserve for this start"


class Row(msgspec.Struct, frozen=True):
    """One row: `journaled` are the types of the rows that report it."""

    label: str
    store: Store
    found: tuple[Found, ...]
    do: Treatment
    journaled: tuple[str, ...] = ()


_TOLD = ("storage.degraded", "alarm.raised", "storage.restored", "alarm.returned")
_NO_DATABASE = (Found.MISSING, Found.EMPTY, Found.FOREIGN, Found.DAMAGED)

ROWS = (
    Row("disk-room", Store.DISK, (Found.ROOM,), Treatment.OPEN),
    Row("disk-full", Store.DISK, (Found.FULL,), Treatment.GIVE_UP),
    Row("disk-full-no-reserve", Store.DISK, (Found.FULL_WITHOUT_RESERVE,), Treatment.TRY),
    Row("journal-sound", Store.JOURNAL, (Found.SOUND,), Treatment.OPEN),
    Row("journal-newer", Store.JOURNAL, (Found.NEWER,), Treatment.REFUSE),
    Row("journal-out-of-reach", Store.JOURNAL, (Found.OUT_OF_REACH,), Treatment.TRY),
    Row("journal-unusable", Store.JOURNAL, (*_NO_DATABASE, Found.NO_ID), Treatment.BEGIN, _TOLD),
    Row("journal-last-row", Store.JOURNAL, (Found.LAST_ROW_CHANGED,), Treatment.BEGIN, _TOLD),
    Row("journal-rows-gone", Store.JOURNAL, (Found.ROWS_GONE,), Treatment.BEGIN, _TOLD),
    Row("journal-rows-rewritten", Store.JOURNAL, (Found.ROWS_REWRITTEN,), Treatment.BEGIN, _TOLD),
    Row("journal-row-unreadable", Store.JOURNAL, (Found.ROW_UNREADABLE,), Treatment.BEGIN, _TOLD),
    # A file that is not there, or empty, is made by opening it.
    Row("state-sound", Store.STATE, (Found.SOUND, Found.MISSING, Found.EMPTY), Treatment.OPEN),
    Row("state-newer", Store.STATE, (Found.NEWER,), Treatment.REFUSE),
    Row("state-out-of-reach", Store.STATE, (Found.OUT_OF_REACH,), Treatment.TRY),
    Row("state-damaged", Store.STATE, (Found.FOREIGN, Found.DAMAGED), Treatment.MAKE_AGAIN),
    Row("registry-sound", Store.REGISTRY, (Found.SOUND,), Treatment.OPEN),
    Row("registry-newer", Store.REGISTRY, (Found.NEWER,), Treatment.REFUSE),
    Row("registry-out-of-reach", Store.REGISTRY, (Found.OUT_OF_REACH,), Treatment.TRY),
    Row("registry-unusable", Store.REGISTRY, _NO_DATABASE, Treatment.SALVAGE, _TOLD),
    Row("side-sound", Store.SIDE, (Found.SOUND, Found.MISSING, Found.EMPTY), Treatment.OPEN),
    Row("side-newer", Store.SIDE, (Found.NEWER,), Treatment.REFUSE),
    Row("side-out-of-reach", Store.SIDE, (Found.OUT_OF_REACH,), Treatment.TRY),
    Row("side-damaged", Store.SIDE, (Found.FOREIGN, Found.DAMAGED), Treatment.BEGIN_EMPTY),
)

_BY_FINDING = {(row.store, found): row for row in ROWS for found in row.found}


def row_for(store: Store, found: Found) -> Row:
    """The row of a finding; KeyError for one that this store cannot have."""
    return _BY_FINDING[store, found]


def treatment(store: Store, found: Found) -> Treatment:
    """What is done about a finding."""
    return row_for(store, found).do
