"""The journal as a table for people: CSV and Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from tests.web_api.conftest import JOURNAL_ID, SECOND_NS, START_NS, Write, held
from web.api.journal.exports import COLUMNS
from web.api.journal.xlsx import workbook

Tokens = Callable[..., dict[str, str]]


@pytest.fixture
def rows(client: FlaskClient, token: Tokens) -> Callable[..., list[dict[str, str]]]:
    headers = token("events:read")

    def read(**query: Any) -> list[dict[str, str]]:
        answer = client.get("/api/v1/events.csv", query_string=query, headers=headers)
        assert answer.status_code == 200, answer.text
        text = answer.data.decode("utf-8-sig")
        answer.close()
        return list(csv.DictReader(io.StringIO(text)))

    return read


Rows = Callable[..., list[dict[str, str]]]


def instant(number: int) -> str:
    from gateway.store.times import rfc3339

    return rfc3339(START_NS + number * SECOND_NS)


def test_each_event_is_a_line_with_its_parts_in_columns(rows: Rows, write: Write) -> None:
    write(1, credential={"kind": "card", "value": "472288"}, **{"pass": "p-1"}, reason="valid_pass", by=None)
    (row,) = rows()
    assert (row["id"], row["type"], row["subject"]) == (f"{JOURNAL_ID}.1", "gatehouse.access.granted", "lanes/in")
    assert (row["credential_kind"], row["credential"], row["pass"], row["by"]) == ("card", "472288", "p-1", "")
    assert row["time"] == instant(1)
    assert '"value":"472288"' in row["data"]


def test_many_pages_come_in_order_and_whole(rows: Rows, write: Write) -> None:
    write(1234)
    assert [row["id"] for row in rows()] == [f"{JOURNAL_ID}.{number}" for number in range(1, 1235)]


def test_from_is_inclusive_and_to_is_not(rows: Rows, write: Write) -> None:
    write(5)
    found = rows(**{"from": instant(2), "to": instant(4)})
    assert [row["id"] for row in found] == [f"{JOURNAL_ID}.2", f"{JOURNAL_ID}.3"]


def test_a_day_is_a_day_at_the_site_and_the_last_one_is_included(rows: Rows, write: Write) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    write(2)
    day = datetime.fromtimestamp(START_NS // SECOND_NS, ZoneInfo("Asia/Shanghai")).date().isoformat()
    assert len(rows(**{"from": day, "to": day})) == 2
    assert rows(**{"from": "2030-01-01"}) == []
    assert rows(to="2020-01-01") == []


def test_only_the_types_asked_for(rows: Rows, write: Write) -> None:
    write(2)
    write(1, "access.denied")
    assert [row["type"] for row in rows(type="gatehouse.access.denied")] == ["gatehouse.access.denied"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_only_text(rows: Rows, write: Write, text: str) -> None:
    write(1, reason=text)
    assert rows()[0]["reason"] == "'" + text


@pytest.mark.parametrize(
    "query", [{"from": "yesterday"}, {"to": "2026-13-01"}, {"from": "2026-11-21T08:00:00"}, {"form": "x"}]
)
def test_a_time_that_cannot_be_read_is_a_400(
    client: FlaskClient, token: Tokens, write: Write, query: dict[str, str]
) -> None:
    answer = client.get("/api/v1/events.csv", query_string=query, headers=token("events:read"))
    assert (answer.status_code, answer.json["code"]) == (400, "request_invalid")


def test_the_workbook_holds_the_same(client: FlaskClient, token: Tokens, write: Write) -> None:
    write(3, reason="=1+1")
    answer = client.get("/api/v1/events.xlsx", headers=token("events:read"))
    assert 'filename="events.xlsx"' in answer.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    head, *lines = [tuple(cell.value for cell in row) for row in sheet.iter_rows()]
    assert head == COLUMNS
    assert [line[0] for line in lines] == [f"{JOURNAL_ID}.{number}" for number in (1, 2, 3)]
    assert lines[0][COLUMNS.index("reason")] == "'=1+1"


def test_a_full_sheet_goes_on_on_the_next() -> None:
    rows = [(str(number), "x") for number in range(5)]
    book = load_workbook(io.BytesIO(b"".join(workbook(("n", "text"), rows, sheet_rows=2))))
    read = [[tuple(cell.value for cell in row) for row in sheet.iter_rows()] for sheet in book.worksheets]
    assert read == [[("n", "text"), *rows[:2]], [("n", "text"), *rows[2:4]], [("n", "text"), *rows[4:]]]


def test_every_text_comes_out_of_a_workbook_as_it_went_in() -> None:
    texts = ["<&>\"'", "京A·12345", "two\nlines", "  blanks  ", "=1+1", "\U0001f697", ""]
    book = load_workbook(io.BytesIO(b"".join(workbook(texts, [texts]))))
    read = [cell.value or "" for cell in list(book.worksheets[0].iter_rows())[1]]
    assert read == texts


def test_what_no_spreadsheet_can_hold_is_replaced_or_cut() -> None:
    book = load_workbook(io.BytesIO(b"".join(workbook(("a", "b"), [("x\x00\x1by", "z" * 40_000)]))))
    replaced, cut = (cell.value for cell in list(book.worksheets[0].iter_rows())[1])
    assert (replaced, len(cut)) == ("x\ufffd\ufffdy", 32_767)


def test_a_workbook_is_sent_while_it_is_made() -> None:
    from itertools import islice

    taken: list[int] = []

    def rows() -> Iterator[tuple[str, ...]]:
        for number in range(200_000):
            taken.append(number)
            yield (f"{number * 7919 % 1_000_003}", str(hash(number * 31)), "text" + str(number))

    parts = workbook(("a", "b", "c"), rows())
    assert next(parts) and len(taken) < 100_000
    assert sum(map(len, islice(parts, 10_000))) > 0 and len(taken) == 200_000


def test_two_exports_at_a_time_and_the_third_comes_later(
    client: FlaskClient, app: Flask, token: Tokens, write: Write
) -> None:
    write(1)
    headers = token("events:read")
    first = client.get("/api/v1/events.csv", headers=headers, buffered=False)
    second = client.get("/api/v1/events.csv", headers=headers, buffered=False)
    third = client.get("/api/v1/events.csv", headers=headers)
    assert (third.status_code, third.json["code"]) == (503, "busy")
    first.close()
    second.close()
    assert held(app).exports.used == 0
    assert client.get("/api/v1/events.csv", headers=headers).status_code == 200
