"""Schema versions, from the first day: `PRAGMA user_version` counts the steps that a database has taken.

A step is a script of SQL and runs in one transaction together with its version, so a power cut leaves either the old
schema or the new one. Steps are only ever added. A reader never migrates; a database newer than this program is left
alone.
"""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec

from gateway.core.vocabulary.errors import DamagedError, DataDirectoryError


class Schema(msgspec.Struct, frozen=True):
    """One kind of database: what it holds, its SQLite application id, and the steps from nothing to now."""

    holds: str
    application_id: int
    steps: tuple[str, ...]

    @property
    def version(self) -> int:
        """The version this program writes."""
        return len(self.steps)


def version_of(connection: apsw.Connection, schema: Schema, path: Path) -> int:
    """The version a database is at, 0 for an empty one; DataDirectoryError for a foreign or newer one."""
    version = int(connection.pragma("user_version"))
    application_id = int(connection.pragma("application_id"))
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    if application_id != schema.application_id and (version or application_id or tables):
        raise DamagedError(f"{path} is a database, but not one of Gatehouse's with {schema.holds}; move it away")
    if version > schema.version:
        raise DataDirectoryError(
            f"{path} has schema {version} and this Gatehouse knows {schema.version}; install the newer version again"
        )
    return version


def migrate(connection: apsw.Connection, schema: Schema, path: Path) -> None:
    """Bring a database up to date; the writer calls this when it opens."""
    for version in range(version_of(connection, schema, path), schema.version):
        _step(connection, schema, version)


def require_current(connection: apsw.Connection, schema: Schema, path: Path) -> None:
    """For readers: DataDirectoryError unless the database is up to date."""
    version = version_of(connection, schema, path)
    if version < schema.version:
        raise DataDirectoryError(
            f"{path} has schema {version} and {schema.version} is needed; "
            "start the engine, it brings the file up to date"
        )


def _step(connection: apsw.Connection, schema: Schema, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for _ in connection.execute(schema.steps[version]):
            pass
        connection.pragma("application_id", schema.application_id)
        connection.pragma("user_version", version + 1)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
