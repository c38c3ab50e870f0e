"""Release slips: what became of one counts before the projections have it, and a use once it is durable."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import SlipConflictError, StorageError
from gateway.core.vocabulary.rows import Row, SlipCancelled, SlipConfirmed, SlipUsed
from gateway.core.vocabulary.views import SlipView
from gateway.engine.slips.ops import SlipOps
from tests.core.playbook import site_document

OFFICE = {"by": "Fang", "via": "browser"}
USE = {"slip": "s1", "lane": "in", "case": "c1", "by": "Lin", "via": "guard"}


class Office:
    """The ops with a disk that may be late, and projections that lag for ever."""

    def __init__(self, state: str = "open") -> None:
        document = site_document()
        document["lanes"][0]["direction"] = "exit"
        self.rows: list[Row] = []
        self.durable = True
        self.slips = {"s1": SlipView(
            slip="s1", state=state, unit="4-201", goods="a sofa", plate=None, until="2030-01-01T00:00:00Z",
            carrier="owner", confirmed_by=None, by="Fang",
        )}  # fmt: skip
        self.ops = SlipOps(self, self._journal, lambda: 0, lambda _sequence: None, lambda: "")
        self.ops.settings_changed(parse_settings(document))

    def slip(self, slip: str, _now_ns: int) -> SlipView | None:
        return self.slips.get(slip)

    def open_visits(self, _pass_id: str | None, _credential: str | None) -> tuple[()]:
        return ()

    def asks(self, op: str, **params: Any) -> Any:
        return self.ops.ops[f"slips.{op}"](params)

    def _journal(self, row: Row) -> int | None:
        self.rows.append(row)
        return len(self.rows) if self.durable else None


def test_a_slip_that_was_used_a_moment_ago_is_used_and_the_same_press_is_answered_again() -> None:
    office = Office()
    assert office.asks("use", **USE) == {"slip": "s1"}
    assert office.asks("use", **USE) == {"slip": "s1"}
    with pytest.raises(SlipConflictError, match="used already"):
        office.asks("use", **{**USE, "by": "Chen"})
    assert [type(row) for row in office.rows] == [SlipUsed]


def test_a_slip_that_was_cancelled_a_moment_ago_releases_nothing() -> None:
    office = Office()
    office.asks("cancel", slip="s1", **OFFICE)
    with pytest.raises(SlipConflictError, match="cancelled"):
        office.asks("use", **USE)
    assert [type(row) for row in office.rows] == [SlipCancelled]


def test_a_slip_that_was_confirmed_a_moment_ago_releases_goods() -> None:
    office = Office("unconfirmed")
    with pytest.raises(SlipConflictError, match="not confirmed"):
        office.asks("use", **USE)
    office.asks("confirm", slip="s1", how="phone", **OFFICE)
    office.asks("use", **USE)
    assert [type(row) for row in office.rows] == [SlipConfirmed, SlipUsed]


def test_a_use_that_is_not_durable_is_not_answered_as_done_and_no_other_press_takes_the_slip() -> None:
    """A kill would lose it, and let the slip be used again."""
    office = Office()
    office.durable = False
    for _ in range(2):
        with pytest.raises(StorageError, match="not on the disk yet"):
            office.asks("use", **USE)
    with pytest.raises(SlipConflictError, match="used already"):
        office.asks("use", **{**USE, "lane": "in", "case": "c2"})
    assert [type(row) for row in office.rows] == [SlipUsed]


def test_a_use_that_became_durable_late_is_answered_by_the_projections() -> None:
    office = Office()
    office.durable = False
    with pytest.raises(StorageError):
        office.asks("use", **USE)
    used = {"state": "used", "lane": "in", "case": "c1", "used_by": "Lin"}
    office.slips["s1"] = msgspec.structs.replace(office.slips["s1"], **used)
    assert office.asks("use", **USE) == {"slip": "s1"}
