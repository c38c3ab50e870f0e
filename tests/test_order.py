"""The list of the longest files is about files that there are, and the order moves no test within its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.order import LONGEST, place


@pytest.mark.parametrize("file", LONGEST)
def test_a_file_that_begins_early_is_there(file: str) -> None:
    assert (Path(__file__).parents[1] / file).is_file()


def test_the_simulator_is_first_and_what_is_not_named_comes_last() -> None:
    found = ["tests/cli/test_lane.py::a", f"{LONGEST[1]}::b", "tests/core/lane/test_signs.py::c", f"{LONGEST[0]}::d"]
    assert [name[-1] for name in sorted(found, key=place)] == ["d", "b", "a", "c"]
