"""The news of one device: asked of the engine for each look, as JSON by polling or as server-sent events.

A stream takes a place of the cap that all streams share. Each carries what has changed since: frames, edges, levels,
and how the device is; at least every two seconds, so that the page can tell a quiet device from a dead link.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import Any

import msgspec
from flask import Response, request

from gateway.control import Client
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.front.peers import OWN
from web.installer.devices import model
from web.installer.frame.door import door
from web.live.gone import client_gone
from web.people.auth import operator_of, session_token, signed_in
from web.platform import look
from web.platform.services import Services, services
from web.words.texts import Words
from web.words.times import site_zone

LOOK_S = 0.4
KEEP_ALIVE_S = 2.0
STREAM_MAX_S = 600.0
ASK_S = 2.0


class Place(msgspec.Struct, frozen=True):
    """How far a page has come: the last frame and edge that it has, and the runs in which these were counted."""

    frames: int = 0
    edges: int = 0
    trace: int = 0
    run: int = 0


class News:
    """What is new of a device since the last look."""

    def __init__(self, held: Services, device: str, say: Words, zone: tzinfo, at: Place) -> None:
        self._held = held
        self._engine = Client(held.socket)
        self._device = device
        self._say = say
        self._zone = zone
        self._at = at

    def look(self) -> dict[str, Any]:
        """The news; NotFoundError for an unknown device. An engine that is away is part of them."""
        snapshot, age_ms = self._held.live.snapshot()
        at = self._at
        try:
            trace = self._since("bench.trace", at.frames, at.trace)
            told = self._since("bench.points", at.edges, at.run, lambda found: found["devices"][0])
        except EngineUnreachableError:
            return {"offline": True}
        points = model.points(told, snapshot, self._say, self._zone)
        edges = max(at.edges if told["run"] == at.run else 0, points["edge"])
        self._at = Place(trace["change"], edges, trace["run"], told["run"])
        shown = model.device_of(snapshot, self._device)
        return {
            "offline": False,
            "anew": trace["run"] != at.trace,
            "device": model.condition(shown, age_ms, self._say) if shown is not None else None,
            **points,
            "message": model.message(told, self._held.cameras.mark(self._device), self._zone)
            or model.kept(model.last_kept(self._held.pictures, self._device), self._zone),
            "frames": model.frames(trace, self._say, self._zone),
            "at": msgspec.structs.asdict(self._at),
        }

    def _since(self, op: str, after: int, run: int, of: Callable[[Any], Any] = lambda found: found) -> Any:
        """What came after that number in that run; everything where another one has begun."""
        found = of(self._engine.call(op, timeout_s=ASK_S, device=self._device, after=after))
        if after and found["run"] != run:
            found = of(self._engine.call(op, timeout_s=ASK_S, device=self._device, after=0))
        return found


@door(Right.SET_UP)
def news(device: str) -> Response:
    """The news as JSON, after `frames` and `edges`."""
    found = _news(device).look()
    return Response(msgspec.json.encode(found), content_type="application/json")


@door(Right.SET_UP)
def stream(device: str) -> Response:
    """The news as server-sent events named `news`."""
    held, token, operator = services(), session_token(), signed_in()
    found = _news(device)
    first = found.look()
    release = held.streams.take(own=request.environ.get(OWN, True))
    gone = client_gone(request.environ)

    def wanted() -> bool:
        return not held.live.stopping and not gone() and operator_of(held, token) == operator

    body = _Body(_events(found, first, wanted), release)
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return Response(body, content_type="text/event-stream; charset=utf-8", headers=headers)


def _news(device: str) -> News:
    held = services()
    at = Place(*(max(0, request.args.get(name, 0, int)) for name in Place.__struct_fields__))
    return News(held, device, look.said(), site_zone(held.site.document()), at)


class _Body:
    """The body of the stream; returns its slot when the server closes it, read or not."""

    def __init__(self, events: Iterator[bytes], release: Callable[[], None]) -> None:
        self._events = events
        self._release = release

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        self._release()


def _events(found: News, first: dict[str, Any], wanted: Callable[[], bool]) -> Iterator[bytes]:
    yield b"retry: 2000\n\n"
    ends_s = time.monotonic() + STREAM_MAX_S
    told, told_s = b"", 0.0
    while wanted() and time.monotonic() < ends_s:
        body = msgspec.json.encode(first)
        if body != told or time.monotonic() - told_s >= KEEP_ALIVE_S:
            told, told_s = body, time.monotonic()
            yield b"event: news\ndata: " + body + b"\n\n"
        time.sleep(LOOK_S)
        try:
            first = found.look()
        except GatehouseError:
            return
