from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing.line_reader import LineReader
from drivers.framing.text_lines import LINE_MAX_BYTES, LineDecoder, LinePattern, card_number
from drivers.readers.serial_text import SerialTextOptions
from gateway.core.vocabulary.errors import FrameError
from gateway.core.vocabulary.events import CredentialRead
from tests.drivers.conftest import golden_of

VECTORS = golden_of("serial-text")
text = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=40)


def reader_of(options: SerialTextOptions) -> LineReader:
    """A reader of lines with these options."""
    return LineReader("s", LineDecoder(), options, time.monotonic_ns, written=options.format)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"][:30])
def test_golden_lines_both_ways(vector: dict[str, Any]) -> None:
    sent = vector["text"].encode()
    assert LineDecoder().feed(sent) == vector["lines"]
    frames, events = reader_of(SerialTextOptions("/dev/x", **vector["options"])).feed(sent)
    assert (frames, events) == (len(vector["reads"]), [CredentialRead("s", *read) for read in vector["reads"]])


# ---- lines ---------------------------------------------------------------------------------------------------------


@given(st.lists(text, max_size=8), st.sampled_from(["\r", "\n", "\r\n", "\r\n\x03\x02", "\x00"]), st.integers(0, 200))
def test_lines_come_whole_however_they_are_ended_and_cut(lines: list[str], end: str, cut: int) -> None:
    sent = "".join(line + end for line in lines).encode()
    decoder = LineDecoder()
    assert decoder.feed(sent[:cut]) + decoder.feed(sent[cut:]) == lines


@given(st.binary(max_size=2000), text)
def test_the_line_behind_any_noise_is_read(noise: bytes, line: str) -> None:
    decoder = LineDecoder()
    decoder.feed(noise)
    assert decoder.feed(b"\n" + line.encode() + b"\n")[-1] == line


@given(st.lists(st.binary(max_size=200), max_size=50))
def test_noise_is_never_hoarded(chunks: list[bytes]) -> None:
    decoder = LineDecoder()
    for chunk in chunks:
        decoder.feed(chunk)
        assert len(decoder._begun) <= LINE_MAX_BYTES


def test_a_line_that_is_too_long_is_dropped_whole_and_counted_once() -> None:
    decoder = LineDecoder()
    for _ in range(100):
        assert decoder.feed(b"1" * 100) == []
    assert decoder.feed(b"472288\r\n1\r\n") == ["1"]
    assert decoder.rejected == 1
    assert decoder.feed(b"2" * (LINE_MAX_BYTES + 1) + b"\r\n3\r\n") == ["3"]
    assert decoder.rejected == 2


@pytest.mark.parametrize("damaged", [b"47\xff288", b"47\x07288", b"\xe4\xba", b"12\x7f"])
def test_a_line_that_is_no_text_is_dropped_whole(damaged: bytes) -> None:
    decoder = LineDecoder()
    assert decoder.feed(damaged + b"\r\n472288\r\n") == ["472288"]
    assert decoder.rejected == 1


# ---- patterns ------------------------------------------------------------------------------------------------------

FOUND = [
    (r"(?P<value>\d+)", "Card: 472288 ok", "472288"),
    (r"(?P<value>\d+)", "47A288", ""),
    (r"(?P<value>\d+)", "47A288 91", "91"),
    (r"(?P<value>\d{1,4})", "472288", ""),
    (r"ID(?P<value>\d+)X", "ID12X", "12"),
    (r"ID(?P<value>\d+)X", "VOID12X", ""),
    (r"^(?P<value>[^,]+),", "7,98", "7"),
    (r"(?i)^id=(?P<value>[0-9a-f]{8})$", "ID=000734E0", "000734E0"),
    (r".*=(?P<value>\w+)", "a=b=c", "c"),
    (r"(?P<value>[一-龥][A-Z]\w{5,6})", "京A12345", "京A12345"),
    (r"(?P<value> ?)x", "x", ""),
    (r"x|(?P<value>y)", "x", ""),
]


@pytest.mark.parametrize(("pattern", "line", "value"), FOUND)
def test_a_match_must_stand_by_itself(pattern: str, line: str, value: str) -> None:
    assert LinePattern(pattern).value(line) == value


WRONG = [
    (r"(?P<value>\d+", "no regular expression"),
    (r"\d+", "needs a group that is named value"),
    ("", "needs a group that is named value"),
    (r"(?P<value>(a+)+)", "very long"),
    (r"(?P<value>(a|aa)+)", "very long"),
    (r"(?P<value>(a?){30}a{30})", "very long"),
    (r"^(?P<value>.*.*.*.*x)", "very long"),
    (r"(?=(a+)+)(?P<value>x)", "very long"),
    (r"(?P<value>x)(?(value)(a*)*|y)", "very long"),
    (r"^(?P<value>\w{0,60}\w{0,60}\w{0,60}\w{0,60}\w{0,60}x)", "very long"),
]


@pytest.mark.parametrize(("pattern", "says"), WRONG)
def test_a_pattern_that_is_wrong_or_could_take_for_ever_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        LinePattern(pattern)


def test_the_usual_patterns_are_not_refused() -> None:
    for pattern in (
        r"(?P<value>.+)",
        r"^\w+:\s*(?P<value>\w+)",
        r"(?P<value>(?:\d{1,3}\.){3}\d{1,3})",
        r"(?:ID|NO):(?P<value>\d+)",
        r".*,(?P<value>\w+),.*",
    ):
        LinePattern(pattern)


pieces = st.sampled_from(
    ["a", "\\d", ".", "[ab]", "(?:", "(", ")", "*", "+", "?", "{2,5}", "|", "b", "^", "$", "(?P<value>"]
)


@given(st.lists(pieces, max_size=14).map("".join), st.sampled_from(["a", "ab", "1", "a1"]))
def test_whatever_is_accepted_ends_soon(pattern: str, unit: str) -> None:
    try:
        accepted = LinePattern(f"{pattern}(?P<value>x)")
    except FrameError:
        return
    began = time.process_time()
    accepted.value((unit * LINE_MAX_BYTES)[: LINE_MAX_BYTES - 1] + "!")
    assert time.process_time() - began < 10  # Not a figure to be met, but the difference from for ever.


# ---- card numbers --------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**128 - 1))
def test_card_numbers_come_back_in_both_radixes(number: int) -> None:
    assert card_number(str(number), 10) == (str(number), 0)
    assert card_number(f"{number:032x}", 16) == (str(number), 128)


@pytest.mark.parametrize(
    ("written", "radix"),
    [
        ("", 10),
        ("12a", 10),
        ("-1", 10),
        ("+1", 16),
        ("1_0", 10),
        ("0x10", 16),
        ("１２", 10),
        ("9" * 5000, 10),
        ("G", 16),
    ],
)
def test_what_is_no_card_number_is_refused(written: str, radix: int) -> None:
    with pytest.raises(FrameError, match="no card number"):
        card_number(written, radix)


# ---- presentations -------------------------------------------------------------------------------------------------


def test_lines_without_a_credential_are_counted_and_are_none() -> None:
    device = reader_of(SerialTextOptions("/dev/x", pattern=r"^ID=(?P<value>\w+)$"))
    assert device.feed(b"hello\r\nID=12x\r\nID=7\r\n") == (1, [CredentialRead("s", "card", "7")])
    assert device.rejected == 2


def test_a_card_that_is_repeated_is_one_and_a_pin_that_is_typed_again_is_another() -> None:
    cards = reader_of(SerialTextOptions("/dev/x"))
    assert len(cards.feed(b"7\r\n7\r\n07\r\n")[1]) == 1
    pins = reader_of(SerialTextOptions("/dev/x", kind="pin"))
    assert len(pins.feed(b"2468\r\n2468\r\n")[1]) == 2


def test_plates_are_upper_case_and_codes_stay_as_they_are() -> None:
    assert reader_of(SerialTextOptions("/dev/x", kind="plate")).feed(b"ab123c\r")[1][0].value == "AB123C"
    assert reader_of(SerialTextOptions("/dev/x", kind="qr")).feed(b"abC\r")[1][0].value == "abC"
