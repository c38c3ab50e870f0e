"""`gatehouse listed`: vehicles are put on lists one by one or from a file, listed, and taken off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.people import listed
from gateway.engine.listed.requests import ADDED_MAX
from gateway.store.listed.check import Said
from tests.cli.conftest import Gatehouse
from tests.support.engine import SITE as ENGINE_SITE
from tests.support.engine import Running

HEADING = "list,plate,card,reason,until\n"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    engine = Running(tmp_path / "running", ENGINE_SITE)
    yield tmp_path / "running"
    engine.stop()


def test_what_the_help_names_is_what_is_declared() -> None:
    assert set(listed.COLUMNS) == set(Said.__struct_encode_fields__)
    assert listed.ADDED_MAX == ADDED_MAX


def test_without_an_engine_it_says_that_one_is_needed(gatehouse: Gatehouse, made: Path) -> None:
    told = gatehouse("listed", "add", "--list", "watch", "--plate", "粤B12345", "--reason", "office")
    assert told.status == 4
    assert "needs a running engine" in told.err


def test_a_file_is_imported_listed_and_taken_off(gatehouse: Gatehouse, running: Path, tmp_path: Path) -> None:
    file = tmp_path / "listed.csv"
    file.write_text(f"{HEADING}watch,粤B12345,,asked for by the office,\nhazardous,,472288,solvents,\n", "utf-8")
    told = gatehouse("listed", "import", file, "--json", "--data", running)
    assert told.status == 0, told.err
    found = gatehouse("listed", "list", "--json", "--data", running).data["items"]
    assert [(one["list"], one["value"]) for one in found] == [("watch", "粤B12345"), ("hazardous", "472288")]
    assert [one["entry"] for one in found] == told.data["entries"]
    assert gatehouse("listed", "remove", found[0]["entry"], "--data", running).status == 0
    left = gatehouse("listed", "list", "--data", running).out
    assert "472288" in left
    assert "粤B12345" not in left


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"{HEADING}watch,粤B12345,,why,\nwatch,?,,why,\n", "line 3: plate is '?'"),
        (f"{HEADING}watch,,,why,\n", "line 2: give a plate or a card"),
        ("list,plate,who\nwatch,粤B12345,me\n", "there is no column 'who'"),
        (HEADING, "has no vehicle in it"),
    ],
)
def test_of_a_file_with_one_wrong_line_nothing_is_taken(
    gatehouse: Gatehouse, running: Path, tmp_path: Path, text: str, wrong: str
) -> None:
    file = tmp_path / "listed.csv"
    file.write_text(text, "utf-8")
    told = gatehouse("listed", "import", file, "--data", running)
    assert told.status == 1
    assert wrong in told.err
    assert gatehouse("listed", "list", "--json", "--data", running).data == {"items": []}
