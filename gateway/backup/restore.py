"""Makes a data directory from a backup: into an empty directory, whole or not at all.

Everything is made in a folder `.restoring` of the directory first, and moved into place when all of it was read,
proved and synced; the settings come last, since a directory without them is none. What an interrupted attempt left is
cleared by the next one.

The journal keeps its rows and gets a new id; the first new row is `journal.restored`. Whatever names a row of the
journal by its id and sequence (the projections, the cursors of consumers) is carried over to the new id.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import apsw
import msgspec

from gateway.backup.check import Progress, Proof, prove
from gateway.backup.databases import Loader
from gateway.backup.files import LEFT_OUT, MODE_MAX, inside_of
from gateway.backup.records import About, Item
from gateway.backup.take import SESSIONS, Side
from gateway.core.vocabulary.errors import BackupError, DataDirectoryError, InUseError
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.rows import JournalRestored, Who
from gateway.store.directory import DataDirectory
from gateway.store.files import remedy_for, sync_directory, write_atomically
from gateway.store.journal.lineage import Lineage
from gateway.store.journal.writer import Journal, Row, new_journal_id
from gateway.store.sqlite.database import storage_errors
from gateway.store.sqlite.migrations import Schema
from gateway.store.sqlite.schemas import JOURNAL, REGISTRY, STATE

STAGING = ".restoring"
_MOVING = ".moving"
"""The list of what is being moved into place."""
_HARMLESS = frozenset({"lost+found", STAGING})


class Restored(msgspec.Struct, frozen=True):
    """A restored directory: its new journal, and what its rows were proved to be."""

    journal: str
    proof: Proof


class Moment(msgspec.Struct, frozen=True):
    """When and by whom a restore is done. `now` gets whether the settings vouch for the clock."""

    now: Callable[[bool], Now]
    boot_id: str
    who: Who


def restore(
    file: Path, data: Path, side: Side, passphrase: Callable[[], str], moment: Moment, progress: Progress | None = None
) -> Restored:
    """Make the data directory; BackupError, DataDirectoryError, StorageError: then nothing of it is there."""
    with _empty(data) as staging:
        try:
            with Staging(DataDirectory(staging), side) as sink:
                proof = prove(file, passphrase, sink, progress)
            restored = _carry_over(DataDirectory(staging), proof, moment)
            _put_in_place(staging, data)
        except OSError as error:
            words = f"{error.filename or data}: {error.strerror or error}; nothing was restored"
            raise BackupError(f"{words}. {remedy_for(error, data / STAGING)}") from error
    return restored


# ---- the empty directory -----------------------------------------------------------------------------------------


@contextmanager
def _empty(data: Path) -> Iterator[Path]:
    """A folder to work in, in a directory that is empty and locked; removed behind the block, whatever happens."""
    made = not data.exists()
    if data.exists() and not data.is_dir():
        raise DataDirectoryError(f"{data} is no directory; choose another with --data")
    data.mkdir(parents=True, exist_ok=True, mode=0o750)
    handle = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InUseError(f"another restore into {data} is under way; wait for it") from error
        _clear(data)
        if any(entry.name not in _HARMLESS for entry in os.scandir(data)):
            raise InUseError(f"{data} is not empty; a restore goes into an empty directory only: give one with --data")
        staging = data / STAGING
        staging.mkdir(mode=0o700)
        try:
            yield staging
        except BaseException:
            _clear(data)
            if made:
                data.rmdir()
            raise
        shutil.rmtree(staging, ignore_errors=True)
    finally:
        os.close(handle)


def _clear(data: Path) -> None:
    """Remove what an attempt left that did not come to its end."""
    moving = data / STAGING / _MOVING
    if moving.exists() and not (data / "site.json").exists():
        for name in moving.read_text().splitlines():
            path = data / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    shutil.rmtree(data / STAGING, ignore_errors=True)


def _put_in_place(staging: Path, data: Path) -> None:
    """Sync everything, then move it; the settings come last."""
    _belong_to_owner(staging, data)
    for folder, _, _ in os.walk(staging):
        sync_directory(Path(folder))
    names = sorted((entry.name for entry in os.scandir(staging)), key=_settings_last)
    if "site.json" not in names:
        raise BackupError("the backup has no settings (site.json); take another backup")
    write_atomically(staging / _MOVING, "".join(f"{name}\n" for name in names).encode())
    for name in names:
        if name == "site.json":
            sync_directory(data)
        (staging / name).rename(data / name)
    sync_directory(data)


def _settings_last(name: str) -> tuple[bool, str]:
    return name.startswith("site.json"), name


def _belong_to_owner(staging: Path, data: Path) -> None:
    """Give everything to the owner of the directory, when root restores for another user."""
    if os.geteuid() != 0:
        return
    owner = data.stat()
    for folder, folders, files in os.walk(staging):
        for name in (*folders, *files):
            os.chown(Path(folder, name), owner.st_uid, owner.st_gid)


# ---- what comes out of the backup --------------------------------------------------------------------------------


class Staging:
    """A sink that makes the databases and files of a directory."""

    def __init__(self, directory: DataDirectory, side: Side) -> None:
        self._directory = directory
        self._databases: dict[str, tuple[Path, Schema]] = {
            "web.db": (directory.web, side.web),
            "uplink.db": (directory.uplink, side.uplink),
            "state.db": (directory.state, STATE),
            "journal.db": (directory.journal, JOURNAL),
            "registry.db": (directory.registry, REGISTRY),
        }
        self._loader: Loader | None = None
        self._file: IO[bytes] | None = None
        self._skip = self._skip_rows = False

    def __enter__(self) -> Staging:
        self._directory.make_folders()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loader is not None:
            self._loader.close()
        if self._file is not None:
            self._file.close()

    def begin(self, about: About) -> None:
        """Nothing is made yet."""

    def item(self, item: Item) -> None:
        """Begin a database or a file."""
        self._skip = item.kind == "file" and item.name in LEFT_OUT
        if item.kind == "database":
            if item.name not in self._databases:
                raise BackupError(f"the backup has a database {item.name!r} that this version does not know")
            path, schema = self._databases[item.name]
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._loader = Loader(path, schema, item)
            path.chmod(0o640)
        elif not self._skip:
            path = self._directory.path / inside_of(item.name)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            mode = item.mode & MODE_MAX
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode | 0o600), "wb")

    def table(self, name: str, columns: list[str]) -> None:
        """Rows of this table follow."""
        assert self._loader is not None
        self._skip_rows = name in SESSIONS
        self._loader.table(name, columns)

    def rows(self, rows: list[list[Any]]) -> None:
        """Put rows in; sessions end with a restore."""
        assert self._loader is not None
        if not self._skip_rows:
            self._loader.rows(rows)

    def again(self) -> None:
        """Begin the database again."""
        assert self._loader is not None
        self._loader.again()

    def data(self, content: bytes) -> None:
        """Write content of the file."""
        if self._file is not None:
            self._file.write(content)

    def end(self) -> None:
        """Complete the item, durably."""
        if self._loader is not None:
            self._loader.end()
            self._loader = None
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None


# ---- the new journal ---------------------------------------------------------------------------------------------


def _carry_over(directory: DataDirectory, proof: Proof, moment: Moment) -> Restored:
    """Give the journal its new id and its first new row, and carry positions over to that id."""
    about, old = proof.contents.about, proof.lineage
    new = old.restored_as(new_journal_id(), proof.last, proof.head)
    with _changing(directory.journal) as db:
        db.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", new.meta())
    journal = Journal.open(directory.journal, f"/sites/{about.site}/gateways/{about.gateway}", moment.boot_id)
    try:
        said = JournalRestored(
            predecessor=old.journal, last=proof.last, head=proof.head, made_at=about.made_at, **moment.who
        )
        journal.append([Row.of(said, about.gateway, moment.now(_vouched(directory)))])
    finally:
        journal.close()
    _follow(directory, old, new, proof.last)
    return Restored(new.journal, proof)


def _vouched(directory: DataDirectory) -> bool:
    gateway = directory.documents.load().get("gateway")
    return isinstance(gateway, dict) and gateway.get("clock") == "trusted"


def _follow(directory: DataDirectory, old: Lineage, new: Lineage, last: int) -> None:
    """Everything that has a row of the old journal has the same row of the new one."""
    with _changing(directory.state) as db:
        known = dict(db.execute("SELECT key, value FROM meta WHERE key IN ('journal', 'sequence')"))
        if known.get("journal") == old.journal and int(known.get("sequence") or 0) <= last:
            db.execute("UPDATE meta SET value = ? WHERE key = 'journal'", (new.journal,))
    for path in (directory.uplink, directory.web):
        if path.exists():
            with _changing(path) as db:
                for table in _positions(db):
                    db.execute(
                        f'UPDATE "{table}" SET journal = ? WHERE journal = ? AND sequence <= ?',
                        (new.journal, old.journal, last),
                    )


def _positions(db: apsw.Connection) -> list[str]:
    """The tables whose rows have a journal and a sequence."""
    sql = (
        "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND c.name IN ('journal', 'sequence') GROUP BY m.name HAVING count(*) = 2"
    )
    return [str(name) for (name,) in db.execute(sql)]


@contextmanager
def _changing(path: Path) -> Iterator[apsw.Connection]:
    """A restored database in one durable transaction."""
    with storage_errors(path):
        db = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            db.pragma("synchronous", "FULL")
            with db:
                yield db
        finally:
            db.close()
