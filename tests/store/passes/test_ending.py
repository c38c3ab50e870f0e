"""Passes that end within some days of the site's today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.times import wall_ns_of
from gateway.store.passes.ending import EndsWithin
from gateway.store.passes.registry import PassRegistry

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON_NS = wall_ns_of(datetime(2026, 11, 30, 4, tzinfo=UTC))
"""Noon of 2026-11-30 at the site."""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PassRegistry]:
    one = PassRegistry(tmp_path / "registry.db", writer=True)
    yield one
    one.close()


def ending(valid_until: str, pass_id: str = "a", kind: PassKind = PassKind.MONTHLY, holder: str = "") -> Pass:
    return Pass(pass_id, kind, holder=holder, valid_until=valid_until)


@pytest.mark.parametrize(
    ("valid_until", "days", "found"),
    [
        ("2026-11-29", 10, False), ("2026-11-30", 0, True), ("2026-12-01", 0, False), ("2026-12-01", 1, True),
        ("2026-12-10", 10, True), ("2026-12-11", 10, False), ("", 36_500, False), ("9999-12-31", 36_500, False),
        ("9999-12-31T23:59:59", 36_500, False),
        # An instant ends on its day at the site; before noon of today it is over.
        ("2026-11-30T11:59:00+08:00", 10, False), ("2026-11-30T12:01:00+08:00", 0, True),
        ("2026-11-29T23:00:00-08:00", 0, True), ("2026-11-30T20:00:00Z", 0, False),
        ("2026-11-30T20:00:00Z", 1, True), ("2026-12-02T00:30:00+14:00", 1, True),
        # Other ways to write an instant.
        ("20261201T180000+0800", 1, True), ("20261203T180000+0800", 1, False), ("2026-W49-2T18:00:00+08:00", 1, True),
    ],
)  # fmt: skip
def test_a_pass_ends_within_days_of_today_at_the_site(
    registry: PassRegistry, valid_until: str, days: int, found: bool
) -> None:
    registry.put(ending(valid_until))
    assert bool(registry.list(ends=EndsWithin(days, NOON_NS, SHANGHAI))) is found


def test_pages_kind_and_words_count_together_with_the_end(registry: PassRegistry) -> None:
    soon, over = "2026-12-01", "2026-11-29"
    registry.import_passes(ending(soon if n % 3 else over, f"p{n:02}", holder=f"H {n % 2}") for n in range(30))
    registry.put(ending(soon, "s1", PassKind.STAFF))
    ends = EndsWithin(1, NOON_NS, SHANGHAI)
    wanted = [f"p{n:02}" for n in range(30) if n % 3]
    paged: list[str] = []
    while page := registry.list(paged[-1] if paged else "", 4, "monthly", ends=ends):
        paged += [one.id for one in page]
    assert paged == wanted
    assert [one.id for one in registry.list(kind="staff", ends=ends)] == ["s1"]
    assert [one.id for one in registry.list(query="H 1", ends=ends)] == [i for i in wanted if int(i[1:]) % 2]


def test_a_page_is_full_where_most_passes_in_the_range_are_over(registry: PassRegistry) -> None:
    registry.import_passes(ending("2026-11-29" if n < 50 else "2026-11-30", f"p{n:02}") for n in range(60))
    found = registry.list(limit=5, ends=EndsWithin(0, NOON_NS, SHANGHAI))
    assert [one.id for one in found] == ["p50", "p51", "p52", "p53", "p54"]


def test_a_change_of_the_end_is_seen(registry: PassRegistry) -> None:
    ends = EndsWithin(10, NOON_NS, SHANGHAI)
    registry.put(ending("2026-12-01"))
    registry.put(ending("2027-12-01"))
    assert registry.list(ends=ends) == []
    registry.put(ending("2026-12-02"))
    registry.delete("a")
    assert registry.list(ends=ends) == []


def test_no_document_is_read_for_a_pass_that_ends_later(registry: PassRegistry) -> None:
    registry.import_passes(ending("2027-12-31", f"p{n}") for n in range(600))
    registry.put(ending("2026-12-05", "soon"))
    read: list[str] = []
    select = registry._select
    registry._select = lambda sql, values: read.append(sql) or select(sql, values)  # type: ignore[method-assign]
    assert [one.id for one in registry.list(ends=EndsWithin(10, NOON_NS, SHANGHAI))] == ["soon"]
    assert sum("SELECT document" in sql for sql in read) == 1
