"""A row's text, byte by byte, and the chain of hashes."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from gateway.core.vocabulary.events import ClockState
from gateway.store.journal.composing import Composer
from gateway.store.journal.writer import Row
from gateway.store.sqlite.schemas import NO_HASH

COMPOSER = Composer("testjournal1", "/sites/s", 'boot"1')
WALL_NS = 1_790_000_000_009_999_999


def test_a_row_is_written_byte_for_byte() -> None:
    row = Row("a.b", 'gate"1', {"n": 1}, WALL_NS, 12, ClockState.SYNCED)
    (made,) = COMPOSER.compose([row], 41, NO_HASH)
    text = (
        '{"specversion":"1.0","id":"testjournal1.42","source":"/sites/s","type":"gatehouse.a.b","subject":"gate\\"1",'
        '"time":"2026-09-21T14:13:20.009Z","datacontenttype":"application/json","sequence":"00000000000000000042",'
        f'"bootid":"boot\\"1","uptimens":"12","clockstate":"synced","prevhash":"{NO_HASH}","data":{{"n":1}}}}'
    )
    assert made == (42, WALL_NS, 12, "a.b", 'gate"1', sha256(text.encode()).digest(), text)


def test_each_row_follows_the_one_before() -> None:
    made = COMPOSER.compose([Row("a", "g", {}, 0, 0), Row("b", "g", {}, 0, 0)], 0, "ab" * 32)
    assert [row[0] for row in made] == [1, 2]
    assert [json.loads(row[6])["prevhash"] for row in made] == ["ab" * 32, made[0][5].hex()]


@pytest.mark.parametrize("after", [0, 8, 9, 98, 99, 10**18 - 1, 10**19 - 1])
def test_a_sequence_has_twenty_digits(after: int) -> None:
    (made,) = COMPOSER.compose([Row("a", "g", {}, 0, 0)], after, NO_HASH)
    assert json.loads(made[6])["sequence"] == f"{after + 1:020d}"


@pytest.mark.parametrize("clock", list(ClockState))
def test_the_state_of_the_clock_is_told(clock: ClockState) -> None:
    (made,) = COMPOSER.compose([Row("a", "g", {}, 0, 0, clock)], 0, NO_HASH)
    assert json.loads(made[6])["clockstate"] == clock.value


def test_no_rows_make_no_texts() -> None:
    assert COMPOSER.compose([], 5, NO_HASH) == []
