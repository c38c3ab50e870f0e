"""Pass lists as files: CSV, Excel, JSON lines; read as a stream, written as a stream, the same passes both ways.

Reading goes on to the end when a row is wrong, and then raises one PassFileError with every bad row by line, column and
reason, so that a list is put right in one go. Nothing is handed on from the first bad row on, so an import of it stores
nothing. Cells that a spreadsheet would run as a formula get an apostrophe when written and lose it when read.
"""

from __future__ import annotations

import codecs
import csv
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import msgspec

from gateway.core.vocabulary.errors import GatehouseError, PassError, StorageError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.checks import FIELDS, PassFieldError, check_pass, checked

MOST_UNPACKED_BYTES = 1_000_000_000
MOST_BAD = 1000
"""Bad rows that are listed; all are counted."""
SUFFIXES = (".csv", ".xlsx", ".jsonl", ".ndjson")
PROGRESS_ROWS = 2000

_EXACT_IN_EXCEL = 10**15
_CHUNK_BYTES = 1 << 20
_KINDS = {kind.value: kind for kind in PassKind}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_DEFANGED = re.compile(r"'+[=+\-@\t\r]")
_Numbered = tuple[int, Any]


class BadRow(msgspec.Struct, frozen=True):
    """What is wrong with one row; `line` counts from 1 with the heading, `column` is empty for the whole row."""

    line: int
    column: str
    reason: str


class PassFileError(PassError):
    """A pass list cannot be taken; `rows` are the first bad ones, `count` is how many there are."""

    code = "pass_file_invalid"

    def __init__(self, name: str, rows: Sequence[BadRow], count: int) -> None:
        self.rows = tuple(rows)
        self.count = count
        lines = [f"line {row.line}, {row.column or 'row'}: {row.reason}" for row in self.rows]
        more = [f"and {count - len(self.rows)} more"] if count > len(self.rows) else []
        plural = "row" if count == 1 else "rows"
        super().__init__("\n".join([f"{name}: {count} bad {plural}, nothing was taken", *lines, *more]))


def read_passes(path: Path) -> Iterator[Pass]:
    """The passes of a file, as its suffix says; PassFileError at the end when a row was wrong."""
    return iter(PassFile(path))


def write_passes(path: Path, passes: Iterable[Pass], progress: Callable[[int], None] | None = None) -> int:
    """Write passes to a file as its suffix says; returns how many. The file appears as a whole or not at all."""
    write = {".csv": _write_csv, ".xlsx": _write_xlsx}.get(_suffix(path), _write_json)
    fresh = path.with_name(f".{path.name}.new")
    try:
        count = write(fresh, _watched(passes, progress))
        fresh.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror})") from error
    finally:
        fresh.unlink(missing_ok=True)
    return count


class PassFile:
    """One file, to be read once; afterwards `bad` and `bad_count` tell what was wrong."""

    def __init__(self, path: Path) -> None:
        """PassError for a suffix that is not known."""
        self._path = path
        self._suffix = _suffix(path)
        self._ids: set[int] = set()
        self.bad: list[BadRow] = []
        self.bad_count = 0

    def __iter__(self) -> Iterator[Pass]:
        if self._path.exists() and not self._path.is_file():  # a pipe would be waited for without end
            raise PassError(f"{self._path} is no ordinary file; give a pass list")
        try:
            yield from self._good()
        except OSError as error:
            raise PassError(f"{self._path} cannot be read ({error.strerror or error})") from error
        if self.bad_count:
            raise PassFileError(self._path.name, self.bad, self.bad_count)

    def _good(self) -> Iterator[Pass]:
        lines = self._lines()
        take = self._taker(lines)
        if self.bad_count:
            return
        for line, content in lines:
            try:
                pass_ = take(content)
                self._check_first(pass_)
            except PassFieldError as error:
                self._note(line, error.field, str(error).removeprefix(f"{error.field} "))
            except _RowError as error:
                self._note(line, "", str(error))
            else:
                if not self.bad_count:
                    yield pass_

    def _lines(self) -> Iterator[_Numbered]:
        if self._suffix == ".csv":
            return _csv_rows(self._path)
        return _xlsx_rows(self._path) if self._suffix == ".xlsx" else _json_lines(self._path)

    def _taker(self, lines: Iterator[_Numbered]) -> Callable[[Any], Pass]:
        if self._suffix not in (".csv", ".xlsx"):
            return _from_json
        line, heading = next(lines, (1, []))
        if isinstance(heading, _RowError):
            self._note(line, "", str(heading))
            return _from_json
        return _Cells(self._columns(line, heading))

    def _columns(self, line: int, heading: list[str]) -> list[str]:
        names = [name.strip().lower() for name in heading]
        for name in names:
            if name and name not in FIELDS:
                self._note(line, name, f"there is no such column; known: {', '.join(FIELDS)}")
            elif name and names.count(name) > 1:
                self._note(line, name, "this column stands there twice")
        for name in ("id", "kind"):
            if name not in names:
                self._note(line, name, "this column is missing; the first line names the columns")
        return names

    def _check_first(self, pass_: Pass) -> None:
        # Hashes of 64 bits instead of ids: a million of them fit into 60 MB.
        number = hash(pass_.id)
        if number in self._ids:
            raise PassFieldError("id", pass_.id, "it stands in an earlier row already")
        self._ids.add(number)

    def _note(self, line: int, column: str, reason: str) -> None:
        self.bad_count += 1
        if len(self.bad) < MOST_BAD:
            self.bad.append(BadRow(line, column, reason))


class _RowError(Exception):
    """A row that cannot be taken apart; stands in the place of the row."""


class _Cells:
    """Makes a pass of a row of texts, by the columns that the heading names."""

    def __init__(self, names: list[str]) -> None:
        self._width = len(names)
        # A column that is not there reads the empty cell that is put behind each row.
        self._pick = itemgetter(*(names.index(f) if f in names else -1 for f in FIELDS))

    def __call__(self, row: list[str] | _RowError) -> Pass:
        if isinstance(row, _RowError):
            raise row
        if len(row) != self._width:
            self._fit(row)
        row.append("")
        whole = "".join(row)
        if "'" in whole or "\r" in whole:
            row = [_as_meant(text) for text in row]
        (
            id_, kind, holder, phone, unit, plates, cards, bay, valid_from, valid_until,
            schedule, lanes, group, note, revision,
        ) = self._pick(row)  # fmt: skip
        return checked(
            Pass(
                id_.strip(),
                _kind(kind),
                holder,
                phone,
                unit,
                _items(plates) if plates else (),
                _items(cards) if cards else (),
                bay,
                valid_from.strip() if valid_from else "",
                valid_until.strip() if valid_until else "",
                schedule,
                _items(lanes) if lanes else (),
                group,
                note,
                _number(revision) if revision else 0,
            )
        )

    def _fit(self, row: list[str]) -> None:
        """Cells that are missing at the end are empty; empty ones too many are dropped."""
        if any(row[self._width :]):
            raise _RowError(f"it has {len(row)} cells and the heading has {self._width}")
        row[:] = (row + [""] * self._width)[: self._width]


def _as_meant(text: str) -> str:
    """A cell without the apostrophe that guards a formula, and with plain line breaks."""
    plain = text.replace("\r\n", "\n")
    return plain[1:] if plain.startswith("'") and _DEFANGED.match(plain) else plain


def _kind(text: str) -> PassKind:
    found = _KINDS.get(text) or _KINDS.get(text.strip().lower())
    if found is None:
        raise PassFieldError("kind", text, f"give one of {', '.join(_KINDS)}")
    return found


def _items(text: str) -> tuple[str, ...]:
    return tuple([item for part in text.split(";") if (item := part.strip())])


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text.strip()):
        raise PassFieldError("revision", text, "give a whole number, or leave it empty")
    return int(text)


def _from_json(line: bytes) -> Pass:
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise _RowError(f"it is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise _RowError("it is not a JSON object; write one pass a line")
    return check_pass(found)


# ---- reading -----------------------------------------------------------------------------------------------------


def _json_lines(path: Path) -> Iterator[_Numbered]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text


def _csv_rows(path: Path) -> Iterator[_Numbered]:
    encoding = _encoding(path)
    if isinstance(encoding, _RowError):
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
                yield rows.line_num, _RowError(f"it is not CSV ({error})")
            except UnicodeDecodeError:
                reason = "it is neither UTF-8 nor GB 18030; save the file as CSV UTF-8"
                yield rows.line_num + 1, _RowError(reason)
                return


def _encoding(path: Path) -> str | _RowError:
    """UTF-8 with or without its mark, Excel's "Unicode text", or what a Chinese Excel saves as CSV.

    A line without an end must not fill the memory later, so this is seen to here.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    found = "utf-8-sig"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if len(chunk) == _CHUNK_BYTES and b"\n" not in chunk and b"\r" not in chunk:
                return _RowError("it has a line that does not end; is this a CSV file?")
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


def _xlsx_rows(path: Path) -> Iterator[_Numbered]:
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
        yield number + 1, _RowError(f"it is not an Excel workbook ({error})")


def _check_unpacked(file: IO[bytes]) -> None:
    """ValueError for a workbook that unpacks to more than memory holds; a million passes are a third of the bound."""
    with ZipFile(file) as parts:
        unpacked_bytes = sum(part.file_size for part in parts.infolist())
    file.seek(0)
    if unpacked_bytes > MOST_UNPACKED_BYTES:
        raise ValueError(f"it unpacks to {unpacked_bytes // 1_000_000} MB; split the list, or save it as CSV")


def _excel_row(row: Iterable[Any]) -> list[str] | _RowError:
    try:
        return [_cell(cell) for cell in row]
    except _RowError as error:
        return error


def _cell(value: Any) -> str:
    """What an Excel cell says, as it would stand in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    if isinstance(value, datetime):
        day = value.date().isoformat()
        return day if value.time() == datetime.min.time() else value.isoformat()
    if isinstance(value, int | float) and abs(value) >= _EXACT_IN_EXCEL:
        raise _RowError(f"{value:.0f} has more than 15 digits and Excel has rounded it; format the column as text")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# ---- writing -----------------------------------------------------------------------------------------------------


def _write_csv(path: Path, passes: Iterable[Pass]) -> int:
    count = 0
    # With its mark, so that Excel takes it for UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for pass_ in passes:
            writer.writerow(_row(pass_))
            count += 1
    return count


def _write_xlsx(path: Path, passes: Iterable[Pass]) -> int:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("passes")
    sheet.append(FIELDS)
    count = 0
    for pass_ in passes:
        sheet.append(_row(pass_))
        count += 1
    book.save(path)
    return count


def _write_json(path: Path, passes: Iterable[Pass]) -> int:
    encode = msgspec.json.Encoder().encode
    count = 0
    with path.open("wb") as file:
        for pass_ in passes:
            file.write(encode(pass_) + b"\n")
            count += 1
    return count


def _row(pass_: Pass) -> list[str]:
    return [_neutral(_text(getattr(pass_, field))) for field in FIELDS]


def _text(value: Any) -> str:
    return ";".join(value) if isinstance(value, tuple) else str(value)


def _neutral(text: str) -> str:
    """The same text, which no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _watched(passes: Iterable[Pass], progress: Callable[[int], None] | None) -> Iterator[Pass]:
    rows, count = iter(passes), 0
    while chunk := list(islice(rows, PROGRESS_ROWS)):
        yield from chunk
        count += len(chunk)
        if progress is not None:
            progress(count)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise GatehouseError(
            f"{path.name} has a name that tells nothing; give a file that ends in {', '.join(SUFFIXES)}",
            code="pass_file_invalid",
        )
    return suffix
