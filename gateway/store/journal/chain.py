"""Checks that rows are as they were written: their chain, the columns beside the text, and the tables about them.

The hash covers the text alone. Filters read the columns, the summaries in `blocks` and the boots in `boots`, so each of
these must be what the texts say: else a row could be hidden from every filter while the chain is whole. Not seen: a
change of `wall_ns` by less than a millisecond, which the text does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import JournalBrokenError
from gateway.core.vocabulary.rows import JournalRestored, read
from gateway.store.journal.blocks import Block
from gateway.store.journal.composing import Stored
from gateway.store.journal.cursors import Gap
from gateway.store.journal.lineage import Ancestor, Lineage
from gateway.store.journal.queries import last_gap
from gateway.store.sqlite.schemas import BLOCK_ROWS
from gateway.store.times import rfc3339


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """Rows to be checked, and what the journal said about them in the same transaction.

    `boots` has the boots of these rows by their first row. `newest_block` and `newest_boot` are the last ones of their
    tables, -1 for none.
    """

    gap: Gap
    rows: list[Stored]
    summaries: Mapping[int, tuple[Any, ...]]
    boots: Mapping[int, str]
    newest_block: int
    newest_boot: int


class Summed(msgspec.Struct, frozen=True, gc=False):
    """What the rows of a block say, from row `first` of it on."""

    first: int
    block: Block

    @property
    def number(self) -> int:
        """The number of the block."""
        return self.block.number


class _Said(msgspec.Struct, frozen=True, gc=False):
    id: str
    type: str
    subject: str
    time: str
    sequence: str
    bootid: str
    uptimens: str
    prevhash: str


class _Seam(msgspec.Struct, frozen=True, gc=False):
    type: str
    data: msgspec.Raw


_SAID = msgspec.json.Decoder(_Said)


class Walk:
    """Goes from row to row, the oldest first, and checks each."""

    def __init__(self, gap: Gap) -> None:
        """Begin behind what retention has dropped."""
        self.jump(gap)

    def jump(self, gap: Gap) -> None:
        """Go on behind what retention has dropped in the meantime."""
        self.sequence, self.hash = gap.last, gap.lasthash
        self._boot: str | None = None
        self._summed: Summed | None = None

    def step(self, row: Stored, lineage: Lineage, boots: Mapping[int, str]) -> Summed | None:
        """Check the next row; JournalBrokenError. The block before it, when the row begins another one."""
        sequence = self.sequence + 1
        if sequence in boots:
            self._boot = boots[sequence]
        elif self._boot is None:
            self._boot = boots[max(before)] if (before := [first for first in boots if first < sequence]) else ""
        self.hash = check_row(row, sequence, self.hash, lineage.id_of(sequence), self._boot)
        if (ancestor := lineage.ended_before(sequence)) is not None:
            check_seam(row, ancestor)
        self.sequence = sequence
        return self._sum_up(row)

    def _sum_up(self, row: Stored) -> Summed | None:
        number, before = row[0] // BLOCK_ROWS, self._summed
        if before is None or before.block.number != number:
            self._summed = Summed(row[0], Block(number))
            self._summed.block.add((row,))
            return before
        before.block.add((row,))
        return None


def read_chain(db: apsw.Connection, after: int, limit: int) -> Stretch:
    """Rows behind `after` to be checked."""
    rows: Any = db.execute(
        "SELECT sequence, wall_ns, mono_ns, type, subject, hash, text FROM rows"
        " WHERE sequence > ? ORDER BY sequence LIMIT ?",
        (after, limit),
    ).fetchall()
    first, last = (rows[0][0], rows[-1][0]) if rows else (after, after)
    blocks: Any = db.execute(
        "SELECT block, types, low_ns, high_ns FROM blocks WHERE block BETWEEN ? AND ?",
        (after // BLOCK_ROWS, last // BLOCK_ROWS),
    )
    boots: Any = db.execute(
        "SELECT first, boot FROM boots WHERE first <= ?"
        " AND first >= coalesce((SELECT max(first) FROM boots WHERE first <= ?), 0)",
        (last, first),
    )
    return Stretch(
        last_gap(db),
        list(rows),
        {row[0]: tuple(row) for row in blocks},
        dict(boots),
        db.execute("SELECT coalesce(max(block), -1) FROM blocks").get,
        db.execute("SELECT coalesce(max(first), -1) FROM boots").get,
    )


def check_row(row: Stored, expected: int, previous: str, journal: str, boot: str) -> str:
    """The hash of a row, after checking the row."""
    sequence, wall_ns, mono_ns, kind, subject, digest, text = row
    if sequence != expected:
        raise JournalBrokenError(f"row {expected} is missing; the next one is {sequence}", expected)
    if not isinstance(text, str):
        raise JournalBrokenError(f"row {sequence} was changed: it is no text", sequence)
    found = sha256(text.encode()).digest()
    if found != digest:
        raise JournalBrokenError(f"row {sequence} was changed: its hash does not fit", sequence)
    try:
        said = _SAID.decode(text)
    except msgspec.DecodeError as error:
        raise JournalBrokenError(f"row {sequence} is not an event: {error}", sequence) from error
    if said.prevhash != previous:
        raise JournalBrokenError(
            f"row {sequence} does not follow row {sequence - 1}: one of them was changed", sequence
        )
    if said.id != f"{journal}.{sequence}" or said.sequence != f"{sequence:020d}":
        raise JournalBrokenError(f"row {sequence} calls itself {said.id}", sequence)
    fits = (
        said.type == f"gatehouse.{kind}"
        and said.subject == subject
        and said.time == _time_of(wall_ns)
        and said.uptimens == str(mono_ns)
        and said.bootid == boot
    )
    if not fits:
        raise _other_columns(row, said, boot)
    return found.hex()


def _time_of(wall_ns: Any) -> str:
    return rfc3339(wall_ns) if isinstance(wall_ns, int) else str(wall_ns)


def _other_columns(row: Stored, said: _Said, boot: str) -> JournalBrokenError:
    """The error for a row whose text is whole, and the columns that are not."""
    sequence, wall_ns, mono_ns, kind, subject, _, _ = row
    columns = (
        ("type", f"gatehouse.{kind}", said.type),
        ("subject", subject, said.subject),
        ("wall_ns", _time_of(wall_ns), said.time),
        ("mono_ns", str(mono_ns), said.uptimens),
        ("boot", boot, said.bootid),
    )
    words = ", ".join(f"{name} {found!r} for {true!r}" for name, found, true in columns if found != true)
    return JournalBrokenError(
        f"row {sequence} was changed beside its text, so filters miss it: {words}; the text is whole", sequence
    )


def check_summary(summed: Summed, stored: tuple[Any, ...] | None, gap: Gap) -> None:
    """The summary of a block must say what the rows of the block do; JournalBrokenError.

    Of a block whose first rows are dropped it may say more, and one that is dropped as a whole may have none.
    """
    true, number = summed.block.summary(), summed.number
    if stored == true or number < (gap.last + 1) // BLOCK_ROWS:
        return
    begins = summed.first == max(number * BLOCK_ROWS, 1)
    if stored is None or begins or not _covers(stored, true):
        last = number * BLOCK_ROWS + BLOCK_ROWS - 1
        found = "is missing" if stored is None else "was changed"
        raise JournalBrokenError(
            f"the summary of the rows {summed.first} to {last} {found}, so filters miss rows; their texts are whole",
            summed.first,
        )


def _covers(stored: tuple[Any, ...], true: tuple[Any, ...]) -> bool:
    _, types, low_ns, high_ns = stored
    if not (isinstance(types, str) and isinstance(low_ns, int) and isinstance(high_ns, int)):
        return False
    return set(true[1].split()) <= set(types.split()) and low_ns <= true[2] and high_ns >= true[3]


def check_end(stretch: Stretch, last: int) -> None:
    """Blocks and boots must not go on behind the last row, since they would hide the newest ones."""
    if stretch.newest_block >= max(last // BLOCK_ROWS, 1):
        first = last // BLOCK_ROWS * BLOCK_ROWS or 1
        raise JournalBrokenError(f"there is a summary of rows behind row {last}, so filters miss rows", first)
    if stretch.newest_boot > last:
        raise JournalBrokenError(f"the journal has a boot from row {stretch.newest_boot} on, and ends at {last}", last)


def check_seam(row: Stored, ancestor: Ancestor) -> None:
    """The row behind the rows of a backup must be the one that its restore wrote."""
    event = msgspec.json.decode(row[6], type=_Seam)
    said = read(event.type.removeprefix("gatehouse."), event.data)
    wanted = (ancestor.journal, ancestor.last, ancestor.head)
    if not isinstance(said, JournalRestored) or (said.predecessor, said.last, said.head) != wanted:
        raise JournalBrokenError(
            f"row {row[0]} must tell of the restore of journal {ancestor.journal}, and does not", row[0]
        )


def check_small_tables(db: apsw.Connection) -> None:
    """The pages of everything but the rows, which are all read anyway."""
    for table in ("meta", "boots", "blocks", "gaps"):
        found = [str(row[0]) for row in db.execute(f"PRAGMA quick_check({table})")]
        if found != ["ok"]:
            raise JournalBrokenError(f"the journal's file is damaged: {'; '.join(found[:3])}")
