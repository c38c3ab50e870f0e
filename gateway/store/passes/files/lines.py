"""The raw rows of a file with their line numbers."""

from __future__ import annotations

import codecs
import csv
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from gateway.core.vocabulary.errors import GatehouseError

UNPACKED_MAX_BYTES = 1_000_000_000
SUFFIXES = (".csv", ".xlsx", ".jsonl", ".ndjson")

_EXACT_IN_EXCEL = 10**15
_CHUNK_BYTES = 1 << 20
Numbered = tuple[int, Any]
"""A line's number and its content: texts of a table, bytes of JSON, or a RowError."""


class RowError(Exception):
    """A row that cannot be taken apart; takes the place of the row."""


def suffix_of(path: Path) -> str:
    """A suffix that is known; GatehouseError for another."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise GatehouseError(
            f"{path.name} has a name that tells nothing; give a file that ends in {', '.join(SUFFIXES)}",
            code="pass_file_invalid",
        )
    return suffix


def json_lines(path: Path) -> Iterator[Numbered]:
    """The lines that hold something, as bytes."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text


def csv_rows(path: Path) -> Iterator[Numbered]:
    """The rows of a CSV file, whatever its encoding and delimiter."""
    encoding = _encoding(path)
    if isinstance(encoding, RowError):
        yield 1, encoding
        return
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, delimiter=_delimiter(path), strict=True)
        while True:
            try:
                for row in rows:
                    if any(row):
                        yield rows.line_num, row
                return
            except csv.Error as error:
                yield rows.line_num, RowError(f"it is not CSV ({error})")
            except UnicodeDecodeError:
                reason = "it is neither UTF-8 nor GB 18030; save the file as CSV UTF-8"
                yield rows.line_num + 1, RowError(reason)
                return


def _encoding(path: Path) -> str | RowError:
    """UTF-8 with or without its mark, Excel's "Unicode text", or what a Chinese Excel saves as CSV.

    An endless line is refused here, since it would fill the memory.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    found = "utf-8-sig"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if len(chunk) == _CHUNK_BYTES and b"\n" not in chunk and b"\r" not in chunk:
                return RowError("it has a line that does not end; is this a CSV file?")
            if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                found = "utf-16"
            if found != "utf-8-sig":
                continue
            try:
                decoder.decode(chunk, final=len(chunk) < _CHUNK_BYTES)
            except UnicodeDecodeError:
                found = "gb18030"
    return found


def _delimiter(path: Path) -> str:
    """Comma, unless the heading has none: some spreadsheets write semicolons or tabs."""
    with path.open("rb") as file:
        heading = file.readline(_CHUNK_BYTES)
    return next((mark.decode() for mark in (b",", b";", b"\t") if mark in heading), ",")


def xlsx_rows(path: Path) -> Iterator[Numbered]:
    """The rows of the first sheet."""
    from openpyxl import load_workbook  # 0.2 s and 20 MB: only for who needs it
    from openpyxl.utils.exceptions import InvalidFileException

    number = 0
    try:
        with path.open("rb") as file:
            _check_unpacked(file)
            sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
            for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
                if any(cell is not None for cell in row):
                    yield number, _excel_row(row)
    except (
        InvalidFileException, BadZipFile, zlib.error, KeyError, ValueError, EOFError, IndexError, SyntaxError,
    ) as error:  # fmt: skip
        yield number + 1, RowError(f"it is not an Excel workbook ({error})")


def _check_unpacked(file: IO[bytes]) -> None:
    """ValueError for a workbook that unpacks to more than memory holds; a million passes are a third of the bound."""
    with ZipFile(file) as parts:
        unpacked_bytes = sum(part.file_size for part in parts.infolist())
    file.seek(0)
    if unpacked_bytes > UNPACKED_MAX_BYTES:
        raise ValueError(f"it unpacks to {unpacked_bytes // 1_000_000} MB; split the list, or save it as CSV")


def _excel_row(row: Iterable[Any]) -> list[str] | RowError:
    try:
        return [_cell(cell) for cell in row]
    except RowError as error:
        return error


def _cell(value: Any) -> str:
    """An Excel cell as CSV text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    if isinstance(value, datetime):
        day = value.date().isoformat()
        return day if value.time() == datetime.min.time() else value.isoformat()
    if isinstance(value, int | float) and abs(value) >= _EXACT_IN_EXCEL:
        raise RowError(f"{value:.0f} has more than 15 digits and Excel has rounded it; format the column as text")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
