"""The settings that installers edit, in TinyDB, through a storage that never leaves half a file.

TinyDB's own storage rewrites in place and loses the file on a full disk. This one writes a new file,
renames it, and keeps the previous version as the last good one: if `site.json` is unreadable, that one is used and
`recovered` says so. Settings are few and small; events and passes are never stored here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from tinydb import Query, TinyDB
from tinydb.storages import Storage

from gateway.core.vocabulary.errors import DataDirectoryError, StorageError
from gateway.store.files import sync_directory, write_atomically

_TABLE = "documents"
_SITE = "site"


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

    def load(self) -> dict[str, Any]:
        """The site document as `parse_settings` takes it, with hashes instead of PINs.

        Raises DataDirectoryError when there is none, or none that can be read.
        """
        found = self._open().table(_TABLE).get(Query().name == _SITE)
        if found is None or not isinstance(found.get("document"), dict):
            raise DataDirectoryError(
                f"{self.path} holds no site; make it with `gatehouse init --data {self.path.parent} --site FILE`"
            )
        return dict(found["document"])

    def save(self, document: dict[str, Any]) -> None:
        """Store the site document as a whole; StorageError when the disk does not take it."""
        row = {"name": _SITE, "document": document}
        self._open().table(_TABLE).upsert(row, Query().name == _SITE)

    def _open(self) -> TinyDB:
        self._storage = storage = AtomicStorage(self.path)
        return TinyDB(storage=lambda: storage)


def _parsed(path: Path) -> dict[str, Any]:
    found = msgspec.json.decode(path.read_bytes())
    if not isinstance(found, dict) or not all(isinstance(table, dict) for table in found.values()):
        raise ValueError("it is not a TinyDB file")
    return found
