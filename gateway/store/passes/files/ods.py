"""The rows of an OpenDocument spreadsheet (.ods), as LibreOffice, WPS and others write it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

from gateway.store.passes.files.cells import letters
from gateway.store.passes.files.lines import CELL_MAX, COLUMNS_MAX, Day, Numbered, Odd, Remark, Span, Typed
from gateway.store.passes.files.workbooks import EXACT_MAX, ROUNDED, Part, WorkbookError, is_word, rows_of_one, short

REPEATED_MAX = 1000
"""Rows that are the same and hold something; blank ones may be a million."""


def ods_rows(book: ZipFile, wanted: str) -> Iterator[Numbered]:
    """The rows of the wanted sheet, else of the one with a list."""
    names = _Sheets()
    list(names.of(book, "content.xml"))
    sheets = [(name, style not in names.hidden) for name, style in names.sheets]
    yield from rows_of_one(sheets, wanted, lambda at: _Rows(at).of(book, "content.xml"))


class _Sheets(Part):
    """The sheets with their styles, and the styles that hide them."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.hidden: set[str] = set()
        self._style = ""
        self._inside = 0

    def start(self, name: str, values: dict[str, str]) -> None:
        told = short(values)
        if name == "style":
            self._style = told.get("name", "")
        elif name == "table-properties" and told.get("display") == "false":
            self.hidden.add(self._style)
        elif name == "table":
            if not self._inside:
                self.sheets.append((told.get("name", ""), told.get("style-name", "")))
            self._inside += 1

    def end(self, name: str) -> None:
        self._inside -= name == "table"


class _Rows(Part):
    """The rows of one sheet."""

    def __init__(self, sheet: int) -> None:
        super().__init__()
        self._wanted = sheet
        self._sheet = -1
        self._depth = 0
        self._number = 0
        self._row = Typed()
        self._repeated = 1
        self._cell: dict[str, str] = {}
        self._at = 0
        self._paragraphs: list[str] = []
        self._size = 0
        self._inside = self._aside = 0
        self._merged: list[tuple[int, Any]] = []
        self._is_hidden = False
        self._hidden = 0

    @property
    def _here(self) -> bool:
        return self._depth == 1 and self._sheet == self._wanted

    def start(self, name: str, values: dict[str, str]) -> None:
        if name == "table":
            self._sheet += not self._depth
            self._depth += 1
        if not self._here:
            return
        if name == "table-row":
            self._row, self._at = Typed(), 0
            self._repeated = int(short(values).get("number-rows-repeated", 1))
            self._is_hidden = short(values).get("visibility", "visible") != "visible"
        elif name in ("table-cell", "covered-table-cell"):
            self._cell, self._paragraphs, self._size = short(values), [], 0
            self._cell.pop("value-type", None) if name == "covered-table-cell" else None
        elif name in ("annotation", "shapes", "frame"):
            self._aside += 1
        elif not self._aside:
            self._begin_text(name, values)

    def _begin_text(self, name: str, values: dict[str, str]) -> None:
        if name == "p":
            self._paragraphs.append("")
            self._inside += 1
        elif self._inside and name in ("s", "tab", "line-break"):
            blanks = min(int(short(values).get("c", 1)), CELL_MAX)
            self.text({"s": " " * blanks, "tab": "\t"}.get(name, "\n"))

    def end(self, name: str) -> None:
        if self._here:
            self._end(name)
        if name == "table":
            self._depth -= 1
            if not self._depth and self._sheet == self._wanted:
                self.ready += self._merged
                if self._hidden:
                    self.ready.append((self._number, Remark(f"{self._hidden} hidden rows are read too")))

    def _end(self, name: str) -> None:
        if name == "table-row":
            self._end_row()
        elif name in ("table-cell", "covered-table-cell"):
            self._put(self._value(), int(self._cell.get("number-columns-repeated", 1)))
        elif name in ("annotation", "shapes", "frame"):
            self._aside -= 1
        elif name == "p" and not self._aside:
            self._inside -= 1

    def text(self, text: str) -> None:
        if self._inside and not self._aside and self._paragraphs and self._here:
            self._size += len(text)
            if self._size > CELL_MAX:
                raise WorkbookError(f"a cell has more than {CELL_MAX} characters; shorten it")
            self._paragraphs[-1] += text

    def _end_row(self) -> None:
        if any(self._row):
            if self._repeated > REPEATED_MAX:
                raise WorkbookError(f"row {self._number + 1} is repeated {self._repeated} times; delete the copies")
            self._hidden += self._repeated * self._is_hidden
            for again in range(self._repeated):
                self.ready.append((self._number + 1 + again, Typed(self._row)))
        self._number += self._repeated

    def _put(self, text: str, times: int) -> None:
        if text:
            self._note_merged()
            if self._at + times > COLUMNS_MAX:
                raise WorkbookError(f"{self._place()} lies far right of any list; delete what is there")
            self._row += [""] * (self._at - len(self._row))
            self._row += [text] * times
        self._at += times

    def _note_merged(self) -> None:
        rows = int(self._cell.get("number-rows-spanned", 1))
        columns = int(self._cell.get("number-columns-spanned", 1))
        if rows * columns > 1:
            corner = f"{letters(self._at + columns - 1)}{self._number + rows}"
            span = Span((self._number + rows, f"{self._place()}:{corner}"))
            self._merged.append((self._number + 1, span))

    def _place(self) -> str:
        return f"{letters(self._at)}{self._number + 1}"

    def _value(self) -> str:
        shown = "\n".join(self._paragraphs)
        kind = self._cell.get("value-type", "")
        if "formula" in self._cell and (kind == "error" or (not kind and not shown)):
            return self._without_value(shown)
        if kind == "error" or shown.startswith(("#N/A", "Err:", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?")):
            return self._without_value(shown)
        if kind in ("float", "percentage", "currency"):
            return self._of_number(self._cell.get("value", ""), shown)
        if kind == "date":
            return Day(self._cell.get("date-value", shown).replace("T", " ").removesuffix(" 00:00:00"))
        if kind == "boolean":
            return self._cell.get("boolean-value", shown).upper()
        return shown

    def _without_value(self, shown: str) -> str:
        if shown:
            return Odd.of(shown, f"{self._place()} holds {shown}, an error of the spreadsheet; correct the cell")
        return Odd.of("=", f"{self._place()} is a formula without a value; open and save it in a spreadsheet")

    def _of_number(self, value: str, shown: str) -> str:
        try:
            number = float(value)
        except ValueError:
            return shown
        if not math.isfinite(number) or abs(number) >= EXACT_MAX:
            return Odd.of(value, f"{self._place()} {ROUNDED}")
        plain = str(int(number)) if number.is_integer() else repr(number)
        return shown if _is_shown_whole(plain, shown, number) else plain


def _is_shown_whole(plain: str, shown: str, number: float) -> bool:
    """Whether what a cell shows is its number with zeros, decimals or words: 0000472288, 3.10, 3栋501 for 501."""
    if number < 0 or _ROUNDED.search(shown):
        return False
    if _DECIMALS.fullmatch(shown):
        return not number.is_integer() and float(shown) == number
    if _PLAIN.fullmatch(shown):
        return shown.lstrip("0") == plain.lstrip("0")
    # Digits of the words stand before those of the number: 3栋501 is 501.
    return is_word(shown) and not any(sign in shown for sign in ".,%/") and _digits(shown).endswith(plain)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


_PLAIN = re.compile(r"[0-9]+")
_DECIMALS = re.compile(r"[0-9]+\.[0-9]+")
_ROUNDED = re.compile(r"[0-9][eE][+-]?[0-9]")
