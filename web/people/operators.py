"""The operators of the settings document, read again when `site.json` is replaced.

If neither the document nor its last good version is readable, the operators stay as they were: a bad edit must not lock
the booth.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.settings.model import Http, Settings, Station
from gateway.core.settings.roles import Role
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.settings.documents import Documents
from gateway.store.settings.versions import Version

_log = logging.getLogger(__name__)
_ROLES = frozenset(role.value for role in Role)


class Operator(msgspec.Struct, frozen=True):
    """A named person with a role; `pin_hash` never leaves the process."""

    name: str
    role: Role
    pin_hash: str = ""

    @property
    def mark(self) -> str:
        """Changes with the role or the PIN, which ends earlier sessions."""
        return hashlib.sha256(f"{self.role}\0{self.pin_hash}".encode()).hexdigest()[:16]


class SiteDocument:
    """The settings document as the web needs it: operators, and the plain document for pages. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._document: dict[str, Any] = {}
        self._parsed: tuple[Any, Settings | None] = (None, None)
        self._version = 0
        self._versions: tuple[Version, ...] = ()
        self._operators: dict[str, Operator] = {}
        self._stations: dict[str, Station] = {}
        self._http = Http()

    def document(self) -> dict[str, Any]:
        """The settings document (PINs as hashes); {} without a readable one."""
        self._refresh()
        return self._document

    def version(self) -> int:
        """The version of the settings that holds; 0 without a readable document."""
        self._refresh()
        return self._version

    def versions(self) -> tuple[Version, ...]:
        """The versions that are kept, oldest first, without their documents."""
        self._refresh()
        return self._versions

    def state(self, version: int) -> str:
        """Whether a version is `pending`, `confirmed` or `rolled_back`; "gone" for one that is not kept."""
        return next((one.state for one in self.versions() if one.version == version), "gone")

    def pending(self) -> Version | None:
        """The version that waits to be confirmed."""
        return next((one for one in self.versions() if one.state == "pending"), None)

    def settings(self) -> Settings | None:
        """The settings, checked, without secrets; None without a readable document."""
        document = self.document()
        if self._parsed[0] is not document:
            self._parsed = (document, parse_settings(document) if document else None)
        return self._parsed[1]

    def operators(self) -> dict[str, Operator]:
        """All operators by name, in the order of the site file."""
        self._refresh()
        return self._operators

    def stations(self) -> dict[str, Station]:
        """The booths' own screens by id; {} where only the machine's own screen is one."""
        self._refresh()
        return self._stations

    def http(self) -> Http:
        """`gateway.http`: names, proxies and where the web listens."""
        self._refresh()
        return self._http

    def _refresh(self) -> None:
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        with self._lock:
            if stamp == self._stamp:
                return
            try:
                stored = Documents(self._path).stored()
            except (GatehouseError, OSError, ValueError) as error:
                _log.warning("site.json cannot be read, the operators stay as they were: %s", error)
            else:
                document = stored.document
                self._document, self._operators = document, _operators(document)
                self._version = stored.version
                self._versions = tuple(_version(one) for one in stored.versions)
                self._stations, self._http = _stations(document), _http(document)
            self._stamp = stamp


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _version(raw: dict[str, Any]) -> Version:
    return msgspec.convert({**raw, "document": None}, Version)


def _operators(document: dict[str, Any]) -> dict[str, Operator]:
    found = [
        Operator(str(raw["name"]), Role(raw["role"]), str(raw.get("pin_hash") or ""))
        for raw in document.get("operators", [])
        if raw["role"] in _ROLES
    ]
    return {operator.name: operator for operator in found}


def _stations(document: dict[str, Any]) -> dict[str, Station]:
    found = msgspec.convert(document.get("stations") or [], list[Station])
    return {station.id: station for station in found}


def _http(document: dict[str, Any]) -> Http:
    return msgspec.convert(document.get("gateway", {}).get("http") or {}, Http)
