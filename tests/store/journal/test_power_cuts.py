"""Power cuts: nothing acknowledged is ever lost, whatever the disk makes of what was not synced.

`GATEHOUSE_CUTS` sets the number of cuts (1,000 at least are made in any case).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

import gateway.store.journal.writer as journal_module
from gateway.core.vocabulary.errors import GatehouseError, StorageError
from gateway.simulation.box.disk import TornDisk
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from tests.store.conftest import SOURCE, row

CUTS = max(1000, int(os.environ.get("GATEHOUSE_CUTS", "1000")))
CUTS_ON_ONE_DISK = 50
SEED = 20261121


class Ordeal:
    """A journal on one disk, through many cuts; remembers what was acknowledged."""

    def __init__(self, folder: Path, seed: int, weaken: Callable[[Journal], None] | None = None):
        self.chance = random.Random(seed)
        self.disk = TornDisk(folder)
        self.weaken = weaken
        self.acknowledged = 0
        self.hash = ""
        self.in_flight = 0
        self.lost = 0
        self.journal = Journal.create(self.disk.database, "tornjournal", SOURCE, "boot", self.disk.name)
        self._weaken()

    def _weaken(self) -> None:
        if self.weaken is not None:
            self.weaken(self.journal)

    def live_until_cut(self) -> None:
        """Append and tidy until the power goes."""
        self.disk.cut_after(self.chance.randint(1, 80))
        with suppress(StorageError):
            while not self.disk.dead:
                size = self.chance.choice((1, 1, 1, 2, 7, 40))
                self.in_flight = size
                rows = [row(n, note="x" * self.chance.randrange(900)) for n in range(size)]
                self.acknowledged = self.journal.append(rows)[-1]
                self.hash = self.journal.last_hash
                if self.chance.random() < 0.4:
                    self.journal.tidy()
        with suppress(apsw.Error):
            self.journal.close()

    def restart(self) -> None:
        """Power back on: open, and look whether all is there."""
        self.disk.restart(self.chance)
        self.journal = Journal.open(self.disk.database, SOURCE, "boot", self.disk.name)
        reader = JournalReader(self.disk.database, self.disk.name)
        found = reader.verify()
        kept = found.last >= self.acknowledged
        if not kept or (self.acknowledged and reader.hash_of(self.acknowledged) != self.hash):
            self.lost += 1
        assert found.last <= self.acknowledged + self.in_flight
        self.acknowledged, self.hash = self.journal.last_sequence, self.journal.last_hash
        reader.close()
        self._weaken()

    def close(self) -> None:
        self.journal.close()


def _ordeals(folder: Path, cuts: int, weaken: Callable[[Journal], None] | None = None) -> tuple[int, int]:
    """(cuts made, cuts that lost something acknowledged)."""
    made = lost = 0
    for number in range(cuts // CUTS_ON_ONE_DISK):
        home = folder / f"disk{number}"
        home.mkdir()
        ordeal = Ordeal(home, SEED + number, weaken)
        for _ in range(CUTS_ON_ONE_DISK):
            ordeal.live_until_cut()
            ordeal.restart()
            made += 1
        ordeal.close()
        lost += ordeal.lost
    return made, lost


@pytest.fixture(autouse=True)
def _tidy_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "TIDY_FRAMES", 12)
    monkeypatch.setattr(journal_module, "FRAMES_MAX", 30)


def test_no_acknowledged_row_is_lost_in_a_thousand_power_cuts(fast_folder: Path) -> None:
    made, lost = _ordeals(fast_folder, CUTS)
    assert made >= 1000
    assert lost == 0


def test_the_same_cuts_find_the_fault_when_the_journal_does_not_wait_for_the_disk(
    fast_folder: Path,
) -> None:
    """A planted fault, so that the test above is known to bite."""

    def weaken(journal: Journal) -> None:
        journal._db.pragma("synchronous", "NORMAL")

    made, lost = _ordeals(fast_folder, 100, weaken)
    assert lost > made // 4


def test_a_cut_while_a_journal_is_made_leaves_nothing_or_a_journal(fast_folder: Path) -> None:
    for operation in range(1, 60):
        home = fast_folder / f"op{operation}"
        home.mkdir()
        disk = TornDisk(home)
        chance = random.Random(SEED + operation)
        disk.cut_after(operation)
        with suppress(GatehouseError, apsw.Error):
            Journal.create(disk.database, "tornjournal", SOURCE, "boot", disk.name).close()
        disk.restart(chance)
        try:
            journal = Journal.open(disk.database, SOURCE, "boot", disk.name)
        except GatehouseError:
            journal = Journal.create(disk.database, "tornjournal", SOURCE, "boot", disk.name)
        assert list(journal.append([row()])) == [1]
        journal.close()


def test_a_cut_in_the_middle_of_retention_leaves_a_chain_that_verifies(fast_folder: Path) -> None:
    chance = random.Random(SEED)
    disk = TornDisk(fast_folder)
    journal = Journal.create(disk.database, "tornjournal", SOURCE, "boot", disk.name)
    for _ in range(60):
        last = journal.append([row(n) for n in range(30)])[-1]
        disk.cut_after(chance.randint(1, 60))
        with suppress(StorageError):
            while journal.drop_some(last - 3, wall_ns=1, most=5):
                journal.tidy()
        with suppress(apsw.Error):
            journal.close()
        disk.restart(chance)
        journal = Journal.open(disk.database, SOURCE, "boot", disk.name)
        reader = JournalReader(disk.database, disk.name)
        assert reader.verify().last == last
        reader.close()
    journal.close()


APPENDER = """
import sys
from pathlib import Path
from gateway.store.journal.writer import Journal
from tests.store.conftest import SOURCE, row
journal = Journal.open(Path(sys.argv[1]), SOURCE, "boot")
while True:
    last = journal.append([row(n) for n in range(7)])[-1]
    journal.tidy()
    print(last, journal.last_hash, flush=True)
"""


@pytest.mark.real
def test_a_killed_writer_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Journal.create(path, "killedjournal", SOURCE, "boot").close()
    chance = random.Random(SEED)
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", APPENDER, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(chance.randint(1, 60)):
            child.stdout.readline()
        child.kill()
        acknowledged = child.stdout.read().splitlines()[-1:] or ["0 " + "0" * 64]
        child.wait()
        sequence, digest = acknowledged[0].split() if " " in acknowledged[0] else ("0", "")
        reader = JournalReader(path)
        assert reader.verify().last >= int(sequence)
        assert len(digest) < 64 or reader.hash_of(int(sequence)) == digest
        reader.close()
