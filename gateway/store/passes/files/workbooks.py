"""Workbooks as a stream: opened with bounds, parsed piece by piece, so that no file fills the memory."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from gateway.store.passes.files.headings import known_names
from gateway.store.passes.files.lines import HEADING_ROWS, Numbered, RowError, Typed

UNPACKED_MAX_BYTES = 1_000_000_000
PARTS_MAX = 5000
SHEETS_MAX = 100
"""Sheets that are looked at for a list."""
READ_BYTES = 64 * 1024
EXACT_MAX = 10**15
"""Numbers of a spreadsheet are exact below this."""
ROUNDED = "has more than 15 digits and the spreadsheet has rounded it; format the column as text and type it again"


class WorkbookError(Exception):
    """A workbook that cannot be read; the text is for people."""


class Part:
    """One XML part of a workbook: subclasses take its elements, and leave what they found in `ready`."""

    def __init__(self) -> None:
        self.ready: list[Any] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.buffer_size = READ_BYTES
        self._parser.StartElementHandler = lambda name, values: self.start(name.rpartition(":")[2], values)
        self._parser.EndElementHandler = lambda name: self.end(name.rpartition(":")[2])
        self._parser.CharacterDataHandler = self.text
        self._parser.StartDoctypeDeclHandler = self._refuse

    def start(self, name: str, values: dict[str, str]) -> None:
        """An element begins; names are without their prefix."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text inside an element."""

    def of(self, book: ZipFile, name: str) -> Iterator[Any]:
        """What is found in a part, as it comes."""
        with book.open(name) as file:
            while chunk := file.read(READ_BYTES):
                self._parser.Parse(chunk, False)
                found, self.ready = self.ready, []
                yield from found
        self._parser.Parse(b"", True)
        yield from self.ready

    def _refuse(self, *_told: Any) -> None:
        raise WorkbookError("it declares a document type")


def short(values: dict[str, str]) -> dict[str, str]:
    """Attributes by their names without prefix."""
    return {name.rpartition(":")[2]: value for name, value in values.items()}


def workbook_rows(path: Path, sheet: str = "") -> Iterator[Numbered]:
    """The rows of one sheet, each a `Typed`; behind them the cells that are merged."""
    from gateway.store.passes.files.ods import ods_rows
    from gateway.store.passes.files.xlsx import xlsx_rows

    number = 0
    try:
        with path.open("rb") as file:
            _check_begin(file.read(8))
            with ZipFile(file) as book:
                _check_size(book)
                rows = ods_rows if "content.xml" in book.namelist() else xlsx_rows
                for number, row in rows(book, sheet):
                    yield number, row
    except (WorkbookError, BadZipFile, zlib.error, expat.ExpatError, KeyError, ValueError, EOFError, IndexError,
            NotImplementedError, RuntimeError) as error:  # fmt: skip
        yield number + 1, RowError(f"it is not an Excel workbook, or a damaged one ({_words(error)})")


def _words(error: Exception) -> str:
    if isinstance(error, BadZipFile | EOFError | zlib.error):
        return f"{error}; a part of it is missing: copy or save it again"
    return str(error) if isinstance(error, WorkbookError | ValueError) else f"{type(error).__name__}: {error}"


def _check_begin(begin: bytes) -> None:
    if begin.startswith(b"\xd0\xcf\x11\xe0"):
        raise WorkbookError("it has a password, or is in the format before 2007; save it without one as .xlsx")
    if not begin:
        raise WorkbookError("it is empty; is it the right file?")
    if not begin.startswith(b"PK"):
        raise WorkbookError("it is a text or a page with this ending; open it in a spreadsheet and save it as .xlsx")


def _check_size(book: ZipFile) -> None:
    """WorkbookError for a file that unpacks to more than any list; a million passes are a third of the bound."""
    parts = book.infolist()
    unpacked_bytes = sum(part.file_size for part in parts)
    if unpacked_bytes > UNPACKED_MAX_BYTES or len(parts) > PARTS_MAX:
        raise WorkbookError(f"it unpacks to {unpacked_bytes // 1_000_000} MB; split the list, or save it as CSV")
    if any(part.flag_bits & 1 for part in parts):
        raise WorkbookError("it has a password; save it without one")


Sheets = list[tuple[str, bool]]
"""Name of each sheet, and whether it is visible."""


def rows_of_one(sheets: Sheets, wanted: str, rows_of: Callable[[int], Iterator[Numbered]]) -> Iterator[Numbered]:
    """The rows of the wanted sheet, else of the only visible one with a heading, else of the first one with rows."""
    if wanted:
        return rows_of(_place_of(sheets, wanted))
    shown = [at for at, (_, visible) in enumerate(sheets) if visible]
    begins = {at: list(islice(rows_of(at), HEADING_ROWS)) for at in shown[:SHEETS_MAX]}
    lists = [at for at, rows in begins.items() if any(_is_heading(row) for _, row in rows)]
    if len(lists) > 1:
        names = ", ".join(sheets[at][0] for at in lists)
        raise WorkbookError(f"it has a list on each of the sheets {names}; say which with --sheet")
    first = next(iter(lists), next((at for at, rows in begins.items() if rows), None))
    return iter(()) if first is None else rows_of(first)


def _is_heading(row: Any) -> bool:
    return isinstance(row, Typed) and len(known_names(row)) > 1


def _place_of(sheets: Sheets, wanted: str) -> int:
    for at, (name, _) in enumerate(sheets):
        if name.strip().casefold() == wanted.strip().casefold():
            return at
    raise WorkbookError(f"there is no sheet {wanted!r}, but {', '.join(name for name, _ in sheets)}")


# ---- numbers as their format shows them: 12345 by "粤B"00000 is 粤B12345, 3.1 by 0.00 is 3.10 -----------------------

_LITERAL = re.compile(r'"([^"]*)"|\\(.)|[_*].|\[[^\]]*\]|([0#?])|([.,%@/]|[eE][+-])|(.)', re.DOTALL)
_WORD, _DIGIT, _SIGN = "word", "digit", "sign"


def is_word(text: str) -> bool:
    """Whether a text has letters or dashes; blanks, apostrophes and currencies only set digits apart."""
    return any(letter.isalpha() or letter == "-" for letter in text)


@lru_cache(maxsize=256)
def _parts(code: str) -> tuple[tuple[str, str], ...]:
    """The first section of a format: its words, its digits, and the signs that compute."""
    found = []
    for match in _LITERAL.finditer(code):
        quoted, escaped, digit, sign, other = match.groups()
        if other == ";":
            break
        if digit or sign:
            found.append((_DIGIT if digit else _SIGN, digit or sign))
        elif word := quoted or escaped or other:
            found.append((_WORD, word))
    return tuple(found)


def shape_of(code: str) -> str:
    """The format when it shows more than the number itself, with words or decimals; else nothing."""
    parts = _parts(code)
    signs = "".join(text for kind, text in parts if kind == _SIGN)
    has_words = any(kind == _WORD and is_word(text) for kind, text in parts)
    if "[<" in code or "[>" in code or "[=" in code or not any(kind == _DIGIT for kind, _ in parts):
        return ""
    if signs.strip(",") == ".":
        return code
    return code if has_words and not signs else ""


def shaped(number: float, code: str) -> str:
    """A number as the format shows it, where that loses nothing; else the number."""
    plain = str(int(number)) if number.is_integer() else repr(number)
    if not code or number < 0:
        return plain
    parts = _parts(code)
    if (_SIGN, ".") in parts:
        return _with_decimals(number, plain, parts)
    return _with_words(plain, parts) if plain.isdigit() else plain


def _with_decimals(number: float, plain: str, parts: tuple[tuple[str, str], ...]) -> str:
    behind = parts[parts.index((_SIGN, ".")) :]
    decimals = sum(kind == _DIGIT and text == "0" for kind, text in behind)
    shown = f"{number:.{decimals}f}"
    return shown if not number.is_integer() and float(shown) == number else plain


def _with_words(plain: str, parts: tuple[tuple[str, str], ...]) -> str:
    """The digits fill the places from the right; what is too long stands at the first place."""
    places = [text for kind, text in parts if kind == _DIGIT]
    digits = [" " if place == "?" else "0" if place == "0" else "" for place in places]
    have = len(plain) - len(places)
    for at, digit in enumerate(plain if have <= 0 else plain[have:]):
        digits[max(0, -have) + at] = digit
    digits[0] = plain[: max(0, have)] + digits[0]
    filled = iter(digits)
    return "".join(next(filled) if kind == _DIGIT else text for kind, text in parts).strip()
