"""The corpus: each file with what is taken of it, or the line, column and words with which it is refused.

`CASES` is for the tests of reading, of the command line and of pages that take files. A field of a pass that is not
named in `taken` is as in an empty pass; kind and id are always there.
"""

# ruff: noqa: E501 - one case a line
from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.vocabulary.passes import Pass, PassKind
from tests.lists.books import backslashed, ods, xlsx


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its name and content, how a person says to read it, and the outcome."""

    name: str
    file: str
    content: bytes
    how: dict[str, str] = {}
    taken: tuple[Pass, ...] = ()
    refused: tuple[tuple[int, str, str], ...] = ()
    notes: str = ""


def one(id_: str = "a", kind: PassKind = PassKind.MONTHLY, **fields: Any) -> Pass:
    """A pass of the corpus."""
    return Pass(id_, kind, **fields)


CASES: list[Case] = []


def _case(name: str, file: str, content: bytes | str, *outcome: Pass | tuple[int, str, str], notes: str = "",
          **how: str) -> None:  # fmt: skip
    CASES.append(
        Case(
            name=name,
            file=file,
            content=content.encode() if isinstance(content, str) else content,
            how=how,
            taken=tuple(part for part in outcome if isinstance(part, Pass)),
            refused=tuple(part for part in outcome if not isinstance(part, Pass)),
            notes=notes,
        )
    )


CHINESE = "编号,类型,姓名,房号,车牌,卡号,车位,有效期至\n"
FIELDS = "id,kind,holder,unit,plates,cards,bay,valid_until\n"
ROW = "a,月卡,张伟,3栋2-501,粤B12345,472288,12,2027/1/5\n"
TAKEN = one(holder="张伟", unit="3栋2-501", plates=("粤B12345",), cards=("472288",), bay="12", valid_until="2027-01-05")


# ---- text files: encodings, marks, headings, titles ------------------------------------------------------------------

for _encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"):
    _case(f"Chinese headings in {_encoding}", "list.csv", (CHINESE + ROW).encode(_encoding), TAKEN)
_case("GB 18030 with its mark", "list.csv", b"\x84\x31\x95\x33" + (CHINESE + ROW).encode("gb18030"), TAKEN)
_case("GB 18030 without a Chinese heading", "list.csv", (FIELDS + ROW).encode("gb18030"), TAKEN)
_case("rare names in GB 18030", "list.csv", (CHINESE + ROW.replace("张伟", "李喆镕")).encode("gb18030"),
      msgspec.structs.replace(TAKEN, holder="李喆镕"))  # fmt: skip
_case("sep= in the first line", "list.csv", "sep=;\r\n" + (CHINESE + ROW).replace(",", ";"), TAKEN)
_case(
    "sep= behind a mark", "list.csv", b"\xef\xbb\xbf" + ("sep=;\n" + (CHINESE + ROW).replace(",", ";")).encode(), TAKEN
)
_case("text with tabs", "list.txt", (CHINESE + ROW).replace(",", "\t"), TAKEN)
_case("Excel's Unicode text", "list.txt", (CHINESE + ROW).replace(",", "\t").encode("utf-16"), TAKEN)
_case("tabs in GB 18030", "list.tsv", (CHINESE + ROW).replace(",", "\t").encode("gb18030"), TAKEN)
_case("title rows", "list.csv", "阳光小区车辆名单\n制表：王芳, 2026年11月\n\n" + CHINESE + ROW, TAKEN, notes="line 4")
_case(
    "title row and semicolons",
    "list.csv",
    "阳光小区, 车辆名单\n" + (CHINESE + ROW).replace(",", ";"),
    TAKEN,
    notes="line 2",
)
_case("old Macintosh line ends", "list.csv", (CHINESE + ROW).replace("\n", "\r"), TAKEN)
_case("a column that counts the rows", "list.csv", "序号," + CHINESE + "1," + ROW, TAKEN, notes="序号")
_case("traditional headings", "list.csv", "編號,類型,姓名,房號,車牌,卡號,車位,到期日\n" + ROW, TAKEN)
_case("English headings", "list.csv", "Pass No.,Type,Name,Room,License plate,Card no,Parking space,Valid until\n" + ROW,
      TAKEN)  # fmt: skip
_case("several columns of plates", "list.csv", "编号,类型,车牌1,车牌2,车牌3\na,月卡,粤B12345,,粤B67890\n",
      one(plates=("粤B12345", "粤B67890")))  # fmt: skip
for _word, _kind in (("月卡", PassKind.MONTHLY), ("临时", PassKind.TEMPORARY), ("员工", PassKind.STAFF),
                     ("黑名单", PassKind.BLOCKED), ("Visitor", PassKind.TEMPORARY), ("ＳＴＡＦＦ", PassKind.STAFF)):  # fmt: skip
    _case(f"kind {_word}", "list.csv", f"id,kind\na,{_word}\n", one(kind=_kind))

_case("one damaged byte", "list.csv",
      (CHINESE + "".join(ROW.replace("a,", f"a{n},", 1) for n in range(60))).encode().replace(b"a39,", b"a39\xff,"),
      (41, "", "cannot be UTF-8"))  # fmt: skip
_case("a damaged byte in GB 18030", "list.csv",
      (CHINESE + ROW + ROW.replace("a,", "b\x00,", 1)).encode("gb18030").replace(b"b\x00,", b"b\xff,"),
      (3, "", "cannot be GB18030"))  # fmt: skip
for _name, _encoding, _text in (
    ("Big5", "big5", "陳大文"), ("Shift-JIS", "shift_jis", "山田太郎 さくら"), ("EUC-KR", "euc_kr", "김철수 이영희 박지성"),
    ("Western Europe", "cp1252", "Jürgen Müller"), ("Cyrillic", "cp1251", "Иванов Пётр Сергеевич"),
):  # fmt: skip
    _case(f"{_name} is not taken for GB 18030", "list.csv",
          f"id,kind,holder\na,staff,{_text}\n".encode(_encoding), (2, "", "--encoding"))  # fmt: skip
    _case(f"{_name} when it is named", "list.csv", f"id,kind,holder\na,staff,{_text}\n".encode(_encoding),
          one(kind=PassKind.STAFF, holder=_text), encoding=_encoding)  # fmt: skip
_case("Big5 is told by its name and how it reads", "list.csv", "id,kind,holder\na,staff,陳大文\n".encode("big5"),
      (2, "", "big5 (陳大文)"))  # fmt: skip
_case("the wrong encoding is named", "list.csv", (CHINESE + ROW).encode("gb18030"), (1, "", "cannot be UTF-8"),
      (2, "", "cannot be UTF-8"), encoding="utf-8")  # fmt: skip
_case("a quotation that does not end", "list.csv", 'id,kind,holder\na,staff,x\nb,staff,"y\nc,staff,z\n',
      (3, "", "not closed"))  # fmt: skip
_case("a long quotation that does not end", "list.csv", 'id,kind,holder\na,staff,"' + "x\n" * 200_000,
      (2, "", "not closed"))  # fmt: skip
_case("a workbook with the wrong ending", "list.csv", xlsx(("id", "kind")), (1, "", "it is a workbook"))
_case("a page with the wrong ending", "list.csv", "<html><table><tr><td>id</td></tr></table></html>",
      (1, "", "save it as .xlsx"))  # fmt: skip
_case("a column that is not known", "list.csv", "id,kind,面积\na,staff,88\n", (1, "面积", "delete the column"))
_case("values under an empty heading", "list.csv", "id,kind,,holder\na,staff,x,y\nb,staff,,z\n", (2, "C", "no heading"))
_case(
    "an empty heading over nothing", "list.csv", "id,kind,,holder\na,staff, ,y\n", one(kind=PassKind.STAFF, holder="y")
)
_case("no heading at all", "list.csv", "a,staff\nb,staff\n", (1, "a", "no such column"), (1, "staff", "no such column"),
      (1, "id", "missing"), (1, "kind", "missing"))  # fmt: skip
_case("deep JSON", "list.jsonl", b'{"id":' + b"[" * 100_000, (1, "", "nested too deeply"))

# ---- cells -------------------------------------------------------------------------------------------------------------


def _cell(name: str, field: str, cell: str, right: Any = None, wrong: str = "") -> None:
    """One cell of one field, in a text file and as a text in both workbooks."""
    heading = ("id", "kind", field)
    outcome: Any = (2, field, wrong) if wrong else one(**{field: right})
    quoted = cell.replace('"', '""')
    _case(f"{name} in a text file", "list.csv", f'{",".join(heading)}\na,monthly,"{quoted}"\n', outcome)
    _case(f"{name} in Excel", "list.xlsx", xlsx(heading, ("a", "monthly", cell)), outcome)
    _case(f"{name} in OpenDocument", "list.ods", ods(heading, ("a", "monthly", cell)), outcome)


for _text in ("2027/1/5", "2027.1.5", "2027年1月5日", "2027年01月05号", "20270105", "2027-01-05 00:00:00", "2027-1-5",
              "２０２７-０１-０５", "2027/01/05 0:00", " 2027-01-05 ", "'2027-01-05", '="2027-01-05"', "2027-01-05T00:00:00",
              "2027-01-05 23:59:59"):  # fmt: skip
    _cell(f"the day {_text}", "valid_until", _text, "2027-01-05")
for _text in ("长期", "永久", "無期限", "permanent", "无", "-"):
    _cell(f"no end as {_text}", "valid_until", _text, wrong="leave it empty")
for _text in ("5/1/2027", "05.01.2027", "1-5-27", "27/1/5", "31/12/2027"):
    _cell(f"the order of {_text}", "valid_until", _text, wrong="2027-01-05")
for _text, _wrong in (("46027", "as a spreadsheet counts it"), ("2027-01", "names no day"), ("2027年", "names no day"),
                      ("2027-02-30", "no such day"), ("2027-01-05 18:00", "with its offset"), ("20271305", "no such day"),
                      ("tomorrow", "give a day"), ("#N/A", "an error of the spreadsheet")):  # fmt: skip
    _cell(f"the date {_text}", "valid_until", _text, wrong=_wrong)
_cell("an instant", "valid_until", "2027-01-05T18:00:00+08:00", "2027-01-05T18:00:00+08:00")

for _text, _right in (
    ('="0472288"', ("0472288",)), ("'0472288", ("0472288",)), ("472288.0", ("472288",)), ("077,30211", ("5076483",)),
    ("213 02000", ("13961168",)), ("0005076483 077,30211", ("0005076483",)), ("４７２２８８", ("472288",)),
    ("472288;1193046", ("472288", "1193046")), ("472288；1193046", ("472288", "1193046")),
    ("0000472288\n0001193046", ("0000472288", "0001193046")), ("0000472288，0001193046", ("0000472288", "0001193046")),
    (" 472288 ", ("472288",)), ("E2001", ("E2001",)), ("077,30211;472288", ("5076483", "472288")),
):  # fmt: skip
    _cell(f"the card {_text!r}", "cards", _text, _right)
for _text, _wrong in (
    ("4.72288E+05", "the spreadsheet has rounded it"), ("1.3E+11", "rounded"), ("4,72288E+05", "rounded"),
    ("1,234,567", "without commas"), ("472288 1193046", "separate several cards by ;"), ("12,34", "by ;"),
    ("300,30211", "000 to 255"), ("0000000001 077,30211", "different cards"), ("#REF!", "an error"),
    ("2026-03-12", "a date"), ("card 7", "separate"),
):  # fmt: skip
    _cell(f"the card {_text!r}", "cards", _text, wrong=_wrong)

for _text, _right in (
    ("粤B12345\n粤B67890", ("粤B12345", "粤B67890")), ("粤B12345，粤B67890", ("粤B12345", "粤B67890")),
    ("粤B12345；粤B67890", ("粤B12345", "粤B67890")), ("粤B12345、粤B67890", ("粤B12345", "粤B67890")),
    ("粤B12345/粤BD12345", ("粤B12345", "粤BD12345")), ("粤B12345 粤B67890", ("粤B12345", "粤B67890")),
    ("粤B12345,粤B67890", ("粤B12345", "粤B67890")), ("粤B 12345", ("粤B 12345",)), ("粵Z·1234港", ("粵Z·1234港",)),
    ("MÜ-AB 123", ("MÜ-AB 123",)), ("А123ВС77", ("А123ВС77",)), ("12가3456", ("12가3456",)),
    ("品川300あ12-34", ("品川300あ12-34",)), ("กข 1234", ("กข 1234",)), ("AB12 CDE", ("AB12 CDE",)),
    ("AB12CDE, FG34 HIJ", ("AB12CDE", "FG34 HIJ")), ("粤B･12345", ("粤B･12345",)), ("粤B–12345", ("粤B–12345",)),
):  # fmt: skip
    _cell(f"the plate {_text!r}", "plates", _text, _right)
for _text, _wrong in (
    ("无牌车", "leave it out"), ("粤B12345(备用)", "letters, digits"), ("AB12 CDE FG34 HIJ", "separate several plates by ;"),
    ("粤B12345 粤B678", "separate several plates by ;"), ("А123ВС/77", "separate several plates by ;"),
    ("粤B12345黑色轿车", "with words behind it"), ("张三", "letters, digits"), ("#VALUE!", "an error"), ("N/A", "leave it out"),
):  # fmt: skip
    _cell(f"the plate {_text!r}", "plates", _text, wrong=_wrong)

for _field in ("unit", "bay", "group"):
    for _text in ("12-Mar", "Mar-12", "3月12日", "2026-03-12", "2026/3/12"):
        _cell(f"the {_field} {_text}", _field, _text, wrong="it is a date")
    _cell(f"the {_field} 3-12", _field, "3-12", "3-12")
    _cell(f"a blank in {_field}", _field, " \u3000", "")
for _text in ("#N/A", "#DIV/0!", "Err:502", "#####"):
    _cell(f"{_text} in a name", "holder", _text, wrong="error of the spreadsheet")
_cell("a rounded telephone number", "phone", "1.38E+10", wrong="rounded")
_cell("a guarded telephone number", "phone", "'013812345678", "013812345678")
_cell("an apostrophe in a name", "holder", "'t Hart", "'t Hart")

# ---- workbooks ---------------------------------------------------------------------------------------------------------

_HEAD = ("id", "kind", "unit", "cards", "valid_until", "holder")
_TEN = [(f"p{n}", "monthly", f"3-{n}", 472288 + n, None, "张伟") for n in range(10)]
_ALL_TEN = [one(f"p{n}", unit=f"3-{n}", cards=(str(472288 + n),), holder="张伟") for n in range(10)]
for _dimension in ("A1:H4", "A1", "A1:C2", "B7"):
    _case(f"the dimension {_dimension} on ten rows", "list.xlsx",
          xlsx(_HEAD, *_TEN, before=f'<dimension ref="{_dimension}"/>'), *_ALL_TEN)  # fmt: skip
_case("cells without references", "list.xlsx", xlsx(_HEAD, *_TEN, references=False), *_ALL_TEN)
_case("elements with a prefix", "list.xlsx", xlsx(_HEAD, *_TEN, prefix="x"), *_ALL_TEN)
_case("an empty and a hidden sheet before", "list.xlsx",
      xlsx(_HEAD, *_TEN, others=[("Sheet1", ""), ("旧", ' state="hidden"')]), *_ALL_TEN)  # fmt: skip
_case("a sheet that is named", "list.xlsx", xlsx(_HEAD, *_TEN), *_ALL_TEN, sheet="名单")
_case("a sheet that is not there", "list.xlsx", xlsx(_HEAD, *_TEN), (1, "", "there is no sheet"), sheet="Tower B")
_case("a title above the heading", "list.xlsx", xlsx(("阳光小区车辆登记表",), (), _HEAD, *_TEN,
      after='<mergeCells><mergeCell ref="A1:F1"/></mergeCells>'), *_ALL_TEN, notes="line 3")  # fmt: skip


def _book(name: str, cells: tuple[Any, ...], *outcome: Pass | tuple[int, str, str], **how: Any) -> None:
    _case(name, "list.xlsx", xlsx(_HEAD, ("a", "monthly", *cells), **how), *outcome)


_NO_VALUE = "is a formula without a value; open and save it in a spreadsheet"
_book("a formula without a value", (None, ("", '<f>"0000"&amp;472288</f>')), (2, "cards", f"D2 {_NO_VALUE}"))
_book("a formula with an empty value", (None, ("", "<f>DATE(2027,3,31)</f><v></v>")), (2, "cards", f"D2 {_NO_VALUE}"))
_book(
    "a date formula without a value",
    (None, None, ("", "<f>DATE(2027,3,31)</f><v/>")),
    (2, "valid_until", f"E2 {_NO_VALUE}"),
)
_book("a formula with its value", (None, (' t="str"', '<f>"0000"&amp;472288</f><v>0000472288</v>')),
      one(cards=("0000472288",)))  # fmt: skip
_book("a formula that gives an empty text", (None, (' t="str"', '<f>""</f><v></v>')), one())
_book("an error cell", (None, (' t="e"', "<v>#N/A</v>")), (2, "cards", "D2 holds #N/A"))
_book("an error of a formula", ((' t="e"', "<f>1/0</f><v>#DIV/0!</v>"),), (2, "unit", "C2 holds #DIV/0!"))
_book("a unit that became a date", ((' s="2"', "<v>46093</v>"),), (2, "unit", "it is a date"), formats=["0"])
_book("a day", (None, None, (' s="2"', "<v>46392</v>")), one(valid_until="2027-01-05"), formats=["0"])
_book("a day and midnight", (None, None, (' s="1"', "<v>46392</v>")), one(valid_until="2027-01-05"),
      formats=["yyyy/m/d h:mm"])  # fmt: skip
_book("the end of a day", (None, None, (' s="1"', "<v>46392.999988425923</v>")), one(valid_until="2027-01-05"),
      formats=["yyyy/m/d h:mm:ss"])  # fmt: skip
_book("a day in Chinese", (None, None, (' s="1"', "<v>46392</v>")), one(valid_until="2027-01-05"),
      formats=['[$-804]yyyy"年"m"月"d"日";@'])  # fmt: skip
_book("a day since 1904", (None, None, (' s="2"', "<v>44930</v>")), one(valid_until="2027-01-05"), formats=["0"],
      properties='<workbookPr date1904="1"/>')  # fmt: skip
_book("a day as ISO 8601", (None, None, (' t="d"', "<v>2027-01-05T00:00:00</v>")), one(valid_until="2027-01-05"))
_book("a day that is only a number", (None, None, 46392), (2, "valid_until", "as a spreadsheet counts it"))
_book("a date beyond the calendar", (None, None, (' s="2"', "<v>99999999999</v>")), (2, "valid_until", "beyond the calendar"),
      formats=["0"])  # fmt: skip
_book("a number with a coloured format", (None, (' s="1"', "<v>472288</v>")), one(cards=("472288",)),
      formats=["[Red]#,##0"])  # fmt: skip
_book("a card that is shown with zeros", (None, (' s="1"', "<v>472288</v>")), one(cards=("0000472288",)),
      formats=["0000000000"])  # fmt: skip
_book("a card as a number with a point", (None, ("", "<v>472288.0</v>")), one(cards=("472288",)))
_book("a card in scientific form inside", (None, ("", "<v>4.72288E5</v>")), one(cards=("472288",)))
_book("a card that was rounded", (None, ("", "<v>12345678901234567000</v>")), (2, "cards", "more than 15 digits"))
_book("a text in the cell", (None, None, None, (' t="inlineStr"', "<is><t>张</t><r><t>伟</t></r><rPh><t>zw</t></rPh></is>")),
      one(holder="张伟"))  # fmt: skip
_book("an escaped character", (None, None, None, (' t="inlineStr"', "<is><t>A_x005F_B</t></is>")), one(holder="A_B"))
_book("true and false", ((' t="b"', "<v>1</v>"),), one(unit="TRUE"))
_book("merged cells over rows", ("3-1",), (2, "", "C2:C3 are merged"),
      after='<mergeCells><mergeCell ref="C2:C3"/></mergeCells>')  # fmt: skip
_case("values under no heading", "list.xlsx", xlsx(("id", "kind", None, "unit"), ("a", "staff", "x", "y")),
      (2, "C", "no heading"))  # fmt: skip
_case("a value right of the heading", "list.xlsx", xlsx(("id", "kind"), ("a", "staff", "x")), (2, "", "3 cells"))
_case("rows that only look empty", "list.xlsx", xlsx(("id", "kind"), ("a", "staff"), (" ", "\u3000"), ("b", "staff")),
      one(kind=PassKind.STAFF), one("b", PassKind.STAFF))  # fmt: skip
_case(
    "rows in the middle of a sheet",
    "list.xlsx",
    xlsx(("id", "kind"), ("a", "staff"), first=7),
    one(kind=PassKind.STAFF),
)
_case("an entity", "list.xlsx", xlsx(("id", "kind"), before="&boom;"),
      (1, "", "workbook"))  # fmt: skip

_NUMBER = 'office:value-type="float" office:value="472288"'


def _odt(name: str, cells: tuple[Any, ...], *outcome: Pass | tuple[int, str, str], **how: Any) -> None:
    _case(f"{name} in OpenDocument", "list.ods", ods(_HEAD, ("a", "monthly", *cells), **how), *outcome)


_case("ten rows in OpenDocument", "list.ods", ods(_HEAD, *_TEN), *_ALL_TEN)
_odt("a day", (None, None, ('office:value-type="date" office:date-value="2027-01-05"', "<text:p>5/1/27</text:p>")),
     one(valid_until="2027-01-05"))  # fmt: skip
_odt("a unit that became a date", (('office:value-type="date" office:date-value="2026-03-12"', "<text:p>3-12</text:p>"),),
     (2, "unit", "it is a date"))  # fmt: skip
_odt("a card that is shown with zeros", (None, (_NUMBER, "<text:p>0000472288</text:p>")), one(cards=("0000472288",)))
_odt("a card that is shown with commas", (None, (_NUMBER, "<text:p>472,288</text:p>")), one(cards=("472288",)))
_odt("a formula without a value", (None, ('table:formula="of:=1+1"', "")), (2, "cards", f"D2 {_NO_VALUE}"))
_odt("an error", (None, ('table:formula="of:=NA()" office:value-type="string" calcext:value-type="error"',
     "<text:p>#N/A</text:p>")), (2, "cards", "D2 holds #N/A"))  # fmt: skip
_odt("two lines and blanks", (None, None, None, ('office:value-type="string"',
     '<text:p>A<text:s text:c="2"/>B</text:p>')), one(holder="A  B"))  # fmt: skip
_odt("a comment on a cell", (None, None, None, ('office:value-type="string"',
     "<office:annotation><text:p>old</text:p></office:annotation><text:p>张伟</text:p>")), one(holder="张伟"))  # fmt: skip
_odt("merged cells", (('office:value-type="string" table:number-rows-spanned="2"', "<text:p>3-1</text:p>"),),
     (2, "", "C2:C3 are merged"))  # fmt: skip
_case("a hidden sheet before in OpenDocument", "list.ods", ods(_HEAD, *_TEN, styles='<style:style style:name="ta1"'
      ' style:family="table"><style:table-properties table:display="false"/></style:style>',
      before='<table:table table:name="old" table:style-name="ta1"><table:table-row><table:table-cell'
      ' office:value-type="string"><text:p>id</text:p></table:table-cell></table:table-row></table:table>'), *_ALL_TEN)  # fmt: skip


# ---- what an attack found ----------------------------------------------------------------------------------------------

_cell("marks of a copied card", "cards", "\u202a0472288\u202c", ("0472288",))
_cell("marks of a copied day", "valid_until", "2027-01-05\u200b", "2027-01-05")
_cell("marks of a copied plate", "plates", "\u202a粤B12345\u202c", ("粤B12345",))
_case(
    "a plate with too many digits",
    "list.csv",
    "id,kind,plates\na,staff,京A1000000\n",
    one(kind=PassKind.STAFF, plates=("京A1000000",)),
    notes="no whole plate",
)
_cell("a no-break blank", "valid_until", "2027-01-05\u00a0", "2027-01-05")
_cell("a cell of blanks and a number", "cards", "12345678" + " " * 60_000 + "x", wrong="separate")
_cell("a day with sixty thousand blanks", "valid_until", "2027-01-05" + " " * 60_000, "2027-01-05")
_case(
    "a heading of two hundred thousand columns",
    "list.csv",
    "id,kind" + ",x" * 200_000 + "\n",
    (1, "", "512 are the most"),
)
_case(
    "heading cells of two lines and with stars",
    "list.csv",
    '*编号,"类型\n(必填)",车牌 号码\na,月卡,粤B12345\n',
    one(plates=("粤B12345",)),
)
_case("a footer with a sum", "list.csv", CHINESE + ROW + "合计,1,,,,,,\n", (3, "kind", "give one of"))
_case(
    "a cover sheet before",
    "list.xlsx",
    xlsx(("id", "kind"), ("a", "staff"), others=[("封面", "")], other=(("阳光小区",), ("2026年",))),
    one(kind=PassKind.STAFF),
)
_case(
    "a list on each of two sheets",
    "list.xlsx",
    xlsx(("id", "kind"), ("a", "staff"), others=[("2栋", "")], other=(("id", "kind"), ("b", "staff"))),
    (1, "", "2栋, 名单; say which with --sheet"),
)
_case(
    "the named one of two sheets",
    "list.xlsx",
    xlsx(("id", "kind"), ("a", "staff"), others=[("2栋", "")], other=(("id", "kind"), ("b", "staff"))),
    one(kind=PassKind.STAFF),
    sheet="名单",
)
_case(
    "hidden rows",
    "list.xlsx",
    xlsx(("id", "kind"), ("a", "staff"), hidden=True),
    one(kind=PassKind.STAFF),
    notes="hidden rows",
)

for _field in ("note", "schedule"):
    _case(
        f"a day in the {_field}",
        "list.xlsx",
        xlsx(("id", "kind", _field), ("a", "monthly", (' s="2"', "<v>46392</v>")), formats=["0"]),
        one(note="2027-01-05") if _field == "note" else (2, "schedule", "2027-01-05"),
    )

for _field, _number, _format, _right in (
    ("plates", "12345", '"粤B"00000', ("粤B12345",)),
    ("unit", "501", '"3栋"0', "3栋501"),
    ("unit", "501", "#号", "501号"),
    ("unit", "3.1", "0.00", "3.10"),
    ("unit", "12", "00-00", "00-12"),
    ("unit", "12503", r"0\-00\-00", "1-25-03"),
    ("bay", "7", '"B1-"000', "B1-007"),
    ("cards", "472288", "#,##0", ("472288",)),
    ("cards", "472288", "0.00", ("472288",)),
    ("cards", "472288", "0_ ", ("472288",)),
    ("cards", "472288", "# ##0", ("472288",)),
    ("cards", "472288", '"¥"#,##0', ("472288",)),
    ("cards", "472288", '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', ("472288",)),
    ("cards", "472288", "0.00E+00", ("472288",)),
    ("cards", "472288", '[<=999]"A"000;0', ("472288",)),
    ("phone", "13812345678", "000-0000-0000", "138-1234-5678"),
):
    _case(f"the {_field} {_number} that is shown by {_format}", "list.xlsx",
          xlsx(("id", "kind", _field), ("a", "monthly", (' s="1"', f"<v>{_number}</v>")), formats=[_format]),
          one(**{_field: _right}))  # fmt: skip
for _field, _number, _shown, _right in (
    ("plates", "12345", "粤B12345", ("粤B12345",)),
    ("unit", "501", "3栋501", "3栋501"),
    ("unit", "3.1", "3.10", "3.10"),
    ("unit", "12", "00-12", "00-12"),
    ("cards", "472288", "472288.00", ("472288",)),
    ("cards", "472288", "4.72E+05", ("472288",)),
    ("cards", "472288", "###", ("472288",)),
    ("cards", "472288", "472\u202f288", ("472288",)),
    ("cards", "472288", "472'288", ("472288",)),
):
    _case(f"the {_field} {_number} that is shown as {_shown} in OpenDocument", "list.ods",
          ods(("id", "kind", _field), ("a", "monthly",
          (f'office:value-type="float" office:value="{_number}"', f"<text:p>{_shown}</text:p>"))),
          one(**{_field: _right}))  # fmt: skip
_case("a card that is shown with a dash", "list.xlsx",
      xlsx(("id", "kind", "cards"), ("a", "monthly", (' s="1"', "<v>4722881</v>")), formats=["000-00000"]),
      (2, "cards", "in decimal"))  # fmt: skip

for _text in ("0", "00000000", "0.0", "无", "/", "-", "none"):
    _cell(f"no card as {_text}", "cards", _text, wrong="leave it empty")
_case(
    "a card in hex", "list.csv", "id,kind,cards\na,monthly,000734E0\n", one(cards=("000734E0",)), notes="write 472288"
)
_cell("an EPC", "cards", "E28011606000020612345678", ("E28011606000020612345678",))
for _text, _wrong in (("粤B12345 13800000000", "the plate alone, as 粤B12345"), ("蓝粤B12345", "give 粤B12345 alone"),
                      ("ABC-1234或DEF-5678", "by ;"), ("粤B12345+粤B54321", "by ;"), ("粤B12345 蓝牌", "plate alone")):  # fmt: skip
    _cell(f"the plate {_text}", "plates", _text, wrong=_wrong)
_cell("a plate of Izumi", "plates", "和泉300あ12-34", ("和泉300あ12-34",))
_cell("a plate of the armed police", "plates", "WJ京1234X", ("WJ京1234X",))
for _encoding in ("utf-8", "gb18030"):
    _case(f"the mark of the end in {_encoding}", "list.csv", (CHINESE + ROW + "\x1a").encode(_encoding), TAKEN)
_case("an end that is filled up", "list.csv", CHINESE + ROW + "\0" * 512, TAKEN)
_case("a page that ends in .xlsx", "list.xlsx", "<html></html>", (1, "", "save it as .xlsx"))
_case("half a workbook", "list.xlsx", xlsx(("id", "kind"), ("a", "staff"))[:400], (1, "", "save it again"))
_case("an empty text file", "list.csv", "", (1, "", "it is empty"))
_case("an empty workbook file", "list.xlsx", b"", (1, "", "it is empty"))
_case("the heading once more", "list.csv", CHINESE + ROW + CHINESE, (3, "kind", "delete it"))
_case("a line of who made it", "list.csv", CHINESE + ROW + "制表人：李四,,,,审核：王五,,,\n", (3, "kind", "delete it"))
_case("headings of an access control program", "list.csv", "人员编号,卡类,人员姓名,车牌号码,有效截止日期\na,月卡,张伟,粤B12345,2027/1/5\n",
      one(holder="张伟", plates=("粤B12345",), valid_until="2027-01-05"))  # fmt: skip
_case("a quotation mark inside a cell", "list.csv", CHINESE + 'a,月卡,李"四",,"3栋" 5,,,\n', (2, "", "as two"))
_case("a heading of two rows", "list.xlsx", xlsx(("id", "kind", "有效期", None), (None, None, "起", "止")),
      (2, "", "name column D"))  # fmt: skip

_case("parts that are named with backslashes", "list.xlsx", backslashed(xlsx(_HEAD, *_TEN)), *_ALL_TEN)


def named(name: str) -> Case:
    """A case by its name."""
    return next(case for case in CASES if case.name == name)


def written(case: Case, folder: Any) -> Any:
    """The file of a case in a folder."""
    path = folder / case.file
    path.write_bytes(case.content)
    return path
