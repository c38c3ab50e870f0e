"""A list to begin with: what it explains, and that its examples are taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.passes.checks import FIELDS
from gateway.store.passes.files.reading import read_passes
from gateway.store.passes.files.template import EXAMPLES, EXPLAINED, HEADINGS, write_template


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
@pytest.mark.parametrize("chinese", [True, False])
def test_the_examples_are_taken_as_they_are_meant(tmp_path: Path, suffix: str, chinese: bool) -> None:
    path = tmp_path / f"list{suffix}"
    write_template(path, chinese=chinese)
    taken = {one.id: one for one in read_passes(path)}
    assert list(taken) == [one.id for one in EXAMPLES]
    assert taken["R-0001"].plates == ("粤B12345", "粤BD12345")
    assert taken["S-0001"].cards == ("5076483",)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_every_field_has_a_heading_and_an_explanation_in_both_languages(tmp_path: Path) -> None:
    assert set(HEADINGS) == set(EXPLAINED) == set(FIELDS) - {"revision"}
    write_template(tmp_path / "list.xlsx")
    names, told = load_workbook(tmp_path / "list.xlsx").worksheets
    assert [cell.value for cell in names[1]] == list(HEADINGS.values())
    assert names["G7"].number_format == "@"
    assert {row[0].value: (row[2].value, row[3].value) for row in told.iter_rows(min_row=2)} == EXPLAINED


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GatehouseError, match=r"\.xlsx, \.csv"):
        write_template(tmp_path / "list.ods")
