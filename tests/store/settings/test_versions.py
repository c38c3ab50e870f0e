"""The versions of the settings: one write a step, a way back, operators and secrets that stay true."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.settings.difference import CHANGES_MAX
from gateway.core.vocabulary.errors import ConflictError, NotFoundError, RefusedError, SettingsError
from gateway.store.directory import DataDirectory
from gateway.store.settings import secrets as secrets_module
from gateway.store.settings import versions as versions_module
from gateway.store.settings.planning import exported, filled, hashed, plan, restoring
from gateway.store.settings.secrets import check_pin
from gateway.store.settings.versions import Version, Versions, earlier, go_back, row_of

SITE: dict[str, Any] = {
    "site": {"id": "north-court", "name": "North Court"},
    "gateway": {"id": "gw1"},
    "devices": [{"id": "io", "driver": "noop"}, {"id": "door", "driver": "osdp", "port": "/dev/x", "key": "00" * 16}],
    "lanes": [{"id": "in", "direction": "entry", "barrier": {"open": "io.output.0"}}],
    "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}],
    "uplink": {"mqtt": {"host": "127.0.0.1", "username": "gw", "password": "geheim"}},
}
UNTIL = "2027-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time; what they are worth is tested elsewhere."""
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "data")
    made.create(SITE)
    return made


@pytest.fixture
def versions(directory: DataDirectory) -> Versions:
    return directory.versions


def free(_settings: Any) -> None:
    """Drivers that find nothing wrong."""


def site(**parts: Any) -> dict[str, Any]:
    """The exported site with other parts."""
    document = exported(SITE)
    for operator in document["operators"]:
        operator.pop("pin", None)
    document["uplink"]["mqtt"].pop("password", None)
    document["devices"][1].pop("key", None)
    return {**document, **parts}


def named(name: str) -> dict[str, Any]:
    return site(site={"id": "north-court", "name": name})


def apply(versions: Versions, document: dict[str, Any], *, until: str = "") -> Version:
    return versions.apply(plan(versions, document, free).wanted, "lin", "cli", until=until)


def test_a_new_directory_has_one_confirmed_version(versions: Versions) -> None:
    [first] = versions.list()
    assert (first.version, first.state, first.by, first.changes) == (1, "confirmed", "gateway", ())
    assert versions.current == first
    assert versions.pending is None
    with pytest.raises(NotFoundError, match="no confirmed version before version 1"):
        earlier(versions)


def test_a_file_of_an_earlier_version_of_gatehouse_counts_as_the_first_one(
    directory: DataDirectory, versions: Versions
) -> None:
    tables = msgspec.json.decode(directory.site.read_bytes())
    document = tables["documents"]["1"]["document"]
    directory.site.write_bytes(msgspec.json.encode({"documents": {"1": {"name": "site", "document": document}}}))
    assert [one.version for one in versions.list()] == [1]
    assert directory.settings().uplink.mqtt.password == "geheim"  # type: ignore[union-attr]
    apply(versions, named("South"))
    assert [one.version for one in versions.list()] == [1, 2]
    assert directory.settings().uplink.mqtt.password == "geheim"  # type: ignore[union-attr]
    assert versions.document_of(1)["site"]["name"] == "North Court"


def test_what_an_export_gives_changes_nothing(directory: DataDirectory, versions: Versions) -> None:
    assert plan(versions, exported(directory.documents.load()), free).changes == ()
    assert plan(versions, SITE, free).changes == ()
    assert plan(versions, versions.opened(), free).changes == ()


def test_what_a_file_leaves_out_is_kept(directory: DataDirectory, versions: Versions) -> None:
    apply(versions, named("South"))
    settings = directory.settings()
    assert settings.site.name == "South"
    assert settings.uplink.mqtt.password == "geheim"  # type: ignore[union-attr]
    assert settings.devices[1].options["key"] == "00" * 16
    assert check_pin("2468", settings.operators[0].pin_hash or "")


def test_operators_are_added_and_changed_and_never_removed(directory: DataDirectory, versions: Versions) -> None:
    apply(versions, site(operators=[{"name": "Mei", "role": "leader", "pin": "1357"}]))
    apply(versions, site(operators=[{"name": "Lin", "role": "leader", "pin": "86420"}]))
    found = directory.settings().operators
    assert [(one.name, one.role.value) for one in found] == [("Lin", "leader"), ("Mei", "leader")]
    assert [check_pin(pin, one.pin_hash or "") for pin, one in zip(("86420", "1357"), found, strict=True)] == [True] * 2
    apply(versions, {key: value for key, value in named("x").items() if key != "operators"})
    assert [one.name for one in directory.settings().operators] == ["Lin", "Mei"]


def test_a_new_operator_needs_a_pin_and_the_fault_is_told_where_the_file_has_it(versions: Versions) -> None:
    with pytest.raises(SettingsError) as caught:
        plan(versions, site(operators=[{"name": "Mei", "role": "leader"}, {"name": "Lin", "role": "guard"}]), free)
    assert caught.value.problems == [("operators[0].pin", "is missing; give 4 to 12 digits")]


def test_a_person_who_was_removed_meanwhile_stays_removed(versions: Versions) -> None:
    wanted = plan(versions, named("South"), free).wanted
    versions.put({**versions.opened(), "operators": []})
    versions.apply(wanted, "lin", "cli")
    assert versions.opened()["operators"] == []


def test_a_pin_that_was_changed_meanwhile_stays_changed(directory: DataDirectory, versions: Versions) -> None:
    wanted = plan(versions, named("South"), free).wanted
    versions.put({**versions.opened(), "operators": [{"name": "Lin", "role": "guard", "pin": "77777"}]})
    versions.apply(wanted, "lin", "cli")
    assert check_pin("77777", directory.settings().operators[0].pin_hash or "")


def test_an_unconfirmed_version_goes_back_to_the_one_before(directory: DataDirectory, versions: Versions) -> None:
    applied = apply(versions, named("South"), until=UNTIL)
    assert (applied.state, applied.until, versions.pending) == ("pending", UNTIL, applied)
    assert directory.settings().site.name == "South"
    gone = go_back(versions, "time_over")
    assert gone is not None
    assert (gone.version, gone.state, gone.reason, gone.until) == (2, "rolled_back", "time_over", "")
    assert directory.settings().site.name == "North Court"
    assert versions.current.version == 1
    assert go_back(versions, "time_over") is None
    assert apply(versions, named("West")).version == 3


def test_a_way_back_keeps_the_operators_of_now_but_for_those_that_it_added(
    directory: DataDirectory, versions: Versions
) -> None:
    more = [
        {"name": "Lin", "role": "guard", "pin": "86420"},
        {"name": "Mei", "role": "leader", "pin": "1357"},
    ]
    apply(versions, site(operators=more), until=UNTIL)
    versions.put({**versions.opened(), "operators": [*versions.opened()["operators"], OTHER]})
    go_back(versions, "asked")
    found = {one.name: one.pin_hash or "" for one in directory.settings().operators}
    assert found.keys() == {"Lin", "Ana"}
    assert check_pin("86420", found["Lin"])


OTHER = {"name": "Ana", "role": "auditor", "pin": "9999"}


def test_a_confirmed_version_holds_for_good(versions: Versions) -> None:
    apply(versions, named("South"), until=UNTIL)
    done = versions.confirm(2)
    assert (done.state, done.until, versions.pending) == ("confirmed", "", None)
    for wrong in (1, 2):
        with pytest.raises(RefusedError, match=f"version {wrong} does not wait to be confirmed"):
            versions.confirm(wrong)
        with pytest.raises(RefusedError, match="does not wait"):
            versions.roll_back(wrong, "asked")


def test_two_authors_do_not_overwrite_each_other(versions: Versions) -> None:
    first, second = (plan(versions, named(name), free).wanted for name in ("South", "West"))
    versions.apply(first, "lin", "cli")
    with pytest.raises(ConflictError, match=r"version 2 by lin at .* holds, and not version 1"):
        versions.apply(second, "mei", "http")


def test_nothing_is_applied_while_a_version_waits(versions: Versions) -> None:
    first, second = (plan(versions, named(name), free).wanted for name in ("South", "West"))
    versions.apply(first, "lin", "cli", until=UNTIL)
    with pytest.raises(ConflictError, match=rf"version 2 by lin at .* waits to be confirmed until {UNTIL}"):
        versions.apply(second, "mei", "http")


def test_an_earlier_version_comes_back_with_its_own_secrets(directory: DataDirectory, versions: Versions) -> None:
    uplink = {"mqtt": {"host": "127.0.0.1", "username": "gw", "password": "neu"}}
    apply(versions, site(uplink=uplink))
    assert directory.settings().uplink.mqtt.password == "neu"  # type: ignore[union-attr]
    back = restoring(versions, 1, free)
    assert [(one.path, one.new) for one in back.changes] == [("uplink.mqtt.password", "(new secret)")]
    versions.apply(back.wanted, "lin", "cli", restores=1)
    assert directory.settings().uplink.mqtt.password == "geheim"  # type: ignore[union-attr]
    assert earlier(versions) == 2
    assert "geheim" not in directory.site.read_text()


def test_secrets_that_no_version_uses_are_forgotten(
    directory: DataDirectory, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions_module, "VERSIONS_MAX", 2)
    for word in ("a", "b", "c", "d"):
        apply(versions, site(uplink={"mqtt": {"host": "127.0.0.1", "username": "gw", "password": word}}))
    assert sorted(directory.vault.load().values()) == ["00" * 16, "c", "d"]
    apply(versions, site(uplink=None, devices=SITE["devices"][:1]))
    apply(versions, site(uplink=None, devices=SITE["devices"][:1], groups=[{"id": "1", "places": 1}]))
    assert directory.vault.load() == {}


def test_versions_are_bounded_by_number_and_size(versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions_module, "VERSIONS_MAX", 3)
    for number in range(6):
        apply(versions, named(f"N{number}"))
    assert [one.version for one in versions.list()] == [5, 6, 7]
    assert versions.document_of(5)["site"]["name"] == "N3"
    with pytest.raises(NotFoundError, match="there is no version 2; kept are 5, 6, 7"):
        versions.document_of(2)
    monkeypatch.setattr(versions_module, "DOCUMENTS_MAX_BYTES", 10)
    apply(versions, named("last"))
    assert [one.document is None for one in versions.list()] == [True, False, True]
    with pytest.raises(NotFoundError, match="version 6 are not kept"):
        versions.document_of(6)


def test_the_paths_of_a_version_are_bounded(versions: Versions) -> None:
    devices = [*site()["devices"], *({"id": f"d{n}", "driver": "noop"} for n in range(CHANGES_MAX + 5))]
    assert len(apply(versions, site(devices=devices)).changes) == CHANGES_MAX


def test_the_row_of_each_step_says_who_and_why(versions: Versions) -> None:
    def row(version: Version | None) -> dict[str, Any]:
        assert version is not None
        found: dict[str, Any] = msgspec.to_builtins(row_of(version))
        return {key: found.get(key) for key in ("what", "version", "state", "paths", "before", "reason", "by", "via")}

    same = {"version": 2, "paths": ("site.name",), "before": 1, "by": "lin", "via": "cli", "reason": None}
    applied = apply(versions, named("South"), until=UNTIL)
    assert row(applied) == {**same, "what": "applied", "state": "pending"}
    assert row(versions.confirm(2)) == {**same, "what": "confirmed", "state": "confirmed"}
    again = {**same, "version": 3, "before": 2}
    assert row(apply(versions, named("West"), until=UNTIL)) == {**again, "what": "applied", "state": "pending"}
    back = {**again, "what": "rolled_back", "state": "rolled_back"}
    assert row(go_back(versions, "asked", {"by": "mei", "via": "http"})) == {
        **back, "reason": "asked", "by": "mei", "via": "http",
    }  # fmt: skip
    direct = apply(versions, named("East"))
    assert row(direct) == {**same, "version": 4, "before": 2, "what": "applied", "state": "confirmed"}


def test_a_step_is_untold_until_its_row_is_written(versions: Versions) -> None:
    apply(versions, named("South"), until=UNTIL)
    assert [one.version for one in versions.untold] == [2]
    versions.tell(2)
    assert versions.untold == []
    versions.confirm(2)
    assert [one.state for one in versions.untold] == ["confirmed"]
    versions.tell(7)


def test_an_edit_changes_no_version(versions: Versions, directory: DataDirectory) -> None:
    apply(versions, named("South"), until=UNTIL)

    def without_people(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "operators": []}

    directory.documents.edit(without_people)
    assert versions.opened()["operators"] == []
    assert versions.current.state == "pending"
    with pytest.raises(ValueError, match="no"):
        directory.documents.edit(_refuses)
    assert versions.opened()["site"]["name"] == "South"


def _refuses(_document: dict[str, Any]) -> dict[str, Any]:
    raise ValueError("no")


# ---- a token


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"operators": []}, "operators"),
        ({"stations": [{"id": "b"}]}, "stations"),
        ({"gateway": {"id": "gw1", "http": {"port": 81}}}, "gateway.http"),
    ],
)
def test_a_token_changes_no_operators_stations_and_web_address(
    versions: Versions, part: dict[str, Any], path: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        plan(versions, site(**part), free, by_token=True)
    assert [found for found, _ in caught.value.problems] == [path]


def test_a_token_sees_and_keeps_them(versions: Versions, directory: DataDirectory) -> None:
    versions.put({**SITE, "gateway": {"id": "gw1", "http": {"port": 81}}, "stations": [{"id": "b"}]})
    shown = exported(directory.documents.load(), by_token=True)
    assert "operators" not in shown
    assert "stations" not in shown
    assert shown["gateway"] == {"id": "gw1"}
    assert plan(versions, shown, free, by_token=True).changes == ()
    renamed = plan(versions, {**shown, "site": {"id": "north-court", "name": "South"}}, free, by_token=True)
    assert renamed.wanted.changes == ("site.name",)
    versions.apply(renamed.wanted, "central", "http")
    settings = directory.settings()
    assert (settings.gateway.http.port, settings.stations[0].id, settings.operators[0].name) == (81, "b", "Lin")
    whole = exported(directory.documents.load())
    assert plan(versions, whole, free, by_token=True).changes == ()


BROKER = {"host": "central.example", "username": "gw1"}


@pytest.mark.parametrize(
    "there",
    [
        {"host": "elsewhere.example", "username": "gw1"},
        {"brokers": ["central.example:1883", "elsewhere.example:1883"], "username": "gw1"},
        {"host": "central.example", "port": 1884, "username": "gw1"},
        {"host": "central.example"},
    ],
)
def test_a_token_sends_no_password_that_it_does_not_know_elsewhere(versions: Versions, there: dict[str, Any]) -> None:
    versions.put({**SITE, "uplink": {"mqtt": {**BROKER, "password": "keep-this"}}})
    with pytest.raises(SettingsError) as caught:
        plan(versions, site(uplink={"mqtt": there}), free, by_token=True)
    assert [path for path, _ in caught.value.problems] == ["uplink.mqtt.password"]
    assert plan(versions, site(uplink={"mqtt": {**there, "password": "new"}}), free, by_token=True).changes
    assert plan(versions, site(uplink={"mqtt": there}), free).changes


def test_a_token_that_leaves_the_address_leaves_the_password(versions: Versions) -> None:
    versions.put({**SITE, "uplink": {"mqtt": {**BROKER, "password": "keep-this"}}})
    found = plan(versions, site(uplink={"mqtt": {**BROKER, "consumer": "office"}}), free, by_token=True)
    assert found.wanted.changes == ("uplink.mqtt.consumer",)
    assert found.settings.uplink is not None and found.settings.uplink.mqtt.password == "keep-this"


@pytest.mark.parametrize("document", [7, None, [], "x", {"operators": 7}, {"gateway": 7}, {"uplink": {"mqtt": 7}}])
def test_nonsense_is_refused_with_words(versions: Versions, document: Any) -> None:
    for by_token in (False, True):
        with pytest.raises(SettingsError):
            plan(versions, document, free, by_token=by_token)


def test_a_document_that_is_nested_too_deeply_is_refused(versions: Versions) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(SettingsError, match="nested too deeply"):
        plan(versions, site(tariffs=deep), free)


def test_a_file_to_be_checked_is_filled_in(tmp_path: Path, versions: Versions) -> None:
    found = filled(versions, site())
    assert (found["uplink"]["mqtt"]["password"], found["devices"][1]["key"]) == ("geheim", "00" * 16)
    assert "pin_hash" in found["operators"][0]
    assert filled(DataDirectory(tmp_path / "none").versions, SITE) == SITE
    assert filled(versions, 7) == 7


def test_the_document_of_a_version_is_a_copy(versions: Versions) -> None:
    apply(versions, named("South"))
    before = copy.deepcopy(versions.document_of(1))
    versions.document_of(1)["site"]["name"] = "changed"
    assert versions.document_of(1) == before


def test_pins_leave_the_command_line_as_hashes(versions: Versions) -> None:
    people = [
        {"name": "Lin", "role": "guard", "pin": "2468"},
        {"name": "Mei", "role": "leader", "pin": "1357"},
        {"name": "Bad", "role": "guard", "pin": "12"},
        "nonsense",
    ]
    sent = hashed(versions, site(operators=people))["operators"]
    assert sent[0] == {"name": "Lin", "role": "guard"}, "it is set already"
    assert check_pin("1357", sent[1]["pin_hash"]) and "pin" not in sent[1]
    assert sent[2:] == people[2:], "what is no PIN is named as a fault"
    assert people[0]["pin"] == "2468"
    assert hashed(versions, 7) == 7
    assert hashed(versions, {"site": {}}) == {"site": {}}
    apply(versions, hashed(versions, site(operators=people[:2])))
    assert check_pin("1357", versions.opened()["operators"][1]["pin_hash"])
