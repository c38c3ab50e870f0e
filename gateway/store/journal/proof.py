"""Compares a journal with the heads that others know of it: the projections, the uplink, clients, a person outside.

The chain alone cannot show that its end was cut off, or that all of it was written again. A head that is known
elsewhere shows both, for all rows up to its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.vocabulary.errors import JournalBrokenError
from gateway.store.journal.heads import Head, HeadError, parse_head
from gateway.store.journal.lineage import Lineage
from gateway.store.sqlite.database import peek


class KnownHead(msgspec.Struct, frozen=True):
    """A head and who knows it, in words; `journal` is empty for one that any journal may have.

    Its hash is empty where only the position was noted, as by an earlier version: then the row must be there.
    """

    by: str
    journal: str
    head: Head


class Skipped(msgspec.Struct, frozen=True):
    """A head that could not be compared, and why."""

    by: str
    sequence: int
    reason: str


class Proof(msgspec.Struct, frozen=True):
    """What a journal was compared with: the heads that fit, by sequence, and those that could not be compared."""

    fits: Sequence[KnownHead]
    skipped: Sequence[Skipped]

    @property
    def last(self) -> int:
        """The last row that a head proves, 0 for none."""
        return max((known.head.sequence for known in self.fits), default=0)


def known_heads(state: Path, uplink: Path, web: Path | None = None) -> list[KnownHead]:
    """The heads in the databases of a data directory; one that cannot be read knows nothing."""
    found = []
    meta = dict(peek(state, "SELECT key, value FROM meta WHERE key IN ('journal', 'sequence', 'head')") or ())
    if int(meta.get("sequence") or 0):
        head = _noted(int(meta["sequence"]), meta.get("head"))
        found.append(KnownHead("the projections", str(meta.get("journal")), head))
    found += _positions(uplink, "cursor", "consumer", "mqtt:{} (acknowledged)")
    found += _positions(uplink, "confirmed", "consumer", "mqtt:{} (confirmed)")
    if web is not None:
        found += _positions(web, "consumer", "token", "http:{}")
    return found


def _positions(path: Path, table: str, name: str, words: str) -> list[KnownHead]:
    columns = [str(column) for (column,) in peek(path, f"SELECT name FROM pragma_table_info('{table}')") or ()]
    if "journal" not in columns:
        return []
    head = "head" if "head" in columns else "''"
    rows = peek(path, f"SELECT {name}, journal, sequence, {head} FROM {table} WHERE sequence > 0 ORDER BY {name}")
    return [
        KnownHead(words.format(who.removeprefix("mqtt:")), journal, _noted(int(sequence), text))
        for who, journal, sequence, text in rows or ()
    ]


def _noted(sequence: int, text: Any) -> Head:
    try:
        found = parse_head(str(text))
    except HeadError:
        return Head(sequence, "")
    return found if found.sequence == sequence else Head(sequence, "")


def rows_of(known: Iterable[KnownHead], lineage: Lineage) -> dict[int, str]:
    """The rows whose hashes are needed to compare these heads, to be filled in by `JournalReader.verify`."""
    return {one.head.sequence: "" for one in known if not _another(one, lineage)}


def compare(known: Iterable[KnownHead], lineage: Lineage, hashes: Mapping[int, str], first: int, last: int) -> Proof:
    """Compare heads with the hashes of those rows, of a journal with the rows `first` to `last`.

    Raises JournalBrokenError for the first row that is missing or another one.
    """
    fits: list[KnownHead] = []
    skipped: list[Skipped] = []
    ordered = sorted(known, key=lambda one: one.head.sequence)
    furthest = next((one for one in reversed(ordered) if not _another(one, lineage)), None)
    for one in ordered:
        sequence = one.head.sequence
        if reason := _another(one, lineage):
            skipped.append(Skipped(one.by, sequence, reason))
        elif sequence > last and furthest is not None:
            end = furthest.head.sequence
            raise JournalBrokenError(
                f"rows {last + 1} to {end} are missing at the end: {furthest.by} had row {end}", last + 1
            )
        elif not hashes[sequence]:
            skipped.append(Skipped(one.by, sequence, f"retention has dropped this row; the oldest is {first}"))
        elif one.head.hash and one.head.hash != hashes[sequence]:
            raise JournalBrokenError(_changed(one, fits), sequence)
        elif not one.head.hash:
            skipped.append(Skipped(one.by, sequence, "only its number was noted, not its hash: the row is there"))
        else:
            fits.append(one)
    return Proof(tuple(fits), tuple(skipped))


def _changed(one: KnownHead, fits: Sequence[KnownHead]) -> str:
    sequence = one.head.sequence
    words = f"row {sequence} is not the one that {one.by} knows: it or a row before it was changed"
    return f"{words}, behind row {fits[-1].head.sequence}, which fits" if fits else words


def _another(one: KnownHead, lineage: Lineage) -> str:
    """Why a head says nothing about this journal; empty if it does."""
    if one.journal in ("", lineage.journal):
        return ""
    ancestor = lineage.ancestor(one.journal)
    if ancestor is None:
        return f"it is of journal {one.journal}, this is {lineage.journal}"
    return "" if one.head.sequence <= ancestor.last else "the backup that was restored did not have this row"
