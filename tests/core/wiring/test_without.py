"""What a lane does without is declared once: `gateway check`, the guide and the page say it alike."""

from __future__ import annotations

from pathlib import Path

from gateway.check.lanes import without
from gateway.core.settings.contacts import CONTACTS
from gateway.core.settings.site_file import parse_settings
from gateway.core.wiring.terminals import TERMINALS
from gateway.core.wiring.without import WITHOUT, lacks
from tests.core.wiring.site import site

GUIDE = Path(__file__).parents[3] / "docs" / "installer.md"
ALL = [
    {},
    {"open": "io.output.0", "safety_loop": None, "approach_loop": None, "at_open": None, "at_closed": None},
    {"close": None, "stop": None, "at_open": None},
    {"at_closed": None, "close_by": "barrier"},
    {"close_by": "guard", "approach_loop": None},
    {"safety_loop": None},
]


def codes(**barrier: object) -> list[str]:
    settings = parse_settings(site(**barrier))
    return [one.code for one in lacks(settings.lanes[0], settings.barriers[0])]


def test_the_check_says_the_declared_sentences() -> None:
    settings = parse_settings(site(close=None))
    told = without(settings.lanes[0], settings.barriers[0])
    assert told == tuple(one.words for one in lacks(settings.lanes[0], settings.barriers[0]))
    assert WITHOUT["no_close"] in told


def test_every_sentence_that_is_declared_is_said_of_some_lane() -> None:
    said = {code for barrier in ALL for code in codes(**barrier)}  # type: ignore[arg-type]
    assert set(WITHOUT) - said == {"no_reader"}


def test_a_lane_without_a_reader_says_so() -> None:
    document = site()
    document["lanes"][0]["readers"] = []
    settings = parse_settings(document)
    assert "no_reader" in [one.code for one in lacks(settings.lanes[0], settings.barriers[0])]


def test_a_lack_names_the_terminal_that_would_end_it() -> None:
    settings = parse_settings(site(safety_loop=None))
    named = {one.terminal for one in lacks(settings.lanes[0], settings.barriers[0])} - {"", "readers"}
    assert named <= set(TERMINALS)


def test_the_words_of_a_contact_come_from_its_declaration() -> None:
    assert WITHOUT["no_mains"] == CONTACTS["mains"].without


def test_the_guide_lists_every_sentence() -> None:
    text = " ".join(GUIDE.read_text("utf-8").split())
    assert [words for words in WITHOUT.values() if words not in text] == []
