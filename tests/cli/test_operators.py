"""`gatehouse operator`: the people who sign in, with and without an engine, and never a PIN on a command line."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.people.operators import ROLES
from gateway.core.settings.roles import Role
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.settings.secrets import check_pin
from tests.cli.conftest import Gatehouse, Outcome
from tests.support.engine import SITE as ENGINE_SITE
from tests.support.engine import Running

Piped = Callable[..., Outcome]


@pytest.fixture
def piped(gatehouse: Gatehouse, monkeypatch: pytest.MonkeyPatch) -> Piped:
    """Runs a command with a text on stdin."""

    def call(text: str, *argv: object) -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        return gatehouse(*argv)

    return call


def rows(data: Path, kind: str) -> list[dict[str, Any]]:
    with closing(JournalReader(DataDirectory(data).journal)) as reader:
        return [json.loads(row.text)["data"] for row in reader.page(0, 100, (kind,))]


def stored(data: Path, name: str) -> dict[str, Any]:
    operators = DataDirectory(data).documents.load()["operators"]
    return next(one for one in operators if one["name"] == name)


def test_the_roles_of_the_help_are_those_that_are_declared() -> None:
    assert tuple(Role) == ROLES


def test_operators_are_listed_without_pins(gatehouse: Gatehouse, made: Path) -> None:
    assert gatehouse("operator", "list", "--json").data == {"items": [{"name": "Lin", "role": "guard"}]}
    assert "Lin" in gatehouse("operator", "list").out
    assert "scrypt" not in gatehouse("operator", "list").out


def test_an_operator_is_added_with_a_pin_from_stdin(piped: Piped, made: Path) -> None:
    told = piped("7391\n", "operator", "add", "Wei", "--role", "leader", "--json")
    assert (told.status, told.data) == (0, {"name": "Wei", "role": "leader"})
    assert check_pin("7391", stored(made, "Wei")["pin_hash"])
    [row] = rows(made, "operator.added")
    assert (row["operator"], row["role"], row["via"]) == ("Wei", "leader", "cli") and row["by"]
    assert "7391" not in told.out + told.err


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        ("", "there is no PIN on stdin"),
        ("12\n", "not 4 to 12 digits"),
        ("abcd\n", "not 4 to 12 digits"),
        ("1234\n", "guessed first (digits in a row)"),
        ("5555\n", "guessed first (one digit)"),
        ("7391\n7392\n", "the two lines on stdin differ"),
    ],
)
@pytest.mark.parametrize("command", [("add", "Wei", "--role", "guard"), ("set-pin", "Lin")])
def test_a_pin_that_is_not_taken_changes_nothing(
    piped: Piped, made: Path, command: tuple[str, ...], pin: str, words: str
) -> None:
    before = DataDirectory(made).documents.load()
    told = piped(pin, "operator", *command)
    assert told.status == 1 and words in told.err
    assert DataDirectory(made).documents.load() == before


def test_a_pin_may_stand_twice_on_stdin(piped: Piped, made: Path) -> None:
    assert piped("7391\n7391\n", "operator", "set-pin", "Lin").status == 0
    assert check_pin("7391", stored(made, "Lin")["pin_hash"])
    assert [row["operator"] for row in rows(made, "operator.pin_changed")] == ["Lin"]


def test_a_pin_on_the_command_line_is_no_option(piped: Piped, made: Path) -> None:
    for line in (("set-pin", "Lin", "7391"), ("add", "Wei", "--role", "guard", "--pin", "7391")):
        assert piped("7391\n", "operator", *line).status == 2


class Terminal(io.StringIO):
    """A terminal at which nobody types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        (["7391", "7391"], 0, ""),
        (["7391", "7392"], 1, "the two PINs differ"),
        (["1111"], 1, "guessed first"),
    ],
)
def test_at_a_terminal_the_pin_is_asked_for_twice(
    gatehouse: Gatehouse, made: Path, monkeypatch: pytest.MonkeyPatch, typed: list[str], status: int, words: str
) -> None:
    asked: list[str] = []

    def getpass(prompt: str) -> str:
        asked.append(prompt)
        return typed[len(asked) - 1]

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", getpass)
    told = gatehouse("operator", "set-pin", "Lin")
    assert told.status == status and words in told.err
    assert len(asked) == len(typed)
    assert check_pin("7391", stored(made, "Lin")["pin_hash"]) == (status == 0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("set-pin", "Gone"), "there is no operator 'Gone'; known: Lin"),
        (("remove", "Gone"), "there is no operator 'Gone'; known: Lin"),
        (("unlock", "Gone"), "there is no operator 'Gone'; known: Lin"),
        (("add", "Lin", "--role", "guard"), "there is an operator 'Lin' already"),
        (("add", "We\x1b[2Ji", "--role", "guard"), "control character"),
        (("add", " ", "--role", "guard"), "is empty"),
    ],
)
def test_a_name_that_does_not_do_is_told(piped: Piped, made: Path, line: tuple[str, ...], words: str) -> None:
    told = piped("7391\n", "operator", *line)
    assert told.status == 1 and words in told.err
    assert "\x1b" not in told.err


def test_an_operator_is_removed_on_record(gatehouse: Gatehouse, made: Path) -> None:
    assert gatehouse("operator", "remove", "Lin", "--json").data == {"name": "Lin", "role": "guard"}
    assert gatehouse("operator", "list", "--json").data == {"items": []}
    assert [row["operator"] for row in rows(made, "operator.removed")] == ["Lin"]


def test_the_last_installer_goes_only_if_it_is_meant(piped: Piped, made: Path) -> None:
    piped("7391\n", "operator", "add", "Ana", "--role", "installer")
    told = piped("", "operator", "remove", "Ana")
    assert told.status == 1
    assert "add another one first" in told.err and "with --yes" in told.err
    assert stored(made, "Ana")
    assert piped("", "operator", "remove", "Ana", "--yes").status == 0


@pytest.mark.parametrize(("answer", "goes"), [("yes\n", True), ("\n", False), ("y\n", False)])
def test_at_a_terminal_the_last_installer_is_asked_about(
    gatehouse: Gatehouse, piped: Piped, made: Path, monkeypatch: pytest.MonkeyPatch, answer: str, goes: bool
) -> None:
    piped("7391\n", "operator", "add", "Ana", "--role", "installer")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    told = gatehouse("operator", "remove", "Ana")
    assert (told.status == 0) == goes
    assert len(DataDirectory(made).documents.load()["operators"]) == (1 if goes else 2)


def test_another_role_is_given_on_record(gatehouse: Gatehouse, made: Path) -> None:
    told = gatehouse("operator", "set-role", "Lin", "--role", "leader", "--json")
    assert (told.status, told.data) == (0, {"name": "Lin", "role": "leader"})
    assert stored(made, "Lin")["role"] == "leader"
    assert [row["role"] for row in rows(made, "operator.added")] == ["leader"]


def test_a_lock_out_is_lifted_on_record(gatehouse: Gatehouse, made: Path) -> None:
    assert gatehouse("operator", "unlock", "Lin").status == 0
    assert DataDirectory(made).lifts.at_s("Lin") > 0
    assert [row["operator"] for row in rows(made, "operator.unlocked")] == ["Lin"]


def test_a_new_pin_lifts_a_lock_out_too(piped: Piped, made: Path) -> None:
    piped("7391\n", "operator", "set-pin", "Lin")
    assert DataDirectory(made).lifts.at_s("Lin") > 0


def test_a_restored_directory_knows_that_the_first_set_up_is_over(
    gatehouse: Gatehouse, piped: Piped, data: Path, tmp_path: Path
) -> None:
    gatehouse("init")
    piped("7391\n", "operator", "add", "Ana", "--role", "installer")
    piped("", "operator", "remove", "Ana", "--yes")
    assert gatehouse("backup", tmp_path / "all.backup").status == 0
    assert gatehouse("restore", tmp_path / "all.backup", "--data", tmp_path / "again").status == 0
    assert DataDirectory(tmp_path / "again").first_run.over
    assert gatehouse("init", "--new-code", "--data", tmp_path / "again").status == 1


def test_with_a_running_engine_the_same_goes_through_its_socket(
    piped: Piped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Running(tmp_path / "running", ENGINE_SITE)
    monkeypatch.setenv("GATEHOUSE_DATA", str(engine.directory.path))
    try:
        assert piped("7391\n", "operator", "add", "Wei", "--role", "guard").status == 0
        assert piped("9753\n", "operator", "set-pin", "Wei").status == 0
        assert piped("", "operator", "unlock", "Wei").status == 0
        assert piped("", "operator", "list", "--json").data == {"items": [{"name": "Wei", "role": "guard"}]}
        assert piped("", "operator", "remove", "Wei").status == 0
        kinds = ["operator.added", "operator.pin_changed", "operator.unlocked", "operator.removed"]
        assert [kind for kind in engine.types() if kind.startswith("operator.")] == kinds
    finally:
        engine.stop()
