"""The journal as a table, streamed page by page: `/events.csv` and `/events.xlsx`.

Text that a spreadsheet would run as a formula gets an apostrophe. Two exports run at a time, since each holds a thread
until its client has read it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from flask import Response

from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from web.api.journal.feed import wanted_types
from web.api.journal.xlsx import workbook
from web.api.moments import instant_ns
from web.api.requests import only
from web.people.auth import require_scope
from web.platform.services import services

COLUMNS = (
    "id", "time", "type", "subject", "lane", "credential_kind", "credential", "pass", "reason", "by", "data",
)  # fmt: skip
PAGE_ROWS = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK_BYTES = 64 * 1024
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Row = tuple[str, ...]


class _Event(msgspec.Struct):
    """The parts of a stored event that become columns."""

    id: str
    time: str
    type: str
    subject: str = ""
    data: dict[str, Any] = {}


_decode = msgspec.json.Decoder(_Event).decode


@require_scope("events:read")
def events_csv() -> Response:
    """`GET /events.csv`."""
    rows = _rows()
    return _download(_csv(rows), "text/csv; charset=utf-8", "events.csv")


@require_scope("events:read")
def events_xlsx() -> Response:
    """`GET /events.xlsx`."""
    rows = _rows()
    return _download(workbook(COLUMNS, rows), _SPREADSHEET, "events.xlsx")


def neutral(text: str) -> str:
    """Text that no spreadsheet runs as a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def _rows() -> Iterator[Row]:
    only("from", "to", "type")
    begins_ns, ends_ns = instant_ns("from"), instant_ns("to")
    reader = services().readers.journal()
    return _selected(reader, begins_ns, ends_ns, wanted_types())


def _selected(
    reader: JournalReader, begins_ns: int | None, ends_ns: int | None, types: tuple[str, ...]
) -> Iterator[Row]:
    after = 0
    while page := reader.page(after, PAGE_ROWS, types, since_wall_ns=begins_ns, until_wall_ns=ends_ns):
        yield from map(_row, page)
        after = page[-1].sequence


def _row(stored: StoredRow) -> Row:
    event = _decode(stored.text)
    data = event.data
    credential = data.get("credential") or {}
    cells = (
        event.id,
        event.time,
        event.type,
        event.subject,
        data.get("lane"),
        credential.get("kind"),
        credential.get("value"),
        data.get("pass"),
        data.get("reason"),
        data.get("by"),
        msgspec.json.encode(data).decode(),
    )
    return tuple("" if cell is None else neutral(str(cell)) for cell in cells)


def _download(body: Iterator[bytes], kind: str, name: str) -> Response:
    release = services().exports.take()
    answer = Response(body, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.call_on_close(release)
    return answer


def _csv(rows: Iterator[Row]) -> Iterator[bytes]:
    text = io.StringIO()
    write: Callable[[Any], Any] = csv.writer(text).writerow
    text.write("\ufeff")  # so that Excel reads UTF-8
    write(COLUMNS)
    for row in rows:
        write(row)
        if text.tell() > _CHUNK_BYTES:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
