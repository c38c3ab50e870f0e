"""One word for one thing: the glossary's words are in the code, and the words that it replaces are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import wording

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "glossary.md").read_text("utf-8")
SOURCES = "\n".join(
    path.read_text("utf-8")
    for place in ("gateway", "drivers", "web")
    for path in sorted((ROOT / place).rglob("*"))
    if path.suffix in (".py", ".json", ".js")
)
TERMS, _, REPLACED = PAGE.partition("\n## Not these words\n")


def rows(text: str) -> list[list[str]]:
    """The cells of its tables, without headings."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [row for row in cells if row[0] not in ("Word", "Not") and set(row[0]) != {"-"}]


@pytest.mark.parametrize("row", rows(TERMS), ids=lambda row: row[0])
def test_every_code_word_of_the_glossary_is_in_the_code(row: list[str]) -> None:
    _word, code, chinese, meaning = row
    names = re.findall(r"`([^`]+)`", code)
    assert names
    assert meaning
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert [name for name in names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", SOURCES)] == []


def test_a_word_stands_once_in_the_glossary() -> None:
    words = [row[0] for row in rows(TERMS)]
    assert len(words) > 90
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_the_glossary_lists_the_words_that_the_tests_look_for() -> None:
    listed = ", ".join(row[0] for row in rows(REPLACED))
    assert [word for word in wording.NAMES if word not in listed] == []


@pytest.mark.parametrize("word", wording.NAMES)
def test_a_replaced_name_is_not_used(word: str) -> None:
    assert wording.names_with(wording.NAMES[word]) == []


@pytest.mark.parametrize("room", wording.ROOMS)
def test_the_prose_of_a_room_is_plain(room: str) -> None:
    assert (ROOT / room).exists()
    assert list(wording.riddles(room)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Whoever asks is told",
        "nobody waits",
        "# what somebody said",
        "it does not count any longer",
        "the times that stand in the file",
        "the rule stands in the table",
    ],
)
def test_a_riddle_is_found(text: str) -> None:
    assert wording.riddles_in(text)


@pytest.mark.parametrize("text", ["A car stands on the loop.", "NOBODY", "`nobody`", "no longer", "a stand-in"])
def test_plain_words_are_no_riddle(text: str) -> None:
    assert not wording.riddles_in(text)
