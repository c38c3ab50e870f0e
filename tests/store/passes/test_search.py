"""Finding passes by any part of what is known of them, whatever was changed before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.ending import EndsWithin
from gateway.store.passes.registry import PassRegistry
from gateway.store.passes.search import BLOCK

KINDS = list(PassKind)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PassRegistry]:
    one = PassRegistry(tmp_path / "registry.db", writer=True)
    yield one
    one.close()


def found(registry: PassRegistry, query: str = "", **how: object) -> list[str]:
    return [one.id for one in registry.list(query=query, **how)]  # type: ignore[arg-type]


ESTATE = [
    Pass("R-1", PassKind.MONTHLY, holder="曾小明", unit="12栋3-1201", plates=("粤B·A2345",), cards=("0000472288",)),
    Pass("R-2", PassKind.MONTHLY, holder="Jürgen MÜLLER", unit="Ａ座５０２", plates=("MÜ-AB 123",), cards=("E2001F",)),
    Pass("S-1", PassKind.STAFF, holder="王强", unit="物业", plates=("沪A99999", "А123ВС77"), valid_until="2026-12-05"),
]


@pytest.fixture
def estate(registry: PassRegistry) -> PassRegistry:
    registry.import_passes(iter(ESTATE))
    return registry


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("2345", ["R-1"]), ("粤b·a23", ["R-1"]), ("粵BA2345", ["R-1"]), ("小明", ["R-1"]), ("zxm", ["R-1"]),
        ("CXM", ["R-1"]), ("3-12", ["R-1"]), ("7228", ["R-1"]), ("0472288", ["R-1"]), ("r-1", ["R-1"]),
        ("müller", ["R-2"]), ("mü-ab", ["R-2"]), ("MUAB", ["R-2"]), ("a座502", ["R-2"]), ("e2001f", ["R-2"]),
        ("wq", ["S-1"]), ("wj", ["S-1"]), ("滬A", ["S-1"]), ("ВС77", ["S-1"]), ("bc77", ["S-1"]), ("9999", ["S-1"]),
        ("R-", ["R-1", "R-2"]), ("小明 12栋", ["R-1"]), ("12栋 zxm", ["R-1"]), ("12栋 王强", []), ("nobody", []),
        ("\x1f", ["R-1", "R-2", "S-1"]), ("\x1em", ["R-1", "R-2"]), ("%", []), ("粤C", []),
    ],
)  # fmt: skip
def test_a_pass_is_found_by_any_part_of_what_is_known_of_it(estate: PassRegistry, query: str, ids: list[str]) -> None:
    assert found(estate, query) == ids


def test_kind_end_and_text_count_together(estate: PassRegistry) -> None:
    ends = EndsWithin(10, 1_796_000_000 * 10**9, UTC)  # 2026-11-30
    assert found(estate, kind="staff") == ["S-1"]
    assert found(estate, kind="blocked") == []
    assert (
        found(estate, ends=ends) == found(estate, "A99", ends=ends) == found(estate, kind="staff", ends=ends) == ["S-1"]
    )
    assert found(estate, "小明", ends=ends) == found(estate, kind="monthly", ends=ends) == []


def test_words_are_looked_for_as_they_stand_before_each_is_alone(registry: PassRegistry) -> None:
    registry.put(Pass("a", PassKind.STAFF, holder="Li Na", unit="7"))
    registry.put(Pass("b", PassKind.STAFF, holder="Na", unit="Li"))
    assert found(registry, "li  na") == ["a"]
    assert found(registry, "na li") == ["a", "b"]


def test_a_change_is_found_at_once_and_what_was_taken_away_no_longer(estate: PassRegistry) -> None:
    estate.put(Pass("R-1", PassKind.MONTHLY, holder="李雷", plates=("京A00001",)))
    estate.put(Pass("N-1", PassKind.TEMPORARY, holder="韩梅梅"))
    assert (found(estate, "小明"), found(estate, "李雷"), found(estate, "hmm")) == ([], ["R-1"], ["N-1"])
    estate.delete("R-1")
    assert found(estate, "京A00001") == []
    estate.import_passes(iter([Pass("X", PassKind.STAFF, holder="李雷")]), replace=True)
    assert (found(estate, "王强"), found(estate, "李雷")) == ([], ["X"])


def test_pages_go_on_behind_the_last_id_over_many_blocks_in_any_order(registry: PassRegistry) -> None:
    wanted = [f"p{n:04d}" for n in range(0, 4 * BLOCK, 7)]
    passes = [Pass(f"p{n:04d}", PassKind.STAFF, holder="x" if n % 7 else "yes") for n in range(4 * BLOCK)]
    registry.import_passes(iter(sorted(passes, key=lambda one: one.id[::-1])))
    pages, after = [], ""
    while page := found(registry, "yes", limit=10, after=after):
        pages += page
        after = page[-1]
    assert pages == wanted


def test_an_older_registry_can_be_searched_once_it_was_opened(tmp_path: Path, estate: PassRegistry) -> None:
    db = apsw.Connection(str(tmp_path / "registry.db"))
    db.execute("DROP TABLE search; CREATE INDEX passes_ending ON passes(id); PRAGMA user_version = 5")
    db.close()
    newer = PassRegistry(tmp_path / "registry.db", writer=True)
    assert found(newer, "zxm") == ["R-1"]
    newer.close()


_holders = st.sampled_from(["曾明", "Anna", "李 x", "ÄB", ""])
_changes = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "import", "replace"]), st.integers(0, 700), _holders), max_size=8
)


@settings(max_examples=25, deadline=None)
@given(changes=_changes)
def test_searching_agrees_with_reading_every_pass(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int, str]]
) -> None:
    registry = PassRegistry(tmp_path_factory.mktemp("r") / "registry.db", writer=True)
    for what, n, holder in changes:
        one = Pass(f"p{n}", KINDS[n % 4], holder=holder)
        if what == "put":
            registry.put(one)
        elif what == "delete":
            if any(each.id == one.id for each in registry.all()):
                registry.delete(one.id)
        else:
            many = [Pass(f"p{m}", KINDS[m % 4], holder=holder) for m in range(n, n + 300)]
            registry.import_passes(iter(many), replace=what == "replace")
    everyone = list(registry.all())
    for query, fits in (("明", "明"), ("anna", "Anna"), ("äb", "ÄB"), ("zm", "曾明"), ("p5", "")):
        wanted = [one.id for one in everyone if (fits and fits in one.holder) or query in one.id]
        assert found(registry, query, limit=1000) == wanted[:1000]
    assert found(registry, kind="staff", limit=1000) == [one.id for one in everyone if one.kind == "staff"][:1000]
    registry.close()


@pytest.mark.long
def test_a_million_passes_are_searched_in_the_time_of_a_tap(registry: PassRegistry) -> None:
    count = 1_000_000
    registry.import_passes(
        Pass(f"p{n:07d}", PassKind.MONTHLY, holder="张明", unit=f"{n % 40}-{n % 3000}", plates=(f"京A{n:06d}",))
        for n in range(count)
    )
    for query, first in (("999999", "p0999999"), ("zm", "p0000000"), ("39-2999", "p0002999"), ("nobody", "")):
        began_s = time.process_time()
        ids = found(registry, query)
        assert (ids[0] if ids else "") == first
        assert time.process_time() - began_s < 1.5
