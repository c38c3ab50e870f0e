"""The keys of booths' own screens, stored as hashes: a browser with such a key is in that booth.

A key is 20 digits, since it is typed once on a touchscreen: 66 random bits, so a plain SHA-256 is enough. The engine
writes, web reads; a new key for a station replaces the one before at once.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from pathlib import Path

import msgspec

from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import DataDirectoryError, NotFoundError
from gateway.store.files import write_atomically
from gateway.store.times import rfc3339

DIGITS = 20
_GROUP = 4


class StationKey(msgspec.Struct, frozen=True):
    """A key as stored: everything but the digits."""

    station: str
    digest: str
    created_at: str


class StationKeys:
    """One key a station. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """`path` is `secrets/stations.json`; it need not be there yet."""
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._keys: tuple[StationKey, ...] = ()

    def issue(self, station: str) -> str:
        """A new key for a station, in groups of four digits; shown once and stored nowhere."""
        digits = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
        key = StationKey(station, _digest(digits), rfc3339(time.time_ns()))
        with self._lock:
            others = [one for one in self._load() if one.station != station]
            content = msgspec.json.encode((*others, key))
            write_atomically(self._path, msgspec.json.format(content, indent=2))
            self._stamp = None
        return " ".join(digits[n : n + _GROUP] for n in range(0, DIGITS, _GROUP))

    def find(self, key: str) -> str | None:
        """The id of the station that holds this key, None for none; blanks and dashes in it do not count."""
        digits = re.sub(r"[\s-]", "", key)
        if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits, re.ASCII):
            return None
        digest = _digest(digits)
        with self._lock:
            return next((one.station for one in self._load() if one.digest == digest), None)

    def _load(self) -> tuple[StationKey, ...]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return ()
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            try:
                self._keys = msgspec.json.decode(self._path.read_bytes(), type=tuple[StationKey, ...])
            except (msgspec.DecodeError, OSError) as error:
                raise DataDirectoryError(f"{self._path} cannot be read ({error})") from error
            self._stamp = stamp
        return self._keys


def must_be_set_up(station: str, settings: Settings) -> None:
    """NotFoundError for a station that the site file does not name."""
    known = [one.id for one in settings.stations]
    if not known:
        raise NotFoundError(
            f"there is no station {station!r}: without `stations` in the site file the machine's own screen is the only"
            " one, and needs no key"
        )
    if station not in known:
        raise NotFoundError(f"there is no station {station!r}; the site file names {', '.join(known)}")


def _digest(digits: str) -> str:
    return hashlib.sha256(digits.encode()).hexdigest()
