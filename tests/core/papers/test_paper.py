from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.papers import words
from gateway.core.papers.paper import TEXT_MAX, Code, Pair, Paper, Rule, Text, as_text, columns, lay, plain
from gateway.core.papers.ticket import Ticket, ticket_paper, trial_paper

ZONE = ZoneInfo("Asia/Shanghai")
TICKET = Ticket(
    site="北苑小区",
    visit="v1-ab",
    plate=None,
    unit="3-1204",
    purpose="送货",
    from_=datetime(2026, 12, 1, 1, 5, tzinfo=UTC),
    until=datetime(2026, 12, 1, 16, 0, tzinfo=UTC),
    code="GH1ABC",
)


def test_a_chinese_character_takes_two_columns() -> None:
    assert columns("京A12345") == 8


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 32, [""]),
        ("short", 32, ["short"]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("请在离开时出示", 8, ["请在离开", "时出示"]),
        ("a bcdefghij", 8, ["a bcdefg", "hij"]),
    ],
)
def test_a_long_text_is_broken_at_blanks_where_there_are_some(text: str, width: int, lines: list[str]) -> None:
    assert lay(Text(text), width) == lines


def test_a_pair_stands_at_both_edges() -> None:
    assert lay(Pair("应收", "12.50"), 16) == ["应收       12.50"]
    assert lay(Pair("Sum", "12.50", large=True), 32) == ["Sum        12.50"]


def test_a_pair_that_is_too_wide_takes_two_lines() -> None:
    assert lay(Pair("Charged until", "2026-12-01 09:05"), 24) == ["Charged until", "        2026-12-01 09:05"]


texts = st.text(max_size=TEXT_MAX + 20)


@given(texts, texts, st.integers(8, 64), st.booleans())
def test_no_line_is_wider_than_the_paper_and_nothing_is_lost(left: str, right: str, width: int, large: bool) -> None:
    for item in (Text(left, large=large), Pair(left, right, large=large), Rule()):
        lines = lay(item, width)
        assert all(columns(line) <= (width // 2 if large and not isinstance(item, Rule) else width) for line in lines)
        assert all(line.isprintable() for line in lines)
    said = "".join(lay(Text(left), width))
    assert said.replace(" ", "") == plain(left).replace(" ", "")


def test_nothing_that_is_a_command_to_a_printer_gets_onto_paper() -> None:
    assert lay(Text("a\x1b@b\x1dV\x00c\nd"), 32) == ["a@bVcd"]


def test_a_ticket_says_where_until_when_and_holds_the_code() -> None:
    paper = ticket_paper(TICKET, ZONE, "zh_CN")
    assert Code("GH1ABC") in paper.items
    assert as_text(paper, 32).splitlines() == [
        "            北苑小区",
        "            访客凭条",
        "-" * 32,
        "车牌                      无牌车",
        "前往                      3-1204",
        "事由                        送货",
        "自              2026-12-01 09:05",
        "至              2026-12-02 00:00",
        "-" * 32,
        "        出场时请出示此码",
        "             v1-ab",
    ]


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_every_paper_fits_a_roll_of_58_mm_in_both_languages(locale: str) -> None:
    for paper in (
        ticket_paper(TICKET, ZONE, locale),
        trial_paper("North Court", "printer", TICKET.from_, ZONE, locale),
    ):
        assert all(columns(line) <= 32 for line in as_text(paper, 32).splitlines())


def test_every_word_has_both_languages() -> None:
    for key in words._WORDS:
        english, chinese = words.word(key, "en"), words.word(key, "zh_CN")
        assert english.isascii()
        assert not chinese.isascii()
        assert chinese.encode("gbk"), "a printer has these characters"


@pytest.mark.parametrize(
    ("minutes", "english", "chinese"),
    [(0, "0 min", "0分钟"), (59, "59 min", "59分钟"), (270, "4 h 30 min", "4小时30分")],
)
def test_a_duration_is_said_in_hours_and_minutes(minutes: int, english: str, chinese: str) -> None:
    assert words.duration(minutes, "en") == english
    assert words.duration(minutes, "zh_CN") == chinese


def test_a_paper_without_items_is_empty() -> None:
    assert as_text(Paper(()), 32) == ""
