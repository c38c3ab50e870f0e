"""What a read is enriched with, from which store, and what happens when a store fails."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gateway.core.access.recent import KEPT_MAX
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import DataDirectoryError, StorageError
from gateway.core.vocabulary.events import CredentialRead, ExpectedVisit, Listed, Occupancy, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Credential
from gateway.engine.core_thread.lookups import Lookups, unknown
from gateway.store.passes.codes import PassCodes
from tests.support.engine import SITE

WANG = Pass("p1", PassKind.MONTHLY, cards=("7",))
LI = Pass("p2", PassKind.MONTHLY, cards=("7",))


class FakeStores:
    """Both stores, with what was asked of them."""

    def __init__(self, *passes: Pass) -> None:
        self.passes = passes
        self.asked: list[tuple[Any, ...]] = []
        self.fails: Exception | None = None
        self.uncounted: Exception | None = None
        self.visitors: tuple[ExpectedVisit, ...] = ()
        self.listed: dict[Credential, Listed] = {}

    def find(self, *question: Any) -> tuple[Pass, ...]:
        self.asked.append(question)
        if self.fails:
            raise self.fails
        return self.passes

    def open_visits(self, pass_id: str | None, credential: str | None) -> tuple[OpenVisit, ...]:
        self.asked.append((pass_id, credential))
        since = 100 if pass_id == "p1" else 200
        return (OpenVisit(f"v{pass_id or credential}", pass_id, None, since),)

    def last_passage(self) -> str:
        return "passage.entered:v9"

    def expected(self, kind: str, value: str, card_bits: object = "full") -> tuple[ExpectedVisit, ...]:
        return self.visitors

    def stay(self, visit: str) -> tuple[OpenVisit, ...]:
        return (OpenVisit(visit, None, None, 50),)

    def listed_of(self, shown: Collection[Credential], card_bits: object = "full") -> tuple[Listed, ...]:
        if self.uncounted:
            raise self.uncounted
        return tuple(self.listed[one] for one in shown if one in self.listed)

    def of_group(self, group: str) -> tuple[str, ...]:
        self.asked.append(("of_group", group))
        return ("p1", "p2", "p3")

    def group_inside(self, passes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        self.asked.append(("group_inside", *passes))
        if self.uncounted:
            raise self.uncounted
        return "passage.entered:v9", tuple(passes)[:1]

    def cars_inside(self, but: str, most: int) -> tuple[str, int]:
        self.asked.append(("cars_inside", but, most))
        if self.uncounted:
            raise self.uncounted
        return "passage.exited:v8", 40


def lookups(stores: FakeStores, groups: tuple[str, ...] = (), **site: Any) -> Lookups:
    document = deepcopy(SITE)
    document["site"].update(site)
    document["groups"] = [{"id": group, "places": 2} for group in groups]
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


def test_a_visitor_comes_along_also_at_an_entry_with_the_stay_that_it_ends() -> None:
    stores = FakeStores()
    stores.visitors = (ExpectedVisit("visit-1", 0, 1), ExpectedVisit("visit-2", 0, 1, entered=True))
    enriched = lookups(stores).enrich(read("reader-in"))
    assert enriched.expected == stores.visitors
    assert [visit.visit for visit in enriched.visits] == ["visit-2"]
    assert enriched.after == "passage.entered:v9"


# ---- places ----------------------------------------------------------------------------------------------------------

CHEN = Pass("p1", PassKind.MONTHLY, cards=("7",), group="12-3")


def test_a_household_is_counted_by_its_other_passes() -> None:
    enriched = lookups(FakeStores(CHEN), groups=("12-3",)).enrich(read("reader-in"))
    assert enriched.occupancy == (Occupancy("p1", ("p2", "p3"), ("p2",), after="passage.entered:v9"),)


def test_the_car_park_is_counted_but_for_this_car() -> None:
    stores = FakeStores(CHEN)
    enriched = lookups(stores, groups=("another",), capacity=50).enrich(read("reader-in"))
    assert enriched.occupancy == (Occupancy("p1", cars=40, after="passage.exited:v8"),)
    assert stores.asked[1:] == [("cars_inside", "7", 50 + KEPT_MAX)]


@pytest.mark.parametrize(
    ("found", "device", "site"),
    [
        (CHEN, "reader-in", {}),
        (CHEN, "reader-in", {"groups": ("another",)}),
        (CHEN, "reader-out", {"groups": ("12-3",), "capacity": 50}),
        (Pass("p1", PassKind.MONTHLY, bay="B2-17"), "reader-in", {"capacity": 50}),
    ],
)
def test_whoever_needs_no_place_is_not_looked_up_for_one(found: Pass, device: str, site: dict[str, Any]) -> None:
    stores = FakeStores(found)
    assert lookups(stores, **site).enrich(read(device)).occupancy == ()
    assert not {"of_group", "group_inside", "cars_inside"} & {str(question[0]) for question in stores.asked}


def test_a_store_that_cannot_count_refuses_nobody_a_place(caplog: pytest.LogCaptureFixture) -> None:
    for site in ({"groups": ("12-3",)}, {"capacity": 50}):
        stores = FakeStores(CHEN)
        stores.uncounted = StorageError("the disk fails")
        enriched = lookups(stores, **site).enrich(read("reader-in"))  # type: ignore[arg-type]
        assert (enriched.passes, enriched.occupancy) == ((CHEN,), ())
        assert "could not be counted: the disk fails" in caplog.text
        caplog.clear()


def test_a_pin_is_never_passed_on_in_clear(tmp_path: Path) -> None:
    pin = CredentialRead("reader-in", "pin", "2468")
    plain = lookups(FakeStores()).enrich(pin)
    assert plain.value == "pin"
    codes = PassCodes(tmp_path / "key")
    named = Lookups(FakeStores(), FakeStores(), parse_settings(deepcopy(SITE)), codes).enrich(pin)
    assert named.value == codes.pin_name("2468") != "2468"
    assert unknown(pin, ValueError()).value == "pin"


def test_a_pin_without_a_readable_key_has_no_name(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"damaged")
    codes = PassCodes(tmp_path / "key")
    found = Lookups(FakeStores(), FakeStores(), parse_settings(deepcopy(SITE)), codes)
    assert found.enrich(CredentialRead("reader-in", "pin", "2468")).value == "pin"


def test_an_entry_of_a_list_holds_for_what_is_shown_and_for_all_that_its_pass_has() -> None:
    stores = FakeStores(Pass("p1", PassKind.MONTHLY, cards=("472288", "5"), plates=("京A12345",)))
    for credential in (Credential("card", "472288"), Credential("card", "5"), Credential("plate", "京A12345")):
        stores.listed = {credential: Listed("l1", "watch", 9)}
        assert lookups(stores).enrich(read("reader-in")).listed == (Listed("l1", "watch", 9),)
    stores.listed = {Credential("card", "6"): Listed("l1", "watch", 9)}
    assert lookups(stores).enrich(read("reader-in")).listed == ()


def test_a_store_that_cannot_tell_who_is_listed_stops_no_car() -> None:
    stores = FakeStores(Pass("p1", PassKind.MONTHLY, cards=("472288",)))
    stores.uncounted = StorageError("the disk fails")
    found = lookups(stores).enrich(read("reader-in"))
    assert found.passes
    assert found.listed == ()
