"""The decision tables of a start, over every combination of findings."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import DamagedError, DataDirectoryError, GatehouseError, StorageError
from gateway.store.recovery import carried, table
from gateway.store.recovery.carried import Behind, Known, LeftToPerson, barriers_left, left_to_person
from gateway.store.recovery.look import found_of
from gateway.store.recovery.table import Found, Store, Treatment, row_for, treatment

NO_JOURNAL = {Found.NO_ID, Found.LAST_ROW_CHANGED, Found.ROWS_GONE, Found.ROWS_REWRITTEN, Found.ROW_UNREADABLE}
OF_A_FILE = {
    Found.SOUND, Found.MISSING, Found.EMPTY, Found.FOREIGN, Found.NEWER, Found.DAMAGED, Found.OUT_OF_REACH,
}  # fmt: skip
POSSIBLE = {
    Store.DISK: {Found.ROOM, Found.FULL, Found.FULL_WITHOUT_RESERVE},
    Store.JOURNAL: OF_A_FILE | NO_JOURNAL,
    Store.STATE: OF_A_FILE,
    Store.REGISTRY: OF_A_FILE,
    Store.SIDE: OF_A_FILE,
}
UNUSABLE = {Found.FOREIGN, Found.DAMAGED}
ABSENT = {Found.MISSING, Found.EMPTY}


def test_every_combination_of_findings_has_exactly_one_treatment_of_each_store() -> None:
    walked = 0
    for combination in product(*(sorted(POSSIBLE[store]) for store in Store)):
        for store, found in zip(Store, combination, strict=True):
            rows = [row for row in table.ROWS if row.store is store and found in row.found]
            assert len(rows) == 1, (store, found)
            assert treatment(store, found) is rows[0].do
        walked += 1
    assert walked == 3 * 12 * 7 * 7 * 7


@pytest.mark.parametrize("store", Store)
def test_a_store_has_no_row_for_what_cannot_be_found_of_it(store: Store) -> None:
    assert {found for row in table.ROWS if row.store is store for found in row.found} == POSSIBLE[store]
    for found in set(Found) - POSSIBLE[store]:
        with pytest.raises(KeyError):
            row_for(store, found)


def test_labels_name_one_row_each() -> None:
    for rows in (table.ROWS, carried.ROWS):
        labels = [row.label for row in rows]
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("store", [store for store in Store if store is not Store.DISK])
def test_a_newer_version_is_left_alone_and_a_disk_that_does_not_answer_is_no_damage(store: Store) -> None:
    assert treatment(store, Found.NEWER) is Treatment.REFUSE
    assert treatment(store, Found.OUT_OF_REACH) is Treatment.TRY
    assert treatment(store, Found.SOUND) is Treatment.OPEN


def test_what_is_replaced() -> None:
    replaced = {
        store: {found for found in POSSIBLE[store] if treatment(store, found) not in (Treatment.OPEN, Treatment.TRY)}
        for store in Store
    }
    assert replaced == {
        Store.DISK: {Found.FULL},
        Store.JOURNAL: {Found.NEWER} | UNUSABLE | ABSENT | NO_JOURNAL,
        Store.STATE: {Found.NEWER} | UNUSABLE,
        Store.REGISTRY: {Found.NEWER} | UNUSABLE | ABSENT,
        Store.SIDE: {Found.NEWER} | UNUSABLE,
    }


def test_whatever_replaces_a_journal_or_the_passes_is_journaled_and_alarmed() -> None:
    for row in table.ROWS:
        loud = row.do in (Treatment.BEGIN, Treatment.SALVAGE)
        assert (row.journaled != ()) == loud, row.label
        if loud:
            assert {"storage.degraded", "alarm.raised"} <= set(row.journaled)


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (DamagedError("x"), Found.DAMAGED),
        (DataDirectoryError("x"), Found.NEWER),
        (StorageError("x"), Found.OUT_OF_REACH),
    ],
)
def test_what_an_error_says_of_a_store(error: GatehouseError, found: Found) -> None:
    assert found_of(error) is found


# ---- what is left to a person ------------------------------------------------------------------------------------


def test_every_state_of_knowledge_has_exactly_one_row() -> None:
    walked = 0
    for blank, gone, behind, ended_well in product((False, True), (False, True), Behind, (False, True)):
        known = Known(blank, gone, behind, ended_well)
        assert [row.left for row in carried.ROWS if row.fits(known)] == [left_to_person(known)], known
        walked += 1
    assert walked == 32


@pytest.mark.parametrize(
    ("known", "left"),
    [
        (Known(True, False, Behind.NONE, True), LeftToPerson.ALL),
        (Known(False, True, Behind.NONE, True), LeftToPerson.ALL),
        (Known(False, False, Behind.OF_ANY, True), LeftToPerson.ALL),
        (Known(False, False, Behind.OF_LANES, True), LeftToPerson.OF_LANES),
        (Known(False, False, Behind.UNREADABLE, False), LeftToPerson.UNMEASURED),
        (Known(False, False, Behind.UNREADABLE, True), LeftToPerson.NONE),
        (Known(False, False, Behind.NONE, False), LeftToPerson.NONE),
    ],
)
def test_what_is_known_says_which_barriers_wait(known: Known, left: LeftToPerson) -> None:
    assert left_to_person(known) is left


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Lanes `a` and `b` share a barrier with limit switches; `c` has one without."""
    with_switches = {"id": "ab", "open": "io.output.0", "at_closed": "io.input.0"}
    lanes = [("a", "entry", "ab"), ("b", "exit", "ab"), ("c", "exit", "c")]
    return parse_settings(
        {
            "site": {"id": "s", "name": "S"},
            "gateway": {"id": "g"},
            "devices": [{"id": "io", "driver": "noop"}],
            "barriers": [with_switches, {"id": "c", "open": "io.output.1"}],
            "lanes": [{"id": lane, "direction": way, "barrier": barrier} for lane, way, barrier in lanes],
        }
    )


@pytest.mark.parametrize(
    ("left", "lanes", "barriers"),
    [
        (LeftToPerson.NONE, ["a"], []),
        (LeftToPerson.ALL, [], ["ab", "c"]),
        (LeftToPerson.OF_LANES, ["b"], ["ab"]),
        (LeftToPerson.OF_LANES, ["c", "gone"], ["c"]),
        (LeftToPerson.UNMEASURED, ["a"], ["c"]),
    ],
)
def test_the_barriers_that_wait(
    settings: Settings, left: LeftToPerson, lanes: list[str], barriers: list[str]
) -> None:  # fmt: skip
    assert barriers_left(settings, left, lanes) == barriers
