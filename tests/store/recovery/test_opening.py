"""A start on every combination of harmed stores does with each what the table says."""

from __future__ import annotations

import shutil
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import DataDirectoryError, GatehouseError, StorageError
from gateway.core.vocabulary.events import Now
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.store.recovery.opening import Opened, Place, open_all
from gateway.store.recovery.reserve import Reserve
from gateway.store.recovery.table import Found, Store, Treatment, row_for, treatment
from tests.store.conftest import SOURCE, START_NS, row
from tests.store.recovery.harms import JOURNAL_ID, OF_A_FILE, OF_A_JOURNAL, ROWS, acknowledge, make_stores, sql
from tests.support.tampering import write_again

SITE: dict[str, Any] = {
    "site": {"id": "s", "name": "S"},
    "gateway": {"id": "g"},
    "devices": [{"id": "io", "driver": "noop"}],
    "lanes": [{"id": "in", "direction": "entry", "barrier": {"open": "io.output.0"}}],
}
SETTINGS: Settings = parse_settings(SITE)
NAMES = {Store.JOURNAL: "journal", Store.STATE: "state", Store.REGISTRY: "registry"}
ENDS_THE_START = {Treatment.REFUSE: DataDirectoryError, Treatment.TRY: StorageError}


def start_in(folder: Path) -> Opened:
    """Open the stores of a folder as the next run does."""
    stores = (folder / f"{NAMES[store]}.db" for store in (Store.JOURNAL, Store.STATE, Store.REGISTRY))
    place = Place(*stores, folder / "uplink.db", Reserve(folder / "reserve"))
    return open_all(place, SETTINGS, SOURCE, "boot-2", Now(START_NS, 0))


class Start:
    """Stores harmed as told, and a start on them."""

    def __init__(self, folder: Path, made: Path, harms: dict[Store, Found]) -> None:
        self.folder = folder
        shutil.copytree(made, folder)
        self.do = {store: treatment(store, found) for store, found in harms.items()}
        for store, found in harms.items():
            (OF_A_JOURNAL if store is Store.JOURNAL else OF_A_FILE)[found](self.path(store))
        self.left = {store: self.path(store).read_bytes() for store in harms if self.path(store).is_file()}

    def path(self, store: Store) -> Path:
        return self.folder / f"{NAMES[store]}.db"

    def open(self) -> Opened:
        return start_in(self.folder)

    @property
    def refusal(self) -> type[GatehouseError] | None:
        """What ends this start; a registry out of reach ends it only when the engine opens it."""
        stores = (Store.STATE,) if self.do[Store.JOURNAL] is Treatment.BEGIN else (Store.JOURNAL, Store.STATE)
        found = [ENDS_THE_START[self.do[store]] for store in stores if self.do[store] in ENDS_THE_START]
        if not found and self.do[Store.REGISTRY] is Treatment.REFUSE:
            return DataDirectoryError
        return found[0] if found else None

    def set_aside(self, store: Store) -> list[bytes]:
        pattern = f"{NAMES[store]}.db.damaged" if store is Store.STATE else f"{NAMES[store]}-damaged-*.db"
        return [path.read_bytes() for path in self.folder.glob(pattern)]

    def types(self) -> list[str]:
        reader = JournalReader(self.path(Store.JOURNAL))
        try:
            return [row.type for row in reader.page(0, 1000)]
        finally:
            reader.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_stores(folder)
    acknowledge(folder / "uplink.db")
    return folder


@pytest.mark.parametrize("journal", OF_A_JOURNAL)
def test_each_combination_is_treated_as_the_table_says(journal: Found, made: Path, fast_folder: Path) -> None:
    for number, (state, registry) in enumerate(product(OF_A_FILE, OF_A_FILE)):
        harms = {Store.JOURNAL: journal, Store.STATE: state, Store.REGISTRY: registry}
        start = Start(fast_folder / str(number), made, harms)
        if start.refusal is not None:
            with pytest.raises(start.refusal):
                start.open()
            if start.do[Store.JOURNAL] is not Treatment.BEGIN or start.do[Store.STATE] in ENDS_THE_START:
                assert start.set_aside(Store.JOURNAL) == [], harms
        else:
            opened = start.open()
            check(start, opened, harms)
        shutil.rmtree(start.folder)


def check(start: Start, opened: Opened, harms: dict[Store, Found]) -> None:
    """What a start that went on has done, and left undone."""
    replaced = start.do[Store.JOURNAL] is Treatment.BEGIN
    salvaged = start.do[Store.REGISTRY] is Treatment.SALVAGE
    assert (opened.journal.journal_id != JOURNAL_ID) == replaced, harms
    assert opened.state.journal == opened.journal.journal_id, harms
    assert opened.state.sequence == opened.journal.last_sequence, harms
    opened.close()
    expected = [] if replaced else ["access.granted"] * ROWS
    for store, done in ((Store.JOURNAL, replaced), (Store.REGISTRY, salvaged)):
        if done:
            expected += row_for(store, harms[store]).journaled
            assert start.set_aside(store) == [left for one, left in start.left.items() if one is store], harms
        else:
            assert start.set_aside(store) == [], harms
    assert start.types() == expected, harms
    made_again = start.do[Store.STATE] is Treatment.MAKE_AGAIN
    # Its header may say WAL by now, since it was opened for writing.
    kept = [content[100:] for content in start.set_aside(Store.STATE)]
    assert kept == ([start.left[Store.STATE][100:]] if made_again else []), harms
    if start.do[Store.REGISTRY] is not Treatment.TRY:
        registry = PassRegistry(start.path(Store.REGISTRY))
        assert [one.id for one in registry.find("card", "472288")] == ([] if salvaged else ["p1"]), harms
        registry.close()


def test_a_start_that_is_refused_for_the_registry_lets_go_of_the_others(made: Path, tmp_path: Path) -> None:
    start = Start(tmp_path / "data", made, {
        Store.JOURNAL: Found.SOUND, Store.STATE: Found.SOUND, Store.REGISTRY: Found.NEWER,
    })  # fmt: skip
    for _ in range(2):
        with pytest.raises(DataDirectoryError, match="newer version"):
            start.open()
    assert start.types() == ["access.granted"] * ROWS


def test_marks_and_visits_of_a_later_version_are_known_in_the_journal_that_follows(tmp_path: Path) -> None:
    """Their nested values have one more key than this version knows."""
    mark = {"lane": "in", "mark": "locked", "since_ns": START_NS, "by": "Lin", "reason": "works", "until": "noon"}
    card = {"kind": "card", "value": "42", "bits": 34}
    make_stores(tmp_path)
    journal = Journal.open(tmp_path / "journal.db", SOURCE, "boot-1")
    journal.append([
        row(20, "storage.degraded", marks=[mark]), row(21, "passage.entered", visit="v1", credential=card), row(22),
    ])  # fmt: skip
    journal.close()
    sql(tmp_path / "journal.db", f"UPDATE rows SET text = text || ' ' WHERE sequence = {ROWS + 3}")
    opened = start_in(tmp_path)
    try:
        assert [visit.visit for visit in opened.state.open_visits(None, "42")] == ["v1"]
        assert opened.state.lanes()["in"]["by"] == "Lin"
        first = opened.reader.page(0, 1)[0].data()
        assert first["marks"] == [{key: value for key, value in mark.items() if key != "until"}]
    finally:
        opened.close()


def test_a_rewritten_row_of_a_lane_that_the_projections_lack_leaves_it_to_a_person(tmp_path: Path) -> None:
    """Rows behind the projections that do not follow the row they know are not believed."""
    make_stores(tmp_path)
    with closing(Journal.open(tmp_path / "journal.db", SOURCE, "boot-1")) as journal:
        journal.append([row(20, "lane.unlocked", by="Lin")])
    write_again(tmp_path / "journal.db", 4, lambda event: event["data"].update(lane="out"))
    with closing(start_in(tmp_path)) as opened:
        first = opened.reader.page(0, 1)[0].data()
        assert first["error"].startswith(f"journal.db: its row {ROWS} is not the one that the projections had")
        assert (first["last"], first["interrupted"]) == (ROWS, ["in"])
