"""A pass of one row: where its cells stand, which blanks count, and what a guarded formula means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.checks import PassFieldError
from gateway.store.passes.files.cells import Cells, from_json
from gateway.store.passes.files.lines import Remark, RowError, Span, Typed

NAMES = ["kind", "id", "note", "plates"]


def taken(*row: str, names: list[str] = NAMES) -> Pass:
    return Cells(names)(list(row))


def test_cells_are_read_by_the_names_of_their_columns() -> None:
    assert taken("staff", "a", "n", "AB1") == Pass("a", PassKind.STAFF, note="n", plates=("AB1",))


def test_every_column_has_its_field() -> None:
    names = [
        "id", "kind", "holder", "phone", "unit", "plates", "cards", "bay", "valid_from", "valid_until", "schedule",
        "lanes", "group", "note", "revision",
    ]  # fmt: skip
    row = [
        " a ", "monthly", " h", "p", "u", "AB1;AB2", "1;2", "b", " 2026-01-01 ", " 2026-12-31 ", "mon 08:00-09:00",
        "in;out", "g", "n", "3",
    ]  # fmt: skip
    assert taken(*row, names=names) == Pass(
        "a", PassKind.MONTHLY, " h", "p", "u", ("AB1", "AB2"), ("1", "2"), "b", "2026-01-01", "2026-12-31",
        "mon 08:00-09:00", ("in", "out"), "g", "n", 3,
    )  # fmt: skip


@pytest.mark.parametrize("row", [("staff", "a"), ("staff", "a", ""), ("staff", "a", "", "", "", "")])
def test_cells_that_are_missing_or_too_many_and_empty_are_nothing(row: tuple[str, ...]) -> None:
    assert taken(*row) == Pass("a", PassKind.STAFF)


def test_a_cell_too_many_that_holds_something_is_told() -> None:
    with pytest.raises(RowError, match=r"^it has 5 cells and the heading has 4; name column E "):
        taken("staff", "a", "", "", "x")


def test_a_row_that_could_not_be_taken_apart_stays_an_error() -> None:
    error = RowError("so said")
    with pytest.raises(RowError) as caught:
        Cells(NAMES)(error)
    assert caught.value is error


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("'=1", "=1"), ("''=1", "'=1"), ("'+1", "+1"), ("'-1", "-1"), ("'@a", "@a"), ("'\ta", "\ta"), ("'a", "'a"),
        ("'", "'"), ("=1", "=1"), ("a'=1", "a'=1"), ("a\r\nb", "a\nb"), ("'=1\r\nb", "=1\nb"), ("it's", "it's"),
    ],
)  # fmt: skip
def test_an_apostrophe_is_taken_away_where_it_guards_a_formula(cell: str, meant: str) -> None:
    assert taken("staff", "a", cell, "").note == meant


@pytest.mark.parametrize("text", ["staff", "Staff", " STAFF ", "staff\t"])
def test_a_kind_is_known_however_it_is_typed(text: str) -> None:
    assert taken(text, "a").kind is PassKind.STAFF


@pytest.mark.parametrize("text", ["", "stuff", "monthly staff"])
def test_another_kind_is_told_with_those_that_are_known(text: str) -> None:
    with pytest.raises(PassFieldError) as caught:
        taken(text, "a")
    assert (caught.value.field, caught.value.value) == ("kind", text)
    assert caught.value.reason == "give one of monthly, temporary, staff, blocked"


@pytest.mark.parametrize(
    ("cell", "items"),
    [("AB1", ("AB1",)), ("AB1;AB2", ("AB1", "AB2")), (" AB1 ; ;AB2;", ("AB1", "AB2")), (";", ()), ("", ())],
)
def test_a_list_is_parted_by_semicolons(cell: str, items: tuple[str, ...]) -> None:
    assert taken("staff", "a", "", cell).plates == items


@pytest.mark.parametrize(("cell", "number"), [("", 0), ("0", 0), (" 7 ", 7), ("9" * 15, 10**15 - 1)])
def test_a_revision_is_a_whole_number(cell: str, number: int) -> None:
    assert taken("a", "staff", cell, names=["id", "kind", "revision"]).revision == number


@pytest.mark.parametrize("cell", ["-1", "1.0", "x", " ", "9" * 16])
def test_another_revision_is_refused(cell: str) -> None:
    with pytest.raises(PassFieldError, match="give a whole number, or leave it empty"):
        taken("a", "staff", cell, names=["id", "kind", "revision"])


@pytest.mark.parametrize(
    ("line", "says"),
    [(b"{", "^it is not JSON"), (b"[]", "not a JSON object; write one pass a line$"), (b"7", "not a JSON object")],
)
def test_a_line_that_is_no_object_is_told(line: bytes, says: str) -> None:
    with pytest.raises(RowError, match=says):
        from_json(line)


def test_a_line_of_json_is_a_pass() -> None:
    assert from_json(b'{"id":"a","kind":"staff","cards":["7"]}') == Pass("a", PassKind.STAFF, cards=("7",))


# ---- many rows at once ---------------------------------------------------------------------------------------------

LONG = ["id", "kind", "holder", "unit", "plates", "cards", "valid_from", "valid_until", "lanes", "note", "revision"]
USUAL = ["p-1", "monthly", "张伟", "3-1201", "粤B12345", "0042", "2026-01-01", "2026-12-31", "in;out", "x", "3"]
CELLS = {
    "id": ["a", "p_1", "1e-5", "12-mar", " a", "ａ", "", "a b", "x" * 65, "=1"],
    "kind": ["staff", "月卡", "", "nobody", '="staff"'],
    "holder": ["李娜", "O'Neill", "", "'t Hart", "#N/A", "a\x07b", "a\nb", "h" * 201, "=1+1", " "],
    "unit": ["", "3-1201", "12-Mar", "1e+5", "2026-1", "'=1"],
    "plates": ["", "京A12345", "粤B·12345", "粤B12345;粤B12346", "AB1", "无牌车", "粤b12345", "粤B1234O"],
    "cards": ["", "7", "0007", "000", "1" * 20, "1" * 21, "E2001", "1;2", "x", "٣"],
    "valid_from": ["", "2026-01-02", "2026/1/2", "2027-01-01", "soon", "0001-01-01"],
    "valid_until": ["", "2026-12-31", "9999-12-31", "2026-12-31T18:00:00+08:00", "2025-01-01", "长期"],
    "lanes": ["", "in", "in；out", "a b"],
    "note": ["", "n", "a\r\nb", "a\tb", "n" * 300, "'=1"],
    "revision": ["", "0", "17", "-1", "x"],
}


def each(rows: list[list[str]]) -> list[Pass]:
    return [Cells(LONG)(list(row)) for row in rows]


@given(st.lists(st.lists(st.tuples(st.sampled_from(LONG), st.integers(0, 9)), max_size=2), min_size=5, max_size=12))
def test_usual_rows_are_what_they_are_one_by_one_or_none_of_them_is(changes: list[list[tuple[str, int]]]) -> None:
    rows = [list(USUAL) for _ in changes]
    for row, changed in zip(rows, changes, strict=True):
        for name, at in changed:
            row[LONG.index(name)] = CELLS[name][at % len(CELLS[name])]
    before = [list(row) for row in rows]
    found = Cells(LONG).usual(rows)
    assert rows == before
    if found is not None:
        assert found == each(rows)


@pytest.mark.parametrize(
    ("name", "at"), [("id", 1), ("kind", 1), ("holder", 1), ("holder", 2), ("unit", 0), ("unit", 1), ("plates", 0),
                     ("plates", 1), ("plates", 2), ("plates", 3), ("plates", 7), ("cards", 0), ("cards", 2),
                     ("cards", 4), ("cards", 6), ("cards", 7), ("valid_until", 3), ("lanes", 2)],
)  # fmt: skip
def test_rows_that_are_usual_are_read_together(name: str, at: int) -> None:
    rows = [list(USUAL) for _ in range(10)]
    rows[3][LONG.index(name)] = CELLS[name][at]
    assert Cells(LONG).usual(rows) == each(rows)


@pytest.mark.parametrize(
    "row", [USUAL[:-1], [*USUAL, ""], Typed(USUAL), RowError("x"), Span((3, "A1:B2")), Remark("hidden rows")]
)
def test_rows_of_another_kind_are_looked_at_one_by_one(row: object) -> None:
    assert Cells(LONG).usual([*(list(USUAL) for _ in range(10)), row]) is None


@pytest.mark.parametrize("names", [["id", "kind", "plates", "plates"], ["id", "kind", "", "note"]])
def test_columns_that_belong_together_or_have_no_heading_are_looked_at_row_by_row(names: list[str]) -> None:
    assert Cells(names).usual([["a", "staff", "", "粤B12345"]] * 10) is None
