"""Reads the passes of a file to its end, also when a row is wrong.

Then one PassFileError names every bad row, so that a list is corrected at once. After the first bad row no pass is
yielded, so an import of the file stores nothing; only a dry run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.checks import FIELDS, PassFieldError
from gateway.store.passes.files.cells import UNREAD, Cells, from_json, notes_on
from gateway.store.passes.files.encodings import NAMES, codec_of
from gateway.store.passes.files.headings import LISTED, field_of, known_names
from gateway.store.passes.files.headings import NUMBERS as COUNTING
from gateway.store.passes.files.lines import (
    COLUMNS_MAX,
    FEW_ROWS,
    HEADING_ROWS,
    READ_SUFFIXES,
    ROWS_MAX,
    Numbered,
    Remark,
    RowError,
    Span,
    csv_rows,
    json_lines,
    some_rows,
    suffix_of,
)

BAD_MAX = 1000
"""Bad rows that are listed; all are counted."""
NOTES_MAX = 20
"""Notes on single rows."""
SAMPLES = 3


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


class HowToRead(msgspec.Struct, frozen=True):
    """What a person says of a file: its encoding and its sheet, "" to find them.

    `all_rows`: also the good rows behind a bad one, for a dry run.
    """

    encoding: str = ""
    sheet: str = ""
    all_rows: bool = False


def read_passes(path: Path) -> Iterator[Pass]:
    """The passes of a file, as its suffix says; PassFileError at the end when a row was wrong."""
    return iter(PassFile(path))


class PassFile:
    """One file, to be read once; afterwards `bad` and `bad_count` tell what was wrong."""

    def __init__(self, path: Path, how: HowToRead | None = None) -> None:
        """PassError for a suffix or an encoding that is not known."""
        self._path = path
        self._how = how or HowToRead()
        self._suffix = suffix_of(path, READ_SUFFIXES)
        if self._how.encoding and codec_of(self._how.encoding) is None:
            raise PassError(f"the encoding is {self._how.encoding!r}; give one of {', '.join(NAMES)}")
        self._ids: set[int] = set()
        self.bad: list[BadRow] = []
        self.bad_count = 0
        self.notes: list[str] = []
        self.samples: list[str] = []
        self._told: dict[str, int] = {}

    def __iter__(self) -> Iterator[Pass]:
        if self._path.exists() and not self._path.is_file():  # reading a pipe may never end
            raise PassError(f"{self._path} is no ordinary file; give a pass list")
        try:
            yield from self._good()
        except OSError as error:
            raise PassError(f"{self._path} cannot be read ({error.strerror or error})") from error
        self._tell_counted()
        if self.bad_count and not self._how.all_rows:
            raise self.error()

    def error(self) -> PassFileError:
        """All bad rows."""
        return PassFileError(self._path.name, self.bad, self.bad_count)

    def _good(self) -> Iterator[Pass]:
        lines = self._lines()
        take, heading = self._taker(lines)
        if self.bad_count:
            return
        if not isinstance(take, Cells):
            yield from self._one_by_one(lines, take, heading)
            return
        for some in some_rows(lines):
            yield from self._together(some, take, heading)

    def _together(self, lines: list[Numbered], take: Cells, heading: int) -> Iterator[Pass]:
        """The passes of some rows; an unusual one among them makes a few slow, not all."""
        usual = self._usual(lines, take)
        if usual is not None:
            yield from usual
        elif len(lines) <= FEW_ROWS:
            yield from self._one_by_one(lines, take, heading)
        else:
            for at in range(0, len(lines), FEW_ROWS):
                yield from self._together(lines[at : at + FEW_ROWS], take, heading)

    def _usual(self, lines: list[Numbered], take: Cells) -> list[Pass] | None:
        """The passes of some rows, quickly; None if each is to be looked at by itself."""
        numbers, rows = zip(*lines, strict=True)
        found = take.usual(rows) if numbers[-1] <= ROWS_MAX else None
        if found is None:
            return None
        ids = {hash(one.id) for one in found}
        if len(ids) < len(found) or not self._ids.isdisjoint(ids):
            return None
        self._ids |= ids
        for one in found:
            if len(self.samples) == SAMPLES:
                break
            self._sample(one)
        return found if not self.bad_count or self._how.all_rows else []

    def _one_by_one(self, lines: Iterable[Numbered], take: Callable[[Any], Pass], heading: int) -> Iterator[Pass]:
        for line, content in lines:
            try:
                if isinstance(content, Span):
                    self._check_span(line, content, heading)
                    continue
                if isinstance(content, Remark):
                    self.notes.append(str(content))
                    continue
                pass_ = take(content)
                self._check_first(pass_)
                if line > ROWS_MAX:
                    raise RowError(f"the list has more than {ROWS_MAX} lines; split it")
            except PassFieldError as error:
                if error.field in ("id", "kind") and _is_no_pass(content):
                    self._note(line, error.field, f"{str(error).removeprefix(f'{error.field} ')}; {_NO_PASS}")
                elif not _is_blank(content):
                    self._note(line, error.field, str(error).removeprefix(f"{error.field} "))
            except RowError as error:
                self._note(line, error.column, str(error))
            else:
                self._look(line, pass_)
                if not self.bad_count or self._how.all_rows:
                    yield pass_

    def _lines(self) -> Iterator[Numbered]:
        if self._suffix in (".csv", ".txt", ".tsv"):
            return csv_rows(self._path, self._how.encoding)
        if self._suffix in (".xlsx", ".xlsm", ".ods"):
            from gateway.store.passes.files.workbooks import workbook_rows

            return workbook_rows(self._path, self._how.sheet)
        return json_lines(self._path)

    # ---- the heading ---------------------------------------------------------------------------------------------

    def _taker(self, lines: Iterator[Numbered]) -> tuple[Callable[[Any], Pass], int]:
        """What makes a pass of a row, and the line of the heading."""
        if self._suffix in (".jsonl", ".ndjson"):
            return from_json, 0
        first: tuple[int, Any] | None = None
        for _, (line, row) in zip(range(HEADING_ROWS), lines, strict=False):
            if isinstance(row, Span | Remark):
                continue
            if not isinstance(row, RowError) and len(row) > COLUMNS_MAX:
                row = RowError(f"it has {len(row)} columns, and {COLUMNS_MAX} are the most")
            if isinstance(row, RowError):
                self._note(line, "", str(row))
                for broken, more in lines:
                    if isinstance(more, RowError):
                        self._note(broken, "", str(more))
                return from_json, line
            if len(known_names(row)) > 1:
                if first is not None:
                    self.notes.append(f"what is above the heading in line {line} is not read")
                return Cells(self._columns(line, row)), line
            first = first or (line, row)
        line, row = first or (1, [])
        return Cells(self._columns(line, row)), line

    def _columns(self, line: int, heading: list[str]) -> list[str]:
        """The field of each column, "" without one; a heading that is not known is a bad row."""
        names = [_named(cell.strip()) for cell in heading]
        for name, cell in zip(names, heading, strict=True):
            if name is None:
                known = f"delete the column, or name it one of {', '.join(FIELDS)}"
                self._note(line, cell.strip(), f"there is no such column; {known}")
            elif name == UNREAD:
                self.notes.append(f"the column {cell.strip()} counts the rows and is not read")
            elif name and names.count(name) > 1 and name not in LISTED:
                self._note(line, name, "this column stands there twice")
        for name, remedy in _NEEDED.items():
            if name not in names:
                self._note(
                    line, name, f"this column is missing; a heading above the passes names the columns; {remedy}"
                )
        return [name or "" for name in names]

    # ---- rows ----------------------------------------------------------------------------------------------------

    def _check_first(self, pass_: Pass) -> None:
        # Hashes of 64 bits instead of ids: a million of them fit into 60 MB.
        number = hash(pass_.id)
        if number in self._ids:
            raise PassFieldError("id", pass_.id, "it stands in an earlier row already")
        self._ids.add(number)

    def _check_span(self, line: int, span: Span, heading: int) -> None:
        last, cells = span
        if last > heading and line != heading:
            self._note(line, "", f"the cells {cells} are merged, so that it is not clear what belongs to which row; "
                       "unmerge them and fill each row")  # fmt: skip

    def _look(self, line: int, pass_: Pass) -> None:
        """Keep a few names to show, and note what is unusual."""
        self._sample(pass_)
        for what, note in notes_on(pass_):
            self._count(what, f"line {line}: {note}")

    def _sample(self, pass_: Pass) -> None:
        if len(self.samples) < SAMPLES and pass_.holder and pass_.holder not in self.samples:
            self.samples.append(pass_.holder)

    def _count(self, what: str, note: str) -> None:
        self._told[what] = self._told.get(what, 0) + 1
        if self._told[what] <= NOTES_MAX:
            self.notes.append(note)

    def _tell_counted(self) -> None:
        for what, count in self._told.items():
            if count > NOTES_MAX:
                self.notes.append(f"and {count - NOTES_MAX} more such {what}s")

    def _note(self, line: int, column: str, reason: str) -> None:
        self.bad_count += 1
        if len(self.bad) < BAD_MAX:
            self.bad.append(BadRow(line, column, reason))


_NEEDED = {
    "id": "give each pass a number of its own in a column 编号",
    "kind": "write monthly, temporary, staff or blocked in a column 类型",
}


def _named(heading: str) -> str | None:
    """The field that a heading names, "" for none; None for a heading that is not known."""
    field = field_of(heading) if heading else ""
    return UNREAD if field == COUNTING else field


_NO_PASS = "if the row is no pass (a sum, a signature, the heading again), delete it"


def _is_no_pass(content: Any) -> bool:
    """Whether a row may be a sum or a signature, with few cells, or the heading once more."""
    if not isinstance(content, list) or _is_blank(content):
        return False
    filled = sum(bool(cell.strip()) for cell in content)
    return filled < min(3, len(content) // 2) or len(known_names(content)) > 1


def _is_blank(content: Any) -> bool:
    return isinstance(content, list) and not any(map(str.strip, content))
