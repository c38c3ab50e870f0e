"""One picture by HTTP from a camera that serves one: a GET with Basic or Digest authentication, a deadline, a bound.

Each picture has a connection of its own, since cameras end idle ones anyway. The deadline holds for all of it: a camera
that sends a byte now and then cannot hold its thread. A camera that asks for Digest is answered (RFC 7616, MD5 and
SHA-256, with and without `qop`); its nonce serves the next pictures until the camera wants another. Nothing else is
followed: no redirect, no stream.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
import urllib.parse
from collections.abc import Callable, Mapping
from typing import NamedTuple

from drivers.links.stream import TcpStream
from gateway.core.vocabulary.errors import DeviceError

BYTES_MAX = 700_000
"""Of one picture."""
HEAD_MAX_BYTES = 16_384
DEFAULT_PORT = 80
_KINDS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_PART = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
_HASHES: dict[str, Callable[..., hashlib._Hash]] = {"md5": hashlib.md5, "sha-256": hashlib.sha256}
_UNAUTHORIZED = 401
_OK = 200


class Place(NamedTuple):
    """Where a camera serves its picture."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """As the `Host` header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORT else f"{host}:{self.port}"


def place_of(url: str) -> Place:
    """The place in an address; ValueError says what is wrong with it."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError("give an address that begins with http:// and a name or IP address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("give name and password as `username` and `password`, not in the address")
    if not url.isascii() or any(one.isspace() or not one.isprintable() for one in url):
        raise ValueError("write it in ASCII without spaces; others as %20 and so on")
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return Place(parts.hostname, parts.port or DEFAULT_PORT, target)


class HttpPicture:
    """One camera. `fetch` belongs to one thread; `wake` is for any."""

    def __init__(self, place: Place, username: str, password: str, timeout_ms: int) -> None:
        self._place = place
        self._username = username
        self._password = password
        self._timeout_s = timeout_ms / 1000
        self._stream = TcpStream(place.host, place.port, timeout_ms)
        self._challenge: dict[str, str] | None = None
        self._uses = 0
        self._ended = False

    def __str__(self) -> str:
        return f"GET http://{self._place.authority}{self._place.target}"

    def fetch(self) -> bytes:
        """The picture, JPEG or PNG; DeviceError says why there is none, and what to do."""
        until_s = time.monotonic() + self._timeout_s
        status, headers, body = self._get(until_s)
        if status == _UNAUTHORIZED and self._take_challenge(headers.get("www-authenticate", "")):
            status, headers, body = self._get(until_s)
        if status == _UNAUTHORIZED:
            self._challenge = None
            raise DeviceError("it refuses the name or the password; check `username` and `password`")
        if status != _OK:
            raise DeviceError(f"it answers {self._place.target} with {status}; check the path in `url`")
        if not body.startswith(_KINDS):
            kind = headers.get("content-type", "") or "something"
            raise DeviceError(
                f"it answers with {kind[:60]}, not with a picture; take the camera's address for a snapshot (JPEG)"
            )
        return body

    def wake(self) -> None:
        """End a `wait`."""
        self._stream.wake()

    def end(self) -> None:
        """End a `fetch` that waits, or a `wait`, for good."""
        self._ended = True
        self._stream.wake()

    def wait(self, wait_s: float) -> None:
        """Sleep until then or until `wake`."""
        self._stream.read(wait_s)

    def dispose(self) -> None:
        """Close everything, for good."""
        self._stream.dispose()

    # ---- one request -----------------------------------------------------------------------------------------------

    def _get(self, until_s: float) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one answer."""
        place = self._place
        lines = [
            f"GET {place.target} HTTP/1.1", f"Host: {place.authority}", "Accept: image/jpeg, image/png, */*",
            "User-Agent: Gatehouse", "Connection: close", *self._authorization(),
        ]  # fmt: skip
        self._stream.open()
        try:
            self._stream.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii"))
            return self._answer(until_s)
        finally:
            self._stream.close()

    def _answer(self, until_s: float) -> tuple[int, Mapping[str, str], bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            if len(received) > HEAD_MAX_BYTES:
                raise DeviceError("it sends no end of its headers; check that `url` is that of a camera")
            chunk = self._more(until_s)
            if not chunk:
                raise DeviceError("it ended the connection without an answer; check `url`, or start the camera again")
            received += chunk
        head, _, rest = received.partition(b"\r\n\r\n")
        status = _STATUS.match(head)
        if status is None:
            raise DeviceError("it does not answer in HTTP; check the port in `url`")
        headers = _headers(head)
        if headers.get("content-type", "").lower().startswith("multipart/") and status[1] == b"200":
            raise DeviceError("it answers with a stream of pictures; take the camera's address for a snapshot (JPEG)")
        return int(status[1]), headers, self._body(headers, rest, until_s)

    def _body(self, headers: Mapping[str, str], rest: bytes, until_s: float) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks(rest, until_s)
        length = headers.get("content-length", "")
        if not length.isdecimal():
            return self._until_the_end(rest, until_s)
        size = _bounded(int(length))
        parts = bytearray(rest)
        while len(parts) < size:
            chunk = self._more(until_s)
            if not chunk:
                raise DeviceError(f"it sent only {len(parts)} of {size} bytes; check its network cable")
            parts += chunk
        return bytes(parts[:size])

    def _until_the_end(self, rest: bytes, until_s: float) -> bytes:
        parts = bytearray(rest)
        while chunk := self._more(until_s):
            parts += chunk
            _bounded(len(parts))
        return bytes(parts)

    def _chunks(self, rest: bytes, until_s: float) -> bytes:
        body, held = bytearray(), bytearray(rest)

        def want(size: int) -> None:
            while len(held) < size:
                chunk = self._more(until_s)
                if not chunk:
                    raise DeviceError("it ended the connection within the picture; check its network cable")
                held.extend(chunk)

        while True:
            while b"\r\n" not in held:
                want(min(len(held) + 1, HEAD_MAX_BYTES))
                if len(held) >= HEAD_MAX_BYTES:
                    raise DeviceError("it sends chunks without a length; check that `url` is that of a camera")
            line, _, _ = bytes(held).partition(b"\r\n")
            del held[: len(line) + 2]
            try:
                size = int(line.partition(b";")[0], 16)
            except ValueError:
                raise DeviceError("it sends chunks without a length; check that `url` is that of a camera") from None
            if size <= 0:
                return bytes(body)
            _bounded(len(body) + size)
            want(size + 2)
            body += held[:size]
            del held[: size + 2]

    def _more(self, until_s: float) -> bytes:
        """Bytes that came; empty at the end of the connection. DeviceError at the deadline, and after `end`."""
        try:
            while not self._ended and (left_s := until_s - time.monotonic()) > 0:
                if received := self._stream.read(left_s):
                    return received
        except DeviceError:
            return b""
        raise DeviceError(f"no picture came within {self._timeout_s:g} s; check the camera and its network")

    # ---- authentication --------------------------------------------------------------------------------------------

    def _take_challenge(self, header: str) -> bool:
        """Take what the camera asks for; False when it cannot be answered."""
        scheme, _, rest = header.strip().partition(" ")
        if not self._username:
            return False
        if scheme.lower() == "basic":
            self._challenge = {}
            return True
        asked = {name.lower(): quoted or plain for name, quoted, plain in _PART.findall(rest)}
        known = asked.get("algorithm", "MD5").lower().removesuffix("-sess") in _HASHES
        if scheme.lower() != "digest" or "nonce" not in asked or not known:
            return False
        self._challenge, self._uses = asked, 0
        return True

    def _authorization(self) -> list[str]:
        asked = self._challenge
        if asked is None:
            return []
        if not asked:
            told = base64.b64encode(f"{self._username}:{self._password}".encode()).decode()
            return [f"Authorization: Basic {told}"]
        self._uses += 1
        return [
            f"Authorization: Digest {digest_answer(asked, self._username, self._password, self._place, self._uses)}"
        ]


def digest_answer(
    asked: Mapping[str, str], username: str, password: str, place: Place, uses: int, cnonce: str = ""
) -> str:
    """The answer to a challenge of Digest, for the `uses`th time (RFC 7616, 3.4)."""
    algorithm = asked.get("algorithm", "MD5")
    make = _HASHES[algorithm.lower().removesuffix("-sess")]

    def hashed(*parts: str) -> str:
        return make(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    nonce, realm = asked["nonce"], asked.get("realm", "")
    cnonce = cnonce or secrets.token_hex(8)
    key = hashed(username, realm, password)
    if algorithm.lower().endswith("-sess"):
        key = hashed(key, nonce, cnonce)
    what = hashed("GET", place.target)
    told = {"username": username, "realm": realm, "nonce": nonce, "uri": place.target}
    plain = {"algorithm": algorithm} if "algorithm" in asked else {}
    if "auth" in re.split(r"[\s,]+", asked.get("qop", "")):
        count = f"{uses:08x}"
        told["response"] = hashed(key, nonce, count, cnonce, "auth", what)
        told["cnonce"] = cnonce
        plain |= {"qop": "auth", "nc": count}
    else:
        told["response"] = hashed(key, nonce, what)
    if "opaque" in asked:
        told["opaque"] = asked["opaque"]
    return ", ".join([*(f'{name}="{_escaped(value)}"' for name, value in told.items()), *map("=".join, plain.items())])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _headers(head: bytes) -> dict[str, str]:
    """The headers by their names in lower case; of `WWW-Authenticate` that with Digest, where there are several."""
    found: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "www-authenticate" and found.get(name, "").lower().startswith("digest"):
            continue
        found[name] = value
    return found


def _bounded(size: int) -> int:
    if size > BYTES_MAX:
        raise DeviceError(
            f"its picture has more than {BYTES_MAX // 1000} kB; choose a smaller size or a lower quality in the camera"
        )
    return size
