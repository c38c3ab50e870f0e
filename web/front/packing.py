"""gzip on the way: answers for clients that accept it, and bodies of clients that send it.

Pages, feeds, exports and JSON are compressed; streams, pictures, short answers and those with an ETag are not. A body
is unpacked only up to the greatest size that its address takes, so that a small one cannot fill the memory.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from web.front.refusals import refuse
from web.platform.headers import Wsgi
from web.platform.problems import Problem, body_max_bytes

LEAST_BYTES = 600
_QUICK_FROM_BYTES = 64 * 1024
_LEVEL, _QUICK_LEVEL = 6, 1
_GZIP = 31  # the greatest window, with gzip's header
_TEXTUAL = re.compile(
    r"(?:text/(?!event-stream)|application/(?:[\w.+-]*json|[\w.-]*\+json|javascript|xml)|image/svg\+xml)"
)
_CHUNK = 64 * 1024


def accepts_gzip(text: str) -> bool:
    """Whether an `Accept-Encoding` header accepts gzip."""
    weights: dict[str, float] = {}
    for part in text.lower().split(","):
        coding, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=")
        try:
            weights[coding.strip()] = float(weight) if parameter else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def packed(app: Wsgi) -> Wsgi:
    """The application with gzip in both directions."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_CONTENT_ENCODING"):
            try:
                _unpack(environ)
            except Problem as problem:
                return refuse(problem, environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return app(environ, start_response)
        return _Answer(start_response, accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))).of(app, environ)

    return wrapped


class _Answer:
    """One answer: sees its headers first, then decides."""

    def __init__(self, start_response: Callable[..., Any], accepted: bool) -> None:
        self._start_response = start_response
        self._accepted = accepted
        self._packs = False
        self._length = -1

    def of(self, app: Wsgi, environ: dict[str, Any]) -> Iterable[bytes]:
        """The body, compressed if it should be."""
        if self._accepted:
            # The server would send the file as it is.
            environ = {**environ, "wsgi.file_wrapper": None}
        body = app(environ, self._start)
        if not self._packs:
            return body
        if self._length < 0:
            return _Packed(body)
        # One piece, which the server sends with its length.
        try:
            return [_pack(b"".join(body), _QUICK_LEVEL if self._length > _QUICK_FROM_BYTES else _LEVEL)]
        finally:
            _close(body)

    def _start(self, status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        named = {name.lower(): value for name, value in headers}
        if not _TEXTUAL.match(named.get("content-type", "")) or "content-encoding" in named:
            return self._start_response(status, headers, *error)
        kept = [(name, value) for name, value in headers if name.lower() != "vary"]
        varied = ", ".join(filter(None, (named.get("vary"), "Accept-Encoding")))
        self._length = int(named.get("content-length", "-1"))
        empty = status[:3] in ("204", "304") or 0 <= self._length < LEAST_BYTES
        self._packs = self._accepted and not empty and "etag" not in named
        if self._packs:
            kept = [(name, value) for name, value in kept if name.lower() != "content-length"]
            kept.append(("Content-Encoding", "gzip"))
        return self._start_response(status, [*kept, ("Vary", varied)], *error)


class _Packed:
    """A stream that is compressed piece by piece; closes the body that it reads."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        pack = zlib.compressobj(_QUICK_LEVEL, zlib.DEFLATED, _GZIP)
        for piece in self._body:
            if packed_piece := pack.compress(piece):
                yield packed_piece
        yield pack.flush()

    def close(self) -> None:
        _close(self._body)


def _pack(content: bytes, level: int) -> bytes:
    pack = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    return pack.compress(content) + pack.flush()


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _unpack(environ: dict[str, Any]) -> None:
    """Replace a compressed body by its content; Problem 400, 413 or 415."""
    coding = environ["HTTP_CONTENT_ENCODING"].strip().lower()
    if coding == "identity":
        return
    if coding not in ("gzip", "x-gzip"):
        headers = {"Accept-Encoding": "gzip"}
        raise Problem(415, "encoding_unknown", f"The body is encoded as {coding[:40]!r}; send gzip.", headers=headers)
    most = body_max_bytes(environ.get("PATH_INFO", ""))
    length = int(environ.get("CONTENT_LENGTH") or 0)
    content = b"".join(_unpacked(environ["wsgi.input"], length, most))
    environ["wsgi.input"] = io.BytesIO(content)
    environ["CONTENT_LENGTH"] = str(len(content))
    del environ["HTTP_CONTENT_ENCODING"]


def _unpacked(source: Any, length: int, most: int) -> Iterator[bytes]:
    """The pieces of a gzip body of one or more members."""
    unpack = zlib.decompressobj(_GZIP)
    size, left = 0, length
    try:
        while left > 0 and (piece := source.read(min(left, _CHUNK))):
            left -= len(piece)
            while piece:
                if unpack.eof:
                    unpack = zlib.decompressobj(_GZIP)
                found = unpack.decompress(piece, most + 1 - size)
                size += len(found)
                if size > most:
                    raise Problem(413, "too_large", f"The body unpacks to more than {most} bytes.")
                yield found
                piece = unpack.unconsumed_tail or unpack.unused_data
    except zlib.error:
        raise Problem(400, "encoding_broken", "The body is not gzip, as its Content-Encoding says.") from None
    if not unpack.eof:
        raise Problem(400, "encoding_broken", "The gzip body is cut off.")
