"""QR codes for temporary passes that cannot be forged: pass id, end, nonce and signature.

A code is `GH1` and base32 letters, which a QR code holds most densely and a keyboard reader types on any layout.
Inside are four bytes of end time (seconds since 1970), six random bytes that name this code, the pass id, and the first
ten bytes of an HMAC-SHA256 over the rest. The key is in `secrets/` and never leaves the gateway: only the engine signs
and checks. The journal gets the name of the code, from which the code cannot be made.

A code is good for one entry: the projections keep the names of used codes until long after their end.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.vocabulary.errors import DataDirectoryError, PassError
from gateway.core.vocabulary.passes import Pass, PassKind, end
from gateway.core.vocabulary.rows import CodeIssued, Who
from gateway.store.files import write_atomically
from gateway.store.times import NS_PER_S, local_time, rfc3339, wall_ns_of

PREFIX = "GH1"
CHARACTERS_MAX = 200
"""A code with the longest pass id has 138."""
OF_VISIT = "~"
"""Begins the id in the code of a visitor; no pass has such an id."""
DAYS_MAX = 92
"""How far ahead a code may end; used codes are kept longer."""
_KEY_BYTES, _END_BYTES, _NAME_BYTES, _MAC_BYTES = 32, 4, 6, 10
_HEAD_BYTES = _END_BYTES + _NAME_BYTES
_LAST_S = (1 << 8 * _END_BYTES) - 1


class PassCode(msgspec.Struct, frozen=True):
    """The content of a code: pass id, end (seconds since 1970, exclusive), and its name in hex."""

    pass_id: str
    ends_s: int
    name: str


def write_code(key: bytes, code: PassCode) -> str:
    """The text of a code, as a QR code holds it."""
    head = code.ends_s.to_bytes(_END_BYTES, "big") + bytes.fromhex(code.name)
    signed = head + code.pass_id.encode("ascii")
    return PREFIX + base64.b32encode(signed + _mac(key, signed)).decode().rstrip("=")


def read_code(key: bytes, text: str) -> PassCode | None:
    """The content of a code; None if it was not signed with this key."""
    upper = text.strip().upper()
    if not upper.startswith(PREFIX) or len(upper) > CHARACTERS_MAX or not upper.isascii():
        return None
    body = upper.removeprefix(PREFIX)
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except ValueError:
        return None
    signed, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(signed) <= _HEAD_BYTES or not hmac.compare_digest(mac, _mac(key, signed)):
        return None
    if base64.b32encode(raw).decode().rstrip("=") != body:
        return None  # The unused bits at the end of base32 were changed.
    name = signed[_END_BYTES:_HEAD_BYTES].hex()
    return PassCode(signed[_HEAD_BYTES:].decode("ascii"), int.from_bytes(signed[:_END_BYTES], "big"), name)


def _mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, PREFIX.encode() + signed, hashlib.sha256)[:_MAC_BYTES]


def name_of_foreign(text: str) -> str:
    """The digest that is journaled for a foreign QR code, whose text may be a secret."""
    return "foreign-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def name_of_pin(key: bytes, pin: str) -> str:
    """What is journaled for a PIN of a keypad. PINs are so short that a digest without a key could be tried out."""
    return "pin-" + hmac.digest(key, b"pin" + pin.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()[:12]


class PassCodes:
    """Makes and checks the codes of one data directory, and names PINs."""

    def __init__(self, path: Path) -> None:
        """`path` is `secrets/pass-codes.key`; it is made with the first code."""
        self._path = path
        self._key = b""
        self._run_key = secrets.token_bytes(_KEY_BYTES)

    def issue(self, pass_: Pass, until: str, zone: ZoneInfo, now_wall_ns: int) -> tuple[PassCode, str]:
        """A new code for a temporary pass: its content and its text. PassError says why there is none.

        `until` is a day in site time or an instant; empty: the end of the pass.
        """
        ends_s = _end(pass_, until, zone, now_wall_ns // NS_PER_S)
        code = PassCode(pass_.id, ends_s, secrets.token_hex(_NAME_BYTES))
        if not self._load():
            write_atomically(self._path, secrets.token_bytes(_KEY_BYTES))
        return code, write_code(self._load(), code)

    def issue_for_visit(self, visit: str, until_ns: int, seed: str = "") -> tuple[PassCode, str]:
        """A code for an expected visitor, which is good until then: a new one, or always that of the seed (hex)."""
        name = seed[-2 * _NAME_BYTES :] or secrets.token_hex(_NAME_BYTES)
        code = PassCode(OF_VISIT + visit, min(-(-until_ns // NS_PER_S), _LAST_S), name)
        if not self._load():
            write_atomically(self._path, secrets.token_bytes(_KEY_BYTES))
        return code, write_code(self._load(), code)

    def check(self, text: str) -> PassCode | None:
        """The content of a code; None for a foreign one. The dates of the pass decide whether it has ended."""
        key = self._load()
        return read_code(key, text) if key else None

    def pin_name(self, pin: str) -> str:
        """The same for the same PIN; where no code was ever issued, only until the next start."""
        return name_of_pin(self._load() or self._run_key, pin)

    def _load(self) -> bytes:
        if not self._key:
            try:
                key = self._path.read_bytes()
            except FileNotFoundError:
                return b""
            except OSError as error:
                raise DataDirectoryError(f"{self._path} cannot be read ({error})") from error
            if len(key) != _KEY_BYTES:
                raise DataDirectoryError(f"{self._path} is damaged; take it away, and issue the codes anew")
            self._key = key
        return self._key


def issued(code: PassCode, who: Who) -> CodeIssued:
    """The row of a new code; not enough to make it again."""
    return CodeIssued(pass_=code.pass_id, code=code.name, ends_at=_ends_at(code), **who)


def answered(code: PassCode, text: str) -> dict[str, Any]:
    """The answer to a request for a code."""
    return {"code": text, "pass": code.pass_id, "name": code.name, "ends_at": _ends_at(code)}


def _ends_at(code: PassCode) -> str:
    return rfc3339(code.ends_s * NS_PER_S)


def narrowed(pass_: Pass, code: PassCode, zone: ZoneInfo) -> Pass:
    """The pass limited to the code: it ends at the earlier of both ends.

    An unreadable end of the pass stays, and grants nothing.
    """
    try:
        end_s = _end_of(pass_.valid_until, zone)
    except PassError:
        return pass_
    if end_s is not None and end_s <= code.ends_s:
        return pass_
    return msgspec.structs.replace(pass_, valid_until=local_time(code.ends_s * NS_PER_S, zone).isoformat())


def _end(pass_: Pass, until: str, zone: ZoneInfo, now_s: int) -> int:
    if pass_.kind is not PassKind.TEMPORARY:
        raise PassError(f"pass {pass_.id} is {pass_.kind}; codes are for temporary passes")
    pass_end_s = _named(f"valid_until of pass {pass_.id}", pass_.valid_until, zone)
    end_s = _named("until", until, zone) if until else pass_end_s
    if end_s is None and until:
        raise PassError(f"until is {until!r}, which is no end; say a day at most {DAYS_MAX} days ahead")
    if end_s is None:
        raise PassError(f"pass {pass_.id} has no end; say until when the code is good, for example 2026-11-30")
    if pass_end_s is not None and end_s > pass_end_s:
        raise PassError(f"the code would outlive pass {pass_.id}, which ends {pass_.valid_until}; end it by then")
    if end_s <= max(now_s, 0):
        raise PassError(f"the code would have ended already; pass {pass_.id} ends {pass_.valid_until or 'never'}")
    if end_s > min(now_s + DAYS_MAX * 86_400, _LAST_S):
        raise PassError(f"the code would be good for more than {DAYS_MAX} days; say until when, at most so far ahead")
    return end_s


def _end_of(text: str, zone: ZoneInfo) -> int | None:
    """The second at which a validity ends (a day at midnight); None without an end."""
    moment = end(text)
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment + timedelta(days=1), time(), zone)
    return wall_ns_of(moment) // NS_PER_S


def _named(field: str, text: str, zone: ZoneInfo) -> int | None:
    """See `_end_of`; an error names the field."""
    try:
        return _end_of(text, zone)
    except PassError as error:
        raise PassError(f"{field} {error}") from error
