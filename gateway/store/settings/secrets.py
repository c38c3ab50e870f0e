"""Secrets: PINs and API tokens are stored as hashes, other secrets in a protected file.

A PIN is short, so its hash is slow (scrypt). A token is 256 random bits, so a plain SHA-256 is enough and fast. `seal`
takes the secrets out of a site document on its way in; `unseal` puts back those that a process must know, such as the
broker's password, and an export never does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.people.texts import wrong_name
from gateway.core.settings.model import PLATE_MQTT, SNAPSHOT_HTTP
from gateway.core.settings.roles import SCOPES
from gateway.core.vocabulary.errors import DataDirectoryError, GatehouseError, NotFoundError
from gateway.core.vocabulary.times import NO_END_YEAR
from gateway.store.files import write_atomically
from gateway.store.settings.names import alike
from gateway.store.times import YEARS, parse_wall_ns, rfc3339

TOKENS_MAX = 1000
PUSH = "plates:push"
DIGEST_USER, DIGEST_REALM = "camera", "gatehouse"
NAME_MAX = 64
"""Characters of a token's name."""

# 16 MiB and about 50 ms on a desk machine, 0.2 s on a Raspberry Pi 4: slow to guess, fast enough to sign in.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 1
_SALT_BYTES = 16


class TokenError(GatehouseError):
    """A token that cannot be made as asked."""

    code = "token_invalid"


class Token(msgspec.Struct, frozen=True):
    """A token as stored: everything but the secret. Times RFC 3339; `expires_at` empty: never."""

    id: str
    name: str
    scopes: tuple[str, ...]
    digest: str
    created_at: str
    expires_at: str = ""
    devices: tuple[str, ...] = ()
    """Cameras that it pushes for; empty: any."""
    digest_key: str = ""
    """What Digest authentication needs of the secret: MD5 over user, realm and secret (HA1 of RFC 7616)."""

    def allows(self, scope: str) -> bool:
        """Whether the token has this scope."""
        return scope in self.scopes

    def expired(self, wall_ns: int) -> bool:
        """Whether its time was over at that moment; one that cannot be read, as an earlier version may have, is."""
        if not self.expires_at or self.expires_at.startswith(str(NO_END_YEAR)):
            return False
        try:
            return parse_wall_ns(self.expires_at) <= wall_ns
        except ValueError:
            return True


def hash_pin(pin: str) -> str:
    """`scrypt$N$r$p$salt$hash`, different each time."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _scrypt(pin, salt, _SCRYPT_N, _SCRYPT_R, _SCRYPT_P)
    return "$".join(("scrypt", str(_SCRYPT_N), str(_SCRYPT_R), str(_SCRYPT_P), _text(salt), _text(digest)))


def check_pin(pin: str, pin_hash: str) -> bool:
    """Whether a PIN fits a hash; False for a hash that cannot be read. Takes as long for a wrong one."""
    try:
        name, n, r, p, salt, digest = pin_hash.split("$")
        if name != "scrypt":
            return False
        found = _scrypt(pin, base64.b64decode(salt), int(n), int(r), int(p))
        return hmac.compare_digest(found, base64.b64decode(digest))
    except ValueError:
        return False


class Tokens:
    """API tokens, hashed at rest. The engine writes, web reads: a change is seen by the next `check`."""

    def __init__(self, path: Path) -> None:
        """`path` is `secrets/tokens.json`; it need not be there yet."""
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._by_digest: dict[str, Token] = {}

    def create(
        self, name: str, scopes: Sequence[str], expires_at: str = "", devices: Sequence[str] = ()
    ) -> tuple[str, str]:
        """A new token: (id, secret). The secret is shown once and stored nowhere. TokenError for a bad scope."""
        self._check(name, scopes, expires_at)
        if devices and PUSH not in scopes:
            raise TokenError(f"devices are given, but not the scope {PUSH}; a token for cameras has it")
        secret = "gh_" + secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(6),
            name=name,
            scopes=tuple(sorted(set(scopes))),
            digest=_digest(secret),
            created_at=rfc3339(time.time_ns()),
            expires_at=expires_at,
            devices=tuple(sorted(set(devices))),
            digest_key=_digest_key(secret) if PUSH in scopes else "",
        )
        with self._lock:
            known = self._load().values()
            _must_be_free(name, known)
            self._store([*known, token])
        return token.id, secret

    def list(self) -> Sequence[Token]:
        """All tokens, oldest first."""
        with self._lock:
            return tuple(self._load().values())

    def revoke(self, id_or_name: str) -> Sequence[str]:
        """Remove the token of that id or name; returns its id. NotFoundError for none.

        TokenError for a name that several tokens of earlier versions share.
        """
        with self._lock:
            tokens = list(self._load().values())
            gone = [token.id for token in tokens if token.id == id_or_name]
            gone = gone or [token.id for token in tokens if token.name == id_or_name]
            if not gone:
                raise NotFoundError(f"there is no token {id_or_name!r}")
            if len(gone) > 1:
                raise TokenError(f"{len(gone)} tokens are named {id_or_name!r}; give the id: {', '.join(gone)}")
            self._store([token for token in tokens if token.id not in gone])
            return tuple(gone)

    def check(self, secret: str, now_wall_ns: int | None = None) -> Token | None:
        """The token of this secret, None when it is forged, revoked or expired."""
        with self._lock:
            token = self._load().get(_digest(secret))
        now_ns = time.time_ns() if now_wall_ns is None else now_wall_ns
        return None if token is None or token.expired(now_ns) else token

    def _check(self, name: str, scopes: Sequence[str], expires_at: str) -> None:
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise TokenError(f"scope {', '.join(unknown) or 'missing'}; give one or more of {', '.join(SCOPES)}")
        if not 1 <= len(name) <= NAME_MAX:
            raise TokenError(f"name {name!r}; give 1 to {NAME_MAX} characters")
        if wrong := wrong_name(name, NAME_MAX):
            raise TokenError(f"name {wrong}")
        if expires_at:
            try:
                parse_wall_ns(expires_at)
            except ValueError as error:
                raise TokenError(
                    f"expires_at is {expires_at[:60]!r}; give an instant such as 2027-01-01T00:00:00Z, {YEARS}"
                ) from error
        if len(self.list()) >= TOKENS_MAX:
            raise TokenError(f"there are {TOKENS_MAX} tokens already; revoke some")

    def _load(self) -> dict[str, Token]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            try:
                tokens = msgspec.json.decode(self._path.read_bytes(), type=tuple[Token, ...])
            except (msgspec.DecodeError, OSError) as error:
                raise DataDirectoryError(f"{self._path} cannot be read ({error})") from error
            self._by_digest = {token.digest: token for token in tokens}
            self._stamp = stamp
        return self._by_digest

    def _store(self, tokens: Sequence[Token]) -> None:
        content = msgspec.json.encode(tuple(tokens))
        write_atomically(self._path, msgspec.json.format(content, indent=2))
        self._stamp = None


def _digest_key(secret: str) -> str:
    text = f"{DIGEST_USER}:{DIGEST_REALM}:{secret}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _must_be_free(name: str, known: Iterable[Token]) -> None:
    """TokenError if a token has this name, or one that looks like it: the journal names tokens by it."""
    for token in known:
        if alike(token.name) == alike(name):
            raise TokenError(
                f"the name {name!r} is taken by token {token.id} ({token.name!r});"
                f" take another name, or revoke that one first: gatehouse token revoke {token.id}"
            )


class Vault:
    """Secrets of the site document that some process must know in plain text: one protected file."""

    def __init__(self, path: Path) -> None:
        """`path` is `secrets/site.json`; it need not be there yet."""
        self._path = path

    def load(self) -> dict[str, str]:
        """All secrets by their path in the site document."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (msgspec.DecodeError, OSError) as error:
            raise DataDirectoryError(f"{self._path} cannot be read ({error})") from error

    def save(self, found: dict[str, str]) -> None:
        """Replace all of them."""
        write_atomically(self._path, msgspec.json.encode(found))


def seal(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A site document without secrets, and what was taken out: PINs become hashes, the rest is for the vault."""
    sealed = deepcopy(document)
    for operator in _objects(sealed.get("operators")):
        pin = operator.pop("pin", None)
        if isinstance(pin, str):
            operator["pin_hash"] = hash_pin(pin)
    taken: dict[str, str] = {}
    for path, place, key in places(sealed):
        if isinstance(place.get(key), str):
            taken[path] = place.pop(key)
    return sealed, taken


def unseal(document: dict[str, Any], found: dict[str, str]) -> dict[str, Any]:
    """The document with the vault's secrets in their places again, but for those that it gives itself."""
    opened = deepcopy(document)
    for path, place, key in places(opened):
        if path in found and place.get(key) is None:
            place[key] = found[path]
    return opened


def name_in_vault(place: str, version: int) -> str:
    """The name of a secret in the vault: its place, and the version of the settings that brought it (0: the first)."""
    return f"{place}#{version}" if version else place


def places(document: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    """The places of plain secrets in a site document: (name in the vault, object, key)."""
    uplink = document.get("uplink")
    mqtt = uplink.get("mqtt") if isinstance(uplink, dict) else None
    places = [("uplink.mqtt.password", mqtt, "password")] if isinstance(mqtt, dict) else []
    keyed = [one for one in _objects(document.get("devices")) if one.get("driver") == "osdp"]
    places += [(f"devices.{device.get('id')}.key", device, "key") for device in keyed]
    served = [one for one in _objects(document.get("devices")) if one.get("driver") == SNAPSHOT_HTTP]
    places += [(f"devices.{device.get('id')}.password", device, "password") for device in served]
    told = [one for one in _objects(document.get("devices")) if one.get("driver") == PLATE_MQTT]
    brokers = [(device.get("id"), device.get("broker")) for device in told]
    return places + [
        (f"devices.{name}.broker.password", broker, "password") for name, broker in brokers if isinstance(broker, dict)
    ]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _scrypt(pin: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, maxmem=64 * 1024 * 1024)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
