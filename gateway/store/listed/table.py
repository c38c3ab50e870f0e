"""The lists of vehicles as the projections know them. `key` is the plate, or the low 24 bits of the card as text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.events import Listed
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import ListedView
from gateway.store.passes.credentials import LOW_24, LOW_32, CardBits, card_number, normal_card, normal_plate
from gateway.store.times import parse_wall_ns

ENTRIES_MAX = 5_000
"""Entries of all lists together; a further one is refused."""
FOUND_MAX = 16
"""Entries of one vehicle at most; more are not looked at."""

Select = Callable[..., list[Any]]


# ---- what rows change ------------------------------------------------------------------------------------------------


def added(db: apsw.Connection, sequence: int, row: rows.ListedAdded) -> None:
    """A vehicle was put on a list."""
    key = _key(row.credential.kind, row.credential.value)
    if key is None:
        return
    view = ListedView(
        entry=row.entry, list_=row.list_, kind=row.credential.kind, value=row.credential.value, reason=row.reason,
        until=row.until, by=row.by,
    )  # fmt: skip
    values = (row.entry, row.list_, row.credential.kind, key, row.credential.value, parse_wall_ns(row.until), sequence)
    db.execute(
        "INSERT OR REPLACE INTO listed VALUES(?, ?, ?, ?, ?, ?, ?, ?)", (*values, msgspec.json.encode(view).decode())
    )


def removed(db: apsw.Connection, row: rows.ListedRemoved) -> None:
    """A vehicle was taken off a list."""
    db.execute("DELETE FROM listed WHERE entry = ?", (row.entry,))


def prune(db: apsw.Connection, now_wall_ns: int) -> None:
    """Delete entries that have ended."""
    db.execute("DELETE FROM listed WHERE until_ns <= ?", (now_wall_ns,))


# ---- what is asked ---------------------------------------------------------------------------------------------------


def of_vehicle(select: Select, shown: Collection[Credential], card_bits: CardBits) -> tuple[Listed, ...]:
    """The entries with one of these plates and cards."""
    keys = {key: one for one in shown if (key := _key(one.kind, one.value)) is not None}
    if not keys:
        return ()
    found = select(
        f"SELECT entry, list, until_ns, kind, value FROM listed WHERE key IN carray(?) LIMIT {FOUND_MAX}",
        (apsw.carray(tuple(keys)),),
    )
    return tuple(
        [
            Listed(entry, kind, until_ns)
            for entry, kind, until_ns, of, value in found
            if of == "plate" or any(_same_card(one.value, value, card_bits) for one in shown if one.kind == "card")
        ]
    )


def entries(select: Select, list_: str, now_ns: int, after: str = "", limit: int = 1000) -> Sequence[ListedView]:
    """The entries of a list (without one: of all) that have not ended, in order of id."""
    found = select(
        "SELECT document FROM listed WHERE (list = ? OR ? = '') AND until_ns > ? AND entry > ? ORDER BY entry LIMIT ?",
        (list_, list_, now_ns, after, limit),
    )
    return [msgspec.json.decode(document, type=ListedView) for (document,) in found]


def entry(select: Select, entry_id: str) -> ListedView | None:
    """The entry of that id; None when it is not known, or no longer."""
    found = select("SELECT document FROM listed WHERE entry = ?", (entry_id,))
    return msgspec.json.decode(found[0][0], type=ListedView) if found else None


def count(select: Select, now_ns: int) -> int:
    """How many entries have not ended."""
    return int(select("SELECT count(*) FROM listed WHERE until_ns > ?", (now_ns,))[0][0])


def credentials(kind: str, value: str, plates: Collection[str], cards: Collection[str]) -> Iterator[Credential]:
    """What a vehicle is known by: what it has shown, and the plates and cards of its pass."""
    if kind in ("plate", "card"):
        yield Credential(kind, value)
    for plate in plates:
        yield Credential("plate", plate)
    for card in cards:
        yield Credential("card", card)


def _key(kind: str, value: str) -> str | None:
    if kind == "plate":
        return normal_plate(value)
    try:
        return f"{card_number(normal_card(value)) & LOW_24}"
    except ValueError:
        return None


def _same_card(shown: str, listed: str, card_bits: CardBits) -> bool:
    one, other = normal_card(shown), normal_card(listed)
    if card_bits == "full":
        return one == other
    mask = LOW_24 if card_bits == 24 else LOW_32
    return card_number(one) & mask == card_number(other) & mask
