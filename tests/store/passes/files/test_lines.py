"""The raw rows of text files: their numbers, encodings and marks."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.passes.files import encodings, lines
from gateway.store.passes.files.lines import RowError, csv_rows, json_lines, some_rows, suffix_of


def rows(tmp_path: Path, content: bytes) -> list[Any]:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    return list(csv_rows(path))


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.csv", ".csv"), ("a.XLSX", ".xlsx"), ("a.b.jsonl", ".jsonl"), ("a.NdJson", ".ndjson")]
)
def test_a_suffix_counts_in_any_case(name: str, suffix: str) -> None:
    assert suffix_of(Path(name)) == suffix


@pytest.mark.parametrize("name", ["list", "a.xls", "a.csv.gz", ".csv"])
def test_another_suffix_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(GatehouseError, match=r"give a file that ends in \.csv, \.xlsx, \.jsonl, \.ndjson") as caught:
        suffix_of(Path(name))
    assert caught.value.code == "pass_file_invalid"


def test_lines_of_json_keep_their_numbers_and_blank_ones_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(codecs.BOM_UTF8 + b"{1}\n\n  \n{2}\n" + codecs.BOM_UTF8 + b"{3}")
    assert list(json_lines(path)) == [(1, b"{1}\n"), (4, b"{2}\n"), (5, codecs.BOM_UTF8 + b"{3}")]


def test_rows_are_numbered_by_the_line_on_which_they_end(tmp_path: Path) -> None:
    assert rows(tmp_path, b'a,b\n\n"x\ny",z\n,\nlast,\n') == [
        (1, ["a", "b"]),
        (4, ["x\ny", "z"]),
        (6, ["last", ""]),
    ]


@pytest.mark.parametrize(
    ("heading", "cells"),
    [("a,b", 2), ("a;b", 2), ("a\tb", 2), ("a;b,c", 2), ("a;b\tc", 2), ("a\tb,c", 2), ("ab", 1)],
)
def test_a_comma_parts_columns_before_a_semicolon_and_that_before_a_tab(
    tmp_path: Path, heading: str, cells: int
) -> None:
    assert len(rows(tmp_path, heading.encode())[0][1]) == cells


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_an_encoding_is_found_by_itself(tmp_path: Path, encoding: str) -> None:
    assert rows(tmp_path, "姓名,单元\n李雷,三\n".encode(encoding)) == [(1, ["姓名", "单元"]), (2, ["李雷", "三"])]


def test_a_text_in_no_encoding_is_told_by_its_line(tmp_path: Path) -> None:
    found = rows(tmp_path, b"a,b\n\xff\xff,x\n")
    ((line, error),) = found
    assert isinstance(error, RowError)
    assert (line, "save the file as CSV UTF-8" in str(error)) == (2, True)


def test_an_open_quotation_is_a_bad_row(tmp_path: Path) -> None:
    found = rows(tmp_path, b'a,b\n"x"y,z\nlast,1\n')
    assert [line for line, _ in found] == [1, 2, 3]
    assert str(found[1][1]).startswith("it is not CSV (")
    assert found[2][1] == ["last", "1"]


@pytest.mark.parametrize(
    ("content", "endless"), [(b"aaaa", True), (b"aaaaa", True), (b"aaa", False), (b"aa\na", False)]
)
def test_a_line_that_fills_a_whole_chunk_is_endless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, endless: bool
) -> None:
    monkeypatch.setattr(lines, "CHUNK_BYTES", 4)
    found = rows(tmp_path, content)
    assert isinstance(found[0][1], RowError) is endless


def test_a_character_that_lies_across_two_chunks_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "CHUNK_BYTES", 4)
    assert rows(tmp_path, "ab\n李\na\n".encode()) == [(1, ["ab"]), (2, ["李"]), (3, ["a"])]


def numbered(rows: int, cell: str) -> list[Any]:
    return [(number, [cell, "x"]) for number in range(1, rows + 1)]


def test_rows_are_looked_at_some_at_a_time_in_their_order() -> None:
    rows = [*numbered(1203, "a"), (1204, RowError("odd"))]
    found = list(some_rows(iter(rows)))
    assert [len(some) for some in found] == [500, 500, 204]
    assert [row for some in found for row in some] == rows


def test_few_rows_are_in_memory_where_they_are_long() -> None:
    rows = [*numbered(60, "a" * 100_000), *numbered(520, "a")]
    found = list(some_rows(iter(rows)))
    assert [len(some) for some in found] == [50, 50, 480]
    assert [row for some in found for row in some] == rows
