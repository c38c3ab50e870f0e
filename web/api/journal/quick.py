"""A fast path for the most frequent request: an existing page of events for an allowed token.

Flask's routing, contexts and objects cost half as much as the database for a page of events, and a central system that
catches up asks for nothing else. So such a request is answered here, at the WSGI border, with the same bytes and
headers. All others (an error, a filter, an empty page) take the ordinary path.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.journal.queries import Batch
from web.api.journal.feed import CONTENT_TYPE, HEAD, LIMIT, LIMIT_MAX, TIMEOUT_MAX_MS, head_of
from web.platform.headers import Wsgi
from web.platform.services import Services

PATH = "/api/v1/events"
SCOPE = "events:read"
_PLAIN = frozenset({"lastEventId", "limit", "timeout"})
_NUMBER = re.compile(r"[0-9]{1,5}")


def quick_feed(app: Wsgi, held: Services) -> Wsgi:
    """The application behind the fast path."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] == "GET":
            page = _page(held, environ)
            if page is not None:
                headers = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(page.json)))]
                if head := head_of(held, page):
                    headers.append((HEAD, head))
                start_response("200 OK", headers)
                return _sent(environ, page.json)
        return app(environ, start_response)

    return wrapped


def _page(held: Services, environ: dict[str, Any]) -> Batch | None:
    """The page, or None for the ordinary path."""
    asked = _asked(environ.get("QUERY_STRING", ""))
    kind, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if asked is None or kind != "Bearer":
        return None
    cursor, limit = asked
    try:
        token = held.tokens.check(secret)
        if token is None or not token.allows(SCOPE):
            return None
        reader = held.readers.journal()
        batch = reader.feed(cursor, limit)
    except GatehouseError:
        return None
    if batch.count == 0:
        return None
    held.consumers.confirmed(token.name, cursor, reader.lineage(), batch.confirmed)
    return batch


def _asked(text: str) -> tuple[str, int] | None:
    """Cursor and limit of a plain request, each given once and within its bounds."""
    pairs = parse_qsl(text, keep_blank_values=True)
    query = dict(pairs)
    limit, timeout = query.get("limit", str(LIMIT)), query.get("timeout", "0")
    if len(query) != len(pairs) or not _PLAIN.issuperset(query):
        return None
    if not (_NUMBER.fullmatch(limit) and _NUMBER.fullmatch(timeout)):
        return None
    if not (1 <= int(limit) <= LIMIT_MAX and int(timeout) <= TIMEOUT_MAX_MS):
        return None
    return query.get("lastEventId", ""), int(limit)


def _sent(environ: dict[str, Any], body: bytes) -> Iterable[bytes]:
    """The body as a file if the server accepts one, which saves a copy."""
    wrap = environ.get("wsgi.file_wrapper")
    return [body] if wrap is None else wrap(io.BytesIO(body), len(body))
