"""Live updates for signed-in operators: `/live` as server-sent events, `/live/state` as the same JSON by polling.

Each stream sends the state at once and at every change, at least every two seconds with its grown age, so that a
screen can tell a quiet gate from a dead link, and proxies that close after 10 s of silence do not.
A stream ends with its session, after a quarter of an hour at the latest; the browser reconnects.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.vocabulary.views import Snapshot
from web.front.peers import OWN
from web.guard.home.live import live_view
from web.live.gone import client_gone
from web.live.snapshots import Live
from web.people.auth import operator_of, require_operator, session_token, signed_in
from web.platform.services import services

KEEP_ALIVE_S = 2.0
STREAM_MAX_S = 900.0
LEAST_GAP_S = 0.05


@require_operator()
def state() -> Response:
    """The state of this moment as JSON."""
    snapshot, age_ms = services().live.snapshot()
    body = msgspec.json.encode(live_view()(snapshot, age_ms, signed_in()))
    return Response(body, content_type="application/json")


@require_operator()
def stream() -> Response:
    """The state as server-sent events named `state`."""
    token = session_token()
    held = services()
    operator = signed_in()
    view = live_view()
    release = held.streams.take(own=request.environ.get(OWN, True))
    gone = client_gone(request.environ)

    def wanted() -> bool:
        return not gone() and operator_of(held, token) == operator

    body = _Body(_events(held.live, lambda snapshot, age_ms: view(snapshot, age_ms, operator), wanted), release)
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return Response(body, content_type="text/event-stream; charset=utf-8", headers=headers)


class _Body:
    """The body of the stream; returns its slot when the server closes it, read or not."""

    def __init__(self, events: Iterator[bytes], release: Callable[[], None]) -> None:
        self._events = events
        self._release = release

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        self._release()


def _events(live: Live, view: Callable[[Snapshot | None, int], Any], wanted: Callable[[], bool]) -> Iterator[bytes]:
    yield b"retry: 2000\n\n"
    ends = time.monotonic() + STREAM_MAX_S
    while not live.stopping and time.monotonic() < ends and wanted():
        version = live.version
        yield b"event: state\ndata: " + msgspec.json.encode(view(*live.snapshot())) + b"\n\n"
        live.wait(version, KEEP_ALIVE_S)
        time.sleep(LEAST_GAP_S)
