"""The events feed: the bytes of the journal from a cursor on, with long polling.

SQL joins the body from the stored texts, so nothing is parsed here and a pull is as fast as the database. A waiting
request holds a slot, checks the journal's last sequence at news of the engine and every quarter of a second, and ends
when its client has gone.
"""

from __future__ import annotations

import re
import time

from flask import Response, request

from gateway.store.journal.heads import Head
from gateway.store.journal.queries import Batch
from gateway.store.journal.reader import JournalReader
from web.api.requests import number, only, refuse
from web.front.peers import OWN
from web.live.gone import client_gone
from web.people.auth import current_token, require_scope
from web.platform.services import Services, services

HEAD = "Gatehouse-Head"
CONTENT_TYPE = "application/cloudevents-batch+json"
PREFIX = "gatehouse."
LIMIT = 100
LIMIT_MAX = 1000
TIMEOUT_MAX_MS = 30_000
LOOK_EVERY_S = 0.25
TYPES_MAX = 50
_TYPE = re.compile(r"[a-z][a-z0-9_.]{0,63}")


@require_scope("events:read")
def events() -> Response:
    """`GET /events`."""
    only("lastEventId", "limit", "timeout", "type")
    limit = number("limit", LIMIT, 1, LIMIT_MAX)
    timeout_ms = number("timeout", 0, 0, TIMEOUT_MAX_MS)
    types = wanted_types()
    cursor = request.args.get("lastEventId", "")
    held = services()
    reader = held.readers.journal()
    batch = reader.feed(cursor, limit, types)
    held.consumers.confirmed(current_token().name, cursor, reader.lineage(), batch.confirmed)
    if batch.count == 0 and timeout_ms:
        with held.streams.hold(own=request.environ.get(OWN, True)):
            batch = _wait(reader, batch, limit, types, timeout_ms / 1000)
    answer = Response(batch.json, content_type=CONTENT_TYPE)
    if head := head_of(held, batch):
        answer.headers[HEAD] = head
    return answer


def head_of(held: Services, batch: Batch) -> str:
    """The signed head of the last row that the batch covers, empty without one."""
    return held.signing_key.signed(Head(batch.scanned, batch.head)).text if batch.head else ""


def wanted_types() -> tuple[str, ...]:
    """The `type` parameter, repeated or with commas, with or without the prefix, as the journal names types."""
    if "type" not in request.args:
        return ()
    texts = [part for text in request.args.getlist("type") for part in text.split(",")]
    if texts == [""]:
        return ()
    types = tuple(dict.fromkeys(text.strip().removeprefix(PREFIX) for text in texts))
    wrong = next((name for name in types if not _TYPE.fullmatch(name)), None)
    if wrong is not None:
        raise refuse(f"type is {wrong[:40]!r}; give event types such as access.granted")
    if len(types) > TYPES_MAX:
        raise refuse(f"type has {len(types)} event types; give at most {TYPES_MAX}")
    return types


def _wait(reader: JournalReader, batch: Batch, limit: int, types: tuple[str, ...], timeout_s: float) -> Batch:
    """The first batch with events, or an empty one when the time is over."""
    live = services().live
    gone = client_gone(request.environ)
    ends = time.monotonic() + timeout_s
    version = 0
    while batch.count == 0:
        left_s = ends - time.monotonic()
        if left_s <= 0 or live.stopping or gone():
            break
        version, _ = live.wait(version, min(left_s, LOOK_EVERY_S))
        if reader.last_sequence() > batch.scanned:
            batch = reader.feed(f"{reader.journal_id}.{batch.scanned}", limit, types)
    return batch
