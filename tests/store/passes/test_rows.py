"""A pass in the tables: what is stored of it, and that all of it goes."""

from __future__ import annotations

from typing import Any

import apsw
import msgspec
import pytest

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.credentials import keys_of
from gateway.store.passes.rows import (
    batches,
    decode,
    insert,
    remove,
    revision_of,
    same,
    stored,
    with_revision,
)
from gateway.store.sqlite.schemas import REGISTRY

PASS = Pass("p", PassKind.STAFF, "Li", unit="3-1", plates=("AB1",), cards=("007", "7", "8"), revision=4)
OTHER = Pass("q", PassKind.MONTHLY, plates=("AB1",), cards=("7",), revision=1)


@pytest.fixture
def db() -> apsw.Connection:
    """The tables of a registry in memory."""
    made = apsw.Connection(":memory:")
    for step in REGISTRY.steps:
        list(made.execute(step))
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


# ---- many at a time ----------------------------------------------------------------------------------------------


MANY = [PASS, OTHER, Pass("r", PassKind.STAFF, "张小明", cards=("E2AB",), plates=("粤b·1234O", "京A12345")),
        Pass("s", PassKind.BLOCKED, "Ｌｉ\nB", "１", valid_until="2026-12-31T10:00:00Z")]  # fmt: skip


def test_a_batch_has_what_each_pass_has_alone() -> None:
    (batch,) = batches(MANY)
    alone = [next(batches([one])) for one in MANY]
    for name in ("ids", "contents", "lines", "lows", "cards", "plates"):
        assert getattr(batch, name) == [found for one in alone for found in getattr(one, name)]
    assert (batch.of_cards, batch.of_plates) == ([0, 0, 0, 1, 2], [0, 1, 2, 2])


def test_a_batch_has_the_keys_of_its_passes() -> None:
    (batch,) = batches(MANY)
    keys = [(of, (0, low, card)) for of, low, card in zip(batch.of_cards, batch.lows, batch.cards, strict=True)]
    keys += [(of, (1, 0, plate)) for of, plate in zip(batch.of_plates, batch.plates, strict=True)]
    assert sorted(keys) == sorted((of, key) for of, one in enumerate(MANY) for key in keys_of(one))


@pytest.mark.parametrize("others", [[], [OTHER], MANY])
def test_a_line_is_the_same_beside_any_others(others: list[Pass]) -> None:
    passes = [*others, Pass("p-1", PassKind.MONTHLY, "LiŁ", unit="3-A", cards=("7",), plates=("粤B12345",))]
    (batch,) = batches(passes)
    assert batch.lines[-1] == "p-1\x1em-\x1fp-1\x1flił\x1f3-a\x1f7\x1f粤b12345\x1f"
    assert not any("\n" in line for line in batch.lines)


def test_the_document_of_a_content_is_that_of_the_pass() -> None:
    (batch,) = batches(MANY)
    for one, content in zip(MANY, batch.contents, strict=True):
        document = with_revision(content, 12)
        assert decode(document) == msgspec.structs.replace(one, revision=12)
        assert revision_of(document, content) == 12
        assert revision_of(document, batch.contents[MANY.index(one) - 1]) == 0
