"""`gatehouse site`: settings out, in, and back again, without an engine."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.errors import InUseError
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.settings.planning import plan
from tests.cli.conftest import SITE, Gatehouse


def changed(**barrier: Any) -> dict[str, Any]:
    """The site with another barrier."""
    document = copy.deepcopy(SITE)
    document["lanes"][0]["barrier"].update(barrier)
    return document


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A site file that changes one figure."""
    path = tmp_path / "new.json"
    path.write_text(json.dumps(changed(pulse_ms=700)))
    return path


def rows(data: Path, kind: str = "settings.changed") -> list[dict[str, Any]]:
    """The rows of a type in the journal, by default about settings, their data alone."""
    reader = JournalReader(DataDirectory(data).journal)
    found = [json.loads(row.text)["data"] for row in reader.page(0, 100, (kind,))]
    reader.close()
    return found


def pulse_ms(data: Path) -> int:
    return DataDirectory(data).settings().barrier("in").pulse_ms


class Terminal(io.StringIO):
    """A person who types."""

    def isatty(self) -> bool:
        return True


def test_an_export_that_is_applied_changes_nothing(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(gatehouse("site", "export").out)
    told = gatehouse("site", "apply", path)
    assert (told.status, told.out) == (0, "nothing to change: these settings hold already\n")
    assert gatehouse("site", "apply", path, "--json").data["changes"] == []
    assert len(gatehouse("site", "history", "--json").data["items"]) == 1
    assert rows(made) == []


def test_what_differs_is_shown_and_holds_at_once(gatehouse: Gatehouse, made: Path, file: Path) -> None:
    told = gatehouse("site", "apply", file, "--yes")
    assert told.status == 0
    assert told.out.splitlines() == ["lanes.in.barrier.pulse_ms: 500 -> 700", "version 2 holds"]
    assert pulse_ms(made) == 700
    [row] = rows(made)
    assert (row["what"], row["version"], row["state"], row["paths"]) == (
        "applied", 2, "confirmed", ["lanes.in.barrier.pulse_ms"],
    )  # fmt: skip
    assert row["via"] == "cli" and row["by"]


def test_operators_that_a_file_adds_are_journaled(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text(
        json.dumps({**SITE, "operators": [*SITE["operators"], {"name": "Mei", "role": "leader", "pin": "1357"}]})
    )
    assert gatehouse("site", "apply", path, "--yes").status == 0
    [row] = rows(made, "operator.added")
    assert (row["operator"], row["role"], row["via"]) == ("Mei", "leader", "cli") and row["by"]
    assert rows(made, "operator.pin_changed") == []


def test_the_outcome_as_json_names_path_old_and_new(gatehouse: Gatehouse, made: Path, file: Path) -> None:
    done = gatehouse("site", "apply", file, "--yes", "--json").data
    assert (done["version"], done["state"]) == (2, "confirmed")
    assert done["changes"] == [
        {"path": "lanes.in.barrier.pulse_ms", "old": 500, "new": 700, "words": "lanes.in.barrier.pulse_ms: 500 -> 700"}
    ]


def test_every_fault_is_told_by_path_value_and_remedy(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({**changed(pulse_ms=7, colour="red"), "devices": [{"id": "io", "driver": "nope"}]}))
    told = gatehouse("site", "apply", path)
    assert told.status == 1
    for words in ("lanes[0].barrier.pulse_ms: is 7; give a number", "lanes[0].barrier.colour", "devices[0].driver"):
        assert words in told.err
    assert "nothing was changed" in told.err
    problems = gatehouse("site", "apply", path, "--json").data["error"]["problems"]
    found = {one["path"]: (one["value"], one["remedy"]) for one in problems}
    assert found["lanes[0].barrier.pulse_ms"] == (7, "give a number from 50 to 10000")
    assert found["devices[0].driver"][0] == "nope"
    assert pulse_ms(made) == 500


@pytest.mark.parametrize("content", ["", "{", "[]", "\xff"])
def test_a_file_that_is_no_site_file_is_exit_1(gatehouse: Gatehouse, made: Path, tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content.encode("latin-1"))
    assert gatehouse("site", "apply", path).status == 1
    assert gatehouse("site", "apply", tmp_path / "none.json").status == 1
    assert rows(made) == []


@pytest.mark.parametrize("command", [("site", "apply", "--yes"), ("check", "--site"), ("init", "--site")])
def test_a_file_without_end_or_bounds_is_one_line(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    if command[0] == "init":
        monkeypatch.setenv("GATEHOUSE_DATA", str(tmp_path / "another"))
    path = tmp_path / "digits.json"
    path.write_text('{"site": ' + "1" * 5000 + "}")
    for file, words in (("/dev/zero", "larger than 8 MB"), (path, "a number with thousands of digits")):
        told = gatehouse(*command, file)
        assert told.status == (2 if command[0] == "init" else 1)
        assert words in told.err + told.out and "Traceback" not in told.err


@pytest.mark.parametrize(("typed", "status", "pulse"), [("y\n", 0, 700), ("n\n", 1, 500), ("\n", 1, 500), ("", 1, 500)])
def test_a_person_at_a_terminal_is_asked(
    gatehouse: Gatehouse, made: Path, file: Path, monkeypatch: pytest.MonkeyPatch, typed: str, status: int, pulse: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    told = gatehouse("site", "apply", file)
    assert (told.status, pulse_ms(made)) == (status, pulse)
    assert "apply this? [y/N]" in told.err
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert gatehouse("site", "apply", file, "--yes").status == 0


@pytest.mark.parametrize(
    ("piped", "status", "pulse"), [("y\n", 0, 700), ("YES", 0, 700), ("n\n", 1, 500), ("yessir\n", 1, 500)]
)
def test_an_answer_may_be_piped(
    gatehouse: Gatehouse, made: Path, file: Path, monkeypatch: pytest.MonkeyPatch, piped: str, status: int, pulse: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(piped))
    told = gatehouse("site", "apply", file)
    assert (told.status, pulse_ms(made)) == (status, pulse)
    assert "apply this? [y/N]" in told.err


@pytest.mark.parametrize("stdin", [io.StringIO(""), None])
def test_no_answer_is_no(
    gatehouse: Gatehouse, made: Path, file: Path, monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    told = gatehouse("site", "apply", file)
    assert (told.status, pulse_ms(made)) == (1, 500)
    assert "nothing was changed" in told.err and "--yes" in told.err
    assert rows(made) == []


def test_the_way_back_asks_only_at_a_terminal(
    gatehouse: Gatehouse, made: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gatehouse("site", "apply", file, "--yes")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert gatehouse("site", "rollback").status == 0
    assert pulse_ms(made) == 500


def test_history_and_the_way_back(gatehouse: Gatehouse, made: Path, file: Path) -> None:
    gatehouse("site", "apply", file, "--yes")
    told = gatehouse("site", "rollback")
    assert told.out.splitlines() == ["lanes.in.barrier.pulse_ms: 700 -> 500", "version 3 holds"]
    assert pulse_ms(made) == 500
    items = gatehouse("site", "history", "--json").data["items"]
    assert [(one["version"], one["state"]) for one in items] == [(3, "confirmed"), (2, "confirmed"), (1, "confirmed")]
    assert items[0]["restores"] == 1
    assert {"version", "at", "by", "state", "changes"} <= items[0].keys()
    assert gatehouse("site", "rollback", "2", "--json").data["version"] == 4
    assert pulse_ms(made) == 700
    assert gatehouse("site", "rollback", "2").out == "version 4 holds\n"
    assert [row["version"] for row in rows(made)] == [2, 3, 4]
    table = gatehouse("site", "history").out
    assert "lanes.in.barrier.pulse_ms" in table and table.count("confirmed") == 4


@pytest.mark.parametrize("line", [("rollback",), ("rollback", "7"), ("confirm",)])
def test_what_cannot_be_done_is_exit_1_with_words(gatehouse: Gatehouse, made: Path, line: tuple[str, ...]) -> None:
    told = gatehouse("site", *line)
    assert told.status == 1
    assert "version" in told.err


@pytest.mark.parametrize("seconds", ["-1", "3601", "x", "1.5"])
def test_a_time_out_of_bounds_is_a_mistake(gatehouse: Gatehouse, made: Path, file: Path, seconds: str) -> None:
    assert gatehouse("site", "apply", file, "--confirm-s", seconds).status == 2
    assert pulse_ms(made) == 500


def left_unconfirmed(data: Path) -> None:
    """What an engine leaves that was killed before anybody confirmed."""
    versions = DataDirectory(data).versions
    wanted = plan(versions, changed(pulse_ms=900), lambda _settings: None).wanted
    versions.apply(wanted, "mei", "http", until="2027-01-01T00:00:00Z")


def test_a_version_that_was_not_confirmed_goes_back_first(gatehouse: Gatehouse, made: Path, file: Path) -> None:
    left_unconfirmed(made)
    assert pulse_ms(made) == 900
    told = gatehouse("site", "confirm")
    assert (told.status, "version 2 was not confirmed while the engine ran" in told.err) == (1, True)
    assert gatehouse("site", "apply", file, "--yes").out.splitlines()[0] == "lanes.in.barrier.pulse_ms: 500 -> 700"
    assert [(row["version"], row["what"], row.get("reason")) for row in rows(made)] == [
        (2, "rolled_back", "restart"),
        (3, "applied", None),
    ]


def test_a_rollback_of_what_was_not_confirmed_is_the_way_back(gatehouse: Gatehouse, made: Path) -> None:
    left_unconfirmed(made)
    told = gatehouse("site", "rollback", "--yes", "--json")
    assert (told.data["version"], told.data["state"], pulse_ms(made)) == (1, "confirmed", 500)


def test_an_engine_that_owns_the_directory_and_does_not_answer_is_exit_3(
    gatehouse: Gatehouse, made: Path, file: Path
) -> None:
    other = DataDirectory(made)
    other.lock()
    try:
        assert gatehouse("site", "apply", file).status == 3
        with pytest.raises(InUseError):
            DataDirectory(made).lock()
    finally:
        other.unlock()
    assert pulse_ms(made) == 500


def test_a_check_of_a_file_knows_what_the_file_leaves_out(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(gatehouse("site", "export").out)
    assert "pin" not in path.read_text()
    assert gatehouse("check", "--site", path, "--json").data["problems"] == []


def test_a_certificate_that_cannot_be_read_is_a_fault_of_the_box_that_applies_it(
    gatehouse: Gatehouse, made: Path, tmp_path: Path
) -> None:
    path, cert, key = tmp_path / "tls.json", tmp_path / "gate.pem", tmp_path / "folder"
    key.mkdir()
    http = {"tls": {"cert": str(cert), "key": str(key)}}
    path.write_text(json.dumps({**SITE, "gateway": {**SITE["gateway"], "http": http}}))
    problems = gatehouse("site", "apply", path, "--yes", "--json").data["error"]["problems"]
    found = [(one["path"], one["value"]) for one in problems]
    assert found == [("gateway.http.tls.cert", str(cert)), ("gateway.http.tls.key", str(key))]
    assert all("cannot be read" in one["message"] and "PEM file" in one["remedy"] for one in problems)
    key.rmdir()
    for file in (cert, key):
        file.write_text("-----BEGIN")
    assert gatehouse("site", "apply", path, "--yes").status == 0
    gatehouse("site", "rollback")
    cert.unlink()
    assert gatehouse("site", "rollback", "2").status == 0
