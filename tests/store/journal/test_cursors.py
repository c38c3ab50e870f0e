"""The position of a consumer, and the event that tells it of dropped rows."""

from __future__ import annotations

import json

import pytest

from gateway.core.vocabulary.errors import CursorError
from gateway.store.journal.cursors import Cursor, Gap, gap_event, parse_cursor
from gateway.store.journal.lineage import Lineage

HERE = "testjournal1"
LINEAGE = Lineage(HERE)


@pytest.mark.parametrize("text", [None, ""])
def test_a_client_without_a_position_begins_at_the_start(text: str | None) -> None:
    assert parse_cursor(text, LINEAGE) == Cursor(HERE, 0, foreign=False)


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        (f"{HERE}.0", Cursor(HERE, 0)),
        (f"{HERE}.42", Cursor(HERE, 42)),
        (f"{HERE}.00042", Cursor(HERE, 42)),
        (f"{HERE}.999999999999999999", Cursor(HERE, 10**18 - 1)),
        ("otherone1.42", Cursor("otherone1", 0, foreign=True)),
        ("testjournal.42", Cursor("testjournal", 0, foreign=True)),
        ("12345678.5", Cursor("12345678", 0, foreign=True)),
        ("a" * 32 + ".5", Cursor("a" * 32, 0, foreign=True)),
    ],
)
def test_an_event_id_is_a_position(text: str, cursor: Cursor) -> None:
    assert parse_cursor(text, LINEAGE) == cursor


@pytest.mark.parametrize(
    "text",
    ["42", HERE, f"{HERE}.", f"{HERE}.-1", f"{HERE}.x", f" {HERE}.1", f"{HERE}.1\n", f"{HERE}.1.2", "seven77.1",
     "a" * 33 + ".1", f"{HERE.upper()}.1", f"{HERE}.1000000000000000000", f"{HERE}.١"],
)  # fmt: skip
def test_what_is_no_event_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CursorError, match=r"is not an event id; .* such as testjournal1\.42"):
        parse_cursor(text, LINEAGE)


def test_a_long_text_is_told_by_its_beginning() -> None:
    with pytest.raises(CursorError) as caught:
        parse_cursor("x" * 81, LINEAGE)
    assert str(caught.value).startswith(f"'{'x' * 80}' is not")


def test_a_gap_is_told_as_the_contract_writes_it() -> None:
    gap = Gap(41, "ab" * 32, 1_790_000_000_250_000_000)
    assert json.loads(gap_event(HERE, "/sites/s/gateways/g", gap, 7, "retention")) == {
        "specversion": "1.0",
        "id": "testjournal1.41",
        "source": "/sites/s/gateways/g",
        "type": "gatehouse.journal.gap",
        "subject": "journal",
        "time": "2026-09-21T14:13:20.250Z",
        "datacontenttype": "application/json",
        "sequence": "00000000000000000041",
        "data": {"first": 7, "last": 41, "lasthash": "ab" * 32, "reason": "retention", "by": "gateway"},
    }
