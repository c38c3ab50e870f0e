"""Free texts: what may stand in the journal, on a screen and in a log."""

from __future__ import annotations

import unicodedata

import pytest

from gateway.core.people.texts import NAME_MAX, TEXT_MAX, on_one_line, unprintable, wrong_name, wrong_text


@pytest.mark.parametrize(
    "text",
    [
        "parcel for 3-12",
        "送快递,3栋1202",
        "O'Neill & Söhne \u2014 \u201cgate\u201d",
        "1234567",
        "car 京A12345, tel. ends 5678",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian needs the zero-width non-joiner.
        "\U0001f468\u200d\U0001f527 repairs",  # An emoji of two, joined.
        "a" * TEXT_MAX,
        "",
    ],
)
def test_a_plain_text_is_taken(text: str) -> None:
    assert wrong_text(text) == ""


@pytest.mark.parametrize(
    "mark",
    [
        "\n", "\r", "\t", "\x00", "\x1b[31m", "\x7f", "\x85", "\x9b31m", "\u00ad", "\u061c", "\u200b", "\u200e",
        "\u200f", "\u2028", "\u2029", "\u202a", "\u202d", "\u202e", "\u2060", "\u2066", "\u2067", "\u2068", "\u2069",
        "\ufeff", "\ufff9", "\ud800", "\ufdd0", "\ufffe", "\uffff", "\U000e0001", "\U000e0041",
    ],
)  # fmt: skip
def test_a_control_character_is_refused_by_its_code_and_place(mark: str) -> None:
    wrong = wrong_text(f"ok {mark}12:00 opened by Lin")
    assert wrong == f"holds a control character (U+{ord(mark[0]):04X} at place 4); take it out"
    assert unprintable(f"ok {mark}") == wrong
    assert "take it out" in wrong_name(f"Lin{mark}Wei")


def test_every_control_and_separator_of_unicode_is_refused_but_for_joiners() -> None:
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    missed = [
        code for code in range(0x110000) if unicodedata.category(chr(code)) in kinds and not unprintable(chr(code))
    ]
    assert missed == []
    assert not unprintable("\u200c\u200d")


@pytest.mark.parametrize("text", ["13800138000", "call 12345678", "１３８００１３８０００", "x00000000"])
def test_a_long_run_of_digits_is_refused(text: str) -> None:
    assert "digits in a row" in wrong_text(text)


def test_a_text_that_is_too_long_is_refused_with_its_length() -> None:
    assert wrong_text("a" * (TEXT_MAX + 1)) == "has 101 characters; write at most 100"


@pytest.mark.parametrize("name", ["Lin", "王 小明", "4th gate", "Élodie", "l-x", "Control room", "n" * NAME_MAX])
def test_a_name_is_taken(name: str) -> None:
    assert wrong_name(name) == ""


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        (" Lin", "begins or ends with a blank"),
        ("-x", "begins with '-'; begin it with a letter or a digit"),
        ("../x", "begins with '.'"),
        ("_x", "begins with '_'"),
        ("Lin ", "begins or ends with a blank"),
        ("n" * (NAME_MAX + 1), "at most 56"),
        ("Lin 13800138000", "digits in a row"),
    ],
)
def test_a_name_is_refused_with_its_fault(name: str, wrong: str) -> None:
    assert wrong in wrong_name(name)


def test_the_text_of_another_machine_becomes_one_line() -> None:
    assert on_one_line("quota\r\nexceeded\u202e") == "quota  exceeded "
