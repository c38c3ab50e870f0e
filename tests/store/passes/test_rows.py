"""A pass in the tables: what is stored of it, and that all of it goes."""

from __future__ import annotations

from typing import Any

import apsw
import msgspec
import pytest

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.rows import insert, remove, same, stored
from gateway.store.sqlite.schemas import REGISTRY

PASS = Pass("p", PassKind.STAFF, "Li", unit="3-1", plates=("AB1",), cards=("007", "7", "8"), revision=4)
OTHER = Pass("q", PassKind.MONTHLY, plates=("AB1",), cards=("7",), revision=1)


@pytest.fixture
def db() -> apsw.Connection:
    """The tables of a registry in memory."""
    made = apsw.Connection(":memory:")
    list(made.execute(REGISTRY.steps[0]))
    return made


def credentials(db: apsw.Connection) -> list[Any]:
    return list(db.execute("SELECT kind, low, value, pass FROM credentials ORDER BY pass, kind, low"))


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [({}, True), ({"revision": 9}, True), ({"holder": "Lu"}, False), ({"id": "r"}, False), ({"cards": ()}, False)],
)
def test_a_revision_alone_is_no_change(changes: dict[str, Any], is_same: bool) -> None:
    assert same(msgspec.structs.replace(PASS, **changes), PASS) is is_same


def test_a_pass_comes_back_with_its_number(db: apsw.Connection) -> None:
    insert(db, None, OTHER)
    insert(db, None, PASS)
    assert stored(db, "p") == (2, PASS)
    assert stored(db, "q") == (1, OTHER)


def test_a_pass_that_is_not_there_has_no_number(db: apsw.Connection) -> None:
    assert stored(db, "p") == (None, None)


def test_the_columns_are_those_that_lists_search(db: apsw.Connection) -> None:
    insert(db, 5, PASS)
    (found,) = db.execute("SELECT number, id, kind, holder, unit FROM passes")
    assert found == (5, "p", "staff", "Li", "3-1")


def test_each_credential_points_once_at_its_pass(db: apsw.Connection) -> None:
    insert(db, 5, PASS)
    assert credentials(db) == [(0, 7, "7", 5), (0, 8, "8", 5), (1, 0, "AB1", 5)]


def test_a_pass_goes_with_its_credentials_and_no_other(db: apsw.Connection) -> None:
    insert(db, 5, PASS)
    insert(db, 6, OTHER)
    remove(db, 5, PASS)
    assert stored(db, "p") == (None, None)
    assert stored(db, "q") == (6, OTHER)
    assert credentials(db) == [(0, 7, "7", 6), (1, 0, "AB1", 6)]
