from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.hid.frames import CHARACTERS_MAX, GAP_NS, LOST, PRESS, KeyDecoder, typed

# What a keyboard on the US layout types, but for blanks at the ends, which a line loses.
text = st.text(string.ascii_letters + string.digits + string.punctuation + " ", min_size=1, max_size=60)
words = text.map(str.strip).filter(bool)
PRESSED, RELEASED, HELD = 1, 0, 2
SHIFT, CAPS, ENTER, KEYPAD_ENTER, A, ONE = 42, 58, 28, 96, 30, 2


def events(*keys: tuple[int, int]) -> bytes:
    return b"".join(PRESS.pack(code, value, 0) for code, value in keys)


def stroke(*codes: int) -> bytes:
    return b"".join(events((code, PRESSED), (code, RELEASED)) for code in codes)


def test_golden_codes_of_a_card_reader_that_types_ten_digits() -> None:
    # linux/input-event-codes.h: KEY_1 is 2 ... KEY_9 is 10, KEY_0 is 11, KEY_ENTER is 28.
    codes = (11, 11, 11, 11, 5, 8, 3, 3, 9, 9, ENTER)
    assert typed("0000472288") == stroke(*codes)
    assert KeyDecoder().feed(stroke(*codes)) == ["0000472288"]


def test_golden_codes_of_the_number_block() -> None:
    # KEY_KP7 is 71, KEY_KP8 72, KEY_KP9 73, KEY_KP4 75 ... KEY_KP1 79 ... KEY_KP0 82, KEY_KPENTER 96.
    assert KeyDecoder().feed(stroke(79, 80, 81, 75, 76, 77, 71, 72, 73, 82, KEYPAD_ENTER)) == ["1234567890"]


@given(words)
def test_whatever_is_typed_comes_back_as_it_was(line: str) -> None:
    assert KeyDecoder().feed(typed(line)) == [line]


@given(words, words, st.integers(0, 2_000))
def test_lines_taken_in_portions_are_the_same_lines(one: str, two: str, cut: int) -> None:
    decoder, raw = KeyDecoder(), typed(one) + typed(two)
    cut = cut * PRESS.size % len(raw)
    assert decoder.feed(raw[:cut]) + decoder.feed(raw[cut:]) == [one, two]


def test_shift_and_caps_lock_make_capitals_and_caps_lock_leaves_digits_alone() -> None:
    shifted = events((SHIFT, PRESSED)) + stroke(A, ONE) + events((SHIFT, RELEASED))
    assert KeyDecoder().feed(shifted + stroke(A, ONE, ENTER)) == ["A!a1"]
    assert KeyDecoder().feed(stroke(CAPS, A, ONE) + shifted + stroke(CAPS, A, ENTER)) == ["A1a!a"]


def test_a_key_that_is_held_is_one_character() -> None:
    assert KeyDecoder().feed(events((A, PRESSED), (A, HELD), (A, HELD), (A, RELEASED)) + stroke(ENTER)) == ["a"]


def test_a_line_that_is_not_ended_soon_is_dropped_and_the_next_one_read() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(stroke(A, A) + events((SHIFT, PRESSED))) == []
    assert decoder.feed(typed("472288", 2 * GAP_NS)) == ["472288"]
    assert decoder.rejected == 1


def test_a_line_that_is_too_long_is_dropped_whole() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(typed("1" * CHARACTERS_MAX)) == ["1" * CHARACTERS_MAX]
    assert decoder.feed(typed("1" * (CHARACTERS_MAX + 1)) + typed("7")) == ["7"]
    assert decoder.rejected == 1


def test_empty_lines_are_nothing() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(stroke(ENTER, ENTER, 57, ENTER)) == []
    assert decoder.rejected == 0


def test_a_line_of_which_keys_were_dropped_is_void_and_the_next_one_read() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(stroke(A) + events((LOST, 0)) + typed("2288") + typed("472288")) == ["472288"]
    assert decoder.rejected == 1


def test_when_even_the_enter_was_dropped_the_next_line_is_read_all_the_same() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(stroke(A) + events((SHIFT, PRESSED), (LOST, 0)) + typed("472288", 2 * GAP_NS)) == ["472288"]
    assert decoder.rejected == 1


# ---- layouts, and what is not plainly typed ------------------------------------------------------------------------

CTRL, ALT, ALT_GR, F1, ARROW_UP = 29, 56, 100, 59, 103


def test_golden_codes_of_azerty_where_digits_need_shift() -> None:
    # linux/input-event-codes.h: KEY_1 is 2 ... KEY_0 is 11; on AZERTY a digit is that key with Shift.
    shifted = events((SHIFT, PRESSED)) + stroke(5, 8, 3, 3, 9, 9) + events((SHIFT, RELEASED)) + stroke(ENTER)
    assert KeyDecoder("fr").feed(shifted) == ["472288"]
    assert KeyDecoder("us").feed(shifted) == ["$&@@**"]
    assert typed("472288", layout="fr").startswith(events((SHIFT, PRESSED)) + stroke(5))


def test_golden_codes_of_qwertz_and_azerty_letters() -> None:
    # KEY_Y is 21, KEY_Z is 44, KEY_Q is 16, KEY_A is 30, KEY_SEMICOLON is 39.
    assert KeyDecoder("de").feed(stroke(21, 44, ENTER)) == ["zy"]
    assert KeyDecoder("fr").feed(stroke(16, 30, 39, ENTER)) == ["aqm"]


@pytest.mark.parametrize("layout", ["us", "de", "fr"])
@given(line=st.text(string.ascii_letters + string.digits, min_size=1, max_size=40))
def test_letters_and_digits_come_back_in_every_layout(layout: str, line: str) -> None:
    assert KeyDecoder(layout).feed(typed(line, layout=layout)) == [line]


@pytest.mark.parametrize("key", [F1, ARROW_UP, 110, 240])
def test_a_key_that_no_plain_typing_needs_makes_the_line_void(key: int) -> None:
    decoder = KeyDecoder()
    assert decoder.feed(stroke(5, 8, key, 3, ENTER)) == []
    assert decoder.feed(typed("472288")) == ["472288"]
    assert decoder.rejected == 1


@pytest.mark.parametrize("held", [CTRL, ALT, ALT_GR])
def test_digits_that_are_typed_with_a_key_held_are_no_number(held: int) -> None:
    # A reader that types 4 as Alt and 052 on the keypad.
    decoder = KeyDecoder()
    coded = events((held, PRESSED)) + stroke(82, 76, 80) + events((held, RELEASED))
    assert decoder.feed(coded + stroke(ENTER) + typed("472288")) == ["472288"]
    assert decoder.rejected == 1


def test_num_lock_is_touched_by_readers_and_caps_lock_leaves_digits_of_azerty_unsure() -> None:
    assert KeyDecoder().feed(stroke(69, 5, 8, 69, ENTER)) == ["47"]
    decoder = KeyDecoder("fr")
    assert decoder.feed(stroke(CAPS, 5, 8, CAPS, ENTER)) == []
    assert decoder.rejected == 1


def test_a_dead_key_is_no_character() -> None:
    decoder = KeyDecoder("de")
    assert decoder.feed(stroke(13, 5, ENTER)) == []
    assert decoder.rejected == 1


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_are_survived_and_what_is_kept_is_bounded(told: list[bytes]) -> None:
    decoder = KeyDecoder()
    for raw in told:
        for line in decoder.feed(raw):
            assert 0 < len(line) <= CHARACTERS_MAX
            assert line.isprintable() or "\t" in line
    assert len(decoder._typed) <= CHARACTERS_MAX + 1


@pytest.mark.parametrize("character", ["é", "京", "\n"])
def test_what_no_key_types_cannot_be_typed(character: str) -> None:
    with pytest.raises(KeyError):
        typed(character)
