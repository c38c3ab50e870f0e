"""The working draft: kept by operator, carried along, and ended by what becomes of its version."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.store.directory import DataDirectory
from gateway.store.settings.planning import plan
from gateway.store.settings.secrets import check_pin
from web.installer.frame.draft import Draft, Kept
from web.installer.frame.merge import differences, merged
from web.installer.frame.sealing import KEY
from web.people.operators import SiteDocument
from web.platform.webdb import WebDatabase

SITE: dict[str, Any] = {
    "site": {"id": "court", "name": "North Court"},
    "gateway": {"id": "gw1"},
    "devices": [{"id": "reader", "driver": "noop"}],
    "operators": [{"name": "Ana", "role": "installer", "pin": "7391"}],
}


class Bench:
    """A data directory whose settings an engine changes, and the drafts of a web process beside it."""

    def __init__(self, path: Path) -> None:
        self.directory = DataDirectory(path)
        self.directory.create(SITE)
        self.database = WebDatabase(path / "web.db")

    def draft(self, operator: str = "Ana") -> Draft:
        return Draft(operator, SiteDocument(self.directory.path / "site.json"), self.database)

    def apply(self, site: dict[str, Any], *, pending: bool = False) -> int:
        versions = self.directory.versions
        wanted = plan(versions, site, lambda _settings: ()).wanted
        return versions.apply(wanted, "Ana", "browser", pending=pending).version

    def become(self, draft: Draft) -> None:
        draft.asked()
        self.apply(draft.site, pending=True)

    def edit(self, **values: Any) -> Draft:
        draft = self.draft()
        draft.save({**draft.site, "site": {**draft.site["site"], **values}})
        return draft


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "data")


def test_a_draft_begins_as_the_settings_that_run(bench: Bench) -> None:
    draft = bench.draft()
    assert not draft.changed
    assert draft.site["site"]["name"] == "North Court"
    assert "pin_hash" not in draft.site["operators"][0]


def test_a_change_is_kept_for_its_operator_alone(bench: Bench) -> None:
    bench.edit(name="South Court")
    bench.database.close()
    assert bench.draft().changes == ("site.name",)
    assert not bench.draft("Ben").changed


def test_what_others_apply_meanwhile_is_taken_along(bench: Bench) -> None:
    bench.edit(name="South Court")
    bench.apply({**SITE, "site": {**SITE["site"], "capacity": 40}})
    draft = bench.draft()
    assert draft.site["site"] == {"id": "court", "name": "South Court", "capacity": 40}
    assert draft.changes == ("site.name",)
    assert draft.base == 2


def test_two_pages_that_save_at_once_lose_nothing(bench: Bench) -> None:
    one, two = bench.draft(), bench.draft()
    one.site["site"]["name"] = "South Court"
    one.save(one.site)
    two.site["devices"].append({"id": "board", "driver": "noop"})
    two.save(two.site)
    assert bench.draft().changes == ("site.name", "devices.board")


def test_a_draft_that_was_applied_has_no_changes_and_ends_with_the_confirmation(bench: Bench) -> None:
    draft = bench.edit(name="South Court")
    bench.become(draft)
    assert not bench.draft().changed
    bench.directory.versions.confirm(2)
    bench.apply({**SITE, "site": {**SITE["site"], "name": "East Court"}})
    assert not bench.draft().changed


def test_a_version_that_went_back_leaves_the_changes(bench: Bench) -> None:
    draft = bench.edit(name="South Court")
    bench.become(draft)
    bench.edit(capacity=40)
    bench.directory.versions.roll_back(2, "time_over")
    assert bench.draft().changes == ("site.name", "site.capacity")


def test_what_is_changed_while_a_version_waits_outlives_its_confirmation(bench: Bench) -> None:
    draft = bench.edit(name="South Court")
    bench.become(draft)
    assert bench.edit(capacity=40).changes == ("site.capacity",)
    bench.directory.versions.confirm(2)
    assert bench.draft().changes == ("site.capacity",)


def test_a_new_secret_outlives_a_version_that_went_back(bench: Bench) -> None:
    draft = bench.draft()
    draft.site["uplink"] = {"mqtt": {"host": "broker", "username": "gw1", "password": "sesame"}}
    draft.save(draft.site)
    bench.become(draft)
    assert not bench.draft().changed
    bench.edit(capacity=40)
    bench.directory.versions.roll_back(2, "time_over")
    assert bench.draft().site["uplink"]["mqtt"]["password"] == "sesame"


def with_password(bench: Bench) -> Draft:
    draft = bench.draft()
    draft.save({**draft.site, "uplink": {"mqtt": {"host": "broker", "password": "sesame-93"}}})
    return draft


def test_a_secret_of_a_draft_stands_in_no_file_as_it_is(bench: Bench) -> None:
    with_password(bench)
    assert bench.draft().site["uplink"]["mqtt"]["password"] == "sesame-93"
    files = [path for path in bench.directory.path.rglob("*") if path.is_file()]
    assert any(path.name.startswith("web.db") for path in files)
    assert [path.name for path in files if b"sesame-93" in path.read_bytes()] == []


def test_the_key_of_drafts_is_for_its_owner_alone(bench: Bench) -> None:
    with_password(bench)
    assert (bench.directory.path / KEY).stat().st_mode & 0o777 == 0o600


def test_a_draft_of_another_key_or_of_another_person_is_none(bench: Bench) -> None:
    with_password(bench)
    bench.database.rows("UPDATE draft SET operator='Eve'")
    assert not bench.draft("Eve").changed
    bench.database.rows("UPDATE draft SET operator='Ana'")
    assert bench.draft().changed
    (bench.directory.path / KEY).write_bytes(b"k" * 32)
    assert not bench.draft().changed
    with_password(bench)
    assert bench.draft().changed


def test_a_draft_of_an_earlier_version_is_read_and_sealed_with_its_next_change(bench: Bench) -> None:
    draft = with_password(bench)
    plain = msgspec.json.encode(Kept(draft.running, draft.site)).decode()
    bench.database.rows("UPDATE draft SET content=?", plain)
    assert bench.draft().site == draft.site
    bench.edit(name="South Court")
    ((content,),) = bench.database.rows("SELECT content FROM draft")
    assert isinstance(content, bytes)
    assert bench.draft().site["uplink"]["mqtt"]["password"] == "sesame-93"


def test_a_new_pin_is_kept_as_its_hash(bench: Bench) -> None:
    draft = bench.draft()
    draft.site["operators"].append({"name": "Ben", "role": "guard", "pin": "8264"})
    draft.save(draft.site)
    added = bench.draft().site["operators"][1]
    assert "pin" not in added
    assert check_pin("8264", added["pin_hash"])
    assert b"8264" not in (bench.directory.path / "web.db").read_bytes()


def test_the_draft_of_a_person_who_was_removed_goes_with_the_next_change(bench: Bench) -> None:
    eve_too = {"name": "Eve", "role": "installer"}
    bench.directory.documents.edit(lambda site: {**site, "operators": [*site["operators"], eve_too]})
    eve = bench.draft("Eve")
    eve.save({**eve.site, "uplink": {"mqtt": {"host": "broker", "password": "sesame"}}})
    assert bench.draft("Eve").changed
    bench.directory.documents.edit(lambda site: {**site, "operators": site["operators"][:1]})
    bench.edit(name="South Court")
    assert bench.database.rows("SELECT operator FROM draft") == [("Ana",)]


def test_a_dropped_draft_is_gone(bench: Bench) -> None:
    bench.edit(name="South Court").drop()
    assert not bench.draft().changed


def test_a_kept_draft_that_cannot_be_read_is_none(bench: Bench) -> None:
    bench.edit(name="South Court")
    bench.database.rows("UPDATE draft SET content='{'")
    assert not bench.draft().changed


def things(*names: str) -> list[dict[str, str]]:
    return [{"id": name} for name in names]


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "both"),
    [
        ({"a": 1}, {"a": 2}, {"a": 1, "b": 3}, {"a": 2, "b": 3}),
        ({"a": 1}, {"a": 2}, {"a": 3}, {"a": 2}),
        ({"a": 1, "b": 1}, {"b": 1}, {"a": 1, "b": 2}, {"b": 2}),
        ({"a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 1}}, {"a": {"x": 1, "y": 2}}, {"a": {"x": 2, "y": 2}}),
        ({"l": things("a")}, {"l": things("a", "b")}, {"l": things("a", "c")}, {"l": things("a", "c", "b")}),
        ({"l": things("a", "b")}, {"l": things("b")}, {"l": things("a", "b", "c")}, {"l": things("b", "c")}),
        ({"l": things("a", "b")}, {"l": things("b", "a")}, {"l": things("a", "b", "c")}, {"l": things("b", "a", "c")}),
        ({"p": [1, 2]}, {"p": [2]}, {"p": [1, 2, 3]}, {"p": [2]}),
        ({}, {"l": things("a")}, {"l": things("b")}, {"l": things("b", "a")}),
    ],
)  # fmt: skip
def test_changes_of_two_authors_come_together(base: Any, mine: Any, theirs: Any, both: Any) -> None:
    kept = deepcopy((base, mine, theirs))
    assert merged(base, mine, theirs) == both
    assert kept == (base, mine, theirs)


def test_a_difference_is_named_by_its_path() -> None:
    old = {"site": {"name": "a"}, "lanes": [{"id": "in", "barrier": {"open": "io.output.0"}}, {"id": "out"}]}
    new = {
        "site": {"name": "b"},
        "lanes": [{"id": "out"}, {"id": "in", "barrier": {"open": "io.output.1"}}, {"id": "x"}],
    }
    assert differences(old, new) == ("site.name", "lanes", "lanes.in.barrier.open", "lanes.x")
