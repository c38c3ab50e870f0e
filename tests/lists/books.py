"""Workbooks made by hand, cell by cell, so that they have the quirks of programs that no library writes."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

Cell = str | int | float | tuple[str, str] | None
"""A text, a number, nothing, or (attributes, inner XML) of the cell as it is."""

HIDDEN = ' hidden="1"'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODS = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


def zipped(**parts: str | bytes) -> bytes:
    """A zip file of these parts."""
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return made.getvalue()


def backslashed(content: bytes) -> bytes:
    """The same zip file with backslashes in the names of its parts, as some old programs write it."""
    made = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(made, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name.replace("/", "\\"), old.read(name))
    return made.getvalue()


def column(at: int) -> str:
    """A for 0."""
    return chr(ord("A") + at)


def xlsx(
    *rows: Sequence[Cell],
    before: str = "",
    after: str = "",
    formats: Sequence[str] = (),
    references: bool = True,
    first: int = 1,
    properties: str = "",
    others: Sequence[tuple[str, str]] = (),
    other: Sequence[Sequence[str]] = (),
    prefix: str = "",
    hidden: bool = False,
) -> bytes:
    """One sheet; `before` and `after` stand around its rows, `formats` are number formats for the styles 1, 2, ...;
    `other` are the texts of the `others`."""
    texts: list[str] = []
    lines = []
    for number, row in enumerate(rows, first):
        cells = "".join(_xlsx_cell(cell, f"{column(at)}{number}", texts, references) for at, cell in enumerate(row))
        lines.append(f'<row r="{number}"{HIDDEN * hidden}>{cells}</row>' if references else f"<row>{cells}</row>")
    sheet = f'<worksheet xmlns="{_MAIN}">{before}<sheetData>{"".join(lines)}</sheetData>{after}</worksheet>'
    if prefix:
        sheet = _prefixed(sheet, prefix)
    strings = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts)
    codes = "".join(f'<numFmt numFmtId="{170 + at}" formatCode={quoteattr(code)}/>' for at, code in enumerate(formats))
    used = "".join(f'<xf numFmtId="{170 + at}"/>' for at in range(len(formats)))
    names = "".join(f'<sheet name="{name}" sheetId="{9 + at}" r:id="rId{9 + at}"{state}/>'
                    for at, (name, state) in enumerate(others))  # fmt: skip
    sheets = f'{names}<sheet name="名单" sheetId="1" r:id="rId1"/>'
    relations = "".join(
        f'<Relationship Id="{name}" Type="{_RELATION}/{kind}" Target="{target}"/>'
        for name, kind, target in (
            ("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml"),
            ("rId3", "styles", "styles.xml"),
            *((f"rId{9 + at}", "worksheet", "worksheets/empty.xml") for at in range(len(others))),
        )
    )  # fmt: skip
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}">{properties}<sheets>{sheets}</sheets></workbook>'
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return zipped(**{
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{_RELATION}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{relations}</Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        "xl/worksheets/empty.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{_inline(other)}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts>{codes}</numFmts>'
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>{used}'
        '<xf numFmtId="14"/></cellXfs></styleSheet>',
    })  # fmt: skip


def _inline(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts that stand in their cells."""
    cells = ("".join(f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>' for text in row) for row in rows)
    return "".join(f"<row>{row}</row>" for row in cells)


def _prefixed(sheet: str, prefix: str) -> str:
    """The same with a prefix on every element, as some programs write it."""
    named = re.sub(r"<(/?)(?=\w)", rf"<\1{prefix}:", sheet)
    return named.replace("xmlns=", f"xmlns:{prefix}=", 1)


def _xlsx_cell(cell: Cell, at: str, texts: list[str], references: bool) -> str:
    place = f' r="{at}"' if references else ""
    if cell is None:
        return "" if references else "<c/>"
    if isinstance(cell, tuple):
        return f"<c{place}{cell[0]}>{cell[1]}</c>"
    if isinstance(cell, str):
        texts.append(cell)
        return f'<c{place} t="s"><v>{len(texts) - 1}</v></c>'
    return f"<c{place}><v>{cell!r}</v></c>"


def ods(*rows: Sequence[Cell], styles: str = "", before: str = "", table: str = "") -> bytes:
    """One sheet of an OpenDocument spreadsheet; `before` stands before it, e.g. other sheets."""
    lines = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    content = (
        f"<office:document-content {_ODS}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet>{before}<table:table table:name="名单"{table}><table:table-column'
        f' table:number-columns-repeated="16384"/>{lines}'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell'
        ' table:number-columns-repeated="16384"/></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped(**{"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def _ods_cell(cell: Cell) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, tuple):
        return f"<table:table-cell {cell[0]}>{cell[1]}</table:table-cell>"
    if isinstance(cell, str):
        lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in cell.split("\n"))
        return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'
    number = f'office:value-type="float" office:value="{cell!r}"'
    return f"<table:table-cell {number}><text:p>{cell}</text:p></table:table-cell>"
