"""Identity numbers and signatures in `identities.db`, sealed; after their days nothing of them is left in any file.

SQLite overwrites what is deleted (`secure_delete`), the file is written anew without it, and the WAL is cut to nothing,
so that neither a free page nor an old frame has it. A deletion that was interrupted is finished at the next start. Once
the last one is deleted its key goes too, and the next one gets a new key.

The file belongs to the engine; no other process opens it. A backup leaves it out: a copy could not be deleted in time.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.identities.check import OPEN, CheckState
from gateway.core.identities.documents import MASK, masked_number
from gateway.core.vocabulary.errors import DamagedError, NotFoundError, StorageError
from gateway.core.vocabulary.times import NS_PER_S
from gateway.store.files import sync_directory, write_atomically
from gateway.store.identities.cipher import KEY_BYTES, Cipher
from gateway.store.sqlite.database import open_writer, storage_errors, transaction
from gateway.store.sqlite.schemas import IDENTITIES

log = logging.getLogger(__name__)

BESIDE = ("", "-wal", "-shm", "-journal")
LISTED_MAX = 200
DAY_NS = 86_400 * NS_PER_S
_COLUMNS = "person, visit, lane, kind, state, taken_wall_ns, taken_by, how, said_by, media, sealed"


class Person(msgspec.Struct, frozen=True):
    """What is known of a driver without a card; `masked` is empty once the number is deleted."""

    person: str
    visit: str | None
    lane: str
    kind: str
    state: CheckState
    taken_wall_ns: int
    taken_by: str
    how: str | None = None
    said_by: str | None = None
    media: str | None = None
    masked: str = ""


class Taken(msgspec.Struct, frozen=True):
    """What is taken of a driver: the number in normal form, and what it is about."""

    request: str
    visit: str | None
    lane: str
    kind: str
    number: str
    by: str


class Identities:
    """Belongs to one thread of the engine; opened at its first use."""

    def __init__(self, path: Path, key: Path) -> None:
        """`path` is `identities.db`, `key` is `secrets/identities.key`; neither need be there yet."""
        self._path = path
        self._key = key
        self._db: apsw.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    # ---- taking ----------------------------------------------------------------------------------------------------

    def take(self, taken: Taken, wall_ns: int) -> tuple[Person, bool]:
        """Keep a number; the person, and whether that is new. The same request again is the same person."""
        found = self._one("request = ?", taken.request)
        if found is not None:
            return found, False
        person = f"p{secrets.token_hex(8)}"
        sealed = self._cipher().seal(taken.number.encode(), _about(person, "number"))
        with transaction(self._opened(), self._path):
            self._opened().execute(
                "INSERT INTO persons(person, request, visit, lane, kind, state, taken_wall_ns, taken_by, sealed)"
                " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (person, taken.request, taken.visit, taken.lane, taken.kind, CheckState.ASKED.value, wall_ns,
                 taken.by, sealed),
            )  # fmt: skip
        return self.get(person), True

    def answer(self, person: str, state: CheckState, how: str, said_by: str | None) -> None:
        """The office has answered."""
        self._change("state = ?, how = ?, said_by = ?", (state.value, how, said_by), person)

    def sign(self, person: str, state: CheckState, png: bytes) -> str:
        """Keep the signature; returns its id."""
        media = f"m{secrets.token_hex(8)}"
        sealed = self._cipher().seal(png, _about(person, media))
        self._change("state = ?, media = ?, signature = ?", (state.value, media, sealed), person)
        return media

    def goes_on(self, person: str, state: CheckState) -> None:
        """The check is that far."""
        self._change("state = ?", (state.value,), person)

    # ---- asking ----------------------------------------------------------------------------------------------------

    def get(self, person: str) -> Person:
        """The person of that id; NotFoundError."""
        found = self._one("person = ?", person)
        if found is None:
            raise NotFoundError(f"there is no person {person!r}")
        return found

    def listed(self, *, open_only: bool) -> list[Person]:
        """Those that are kept, newest first; `open_only`: whose check is not over."""
        states = ", ".join(f"'{state.value}'" for state in OPEN)
        where = f"sealed IS NOT NULL AND (state IN ({states}) OR {int(not open_only)})"
        return self._all(f"{where} ORDER BY number DESC LIMIT {LISTED_MAX}", ())

    def reveal(self, person: str) -> tuple[str, bytes | None]:
        """The number and the signature (PNG); NotFoundError once they are deleted."""
        with storage_errors(self._path):
            row = self._opened().execute(
                "SELECT sealed, media, signature FROM persons WHERE person = ?", (person,)
            ).fetchone()  # fmt: skip
        if row is None or row[0] is None:
            raise NotFoundError(f"the number of person {person!r} is deleted, or there never was one")
        sealed, media, signature = row
        cipher = self._cipher()
        drawn = cipher.open(signature, _about(person, media)) if signature is not None else None
        return cipher.open(sealed, _about(person, "number")).decode(), drawn

    # ---- deleting --------------------------------------------------------------------------------------------------

    def sweep(self, now_wall_ns: int, days: int, tell: Callable[[Person], None]) -> int:
        """Delete what was taken so many days ago, and `tell` about each; returns how many.

        The row without its contents stays until then: after a kill the next sweep tells about it. What a wrong
        clock has dated into the future counts as taken now, so that it is deleted too.
        """
        if self._db is None and not self._path.exists():
            return 0
        with transaction(self._opened(), self._path):
            self._opened().execute(
                "UPDATE persons SET taken_wall_ns = ? WHERE taken_wall_ns > ?", (now_wall_ns, now_wall_ns + DAY_NS)
            )
            self._opened().execute(
                "UPDATE persons SET sealed = NULL, signature = NULL WHERE taken_wall_ns <= ? AND sealed IS NOT NULL",
                (now_wall_ns - days * DAY_NS,),
            )
        gone = self._all("sealed IS NULL", ())
        if not gone:
            return 0
        self._scrub()
        for person in gone:
            tell(person)
            with transaction(self._opened(), self._path):
                self._opened().execute("DELETE FROM persons WHERE person = ?", (person.person,))
        self._scrub()
        if not self._all("1 LIMIT 1", ()):
            self._key.unlink(missing_ok=True)
            sync_directory(self._key.parent)
        return len(gone)

    def _scrub(self) -> None:
        """Write the file anew with what is left, and cut the WAL to nothing.

        `secure_delete` alone would leave copies of rows that SQLite once moved from one page to another.
        """
        with storage_errors(self._path):
            self._opened().execute("VACUUM")
            self._opened().wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    # ---- the file --------------------------------------------------------------------------------------------------

    def _opened(self) -> apsw.Connection:
        """The connection. A damaged file is deleted: what it holds must not outlive its days in a copy."""
        if self._db is None:
            try:
                self._db = self._open()
            except DamagedError as error:
                log.error("%s; it is deleted with what was in it, and begun anew", error)
                self._delete()
                self._db = self._open()
        return self._db

    def _open(self) -> apsw.Connection:
        db = open_writer(self._path, IDENTITIES)
        try:
            with storage_errors(self._path):
                db.pragma("secure_delete", 1)
                db.pragma("temp_store", "memory")
                db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                self._path.chmod(0o600)
        except BaseException:
            db.close()
            raise
        return db

    def _delete(self) -> None:
        """Overwrite and remove the file and what belongs to it."""
        for suffix in BESIDE:
            path = self._path.with_name(self._path.name + suffix)
            if path.exists():
                with path.open("r+b") as file:
                    file.write(bytes(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
        sync_directory(self._path.parent)

    def _cipher(self) -> Cipher:
        """The cipher of the key, which is drawn at its first use."""
        try:
            key = self._key.read_bytes()
        except FileNotFoundError:
            key = os.urandom(KEY_BYTES)
            write_atomically(self._key, key)
        except OSError as error:
            raise StorageError(f"{self._key} cannot be read ({error.strerror}); check who owns it") from error
        return Cipher(key)

    def _change(self, what: str, values: tuple[object, ...], person: str) -> None:
        with transaction(self._opened(), self._path):
            self._opened().execute(f"UPDATE persons SET {what} WHERE person = ?", (*values, person))

    def _one(self, where: str, value: str) -> Person | None:
        return next(iter(self._all(where, (value,))), None)

    def _all(self, where: str, values: tuple[str, ...]) -> list[Person]:
        with storage_errors(self._path):
            rows: list[Any] = self._opened().execute(f"SELECT {_COLUMNS} FROM persons WHERE {where}", values).fetchall()
        return [self._person(*row) for row in rows]

    def _person(self, person: str, visit: str | None, lane: str, kind: str, state: str, taken_wall_ns: int,
                taken_by: str, how: str | None, said_by: str | None, media: str | None, sealed: bytes | None,
                ) -> Person:  # fmt: skip
        masked = self._masked(person, sealed) if sealed else ""
        return Person(
            person, visit, lane, kind, CheckState(state), taken_wall_ns, taken_by, how, said_by, media, masked
        )

    def _masked(self, person: str, sealed: bytes) -> str:
        """The masked number; only the mask where the key is another one, since the list must be shown all the same."""
        try:
            return masked_number(self._cipher().open(sealed, _about(person, "number")).decode())
        except StorageError as error:
            log.error("person %s: %s", person, error)
            return MASK


def _about(person: str, what: str) -> str:
    """The place that a sealed value belongs to."""
    return f"gatehouse identity {person} {what}"
