"""Who pushes plates: a token as bearer, as the password of Basic or Digest authentication, or in the address.

A token that was made for certain cameras is good for those alone. Some cameras can do nothing but Digest (RFC 7616 with
MD5, as they have it): the user is `camera`, the password is the token. The gateway keeps what Digest needs of a token,
not the token. A nonce is signed with the time, counts for five minutes, and each count of it once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict

from flask import g, request

from gateway.store.settings.secrets import DIGEST_REALM, Token
from web.people.auth import check_scope, unauthorized
from web.platform.problems import Problem
from web.platform.services import services

NONCE_S = 300
NONCES_MAX = 256
_KEY = secrets.token_bytes(32)


class _Counts:
    """The last count of each nonce; the oldest nonces are forgotten, and are then too old."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: OrderedDict[str, int] = OrderedDict()

    def take(self, nonce: str, count: int) -> bool:
        """False for a count that was used before."""
        with self._lock:
            if count <= self._last.get(nonce, 0):
                return False
            self._last[nonce] = count
            self._last.move_to_end(nonce)
            while len(self._last) > NONCES_MAX:
                self._last.popitem(last=False)
            return True


_counts = _Counts()


def check_push(scope: str, device: str, *, digest: bool) -> None:
    """Raise Problem 401 or 403 unless a good token of this camera came along; `digest`: ask for it by Digest."""
    given = request.authorization
    if given is not None and given.type == "digest":
        g.token = _by_digest(scope, device)
    else:
        secret = _secret()
        if digest and not (secret or "").strip() and given is None:
            raise _ask_digest("token_missing", "Send the token by Digest authentication, user camera.")
        check_scope(scope, secret=secret)
    token: Token = g.token
    if token.devices and device not in token.devices:
        raise Problem(
            403,
            "device_not_allowed",
            f"This token is for {', '.join(token.devices)}; make one for this camera: gatehouse token create --device",
        )


def _secret() -> str | None:
    """The token from Basic authentication or the address; None: use the bearer token."""
    if request.authorization is not None and request.authorization.type == "basic":
        return request.authorization.password or ""
    return request.args.get("token")


def _ask_digest(code: str, detail: str, stale: bool = False) -> Problem:
    found = unauthorized(code, detail, "")
    challenge = f'Digest realm="{DIGEST_REALM}", qop="auth", algorithm=MD5, nonce="{_nonce()}"'
    found.headers["WWW-Authenticate"] = challenge + (", stale=true" if stale else "")
    return found


def _by_digest(scope: str, device: str) -> Token:
    """The token whose password the answer proves; Problem 401 when there is none, or the nonce is old."""
    told = request.authorization
    assert told is not None
    nonce, count = str(told.get("nonce", "")), str(told.get("nc", ""))
    if not _is_fresh(nonce):
        raise _ask_digest("token_invalid", "The nonce is old; take the new one.", stale=True)
    for token in services().tokens.list():
        if token.digest_key and token.allows(scope) and _answers(token, dict(told.parameters)):
            if token.expired(time.time_ns()):
                break
            if count and not _counts.take(nonce, int(count, 16)):
                raise _ask_digest("token_invalid", "This count was used before; take the new nonce.", stale=True)
            return token
    raise _ask_digest("token_invalid", f"No token that may push for {device} gives this answer; the user is camera.")


def _answers(token: Token, told: dict[str, str | None]) -> bool:
    """Whether a response proves the token: RFC 7616, 3.4.1, and RFC 2069 where no `qop` came."""
    path = request.full_path if request.query_string else request.path
    if told.get("uri") not in (path, request.path, request.url):
        return False
    what = _md5(f"{request.method}:{told.get('uri')}")
    parts = [told.get("nonce") or ""]
    if told.get("qop"):
        count = told.get("nc") or ""
        if told.get("qop") != "auth" or not count or any(one not in "0123456789abcdefABCDEF" for one in count[:16]):
            return False
        parts += [count, told.get("cnonce") or "", "auth"]
    expected = _md5(":".join([token.digest_key, *parts, what]))
    return hmac.compare_digest(expected.encode(), (told.get("response") or "").encode())


def _nonce() -> str:
    at_s = f"{int(time.monotonic()):x}.{secrets.token_hex(4)}"
    return f"{at_s}.{_signed(at_s)}"


def _is_fresh(nonce: str) -> bool:
    at_s, _, mac = nonce.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _signed(at_s).encode()):
        return False
    return 0 <= time.monotonic() - int(at_s.partition(".")[0], 16) <= NONCE_S


def _signed(text: str) -> str:
    return hmac.digest(_KEY, text.encode(), hashlib.sha256).hex()[:32]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
