"""The position of a consumer in a journal, and its gap event if rows were dropped."""

from __future__ import annotations

import re

import msgspec

from gateway.core.vocabulary.errors import CursorError
from gateway.core.vocabulary.rows import JournalGap
from gateway.store.journal.lineage import Lineage
from gateway.store.times import rfc3339

_CURSOR = re.compile(r"([a-z0-9]{8,32})\.([0-9]{1,18})")


class Cursor(msgspec.Struct, frozen=True, gc=False):
    """A position in a journal: all rows up to and with `sequence` were seen; `foreign`: of another journal.

    `lost`: the last row that was seen in the journal that this one was restored from, when it is not in the backup.
    """

    journal: str
    sequence: int
    foreign: bool = False
    lost: int = 0


class Gap(msgspec.Struct, frozen=True, gc=False):
    """Dropped rows: all up to and with `last`, whose hash is `lasthash`; and when."""

    last: int
    lasthash: str
    wall_ns: int


def parse_cursor(text: str | None, lineage: Lineage) -> Cursor:
    """The position of a client of the feed; none or empty: the start. CursorError if malformed."""
    if not text:
        return Cursor(lineage.journal, 0)
    place = parse_place(text)
    if place is None:
        raise CursorError(
            f"{text[:80]!r} is not an event id; give the id of the last event you have, such as {lineage.journal}.42"
        )
    return cursor_of(*place, lineage)


def parse_place(text: str) -> tuple[str, int] | None:
    """Journal and sequence of an event's id; None for another text."""
    match = _CURSOR.fullmatch(text)
    return None if match is None else (match[1], int(match[2]))


def cursor_of(journal: str, sequence: int, lineage: Lineage) -> Cursor:
    """The place in this journal of a position in some journal."""
    if journal == lineage.journal:
        return Cursor(journal, sequence)
    ancestor = lineage.ancestor(journal)
    if ancestor is None:
        return Cursor(journal, 0, foreign=True)
    if sequence <= ancestor.last:
        return Cursor(lineage.journal, sequence)
    return Cursor(lineage.journal, ancestor.last, lost=sequence)


def gap_event(journal_id: str, source: str, gap: Gap, first: int, reason: str) -> str:
    """The `journal.gap` event for rows `first` to the gap's end, as JSON."""
    said = JournalGap(first=first, last=gap.last, lasthash=gap.lasthash, reason=reason)
    return _event(journal_id, source, gap, said)


def restored_event(journal_id: str, source: str, seam: Gap, lost: int) -> str:
    """The `journal.gap` event for the rows up to `lost` that the backup did not have, as JSON.

    A client goes on behind `seam`, the last row of the backup.
    """
    said = JournalGap(first=seam.last + 1, last=lost, lasthash=seam.lasthash, reason="restored")
    return _event(journal_id, source, seam, said)


def _event(journal_id: str, source: str, gap: Gap, said: JournalGap) -> str:
    event = {
        "specversion": "1.0",
        "id": f"{journal_id}.{gap.last}",
        "source": source,
        "type": f"gatehouse.{JournalGap.type}",
        "subject": "journal",
        "time": rfc3339(gap.wall_ns),
        "datacontenttype": "application/json",
        "sequence": f"{gap.last:020d}",
        "data": said,
    }
    return msgspec.json.encode(event).decode()
