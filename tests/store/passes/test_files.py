"""Pass lists as files."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from gateway.core.access.rules import days_left
from gateway.core.people.texts import FORBIDDEN
from gateway.core.vocabulary.errors import GatehouseError, PassError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.bulk import import_file
from gateway.store.passes.checks import check_pass
from gateway.store.passes.files.reading import BAD_MAX, BadRow, PassFileError, read_passes
from gateway.store.passes.files.writing import write_passes
from gateway.store.passes.registry import PassRegistry

FULL = Pass(
    id="p-1",
    kind=PassKind.MONTHLY,
    holder="李雷",
    phone="+86 139",
    unit="3-1201",
    plates=("粤B·12345", "粤BD12345"),
    cards=("0472288", "E2001"),
    bay="12",
    valid_from="2026-01-01",
    valid_until="2026-11-30T18:00:00+08:00",
    schedule="mon-fri 08:00-18:00; sat 09:00-12:00",
    lanes=("in", "out"),
    group="g",
    note='=HYPERLINK("x"), "quoted"\nsecond line',
    revision=4,
)
SUFFIXES = [".csv", ".xlsx", ".jsonl", ".ndjson"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_list_comes_back_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    passes = [FULL, Pass("b", PassKind.BLOCKED)]
    assert write_passes(tmp_path / f"list{suffix}", passes) == 2
    assert list(read_passes(tmp_path / f"list{suffix}")) == passes


_nasty = st.sampled_from("=+-@'\t;,\"\n ab李🚗·0_x")
_words = st.text(_nasty | st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Co"]), max_size=12)


@settings(max_examples=80, deadline=None)
@given(texts=st.lists(_words, min_size=5, max_size=5), suffix=st.sampled_from(SUFFIXES))
def test_no_text_is_changed_on_the_way_out_and_in(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], suffix: str
) -> None:
    *lines, note = (re.sub(rf"[{FORBIDDEN}]", lambda mark: mark[0] if mark[0] in "\n\t" else "", one) for one in texts)
    holder, phone, unit, bay = (re.sub(r"[\n\t]", "", line) for line in lines)
    passes = [Pass("a", PassKind.STAFF, holder=holder, phone=phone, unit=unit, bay=bay, note=note)]
    path = tmp_path_factory.mktemp("list") / f"list{suffix}"
    write_passes(path, passes)
    assert list(read_passes(path)) == passes


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@x", "\t=1", "'=1", "''=1"])
def test_no_cell_can_run_as_a_formula(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.csv"
    write_passes(path, [Pass("a", PassKind.STAFF, note=text)])
    with path.open(encoding="utf-8-sig", newline="") as file:
        cell = next(csv.DictReader(file))["note"]
    assert cell == f"'{text}"
    assert next(read_passes(path)).note == text


ODD_TEXTS = (
    "#N/A",
    "3月12日",
    "12-Mar",
    "2026-03-12",
    "1.3E+10",
    " ",
    "'007",
    "''007",
    "'",
    "''",
    '="7"',
    "Err:502",
    "0x7",
)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_text_that_an_import_would_refuse_comes_back_from_an_export(tmp_path: Path, suffix: str, text: str) -> None:
    passes = [Pass("2026-03-12", PassKind.STAFF, holder=text, phone=text, unit=text, bay=text, group=text, note=text)]
    write_passes(tmp_path / f"list{suffix}", passes)
    assert list(read_passes(tmp_path / f"list{suffix}")) == passes


def test_an_apostrophe_that_guards_nothing_stays(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,kind,holder\na,staff,'t Hart\nb,staff,O'Neill\n")
    assert [one.holder for one in read_passes(path)] == ["'t Hart", "O'Neill"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_read_as_any_spreadsheet_saves_it(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "list.csv"
    lines = ["id,kind,holder,plates", "a,monthly,李雷,粤B·1;粤B2", "b,staff,王五,"]
    path.write_bytes(end.join(lines).encode(encoding))
    found = list(read_passes(path))
    assert [(one.holder, one.plates) for one in found] == [("李雷", ("粤B·1", "粤B2")), ("王五", ())]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_columns_may_be_parted_by_semicolons_or_tabs(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f'ID{mark}Kind{mark}Cards\n a {mark}Monthly{mark}"1;2"\n')
    assert list(read_passes(path)) == [Pass("a", PassKind.MONTHLY, cards=("1", "2"))]


def test_blank_lines_and_missing_last_cells_are_nothing_bad(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,kind,holder,bay\n\na,staff\n,,,\nb,staff,x,y\n\n")
    assert [(one.id, one.bay) for one in read_passes(path)] == [("a", ""), ("b", "y")]


BAD_CSV = """id,kind,cards,valid_from,valid_until,schedule,revision
good,monthly,12,,,,
x1,yearly,12,,,,
x2,monthly,12x,,,,
x3,monthly,,2026-02-30,,,
x4,monthly,,2026-03-01,2026-02-01,,
x5,monthly,,,,always,
good,monthly,,,,,
x 6,monthly,,,,,
,monthly,,,,,
x7,monthly,,,,,two
x8,monthly,,,,,,,9
also-good,staff,,,,,
"""


def test_every_bad_row_is_told_by_line_column_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(BAD_CSV)
    taken: list[Pass] = []
    with pytest.raises(PassFileError) as caught:
        taken.extend(read_passes(path))
    assert [one.id for one in taken] == ["good"]
    found = [(row.line, row.column) for row in caught.value.rows]
    assert found == [
        (3, "kind"), (4, "cards"), (5, "valid_from"), (6, "valid_until"), (7, "schedule"),
        (8, "id"), (9, "id"), (10, "id"), (11, "revision"), (12, ""),
    ]  # fmt: skip
    assert caught.value.count == 10
    assert "line 3, kind: is 'yearly'; give one of monthly, temporary" in str(caught.value)


def test_a_wrong_heading_is_told_once_and_not_for_each_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,colour,id\na,red,b\nb,red,c\n")
    with pytest.raises(PassFileError) as caught:
        list(read_passes(path))
    assert [(row.line, row.column) for row in caught.value.rows] == [
        (1, "id"), (1, "colour"), (1, "id"), (1, "kind"),
    ]  # fmt: skip


def test_a_list_of_nothing_but_mistakes_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,kind\n" + "x,y\n" * 5000)
    with pytest.raises(PassFileError) as caught:
        list(read_passes(path))
    assert (len(caught.value.rows), caught.value.count) == (BAD_MAX, 5000)
    assert "and 4000 more" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'id,kind\na,"staff\n', 2),
        (b"id,kind\na,staff\n\xff\xff\xff,\x80\n", 3),
        (b"id,kind\na,\x00\n", 2),
        (b"", 1),
        (b"id,kind\n" + b"x" * 200_000, 2),
        (b"id,kind\n" + b"x" * 3_000_000, 1),
    ],
)
def test_a_file_that_is_no_csv_is_refused_with_a_line(tmp_path: Path, content: bytes, line: int) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(PassFileError) as caught:
        list(read_passes(path))
    assert caught.value.rows[0].line == line


def test_json_lines_are_checked_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text('\ufeff{"id":"a","kind":"staff"}\n\nnonsense\n[1]\n{"id":"b","kind":"staff","cards":"12"}\n')
    with pytest.raises(PassFileError) as caught:
        list(read_passes(path))
    assert [(row.line, row.column) for row in caught.value.rows] == [(3, ""), (4, ""), (5, "cards")]


def _workbook(path: Path, *rows: tuple[object, ...]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_numbers_and_dates_of_excel_are_read_as_they_are_meant(tmp_path: Path) -> None:
    from datetime import datetime

    path = _workbook(
        tmp_path / "list.xlsx",
        ("id", "kind", "cards", "valid_until", "unit"),
        (7, "monthly", 472288, datetime(2026, 11, 30), 1201.0),
        (None, None, None, None, None),
        ("b", "staff", "1; 2", None, 2.5),
    )
    first, second = read_passes(path)
    assert (first.id, first.cards, first.valid_until, first.unit) == ("7", ("472288",), "2026-11-30", "1201")
    assert (second.cards, second.unit) == (("1", "2"), "2.5")


def test_a_number_that_excel_has_rounded_is_refused(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "list.xlsx", ("id", "kind", "cards"), ("a", "staff", 12345678901234567890))
    with pytest.raises(PassFileError, match="format the column as text"):
        list(read_passes(path))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"id,kind\na,staff\n"])
def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    with pytest.raises(PassFileError, match="not an Excel workbook"):
        list(read_passes(path))


def test_a_name_that_tells_nothing_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GatehouseError, match=r"\.csv, \.xlsx"):
        read_passes(tmp_path / "list")
    with pytest.raises(GatehouseError, match=r"save it as \.xlsx"):
        read_passes(tmp_path / "list.xls")
    with pytest.raises(PassError, match="cannot be read"):
        list(read_passes(tmp_path / "none.csv"))


def test_an_export_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("old")

    def broken():  # type: ignore[no-untyped-def]
        yield FULL
        raise PassError("stop")

    with pytest.raises(PassError):
        write_passes(path, broken())
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["list.csv"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "x/y"), ("id", ""), ("id", None), ("kind", ""), ("kind", 7), ("holder", "x" * 201), ("note", "x" * 2001),
        ("holder", "a\x00b"), ("phone", 139), ("plates", ["?"]), ("plates", "粤B1"), ("plates", ["粤B1"] * 51),
        ("cards", ["12 34"]), ("cards", [12]), ("lanes", ["a b"]), ("valid_from", "30.11.2026"),
        ("valid_until", "2026-11-30T18:00:00"), ("schedule", "weekends"), ("revision", -1), ("revision", "x"),
        ("colour", "red"),
    ],
)  # fmt: skip
def test_a_pass_that_is_wrong_is_told_by_field(field: str, value: object) -> None:
    document = {"id": "a", "kind": "monthly", field: value}
    with pytest.raises(PassError) as caught:
        check_pass(document)
    assert caught.value.field == field  # type: ignore[attr-defined]
    assert str(caught.value).startswith(f"{field} is ")


# ---- in a process of its own -------------------------------------------------------------------------------------


@pytest.mark.real
def test_an_import_in_a_process_of_its_own_does_what_it_does_here(tmp_path: Path) -> None:
    database, file = tmp_path / "registry.db", tmp_path / "list.csv"
    PassRegistry(database, writer=True).close()
    passes = [Pass(f"p{n}", PassKind.MONTHLY, cards=(str(n),)) for n in range(1, 5001)]
    write_passes(file, passes)
    seen: list[int] = []
    assert import_file(database, file, dry_run=True).created == 5000
    result = import_file(database, file, progress=seen.append)
    assert (result.created, seen) == (5000, [2000, 4000, 5000])
    registry = PassRegistry(database, writer=True)
    assert registry.find("card", "4321")[0].id == "p4321"
    assert registry.import_passes(passes).digest == result.digest
    registry.close()


@pytest.mark.real
def test_bad_rows_are_told_by_the_other_process_as_here(tmp_path: Path) -> None:
    database, file = tmp_path / "registry.db", tmp_path / "list.csv"
    PassRegistry(database, writer=True).close()
    file.write_text("id,kind\na,staff\nb,nobody\n")
    with pytest.raises(PassFileError) as caught:
        import_file(database, file)
    assert caught.value.rows == (BadRow(3, "kind", "is 'nobody'; give one of monthly, temporary, staff, blocked"),)
    with pytest.raises(PassError, match="cannot be read"):
        import_file(database, tmp_path / "none.csv")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl"])
def test_a_pipe_or_a_folder_is_no_pass_list_and_is_not_waited_for(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(pipe := tmp_path / f"pipe{suffix}")
    (folder := tmp_path / f"folder{suffix}").mkdir()
    for path in (pipe, folder):
        with pytest.raises(PassError, match="no ordinary file"):
            list(read_passes(path))


def test_a_workbook_that_unpacks_to_more_than_memory_holds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as parts:
        parts.writestr("xl/sharedStrings.xml", bytes(2_000_000))
    monkeypatch.setattr("gateway.store.passes.files.workbooks.UNPACKED_MAX_BYTES", 1_000_000)
    with pytest.raises(PassFileError, match="unpacks to 2 MB"):
        list(read_passes(path))


# ---- dates as other systems write them -------------------------------------------------------------------------------

FOR_EVER = ["9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-12:00"]


def _list_of(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Cells as they are, in the form that the suffix says."""
    if path.suffix == ".xlsx":
        book = Workbook()
        for line in [list(rows[0]), *(list(row.values()) for row in rows)]:
            book.active.append(line)  # type: ignore[union-attr]
        book.save(path)
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", FOR_EVER)
def test_an_end_in_the_year_9999_is_taken_in_every_form_of_list(tmp_path: Path, suffix: str, text: str) -> None:
    path = _list_of(tmp_path / f"list{suffix}", [{"id": "a", "kind": "staff", "valid_until": text}])
    assert [one.valid_until for one in read_passes(path)] == [text]


def test_a_date_cell_in_the_year_9999_is_taken_too(tmp_path: Path) -> None:
    cells = [datetime(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59)]
    rows = [{"id": f"p{n}", "kind": "staff", "valid_until": cell} for n, cell in enumerate(cells)]
    found = list(read_passes(_list_of(tmp_path / "list.xlsx", rows)))
    assert [days_left(one, 0, UTC) for one in found] == [None, None]  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", ["0000-01-01", "2026-11-30T24:00:01Z", "2016-12-31T23:59:60Z", "12026-01-01"])
def test_a_date_that_cannot_be_is_named_by_line_and_column_with_a_remedy(
    tmp_path: Path, suffix: str, text: str
) -> None:
    path = _list_of(tmp_path / f"list{suffix}", [{"id": "a", "kind": "staff", "valid_until": text}])
    with pytest.raises(PassFileError, match="in the years 1 to 9998") as told:
        list(read_passes(path))
    assert told.value.rows[0].column == "valid_until"
    assert text in told.value.rows[0].reason


def test_a_date_cell_beyond_the_calendar_is_a_bad_row_and_no_traceback(tmp_path: Path) -> None:
    path = _list_of(tmp_path / "list.xlsx", [{"id": "a", "kind": "staff", "valid_until": datetime(2026, 1, 1)}])
    raw = tmp_path / "raw.xlsx"
    with ZipFile(path) as old, ZipFile(raw, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = re.sub(rb"<v>[0-9]{5}(?:\.0)?</v>", b"<v>99999999999</v>", content)
                assert b"99999999999" in content
            new.writestr(name, content)
    with pytest.raises(PassFileError, match=r"valid_until: .*beyond the calendar"):
        list(read_passes(raw))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "plate", ["无牌", "无牌车", "无车牌", "暂无", "待定", "unknown", "null", "n/a", "00000000", "-"]
)
def test_a_plate_that_says_there_is_none_is_refused_in_every_form_of_list(
    tmp_path: Path, suffix: str, plate: str
) -> None:
    plates = [plate] if suffix in (".jsonl", ".ndjson") else plate
    path = _list_of(tmp_path / f"list{suffix}", [{"id": "a", "kind": "staff", "plates": plates}])
    with pytest.raises(PassFileError, match=r"says that there is no plate, .*; leave it out") as told:
        list(read_passes(path))
    assert (told.value.rows[0].column, told.value.rows[0].reason.partition(";")[0]) == ("plates", f"is {plate!r}")


def test_the_process_of_an_import_is_modest_and_dies_with_the_engine() -> None:
    code = (
        "import ctypes, os; from gateway.store.passes import feed; feed.be_modest(); told = ctypes.c_int(); "
        "ctypes.CDLL(None).prctl(2, ctypes.byref(told)); print(told.value, os.nice(0))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert told == [str(signal.SIGKILL.value), str(min(19, os.nice(0) + 10))]
