"""An Excel workbook of text cells as a stream: no temporary file, no library, one page of rows in memory.

ECMA-376 asks for five small XML parts and one per sheet. Cells are inline strings, which a spreadsheet shows and
never runs. The list of sheets is written last, when their number is known.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

# A sheet of Excel has 1,048,576 rows; more go on the next sheet.
SHEET_ROWS = 1_000_000
CELL_CHARACTERS = 32_767
CHUNK_BYTES = 64 * 1024
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KINDS = "http://schemas.openxmlformats.org/package/2006/content-types"
_PARTS = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class _Pipe:
    """The buffer between archive and answer; without `seek`, so the archive never goes back."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self.size = 0

    def write(self, content: bytes) -> int:
        """Called by the archive."""
        self._waiting.append(bytes(content))
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        """Nothing to do."""

    def take(self) -> bytes:
        """The bytes written since the last call."""
        taken = b"".join(self._waiting)
        self._waiting.clear()
        self.size = 0
        return taken


def workbook(head: Sequence[str], rows: Iterable[Sequence[str]], sheet_rows: int = SHEET_ROWS) -> Iterator[bytes]:
    """The bytes of a workbook with these rows under this head, which is repeated on each sheet."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]
        remaining = iter(rows)
        sheets, more = 0, True
        while more:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as part:
                part.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{_row(head)}'.encode())
                more = False
                for count, row in enumerate(remaining, start=1):
                    part.write(_row(row).encode())
                    if pipe.size > CHUNK_BYTES:
                        yield pipe.take()
                    if count == sheet_rows:
                        more = True
                        break
                part.write(b"</sheetData></worksheet>")
        for name, content in _frame(sheets):
            archive.writestr(name, _XML + content)
    yield pipe.take()


def _row(cells: Sequence[str]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    shown = escape(_NOT_XML.sub("\ufffd", text[:CELL_CHARACTERS]))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    """The parts around the sheets."""
    numbers = range(1, sheets + 1)
    names = "".join(f'<sheet name="events {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>'
    targets = "".join(_relation(n, "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
    yield "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_RELATIONS}">{targets}</Relationships>'
    book = _relation(1, "officeDocument", "xl/workbook.xml")
    yield "_rels/.rels", f'<Relationships xmlns="{_RELATIONS}">{book}</Relationships>'
    kinds = "".join(_override(f"worksheets/sheet{n}.xml", "worksheet") for n in numbers)
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_KINDS}"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{_override('workbook.xml', 'sheet.main')}{kinds}</Types>",
    )


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _override(name: str, kind: str) -> str:
    return f'<Override PartName="/xl/{name}" ContentType="{_PARTS}.{kind}+xml"/>'
