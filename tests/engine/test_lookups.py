"""What a read is enriched with, from which store, and what happens when a store fails."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gateway.core.errors import DataDirectoryError, StorageError
from gateway.core.events import CredentialRead, OpenVisit
from gateway.core.passes import Pass, PassKind
from gateway.core.site_file import parse_settings
from gateway.engine.lookups import Lookups
from tests.support.engine import SITE

WANG = Pass("p1", PassKind.MONTHLY, cards=("7",))
LI = Pass("p2", PassKind.MONTHLY, cards=("7",))


class FakeStores:
    """Both stores, with what was asked of them."""

    def __init__(self, *passes: Pass) -> None:
        self.passes = passes
        self.asked: list[tuple[Any, ...]] = []
        self.fails: Exception | None = None

    def find(self, *question: Any) -> tuple[Pass, ...]:
        self.asked.append(question)
        if self.fails:
            raise self.fails
        return self.passes

    def open_visits(self, pass_id: str | None, credential: str | None) -> tuple[OpenVisit, ...]:
        self.asked.append((pass_id, credential))
        since = 100 if pass_id == "p1" else 200
        return (OpenVisit(f"v{pass_id or credential}", pass_id, None, since),)


def lookups(stores: FakeStores, **site: Any) -> Lookups:
    document = deepcopy(SITE)
    document["site"].update(site)
    document["lanes"][1]["readers"] = ["reader-out"]
    document["devices"].append({"id": "reader-out", "driver": "noop"})
    return Lookups(stores, stores, parse_settings(document))


def read(device: str = "reader-out") -> CredentialRead:
    return CredentialRead(device, "card", "7", 32)


def test_a_read_gets_its_passes_by_as_many_bits_as_the_site_compares() -> None:
    stores = FakeStores(WANG)
    assert lookups(stores, card_bits=24).enrich(read("reader-in")).passes == (WANG,)
    assert stores.asked == [("card", "7", 24)]


def test_at_an_exit_the_open_visits_come_along_newest_first() -> None:
    stores = FakeStores(WANG, LI)
    enriched = lookups(stores).enrich(read())
    assert [visit.visit for visit in enriched.visits] == ["vp2", "vp1"]


def test_a_credential_without_a_pass_is_found_by_itself() -> None:
    enriched = lookups(FakeStores()).enrich(read())
    assert [visit.visit for visit in enriched.visits] == ["v7"]


@pytest.mark.parametrize(("anti_passback", "visits"), [("off", 0), ("soft", 1), ("hard", 1)])
def test_at_an_entry_only_anti_passback_asks_who_is_inside(anti_passback: str, visits: int) -> None:
    enriched = lookups(FakeStores(WANG), anti_passback=anti_passback).enrich(read("reader-in"))
    assert len(enriched.visits) == visits


@pytest.mark.parametrize("error", [StorageError("the disk fails"), DataDirectoryError("damaged")])
def test_a_store_that_fails_leaves_the_read_as_it_was_and_says_so(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    stores = FakeStores(WANG)
    stores.fails = error
    assert lookups(stores).enrich(read()) == read()
    assert str(error) in caplog.text
