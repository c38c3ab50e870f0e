"""The rows of an Excel workbook (.xlsx, .xlsm) as any program writes it: the cells count, not what is said of them."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zipfile import ZipFile

import msgspec

from gateway.store.passes.files.cells import letters
from gateway.store.passes.files.lines import CELL_MAX, COLUMNS_MAX, Day, Numbered, Odd, Remark, Span, Typed
from gateway.store.passes.files.workbooks import (
    EXACT_MAX,
    ROUNDED,
    Part,
    WorkbookError,
    rows_of_one,
    shape_of,
    shaped,
)

STRINGS_MAX_CHARACTERS = 100_000_000
"""Of all different texts of a workbook, which are in memory."""

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_IN_QUOTES = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_ZEROS = re.compile(r"0{2,20}")
_FIRST_DAY, _FIRST_DAY_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_LEAP_DAY_OF_1900 = 60
"""A day that never was, but that Excel counts."""


def xlsx_rows(book: ZipFile, wanted: str) -> Iterator[Numbered]:
    """The rows of the wanted sheet, else of the one with a list."""
    main = _Names(book)
    workbook = _Workbook()
    list(workbook.of(book, main.workbook))
    strings = list(_Strings().of(book, main.strings)) if main.strings else []
    formats = _Styles()
    list(formats.of(book, main.styles)) if main.styles else None

    def rows_of(at: int) -> Iterator[Numbered]:
        name = main.parts.get(workbook.sheets[at].relation, "")
        if "/worksheets/" not in f"/{name}".replace("\\", "/"):  # a sheet of a chart
            return iter(())
        return _Sheet(strings, formats, workbook.since_1904).of(book, name)

    yield from rows_of_one([(sheet.name, sheet.visible) for sheet in workbook.sheets], wanted, rows_of)


class _Names:
    """The names of the parts: of the workbook, its sheets, its texts and its formats."""

    def __init__(self, book: ZipFile) -> None:
        self._real = {name.lower().replace("\\", "/"): name for name in book.namelist()}
        top = _relations(book, self._real.get("_rels/.rels", ""))
        self.workbook = self._find("", next((target for kind, _, target in top if kind == "officeDocument"), ""))
        if not self.workbook:
            self.workbook = self._find("", "xl/workbook.xml")
        if not self.workbook:
            raise WorkbookError("it has no workbook in it")
        folder, name = posixpath.split(self.workbook.replace("\\", "/"))
        below = f"{folder}/_rels/{name}.rels".lstrip("/").lower()
        told = _relations(book, self._real.get(below, ""))
        self.parts = {name: self._find(folder, target) for _, name, target in told}
        self.strings = self._of_kind(told, folder, "sharedStrings")
        self.styles = self._of_kind(told, folder, "styles")

    def _of_kind(self, told: list[tuple[str, str, str]], folder: str, wanted: str) -> str:
        return next((self._find(folder, target) for kind, _, target in told if kind == wanted), "")

    def _find(self, folder: str, target: str) -> str:
        plain = target.replace("\\", "/")
        whole = plain.lstrip("/") if plain.startswith("/") else posixpath.normpath(posixpath.join(folder, plain))
        return self._real.get(whole.lower(), "")


def _relations(book: ZipFile, name: str) -> list[tuple[str, str, str]]:
    """Kind, id and target of each relation of a part."""
    return list(_Relations().of(book, name)) if name else []


class _Relations(Part):
    def start(self, name: str, values: dict[str, str]) -> None:
        if name == "Relationship":
            kind = values.get("Type", "").rpartition("/")[2]
            self.ready.append((kind, values.get("Id", ""), values.get("Target", "")))


class _SheetName(msgspec.Struct, frozen=True):
    name: str
    relation: str
    visible: bool


class _Workbook(Part):
    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[_SheetName] = []
        self.since_1904 = False

    def start(self, name: str, values: dict[str, str]) -> None:
        if name == "sheet":
            visible = values.get("state", "visible") == "visible"
            relation = next(
                (value for key, value in values.items() if key.rpartition(":")[2] == "id" and ":" in key), ""
            )
            self.sheets.append(_SheetName(values.get("name", ""), relation, visible))
        elif name == "workbookPr":
            self.since_1904 = values.get("date1904", "0") in ("1", "true")


class _Texts(Part):
    """Collects the text of `t` elements, but not of what only says how to pronounce it."""

    def __init__(self) -> None:
        super().__init__()
        self._collected: list[str] = []
        self._size = 0
        self._takes = False
        self._spoken = 0

    def begin(self) -> None:
        """Begin a new text."""
        self._collected, self._size, self._takes, self._spoken = [], 0, False, 0

    def collected(self) -> str:
        """The text so far, as it is meant."""
        text = "".join(self._collected).replace("\r\n", "\n")
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text

    def inside(self, name: str) -> None:
        """An element inside a text begins."""
        self._spoken += name == "rPh"
        self._takes = name == "t" and not self._spoken

    def outside(self, name: str) -> None:
        """An element inside a text ends."""
        self._spoken -= name == "rPh"
        self._takes = False

    def text(self, text: str) -> None:
        if self._takes:
            self._size += len(text)
            if self._size > CELL_MAX:
                raise WorkbookError(f"a cell has more than {CELL_MAX} characters; shorten it")
            self._collected.append(text)


class _Strings(_Texts):
    """The texts that cells name by number."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = 0

    def start(self, name: str, values: dict[str, str]) -> None:  # noqa: ARG002
        self.begin() if name == "si" else self.inside(name)

    def end(self, name: str) -> None:
        if name != "si":
            self.outside(name)
            return
        self._whole += self._size + 8
        if self._whole > STRINGS_MAX_CHARACTERS:
            raise WorkbookError("it holds more text than fits into memory; save it as CSV UTF-8")
        self.ready.append(self.collected())


class _Styles(Part):
    """Which formats of cells are dates, and which fill up with zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, str] = {}
        self.of_cell: list[str] = []
        self._inside = False

    def start(self, name: str, values: dict[str, str]) -> None:
        if name == "numFmt":
            self.codes[values.get("numFmtId", "")] = values.get("formatCode", "")
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            self.of_cell.append(values.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._inside = False

    def code(self, style: str) -> str:
        """`date`, `000...`, the shape of a format with words or decimals in it, or nothing."""
        at = int(style or 0)
        number = self.of_cell[at] if at < len(self.of_cell) else "0"
        code = self.codes.get(number, "")
        if _ZEROS.fullmatch(code):
            return code
        if number.isdigit() and int(number) in _DATE_FORMATS and number not in self.codes:
            return "date"
        first = _IN_QUOTES.sub("", code.partition(";")[0]).lower()
        if "general" in first:
            return ""
        return "date" if any(letter in first for letter in "ymdh") else shape_of(code)


class _Sheet(_Texts):
    """The rows of one sheet."""

    def __init__(self, strings: list[str], formats: _Styles, since_1904: bool) -> None:
        super().__init__()
        self._strings = strings
        self._formats = formats
        self._first = _FIRST_DAY_1904 if since_1904 else _FIRST_DAY
        self._row: Typed = Typed()
        self._number = 0
        self._at = -1
        self._cell: dict[str, str] = {}
        self._formula = self._valued = False
        self._codes: dict[str, str] = {}
        self._merged: list[tuple[int, Any]] = []
        self._is_hidden = False
        self._hidden = 0

    def start(self, name: str, values: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(values)
        elif name == "row":
            self._number = int(values.get("r", self._number + 1))
            self._row, self._at = Typed(), -1
            self._is_hidden = values.get("hidden") in ("1", "true")
        elif name == "v":
            self._takes = self._valued = True
        elif name == "f":
            self._formula = True
        elif name == "mergeCell":
            self._merge(values.get("ref", ""))
        else:
            self.inside(name)

    def end(self, name: str) -> None:
        if name == "c":
            self._put(self._value())
        elif name == "row":
            if any(self._row):
                self.ready.append((self._number, self._row))
                self._hidden += self._is_hidden
        elif name == "worksheet":
            self.ready += self._merged
            if self._hidden:
                self.ready.append((self._number, Remark(f"{self._hidden} hidden rows are read too")))
        else:
            self.outside(name)

    def _begin_cell(self, values: dict[str, str]) -> None:
        self.begin()
        self._cell = values
        self._formula = self._valued = False
        found = _REFERENCE.fullmatch(values.get("r", ""))
        self._at = _column(found[1]) if found else self._at + 1

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._at >= COLUMNS_MAX:
            raise WorkbookError(f"{self._place()} lies far right of any list; delete what is there")
        self._row += [""] * (self._at + 1 - len(self._row))
        self._row[self._at] = text

    def _place(self) -> str:
        return f"{letters(self._at)}{self._number}"

    def _value(self) -> str:
        kind, text = self._cell.get("t", "n"), self.collected()
        if self._formula and not text and (kind != "str" or not self._valued):
            return Odd.of("=", f"{self._place()} is a formula without a value; open and save it in a spreadsheet")
        if kind == "s":
            return self._strings[int(text)] if text else ""
        if kind == "e":
            return Odd.of(text, f"{self._place()} holds {text}, an error of the spreadsheet; correct the cell")
        if kind in ("str", "inlineStr"):
            return text
        if kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(text, text)
        return Day(text.replace("T", " ")) if kind == "d" else self._of_number(text) if text else ""

    def _of_number(self, text: str) -> str:
        try:
            number = float(text)
        except ValueError:
            return text
        code = self._code()
        if code == "date":
            return self._date(number)
        if not math.isfinite(number) or abs(number) >= EXACT_MAX:
            return Odd.of(text, f"{self._place()} {ROUNDED}")
        if number.is_integer() and not code.strip("0"):
            return str(int(number)).zfill(len(code))
        return shaped(number, code)

    def _code(self) -> str:
        style = self._cell.get("s", "0")
        if style not in self._codes:
            self._codes[style] = self._formats.code(style)
        return self._codes[style]

    def _date(self, number: float) -> str:
        """A day, or a day and a time."""
        days = number + 1 if self._first is _FIRST_DAY and number < _LEAP_DAY_OF_1900 else number
        try:
            moment = self._first + timedelta(seconds=round(days * 86_400))
        except (OverflowError, ValueError):
            return Odd.of(repr(number), f"{self._place()} is a date beyond the calendar; {_A_DAY}")
        if number < 0 or (int(number) == _LEAP_DAY_OF_1900 and self._first is _FIRST_DAY):
            return Odd.of(repr(number), f"{self._place()} is a date beyond the calendar; {_A_DAY}")
        if number < 1:
            return Day(f"{moment:%H:%M:%S}")
        day = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
        return Day(day if not number % 1 else f"{day} {moment:%H:%M:%S}")

    def _merge(self, reference: str) -> None:
        corners = [_REFERENCE.fullmatch(corner) for corner in reference.split(":")]
        if len(corners) == 2 and corners[0] and corners[1]:
            self._merged.append((int(corners[0][2]), Span((int(corners[1][2]), reference))))


_A_DAY = "write a day such as 2027-01-05"


def _column(letters_: str) -> int:
    found = 0
    for letter in letters_.upper():
        found = found * 26 + ord(letter) - ord("A") + 1
    return found - 1
