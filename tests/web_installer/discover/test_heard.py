"""What drivers say of what they heard has its words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drivers.boards.layout import load_board
from drivers.registry import find
from drivers.sim.board_model import SimBoard
from tests.drivers.discovery.test_search import ALL, PlayedLine, boards, found_at, identity
from web.installer.discover.heard import FORMS, heard_words
from web.words.texts import words

CARDS = {"rdm6300": b"\x0201000734E0D2\x03", "id20la": b"\x0201000734E0D2\r\n\x03", "serial-text": b"472288\r\n"}
REST = (
    "tag E2000017221101441890ABCD, told unasked by a UHFReader18, address 0",
    "a UHFReader18, address 0, version 1.21, 30 dBm",
    "an OSDP reader, address 2, which does not say what it is; this key is new, give it to the reader by: x",
    "unit 3: R421A08 relay board",
    "door 3 of the UHPPOTE controller 405419896, firmware 8.92",
    "door 3 of the UHPPOTE controller 405419896, firmware 8.92, at 192.168.1.100",
    "a web server (nginx); if it is a camera, let it push to /hooks/plates/<id>",
    "a web server; if it is a camera, let it push to /hooks/plates/<id>",
)


def is_said(text: str) -> bool:
    """In both languages, with every figure of the English text."""
    chinese, english = heard_words(text, words("zh_CN")), heard_words(text, words("en"))
    figures = re.findall(r"\b\d+\b", text)
    return bool(english) and chinese != english and all(one in chinese for one in figures)


@pytest.mark.parametrize("driver", CARDS)
def test_a_card_that_was_heard_is_said(driver: str) -> None:
    known = find(driver).recognise(CARDS[driver])
    assert known is not None and is_said(known.words)


def test_a_reader_that_answered_is_said() -> None:
    [known] = find("osdp").ask_who(PlayedLine({0x7F: ALL, 2: identity(2)}))  # type: ignore[arg-type]
    assert is_said(known.words)


def test_a_board_without_a_model_is_said(tmp_path: Path) -> None:
    with boards("tcp", tmp_path, {1: SimBoard(load_board("generic"))}) as place:
        [found], _ = found_at(place, units=(1,))
    assert is_said(found.heard)


@pytest.mark.parametrize("text", REST)
def test_every_other_form_is_said(text: str) -> None:
    assert is_said(text)


@pytest.mark.parametrize("text", ["bytes of another maker", "card 12 of another reader", ""])
def test_a_form_of_another_package_stays_as_it_is(text: str) -> None:
    assert heard_words(text, words("zh_CN")) == ""


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_every_form_has_its_words(locale: str) -> None:
    assert [name for name in FORMS if f"installer.discover.heard.{name}" not in words(locale)] == []
