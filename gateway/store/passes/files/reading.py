"""Reads the passes of a file to its end, also when a row is wrong.

Then one PassFileError names every bad row, so that a list is corrected at once. After the first bad row no pass is
yielded, so an import of the file stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.checks import FIELDS, PassFieldError
from gateway.store.passes.files.cells import Cells, from_json
from gateway.store.passes.files.lines import Numbered, RowError, csv_rows, json_lines, suffix_of, xlsx_rows

BAD_MAX = 1000
"""Bad rows that are listed; all are counted."""


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


class PassFile:
    """One file, to be read once; afterwards `bad` and `bad_count` tell what was wrong."""

    def __init__(self, path: Path) -> None:
        """PassError for a suffix that is not known."""
        self._path = path
        self._suffix = suffix_of(path)
        self._ids: set[int] = set()
        self.bad: list[BadRow] = []
        self.bad_count = 0

    def __iter__(self) -> Iterator[Pass]:
        if self._path.exists() and not self._path.is_file():  # reading a pipe may never end
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
            except RowError as error:
                self._note(line, "", str(error))
            else:
                if not self.bad_count:
                    yield pass_

    def _lines(self) -> Iterator[Numbered]:
        if self._suffix == ".csv":
            return csv_rows(self._path)
        return xlsx_rows(self._path) if self._suffix == ".xlsx" else json_lines(self._path)

    def _taker(self, lines: Iterator[Numbered]) -> Callable[[Any], Pass]:
        if self._suffix not in (".csv", ".xlsx"):
            return from_json
        line, heading = next(lines, (1, []))
        if isinstance(heading, RowError):
            self._note(line, "", str(heading))
            return from_json
        return Cells(self._columns(line, heading))

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
        if len(self.bad) < BAD_MAX:
            self.bad.append(BadRow(line, column, reason))
