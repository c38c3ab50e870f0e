"""The raw rows of a file with their line numbers: of a text file here, of a workbook in `xlsx` and `ods`."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.passes.files.encodings import CHUNK_BYTES, encoding_of
from gateway.store.passes.files.headings import known_names

SUFFIXES = (".csv", ".xlsx", ".jsonl", ".ndjson")
"""Of files that are written."""
READ_SUFFIXES = (".csv", ".xlsx", ".ods", ".txt", ".tsv", ".xlsm", ".jsonl", ".ndjson")
FILE_BYTES_MAX = 512_000_000
ROWS_MAX = 2_000_000
HEADING_ROWS = 10
"""Rows among which the heading is looked for; above it may be titles."""
COLUMNS_MAX = 512
CELL_MAX = 65_536
"""Characters of one cell."""

SOME_ROWS, FEW_ROWS = 500, 50
"""Rows that are looked at together, and as many around one that is to be looked at closely."""
LONG_CHARACTERS = 1_000_000
"""With more in a few rows they are looked at before others are read."""

_DELIMITERS = (",", ";", "\t", "|", "，", "；")
Numbered = tuple[int, Any]
"""A line's number and its content: texts of a table, bytes of JSON, a Span, a Remark, or a RowError."""


class RowError(Exception):
    """A row that cannot be taken apart, and the column that is the reason; takes the place of the row."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.column = column


class Day(str):
    """The text of a cell that is a date in the spreadsheet: a day, or a day and a time."""

    __slots__ = ()


class Odd(str):
    """The text of a cell that cannot be taken; `reason` says why, with the remedy."""

    __slots__ = ("reason",)
    reason: str

    @classmethod
    def of(cls, text: str, reason: str) -> Odd:
        """Such a cell."""
        made = cls(text)
        made.reason = reason
        return made


class Typed(list[str]):
    """A row of a workbook, in which some cells may be `Day` or `Odd`."""


class Span(tuple[int, str]):
    """The last line of cells that are merged, and their names; comes behind all rows, numbered by its first line."""

    __slots__ = ()


class Remark(str):
    """What a workbook has that is worth a note; comes behind all rows."""

    __slots__ = ()


def suffix_of(path: Path, known: tuple[str, ...] = SUFFIXES) -> str:
    """A suffix that is known; GatehouseError for another."""
    suffix = path.suffix.lower()
    if suffix in (".xls", ".et", ".xlsb", ".numbers", ".doc", ".docx", ".pdf") and known is READ_SUFFIXES:
        raise GatehouseError(f"{path.name} cannot be read; save it as .xlsx or .csv", code="pass_file_invalid")
    if suffix not in known:
        raise GatehouseError(
            f"{path.name} has a name that tells nothing; give a file that ends in {', '.join(known)}",
            code="pass_file_invalid",
        )
    return suffix


def json_lines(path: Path) -> Iterator[Numbered]:
    """The lines that hold something, as bytes."""
    with path.open("rb") as file:
        for number in range(1, ROWS_MAX + 1):
            line = file.readline(CHUNK_BYTES)
            if len(line) == CHUNK_BYTES:
                yield number, RowError("it has a line of more than 1 MB; write one pass a line")
                return
            if not line:
                return
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text


def some_rows(lines: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    """The rows of a table, some at a time to be looked at together; few where they are long, for the memory."""
    some: list[Numbered] = []
    while few := list(islice(lines, FEW_ROWS)):
        some += few
        cells = chain.from_iterable(row for _, row in few if isinstance(row, list))
        if len(some) >= SOME_ROWS or sum(map(len, cells)) > LONG_CHARACTERS:
            yield some
            some = []
    if some:
        yield some


# ---- tables as text ----------------------------------------------------------------------------------------------


def csv_rows(path: Path, encoding: str = "") -> Iterator[Numbered]:
    """The rows of a text file, whatever its encoding and delimiter."""
    if reason := _not_text(path):
        yield 1, RowError(reason)
        return
    found = encoding_of(path, encoding, _has_foreign_heading)
    for number, reason in found.wrong:
        yield number, RowError(reason)
    if found.wrong:
        return
    with path.open(encoding=found.codec, newline="") as file:
        file.seek(found.skip)
        yield from _rows(file)


def _rows(file: TextIO) -> Iterator[Numbered]:
    first = list(islice(file, HEADING_ROWS))
    skipped = 0
    if first and (said := _said(first[0])):
        delimiter, skipped = said, 1
    else:
        delimiter, _ = _delimiter(first)
    rows = csv.reader(chain(first[skipped:], file), delimiter=delimiter, strict=True)
    while True:
        begins = rows.line_num + 1
        try:
            for row in rows:
                line = rows.line_num
                if any(row) and not (len(row) == 1 and _is_end(row[0])):
                    yield line + skipped, row
                begins = line + 1
            return
        except csv.Error as error:
            if rows.line_num > begins or "field larger" in str(error) or "end of data" in str(error):
                yield begins + skipped, RowError(_open_quote(str(error)))
                return
            yield (
                rows.line_num + skipped,
                RowError(f"it is not CSV ({error}); write a quotation mark inside a cell as two"),
            )


def _is_end(cell: str) -> bool:
    """Whether a row of one cell is the mark of the end, or the filling behind it, of a program of old."""
    return not cell.strip("\x1a\0 \t")


def _open_quote(error: str) -> str:
    if "field larger" in error:
        return "it has a cell without end; is a quotation mark in this line that is not closed?"
    return 'it is not CSV (a quotation mark opens in this line and is not closed); take it out, or write "" for one'


def _said(line: str) -> str:
    """The delimiter in a first line `sep=;`, which Excel reads; else empty."""
    told = line.strip().strip('"')
    if told.lower().startswith("sep=") and len(told) <= 5:
        return told[4:] or ("\t" if "\t" in line else ",")
    return "\t" if line.lower().startswith("sep=\t") else ""


def _delimiter(lines: list[str]) -> tuple[str, frozenset[str]]:
    """The delimiter by which one of the first lines is a heading, and the columns in it.

    Without a heading that is known it is the first one that occurs.
    """
    best: tuple[str, frozenset[str]] = ("", frozenset())
    for line in lines[:HEADING_ROWS]:
        for mark in _DELIMITERS:
            names = known_names(cell.strip('"') for cell in line[:CELL_MAX].split(mark))
            if len(names) > max(1, len(best[1])):
                best = (mark, names)
    if best[0]:
        return best
    with_marks = (line for line in lines if any(mark in line for mark in _DELIMITERS[:3]))
    first = next(with_marks, "")
    return next((mark for mark in _DELIMITERS[:3] if mark in first), ","), frozenset()


def _has_foreign_heading(text: str) -> bool:
    """Whether the first lines of a text have a known heading in other letters than ASCII."""
    return any(
        len(known_names(cell.strip('"') for cell in line[:CELL_MAX].split(mark) if not cell.isascii())) > 1
        for line in text[: HEADING_ROWS * CELL_MAX].splitlines()[:HEADING_ROWS]
        for mark in _DELIMITERS
    )


def _not_text(path: Path) -> str:
    """Why a file can be no table as text; an endless line is refused here, since it would fill the memory."""
    if (size := path.stat().st_size) > FILE_BYTES_MAX:
        return f"it has {size // 1_000_000} MB, and {FILE_BYTES_MAX // 1_000_000} MB are the most; split the list"
    with path.open("rb") as file:
        begin = file.read(512)
        if not begin.strip():
            return "it is empty; is it the right file?"
        if begin.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            return "it is a workbook and no text; give it the ending .xlsx or .ods, or save it as CSV UTF-8"
        if begin.lstrip()[:64].lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"%pdf", b"{\\rtf")):
            return "it is a page and no list; open it in a spreadsheet and save it as .xlsx"
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            if len(chunk) == CHUNK_BYTES and b"\n" not in chunk and b"\r" not in chunk:
                return "it has a line that does not end; is this a CSV file?"
    return ""
