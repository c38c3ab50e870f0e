"""Finding passes by any part of a holder, unit, id, plate or card number, by pinyin initials, and by kind and end.

A part of a word cannot be found by an ordinary index, and an index of all parts would be larger than the passes. So the
table `search` holds one short line for each pass, 256 to a row, in the form in which queries are compared: a million
passes are 4,000 rows, of which a query skips the most by one comparison each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import apsw
import msgspec

from gateway.store.passes.credentials import normal_card, normal_cards, normal_plate, normal_plates
from gateway.store.passes.rows import FIELD, HEAD, NO_END, comparable, decode, lines_of

BLOCK = 256
"""Passes by row number that one row of `search` holds; part of the schema."""
WORDS_MAX = 16
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ENDS = re.compile(rb"\x1e.([^\x1f]*)\x1f")
_LAST = "\x7f"
"""Behind all ids."""

Select = Callable[[str, tuple[Any, ...]], Sequence[Any]]


# ---- writing -----------------------------------------------------------------------------------------------------


class Blocks:
    """Collects the lines of new passes with ascending numbers, and writes each block once."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._block = -1
        self._lines: list[str] = []
        self._ids: list[str] = []

    def add(self, number: int, ids: Sequence[str], lines: Sequence[str]) -> None:
        """The next passes, whose numbers follow one another from this one."""
        done = 0
        while done < len(ids):
            block, place = divmod(number + done, BLOCK)
            if block != self._block:
                self.flush()
                self._block = block
            some = slice(done, done + BLOCK - place)
            self._ids += ids[some]
            self._lines += lines[some]
            done += BLOCK - place

    def flush(self) -> None:
        """Write what was collected."""
        if self._lines:
            text = "\n".join(self._lines).encode()
            row = (self._block, min(self._ids), max(self._ids), text)
            self._db.execute("INSERT OR REPLACE INTO search VALUES(?, ?, ?, ?)", row)
            self._lines, self._ids = [], []


def rebuild(db: apsw.Connection, blocks: Iterable[int]) -> None:
    """Write these blocks anew from the passes that they have."""
    for block in blocks:
        db.execute("DELETE FROM search WHERE block = ?", (block,))
        _write(db, (block * BLOCK, block * BLOCK + BLOCK - 1))


def complete(db: apsw.Connection) -> None:
    """Write all blocks of a registry from before there were any; in a transaction of the caller."""
    if db.execute("SELECT NOT EXISTS(SELECT 1 FROM search)").get:
        _write(db, (0, db.execute("SELECT coalesce(max(number), 0) FROM passes").get))


def _write(db: apsw.Connection, between: tuple[int, int]) -> None:
    blocks = Blocks(db)
    rows: Any = db.execute("SELECT number, document FROM passes WHERE number BETWEEN ? AND ? ORDER BY number", between)
    for number, document in rows:
        one = decode(document)
        blocks.add(number, (one.id,), lines_of([one], normal_cards([one]), normal_plates([one])))
    blocks.flush()


# ---- finding -----------------------------------------------------------------------------------------------------


class Wanted(msgspec.Struct, frozen=True):
    """What is looked for: a text (empty: any), a kind, and days between which the end is written.

    `apart`: each word of the text in a place of its own, instead of the text as a whole.
    """

    text: str = ""
    kind: str = ""
    days: tuple[str, str] | None = None
    apart: bool = False

    def compiled(self) -> Matcher:
        """Itself, ready to be compared."""
        words = self.text.split()[:WORDS_MAX]
        patterns = tuple(map(_forms, words if self.apart else [" ".join(words)] if words else []))
        return Matcher(patterns, self.kind[:1].encode(), self.days)


def _forms(text: str) -> tuple[bytes, ...]:
    """The forms of a text that a line may have: as it is, as a plate, as a whole card number."""
    found = [comparable(text)]
    plate = normal_plate(text)
    if plate and (text.isalnum() or not plate.isdigit()):
        found.append(comparable(plate))
    try:
        found.append(f"{FIELD}{comparable(normal_card(text))}{FIELD}")
    except ValueError:
        pass
    return tuple(one.encode() for one in dict.fromkeys(found))


class Matcher(msgspec.Struct, frozen=True):
    """Compares blocks and their lines: each pattern must be there in one of its forms."""

    patterns: tuple[tuple[bytes, ...], ...]
    kind: bytes
    days: tuple[str, str] | None

    def ids(self, block: bytes, after: str, before: str) -> list[str]:
        """The ids of the lines of a block that fit, between these two."""
        if not self._may_fit(block):
            return []
        # A line begins with its id, behind which comes less than any character of an id.
        low, high = f"{after}{FIELD}".encode(), before.encode()
        return [found for line in block.split(b"\n") if low < line < high and (found := self._id(line))]

    def _may_fit(self, block: bytes) -> bool:
        if not self._fits(block) or HEAD.encode() + self.kind not in block:
            return False
        return self.days is None or any(map(self._ends, map(bytes.decode, _ENDS.findall(block))))

    def _fits(self, text: bytes) -> bool:
        return all(any(map(text.__contains__, forms)) for forms in self.patterns)

    def _id(self, line: bytes) -> str:
        """The id of a line that fits; else empty."""
        head, mark, searched = line.partition(FIELD.encode())
        if not self._fits(mark + searched):
            return ""
        id_, _, rest = head.partition(HEAD.encode())
        if not rest.startswith(self.kind) or not self._ends(rest[1:].decode()):
            return ""
        return id_.decode()

    def _ends(self, day: str) -> bool:
        if self.days is None:
            return True
        if day == NO_END:
            return False
        return not _DAY.fullmatch(day) or self.days[0] <= day <= self.days[1]


def found_ids(select: Select, wanted: Wanted, after: str, limit: int) -> list[str]:
    """The first ids behind `after` that fit, in order.

    Several words are looked for as they are, and each in a place of its own if no pass has them so.
    """
    if len(wanted.text.split()) > 1 and not _found(select, wanted, "", 1):
        wanted = msgspec.structs.replace(wanted, apart=True)
    return _found(select, wanted, after, limit)


def _found(select: Select, wanted: Wanted, after: str, limit: int) -> list[str]:
    """Each block is read in a transaction of its own, so that a long search delays no other."""
    matcher = wanted.compiled()
    blocks = select("SELECT low, block FROM search WHERE high > ? ORDER BY low", (after,))
    found: list[str] = []
    for low, block in blocks:
        if len(found) == limit and low > found[-1]:
            break
        for (lines,) in select("SELECT lines FROM search WHERE block = ?", (block,)):
            before = found[-1] if len(found) == limit else _LAST
            if fresh := matcher.ids(lines, after, before):
                found = sorted(found + fresh)[:limit]
    return found
