"""The position of a consumer in a journal, and its gap event if rows were dropped."""

from __future__ import annotations

import re

import msgspec

from gateway.core.vocabulary.errors import CursorError
from gateway.core.vocabulary.rows import JournalGap
from gateway.store.times import rfc3339

_CURSOR = re.compile(r"([a-z0-9]{8,32})\.([0-9]{1,18})")


class Cursor(msgspec.Struct, frozen=True, gc=False):
    """A position in a journal: all rows up to and with `sequence` were seen; `foreign`: of another journal."""

    journal: str
    sequence: int
    foreign: bool = False


class Gap(msgspec.Struct, frozen=True, gc=False):
    """Dropped rows: all up to and with `last`, whose hash is `lasthash`; and when."""

    last: int
    lasthash: str
    wall_ns: int


def parse_cursor(text: str | None, journal_id: str) -> Cursor:
    """The position of a client of the feed; none or empty: the start. CursorError if malformed."""
    if not text:
        return Cursor(journal_id, 0)
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise CursorError(
            f"{text[:80]!r} is not an event id; give the id of the last event you have, such as {journal_id}.42"
        )
    foreign = match[1] != journal_id
    return Cursor(match[1], 0 if foreign else int(match[2]), foreign)


def gap_event(journal_id: str, source: str, gap: Gap, first: int, reason: str) -> str:
    """The `journal.gap` event for rows `first` to the gap's end, as JSON."""
    event = {
        "specversion": "1.0",
        "id": f"{journal_id}.{gap.last}",
        "source": source,
        "type": f"gatehouse.{JournalGap.type}",
        "subject": "journal",
        "time": rfc3339(gap.wall_ns),
        "datacontenttype": "application/json",
        "sequence": f"{gap.last:020d}",
        "data": JournalGap(first=first, last=gap.last, lasthash=gap.lasthash, reason=reason),
    }
    return msgspec.json.encode(event).decode()
