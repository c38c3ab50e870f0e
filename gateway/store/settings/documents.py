"""The settings that installers edit, in TinyDB, through a storage that never leaves half a file.

TinyDB's own storage rewrites in place and loses the file on a full disk. This one writes a new file,
renames it, and keeps the previous version as the last good one: if `site.json` is unreadable, that one is used and
`recovered` says so. Settings are few and small; events and passes are never stored here.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from tinydb import Query, TinyDB
from tinydb.storages import Storage

from gateway.core.vocabulary.errors import DataDirectoryError, StorageError
from gateway.store.files import sync_directory, write_atomically
from gateway.store.times import rfc3339

_TABLE = "documents"
_VERSIONS = "versions"
_SITE = "site"
LOCK = threading.RLock()
"""Held from reading the settings until their change is written; one process writes them."""


class Stored(msgspec.Struct, frozen=True):
    """What the file holds: the document, which version it is, and all versions as `versions` has them.

    `sealed`: the version that brought each secret; None in a file of an earlier version of Gatehouse. `at`: when the
    file was written.
    """

    document: dict[str, Any]
    version: int = 1
    sealed: dict[str, int] | None = None
    versions: list[dict[str, Any]] = []
    at: str = ""


class AtomicStorage(Storage):
    """A TinyDB storage: the whole file is replaced by rename, and the one before is kept as `<name>.last-good`."""

    def __init__(self, path: Path) -> None:
        """Opens nothing."""
        self._path = path
        self.last_good = path.with_name(path.name + ".last-good")
        self.recovered = ""

    def read(self) -> dict[str, Any] | None:
        """The file's content, or the last good one's; None when there is neither."""
        self.recovered = ""
        if not self._path.exists() and not self.last_good.exists():
            return None
        try:
            return _parsed(self._path)
        except (OSError, ValueError) as broken:
            return self._recover(broken)

    def write(self, data: dict[str, Any]) -> None:
        """Replace the file; StorageError when the disk does not take it, and the old one stays."""
        content = msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"
        self._keep_last_good()
        write_atomically(self._path, content)

    def close(self) -> None:
        """Nothing to close."""

    def _recover(self, broken: Exception) -> dict[str, Any]:
        try:
            found = _parsed(self.last_good)
        except (OSError, ValueError) as error:
            raise DataDirectoryError(
                f"{self._path} cannot be read ({broken}), and neither can {self.last_good.name}; restore a backup"
            ) from error
        self.recovered = (
            f"{self._path.name} cannot be read ({broken}); the settings before the last change are used. "
            "Look at them and save them again"
        )
        return found

    def _keep_last_good(self) -> None:
        """Before it is replaced, the present file is kept, unless it is broken or holds nothing yet."""
        try:
            if not any(_parsed(self._path).values()):
                return
        except (OSError, ValueError):
            return
        spare = self.last_good.with_name(f".{self.last_good.name}.new")
        try:
            spare.unlink(missing_ok=True)
            os.link(self._path, spare)
            spare.replace(self.last_good)
            sync_directory(self._path.parent)
        except OSError as error:
            raise StorageError(f"{self.last_good} cannot be written ({error.strerror}); nothing was changed") from error


class Documents:
    """The site document of a data directory. Reads the file each time, so a change by another process is seen."""

    def __init__(self, path: Path) -> None:
        """`path` is `site.json`; it need not be there yet."""
        self.path = path
        self._storage: AtomicStorage | None = None

    @property
    def recovered(self) -> str:
        """A text for people if the last `load` used the last good file, else empty."""
        return self._storage.recovered if self._storage is not None else ""

    @property
    def exists(self) -> bool:
        """Whether there is a file, or a last good one."""
        storage = AtomicStorage(self.path)
        return self.path.exists() or storage.last_good.exists()

    def load(self) -> dict[str, Any]:
        """The site document as `parse_settings` takes it, with hashes instead of PINs.

        Raises DataDirectoryError when there is none, or none that can be read.
        """
        return self.stored().document

    def save(self, document: dict[str, Any]) -> None:
        """Store the site document as a whole, as part of the version that holds; StorageError if the disk refuses."""
        self.edit(lambda _before: document, begin=True)

    def edit(self, edit: Callable[[dict[str, Any]], dict[str, Any]], *, begin: bool = False) -> dict[str, Any]:
        """Change the site document in one step that no other change can come between; returns it as it is now.

        For operators and for what else no version holds: the versions stay as they are. What `edit` raises changes
        nothing. `begin`: also where there is no document yet.
        """
        with LOCK:
            row = self._row()
            if row is None and not begin:
                raise self._none()
            before = row["document"] if row is not None else {}
            after = edit(dict(before))
            self._open().table(_TABLE).upsert({"name": _SITE, "document": after}, Query().name == _SITE)
            return after

    def stored(self) -> Stored:
        """The document with what is known of its versions; DataDirectoryError."""
        row = self._row()
        if row is None:
            raise self._none()
        rows = self._open().table(_VERSIONS).all()
        return Stored(
            dict(row["document"]), row.get("version", 1), row.get("sealed"), [dict(one) for one in rows], self._at()
        )

    def store(self, stored: Stored) -> None:
        """Replace document and versions in one write; StorageError when the disk does not take it."""
        site = {"name": _SITE, "document": stored.document, "version": stored.version, "sealed": stored.sealed}
        rows = {str(number): row for number, row in enumerate(stored.versions, 1)}
        self._open().storage.write({_TABLE: {"1": site}, _VERSIONS: rows})

    def stamp(self) -> tuple[int, int, int]:
        """A value that changes when the file is written."""
        try:
            found = self.path.stat()
        except OSError:
            return (0, 0, 0)
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _row(self) -> dict[str, Any] | None:
        found = self._open().table(_TABLE).get(Query().name == _SITE)
        if found is None or not isinstance(found.get("document"), dict):
            return None
        return dict(found)

    def _none(self) -> DataDirectoryError:
        return DataDirectoryError(
            f"{self.path} holds no site; make it with `gatehouse init --data {self.path.parent} --site FILE`"
        )

    def _at(self) -> str:
        try:
            return rfc3339(self.path.stat().st_mtime_ns)
        except OSError:
            return rfc3339(0)

    def _open(self) -> TinyDB:
        self._storage = storage = AtomicStorage(self.path)
        return TinyDB(storage=lambda: storage)


def _parsed(path: Path) -> dict[str, Any]:
    found = msgspec.json.decode(path.read_bytes())
    if not isinstance(found, dict) or not all(isinstance(table, dict) for table in found.values()):
        raise ValueError("it is not a TinyDB file")
    return found
