"""What the tests of backups share: a data directory with something of everything, and cheap keys."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from gateway.backup import chunks
from gateway.backup.records import About
from gateway.backup.restore import Moment, Restored, restore
from gateway.backup.take import Side, take
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State
from gateway.uplink.central.cursors import UPLINK, Cursors, Position
from tests.store.conftest import row
from tests.support.engine import SITE
from web.platform.webdb import SCHEMA, WebDatabase

SIDE = Side(UPLINK, SCHEMA)
ROWS = 3000
DOCUMENT: dict[str, Any] = {**SITE, "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}]}


@pytest.fixture(autouse=True)
def little_work_for_a_key() -> Iterator[None]:
    """Keys of the field take half a second each."""
    with patch.object(chunks, "N", 2**4):
        yield


def about_of(directory: DataDirectory) -> About:
    settings = directory.settings()
    with closing(JournalReader(directory.journal)) as reader:
        return About("0.1.0", "2026-12-01T03:00:00.000Z", settings.site.id, settings.gateway.id, reader.journal_id)


def filled(path: Path, rows: int = ROWS) -> DataDirectory:
    """A directory that was in use: rows, passes, cursors, sessions, tokens, keys, pictures."""
    directory = DataDirectory(path)
    directory.create(DOCUMENT)
    settings = directory.settings()
    with closing(Journal.open(directory.journal, source_of(settings), "boot-1")) as journal:
        journal.append([row(n) for n in range(rows)])
        journal_id = journal.journal_id
    with closing(State(directory.state, writer=True)) as state, closing(JournalReader(directory.journal)) as reader:
        state.catch_up(reader)
        state.begin("request-1", "digest", 1)
        state.finish("request-1", {"status": "done"})
    with closing(PassRegistry(directory.registry, writer=True)) as registry:
        registry.import_passes(
            iter([Pass(f"p{n}", PassKind.STAFF, holder=f"住户{n}", cards=(str(n),)) for n in range(50)])
        )
    cursors = Cursors(directory.uplink)
    cursors.move("central", Position(journal_id, rows - 10))
    cursors.close()
    web = WebDatabase(directory.web)
    with web.transaction() as db:
        db.execute("INSERT INTO session VALUES('k', 'Lin', 'm', 1, 2)")
        db.execute(
            "INSERT INTO consumer(token, sequence, seen_s, journal) VALUES('central', ?, 5, ?)", (rows - 20, journal_id)
        )
        db.execute("INSERT INTO lockout VALUES('operator:Lin', 3, 1, 2)")
    web.close()
    directory.tokens.create("central", ["events:read"])
    directory.station_keys.issue("booth")
    (directory.media / "2026").mkdir()
    (directory.media / "2026" / "crash.jpg").write_bytes(bytes(range(256)) * 1000)
    (directory.path / "reserve").write_bytes(b"x" * 1000)
    return directory


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that each test gets a copy of."""
    return filled(tmp_path_factory.mktemp("made") / "data").path


@pytest.fixture
def directory(tmp_path: Path, made_once: Path) -> DataDirectory:
    shutil.copytree(made_once, tmp_path / "data")
    return DataDirectory(tmp_path / "data")


@pytest.fixture
def backup(tmp_path: Path, directory: DataDirectory) -> Path:
    """A plain backup of it."""
    file = tmp_path / "gate.backup"
    take(directory, about_of(directory), SIDE, file)
    return file


def moment(who: str = "root") -> Moment:
    now = Now(time.time_ns(), time.monotonic_ns(), ClockState.SYNCED)
    return Moment(lambda _trusted: now, "boot-2", {"by": who, "via": "cli"})


def restored(file: Path, data: Path, passphrase: str = "") -> Restored:
    return restore(file, data, SIDE, lambda: passphrase, moment())
