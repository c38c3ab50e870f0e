"""A room is a folder with one subject: few files, and a docstring that says what goes in and out."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("gateway", "drivers", "web", "tests")
FILES_MAX = 12
TEST_FILES_MAX = 16
"""Beside the tests of a room's modules a folder of tests has `__init__`, `conftest` and tests of the parts together."""
DOORS = ("gateway", "drivers", "web")


def rooms() -> Counter[str]:
    """How many Python files each folder has."""
    files = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    return Counter(path.parent.relative_to(ROOT).as_posix() for path in files)


def most(room: str) -> int:
    """How many files a room may have."""
    return TEST_FILES_MAX if room.partition("/")[0] == "tests" else FILES_MAX


def doors() -> list[str]:
    """The packages of the product."""
    found = [path for floor in DOORS for path in (ROOT / floor).rglob("__init__.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_holds_at_most_a_dozen_files(room: str) -> None:
    assert rooms()[room] <= most(room)


@pytest.mark.parametrize("door", doors())
def test_a_room_says_at_its_door_what_it_is_for(door: str) -> None:
    said = ast.get_docstring(ast.parse((ROOT / door).read_text()))
    assert said, "no docstring"
    assert len(said.split()) >= 4
