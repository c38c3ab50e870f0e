"""The first set-up: a code that opens it once, ten tries, and a mark after which it never opens again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.errors import GatehouseError, RefusedError, RequestError, SettingsError
from gateway.store.directory import DataDirectory
from gateway.store.settings.first_run import TRIES_MAX
from gateway.store.settings.people import People
from gateway.store.settings.secrets import check_pin, hash_pin

EMPTY: dict[str, Any] = {"site": {"id": "site", "name": "Gatehouse"}, "gateway": {"id": "gw-abc123"}}
LIN = {"name": "Lin", "role": "guard", "pin": "2468"}
HASH = hash_pin("7391")
FORM = {"site_name": "North Court", "timezone": "Europe/Berlin", "locale": "en", "name": "Ana"}


class Made:
    """A fresh data directory, and the rows that its people give."""

    def __init__(self, path: Path, document: dict[str, Any] = EMPTY) -> None:
        self.directory = DataDirectory(path)
        self.code = self.directory.create(document)
        self.rows: list[rows.Row] = []
        self.people: People = self.directory.people(self.rows.append)

    def set_up(self, code: str = "", **form: str) -> dict[str, str]:
        return self.people.set_up(code or self.code, {**FORM, **form}, HASH, "browser")

    @property
    def over(self) -> bool:
        return DataDirectory(self.directory.path).first_run.over


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "data")


def refused(work: Callable[[], Any]) -> str:
    with pytest.raises(GatehouseError) as error:
        work()
    return error.value.code


def test_a_code_has_three_groups_of_four_and_is_not_on_the_disk(made: Made) -> None:
    assert re.fullmatch(r"([A-Z0-9]{4}-){2}[A-Z0-9]{4}", made.code)
    stored = made.directory.secrets / "setup-code"
    assert made.code.replace("-", "") not in stored.read_text()
    assert stored.stat().st_mode & 0o077 == 0


def test_a_code_fits_however_it_is_typed(made: Made) -> None:
    first_run = made.directory.first_run
    for typed in (made.code, f" {made.code.lower()} ", made.code.replace("-", ""), made.code.replace("-", " ")):
        assert first_run.fits(typed)
    assert first_run.tries == 0


def test_ten_wrong_codes_close_it_until_another_is_drawn(made: Made) -> None:
    first_run = made.directory.first_run
    for tries in range(TRIES_MAX):
        assert not first_run.closed
        assert not first_run.fits("AAAA-AAAA-AAAA")
        assert first_run.tries == tries + 1
    assert first_run.closed
    with pytest.raises(RefusedError, match="gatehouse init --new-code") as closed:
        first_run.fits(made.code)
    assert closed.value.code == "setup_closed"
    assert refused(made.set_up) == "setup_closed"
    again = made.people.new_code({"by": "root", "via": "cli"})["setup_code"]
    assert again != made.code
    assert not first_run.closed and not first_run.fits(made.code) and first_run.fits(again)


def test_the_set_up_makes_an_installer_and_names_site_and_gateway(made: Made) -> None:
    assert made.set_up(site_id="nc", gateway_id="gate-1") == {"name": "Ana"}
    document = made.directory.documents.load()
    assert document["site"] == {"id": "nc", "name": "North Court", "timezone": "Europe/Berlin", "locale": "en"}
    assert document["gateway"]["id"] == "gate-1"
    [operator] = document["operators"]
    assert (operator["name"], operator["role"]) == ("Ana", "installer")
    assert check_pin("7391", operator["pin_hash"])
    assert made.rows == [
        rows.SetUp(what="set_up", tries=0, by="Ana", via="browser"),
        rows.OperatorAdded(operator="Ana", role="installer", by="Ana", via="browser"),
    ]
    made.directory.settings()


@pytest.mark.parametrize(
    ("name", "site_id"),
    [
        ("North Court", "north-court"),
        ("  Möwenhof II ", "mowenhof-ii"),
        ("北苑", "site"),
        ("北苑 North", "north"),
        ("a" * 90, "a" * 64),
    ],
)
def test_a_site_without_an_id_gets_one_from_its_name(made: Made, name: str, site_id: str) -> None:
    made.set_up(site_name=name)
    found = made.directory.documents.load()
    assert (found["site"]["id"], found["gateway"]["id"]) == (site_id, "gw-abc123")


def test_it_happens_once_and_its_code_is_void(made: Made) -> None:
    made.set_up()
    assert made.over
    assert refused(made.set_up) == "setup_over"
    assert not (made.directory.secrets / "setup-code").exists()
    with pytest.raises(RefusedError, match="gatehouse operator set-pin"):
        made.people.new_code({"by": "root", "via": "cli"})


def test_it_stays_over_when_every_operator_is_removed(made: Made) -> None:
    made.set_up()
    made.people.remove("Ana", {"by": "root", "via": "cli"}, also_last=True)
    assert made.over
    assert refused(made.set_up) == "setup_over"


def test_an_operator_of_the_site_file_counts_also_once_removed(tmp_path: Path) -> None:
    made = Made(tmp_path / "data", {**EMPTY, "operators": [LIN]})
    assert made.over
    made.people.remove("Lin", {"by": "root", "via": "cli"})
    assert made.over


def test_an_operator_by_command_ends_it(made: Made) -> None:
    assert not made.over
    made.people.add("Wei", "leader", HASH, {"by": "root", "via": "cli"})
    assert made.over
    assert refused(made.set_up) == "setup_over"


def test_a_directory_of_an_earlier_version_gets_its_mark_from_its_operators(tmp_path: Path) -> None:
    made = Made(tmp_path / "data", {**EMPTY, "operators": [LIN]})
    mark = made.directory.path / "set-up"
    mark.unlink()
    assert made.over
    made.directory.first_run.note()
    assert mark.exists()
    made.directory.documents.save(EMPTY)
    assert made.over


def test_a_directory_without_operators_gets_no_mark(made: Made) -> None:
    made.directory.first_run.note()
    assert not made.over
    assert not made.directory.first_run.closed


def test_a_wrong_code_is_counted_on_record_and_names_the_tries_that_are_left(made: Made) -> None:
    with pytest.raises(RefusedError, match="9 tries are left") as wrong:
        made.set_up("AAAA-AAAA-AAAA")
    assert wrong.value.code == "setup_code_wrong"
    codes = [refused(lambda: made.set_up("AAAA-AAAA-AAAA")) for _ in range(TRIES_MAX)]
    assert codes == ["setup_code_wrong"] * 8 + ["setup_closed"] * 2
    told = [(row.what, row.tries) for row in made.rows if isinstance(row, rows.SetUp)]
    assert told == [("setup_code_wrong", n) for n in range(1, 10)] + [("setup_closed", 10)]
    assert not made.over


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"locale": "fr"}, "locale"),
        ({"site_id": "no blanks"}, "site_id"),
        ({"gateway_id": "no/slash"}, "gateway_id"),
    ],
)
def test_a_wrong_field_is_named_and_costs_neither_the_code_nor_a_try(
    made: Made, form: dict[str, str], field: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        made.set_up(**form)
    assert [path for path, _ in wrong.value.problems] == [field]
    assert not made.over and made.directory.documents.load() == EMPTY
    assert made.set_up() == {"name": "Ana"}


def test_a_name_that_is_none_changes_nothing(made: Made) -> None:
    with pytest.raises(RequestError, match="name is empty"):
        made.set_up(name=" ")
    assert not made.over and made.directory.documents.load() == EMPTY


def test_a_damaged_code_file_takes_no_code_and_another_can_be_drawn(made: Made) -> None:
    (made.directory.secrets / "setup-code").write_text("half")
    assert refused(made.set_up) == "setup_closed"
    made.code = made.people.new_code({"by": "root", "via": "cli"})["setup_code"]
    assert made.set_up() == {"name": "Ana"}
